"""The one rule on missing data: how much must be observed for a number to stand."""

import numpy as np
import xarray as xr

FLAGS = {"good": 0, "insufficient_coverage": 1, "no_data": 2, "no_normal": 3}
"""Why a number of a result stands or not.

``insufficient_coverage``: less was observed than the indicator asks for. ``no_data``: nothing was observed, or
no file exists for the step. ``no_normal``: the value stands but its month has no normal, so no anomaly.
"""


def flags(coverage: xr.DataArray, minimum: float) -> xr.DataArray:
    """Give the flag of each number by its coverage.

    Parameters
    ----------
    coverage : any dims, 1
        Share that was observed; NaN where no file exists.
    minimum : least share for a number to stand, above 0

    Returns
    -------
    flags : same dims, int8
    """
    nothing = ~(coverage > 0)
    flag = xr.where(coverage >= minimum, FLAGS["good"], FLAGS["insufficient_coverage"])
    found: xr.DataArray = xr.where(nothing, FLAGS["no_data"], flag).astype(np.int8)
    return found


def screened(value: xr.DataArray, coverage: xr.DataArray, minimum: float) -> xr.DataArray:
    """Give the numbers that stand, and NaN for the others."""
    return value.where(flags(coverage, minimum) == FLAGS["good"])


def monthly_mean(series: xr.Dataset) -> xr.Dataset:
    """Give calendar-month means of a daily series; a monthly series stays as it is.

    Parameters
    ----------
    series : Dataset
        ``mean`` and ``coverage`` (region, time), `time` at the start of each step with ``time_bounds``.

    Returns
    -------
    series : Dataset
        The mean over all that was observed (each day weighs by its coverage), and the mean coverage over all
        the days of the month: a day without data counts as coverage 0, so a part-month never passes as a month.
    """
    starts = series["time"].values.astype("datetime64[M]")
    ends = series["time_bounds"].values[:, 1].astype("datetime64[M]")
    if np.array_equal(ends, starts + 1) and np.array_equal(series["time"].values, starts):
        return series
    months = np.unique(starts)
    pieces = [_one_month(series.isel(time=np.flatnonzero(starts == month)), month) for month in months]
    bounds = np.stack([months, months + 1], axis=1).astype("datetime64[ns]")
    joined = xr.concat(pieces, dim="time", coords="minimal", compat="equals", join="exact")
    return joined.assign_coords(time=("time", bounds[:, 0]), time_bounds=(("time", "nv"), bounds))


def _one_month(days: xr.Dataset, month: np.datetime64) -> xr.Dataset:
    length = int(((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(int))
    weight = days["coverage"].fillna(0.0)
    total = weight.sum("time")
    mean = (days["mean"].fillna(0.0) * weight).sum("time") / total.where(total > 0)
    return xr.Dataset({"mean": mean, "coverage": total / length})
