"""CF NetCDF on a latitude-longitude grid: dims (time,) latitude, longitude, found by their CF attributes."""

from pathlib import Path

import numpy as np
import xarray as xr

from eo.errors import InputError, unknown
from eo.model import Product
from eo.readers._packing import decoded

_MARKS = {
    "lat": ("latitude", {"degrees_north", "degree_north", "degree_n", "degrees_n", "degreen", "degreesn"}),
    "lon": ("longitude", {"degrees_east", "degree_east", "degree_e", "degrees_e", "degreee", "degreese"}),
}
_PACKING = ("scale_factor", "add_offset", "_Unsigned")
"""What bounds share with their coordinate without saying it (CF-1.11 section 7.1)."""

_ALIKE = {"lat": {"lat", "latitude"}, "lon": {"lon", "longitude"}, "time": {"time"}}


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one CF file, decoded lazily under their canonical names.

    Parameters
    ----------
    path : a NetCDF file (any format that netCDF4 reads)
    product : says which variables of the file, and what they are called

    Raises
    ------
    InputError
        No such variable or coordinate, a calendar that is not the real one, values that are not numeric.
    """
    file = _opened(path)
    names = {axis: _coordinate(file, axis) for axis in ("time", "lat", "lon")}
    bounds = {f"{axis}_bounds": _bounds(file, name, axis) for axis, name in names.items()}
    fields: dict[str, xr.DataArray] = {}
    for name, variable in product.variables.items():
        if variable.source not in file.data_vars:
            raise unknown("variable", variable.source, map(str, file.data_vars))
        renamed = {file[one].dims[0]: axis for axis, one in names.items() if file[one].ndim}
        packed = file[variable.source].reset_coords(drop=True).rename(renamed)
        fields[name], fields[f"{name}_status"] = decoded(packed)
    plain = {name: field.drop_vars(list(field.coords)) for name, field in fields.items()}
    coordinates = {axis: (axis, np.atleast_1d(_numbers(file[name]))) for axis, name in names.items()}
    there = {name: value for name, value in bounds.items() if value is not None}
    found = xr.Dataset(plain, coordinates | there)
    found.set_close(file.close)
    return found


def _opened(path: Path) -> xr.Dataset:
    try:
        file = xr.open_dataset(path, engine="netcdf4", mask_and_scale=False, decode_coords=False, chunks={})
    except (OSError, ValueError) as error:
        raise InputError(f"must be a NetCDF file that opens: {error}") from None
    return file


def _coordinate(file: xr.Dataset, axis: str) -> str:
    """Give the name of a coordinate by its standard name, its units, or its name, in this order."""
    variables = {str(name): file[name] for name in file.variables if file[name].ndim <= 1}
    standard, units = _MARKS.get(axis, ("time", set()))
    tests = (
        lambda _, one: one.attrs.get("standard_name") == standard,
        lambda _, one: str(one.attrs.get("units", "")).lower() in units,
        lambda name, _: name.lower() in _ALIKE[axis],
    )
    for test in tests:
        found = [name for name, one in variables.items() if test(name, one)]
        if len(found) == 1:
            if axis == "time" and file[found[0]].dtype.kind != "M":
                raise InputError(
                    f"time is in a standard calendar with units; {found[0]!r} decodes to {file[found[0]].dtype}"
                )
            return found[0]
    raise InputError(f"a CF grid has one {standard} coordinate; there is none among {sorted(variables)}")


def _numbers(coordinate: xr.DataArray) -> np.ndarray:
    """Give the values of a coordinate as they are meant: dates, or numbers that may be packed."""
    return np.asarray(coordinate.values if coordinate.dtype.kind == "M" else decoded(coordinate)[0].values)


def _bounds(file: xr.Dataset, name: str, axis: str) -> tuple[tuple[str, str], np.ndarray] | None:
    """Give the published bounds of a coordinate, if they are there and usable."""
    said = file[name].attrs.get("bounds") or file[name].encoding.get("bounds")
    if said not in file.variables:
        return None
    bounds, parent = file[said], file[name]
    packing = {key: parent.attrs[key] for key in _PACKING if key in parent.attrs and parent.dtype == bounds.dtype}
    values = _numbers(bounds.assign_attrs(packing | bounds.attrs))
    if values.ndim == 1:
        values = values[None]
    if values.shape != (file[name].size, 2):
        raise InputError(f"bounds of {name!r} have shape ({file[name].size}, 2); {said!r} has {values.shape}")
    return (axis, "nv"), values
