"""GSMaP HDF5 (level 3 of the Globe Portal System): group Grid, (longitude, latitude), headers as text of key=value."""

import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from eo.errors import InputError, unknown
from eo.model import Product
from eo.readers import _gsmap, _hdf5
from eo.readers._lazy import reading
from eo.readers._names import named, time_of
from eo.readers._options import options
from eo.record import Record
from eo.steps import start_of


class Options(Record):
    """None."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the rain rates of one file, hourly or monthly.

    Parameters
    ----------
    path : HDF5 with group Grid and a root attribute FileHeader
    product : says which fields, such as `hourlyPrecipRateGC` or `monthlyPrecipRate`

    Raises
    ------
    InputError
        Another name and none in its header, no such field, no units, a header that says another time than the name;
        when computed: not whole, or an unknown code.

    References
    ----------
    GPM/GSMaP product format description, JAXA/EORC.
    """
    options(Options, product)
    file = _hdf5.opened(path)
    with reading(file.close):
        found = _content(file, path, product)
    found.set_close(file.close)
    return found


def header(text: str) -> dict[str, str]:
    """Give the entries of a header: lines ``Key=Value;``."""
    pairs = (line.strip().rstrip(";").partition("=") for line in text.splitlines())
    return {key.strip(): value.strip() for key, sign, value in pairs if sign}


def _content(file: h5py.File, path: Path, product: Product) -> xr.Dataset:
    said = header(_text(file, "FileHeader"))
    for key in ("StartGranuleDateTime", "ProductVersion"):
        if key not in said:
            raise unknown("entry", key, said, "FileHeader")
    time = _named_time(path, said.get("FileName", ""), product)
    _check_time(said["StartGranuleDateTime"], time, product)
    grid = file.get("Grid")
    if not isinstance(grid, h5py.Group):
        raise unknown("group", "Grid", file.keys())
    lat, lon, dims = _gsmap.axes(_hdf5.dataset(grid, "Latitude")[...], _hdf5.dataset(grid, "Longitude")[...])
    sizes = {"lat": lat.size, "lon": lon.size}
    fields: dict[str, xr.DataArray] = {}
    for name, variable in product.variables.items():
        stored = _hdf5.dataset(grid, variable.source)
        if stored.shape != tuple(sizes[dim] for dim in dims) or stored.dtype.kind != "f":
            raise InputError(f"{variable.source!r} is a float field on {sizes}; it is {stored.dtype} {stored.shape}")
        codes = _gsmap.codes_of(product.step, stored.attrs)
        units = _units(stored)
        fields[name], fields[f"{name}_status"] = _gsmap.decoded(_hdf5.lazy(stored, dims), codes, units, str(path))
    return _gsmap.published(fields, lat, lon, time).assign_attrs(product_version=said["ProductVersion"])


def _named_time(path: Path, stated: str, product: Product) -> np.datetime64:
    """Give the time in the name of a file, or where it lies under another name, in the one that its header states."""
    own = re.fullmatch(product.filename or "", stated)
    if own is None or re.fullmatch(product.filename or "", path.name):
        return time_of(named(path, product))
    return time_of(own.groupdict(default=""))


def _text(holder: h5py.Group, name: str) -> str:
    found: Any = _hdf5.attribute(holder, name)
    if not isinstance(found, str):
        raise InputError(f"attribute {name!r} is text; it is {found!r}")
    return found


def _units(stored: h5py.Dataset) -> str:
    name = next((one for one in ("units", "Units", "Unit") if one in stored.attrs), "units")
    return str(_hdf5.attribute(stored, name))


def _check_time(said: str, named_time: np.datetime64, product: Product) -> None:
    try:
        stated = start_of(np.array([np.datetime64(said.removesuffix("Z"), "ns")]), product.step)[0]
    except ValueError:
        raise InputError(f"StartGranuleDateTime is a date; it is {said!r}") from None
    if stated != named_time:
        raise InputError(f"a file is of the time that its name says, {named_time}; its header says {said}")
