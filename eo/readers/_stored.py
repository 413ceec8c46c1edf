"""NetCDF files as they are stored: nothing decoded, every failure to read told as one line."""

import functools
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    import netCDF4

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


@dataclass(frozen=True, eq=False)
class StoredVariable:
    """A variable of a file, unread and undecoded."""

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attrs: dict[str, Any]
    chunks: tuple[int, ...] | None
    """The shape that it is stored in pieces of, where it is."""
    read: Callable[[Any], npt.NDArray[Any]]
    """Gives the values of an index (a tuple of slices) as stored."""

    @property
    def ndim(self) -> int:
        """The number of dims."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class StoredFile:
    """An open file: its variables and its attributes."""

    variables: Mapping[str, StoredVariable]
    attrs: dict[str, Any]
    close: Callable[[], None]


class _Gate:
    """What stands between the threads that read a file and the one that closes it.

    An error in one block leaves threads behind that still read others; xarray would open the file for them again,
    beside whatever the library is asked to do next, and that ends the process.
    """

    def __init__(self, store: xr.backends.NetCDF4DataStore) -> None:
        self.store, self.lock, self.closed = store, SerializableLock(), False

    def read(self, name: str, key: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - an index of any kind
        with self.lock:
            if self.closed:
                raise OSError("it is closed")
            content = self.store.ds
            with self.store.lock:  # of all files: the library is not safe for threads
                variable = content.variables[name]
                variable.set_auto_maskandscale(False)
                variable.set_auto_chartostring(False)
                return np.asarray(variable[key or ...])

    def close(self) -> None:
        with self.lock:
            self.closed = True
            self.store.close()


def opened(path: Path, product: Product) -> StoredFile:
    """Give a NetCDF file, undecoded and unread, that carries the marks of its product.

    What xarray makes of a file before it can be read takes longer than to open it; of a small one, longer than to
    read it. So that is left out, and its store is used: it locks the library, and keeps few files open.

    Raises
    ------
    InputError
        It does not open, or one of its attributes says that it is another product.
    """
    try:
        gate = _Gate(xr.backends.NetCDF4DataStore.open(path))
    except BROKEN as error:
        raise InputError(f"must be a NetCDF file that opens: {error}") from None
    try:
        file = _described(gate)
        _check_marks(file, product)
    except InputError:
        gate.close()
        raise
    except BROKEN as error:
        gate.close()
        raise InputError(f"must be a NetCDF file that opens: {error}") from None
    return file


def _described(gate: _Gate) -> StoredFile:
    content = gate.store.ds
    with gate.store.lock:
        variables = {name: _variable(gate, name, one) for name, one in content.variables.items()}
        return StoredFile(variables, _attributes(content), gate.close)


def _variable(gate: _Gate, name: str, one: "netCDF4.Variable[Any]") -> StoredVariable:
    chunks, kind = one.chunking(), one.dtype
    return StoredVariable(
        dims=one.dimensions,
        shape=one.shape,
        dtype=np.dtype(object if kind is str else kind),
        attrs=_attributes(one),
        chunks=None if isinstance(chunks, str) or chunks is None else tuple(chunks),
        read=functools.partial(gate.read, name),
    )


def _attributes(one: "netCDF4.Dataset | netCDF4.Variable[Any]") -> dict[str, Any]:
    return {name: one.getncattr(name) for name in one.ncattrs()}


def _check_marks(file: StoredFile, product: Product) -> None:
    for name, rule in product.marks.items():
        said = str(file.attrs.get(name, ""))
        if not re.search(rule, said):
            raise InputError(f"a file of this product has {name!r} like {rule!r}; it has {said!r}")


def stored(file: StoredFile, name: str, path: Path) -> xr.DataArray:
    """Give a variable as it is stored, with its attributes: each chunk read once, in pieces of a few rows.

    Raises
    ------
    InputError
        There is none of that name; when computed: a chunk cannot be read.
    """
    if name not in file.variables:
        raise unknown("variable", name, file.variables)
    one, where = file.variables[name], f"{path}: {name!r}"
    if one.dtype.kind not in "iuf":
        raise InputError(f"a variable is numeric, and {name!r} is {one.dtype}")
    if is_at_once() and one.size <= _FEW:
        return xr.DataArray(now(one.read, one.shape, one.dtype, where), dims=one.dims, attrs=one.attrs, name=name)
    direct = chunks(path, name)
    alike = direct is not None and (direct.shape, direct.dtype) == (one.shape, one.dtype)
    read = direct.__getitem__ if direct is not None and alike else one.read
    data = lazy(read, one.shape, one.dtype, where, blocks(one.shape, one.chunks))
    return xr.DataArray(_in_rows(data), dims=one.dims, attrs=one.attrs, name=name)


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


def raw(file: StoredFile, name: str) -> npt.NDArray[Any]:
    """Give a small variable whole, as stored.

    Raises
    ------
    InputError
        There is none, or it cannot be read.
    """
    if name not in file.variables:
        raise unknown("variable", name, file.variables)
    one = file.variables[name]
    try:
        return one.read(tuple(map(slice, one.shape)))
    except BROKEN as error:
        raise InputError(f"{name!r} must be readable: {error}") from None
