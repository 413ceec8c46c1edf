"""The one rule on missing data: how much must be observed for a number to stand."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr

Floats = npt.NDArray[np.float64]

_SECOND = np.timedelta64(1, "s")

FLAGS = {"good": 0, "insufficient_coverage": 1, "no_data": 2, "no_normal": 3, "undefined": 4}
"""Why a number of a result stands or not.

``insufficient_coverage``: less was observed than the indicator asks for. ``no_data``: nothing was observed, or
no file exists for the step. ``no_normal``: the value stands but its month has no normal, so no anomaly.
``undefined``: enough was observed, and the definition gives no number: a year without wet days has no mean wet day.
Other outputs of the same result may stand beside one that is undefined, such as an area of zero.
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
    joined = xr.concat(pieces, dim="time", coords="minimal", compat="equals", join="exact").transpose("region", "time")
    return joined.assign_coords(time=("time", edges[:, 0]), time_bounds=(("time", "nv"), edges))


def _months_of(bounds: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    last = bounds[:, 1] - np.timedelta64(1, "ns")
    return np.concatenate([bounds[:, 0], last]).astype("datetime64[M]")


def _one_month(series: xr.Dataset, bounds: npt.NDArray[np.datetime64], month: npt.NDArray[np.datetime64]) -> xr.Dataset:
    shared = np.minimum(bounds[:, 1], month[1]) - np.maximum(bounds[:, 0], month[0])
    inside = np.flatnonzero(shared > np.timedelta64(0, "ns"))
    steps = series.isel(time=inside).drop_vars(["time", "time_bounds"])
    duration = xr.DataArray(shared[inside] / _SECOND, dims="time")
    weight = steps["coverage"].where(steps["mean"].notnull(), 0.0).fillna(0.0) * duration
    coverage = _over_time(_total, weight) / ((month[1] - month[0]) / _SECOND)
    return xr.Dataset({"mean": weighted_mean(steps["mean"], weight), "coverage": np.minimum(coverage, 1.0)})


def weighted_mean(values: xr.DataArray, weights: xr.DataArray) -> xr.DataArray:
    """Give the mean over time in float64; the order of additions is that of time, whatever the chunks.

    Parameters
    ----------
    values : (..., time), any units
    weights : (..., time), any units, 0 or more

    Returns
    -------
    mean : (...), units of the values
        Of the values that are there; NaN where there are none. The mean of a constant is that constant.
    """
    return _over_time(_mean, values, weights)


def _over_time(reduce: Callable[..., Floats], *fields: xr.DataArray) -> xr.DataArray:
    found: xr.DataArray = xr.apply_ufunc(
        reduce,
        *fields,
        input_core_dims=[["time"]] * len(fields),
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={"allow_rechunk": True},
        join="exact",
        keep_attrs=False,
    )
    return found


def _total(values: Floats) -> Floats:
    return np.asarray(np.ascontiguousarray(values, np.float64).sum(axis=-1))


def _mean(values: Floats, weights: Floats) -> Floats:
    seen = np.isfinite(values) & (weights > 0)
    total = _total(np.where(seen, weights, 0.0))
    low = np.where(seen, values, np.inf).min(axis=-1, initial=np.inf)
    high = np.where(seen, values, -np.inf).max(axis=-1, initial=-np.inf)
    with np.errstate(invalid="ignore"):
        mean = _total(np.where(seen, values * weights, 0.0)) / np.where(total > 0, total, np.nan)
    return np.where(total > 0, np.clip(mean, low, high), np.nan)


def standing(
    outputs: Mapping[str, xr.DataArray], coverage: xr.DataArray, *, there: xr.DataArray, known: xr.DataArray
) -> xr.Dataset:
    """Give outputs with their coverage and flag.

    The first one is NaN wherever the flag is not good; the others stand where there is no normal, too.

    Parameters
    ----------
    outputs : name -> (..., time); of the first one a value that is not finite where all is there is ``undefined``
    coverage : (..., time), 1; NaN where no file exists
    there : (..., time), bool
        Enough was observed.
    known : (..., time), bool
        The baseline says what is needed of it.
    """
    name, first = next(iter(outputs.items()))
    defined = np.isfinite(first)
    flag = xr.where(defined, FLAGS["good"], FLAGS["undefined"])
    flag = xr.where(known, flag, FLAGS["no_normal"])
    nothing = xr.where(coverage > 0, FLAGS["insufficient_coverage"], FLAGS["no_data"])
    flag = xr.where(there, flag, nothing).astype(np.int8)
    beside = {key: one.where(flag.isin([FLAGS["good"], FLAGS["no_normal"]])) for key, one in outputs.items()}
    whole = {**beside, name: first.where(flag == FLAGS["good"]), "coverage": coverage.fillna(0.0), "flag": flag}
    return xr.Dataset({key: one.transpose(*coverage.dims) for key, one in whole.items()})
