"""HDF5 chunks read and written past the HDF5 library's filters: inflated and deflated outside any lock.

The library inflates chunks one at a time under a process-wide lock. Here its index of a dataset is read once, and
each chunk is then read, inflated by libdeflate (which checks the Adler-32 of the stream) and unshuffled on its own. It
serves the combination that agencies use, deflate with or without shuffle; anything else is left to the library.
"""

import itertools
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deflate
import h5py
import numpy as np
import numpy.typing as npt

from eo.errors import InputError

_DEFLATE, _SHUFFLE = h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE
_LARGEST, _LEVEL = 1 << 30, 1


@dataclass(frozen=True)
class Chunks:
    """One dataset of a file as its chunks; indexing gives values, and reads only the chunks that it needs."""

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunk: tuple[int, ...]
    where: dict[tuple[int, ...], tuple[int, int]]
    """Number of the chunk along each axis -> offset and size in the file; a chunk that is absent is all fill."""
    fill: Any
    shuffled: bool

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __getitem__(self, key: tuple[slice | int, ...]) -> npt.NDArray[Any]:
        """Give the values of a window: a slice or a number for each axis.

        Raises
        ------
        InputError
            A chunk that is needed is not whole.
        """
        windows = [_window(one, size) for one, size in zip(key, self.shape, strict=True)]
        out = np.empty([len(one) for one in windows], self.dtype)
        if out.size:
            self._fill(out, windows)
        return out[tuple(slice(None) if isinstance(one, slice) else 0 for one in key)]

    def _fill(self, out: npt.NDArray[Any], windows: list[range]) -> None:
        with self.path.open("rb", buffering=0) as stream:
            for number in self._needed(windows):
                inside, place = self._overlap(number, windows)
                self._put(out, place, inside, self._plain(stream.fileno(), number))

    def _needed(self, windows: list[range]) -> Iterator[tuple[int, ...]]:
        """Give the numbers of the chunks that a window touches."""
        spans = [
            range(min(one[0], one[-1]) // size, max(one[0], one[-1]) // size + 1)
            for one, size in zip(windows, self.chunk, strict=True)
        ]
        return itertools.product(*spans)

    def _overlap(self, number: tuple[int, ...], windows: list[range]) -> tuple[Any, Any]:
        """Give where a chunk and a window meet: in the chunk, and in the window."""
        inside, place = [], []
        for index, size, window in zip(number, self.chunk, windows, strict=True):
            wanted = np.asarray(window)
            hits = np.flatnonzero((wanted >= index * size) & (wanted < (index + 1) * size))
            start = int(wanted[hits[0]]) - index * size if hits.size else 0
            stop = start + (hits.size - 1) * window.step if hits.size else 0
            inside.append(_slice(start, stop, window.step) if hits.size else slice(0, 0))
            place.append(slice(int(hits[0]), int(hits[-1]) + 1) if hits.size else slice(0, 0))
        return tuple(inside), tuple(place)

    def _plain(self, file: int, number: tuple[int, ...]) -> bytearray | None:
        """Give the inflated bytes of a chunk; None for one that was never written."""
        if number not in self.where:
            return None
        offset, size = self.where[number]
        length = int(np.prod(self.chunk)) * self.dtype.itemsize
        stored = os.pread(file, size, offset)
        try:
            plain: bytearray = deflate.zlib_decompress(stored, length)
        except deflate.DeflateError as error:
            raise self._broken(number, f"does not inflate: {error}") from None
        if len(plain) != length:
            raise self._broken(number, f"has {len(plain)} bytes, not {length}")
        return plain

    def _put(
        self, out: npt.NDArray[Any], place: tuple[Any, ...], inside: tuple[Any, ...], plain: bytearray | None
    ) -> None:
        """Put the part of a chunk that is asked for where it belongs, byte plane by byte plane where shuffled."""
        if plain is None:
            out[place] = self.fill
        elif not self.shuffled:
            out[place] = np.frombuffer(plain, self.dtype).reshape(self.chunk)[inside]
        else:
            width = self.dtype.itemsize
            planes = np.frombuffer(plain, np.uint8).reshape(width, *self.chunk)
            target = out.view(np.uint8).reshape(*out.shape, width)
            for byte in range(width):
                target[(*place, byte)] = planes[(byte, *inside)]

    def _broken(self, number: tuple[int, ...], why: str) -> InputError:
        name = self.name.lstrip("/")
        return InputError(f"{self.path}: {name!r} must be readable to its end, and its chunk {number} {why}")


def _window(key: slice | int, size: int) -> range:
    return range(*key.indices(size)) if isinstance(key, slice) else range(int(key), int(key) + 1)


def _slice(start: int, stop: int, step: int) -> slice:
    """Give the slice from start to stop, both included; going down, it may end at the first element."""
    if step > 0:
        return slice(start, stop + 1, step)
    return slice(start, stop - 1 if stop else None, step)


class Deflated:
    """A chunked dataset of an open HDF5 file that takes whole chunks: shuffled and deflated outside any lock."""

    def __init__(self, stored: h5py.Dataset, lock: threading.Lock) -> None:
        """Take a dataset with shuffle and deflate, and the lock of its file."""
        self.stored, self.lock = stored, lock

    def __setitem__(self, key: tuple[slice, ...], values: npt.NDArray[Any]) -> None:
        """Write one chunk; the part of a chunk that lies beyond the edge of the array is left as zeros."""
        whole = np.zeros(self.stored.chunks, self.stored.dtype)
        whole[tuple(slice(size) for size in values.shape)] = values
        planes = whole.reshape(-1).view(np.uint8).reshape(-1, whole.dtype.itemsize).T
        packed = deflate.zlib_compress(np.ascontiguousarray(planes).data, _LEVEL)
        with self.lock:
            self.stored.id.write_direct_chunk(tuple(one.start for one in key), bytes(packed))


def chunks(path: Path, name: str) -> Chunks | None:
    """Give a dataset of an HDF5 file as its chunks; None where it is not HDF5, not chunked, or filtered otherwise.

    Parameters
    ----------
    path : the file
    name : the dataset in it

    Raises
    ------
    InputError
        The file is HDF5 and does not open.
    """
    if not h5py.is_hdf5(path):
        return None
    try:
        with h5py.File(path, "r") as file:
            found = file.get(name)
            return indexed(path, found) if isinstance(found, h5py.Dataset) else None
    except OSError as error:
        raise InputError(f"{path} must be a whole HDF5 file: {error}") from None


def indexed(path: Path, stored: h5py.Dataset) -> Chunks | None:
    """Give a dataset of an open file as its chunks; None where it is not chunked, or filtered otherwise."""
    plain = stored.dtype.kind in "iuf" and stored.dtype.isnative and stored.ndim > 0
    if not plain or not stored.chunks or stored.is_virtual or stored.external:
        return None
    properties = stored.id.get_create_plist()
    filters = [properties.get_filter(number)[0] for number in range(properties.get_nfilters())]
    if filters not in ([_SHUFFLE, _DEFLATE], [_DEFLATE]):
        return None
    if int(np.prod(stored.chunks)) * stored.dtype.itemsize > _LARGEST:
        return None
    where: dict[tuple[int, ...], tuple[int, int]] = {}
    skipped = False

    def note(one: Any) -> None:  # noqa: ANN401 - h5py's StoreInfo
        nonlocal skipped
        skipped = skipped or one.filter_mask != 0
        number = tuple(start // size for start, size in zip(one.chunk_offset, stored.chunks, strict=True))
        where[number] = (one.byte_offset, one.size)

    try:
        stored.id.chunk_iter(note)
    except (OSError, RuntimeError):  # a broken index: the library says so when the values are asked for
        return None
    if skipped:
        return None
    shuffled = _SHUFFLE in filters
    fill = stored.fillvalue
    return Chunks(path, str(stored.name), stored.shape, stored.dtype, stored.chunks, where, fill, shuffled)
