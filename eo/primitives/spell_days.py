"""Days in spells of heat or cold, by calendar month or year and by category: per cell or per region."""

from collections.abc import Hashable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.coverage import FLAGS, flags
from eo.primitives.day_of_year import days_of_year
from eo.primitives.events import inside
from eo.primitives.spells import Floats, Order, Rule, spells
from eo.steps import end_of

COUNTS = ("days", "moderate", "strong", "severe", "extreme", "cumulative_intensity", "provisional_days")
_SHARES = ("seen", "usable")
_ROWS = 256
"""Cells at a time: some thirty megabytes for each field of a forty-year record."""

Dates = npt.NDArray[np.datetime64]


class _Axis(NamedTuple):
    """The days of a series."""

    number: Order
    """The day of the year of each day, from 0."""
    first: Order
    """Position of the first day of each month or year."""


def day_counts(
    values: xr.DataArray,
    coverage: xr.DataArray,
    normal: xr.Dataset,
    rule: Rule,
    *,
    step: Literal["month", "year"],
    min_coverage: float,
) -> xr.Dataset:
    """Give the days in spells of each calendar month or year, and by category.

    Parameters
    ----------
    values : (..., time), any units, every day in order; NaN where missing
    coverage : (..., time), 1, share of the day's value that was observed
    normal : Dataset
        ``climatology`` and ``threshold`` (..., day), units of the values, day 1 to 366.
    rule : what makes a spell
    step : month or year
    min_coverage : least share of the month or year that must be observed

    Returns
    -------
    days : (..., time), days in a spell, its gaps included
    moderate, strong, severe, extreme : (..., time), days beyond 1, 2, 3, 4 times the threshold's distance
        The days of gaps are in none of them. A threshold that does not lie beyond the climatology has no multiples:
        days beyond it are moderate.
    cumulative_intensity : (..., time), units of the values x days: value less climatology over the days of spells
    provisional_days : (..., time), days that later days may yet make part of a spell; they count as none so far
    coverage : (..., time), 1, of all days of the month or year
    flag : (..., time), int8
    """
    day = values["time"].values.astype("datetime64[D]")
    starts, first = np.unique(day.astype(f"datetime64[{step[0].upper()}]"), return_index=True)
    axis = _Axis(days_of_year(day) - 1, first)

    def block(one: Floats, share: Floats, mean: Floats, limit: Floats) -> Floats:
        fields = (one, share, mean, limit)
        shape = np.broadcast_shapes(*(field.shape[:-1] for field in fields))
        wide = [np.broadcast_to(field, (*shape, field.shape[-1])) for field in fields]
        flat = [field.reshape(-1, field.shape[-1]) for field in wide]
        counts = np.zeros((len(flat[0]), first.size, len(COUNTS + _SHARES)))
        alive = np.flatnonzero(np.isfinite(flat[0]).any(axis=1))  # land has no values, and counts none
        for at in range(0, alive.size, _ROWS):
            rows = alive[at : at + _ROWS]
            counts[rows] = _counts(*(field[rows] for field in flat), axis=axis, rule=rule)
        return counts.reshape(*shape, *counts.shape[1:])

    found: xr.DataArray = xr.apply_ufunc(
        block,
        values,
        coverage,
        normal["climatology"],
        normal["threshold"],
        input_core_dims=[["time"], ["time"], ["day"], ["day"]],
        output_core_dims=[["step", "which"]],
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={
            "output_sizes": {"step": first.size, "which": len(COUNTS + _SHARES)},
            "allow_rechunk": True,
        },
        join="exact",
        keep_attrs=False,
    ).rename(step="time")
    return _screened(found, starts.astype("datetime64[ns]"), ends(starts, step), min_coverage)


def ends(starts: Dates, step: Literal["month", "year"]) -> Dates:
    """Give the end of each calendar month or year."""
    return np.asarray((starts + 1).astype("datetime64[ns]")) if step == "year" else end_of(starts, "month")


def _counts(values: Floats, share: Floats, mean: Floats, limit: Floats, *, axis: _Axis, rule: Rule) -> Floats:
    wide = values.astype(np.float64)
    threshold = limit[:, axis.number]
    daily = spells(wide, mean[:, axis.number], threshold, rule)
    within = inside(daily.found, (wide.shape[0], wide.shape[1]))
    seen = np.where(np.isfinite(wide), np.nan_to_num(share), 0.0)
    category = np.where(within, daily.category, 0)
    unsettled = ~within & (np.arange(wide.shape[1]) >= daily.open_from[:, None])
    fields = [
        within,
        *(category == one for one in range(1, 5)),
        np.where(within & np.isfinite(daily.intensity), rule.sign * daily.intensity, 0.0),
        unsettled,
        seen,
        np.where(np.isfinite(threshold), seen, 0.0),
    ]
    return np.stack([np.add.reduceat(one.astype(np.float64), axis.first, axis=1) for one in fields], axis=-1)


def _screened(found: xr.DataArray, start: Dates, end: Dates, min_coverage: float) -> xr.Dataset:
    days = xr.DataArray((end - start) / np.timedelta64(1, "D"), dims="time")
    which = {name: found.isel(which=at) for at, name in enumerate(COUNTS + _SHARES)}
    seen, usable = ((which.pop(name) / days).clip(max=1.0) for name in _SHARES)
    flag = flags(usable, min_coverage)
    flag = xr.where((flag != FLAGS["good"]) & (seen >= min_coverage), FLAGS["no_normal"], flag).astype(np.int8)
    result = xr.Dataset({name: one.where(flag == FLAGS["good"]) for name, one in which.items()})
    bounds = np.stack([start, end], axis=1)
    return result.assign(coverage=seen, flag=flag).assign_coords(time=start, time_bounds=(("time", "nv"), bounds))


def area_shares(cells: xr.Dataset, area: xr.DataArray, *, min_coverage: float) -> xr.Dataset:
    """Give the share of an area that is in a spell, in all and by category, as means over months or years.

    Parameters
    ----------
    cells : Dataset
        What `day_counts` gives, (time, lat, lon) or (time, y, x), with ``time_bounds``.
    area : (lat, lon) or (y, x), m2
        Area of each cell that counts.
    min_coverage : least share of the area, and of the days, that must be observed

    Returns
    -------
    days, moderate, strong, severe, extreme, provisional_days : (time), 1
        Area times days over the observed area times days: the mean of the daily shares, where all is observed.
    coverage : (time), 1
        Of all cells that were ever observed: land is no part of it. A cell whose month or year does not stand
        counts as not observed.
    flag : (time), int8
    """
    good = cells["flag"] == FLAGS["good"]
    space = area.dims
    bounds = cells["time_bounds"].values
    length = xr.DataArray((bounds[:, 1] - bounds[:, 0]) / np.timedelta64(1, "D"), dims="time")
    weight = (area * cells["coverage"]).where(good, 0.0) * length
    observed = _summed(weight, space)
    sea = _summed(area.where((cells["flag"] != FLAGS["no_data"]).any("time"), 0.0), space)
    coverage = (observed / (sea * length)).fillna(0.0).clip(max=1.0)
    flag = flags(coverage, min_coverage)
    shares = {
        name: (_summed((area * cells[name]).where(good, 0.0), space) / observed)
        .clip(max=1.0)
        .where(flag == FLAGS["good"])
        for name in COUNTS
        if name != "cumulative_intensity"
    }
    return xr.Dataset(shares | {"coverage": coverage, "flag": flag}).assign_coords(time=cells["time"])


def _summed(field: xr.DataArray, space: tuple[Hashable, ...]) -> xr.DataArray:
    """Give sums in float64, along rows and then over them: the same whatever the tiles."""
    rows, columns = map(str, space)
    plain = field.transpose(..., rows, columns).drop_vars([name for name in field.coords if name != "time"])
    return plain.sum(columns).sum(rows)
