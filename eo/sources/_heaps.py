"""The heaps of an HDF5 file: where its texts of any length lie (HDF5 File Format Specification 3.0, III.E)."""

import mmap
from pathlib import Path

from eo.errors import InputError

_SIGNATURE = b"GCOL\x01\0\0\0"
_HEAD = 16
"""Bytes before the first object of a heap, and before the content of each object."""


def check_heaps(path: Path) -> None:
    """Refuse an HDF5 file with a heap whose objects do not end where the heap does.

    The HDF5 library (2.0 and before) goes through the objects of such a heap for ever.

    Raises
    ------
    InputError
        Says where the heap begins.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(_SIGNATURE)
        while at >= 0:
            if not _is_whole(content, at):
                raise InputError(f"{path} must be readable to its end, and its heap at byte {at} is broken")
            at = content.find(_SIGNATURE, at + _HEAD)


def _is_whole(content: mmap.mmap, start: int) -> bool:
    end, at = start + _number(content, start + 8, 8), start + _HEAD
    if end > len(content):
        return False
    while at + _HEAD <= end:
        index, size = _number(content, at, 2), _number(content, at + 8, 8)
        if index == 0:  # what is free, to the end: its size is that of all of it
            return at + size == end
        at += _HEAD + -(-size // 8) * 8
    return at <= end


def _number(content: mmap.mmap, at: int, width: int) -> int:
    return int.from_bytes(content[at : at + width], "little")
