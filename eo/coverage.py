"""The one rule on missing data: how much must be observed for a number to stand."""

import numpy as np
import numpy.typing as npt
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
    """Give calendar-month means of a series of shorter steps; a monthly series stays as it is.

    Parameters
    ----------
    series : Dataset
        ``mean`` and ``coverage`` (region, time), `time` at the start of each step with ``time_bounds``.

    Returns
    -------
    series : Dataset
        The mean over all that was observed (each step weighs by its coverage and by the time that it shares with
        the month), and the coverage over the whole month: a day without data counts as coverage 0, so a part-month
        never passes as a month.
    """
    bounds = series["time_bounds"].values.astype("datetime64[ns]")
    months = np.unique(_months_of(bounds))
    edges = np.stack([months, months + 1], axis=1).astype("datetime64[ns]")
    if np.array_equal(edges, bounds):
        return series
    pieces = [_one_month(series, bounds, one) for one in edges]
    joined = xr.concat(pieces, dim="time", coords="minimal", compat="equals", join="exact")
    return joined.assign_coords(time=("time", edges[:, 0]), time_bounds=(("time", "nv"), edges))


def _months_of(bounds: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    last = bounds[:, 1] - np.timedelta64(1, "ns")
    return np.concatenate([bounds[:, 0], last]).astype("datetime64[M]")


def _one_month(series: xr.Dataset, bounds: npt.NDArray[np.datetime64], month: npt.NDArray[np.datetime64]) -> xr.Dataset:
    shared = np.minimum(bounds[:, 1], month[1]) - np.maximum(bounds[:, 0], month[0])
    inside = np.flatnonzero(shared > np.timedelta64(0, "ns"))
    steps = series.isel(time=inside).drop_vars(["time", "time_bounds"])
    share = xr.DataArray(shared[inside] / (month[1] - month[0]), dims="time")
    weight = steps["coverage"].fillna(0.0) * share
    total = weight.sum("time")
    mean = (steps["mean"].fillna(0.0) * weight).sum("time") / total.where(total > 0)
    return xr.Dataset({"mean": mean, "coverage": np.minimum(total, 1.0)})
