"""Monthly anomalies and what indices make of them: of one region, between two, as running means, with flags."""

import numpy as np
import xarray as xr

from eo.coverage import FLAGS, flags, screened
from eo.errors import InputError, unknown
from eo.primitives.running import running_mean


def anomalies(series: xr.Dataset, expected: xr.DataArray, min_coverage: float) -> xr.Dataset:
    """Give the anomaly of each month.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` and ``coverage`` (..., time).
    expected : (..., time), the normal at each step, units of the mean
    min_coverage : least coverage for a month to count

    Returns
    -------
    index : (..., time), units of the mean; NaN where `flag` is not good
    coverage : (..., time), 1
    flag : (..., time), int8; ``no_normal`` where there is a value and no normal
    """
    value = screened(series["mean"], series["coverage"], min_coverage)
    flag = flags(series["coverage"], min_coverage)
    lacks_normal = (flag == FLAGS["good"]) & expected.isnull()
    return xr.Dataset(
        {
            "index": value - expected,
            "coverage": series["coverage"].fillna(0.0),
            "flag": xr.where(lacks_normal, FLAGS["no_normal"], flag).astype(np.int8),
        }
    )


def difference(first: xr.Dataset, second: xr.Dataset) -> xr.Dataset:
    """Give one index less another, of `anomalies`; it needs both, and its coverage is the smaller one."""
    good = FLAGS["good"]
    return xr.Dataset(
        {
            "index": first["index"] - second["index"],
            "coverage": np.minimum(first["coverage"], second["coverage"]),
            "flag": xr.where(first["flag"] == good, second["flag"], first["flag"]).astype(np.int8),
        }
    )


def smoothed(monthly: xr.Dataset, months: int) -> xr.Dataset:
    """Give the running mean of an index over some months, all of which it needs.

    Parameters
    ----------
    monthly : Dataset
        ``index``, ``coverage`` and ``flag`` (..., time), as `anomalies` gives them.
    months : length of the window, odd

    Returns
    -------
    index, coverage, flag : as they are given
        The coverage is the mean of the window; months before the first and after the last count as not observed, so
        that the ends are ``insufficient_coverage``. ``no_normal`` where all months of a window are there and one of
        them lacks a normal.
    """
    index = running_mean(monthly["index"], months)
    half = months // 2
    wide = monthly["coverage"].drop_vars("time", errors="ignore").pad(time=half, constant_values=0.0)
    inside = running_mean(wide, months).isel(time=slice(half, half + monthly.sizes["time"]))
    coverage = inside.assign_coords({"time": monthly["time"]} if "time" in monthly.coords else {})
    there = monthly["flag"].isin([FLAGS["good"], FLAGS["no_normal"]]).astype(np.float64)
    whole = running_mean(there, months) == 1.0
    flag = xr.where(whole, FLAGS["no_normal"], FLAGS["insufficient_coverage"])
    flag = xr.where(coverage > 0, flag, FLAGS["no_data"])
    flag = xr.where(index.notnull(), FLAGS["good"], flag).astype(np.int8)
    return xr.Dataset({"index": index, "coverage": coverage, "flag": flag})


def half_window(*, months: int) -> tuple[int, int]:
    """Give how many months before and after its own a running mean needs."""
    return months // 2, months // 2


def of_region(series: xr.Dataset, name: str, role: str) -> xr.Dataset:
    """Give the series of one region, without the dim.

    Raises
    ------
    InputError
        It is not there.
    """
    if "region" not in series.dims:
        raise InputError(f"an index of regions is made of series by region; these have {list(series.dims)}")
    if name not in series["region"].values:
        raise unknown("region", name, map(str, series["region"].values), f"the run, which needs it as {role}")
    return series.sel(region=name, drop=True)


def but_region(series: xr.Dataset, name: str) -> xr.Dataset:
    """Give the series of all regions but one.

    Raises
    ------
    InputError
        No region is left.
    """
    kept = series.isel(region=np.flatnonzero(series["region"].values != name))
    if not kept.sizes["region"]:
        raise InputError(f"an index against {name!r} needs a region beside it; the run has no other")
    return kept
