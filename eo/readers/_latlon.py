"""One file on a latitude-longitude grid: its axes found by their CF attributes, its variables with canonical dims."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.canonical import STATUS
from eo.errors import InputError
from eo.model import Product
from eo.readers import _netcdf
from eo.readers._packing import decoded
from eo.readers._times import times

Field = tuple[xr.DataArray, xr.DataArray]
"""Values and status."""

AXES = ("time", "lat", "lon")
_STANDARD = {"time": "time", "lat": "latitude", "lon": "longitude"}
_UNITS = {
    "lat": {"degrees_north", "degree_north", "degree_n", "degrees_n", "degreen", "degreesn"},
    "lon": {"degrees_east", "degree_east", "degree_e", "degrees_e", "degreee", "degreese"},
}
_NAMES = {"lat": {"lat", "latitude"}, "lon": {"lon", "longitude"}, "time": {"time"}}
_RANGE = {"lat": (-90.0, 90.0), "lon": (-180.0, 360.0)}
_UNEVEN = 0.01
_PACKING = ("scale_factor", "add_offset", "_Unsigned")
"""What bounds share with their coordinate without saying it (CF-1.11 section 7.1)."""


@dataclass(frozen=True)
class GridFile:
    """An open NetCDF file and what its axes are called."""

    path: Path
    file: xr.Dataset
    axes: Mapping[str, str]
    """`lat`, `lon` and, where the file has one, `time` -> name in the file."""

    def stored(self, name: str) -> xr.DataArray:
        """Give a variable as stored, lazily, with dims of `time`, `lat`, `lon`; other dims of size 1 are dropped.

        Raises
        ------
        InputError
            No such variable, or a dim beside those that has several values.
        """
        found = _netcdf.stored(self.file, name, self.path)
        renamed = {str(dim): axis for axis, one in self.axes.items() for dim in self.file[one].dims}
        beside = {str(dim): size for dim, size in found.sizes.items() if str(dim) not in renamed}
        wide = {dim: size for dim, size in beside.items() if size != 1}
        if wide:
            raise InputError(f"{name!r} has dims of time, latitude and longitude; it has also {wide}")
        kept = found.isel(dict.fromkeys(beside, 0))
        return kept.rename({dim: axis for dim, axis in renamed.items() if dim in kept.dims})

    def decoded(self, name: str) -> Field:
        """Give the physical values and the status of a variable, lazily, see `eo.readers._packing.decoded`."""
        return decoded(self.stored(name))

    def times(self) -> npt.NDArray[Any]:
        """Give the time stamps of the file.

        Raises
        ------
        InputError
            It has no time coordinate, or one that does not decode.
        """
        if "time" not in self.axes:
            raise InputError(
                f"a file has a time coordinate; there is none among {sorted(map(str, self.file.variables))}"
            )
        name = self.axes["time"]
        return np.atleast_1d(times(self.coordinate(name), self.file[name].attrs, name))

    def coordinate(self, name: str, attributes: Mapping[str, Any] | None = None) -> npt.NDArray[Any]:
        """Give a small variable now, unpacked; NaN where it is missing.

        Parameters
        ----------
        attributes : what says how it is packed, where its own attributes do not
        """
        raw = _netcdf.values(self.file, name)
        said = self.file.variables[name].attrs if attributes is None else attributes
        dims = [f"d{axis}" for axis in range(raw.ndim)]
        return np.asarray(decoded(xr.DataArray(raw, dims=dims, name=name, attrs=dict(said)))[0].values)

    def bounds(self, axis: str) -> npt.NDArray[Any] | None:
        """Give the published bounds of a coordinate, (n, 2), if the file has them.

        Raises
        ------
        InputError
            Bounds of another shape.
        """
        name = self.axes.get(axis, "")
        said = self.file[name].attrs.get("bounds") if name else None
        if said not in self.file.variables:
            return None
        parent, edges = self.file[name], self.file[said]
        packing = {key: parent.attrs[key] for key in _PACKING if key in parent.attrs and parent.dtype == edges.dtype}
        found = np.atleast_2d(self.coordinate(str(said), packing | edges.attrs))
        if found.shape != (parent.size, 2):
            raise InputError(f"bounds of {name!r} have shape ({self.file[name].size}, 2); {said!r} has {found.shape}")
        return times(found, parent.attrs | edges.attrs, str(said)) if axis == "time" else found


@contextmanager
def opened(path: Path, product: Product, *, regular: bool = True) -> Iterator[GridFile]:
    """Give an open file of a product with its axes found; it stays open, unless what is done with it fails.

    Parameters
    ----------
    regular : refuse an axis of uneven steps, or of other steps than the file's own attributes say

    Raises
    ------
    InputError
        The file does not open or is of another product; no or several latitude or longitude coordinates, positions
        that are none on the Earth.
    """
    with _netcdf.opened(path, product) as file:
        yield _grid_file(file, path, regular=regular)


def _grid_file(file: xr.Dataset, path: Path, *, regular: bool) -> GridFile:
    """Give a file with its axes found by standard name, by units, or by name, in this order."""
    axes = {axis: _coordinate(file, axis) for axis in AXES}
    for axis in ("lat", "lon"):
        if not axes[axis]:
            raise InputError(f"a CF grid has one {_STANDARD[axis]} coordinate; there is none among {_known(file)}")
    found = GridFile(path, file, {axis: name for axis, name in axes.items() if name})
    for axis in ("lat", "lon"):
        centres = _positions(found, axis)
        if regular:
            _check_even(found, axis, centres)
    return found


def _known(file: xr.Dataset) -> list[str]:
    return sorted(map(str, file.variables))


def _coordinate(file: xr.Dataset, axis: str) -> str:
    """Give the name of a coordinate; empty where there is none."""
    variables = {str(name): file[name] for name in file.variables if file[name].ndim <= 1}
    tests: tuple[Callable[[str, xr.DataArray], bool], ...] = (
        lambda _, one: one.attrs.get("standard_name") == _STANDARD[axis],
        lambda _, one: str(one.attrs.get("units", "")).lower() in _UNITS.get(axis, ()),
        lambda name, _: name.lower() in _NAMES[axis],
    )
    for test in tests:
        found = [name for name, one in variables.items() if test(name, one)]
        if len(found) == 1:
            return found[0]
    return ""


def _positions(grid: GridFile, axis: str) -> npt.NDArray[np.float64]:
    name = grid.axes[axis]
    centres = np.atleast_1d(grid.coordinate(name))
    low, high = _RANGE[axis]
    if not np.all((centres >= low - _UNEVEN) & (centres <= high + _UNEVEN)):
        raise InputError(f"{_STANDARD[axis]} lies in {low:g}..{high:g} degrees; {name!r} does not")
    return centres.astype(np.float64)


def _check_even(grid: GridFile, axis: str, centres: npt.NDArray[np.float64]) -> None:
    steps = np.diff(centres)
    step = float(np.median(steps)) if steps.size else 0.0
    if step == 0 or np.abs(steps - step).max() > _UNEVEN * abs(step):
        raise InputError(f"{_STANDARD[axis]} has even steps; those of {grid.axes[axis]!r} are around {step:g}")
    said = str(grid.file.attrs.get(f"geospatial_{axis}_resolution", ""))
    match = re.fullmatch(r"\s*([0-9.]+(?:e-?\d+)?)\s*(?:deg\w*)?\s*", said)
    if match and abs(float(match[1]) - abs(step)) > _UNEVEN * abs(step):
        raise InputError(f"{_STANDARD[axis]} has the steps that the file says, {said!r}; they are {abs(step):g}")


def fields(
    grid: GridFile,
    product: Product,
    field: Callable[[str], Field] | None = None,
    spread: Callable[[str], Field] | None = None,
) -> dict[str, xr.DataArray]:
    """Give each variable of a product, its status and its uncertainty where the file has one.

    Parameters
    ----------
    field : name in the file -> values and status; without, by the CF rules alone
    spread : the same for its uncertainty
    """
    out: dict[str, xr.DataArray] = {}
    for name, variable in product.variables.items():
        out[name], out[f"{name}_status"] = (field or grid.decoded)(variable.source)
        there = next((one for one in variable.uncertainty if one in grid.file.variables), None)
        if there:
            wide = (spread or grid.decoded)(there)[0]
            kept = wide.where(out[f"{name}_status"] == STATUS["ok"])
            out[f"{name}_uncertainty"] = kept.assign_attrs(wide.attrs)
    return out


def published(
    grid: GridFile,
    content: Mapping[str, xr.DataArray],
    *,
    stamps: npt.NDArray[Any] | None = None,
    bounds: npt.NDArray[Any] | None = None,
    version: str | None = None,
) -> xr.Dataset:
    """Give what a reader gives; closing it closes the file.

    Parameters
    ----------
    content : fields under their canonical names
    stamps, bounds : time stamps and their bounds, where they are not those of the file's time coordinate
    version : the product version, where it is not the file's attribute `product_version`
    """
    edges = {"lat": grid.bounds("lat"), "lon": grid.bounds("lon")}
    edges["time"] = grid.bounds("time") if stamps is None else bounds
    coordinates: dict[str, Any] = {
        axis: (axis, np.atleast_1d(grid.coordinate(grid.axes[axis]))) for axis in ("lat", "lon")
    }
    coordinates["time"] = ("time", grid.times() if stamps is None else np.atleast_1d(stamps))
    coordinates |= {f"{axis}_bounds": ((axis, "nv"), one) for axis, one in edges.items() if one is not None}
    said = version if version is not None else grid.file.attrs.get("product_version")
    try:
        out = xr.Dataset(dict(content), coordinates, {} if said is None else {"product_version": str(said)})
    except ValueError as error:
        raise InputError(f"variables have the sizes of their coordinates: {error}") from None
    out.set_close(grid.file.close)
    return out
