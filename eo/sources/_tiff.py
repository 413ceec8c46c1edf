"""Where a TIFF file ends by what it says of itself: its directories, the values of their tags, its strips and tiles.

References
----------
TIFF revision 6.0, section 2; BigTIFF as libtiff has it; GDAL, "Cloud Optimized GeoTIFF", header ghost area.
"""

import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_SIZES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)
"""Bytes of a value of each type."""
_BLOCKS = {273: 279, 324: 325}
"""The tags of the places of strips and of tiles, and those of their bytes."""
_INTEGERS = {3: "u2", 4: "u4", 16: "u8"}
_BIG = 43
_GHOST = 400
_TRAILED = (b"GDAL_STRUCTURAL_METADATA_SIZE=", b"BLOCK_TRAILER=LAST_4_BYTES_REPEATED", b"KNOWN_INCOMPATIBLE_EDITION=NO")
"""What a file says that has four more bytes after each block."""


class _Short(Exception):  # noqa: N818 - never leaves this module
    """The file must be this long, and is not."""


@dataclass(frozen=True)
class _Entry:
    kind: int
    count: int
    place: int

    @property
    def end(self) -> int:
        return self.place + self.count * _size(self.kind)


def length(path: Path) -> int:
    """Give the bytes that a TIFF file needs to have; as many as it is known to need, where it is too short to say."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            return _Tiff(content).end()
        except _Short as short:
            return int(short.args[0])


def _size(kind: int) -> int:
    return _SIZES[kind] if kind < len(_SIZES) else 0


class _Tiff:
    def __init__(self, content: mmap.mmap) -> None:
        self.content = content
        self.order = "<" if content[:2] == b"II" else ">"
        self.wide = self.number(2, 2) == _BIG
        self.width = 8 if self.wide else 4

    def end(self) -> int:
        """Give where the last of the directories, tags and blocks ends."""
        at, ends, seen = self.number(self.width, self.width), [0], set[int]()
        while at and at not in seen:
            seen.add(at)
            entries, after = self.directory(at)
            ends += [after + self.width, *(one.end for one in entries.values()), self.blocks(entries)]
            at = self.number(after, self.width)
        return max(ends)

    def number(self, at: int, width: int) -> int:
        if at + width > len(self.content):
            raise _Short(at + width)
        return int.from_bytes(self.content[at : at + width], "little" if self.order == "<" else "big")

    def directory(self, at: int) -> tuple[dict[int, _Entry], int]:
        """Give the entries of a directory by their tags, and where the place of the next directory stands."""
        start, step = (8, 20) if self.wide else (2, 12)
        after = at + start + self.number(at, start) * step
        self.number(after, self.width)
        entries = {}
        for place in range(at + start, after, step):
            kind, count, value = self.number(place + 2, 2), self.number(place + 4, self.width), place + 4 + self.width
            inside = count * _size(kind) <= self.width
            entries[self.number(place, 2)] = _Entry(kind, count, value if inside else self.number(value, self.width))
        return entries, after

    def blocks(self, entries: dict[int, _Entry]) -> int:
        """Give where the last strip or tile ends; 0 where there is none, or it is not said how long they are."""
        ends = [
            int((self.integers(entries[place]) + self.integers(entries[bytes_])).max(initial=0))
            for place, bytes_ in _BLOCKS.items()
            if place in entries and bytes_ in entries and entries[place].count == entries[bytes_].count
        ]
        last = max(ends, default=0)
        return last + 4 if last and self.trailed() else last

    def integers(self, entry: _Entry) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
        if entry.end > len(self.content):
            raise _Short(entry.end)
        kind = _INTEGERS.get(entry.kind)
        if kind is None:
            return np.zeros(entry.count, np.uint64)
        raw = self.content[entry.place : entry.end]
        return np.frombuffer(raw, self.order + kind).astype(np.uint64)

    def trailed(self) -> bool:
        start = 2 * self.width
        ghost = self.content[start : start + _GHOST]
        return ghost.startswith(_TRAILED[0]) and all(one in ghost for one in _TRAILED)
