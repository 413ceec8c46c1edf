"""Spells of heat and cold: events beyond a percentile of their day of the year, with intensities and categories.

The definition is that of Hobday et al. (2016, 2018). A day without a value, or whose day of the year has no threshold,
is not beyond it: it ends a run, and is bridged like any other day where it lies in a short gap. How much was observed
is said beside each number.
"""

from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.model import Span
from eo.primitives.day_of_year import days_of_year
from eo.primitives.events import Events, events, maxima, open_from, sums

Floats = npt.NDArray[np.float64]
Order = npt.NDArray[np.intp]


class Rule(NamedTuple):
    """What makes a spell."""

    sign: Literal[1, -1]
    """1 for heat: above the threshold; -1 for cold: below it."""
    min_duration: int = 5
    max_gap: int = 2


class Spells(NamedTuple):
    """The spells of some rows and their days, (row, time)."""

    found: Events
    intensity: Floats
    """Value less climatology, times the sign; NaN where unknown."""
    category: npt.NDArray[np.int8]
    """1 to 4 beyond the threshold, in a spell or not, else 0."""
    open_from: Order
    """See `eo.primitives.events.open_from`."""


def spells(values: Floats, climatology: Floats, threshold: Floats, rule: Rule) -> Spells:
    """Give the spells of (row, time) values; climatology and threshold are those of each day.

    The category is the number of times that the distance of the threshold from the climatology fits into that of the
    value, 4 at most. A threshold that does not lie beyond the climatology has no multiples: the category is 1.
    """
    intensity = rule.sign * (values - climatology)
    limit = rule.sign * (threshold - climatology)
    with np.errstate(invalid="ignore"):
        beyond = rule.sign * (values - threshold) > 0
        ratio = np.where(beyond & (limit > 0), intensity, 1.0) / np.where(limit > 0, limit, 1.0)
    category = np.where(beyond, np.clip(np.floor(ratio), 1, 4), 0).astype(np.int8)
    found = events(beyond, min_duration=rule.min_duration, max_gap=rule.max_gap)
    return Spells(found, intensity, category, open_from(beyond, found, max_gap=rule.max_gap))


def event_table(values: xr.DataArray, normal: xr.Dataset, rule: Rule, period: Span | None = None) -> xr.Dataset:
    """Give the spells of each region.

    Parameters
    ----------
    values : (region, time), any units, every day in order; NaN where missing
    normal : Dataset
        ``climatology`` and ``threshold`` (region, day), units of the values, day 1 to 366.
    rule : what makes a spell
    period : months; spells without a day in them are left out

    Returns
    -------
    start, peak, end : (region, event), datetime64[ns], first day, day of the greatest intensity, last day; NaT where
        a region has fewer events
    duration : (region, event), days
    mean_intensity, max_intensity : (region, event), units of the values
        Value less climatology over the observed days of the event; that of cold is negative.
    cumulative_intensity : (region, event), units of the values x days
    category : (region, event), int8, 1 to 4: the highest that any of its days reaches; 0 where there is no event
    provisional : (region, event), int8, 1 where later days may yet lengthen it, else 0
    open_start : (region, event), int8, 1 where it begins with the record, and may have begun before, else 0
    coverage : (region, event), 1, share of its days that were observed
    count : (region), events; NaN where no day has both a value and a threshold
    """
    day = values["time"].values.astype("datetime64[D]")
    number = days_of_year(day) - 1
    wide = values.transpose("region", "time").values.astype(np.float64)
    mean, limit = (normal[one].transpose("region", "day").values[:, number] for one in ("climatology", "threshold"))
    these = _within(spells(wide, mean, limit, rule), day, period)
    dates = {"start": these.found.start, "peak": _peaks(these), "end": these.found.end}
    columns: dict[str, npt.NDArray[Any]] = {name: day[at].astype("datetime64[ns]") for name, at in dates.items()}
    table = _padded(these.found.row, columns | _columns(these, np.isfinite(wide), rule), wide.shape[0])
    inside = np.ones(day.size, bool) if period is None else (day >= period.start) & (day < period.end)
    known = (np.isfinite(wide) & np.isfinite(limit))[:, inside].any(axis=1)
    count = np.where(known, np.bincount(these.found.row, minlength=wide.shape[0]), np.nan)
    return xr.Dataset(table | {"count": ("region", count)}, {"region": values["region"]})


def _within(these: Spells, day: npt.NDArray[np.datetime64], period: Span | None) -> Spells:
    if period is None:
        return these
    row, start, end = these.found
    kept = (day[end] >= period.start) & (day[start] < period.end)
    return these._replace(found=Events(row[kept], start[kept], end[kept]))


def _columns(these: Spells, seen: npt.NDArray[np.bool_], rule: Rule) -> dict[str, npt.NDArray[Any]]:
    found, there = these.found, np.isfinite(these.intensity)
    total = sums(np.where(there, these.intensity, 0.0), found)
    observed = sums(there.astype(np.float64), found)
    duration = (found.end - found.start + 1).astype(np.float64)
    return {
        "duration": duration,
        "mean_intensity": rule.sign * total / observed,
        "max_intensity": rule.sign * maxima(np.where(there, these.intensity, -np.inf), found),
        "cumulative_intensity": rule.sign * total,
        "category": maxima(these.category.astype(np.float64), found).astype(np.int8),
        "provisional": (found.end + 1 >= these.open_from[found.row]).astype(np.int8),
        "open_start": (found.start == 0).astype(np.int8),
        "coverage": sums(seen.astype(np.float64), found) / duration,
    }


def _peaks(these: Spells) -> Order:
    """Give the first day of the greatest intensity of each event."""
    filled = np.where(np.isfinite(these.intensity), these.intensity, -np.inf)
    pieces = zip(*these.found, strict=True)
    return np.array([start + np.argmax(filled[row, start : end + 1]) for row, start, end in pieces], dtype=np.intp)


def _padded(
    row: Order, columns: dict[str, npt.NDArray[np.generic]], rows: int
) -> dict[str, tuple[tuple[str, str], npt.NDArray[np.generic]]]:
    """Give columns by event as (region, event), NaN, NaT or 0 where a region has fewer."""
    place = np.arange(row.size) - np.searchsorted(row, row)
    size = int(place.max(initial=0)) + 1  # room for one, so that the dimension is there
    table: dict[str, Any] = {}
    for name, column in columns.items():
        blank = {"M": np.datetime64("NaT", "ns"), "i": 0}.get(column.dtype.kind, np.nan)
        wide = np.full((rows, size), blank, dtype=column.dtype)
        wide[row, place] = column
        table[name] = (("region", "event"), wide)
    return table
