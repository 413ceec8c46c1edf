"""GCOM-W AMSR2 level-3 geophysical maps, and those of AMSR-E in the same format: HDF5 with everything at the root.

`Geophysical Data` is (line, pixel, layer) in 16-bit integers; the file states scale and unit, not the grid, which
follows from its name: EQ is latitude and longitude from 90 N and 0 E, PN and PS are the polar stereographic grids
of NSIDC. In the file name A is the ascending pass, which is day for GCOM-W and Aqua, and D the descending one, night.
`Time Information`, the minute of each observation, is checked for its shape and goes no further.

References
----------
JAXA, AMSR2 Higher Level Product Format Specification, revision G (2020).
NSIDC, Polar Stereographic Projections and Grids (EPSG:3411, EPSG:3412).
"""

import re
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import xarray as xr
from pydantic import Field

from eo.canonical import STATUS
from eo.errors import InputError
from eo.model import Product
from eo.readers import _hdf5, _jaxa
from eo.readers._options import options
from eo.record import Name, Record

KINDS = ("HDF5",)

_NAME = re.compile(
    r"(?P<instrument>[A-Z0-9]{6})_\d{8}_(01D|01M)_(?P<area>EQ|PN|PS)[A-Z][AD]_L3SG"
    r"(?P<content>[A-Z0-9]{3})(?P<resolution>[HL])[A-Z](?P<version>\d{7})\.h5"
)
_TIME = r"(?P<date>\d{4}-\d{2}-\d{2})T(?P<time>\d{2}:\d{2}:\d{2}(\.\d{1,9})?)Z"

_MINUTES = "Time Information"
MISSING, NO_RETRIEVAL = -32768, -32767

_GLOBAL = {"L": (720, 1440), "H": (1800, 3600)}
_POLAR_CELL = {"L": 25_000, "H": 10_000}
_POLAR = {
    "PN": ("EPSG:3411", (5_850_000, -5_350_000), (-3_850_000, 3_750_000)),
    "PS": ("EPSG:3412", (4_350_000, -3_950_000), (-3_950_000, 3_950_000)),
}
"""Projection, then top and bottom, left and right edge in m: those of the NSIDC grids."""

_LAYERS = {"SST": (2, 3), "SND": (2,)}
"""Layers of AMSR2 files with more than one. SST: 6 GHz, 10 GHz, from version 4 all; SND: depth, water equivalent."""


class Options(Record):
    """Layer of `Geophysical Data`, from 1, of each variable that is not in the first."""

    layers: dict[Name, int] = Field(default_factory=dict)


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one AMSR2 map, decoded lazily under their canonical names.

    Parameters
    ----------
    path : a level-3 file of a geophysical quantity
    product : its `marks` and `filename` are checked against what the file states of itself

    Raises
    ------
    InputError
        Another product, version, pass or period, an absent layer, a shape that is not that of the grid;
        when computed, an unreadable chunk.
    """
    return _hdf5.published(path, partial(_content, path=path, product=product))


def _content(file: h5py.File, path: Path, product: Product) -> xr.Dataset:
    _jaxa.check_marks(file, product)
    match = _jaxa.granule_name(str(_hdf5.attribute(file, "GranuleID")), path, product)
    start = _jaxa.start_of_step(match, product)
    first, last = (
        _jaxa.moment(str(_hdf5.attribute(file, f"Observation{end}DateTime")), _TIME) for end in ("Start", "End")
    )
    _jaxa.check_period(first, last, start, product)
    parts = _NAME.fullmatch(match.string)
    if parts is None:
        raise InputError(f"an AMSR2 map is named {_NAME.pattern!r}; this one says {match.string!r}")
    sources = {one.source for one in product.variables.values()}
    dims, coordinates, attributes = _grid(file, parts, sources)
    layers = options(Options, product).layers
    fields: dict[str, xr.DataArray] = {}
    for name, variable in product.variables.items():
        stored = _stored(file, variable.source, parts)
        values, status = _decoded(stored, layers.get(name, 1), dims)
        fields |= {name: values, f"{name}_status": status}
    time = {"time": ("time", np.array([start]))}
    return xr.Dataset(fields, time | coordinates, attributes | {"product_version": _version(file, parts)})


def _version(file: h5py.File, parts: re.Match[str]) -> str:
    """Give product, algorithm and parameter version; the name has the digits of all three."""
    found = [str(_hdf5.attribute(file, f"{name}Version")) for name in ("Product", "Algorithm", "Parameter")]
    if "".join(found) != parts["version"]:
        raise InputError(f"the versions of a granule are those in its name, {parts['version']}; they are {found}")
    return ".".join(found)


def _stored(file: h5py.File, source: str, parts: re.Match[str]) -> h5py.Dataset:
    found = _hdf5.dataset(file, source)
    if found.dtype.str[1:] != "i2" or found.ndim != 3:  # noqa: PLR2004 - line, pixel, layer
        raise InputError(
            f"{source!r} has 16-bit integers on (line, pixel, layer); it has {found.dtype} on {found.shape}"
        )
    allowed = _LAYERS.get(parts["content"], (1,))
    if parts["instrument"] == "GW1AM2" and found.shape[2] not in allowed:
        raise InputError(
            f"{parts['content']} of AMSR2 has {' or '.join(map(str, allowed))} layers; it has {found.shape[2]}"
        )
    return found


def _grid(
    file: h5py.File, parts: re.Match[str], sources: set[str]
) -> tuple[tuple[str, str], dict[str, tuple[Any, ...]], dict[str, str]]:
    """Give dims, coordinates and the projection of a granule's grid, which its datasets must have the shape of."""
    area, resolution = parts["area"], parts["resolution"]
    if area == "EQ":
        dims, shape = ("lat", "lon"), _GLOBAL[resolution]
        edges: tuple[tuple[float, float], ...] = ((90.0, -90.0), (0.0, 360.0))
        attributes = {}
    else:
        crs, *edges_ = _POLAR[area]
        edges, dims, attributes = tuple(edges_), ("y", "x"), {"crs": crs}
        height, width = (abs(one[1] - one[0]) // _POLAR_CELL[resolution] for one in edges_)
        shape = (height, width)
    for name in sorted({_MINUTES, *sources} & set(file)):
        found = _hdf5.dataset(file, name).shape
        if found[:2] != shape:
            raise InputError(f"a map {area} of resolution {resolution} has {shape} cells; {name!r} has {found}")
    coordinates: dict[str, tuple[Any, ...]] = {}
    for dim, edge, count in zip(dims, edges, shape, strict=True):
        centres, bounds = _jaxa.axis(edge[0], edge[1], count)
        coordinates |= {dim: (dim, centres)} | ({f"{dim}_bounds": ((dim, "nv"), bounds)} if area == "EQ" else {})
    return dims, coordinates, attributes


def _decoded(stored: h5py.Dataset, layer: int, dims: tuple[str, str]) -> tuple[xr.DataArray, xr.DataArray]:
    if not 1 <= layer <= stored.shape[2]:
        raise InputError(f"a layer is one of 1..{stored.shape[2]} in {stored.name!r}; the product asks for {layer}")
    scale = _hdf5.as_number(_of_layer(stored, "SCALE FACTOR", layer), "SCALE FACTOR", stored.name)
    if scale <= 0:
        raise InputError(f"SCALE FACTOR of {stored.name!r} is above 0; it is {scale}")
    numbers = _hdf5.lazy(stored, (*dims, "layer")).isel(layer=layer - 1)
    status = xr.apply_ufunc(_status, numbers, dask="parallelized", output_dtypes=[np.int8])
    values = xr.apply_ufunc(partial(_physical, scale=scale), numbers, dask="parallelized", output_dtypes=[np.float64])
    return values.assign_attrs(units=_jaxa.units(str(_of_layer(stored, "UNIT", layer)))), status


def _of_layer(stored: h5py.Dataset, name: str, layer: int) -> object:
    """Give an attribute of one layer: its own element where there is one for each, else the only one."""
    found = _hdf5.elements(stored, name)
    if len(found) not in {1, stored.shape[2]}:
        raise InputError(f"attribute {name!r} has one element, or one of each layer; it has {len(found)}")
    return found[0] if len(found) == 1 else found[layer - 1]


def _status(numbers: npt.NDArray[np.int16]) -> npt.NDArray[np.int8]:
    status = np.full(numbers.shape, STATUS["ok"], np.int8)
    status[numbers == MISSING] = STATUS["never_observed"]
    status[numbers == NO_RETRIEVAL] = STATUS["quality_masked"]
    return status


def _physical(numbers: npt.NDArray[np.int16], scale: float) -> npt.NDArray[np.float64]:
    """Give physical values; only the two codes are no values, for the sea is colder than 0 degC."""
    return np.where(np.isin(numbers, (MISSING, NO_RETRIEVAL)), np.nan, numbers * np.float64(scale))
