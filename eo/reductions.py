"""What is taken of each part, once, so that a result reads small files: means over zones, extents, windows of fields.

Each is a pure function ``(field, status, zones, outside, *, parameters)`` under the name that an indicator asks for.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.errors import InputError
from eo.extent import zonal_extent
from eo.zones import Zone, zonal_mean

_SECOND = np.timedelta64(1, "s")
_INSIDE_MONTHS = {"hour", "day", "dekad", "halfmonth"}
"""Steps of which every month is made whole: a part of them, a month, is reduced to its mean."""


def field(values: xr.DataArray, status: xr.DataArray, at: tuple[Zone, ...], outside: int) -> xr.Dataset:
    """Give the window of a region, cell by cell.

    Parameters
    ----------
    values : (time, lat, lon) or (time, y, x), any units
    status : as the values; not asked: a cell outside the domain has no value
    at : the one region
    outside : the status of a cell where the variable does not exist

    Returns
    -------
    mean : (time, lat, lon) or (time, y, x), units of the values
        NaN where there is no value, and outside of the region.
    coverage : as the mean, float32, 1 where there is a value and 0 where there is none
    """
    del status, outside
    if len(at) != 1:
        raise InputError(f"a run by cells has one region, and this one has {[one.name for one in at]}")
    rows, columns = (str(dim) for dim in values.dims[-2:])
    window = values.isel({rows: at[0].rows, columns: at[0].columns})
    inside = xr.DataArray(at[0].weights > 0, dims=(rows, columns))
    kept = window.where(inside).reset_coords(drop=True)
    return xr.Dataset({"mean": kept, "coverage": kept.notnull().astype(np.float32)})


REDUCTIONS: dict[str, Callable[..., xr.Dataset]] = {
    "zonal_mean": zonal_mean,
    "zonal_extent": zonal_extent,
    "field": field,
}


def monthly_field(fields: xr.Dataset, step: str) -> xr.Dataset:
    """Give the mean of each month of a window of fields, a step at a time: memory is that of one step.

    Parameters
    ----------
    fields : Dataset
        ``mean`` and ``coverage`` (time, rows, columns) of whole months, `time_bounds` (time, nv).
    step : of the product; one that months are not made of (8day) or a month leaves the fields as they are

    Returns
    -------
    fields : Dataset
        The same by calendar months: the mean of what was observed, each step weighted by its length, and the
        coverage over the whole month, in float64.
    """
    if step not in _INSIDE_MONTHS:
        return fields
    bounds = fields["time_bounds"].values.astype("datetime64[ns]")
    months = np.unique(bounds[:, 0].astype("datetime64[M]"))
    edges = np.stack([months, months + 1], axis=1).astype("datetime64[ns]")
    dims = fields["mean"].dims
    pieces = [_month(fields["mean"], bounds, edge) for edge in edges]
    return xr.Dataset(
        {name: (dims, np.stack([one[number] for one in pieces])) for number, name in enumerate(("mean", "coverage"))},
        {name: one for name, one in fields.coords.items() if name not in {"time", "time_bounds"}}
        | {"time": edges[:, 0], "time_bounds": (("time", "nv"), edges)},
    )


def _month(
    values: xr.DataArray, bounds: npt.NDArray[np.datetime64], edge: npt.NDArray[np.datetime64]
) -> npt.NDArray[np.float64]:
    """Give [mean, coverage] of one month; the mean of a constant is that constant."""
    shape = values.shape[1:]
    total, weight = np.zeros(shape), np.zeros(shape)
    low, high = np.full(shape, np.inf), np.full(shape, -np.inf)
    for number in np.flatnonzero((bounds[:, 0] >= edge[0]) & (bounds[:, 0] < edge[1])):
        seconds = float((bounds[number, 1] - bounds[number, 0]) / _SECOND)
        step = values.isel(time=int(number)).values.astype(np.float64)
        seen = np.isfinite(step)
        weight += np.where(seen, seconds, 0.0)
        total += np.where(seen, step, 0.0) * seconds
        low, high = np.fmin(low, step), np.fmax(high, step)
    there = weight > 0
    mean = np.full(shape, np.nan)
    mean[there] = np.clip(total[there] / weight[there], low[there], high[there])
    return np.stack([mean, np.minimum(weight / float((edge[1] - edge[0]) / _SECOND), 1.0)])
