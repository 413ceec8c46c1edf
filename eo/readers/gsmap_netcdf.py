"""GSMaP NetCDF: whole globe, rain under the names of the HDF5 files; its time units are no CF units."""

from pathlib import Path

import numpy as np
import xarray as xr

from eo.errors import InputError, unknown
from eo.model import Product
from eo.readers import _gsmap
from eo.readers._lazy import lazy, reading
from eo.readers._names import named, time_of
from eo.readers._options import options
from eo.record import Record


class Options(Record):
    """None."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the rain rates of one file; its time is that of its name.

    Parameters
    ----------
    path : NetCDF with Latitude and Longitude, 1-D or 2-D, and fields (time,) latitude, longitude in either order
    product : says which fields, such as `hourlyPrecipRate` or `hourlyPrecipRateGC`

    Raises
    ------
    InputError
        Another name, no such field, no units, several times; when computed: not whole, or an unknown code.

    References
    ----------
    GSMaP data format description, version 8.0000, JAXA/EORC 2024.
    """
    options(Options, product)
    groups = named(path, product)
    file = _opened(path)
    with reading(file.close):
        found = _content(file, path, product, time_of(groups))
    found.set_close(file.close)
    return found.assign_attrs(product_version=groups["version"]) if groups.get("version") else found


def _opened(path: Path) -> xr.Dataset:
    try:
        return xr.open_dataset(
            path, engine="netcdf4", mask_and_scale=False, decode_times=False, decode_coords=False, cache=False
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"must be a NetCDF file that opens: {error}") from None


def _content(file: xr.Dataset, path: Path, product: Product, time: np.datetime64) -> xr.Dataset:
    there = [str(name) for name in file.variables]
    wanted = [variable.source for variable in product.variables.values()]
    for name in ("Latitude", "Longitude", *wanted):
        if name not in file.variables:
            raise unknown("variable", name, there)
    lat, lon, dims = _gsmap.axes(file["Latitude"].values, file["Longitude"].values)
    sizes = tuple({"lat": lat.size, "lon": lon.size}[dim] for dim in dims)
    fields: dict[str, xr.DataArray] = {}
    for name, variable in product.variables.items():
        stored = file.variables[variable.source]
        raw = _raw(stored, dims, sizes, f"{path}: variable {variable.source!r}")
        codes = _gsmap.codes_of(product.step, stored.attrs)
        units = str(stored.attrs.get("units", ""))
        fields[name], fields[f"{name}_status"] = _gsmap.decoded(raw, codes, units, str(path))
    return _gsmap.published(fields, lat, lon, time)


def _raw(stored: xr.Variable, dims: tuple[str, str], sizes: tuple[int, ...], where: str) -> xr.DataArray:
    if stored.shape not in {sizes, (1, *sizes)} or stored.dtype.kind != "f":
        raise InputError(f"{where} is a float field {sizes} of one time; it is {stored.dtype} {stored.shape}")
    if {"scale_factor", "add_offset"} & stored.attrs.keys():
        raise InputError(f"{where} is not packed; it has {sorted(stored.attrs)}")
    values = lazy(lambda key: stored[key].values, stored.shape, stored.dtype, where)
    return xr.DataArray(values[0] if len(stored.shape) > len(sizes) else values, dims=dims)
