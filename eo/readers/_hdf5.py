"""HDF5 files that are not NetCDF: attributes as they are meant, datasets as lazy arrays."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from eo.chunks import indexed
from eo.errors import InputError, unknown
from eo.readers import _lazy

BLOCK = 1 << 21
"""Cells of the blocks that a field is worked on in, so that memory does not follow the size of the grid."""


def published(path: Path, content: Callable[[h5py.File], xr.Dataset]) -> xr.Dataset:
    """Give what a reader makes of an HDF5 file, which stays open until the dataset is closed.

    Raises
    ------
    InputError
        The file does not open, or its structure cannot be read, or the reader refuses it.
    """
    file = opened(path)
    with _lazy.reading(file.close):
        found = content(file)
    found.set_close(file.close)
    return found


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


def elements(holder: h5py.Group | h5py.Dataset, name: str) -> tuple[Any, ...]:
    """Give the elements of an attribute, each as text or a Python number.

    A single-precision number is given as the decimal number that it was written for: 0.0012, not 0.00120000006.

    Raises
    ------
    InputError
        There is none of that name, or it is neither text nor numbers.
    """
    if name not in holder.attrs:
        raise unknown("attribute", name, holder.attrs, holder.name)
    return tuple(_plain(one, name, holder.name) for one in np.asarray(holder.attrs[name]).ravel())


def _plain(one: object, name: str, where: str) -> str | int | float:
    if isinstance(one, bytes):
        return one.decode("ascii", "replace").rstrip("\0 ")
    if isinstance(one, str):
        return one.rstrip("\0 ")
    if isinstance(one, np.float32):
        return float(str(one))
    if isinstance(one, np.integer | np.floating):
        return one.item()
    raise InputError(f"attribute {name!r} of {where} is text or a number; it is {type(one).__name__}")


def attribute(holder: h5py.Group | h5py.Dataset, name: str) -> Any:  # noqa: ANN401 - text or a number
    """Give an attribute as text or a Python number: 1-element arrays and fixed-length bytes are how JAXA writes both.

    Raises
    ------
    InputError
        There is none of that name, or it has several elements.
    """
    found = elements(holder, name)
    if len(found) != 1:
        raise InputError(f"attribute {name!r} of {holder.name} has one element; it has {len(found)}")
    return found[0]


def number(holder: h5py.Group | h5py.Dataset, name: str) -> float:
    """Give an attribute as a number, also where it is written as text.

    Raises
    ------
    InputError
        There is none of that name, or it is no finite number.
    """
    return as_number(attribute(holder, name), name, holder.name)


def as_number(value: object, name: str, where: str) -> float:
    """Give an element of an attribute as a number.

    Raises
    ------
    InputError
        It is no finite number.
    """
    try:
        found = float(str(value))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise InputError(f"attribute {name!r} of {where} is a number; it is {value!r}")
    return found


def group(holder: h5py.Group, name: str) -> h5py.Group:
    """Give a group by name.

    Raises
    ------
    InputError
        There is none.
    """
    found = holder.get(name)
    if not isinstance(found, h5py.Group):
        raise unknown("group", name, holder.keys(), holder.name)
    return found


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
        It has other dims; when computed, a chunk is not whole.
    """
    if len(stored.shape) != len(dims):
        raise InputError(f"{stored.name} has dims {dims}; its shape is {stored.shape}")
    where = f"{stored.file.filename}: dataset {stored.name!r}"
    direct = indexed(Path(stored.file.filename), stored)
    read = stored.__getitem__ if direct is None else direct.__getitem__
    data = _lazy.lazy(read, stored.shape, stored.dtype, where, blocks(stored.shape, stored.chunks))
    return xr.DataArray(data, dims=dims)


def blocks(shape: tuple[int, ...], stored: tuple[int, ...] | None) -> tuple[int, ...]:
    """Give a block shape: whole stored chunks, as many rows of them as fit in about two million cells."""
    chunk = list(stored or (1,) * max(len(shape) - 2, 0) + (min(shape[-2:-1] or (1,), (256,))[0],) + shape[-1:])
    chunk = [min(one, size) for one, size in zip(chunk, shape, strict=True)]
    for axis in reversed(range(len(shape))):
        room = BLOCK // int(np.prod(chunk, dtype=np.int64))
        if room > 1:
            chunk[axis] = min(shape[axis], chunk[axis] * room)
    return tuple(chunk)
