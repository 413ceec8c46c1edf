"""What is said of every series: its trends, how long they take to show, and where its latest value stands."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.errors import InputError
from eo.primitives.kendall import mann_kendall, theil_sen
from eo.primitives.persistence import Floats, Layout
from eo.primitives.ranks import standing
from eo.primitives.trend import detection_years, trend

TREND_FLAGS = {"good": 0, "no_data": 1, "too_short": 2, "too_persistent": 3}
"""Why a trend stands or not.

``too_short``: fewer than 30 years, or 60 months, have a value, or fewer than half of the steps. ``too_persistent``: the
autocorrelation of the residuals is higher than a series of that length can be judged with; see `summary`.
"""

LEAST = {1: 30, 12: 60}
"""Values that a trend needs, by the number of steps in a year."""

_REACH = ((120, 0.95), (60, 0.9), (30, 0.7))
"""Number of values, and the lag-1 autocorrelation up to which so many can be judged: tests/test_false_trends.py."""

_SHARE = 0.5
_YEAR = np.timedelta64(31556952, "s")
_DECADE, _MONTHS = 10.0, 12

_TRENDS = {
    **dict.fromkeys(("trend", "trend_low", "trend_high"), "linear trend by least squares|{change} (10 year)-1"),
    "trend_p_value": "two-sided p-value of no linear trend|1",
    **dict.fromkeys(("sen_slope", "sen_slope_low", "sen_slope_high"), "Theil-Sen slope|{change} (10 year)-1"),
    "mann_kendall_score": "Mann-Kendall score|1",
    "mann_kendall_z": "Mann-Kendall score over its standard deviation, corrected for persistence|1",
    "mann_kendall_p_value": "two-sided p-value of no trend by ranks|1",
    **dict.fromkeys(("acceleration", "acceleration_low", "acceleration_high"), "acceleration|{change} (10 year)-2"),
    "acceleration_p_value": "two-sided p-value of no acceleration|1",
    "lag1_autocorrelation": "lag-1 autocorrelation of the residuals, median-unbiased|1",
    "effective_size": "number of independent values that say as much|1",
    "noise": "standard deviation about trend and season|{change}",
    **dict.fromkeys(
        ("detection_years", "detection_years_low", "detection_years_high"),
        "years of record in which a trend of this size is found nine times in ten|year",
    ),
}
_STANDINGS = {
    "latest": "latest value|{units}",
    "highest": "highest value|{units}",
    "lowest": "lowest value|{units}",
    "percentile": "percentile of the latest value|percent",
    "month_percentile": "percentile of the latest value in its calendar month|percent",
}


@dataclass(frozen=True)
class _Steps:
    """The steps of a series: their number without gaps, middle in years, calendar month, and how many a year has."""

    numbers: npt.NDArray[np.int64]
    times: Floats
    months: npt.NDArray[np.int64]
    per_year: int


def summary(
    series: xr.DataArray,
    bounds: npt.NDArray[np.datetime64],
    *,
    season: bool = True,
    confidence: float = 0.95,
    resolution: float = 0.0,
) -> xr.Dataset:
    """Give trends, ranks and records of a monthly or yearly series, for each region.

    Parameters
    ----------
    series : (..., time), any units
        NaN is missing: it is left out, and no time is closed up over it. Values of one calendar month alone (every
        September) are yearly.
    bounds : (time, nv)
        Start and end of each step: whole calendar months or years. A part of a month or year that passes for a whole
        one is the business of who made the series: its coverage decides.
    season : a mean for each calendar month is fitted beside the trend of a monthly series; without it, none
    confidence : of intervals, two-sided
    resolution : units of the series; values that round to the same multiple of it tie

    Returns
    -------
    trend, trend_low, trend_high : (...), units per 10 years
        By least squares on actual times. A trend of temperature in degC is in K.
    sen_slope, sen_slope_low, sen_slope_high : (...), units per 10 years
    acceleration, acceleration_low, acceleration_high : (...), units per (10 years) squared
        Twice the coefficient of the square in a fit of its own.
    trend_p_value, mann_kendall_p_value, acceleration_p_value : (...), 1
        Two-sided; at least 1 in 2000.
    mann_kendall_score, mann_kendall_z, lag1_autocorrelation, effective_size : (...), 1
    noise : (...), units
        Standard deviation about trend and season.
    detection_years, detection_years_low, detection_years_high : (...), years
    trend_flag : (...), int8, see `TREND_FLAGS`; all of the above are NaN where it is not good
    latest, highest, lowest, and latest_time, highest_time, lowest_time : (...)
        Time is the start of the step; of equal records the first.
    rank_highest, rank_lowest, rank_ties, rank_count, percentile : (...)
        Of the latest value among all; 0 and NaN without one.
    month_rank_highest, ... : (...)
        The same among values of its calendar month; for a yearly series the same again.
    rank, month_rank : (...), text
        ``third highest since 1982``: the year is that of the first value compared with. Empty without a value.

    Raises
    ------
    InputError
        Steps that are no calendar months or years, or not in order.

    Notes
    -----
    Tests and intervals hold their level, 5 % false findings in noise without a trend, within 3 points in first-order
    autoregressive noise with a lag-1 autocorrelation up to 0.8 for 30 values and up to 0.9 for 60 and more, found by
    simulation. Beyond what a length can be judged with (0.7, 0.9 or 0.95 estimated for 30, 60 or 120 values) a series
    is flagged. Noise of longer memory than that is not covered.
    """
    starts = bounds[:, 0].astype("datetime64[ns]")
    steps = _steps(starts, bounds[:, 1].astype("datetime64[ns]"))
    ordered = series.transpose(..., "time")
    rows = ordered.values.reshape(-1, series.sizes["time"]).astype(np.float64)
    found = [_trends(row, steps, season, confidence) | standing(row, starts, resolution) for row in rows]
    dims, shape = ordered.dims[:-1], ordered.shape[:-1]
    units = str(series.attrs.get("units", "1"))
    columns = {
        name: (dims, np.array([one[name] for one in found]).reshape(shape), _attributes(name, units))
        for name in (found[0] if found else {})
    }
    kept = {name: one for name, one in series.coords.items() if "time" not in one.dims and name != "time"}
    return xr.Dataset(columns, kept)


def _steps(starts: npt.NDArray[np.datetime64], ends: npt.NDArray[np.datetime64]) -> _Steps:
    first, last = starts.astype("datetime64[M]"), ends.astype("datetime64[M]")
    lengths = np.unique((last - first).astype(np.int64))
    whole = (first.astype(starts.dtype) == starts).all() and (last.astype(ends.dtype) == ends).all()
    if not whole or lengths.tolist() not in ([1], [_MONTHS]) or (np.diff(first.astype(np.int64)) <= 0).any():
        raise InputError("a trend is that of whole calendar months or years in order; average shorter steps by months")
    numbers, months = first.astype(np.int64), first.astype(np.int64) % _MONTHS
    yearly = bool(lengths[0] == _MONTHS) or (len(months) > 1 and len(np.unique(months)) == 1)
    if yearly and len(np.unique(months)) > 1:
        raise InputError("years of a trend all start in the same calendar month")
    middle = (starts - np.datetime64("2000-01-01", "ns")) / _YEAR + (ends - starts) / _YEAR / 2
    return _Steps(numbers // _MONTHS if yearly else numbers, middle, months, 1 if yearly else _MONTHS)


def _state(row: Floats, steps: _Steps) -> str:
    there = np.flatnonzero(np.isfinite(row))
    if not there.size:
        return "no_data"
    spanned = steps.numbers[there[-1]] - steps.numbers[there[0]] + 1
    enough = there.size >= LEAST[steps.per_year] and there.size >= _SHARE * spanned
    return "good" if enough else "too_short"


def _trends(row: Floats, steps: _Steps, season: bool, confidence: float) -> dict[str, object]:  # noqa: FBT001 - a switch of `summary`, which names it
    state = _state(row, steps)
    if state == "good":
        found = _numbers(row, steps, confidence, season=season and steps.per_year == _MONTHS)
        count = int(np.isfinite(row).sum())
        limit = next(most for least, most in _REACH if count >= least)
        if found["lag1_autocorrelation"] <= limit:
            return {**found, "trend_flag": np.int8(TREND_FLAGS["good"])}
        state = "too_persistent"
    return {**dict.fromkeys(_TRENDS, np.nan), "trend_flag": np.int8(TREND_FLAGS[state])}


def _numbers(row: Floats, steps: _Steps, confidence: float, *, season: bool) -> dict[str, float]:
    there = np.isfinite(row)
    values = row[there][None]
    times, places = tuple(steps.times[there].tolist()), tuple(steps.numbers[there].tolist())
    months = tuple(steps.months[there].tolist()) if season else ()
    line, bend = (Layout(times, places, months, degree) for degree in (1, 2))
    linear, square = trend(values, line, confidence), trend(values, bend, confidence)
    by_rank = mann_kendall(values, line, linear, confidence)
    slopes = theil_sen(values, line, linear, by_rank, confidence)
    years = detection_years(linear.slope, linear.noise, linear.persistence, steps=values.size, per_year=steps.per_year)
    numbers = (
        *(one * _DECADE for one in (linear.slope, linear.low, linear.high)),
        linear.p_value,
        *(one * _DECADE for one in slopes),
        by_rank.score,
        by_rank.normalised,
        by_rank.p_value,
        *(2 * one * _DECADE**2 for one in (square.slope, square.low, square.high)),
        square.p_value,
        linear.persistence,
        linear.effective_size,
        linear.noise,
        *years,
    )
    return {name: float(one[0]) for name, one in zip(_TRENDS, numbers, strict=True)}


def _attributes(name: str, units: str) -> dict[str, object]:
    change = "K" if units in {"degC", "degree_Celsius", "celsius", "Celsius"} else units
    if name == "trend_flag":
        values = np.array(list(TREND_FLAGS.values()), dtype=np.int8)
        return {"long_name": "why a trend stands or not", "flag_values": values, "flag_meanings": " ".join(TREND_FLAGS)}
    if name.endswith("_time"):
        return {"long_name": f"start of the step of the {name.removesuffix('_time')} value"}
    said, _, unit = (_TRENDS | _STANDINGS).get(name, f"{name.replace('_', ' ')} of the latest value|1").partition("|")
    limit = {"_low": ", lower limit", "_high": ", upper limit"}
    ending = next((text for end, text in limit.items() if name.endswith(end)), "")
    if name in {"rank", "month_rank"}:
        return {"long_name": said}
    return {"long_name": said + ending, "units": unit.format(change=change, units=units)}
