"""Statistics of a calendar step (each January, each second dekad of May) over the years of a baseline."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.climatology import ENOUGH_YEARS, baseline_years
from eo.errors import InputError
from eo.model import Span
from eo.steps import place_in_year, step_of

Floats = npt.NDArray[np.float64]


def calendar_step(time_bounds: xr.DataArray) -> npt.NDArray[np.int32]:
    """Give the number of each step in its year, see `eo.steps.place_in_year`: (time,)."""
    bounds = time_bounds.values
    return place_in_year(bounds[:, 0], step_of(bounds))


def over_years(
    function: Callable[[Floats], Floats],
    values: xr.DataArray,
    time_bounds: xr.DataArray,
    *,
    gives: dict[str, npt.NDArray[Any]] | None = None,
) -> xr.DataArray:
    """Give what a function of all years of a calendar step gives, for each step: (..., time) to (..., calendar_step).

    Parameters
    ----------
    function : of (..., year) in order of time, float64, NaN where missing; gives (...) or (..., one further dim)
    values : (..., time)
    time_bounds : (time, 2)
    gives : the further dim with its coordinate, and None where there is none

    Returns
    -------
    statistic : (..., calendar_step), or (..., calendar_step, further dim), float64
    """
    numbers = calendar_step(time_bounds)
    steps = np.unique(numbers)

    def each(years: Floats) -> Floats:
        wide = np.asarray(years, np.float64)  # contiguous below: additions in one order, whatever the chunks
        found = [np.asarray(function(np.ascontiguousarray(wide[..., numbers == one])), np.float64) for one in steps]
        return np.stack(found, axis=wide.ndim - 1)

    further = gives or {}
    found: xr.DataArray = xr.apply_ufunc(
        each,
        values.drop_vars("time"),
        input_core_dims=[["time"]],
        output_core_dims=[["calendar_step", *further]],
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={
            "output_sizes": {"calendar_step": steps.size, **{name: one.size for name, one in further.items()}},
            "allow_rechunk": True,
        },
        keep_attrs=False,
    )
    return found.assign_coords({"calendar_step": steps, **further})


def at_calendar_step(statistic: xr.DataArray, time_bounds: xr.DataArray) -> xr.DataArray:
    """Give a statistic at the calendar step of each time: (..., calendar_step) to (..., time); NaN if none."""
    number = xr.DataArray(calendar_step(time_bounds), dims="time", coords={"time": time_bounds["time"].values})
    wide = statistic.reindex(calendar_step=np.union1d(statistic["calendar_step"].values, number.values))
    return wide.sel(calendar_step=number).drop_vars("calendar_step")


def enough_years(values: xr.DataArray, time_bounds: xr.DataArray, baseline: Span) -> xr.DataArray:
    """Tell where a calendar step has 80 % of the baseline years (WMO-No. 1203, 4.4.1): (..., calendar_step), bool."""
    years = over_years(_count, values, time_bounds)
    return years >= ENOUGH_YEARS * baseline_years(baseline)


def mean_of_years(years: Floats) -> Floats:
    """Give the mean of the years that are there: (..., year) to (...); NaN where none is."""
    there = np.isfinite(years)
    count = there.sum(axis=-1)
    total = np.where(there, years, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def spread_of_years(years: Floats) -> Floats:
    """Give the standard deviation (of n - 1) of the years that are there: (..., year) to (...); NaN of fewer than 2."""
    there = np.isfinite(years)
    count = there.sum(axis=-1)
    apart = np.where(there, years - mean_of_years(years)[..., None], 0.0)
    return np.where(count > 1, np.sqrt((apart**2).sum(axis=-1) / np.maximum(count - 1, 1)), np.nan)


def range_of_years(years: Floats) -> Floats:
    """Give the least and the greatest of the years that are there: (..., year) to (..., 2); NaN where none is."""
    there = np.isfinite(years)
    low = np.where(there, years, np.inf).min(axis=-1, initial=np.inf)
    high = np.where(there, years, -np.inf).max(axis=-1, initial=-np.inf)
    some = there.any(axis=-1)
    return np.stack([np.where(some, low, np.nan), np.where(some, high, np.nan)], axis=-1)


def percentile(values: Floats, share: float) -> Floats:
    """Give the value that a share of all has less than: (..., n) to (...); NaN where nothing is.

    By the median-unbiased rule: Hyndman and Fan (1996), type 8. doi:10.1080/00031305.1996.10473566
    """
    ordered, count = np.sort(values, axis=-1), np.isfinite(values).sum(axis=-1)
    place = np.clip((count + 1 / 3) * share + 1 / 3 - 1, 0, np.maximum(count - 1, 0))
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    below, above = (np.take_along_axis(ordered, one[..., None], axis=-1)[..., 0] for one in (low, high))
    return np.asarray(below + (place - low) * (above - below))


def _count(years: Floats) -> Floats:
    return np.asarray(np.isfinite(years).sum(axis=-1), np.float64)


def check_years(baseline: Span, least_years: int, what: str) -> None:
    """Refuse a baseline that is shorter than a statistic needs.

    Raises
    ------
    InputError
    """
    if baseline_years(baseline) < least_years:
        raise InputError(f"{what} needs a baseline of {least_years} years; {baseline} has {baseline_years(baseline)}")
