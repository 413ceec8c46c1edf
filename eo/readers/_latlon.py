"""One file on a latitude-longitude grid: its axes found by their CF attributes, its variables with canonical dims."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.canonical import STATUS
from eo.errors import InputError
from eo.model import Product
from eo.readers import _netcdf
from eo.readers._axes import axis_names, check_even, check_positions
from eo.readers._packing import decoded, unpacked
from eo.readers._stored import StoredFile
from eo.readers._times import times

Field = tuple[xr.DataArray, xr.DataArray]
"""Values and status."""

_PACKING = ("scale_factor", "add_offset", "_Unsigned")
"""What bounds share with their coordinate without saying it (CF-1.11 section 7.1)."""


@dataclass(frozen=True)
class GridFile:
    """An open NetCDF file and what its axes are called."""

    path: Path
    file: StoredFile
    axes: Mapping[str, str]
    """`lat`, `lon` and, where the file has one, `time` -> name in the file."""
    centres: Mapping[str, npt.NDArray[Any]]
    """`lat`, `lon` -> centres of the cells, degrees."""

    def stored(self, name: str) -> xr.DataArray:
        """Give a variable as stored, lazily, with dims of `time`, `lat`, `lon`; other dims of size 1 are dropped.

        Raises
        ------
        InputError
            No such variable, or a dim beside those that has several values.
        """
        found = _netcdf.stored(self.file, name, self.path)
        renamed = {str(dim): axis for axis, one in self.axes.items() for dim in self.file.variables[one].dims}
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
        return np.atleast_1d(times(self.coordinate(name), self.file.variables[name].attrs, name))

    def coordinate(self, name: str, attributes: Mapping[str, Any] | None = None) -> npt.NDArray[Any]:
        """Give a small variable now, unpacked; NaN where it is missing.

        Parameters
        ----------
        attributes : what says how it is packed, where its own attributes do not
        """
        raw = _netcdf.values(self.file, name)
        return unpacked(raw, self.file.variables[name].attrs if attributes is None else attributes, name)

    def bounds(self, axis: str) -> npt.NDArray[Any] | None:
        """Give the published bounds of a coordinate, (n, 2), if the file has them.

        Raises
        ------
        InputError
            Bounds of another shape.
        """
        name = self.axes.get(axis, "")
        said = str(self.file.variables[name].attrs.get("bounds", "")) if name else ""
        if said not in self.file.variables:
            return None
        parent, edges = self.file.variables[name], self.file.variables[said]
        packing = {key: parent.attrs[key] for key in _PACKING if key in parent.attrs and parent.dtype == edges.dtype}
        found = np.atleast_2d(self.coordinate(said, packing | edges.attrs))
        if found.shape != (parent.size, 2):
            raise InputError(f"bounds of {name!r} have shape ({parent.size}, 2); {said!r} has {found.shape}")
        return times(found, parent.attrs | edges.attrs, said) if axis == "time" else found


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


def _grid_file(file: StoredFile, path: Path, *, regular: bool) -> GridFile:
    """Give a file with its axes, checked."""
    found = GridFile(path, file, axis_names(file), {})
    centres = {axis: np.atleast_1d(found.coordinate(found.axes[axis])) for axis in ("lat", "lon")}
    for axis, one in centres.items():
        check_positions(axis, one)
        if regular:
            check_even(axis, one, str(file.attrs.get(f"geospatial_{axis}_resolution", "")))
    return replace(found, centres=centres)


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
    coordinates: dict[str, Any] = {axis: (axis, one) for axis, one in grid.centres.items()}
    coordinates["time"] = ("time", grid.times() if stamps is None else np.atleast_1d(stamps))
    coordinates |= {f"{axis}_bounds": ((axis, "nv"), one) for axis, one in edges.items() if one is not None}
    said = version if version is not None else grid.file.attrs.get("product_version")
    try:
        axes = xr.Coordinates(coordinates, indexes={})
        plain = {name: one.variable for name, one in content.items()}
        out = xr.Dataset(plain, axes, {} if said is None else {"product_version": str(said)})
    except ValueError as error:
        raise InputError(f"variables have the sizes of their coordinates: {error}") from None
    out.set_close(grid.file.close)
    return out
