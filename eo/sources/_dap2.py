"""What an answer of the Data Access Protocol, version 2, declares, and whether it is whole.

References
----------
NASA ESDS-RFC-004: The Data Access Protocol, DAP 2.0.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eo.errors import InputError, Unavailable, unknown

Floats = npt.NDArray[np.float64]
Slab = tuple[int, int]
"""First and last index, both included."""

_WIDTHS = {"Byte": 1, "Int16": 4, "UInt16": 4, "Int32": 4, "UInt32": 4, "Float32": 4, "Float64": 8}
"""Bytes of a number in XDR: 16-bit integers are written as 32-bit ones."""
_TEXTS = ("String", "Url")
_DECLARATION = re.compile(r"\b(\w+)\s+([^\s\[\];{}:]+)\s*((?:\[[^\]]*\]\s*)*);")
_DIMENSION = re.compile(r"\[\s*(?:([^\s=\]]+)\s*=\s*)?(\d+)\s*\]")
_DATA = re.compile(rb"\nData:\r?\n")
_LATITUDES, _LONGITUDES = ("lat", "latitude"), ("lon", "longitude")
_CIRCLE = 360.0


@dataclass(frozen=True)
class Declared:
    """An array, or a scalar without dimensions."""

    name: str
    kind: str
    dims: tuple[tuple[str, int], ...]
    """Name and length of each."""

    @property
    def count(self) -> int:
        """The number of values."""
        return int(np.prod([size for _, size in self.dims], dtype=np.int64))


def declared(structure: str) -> list[Declared]:
    """Give all that a structure (the text of a .dds) declares, in the order of its bytes; the maps of a Grid too.

    Raises
    ------
    InputError
        It has a Structure or a Sequence, or is no structure at all.
    """
    if not structure.lstrip().startswith("Dataset {"):
        raise InputError(f"an answer of DAP 2 starts with Dataset {{; it starts with {structure.lstrip()[:40]!r}")
    if re.search(r"\b(Structure|Sequence)\s*\{", structure):
        raise InputError("a data set of arrays and grids can be taken; this one has structures or sequences")
    return [
        Declared(name, kind, tuple((dim, int(size)) for dim, size in _DIMENSION.findall(shape)))
        for kind, name, shape in _DECLARATION.findall(structure)
        if kind in _WIDTHS or kind in _TEXTS
    ]


def structure_of(answer: bytes) -> tuple[str, int]:
    """Give the structure at the head of a .dods, and where its numbers start.

    Raises
    ------
    Unavailable
        It has no numbers: the answer was cut, or is an error.
    """
    found = _DATA.search(answer)
    if found is None:
        raise Unavailable(f"a .dods has a structure and then data; it starts with {answer[:60]!r}")
    return answer[: found.start() + 1].decode("utf-8", "replace"), found.end()


def check_whole(answer: bytes) -> None:
    """Refuse a .dods that is shorter or longer than what it declares: the NetCDF library reads on into other memory.

    Raises
    ------
    Unavailable
        It is cut, or its arrays have other lengths than it declares.
    """
    structure, at = structure_of(answer)
    for one in declared(structure):
        at = _end(answer, at, one)
    if at != len(answer):
        raise Unavailable(f"a .dods has as many bytes as it declares, {at}; it has {len(answer)}")


def _end(answer: bytes, at: int, one: Declared) -> int:
    """Give where the bytes of a declared array end."""
    if not one.dims:
        return _after_text(answer, at) if one.kind in _TEXTS else at + max(_WIDTHS[one.kind], 4)
    counts = (1 if one.kind in _TEXTS else 2) * [one.count]
    said = [int.from_bytes(answer[at + 4 * n : at + 4 * n + 4]) for n in range(len(counts))]
    if said != counts:
        raise Unavailable(f"an array of a .dods has the length it declares, {one.count}; {one.name} has {said[0]}")
    at += 4 * len(counts)
    if one.kind in _TEXTS:
        for _ in range(one.count):
            at = _after_text(answer, at)
        return at
    return at + -(-one.count * _WIDTHS[one.kind] // 4) * 4


def _after_text(answer: bytes, at: int) -> int:
    return at + 4 + -(-int.from_bytes(answer[at : at + 4]) // 4) * 4


def axes(all_: Iterable[Declared]) -> tuple[str, str]:
    """Give the names of the axes of latitude and longitude.

    Raises
    ------
    InputError
        One of them is not there.
    """
    names = {one.name for one in all_ if [dim for dim, _ in one.dims] == [one.name]}
    lat, lon = (next((one for one in known if one in names), "") for known in (_LATITUDES, _LONGITUDES))
    if not lat or not lon:
        raise InputError(f"a box is cut from a grid with axes of latitude and longitude; the axes are {sorted(names)}")
    return lat, lon


def slab(centres: Floats, low: float, high: float, *, circle: bool = False) -> Slab:
    """Give the one stretch of cells that has all that lie in a range, and a cell more on each side.

    Parameters
    ----------
    centres : (n,), of cells on one axis
    low, high : the range; of longitudes going east, so that high may be less than low
    circle : of longitudes: compared on the circle; a range over the seam of the file gives all between its ends

    Raises
    ------
    InputError
        No cell lies there.
    """
    step = float(np.abs(np.diff(centres)).min()) if centres.size > 1 else 0.0
    if circle:
        width = (high - low) % _CIRCLE or _CIRCLE
        inside = (centres - low + step) % _CIRCLE <= width + 2 * step
    else:
        inside = (centres >= low - step) & (centres <= high + step)
    where = np.flatnonzero(inside)
    if not where.size:
        raise InputError(f"a box lies on the grid; {low} to {high} does not lie in {centres.min()} to {centres.max()}")
    return int(where[0]), int(where[-1])


def constraint(all_: list[Declared], names: tuple[str, ...], slabs: Mapping[str, Slab]) -> str:
    """Give the constraint that asks for variables with the coordinates of their dimensions, cut to slabs.

    Parameters
    ----------
    names : variables; none are all of them
    slabs : dimension -> its part; a dimension without one is taken whole

    Raises
    ------
    InputError
        There is no such variable.
    """
    known = {one.name: one for one in reversed(all_)}
    for name in names:
        if name not in known:
            raise unknown("variable", name, known, "the data set")
    wanted = [known[name] for name in names] if names else [known[name] for name in dict.fromkeys(o.name for o in all_)]
    axes_ = [known[dim] for one in wanted for dim, _ in one.dims if dim in known]
    chosen = {one.name: one for one in (*axes_, *wanted)}
    return ",".join(name + _indices(one, slabs) for name, one in chosen.items())


def _indices(one: Declared, slabs: Mapping[str, Slab]) -> str:
    if not any(dim in slabs for dim, _ in one.dims):
        return ""
    parts = [slabs.get(dim, (0, size - 1)) for dim, size in one.dims]
    return "".join(f"[{first}:1:{last}]" for first, last in parts)
