"""The waist: every product in one form, whatever its publisher's habits.

Dims ``(time, lat, lon)``, both axes ascending, longitude in [-180, 180); `time` at the start of its step with
`time_bounds`; float32 values in canonical units, NaN for every missing value and a ``<variable>_status`` that
says why; an exact cell `area`; attributes described afresh, nothing inherited.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.errors import InputError
from eo.grid import cell_area, cells
from eo.model import Step, Variable
from eo.units import converted

STATUS = {"ok": 0, "never_observed": 1, "quality_masked": 2, "failed_read": 3, "outside_domain": 4}
"""Why a value is there or not. `outside_domain`: the variable does not exist there (land, for the sea)."""

EPOCH = "days since 1970-01-01 00:00:00"
DIMS = ("time", "lat", "lon")
_HALF_DAY = np.timedelta64(12, "h")

_COORDINATES = {
    "time": {
        "standard_name": "time",
        "long_name": "start of the time step",
        "axis": "T",
        "bounds": "time_bounds",
    },
    "lat": {"standard_name": "latitude", "units": "degrees_north", "axis": "Y", "bounds": "lat_bounds"},
    "lon": {"standard_name": "longitude", "units": "degrees_east", "axis": "X", "bounds": "lon_bounds"},
    "area": {"standard_name": "cell_area", "long_name": "cell area on the authalic sphere", "units": "m2"},
}


def status_attributes(long_name: str) -> dict[str, object]:
    """Give the CF attributes of a status variable."""
    return {
        "long_name": f"why {long_name} is there or not",
        "standard_name": "status_flag",
        "flag_values": np.array(list(STATUS.values()), dtype=np.int8),
        "flag_meanings": " ".join(STATUS),
    }


def step_bounds(stamps: npt.NDArray[np.datetime64], step: Step, stamp: str) -> npt.NDArray[np.datetime64]:
    """Give the start and end of the calendar step that each time stamp stands for.

    Parameters
    ----------
    stamps : (time,), datetime64
    step : "day" or "month"
    stamp : "start", "middle" or "end" of the step, where the publisher puts the stamp

    Returns
    -------
    bounds : (time, 2), datetime64[ns]
    """
    unit = "M" if step == "month" else "D"
    inside = stamps.astype("datetime64[ns]") - np.timedelta64(1 if stamp == "end" else 0, "ns")
    start = inside.astype(f"datetime64[{unit}]")
    return np.stack([start, start + 1], axis=1).astype("datetime64[ns]")


def _published_step_bounds(bounds: npt.NDArray[np.datetime64], step: Step) -> npt.NDArray[np.datetime64]:
    """Give the calendar steps that published bounds stand for; they may be off by up to half a day."""
    middle = bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) // 2
    calendar = step_bounds(middle, step, "middle")
    off = np.abs(calendar - bounds.astype("datetime64[ns]")).max(initial=np.timedelta64(0, "ns"))
    if off > _HALF_DAY:
        raise InputError(
            f"time bounds are a calendar {step} to within half a day; they are {bounds[0, 0]} to {bounds[0, 1]}"
        )
    return calendar


def _time_bounds(published: xr.Dataset, step: Step, stamp: str) -> npt.NDArray[np.datetime64]:
    if "time_bounds" in published:
        bounds = _published_step_bounds(published["time_bounds"].values, step)
    else:
        bounds = step_bounds(np.atleast_1d(published["time"].values), step, stamp)
    starts = bounds[:, 0]
    repeated = starts[1:][np.diff(starts) <= np.timedelta64(0, "ns")]
    if repeated.size:
        msg = f"time steps come once each, in order; {str(repeated[0])[:10]} repeats or goes back"
        raise InputError(msg)
    return bounds


def _axis(
    published: xr.Dataset, name: str, *, wrap: bool
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Give centres and bounds of one axis, and the order that sorts them."""
    bounds = published.get(f"{name}_bounds")
    try:
        centres, edges = cells(published[name].values, None if bounds is None else bounds.values, wrap=wrap)
    except ValueError as error:
        raise InputError(str(error)) from None
    order = np.argsort(centres, kind="stable")
    repeated = centres[order][1:][np.diff(centres[order]) <= 0]
    if repeated.size:
        msg = f"{name} values come once each; {repeated[0]} repeats"
        raise InputError(msg)
    return centres[order], edges[order], order


def _values(field: xr.DataArray, variable: Variable, where: str) -> xr.DataArray:
    """Give the values in canonical units, each block refused where one lies outside the physical range."""
    source = str(field.attrs.get("units", ""))
    if not source:
        raise InputError(f"a variable states its units, and {variable.source!r} does not")

    def convert(block: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        values = converted(block, source, variable.units, difference=variable.difference).astype(np.float32)
        _check_plausible(values, variable, where)
        return values

    converted(np.zeros(1), source, variable.units)
    values: xr.DataArray = xr.apply_ufunc(convert, field, dask="parallelized", output_dtypes=[np.float32])
    return values


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
    stamp: str = "start",
    where: str = "",
) -> xr.Dataset:
    """Give a decoded dataset in canonical form; lazy where its input is.

    Parameters
    ----------
    published : Dataset
        What a reader gives: variables under their canonical names, decoded, with published units;
        ``<name>_status``; coordinates `time`, `lat`, `lon`, and `<coordinate>_bounds` where published.
    variables : canonical name -> what it is
    step : "day" or "month"
    stamp : where in its step a file without bounds puts its stamp
    where : what an error about a value, found when it is computed, begins with: the file

    Raises
    ------
    InputError
        Units that do not convert or are absent, time bounds that are not a calendar step, repeated coordinates.
    """
    time_bounds = _time_bounds(published, step, stamp)
    lat, lat_bounds, lat_order = _axis(published, "lat", wrap=False)
    lon, lon_bounds, lon_order = _axis(published, "lon", wrap=True)
    fields: dict[str, xr.DataArray] = {}
    for name, variable in variables.items():
        field = _ordered(published[name], lat_order, lon_order)
        status = _ordered(published[f"{name}_status"], lat_order, lon_order)
        fields[name] = _described(_values(field, variable, where), _attributes(name, variable))
        fields[f"{name}_status"] = _described(status.astype(np.int8), status_attributes(variable.long_name))
    coordinates = {
        "time": ("time", time_bounds[:, 0], _COORDINATES["time"]),
        "lat": ("lat", lat, _COORDINATES["lat"]),
        "lon": ("lon", lon, _COORDINATES["lon"]),
        "time_bounds": (("time", "nv"), time_bounds),
        "lat_bounds": (("lat", "nv"), lat_bounds),
        "lon_bounds": (("lon", "nv"), lon_bounds),
        "area": (("lat", "lon"), cell_area(lat_bounds, lon_bounds), _COORDINATES["area"]),
    }
    plain = {name: (DIMS, field.data, field.attrs) for name, field in fields.items()}
    return xr.Dataset(plain, coordinates)


def _ordered(field: xr.DataArray, lat_order: npt.NDArray[np.intp], lon_order: npt.NDArray[np.intp]) -> xr.DataArray:
    if "time" not in field.dims:
        field = field.expand_dims("time")
    extra = set(field.dims) - set(DIMS)
    if extra:
        msg = f"a canonical variable has dims {DIMS}; {field.name!r} has also {sorted(map(str, extra))}"
        raise InputError(msg)
    return field.transpose(*DIMS).isel(lat=_indexer(lat_order), lon=_indexer(lon_order))


def _indexer(order: npt.NDArray[np.intp]) -> slice | npt.NDArray[np.intp]:
    """Give a slice for an order that is one, which stays lazy and cheap."""
    if order.size and np.array_equal(order, np.arange(order.size)):
        return slice(None)
    if order.size and np.array_equal(order, np.arange(order.size)[::-1]):
        return slice(None, None, -1)
    return order


def _described(field: xr.DataArray, attributes: Mapping[str, object]) -> xr.DataArray:
    return field.drop_vars(list(field.coords)).drop_attrs().assign_attrs(attributes)


def _attributes(name: str, variable: Variable) -> dict[str, object]:
    attributes: dict[str, object] = {"long_name": variable.long_name, "units": variable.units}
    if variable.standard_name:
        attributes["standard_name"] = variable.standard_name
    return attributes | {"cell_measures": "area: area", "ancillary_variables": f"{name}_status"}
