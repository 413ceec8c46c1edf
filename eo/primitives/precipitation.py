"""Precipitation: amounts from rates, and what ETCCDI asks of wet days."""

from collections.abc import Callable
from typing import Annotated

import numpy as np
import numpy.typing as npt
import xarray as xr
from pydantic import Field

from eo.climatology import ENOUGH_YEARS
from eo.coverage import screened
from eo.errors import InputError
from eo.model import Span
from eo.primitives.calendar_steps import percentile
from eo.primitives.etccdi import blocks, of_each
from eo.primitives.run_lengths import ended_length, running_length
from eo.units import converted, convertible

Floats = npt.NDArray[np.float64]
Share = Annotated[float, Field(gt=0, le=1)]

WET = 1.0
"""Least amount of a wet day, mm (ETCCDI)."""

_DAY = np.timedelta64(1, "D")
_WATER = "kg m-2 s-1"


def rate_to_amount(series: xr.Dataset) -> xr.DataArray:
    """Give the amount that fell in each step, by the mean rate and the length of the step.

    Parameters
    ----------
    series : Dataset
        ``mean`` (..., time), a precipitation rate with its ``units``: a depth of water or a mass by area, by time.

    Returns
    -------
    amount : (..., time), mm

    Raises
    ------
    InputError
        No units, or units of no rate: a mean of amounts does not say over which time each of them fell.
    """
    units = str(series["mean"].attrs.get("units", ""))
    if not units or not (convertible(units, "mm day-1") or convertible(units, _WATER)):
        raise InputError(f"amounts are made of a precipitation rate, in units such as 'mm day-1', not in {units!r}")
    depth = convertible(units, "mm day-1")
    factor = float(converted(np.ones(1), units, "mm day-1" if depth else _WATER)[0]) * (1.0 if depth else 86400.0)
    bounds = series["time_bounds"].values.astype("datetime64[ns]")
    length = xr.DataArray((bounds[:, 1] - bounds[:, 0]) / _DAY, dims="time")
    amount: xr.DataArray = series["mean"].astype(np.float64) * factor * length
    return amount.drop_attrs()


def daily_amounts(series: xr.Dataset, min_coverage: float) -> xr.DataArray:
    """Give the amount of each day, NaN where less than `min_coverage` was observed: (..., time), mm.

    Parameters
    ----------
    series : Dataset
        Daily ``mean`` (..., time), a rate with units, and ``coverage`` (..., time), 1.
    min_coverage : least share of a zone or cell that must be observed for a day to be there

    Raises
    ------
    InputError
        Steps that are not whole days one after another, or units of no rate.
    """
    bounds = series["time_bounds"].values.astype("datetime64[ns]")
    if (bounds[:, 1] - bounds[:, 0] != _DAY).any() or (bounds[1:, 0] != bounds[:-1, 1]).any():
        raise InputError("ETCCDI indices are made of every day in order, and these steps are not that")
    return screened(rate_to_amount(series), series["coverage"], min_coverage)


def most(amounts: Floats) -> Floats:
    """Give the largest amount: (..., day) to (...); NaN where there is none."""
    largest = np.where(np.isfinite(amounts), amounts, -np.inf).max(axis=-1, initial=-np.inf)
    return np.where(np.isfinite(largest), largest, np.nan)


def days_at_least(threshold: float) -> Callable[[Floats], Floats]:
    """Give a function that counts the days with some amount, mm, or more: (..., day) to (...)."""

    def count(amounts: Floats) -> Floats:
        return np.asarray((amounts >= threshold).sum(axis=-1), np.float64)

    return count


def total_wet(amounts: Floats) -> Floats:
    """Give the amount of wet days: (..., day) to (...), mm; 0 where there are none."""
    return np.asarray(np.where(amounts >= WET, amounts, 0.0).sum(axis=-1))


def mean_wet(amounts: Floats) -> Floats:
    """Give the mean amount of a wet day: (..., day) to (...), mm; NaN where there are none."""
    days = (amounts >= WET).sum(axis=-1)
    return np.where(days > 0, total_wet(amounts) / np.maximum(days, 1), np.nan)


def days_before() -> tuple[int, int]:
    """Give how many months around its own a sum of some days needs: those before reach into one."""
    return 1, 0


def spell_reach() -> tuple[int, int]:
    """Give how many months around its own the longest spell needs: a year back, and the day that ends it."""
    return 12, 1


def longest_spell(condition: xr.DataArray) -> xr.DataArray:
    """Give the longest spell that ends in each year: (..., day) to (..., year), days.

    0 where no day of the year meets the condition. NaN where days do and no spell ends, since it counts to the year
    that it ends in; and for the last year where a spell that goes on is longer than all that ended.
    """
    at = blocks(condition["time"], "year")
    longest = of_each(most, _by_day(ended_length, condition), at)
    met = of_each(most, condition.astype(np.float64), at)
    so_far = _by_day(running_length, condition).isel(time=-1, drop=True)
    last = xr.DataArray(np.arange(len(at.places)) == len(at.places) - 1, dims="time")
    goes_on = ((longest == 0) & (met > 0)) | (last & (so_far > longest))
    return longest.where(~goes_on)


def _by_day(function: Callable[..., npt.NDArray[np.int64]], condition: xr.DataArray) -> xr.DataArray:
    found: xr.DataArray = xr.apply_ufunc(
        function,
        condition,
        input_core_dims=[["time"]],
        output_core_dims=[["time"]],
        dask="parallelized",
        output_dtypes=[np.int64],
        dask_gufunc_kwargs={"allow_rechunk": True},
        keep_attrs=False,
    )
    return found.astype(np.float64)


def amount_above(amounts: xr.DataArray, threshold: xr.DataArray) -> xr.DataArray:
    """Give the amount of the days over a threshold (...), mm: (..., day) to (..., year), mm; 0 where there are none."""
    at = blocks(amounts["time"], "year")
    return of_each(lambda heavy: np.asarray(heavy.sum(axis=-1)), amounts.where(amounts > threshold, 0.0), at)


def wet_day_percentile(amounts: xr.DataArray, baseline: Span, share: float) -> xr.Dataset:
    """Give a percentile of the wet days of a baseline.

    Parameters
    ----------
    amounts : (..., day), mm
    baseline : months
    share : of the wet days that have less, 0 to 1

    Returns
    -------
    threshold : (...), mm
        By the median-unbiased rule (type 8 of Hyndman and Fan 1996, as climdex.pcic). NaN where fewer than 80 % of
        the days of the baseline are there, or so few wet days that the percentile lies beyond the largest.
    wet_days : (...)
    """
    days = int((baseline.end.astype("datetime64[D]") - baseline.start.astype("datetime64[D]")) / _DAY)
    wet = amounts.where(amounts >= WET)
    threshold: xr.DataArray = xr.apply_ufunc(
        lambda all_: percentile(all_, share),
        wet,
        input_core_dims=[["time"]],
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={"allow_rechunk": True},
        keep_attrs=False,
    )
    count = wet.count("time")
    inside = count * (1 - share) >= (share + 1) / 3
    enough = (amounts.count("time") >= ENOUGH_YEARS * days) & inside
    return xr.Dataset({"threshold": threshold.where(enough), "wet_days": count.astype(np.int32)})
