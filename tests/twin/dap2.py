"""The answers of an OPeNDAP server to a client of DAP 2: what a NetCDF file holds as .dds, .das and .dods.

After the Data Access Protocol, version 2.0 (NASA ESDS-RFC-004). A variable with coordinates of its own dimensions is a
Grid, as servers give it; a constraint is a list of names, each with a slab for each dimension.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import netCDF4
import numpy as np

from eo.netcdf import serial

TYPES = {
    "i1": ("Byte", ">u1"),
    "u1": ("Byte", ">u1"),
    "i2": ("Int16", ">i4"),
    "u2": ("UInt16", ">u4"),
    "i4": ("Int32", ">i4"),
    "u4": ("UInt32", ">u4"),
    "f4": ("Float32", ">f4"),
    "f8": ("Float64", ">f8"),
}
"""Of each type of NumPy, its name and how XDR writes it: 16-bit integers take four bytes."""
SIZED = {"i8": "i4", "u8": "u4"}
"""DAP 2 has no 64-bit integers."""


@dataclass(frozen=True)
class Projected:
    """A variable, and the part of it that was asked for."""

    name: str
    variable: netCDF4.Variable
    slab: tuple[slice, ...]

    @property
    def kind(self) -> str:
        """The type, as NumPy writes it."""
        code = np.dtype(self.variable.dtype).str[1:]
        return SIZED.get(code, code)

    @property
    def sizes(self) -> list[tuple[str, int]]:
        """Name and length of each dimension of the part."""
        pairs = zip(self.variable.dimensions, self.variable.shape, self.slab, strict=True)
        return [(name, len(range(*part.indices(size)))) for name, size, part in pairs]

    def declared(self, indent: str) -> str:
        """Give the declaration of an array."""
        shape = "".join(f"[{name} = {size}]" for name, size in self.sizes)
        return f"{indent}{TYPES[self.kind][0]} {self.name}{shape};\n"

    def maps(self, file: netCDF4.Dataset) -> list["Projected"]:
        """Give the coordinates of a Grid; none for a coordinate, or where a dimension has none."""
        names = self.variable.dimensions
        if self.name in names or not names or any(one not in file.variables for one in names):
            return []
        return [Projected(one, file[one], (part,)) for one, part in zip(names, self.slab, strict=True)]

    def encoded(self) -> bytes:
        """Give the values in XDR: an array has its length before it, twice."""
        values = np.asarray(self.variable[self.slab]).astype(self.kind)
        content = values.astype(TYPES[self.kind][1]).tobytes()
        if not self.variable.dimensions:
            return content.rjust(4, b"\0") if self.kind[1] == "1" else content
        length = values.size.to_bytes(4, "big")
        return length * 2 + content + b"\0" * (-len(content) % 4)


@serial  # one process has one NetCDF library, whoever calls it
def answer(path: Path, what: str, constraint: str = "") -> bytes:
    """Give the bytes of a response.

    Parameters
    ----------
    what : dds, das or dods
    constraint : such as ``lat,lon,sst[0:1:0][2:1:5][0:1:9]``; empty for all

    Raises
    ------
    KeyError
        A name or a form that there is not.
    """
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        chosen = _chosen(file, constraint)
        match what:
            case "das":
                return _attributes(file).encode()
            case "dds":
                return _structure(file, chosen, path.name).encode()
            case "dods":
                head = _structure(file, chosen, path.name).encode() + b"\nData:\n"
                return head + b"".join(part.encoded() for one in chosen for part in (one, *one.maps(file)))
    raise KeyError(what)


def _chosen(file: netCDF4.Dataset, constraint: str) -> list[Projected]:
    texts = [one for one in constraint.split(",") if one] or list(file.variables)
    found = []
    for text in texts:
        name, parts = re.fullmatch(r"([^\[\]]+)((?:\[[\d:]+\])*)", text).groups()  # type: ignore[union-attr]
        name = name.rpartition(".")[2]
        variable = file.variables[name]
        slab = [_slice(part) for part in re.findall(r"\[([\d:]+)\]", parts)]
        found.append(Projected(name, variable, tuple(slab or [slice(None)] * variable.ndim)))
    return found


def _slice(text: str) -> slice:
    """Give the slice of a slab: first, first:last, or first:stride:last, the last one included."""
    numbers = [int(one) for one in text.split(":")]
    first, last = numbers[0], numbers[-1]
    return slice(first, last + 1, numbers[1] if len(numbers) == 3 else 1)


def _structure(file: netCDF4.Dataset, chosen: list[Projected], name: str) -> str:
    out = "Dataset {\n"
    for one in chosen:
        maps = one.maps(file)
        if maps:
            out += "    Grid {\n      ARRAY:\n" + one.declared("        ") + "      MAPS:\n"
            out += "".join(each.declared("        ") for each in maps) + f"    }} {one.name};\n"
        else:
            out += one.declared("    ")
    return out + f"}} {name};\n"


def _attributes(file: netCDF4.Dataset) -> str:
    out = "Attributes {\n"
    for name, one in file.variables.items():
        signed = {"_Unsigned": "false"} if np.dtype(one.dtype).str[1:] == "i1" else {}
        out += _table(name, signed | {key: one.getncattr(key) for key in one.ncattrs()})
    out += _table("NC_GLOBAL", {key: file.getncattr(key) for key in file.ncattrs()})
    return out + "}\n"


def _table(name: str, said: dict[str, object]) -> str:
    return f"    {name} {{\n" + "".join(_stated(key, value) for key, value in said.items()) + "    }\n"


def _stated(key: str, value: object) -> str:
    if isinstance(value, str):
        text = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'        String {key} "{text}";\n'
    numbers = np.atleast_1d(np.asarray(value))
    if numbers.dtype.kind in "OU":
        return f"        String {key} {', '.join(json.dumps(str(one)) for one in numbers)};\n"
    code = numbers.dtype.str[1:]
    kind, form = TYPES[SIZED.get(code, code)][0], repr if code[0] == "f" else int
    return f"        {kind} {key} {', '.join(str(form(one)) for one in numbers.tolist())};\n"
