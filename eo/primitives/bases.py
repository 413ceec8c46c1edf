"""Sliding baselines: a centred base of 30 years for each 5 years, so that a slow warming is no part of an anomaly."""

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.climatology import monthly_normal
from eo.errors import InputError
from eo.model import Span

YEARS, EVERY = 30, 5
"""Length of a base and years from one to the next (NOAA Climate Prediction Center, Oceanic Nino Index)."""
_BEFORE = 15
"""Years of a base before the five years that it serves: that of 1986-2015 serves 2001-2005."""
_FIRST = 1
"""Bases start in years that end with 1 or 6."""


def bases_in(baseline: Span) -> tuple[Span, ...]:
    """Give the bases that lie in a baseline, earliest first.

    Raises
    ------
    InputError
        There is none.
    """
    first = int(np.ceil((baseline.start - np.datetime64("0000-01", "M")).astype(int) / 12))
    last = int((baseline.end - np.datetime64("0000-01", "M")).astype(int) // 12) - YEARS
    starts = [year for year in range(first, last + 1) if year % EVERY == _FIRST]
    if not starts:
        raise InputError(
            f"sliding bases are {YEARS} whole years that start in a year with 1 or 6 at its end (1991-2020); "
            f"the baseline {baseline} holds none"
        )
    return tuple(
        Span(np.datetime64(f"{one:04d}-01", "M"), np.datetime64(f"{one + YEARS:04d}-01", "M")) for one in starts
    )


def sliding_normal(series: xr.Dataset, *, baseline: Span, min_coverage: float) -> xr.Dataset:
    """Give the normal of each calendar month for each base that lies in the baseline.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (..., time) and ``coverage`` (..., time), 1.
    baseline : months; the newest base ends where it ends, so that it decides when a base is taken up
    min_coverage : least coverage for a month to count

    Returns
    -------
    normal : (..., base, month), float64, units of the mean
        NaN for a month with fewer than 24 of the 30 years (WMO-No. 1203, 4.4.1).
    years : (..., base, month), int32
    base : (base,), the first year of each

    Raises
    ------
    InputError
        The baseline holds no base.
    """
    bases = bases_in(baseline)
    each = [monthly_normal(series, baseline=one, min_coverage=min_coverage) for one in bases]
    names = xr.DataArray(np.array([one.start.astype("datetime64[Y]").astype(int) + 1970 for one in bases]), dims="base")
    joined = xr.concat(each, dim="base", coords="minimal", compat="equals", join="exact")
    return joined.transpose(..., "base", "month").assign_coords(base=names.astype(np.int32))


def sliding_at_each_step(normal: xr.DataArray, time: xr.DataArray) -> xr.DataArray:
    """Give the normal of the base that each step has: (..., base, month) to (..., time).

    A step has the base in whose middle five years it lies. Years after those of the last base have the last, as the
    Climate Prediction Center does until the next is there; years before those of the first base have the first, as it
    does for 1950.
    """
    years = time.dt.year.values
    base = xr.DataArray(_base_of(years, normal["base"].values), dims="time")
    month = xr.DataArray(time.dt.month.values - 1, dims="time")
    return normal.isel(base=base, month=month).drop_vars(["base", "month"]).assign_coords(time=time)


def _base_of(years: npt.NDArray[np.int64], starts: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
    own = (years - _FIRST) // EVERY * EVERY + _FIRST - _BEFORE
    return np.asarray(np.clip((own - int(starts[0])) // EVERY, 0, len(starts) - 1), np.intp)
