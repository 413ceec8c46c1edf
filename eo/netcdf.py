"""The only writer of NetCDF files."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import dask.array as da
import h5py
import netCDF4
import numpy as np
import xarray as xr

from eo.chunks import Deflated, chunks
from eo.errors import InputError, StoreError
from eo.provenance import content_digest

EPOCH = "1970-01-01 00:00:00"
_FIELD_CHUNK = {"time": 1, "lat": 1800, "lon": 3600, "y": 1800, "x": 3600}
_TILE = 32
"""Cells along each side of the chunks of a file that is read tile by tile over all of its time steps."""
_CHECKED = {"fletcher32": True}
"""zlib has a checksum of its own; what is not compressed gets this one: a damaged file never gives a wrong number."""
Given = ParamSpec("Given")
Result = TypeVar("Result")
_LOCK = threading.RLock()


def serial(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Give a function that at most one thread runs at a time, together with all others so marked.

    The NetCDF C library is not safe for threads: opening in one and closing in another ends the process.
    """

    @wraps(function)
    def alone(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        with _LOCK:
            return function(*args, **kwargs)

    return alone


def _encoding(variable: xr.Variable, *, tiled: bool, steps: int) -> dict[str, Any]:
    if variable.dtype.kind == "M":
        return _time_encoding(variable) | (_CHECKED if variable.ndim else {})
    if variable.dtype.kind in "UO":
        return {"dtype": "S1"} | (_CHECKED if variable.ndim else {})
    fill: dict[str, Any] = {"_FillValue": np.array(np.nan, variable.dtype) if variable.dtype.kind == "f" else None}
    if not variable.ndim:
        return fill
    sizes = chunk_sizes({str(dim): size for dim, size in variable.sizes.items()}, tiled=tiled, steps=steps)
    return fill | {"zlib": True, "complevel": 1, "shuffle": True, "chunksizes": sizes}


def chunk_sizes(sizes: Mapping[str, int], *, tiled: bool = False, steps: int = 1) -> tuple[int, ...]:
    """Give the chunks that a variable of so many values along each dim is stored in, see `write`."""
    within = _FIELD_CHUNK if {"lat", "y"} & sizes.keys() else {}
    within = dict.fromkeys(within.keys() - {"time"}, _TILE) if tiled else within | {"time": steps} if within else {}
    return tuple(min(within.get(dim, size), size) for dim, size in sizes.items())


def _time_encoding(variable: xr.Variable) -> dict[str, Any]:
    """Give whole days, or whole hours where a time is not at midnight: both exact."""
    times = variable.values.astype("datetime64[ns]")
    unit = "days" if np.array_equal(times, times.astype("datetime64[D]")) else "hours"
    return {"units": f"{unit} since {EPOCH}", "calendar": "standard", "dtype": "int32", "_FillValue": None}


@serial
def write(dataset: xr.Dataset, path: Path, *, tiled: bool = False, steps: int = 1) -> None:
    """Write a dataset with its own attributes and nothing else: CF time, NaN for missing, compressed.

    Coordinates without missing values get no `_FillValue`. Lazy values are computed a chunk at a time. A tiled file has
    all time steps of a few cells in one chunk, and not all cells of one time step, or of so many `steps`.
    """
    encoding = {str(name): _encoding(one, tiled=tiled, steps=steps) for name, one in dataset.variables.items()}
    for name, one in dataset.coords.items():
        encoding[str(name)].update({"_FillValue": None} if one.dtype.kind == "f" else {})
    clean = dataset.drop_encoding()
    if "area" in clean.coords and _is_one_column(clean["area"]):
        clean["area"] = _repeated(clean["area"], encoding["area"]["chunksizes"])
    if "area" in clean.coords and "crs" in clean.coords:
        clean["area"].encoding |= {"coordinates": "lat lon", "grid_mapping": "crs"}
    lazy = [str(name) for name, one in clean.data_vars.items() if one.chunks]
    small = {name: one for name, one in encoding.items() if name not in lazy}
    clean.drop_vars(lazy).to_netcdf(path, engine="netcdf4", format="NETCDF4", encoding=small, unlimited_dims=[])
    if lazy:
        _write_lazy(clean, lazy, path, encoding)


def _is_one_column(area: xr.DataArray) -> bool:
    """Say whether areas are a view of one column, as those of a regular grid are, and not in memory as a whole."""
    return area.ndim > 1 and not area.chunks and area.values.strides[1:] == (0,)


def _repeated(area: xr.DataArray, stored: tuple[int, ...]) -> xr.DataArray:
    """Give areas that are a view of one column lazily, in multiples of stored chunks: whole they are 207 MB."""
    rows, columns = (one * max(1, _FIELD_CHUNK["lat"] // one) for one in stored)
    column: da.Array = da.from_array(area.values[:, :1].copy(), chunks=(rows, 1), name=False)  # type: ignore[no-untyped-call]
    across = da.core.normalize_chunks((columns,), area.shape[1:])  # type: ignore[no-untyped-call]
    return area.copy(data=da.broadcast_to(column, area.shape, chunks=(*column.chunks[:1], *across)))  # type: ignore[no-untyped-call]


def _write_lazy(whole: xr.Dataset, lazy: list[str], path: Path, encoding: dict[str, dict[str, Any]]) -> None:
    """Add lazy fields to a file: each chunk computed, deflated and written by whichever thread has it."""
    fields, (variables, attributes) = whole[lazy], xr.conventions.encode_dataset_coordinates(whole)
    with netCDF4.Dataset(path, "a") as file:
        for name, one in fields.data_vars.items():
            _define(file, str(name), one, encoding[str(name)], variables[name].attrs)
        if "coordinates" in file.ncattrs():  # those of no variable, and these were not there yet
            file.delncattr("coordinates")
        file.setncatts({key: one for key, one in attributes.items() if key == "coordinates"})
    lock = threading.Lock()
    with h5py.File(path, "r+") as file:
        arrays = [
            one.data.rechunk(encoding[str(name)]["chunksizes"]).astype(one.dtype.newbyteorder("="))
            for name, one in fields.data_vars.items()
        ]
        targets = [Deflated(file[str(name)], lock) for name in fields.data_vars]
        da.store(arrays, targets, lock=False)  # type: ignore[arg-type]


def _define(
    file: netCDF4.Dataset, name: str, field: xr.DataArray, encoding: dict[str, Any], attributes: Mapping[str, Any]
) -> None:
    for dim, size in field.sizes.items():
        if dim not in file.dimensions:
            file.createDimension(str(dim), size)
    made = file.createVariable(
        name,
        field.dtype.newbyteorder("="),
        tuple(map(str, field.dims)),
        fill_value=encoding["_FillValue"],
        zlib=True,
        complevel=1,
        shuffle=True,
        chunksizes=encoding["chunksizes"],
    )
    made.setncatts(dict(attributes))


@serial
def write_packed(source: netCDF4.Dataset, path: Path, left_out: re.Pattern[str], said: Mapping[str, str]) -> None:
    """Write what an open file holds with its numbers and attributes as they are, packed as they are.

    Parameters
    ----------
    left_out : attributes whose names begin so, and those of the root that are of a variable that is not there
    said : attributes of the root beside its own
    """
    with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
        own = {name: source.getncattr(name) for name in source.ncattrs() if "." not in name}
        file.setncatts({name: one for name, one in own.items() if not left_out.match(name)} | dict(said))
        for name, size in source.dimensions.items():
            file.createDimension(name, len(size))
        for name, one in source.variables.items():
            one.set_auto_maskandscale(False)
            attributes = {key: one.getncattr(key) for key in one.ncattrs() if not left_out.match(key)}
            fill = attributes.pop("_FillValue", None)
            filled = None if fill is None else one.dtype.type(fill)
            made = file.createVariable(name, one.dtype, one.dimensions, zlib=one.ndim > 1, fill_value=filled)
            made.set_auto_maskandscale(False)
            made.setncatts(attributes)
            made[...] = one[...]


@serial
def seal(path: Path) -> str:
    """Write the digest of its content into a file, as `content_digest`, and give it."""
    found = content_digest(path)
    with netCDF4.Dataset(path, "a") as file:
        file.setncattr("content_digest", found)
    return found


@contextmanager
def opened(path: Path) -> Iterator[xr.Dataset]:
    """Give a file of the store as it was written, lazily, for as long as it is needed.

    Raises
    ------
    StoreError
        The file cannot be read.
    """
    try:
        with xr.open_dataset(path, engine="netcdf4", decode_coords="all", mask_and_scale=False, chunks={}) as found:
            yield found.assign({str(name): _direct(one, path) for name, one in found.data_vars.items()})
    except (OSError, ValueError, RuntimeError) as error:
        raise StoreError(f"{path} must be readable, and it is not ({error}); remove it and run again") from None


def _direct(field: xr.DataArray, path: Path) -> xr.DataArray:
    """Give a field of the store, which packs nothing, read by its chunks where it is stored in chunks."""
    plain = field.drop_attrs(deep=False).assign_attrs({k: v for k, v in field.attrs.items() if k != "_FillValue"})
    stored = chunks(path, str(field.name)) if field.dtype.kind in "if" else None
    if stored is None:
        return plain
    lazy = da.from_array(stored, chunks=stored.chunk, name=False, fancy=False, meta=np.empty(0, stored.dtype))  # type: ignore[no-untyped-call]
    return plain.copy(data=lazy)


@serial
def read(path: Path) -> xr.Dataset:
    """Give a file of the store as it was written, in memory.

    Raises
    ------
    StoreError
        The file cannot be read.
    """
    with opened(path) as found:
        return found.load()


@serial
def content(path: Path) -> str:
    """Give the digest of what is in a file now, whatever it says of itself.

    Raises
    ------
    InputError
        Not a NetCDF file, or it cannot be read to its end.
    """
    try:
        return content_digest(path)
    except (OSError, RuntimeError) as error:
        said = getattr(error, "strerror", None) or error
        raise InputError(f"{path} must be a NetCDF file that can be read: {said}") from None
