"""HDF5 files that are not NetCDF: attributes as they are meant, datasets as lazy arrays."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from eo.errors import InputError, unknown
from eo.readers import _lazy

BLOCK = 1 << 21
"""Cells of the blocks that a field is worked on in, so that memory does not follow the size of the grid."""


def opened(path: Path) -> h5py.File:
    """Give an open HDF5 file.

    Raises
    ------
    InputError
        It does not open.
    """
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise InputError(f"must be a whole HDF5 file: {error}") from None


def attribute(holder: h5py.Group | h5py.Dataset, name: str) -> Any:  # noqa: ANN401 - text or a number
    """Give an attribute as text or a Python number: 1-element arrays and fixed-length bytes are how JAXA writes both.

    Raises
    ------
    InputError
        There is none of that name.
    """
    if name not in holder.attrs:
        raise unknown("attribute", name, holder.attrs, holder.name)
    value = np.asarray(holder.attrs[name]).ravel()
    if value.size != 1:
        raise InputError(f"attribute {name!r} of {holder.name} has one element; it has {value.size}")
    one = value[0]
    if isinstance(one, bytes):
        return one.decode("ascii", "replace").rstrip("\0 ")
    return str(one).rstrip("\0 ") if isinstance(one, str) else one.item()


def dataset(holder: h5py.Group, name: str) -> h5py.Dataset:
    """Give a dataset by name.

    Raises
    ------
    InputError
        There is none.
    """
    found = holder.get(name)
    if not isinstance(found, h5py.Dataset):
        raise unknown("dataset", name, holder.keys(), holder.name)
    return found


def lazy(stored: h5py.Dataset, dims: tuple[str, ...]) -> xr.DataArray:
    """Give a dataset as a lazy array in blocks that follow its chunks and stay small.

    Raises
    ------
    InputError
        When computed: a chunk is not whole.
    """
    where = f"{stored.file.filename}: dataset {stored.name!r}"
    chunks = blocks(stored.shape, stored.chunks)
    return xr.DataArray(_lazy.lazy(stored.__getitem__, stored.shape, stored.dtype, where, chunks), dims=dims)


def blocks(shape: tuple[int, ...], stored: tuple[int, ...] | None) -> tuple[int, ...]:
    """Give a block shape: whole stored chunks, as many rows of them as fit in about two million cells."""
    chunk = list(stored or (1,) * max(len(shape) - 2, 0) + (min(shape[-2:-1] or (1,), (256,))[0],) + shape[-1:])
    chunk = [min(one, size) for one, size in zip(chunk, shape, strict=True)]
    for axis in reversed(range(len(shape))):
        room = BLOCK // int(np.prod(chunk, dtype=np.int64))
        if room > 1:
            chunk[axis] = min(shape[axis], chunk[axis] * room)
    return tuple(chunk)
