"""NetCDF files as they are stored: nothing decoded, every failure to read told as one line."""

import functools
import re
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
import xarray as xr
from dask.utils import SerializableLock

from eo.chunks import chunks
from eo.errors import InputError, unknown
from eo.model import Product
from eo.readers import is_at_once
from eo.readers._hdf5 import blocks
from eo.readers._lazy import lazy, now

BROKEN = (
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    TypeError,
    ArithmeticError,
    MemoryError,
)
"""What the libraries raise at a file that is not what its header says."""

_CELLS = 1 << 19
"""Cells that are decoded at a time: eight bytes each, several times over."""


_FEW = 1 << 16
"""Cells that are read at once where all are needed: to make a lazy array and to compute it takes longer."""


class _Gate:
    """What stands between the threads that read a file and the one that closes it.

    An error in one block leaves threads behind that still read others; xarray would open the file for them again,
    beside whatever the library is asked to do next, and that ends the process.
    """

    def __init__(self, content: xr.Dataset) -> None:
        self.content, self.lock, self.closed = content, SerializableLock(), False

    def read(self, name: str, key: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - an index of any kind
        with self.lock:
            if self.closed:
                raise OSError("it is closed")
            return np.asarray(self.content.variables[name][key].values)

    def close(self) -> None:
        with self.lock:
            self.closed = True
            self.content.close()


def opened(path: Path, product: Product) -> xr.Dataset:
    """Give a NetCDF file, undecoded and unread, that carries the marks of its product.

    Raises
    ------
    InputError
        It does not open, or one of its attributes says that it is another product.
    """
    try:
        content = xr.open_dataset(path, engine="netcdf4", decode_cf=False, cache=False, create_default_indexes=False)
    except BROKEN as error:
        raise InputError(f"must be a NetCDF file that opens: {error}") from None
    gate = _Gate(content)
    file = content.copy()  # without what it is opened for again
    file.encoding["gate"] = gate
    file.set_close(gate.close)
    try:
        _check_marks(file, product)
    except InputError:
        file.close()
        raise
    return file


def _check_marks(file: xr.Dataset, product: Product) -> None:
    for name, rule in product.marks.items():
        said = str(file.attrs.get(name, ""))
        if not re.search(rule, said):
            raise InputError(f"a file of this product has {name!r} like {rule!r}; it has {said!r}")


def stored(file: xr.Dataset, name: str, path: Path) -> xr.DataArray:
    """Give a variable as it is stored, with its attributes: each chunk read once, in pieces of a few rows.

    Raises
    ------
    InputError
        There is none of that name; when computed: a chunk cannot be read.
    """
    if name not in file.variables:
        raise unknown("variable", name, map(str, file.variables))
    variable, gate = file.variables[name], file.encoding["gate"]
    if variable.dtype.kind not in "iuf":
        raise InputError(f"a variable is numeric, and {name!r} is {variable.dtype}")
    by_library, where = functools.partial(gate.read, name), f"{path}: {name!r}"
    if is_at_once() and variable.size <= _FEW:
        plain = now(by_library, variable.shape, variable.dtype, where)
        return xr.DataArray(plain, dims=variable.dims, attrs=variable.attrs, name=name)
    direct = chunks(path, name)
    alike = direct is not None and (direct.shape, direct.dtype) == (variable.shape, variable.dtype)
    read = direct.__getitem__ if direct is not None and alike else by_library
    shape = blocks(variable.shape, variable.encoding.get("chunksizes"))
    data = lazy(read, variable.shape, variable.dtype, where, shape)
    return xr.DataArray(_in_rows(data), dims=variable.dims, attrs=variable.attrs, name=name)


def _in_rows(data: da.Array) -> da.Array:
    """Give an array in pieces of whole rows of its chunks, so that only what is packed is held by the chunk."""
    if data.ndim < 2 or not data.size:  # noqa: PLR2004 - rows need a plane
        return data
    *others, height, width = data.chunksize
    rows = max(1, _CELLS // (width * int(np.prod(others, dtype=np.int64))))
    return data if rows >= height else data.rechunk({data.ndim - 2: rows})  # type: ignore[no-untyped-call]


def check_packing(packed: xr.DataArray, required: tuple[str, ...] = ()) -> xr.DataArray:
    """Give a stored variable whose scale and offset are one finite number each.

    Parameters
    ----------
    required : attributes that integers must have

    Raises
    ------
    InputError
        One is absent or is none.
    """
    absent = [one for one in required if one not in packed.attrs]
    if absent and packed.dtype.kind in "iu":
        raise InputError(f"packed integers have {sorted(required)}; {packed.name!r} has no {absent}")
    for name in ("scale_factor", "add_offset"):
        said = np.asarray(packed.attrs.get(name, 1.0))
        if said.size != 1 or said.dtype.kind not in "iuf" or not np.isfinite(said).all():
            raise InputError(f"{name} of {packed.name!r} is a finite number; it is {packed.attrs[name]!r}")
    if np.asarray(packed.attrs.get("scale_factor", 1.0)).item() == 0:
        raise InputError(f"scale_factor of {packed.name!r} is not zero; it is {packed.attrs['scale_factor']!r}")
    return packed


def raw(file: xr.Dataset, name: str) -> npt.NDArray[Any]:
    """Give a small variable whole, as stored.

    Raises
    ------
    InputError
        There is none, or it cannot be read.
    """
    if name not in file.variables:
        raise unknown("variable", name, map(str, file.variables))
    try:
        return np.asarray(file.variables[name].values)
    except BROKEN as error:
        raise InputError(f"{name!r} must be readable: {error}") from None
