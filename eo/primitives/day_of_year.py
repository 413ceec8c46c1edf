"""Climatology of each day of the year: means and percentiles over a window of days, smoothed over the circle.

Days of the year are those of a leap year, 1 to 366, so that 1 March is day 61 every year.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.climatology import ENOUGH_YEARS
from eo.errors import InputError

Floats = npt.NDArray[np.float64]
Order = npt.NDArray[np.intp]

LEAP = 366
FEBRUARY_29 = 60
_DAY = np.timedelta64(1, "D")


def days_of_year(time: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
    """Give the day of a leap year that each time lies in, 1 to 366."""
    day = time.astype("datetime64[D]")
    year = day.astype("datetime64[Y]")
    first, following = year.astype("datetime64[D]"), (year + 1).astype("datetime64[D]")
    number = (day - first).astype(np.int64) + 1
    skips = (following - first < LEAP * _DAY) & (number >= FEBRUARY_29)
    return np.asarray(number + skips)


def on_every_day(series: xr.Dataset) -> xr.Dataset:
    """Give a daily series on every day from its first to its last, NaN on the days that it lacks.

    Raises
    ------
    InputError
        There are no days, or they are not days in order.
    """
    if "time_bounds" in series and (series["time_bounds"].diff("nv") != _DAY).any():
        long = series["time_bounds"].diff("nv").values.max().astype("timedelta64[h]")
        raise InputError(f"a daily series has steps of one day; there is one of {long}")
    day = series["time"].values.astype("datetime64[D]")
    if not day.size or (np.diff(day) < _DAY).any():
        found = "none" if not day.size else f"{day.size} steps from {day.min()} to {day.max()}"
        raise InputError(f"a daily series has one step for each day, in order; there is {found}")
    whole = np.arange(day[0], day[-1] + 1)
    if whole.size != day.size:
        series = series.drop_vars("time_bounds", errors="ignore").assign_coords(time=day.astype("datetime64[ns]"))
        series = series.reindex(time=whole.astype("datetime64[ns]"))
    bounds = np.stack([whole, whole + 1], axis=1).astype("datetime64[ns]")
    return series.assign_coords(time=("time", bounds[:, 0]), time_bounds=(("time", "nv"), bounds))


def daily_climatology(
    values: xr.DataArray, *, percentile: float, window: int = 11, smoothing: int = 31, enough: float = ENOUGH_YEARS
) -> xr.Dataset:
    """Give the mean and a percentile of each day of the year.

    Both are of all values within half a `window` of that day in any year, then smoothed by a running mean of
    `smoothing` days over the circle of the year. 29 February takes, before the smoothing, the mean of its neighbours;
    its own values count in their windows. Windows end where the series does.

    Parameters
    ----------
    values : (..., time), any units
        Every day in order, NaN where missing; may be lazy, with time in one chunk.
    percentile : 0 to 100; linear between order statistics (Hyndman and Fan 1996, type 7), as NumPy's
    window, smoothing : odd numbers of days; smoothing 1 is none
    enough : share of the days in a window, over all years, that must have a value

    Returns
    -------
    climatology, threshold : (..., day), float64, units of the values
        NaN for a day with fewer values than `enough`. Such days count in no smoothing, and smoothing gives them none.

    Raises
    ------
    InputError
        A width that is even.

    References
    ----------
    Hobday et al. (2016), doi:10.1016/j.pocean.2015.12.014
    """
    for name, width in (("window", window), ("smoothing", smoothing)):
        if width % 2 == 0 or not 0 < width < LEAP:
            raise InputError(f"the {name} of a day-of-year climatology is an odd number of days below 366, not {width}")
    number = days_of_year(values["time"].values)
    by_day = np.argsort(number, kind="stable")  # a window then is a few stretches of memory, which is 3 times as fast
    place = np.argsort(by_day)
    near = [np.sort(place[one]) for one in _windows(number, window // 2)]
    both: xr.DataArray = xr.apply_ufunc(
        lambda block: _climatology(np.take(block, by_day, axis=-1), near, percentile, enough, smoothing),
        values,
        input_core_dims=[["time"]],
        output_core_dims=[["which", "day"]],
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={"output_sizes": {"which": 2, "day": LEAP}, "allow_rechunk": True},
        keep_attrs=False,
    )
    both = both.assign_coords(day=np.arange(1, LEAP + 1, dtype=np.int32))
    return xr.Dataset({"climatology": both.isel(which=0), "threshold": both.isel(which=1)})


def _windows(number: npt.NDArray[np.int64], half: int) -> Iterator[Order]:
    """Give for each day of the year the positions in time of its window over all years; none for 29 February."""
    around = np.arange(-half, half + 1)
    for day in range(1, LEAP + 1):
        centres = np.flatnonzero(number == day) if day != FEBRUARY_29 else np.zeros(0, np.intp)
        near = (centres[:, None] + around).ravel()
        yield near[(near >= 0) & (near < number.size)]


def _climatology(block: Floats, near: list[Order], percentile: float, enough: float, smoothing: int) -> Floats:
    values = block.reshape(-1, block.shape[-1])
    found = np.full((2, LEAP, values.shape[0]), np.nan)
    alive = np.isfinite(values).any(axis=1)  # land has no values
    values = values if alive.all() else values[alive]
    for day, positions in enumerate(near):
        if positions.size and alive.any():
            found[:, day, alive] = _mean_and_percentile(np.take(values, positions, axis=1), percentile, enough)
    at = FEBRUARY_29 - 1
    found[:, at] = (found[:, at - 1] + found[:, at + 1]) / 2
    smooth = np.stack([circle_mean(one.T, smoothing) for one in found], axis=1)
    return smooth.reshape(*block.shape[:-1], 2, LEAP)


def _mean_and_percentile(values: Floats, percentile: float, enough: float) -> Floats:
    """Give the mean and the percentile of (cells, values), which it sorts: what NumPy does fastest here."""
    values.sort(axis=1)  # NaN come last
    whole = not np.isnan(values[:, -1]).any()
    count = np.full(len(values), values.shape[1]) if whole else (~np.isnan(values)).sum(axis=1)
    last = np.maximum(count - 1, 0)
    position = last * (percentile / 100.0)
    below = np.floor(position).astype(np.intp)
    rows = np.arange(len(values))
    low, high = (values[rows, at].astype(np.float64) for at in (below, np.minimum(below + 1, last)))
    wide = values.astype(np.float64)  # before the sum: one that widens as it goes adds in an order of its own
    total = wide.sum(axis=1) if whole else np.where(np.isnan(wide), 0.0, wide).sum(axis=1)
    found = np.stack([total / np.maximum(count, 1), low + (high - low) * (position - below)])
    return np.where((count > 0) & (count >= enough * values.shape[1]), found, np.nan)


def circle_mean(values: Floats, width: int) -> Floats:
    """Give the running mean of (..., day) over the circle; of the days that are there, NaN where the middle is."""
    half = width // 2
    there = np.isfinite(values)
    filled = np.where(there, values, 0.0)
    total, count = np.zeros_like(filled), np.zeros(filled.shape)
    for shift in range(-half, half + 1):  # the same order of additions for every day
        total += np.roll(filled, shift, axis=-1)
        count += np.roll(there, shift, axis=-1)
    return np.where(there, total / np.maximum(count, 1.0), np.nan)


def at_each_day(climatology: xr.DataArray, time: xr.DataArray) -> xr.DataArray:
    """Give a climatology of the days of the year at each step: (..., day) to (..., time)."""
    day = xr.DataArray(days_of_year(time.values), {"time": time}, ("time",))
    return climatology.sel(day=day).drop_vars("day")
