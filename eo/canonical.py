"""The waist: every product in one form, whatever its publisher's habits.

Dims ``(time, lat, lon)``, both axes ascending, longitude in [-180, 180), or on a projected grid ``(time, y, x)`` in
metres, both ascending, with 2-D `lat` and `lon`; `time` at the start of its step with
`time_bounds`; float32 values in canonical units, NaN for every missing value and a ``<variable>_status`` that
says why; an exact cell `area`; attributes described afresh, nothing inherited.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import xarray as xr

from eo import grid, projection
from eo.elementwise import elementwise
from eo.errors import InputError
from eo.grid import cells
from eo.model import Step, Variable
from eo.steps import Stamp, bounds_of
from eo.units import converted

STATUS = {"ok": 0, "never_observed": 1, "quality_masked": 2, "failed_read": 3, "outside_domain": 4}
"""Why a value is there or not. `outside_domain`: the variable does not exist there (land, for the sea)."""

LAT_LON, PROJECTED = ("lat", "lon"), ("y", "x")
_HALF_DAY = np.timedelta64(12, "h")

_COORDINATES: dict[str, dict[str, object]] = {
    "time": {
        "standard_name": "time",
        "long_name": "start of the time step",
        "axis": "T",
        "bounds": "time_bounds",
    },
    "lat": {"standard_name": "latitude", "units": "degrees_north"},
    "lon": {"standard_name": "longitude", "units": "degrees_east"},
    "y": {"standard_name": "projection_y_coordinate", "units": "m", "axis": "Y"},
    "x": {"standard_name": "projection_x_coordinate", "units": "m", "axis": "X"},
    "area": {"standard_name": "cell_area", "long_name": "area of the cell on the Earth", "units": "m2"},
}


def status_attributes(long_name: str) -> dict[str, object]:
    """Give the CF attributes of a status variable."""
    return {
        "long_name": f"why {long_name} is there or not",
        "standard_name": "status_flag",
        "flag_values": np.array(list(STATUS.values()), dtype=np.int8),
        "flag_meanings": " ".join(STATUS),
    }


def spatial_dims(content: xr.Dataset) -> tuple[str, str]:
    """Give the two spatial dims of a published or canonical dataset: lat, lon or, on a projected grid, y, x."""
    return PROJECTED if "x" in content.dims else LAT_LON


def _published_step_bounds(bounds: npt.NDArray[np.datetime64], step: Step) -> npt.NDArray[np.datetime64]:
    """Give the calendar steps that published bounds stand for; they may be shifted by up to half a day."""
    exact = bounds.astype("datetime64[ns]")
    length = exact[:, 1] - exact[:, 0]
    calendar = bounds_of(exact[:, 0] + length // 2, step, "middle")
    whole = calendar[:, 1] - calendar[:, 0]
    wrong = (np.abs(calendar - exact) > _HALF_DAY).any(axis=1) | (2 * np.abs(length - whole) > whole)
    if wrong.any():
        start, end = exact[wrong][0].astype("datetime64[s]")
        raise InputError(f"time bounds are a calendar {step} to within half a day; there are {start} to {end}")
    return calendar


def _time_bounds(published: xr.Dataset, step: Step, stamp: Stamp) -> npt.NDArray[np.datetime64]:
    if "time_bounds" in published:
        bounds = _published_step_bounds(published.variables["time_bounds"].values, step)
    else:
        bounds = bounds_of(np.atleast_1d(published.variables["time"].values), step, stamp)
    if np.isnat(bounds).any():
        raise InputError(f"every time is a date; {int(np.isnat(bounds).any(axis=1).sum())} are missing")
    starts = bounds[:, 0]
    repeated = starts[1:][np.diff(starts) <= np.timedelta64(0, "ns")]
    if repeated.size:
        raise InputError(f"time steps come once each, in order; {str(repeated[0])[:10]} repeats or goes back")
    return bounds


Order = npt.NDArray[np.intp]
Coordinates = dict[str, Any]


def _sorted(name: str, centres: npt.NDArray[np.float64]) -> Order:
    order = np.argsort(centres, kind="stable")
    repeated = centres[order][1:][np.diff(centres[order]) <= 0]
    if repeated.size:
        raise InputError(f"{name} values come once each; {repeated[0]} repeats")
    return order


def _lat_lon_grid(published: xr.Dataset) -> tuple[Coordinates, dict[str, Order]]:
    """Give the coordinates of a latitude-longitude grid, and the order that sorts each axis."""
    out: Coordinates = {}
    orders: dict[str, Order] = {}
    for name in LAT_LON:
        bounds = published.variables.get(f"{name}_bounds")
        try:
            centres, edges = cells(
                published.variables[name].values, None if bounds is None else bounds.values, wrap=name == "lon"
            )
        except ValueError as error:
            raise InputError(str(error)) from None
        orders[name] = _sorted(name, centres)
        axis = {"axis": "Y" if name == "lat" else "X", "bounds": f"{name}_bounds"}
        out[name] = (name, centres[orders[name]], _COORDINATES[name] | axis)
        out[f"{name}_bounds"] = ((name, "nv"), edges[orders[name]])
    area = grid.cell_area(out["lat_bounds"][1], out["lon_bounds"][1])
    return out | {"area": (LAT_LON, area, _COORDINATES["area"])}, orders


def _crs(published: xr.Dataset) -> pyproj.CRS:
    if "crs" in published.variables:
        return pyproj.CRS.from_cf(published.variables["crs"].attrs)
    return projection.crs_of(str(published.attrs.get("crs", "")))


def _projected_grid(published: xr.Dataset) -> tuple[Coordinates, dict[str, Order]]:
    """Give the coordinates of a projected grid: metres, 2-D latitude and longitude, and the projection itself."""
    axes = {name: projection.regular_axis(published.variables[name].values) for name in PROJECTED}
    orders = {name: _sorted(name, axis) for name, axis in axes.items()}
    y, x = (axes[name][orders[name]] for name in PROJECTED)
    crs = _crs(published)
    latitude, longitude, area = projection.cells(crs, y, x)
    return {
        "y": ("y", y, _COORDINATES["y"]),
        "x": ("x", x, _COORDINATES["x"]),
        "lat": (PROJECTED, latitude, _COORDINATES["lat"]),
        "lon": (PROJECTED, longitude, _COORDINATES["lon"]),
        "area": (PROJECTED, area, _COORDINATES["area"]),
        "crs": ((), np.int32(0), projection.grid_mapping(crs)),
    }, orders


def _values(field: xr.Variable, variable: Variable, where: str) -> xr.Variable:
    """Give the values in canonical units, each block refused where one lies outside the physical range."""
    source = str(field.attrs.get("units", ""))
    if not source:
        raise InputError(f"a variable states its units, and {variable.source!r} does not")

    def convert(block: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        with np.errstate(over="ignore"):  # what overflows is infinite, and not plausible
            values = converted(block, source, variable.units, difference=variable.difference).astype(np.float32)
        _check_plausible(values, variable, where)
        return values

    converted(np.zeros(1), source, variable.units)
    return elementwise(convert, field, dtype=np.float32)


def _check_plausible(values: npt.NDArray[np.float32], variable: Variable, where: str) -> None:
    low, high = variable.plausible
    wrong = values[(values < low) | (values > high)]
    if wrong.size:
        raise InputError(
            f"{where}{variable.source!r} lies in {low:g}..{high:g} {variable.units}; "
            f"{wrong.size} values do not, such as {float(wrong[0]):g}"
        )


def canonical(
    published: xr.Dataset,
    variables: Mapping[str, Variable],
    *,
    step: Step,
    stamp: Stamp = "start",
    where: str = "",
) -> xr.Dataset:
    """Give a decoded dataset in canonical form; lazy where its input is.

    Parameters
    ----------
    published : Dataset
        What a reader gives: variables under their canonical names, decoded, with published units; ``<name>_status``
        and, where there is one, ``<name>_uncertainty``; coordinates `time` and `lat`, `lon` (1-D), or `y`, `x` in m
        with the projection in the attribute ``crs``; and `<coordinate>_bounds` where published.
    variables : canonical name -> what it is
    step, stamp : see `eo.steps`
    where : what an error about a value, found when it is computed, begins with: the file

    Raises
    ------
    InputError
        Units that do not convert or are absent, time bounds that are not a calendar step, repeated coordinates,
        a projection that is none; when computed, a value outside its physical range.
    """
    dims = spatial_dims(published)
    time_bounds = _time_bounds(published, step, stamp)
    coordinates, orders = (_lat_lon_grid if dims == LAT_LON else _projected_grid)(published)
    mapped = {"grid_mapping": "crs"} if "crs" in coordinates else {}
    fields: dict[str, tuple[xr.Variable, dict[str, object]]] = {}
    for name, variable in variables.items():
        values = _values(published.variables[name], variable, where)
        fields[name] = values, _attributes(name, variable, published)
        status = published.variables[f"{name}_status"].astype(np.int8)
        fields[f"{name}_status"] = status, status_attributes(variable.long_name)
        if f"{name}_uncertainty" in published:
            spread = _values(published.variables[f"{name}_uncertainty"], _uncertainty(variable), where)
            fields[f"{name}_uncertainty"] = spread, _uncertainty_attributes(variable)
    whole = ("time", *dims)
    plain = {
        name: (whole, _ordered(name, one, whole, orders).data, said | mapped) for name, (one, said) in fields.items()
    }
    times = {"time": ("time", time_bounds[:, 0], _COORDINATES["time"]), "time_bounds": (("time", "nv"), time_bounds)}
    said = {name: published.attrs[name] for name in ("product_version",) if name in published.attrs}
    return xr.Dataset(plain, times | coordinates, said)


def _uncertainty(variable: Variable) -> Variable:
    """Give what the uncertainty of a variable is: a difference, never below zero."""
    low, high = variable.plausible
    return variable.model_copy(update={"difference": True, "plausible": (0.0, high - low)})


def _uncertainty_attributes(variable: Variable) -> dict[str, object]:
    standard = {"standard_name": f"{variable.standard_name} standard_error"} if variable.standard_name else {}
    return {"long_name": f"standard uncertainty of {variable.long_name}", "units": variable.units, **standard}


def _ordered(name: str, field: xr.Variable, dims: tuple[str, ...], orders: Mapping[str, Order]) -> xr.Variable:
    if "time" not in field.dims:
        field = xr.Variable(("time", *field.dims), field.data[np.newaxis])
    extra = set(field.dims) - set(dims)
    if extra or set(dims) - set(field.dims):
        raise InputError(f"a canonical variable has dims {dims}; {name!r} has {tuple(map(str, field.dims))}")
    return field.transpose(*dims).isel({name: _indexer(order) for name, order in orders.items()})


def _indexer(order: npt.NDArray[np.intp]) -> slice | npt.NDArray[np.intp]:
    """Give a slice for an order that is one, which stays lazy and cheap."""
    if order.size and np.array_equal(order, np.arange(order.size)):
        return slice(None)
    if order.size and np.array_equal(order, np.arange(order.size)[::-1]):
        return slice(None, None, -1)
    return order


def _attributes(name: str, variable: Variable, published: xr.Dataset) -> dict[str, object]:
    attributes: dict[str, object] = {"long_name": variable.long_name, "units": variable.units}
    if variable.standard_name:
        attributes["standard_name"] = variable.standard_name
    beside = [f"{name}_status"] + [f"{name}_uncertainty"] * (f"{name}_uncertainty" in published)
    return attributes | {"cell_measures": "area: area", "ancillary_variables": " ".join(beside)}
