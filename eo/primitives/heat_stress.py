"""Heat stress on corals after NOAA Coral Reef Watch: the warmest month, HotSpots, and their sum over twelve weeks."""

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.climatology import ENOUGH_YEARS, baseline_years
from eo.model import Span

Floats = npt.NDArray[np.float64]

WEEKS = 12
DAYS = 7 * WEEKS
STRESS = 1.0
"""K: smaller HotSpots do not add up."""
ALERTS = {"unknown": -1, "no_stress": 0, "watch": 1, "warning": 2, "alert_1": 3, "alert_2": 4, "alert_3": 5,
          "alert_4": 6, "alert_5": 7}  # fmt: skip
"""Stress levels of Coral Reef Watch as of December 2023."""
_STEPS = (4.0, 8.0, 12.0, 16.0, 20.0)
"""Degree heating weeks where alerts 1 to 5 begin."""


def monthly_climatology(
    values: xr.DataArray, baseline: Span, *, recentred: float | None, min_days: float
) -> xr.DataArray:
    """Give the mean of each calendar month over the baseline years: (..., time) to (..., month).

    Parameters
    ----------
    values : (..., time), every day in order, NaN where missing
    baseline : months
    recentred : a year, such as 1988.2857
        The mean is then moved along the linear trend of that calendar month over the baseline to this year.
    min_days : least share of the days of a month for it to count

    Returns
    -------
    climatology : (..., month), float64, units of the values
        NaN for a month with fewer than 80 % of the baseline years (WMO-No. 1203, 4.4.1).

    References
    ----------
    Skirving et al. (2020), doi:10.3390/rs12233856; Heron et al. (2015), NOAA Technical Report NESDIS 145
    """
    months, first = np.unique(values["time"].values.astype("datetime64[M]"), return_index=True)
    length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(float)
    number, year = months.astype(int) % 12, months.astype("datetime64[Y]").astype(float) + 1970
    least = ENOUGH_YEARS * baseline_years(baseline)

    def block(days: Floats) -> Floats:
        wide = np.ascontiguousarray(days, np.float64)
        seen = np.isfinite(wide)
        count = np.add.reduceat(seen.astype(np.float64), first, axis=-1)
        total = np.add.reduceat(np.where(seen, wide, 0.0), first, axis=-1)
        enough = count >= min_days * length
        means = np.where(enough, total / np.maximum(count, 1.0), np.nan)
        each = [_at_year(means[..., number == one], year[number == one], recentred, least) for one in range(12)]
        return np.stack(each, axis=-1)

    found: xr.DataArray = xr.apply_ufunc(
        block,
        values,
        input_core_dims=[["time"]],
        output_core_dims=[["month"]],
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={"output_sizes": {"month": 12}, "allow_rechunk": True},
        keep_attrs=False,
    )
    return found.assign_coords(month=np.arange(1, 13, dtype=np.int32))


def _at_year(means: Floats, year: Floats, recentred: float | None, least: float) -> Floats:
    """Give the mean of (..., year), or the value of its regression line at a year."""
    seen = np.isfinite(means)
    count = seen.sum(axis=-1)
    safe = np.maximum(count, 1)
    mean = np.where(seen, means, 0.0).sum(axis=-1) / safe
    if recentred is not None:
        middle = np.where(seen, year, 0.0).sum(axis=-1) / safe
        away = np.where(seen, year - middle[..., None], 0.0)
        spread = (away**2).sum(axis=-1)
        slope = (away * np.where(seen, means, 0.0)).sum(axis=-1) / np.where(spread > 0, spread, np.nan)
        mean = mean + slope * (recentred - middle)
    return np.where((count > 0) & (count >= least), mean, np.nan)


def heating_weeks(hotspot: xr.DataArray, *, min_days: float) -> tuple[xr.DataArray, xr.DataArray]:
    """Give the degree heating weeks of each day and the share of its 84 days that was observed.

    Parameters
    ----------
    hotspot : (..., time), K, every day in order, NaN where missing
    min_days : least share of the 84 days

    Returns
    -------
    weeks : (..., time), K week
        A seventh of the sum of HotSpots of 1 K or more over the day and the 83 before it. Of the days that are there,
        times 84 over their number: a missing day is taken to be like the others, never to be without stress. NaN with
        fewer than `min_days`; what lies before the series counts as missing.
    share : (..., time), 1
    """
    first = int(hotspot["time"].values[0].astype("datetime64[D]").astype(np.int64))
    both: xr.DataArray = xr.apply_ufunc(
        lambda one: _weeks(one, first),
        hotspot,
        input_core_dims=[["time"]],
        output_core_dims=[["which", "time"]],
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={"output_sizes": {"which": 2}, "allow_rechunk": True},
        keep_attrs=False,
    )
    share = both.isel(which=1).transpose(*hotspot.dims)
    return both.isel(which=0).transpose(*hotspot.dims).where(share >= min_days), share


def _weeks(hotspot: Floats, first: int) -> Floats:
    wide = np.ascontiguousarray(hotspot, np.float64)
    seen = np.isfinite(wide)
    total = trailing_sum(np.where(seen & (wide >= STRESS), wide, 0.0), DAYS, first)
    count = trailing_sum(seen.astype(np.float64), DAYS, first)
    return np.stack([total / 7.0 * DAYS / np.maximum(count, 1.0), count / DAYS], axis=-2)


def trailing_sum(values: Floats, steps: int, first: int = 0) -> Floats:
    """Give the sum of each step and those before it, `steps` in all, along the last axis; 0 where all of them are 0.

    It adds what is left of one block of `steps` to what is there of the next: no error grows with time, later steps
    change nothing, and the cost is that of two sums. Blocks begin where the number of a step, of which `first` is that
    of the first one, is a multiple of `steps`: a series that starts elsewhere has the same sums to the last bit.
    """
    shape, before = values.shape, first % steps
    blocks = -(-(before + shape[-1]) // steps)
    padded = np.zeros((*shape[:-1], blocks * steps))
    padded[..., before : before + shape[-1]] = values
    cut = padded.reshape(*shape[:-1], blocks, steps)
    so_far = np.cumsum(cut, axis=-1)
    left = np.cumsum(cut[..., ::-1], axis=-1)[..., ::-1]
    so_far[..., 1:, :-1] += left[..., :-1, 1:]
    return np.asarray(so_far.reshape(*shape[:-1], blocks * steps)[..., before : before + shape[-1]])


def alert_level(hotspot: xr.DataArray, weeks: xr.DataArray) -> xr.DataArray:
    """Give the stress level of each day, int8, see `ALERTS`; unknown where either is.

    No stress at HotSpots of 0 or less, watch below 1, and from 1 on: warning below 4 weeks, alert 1 from 4, 2 from 8,
    3 from 12, 4 from 16, 5 from 20. Until December 2023 alert 2 was the last one.
    """
    risen = sum((weeks >= one).astype(np.int8) for one in _STEPS) + ALERTS["warning"]
    level = xr.where(hotspot >= STRESS, risen, xr.where(hotspot > 0, ALERTS["watch"], ALERTS["no_stress"]))
    known = hotspot.notnull() & weeks.notnull()
    found: xr.DataArray = xr.where(known, level, ALERTS["unknown"]).astype(np.int8)
    return found
