"""Digests: of values that define a thing, of code, of files, of the content of a NetCDF file."""

import ast
import hashlib
import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

BLOCK = 1 << 20
VOLATILE = frozenset(
    {"date_created", "date_modified", "date_issued", "date_metadata_modified", "history", "content_digest"}
)
"""Global attributes that tell when a file was written, not what is in it."""


def digest(definition: object) -> str:
    """Give the SHA-256 of a JSON-like value, whatever the order of its keys."""
    text = json.dumps(definition, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Give the SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache
def code_digest(*modules: str) -> str:
    """Give the SHA-256 of the source of modules of `eo` (of all of it without a name), line ends aside.

    Parts and results carry it, so a changed rule can never pass for the old one.
    """
    here = Path(__file__).parent
    paths = [here / f"{name}.py" for name in modules] or sorted(here.rglob("*.py"))
    sources = {path.relative_to(here).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    return digest(sources)


@lru_cache
def imported(module: str) -> frozenset[str]:
    """Give the modules of `eo` that one of them is made of: itself and what it imports, and what that imports.

    Parameters
    ----------
    module : its full name, such as ``eo.climatology``

    Returns
    -------
    modules : names as `code_digest` takes them; those that decide no number are left out
    """
    found, todo = set[str](), [module]
    while todo:
        one = todo.pop().removeprefix("eo").removeprefix(".").replace(".", "/")
        name = next((each for each in (one, f"{one}/__init__") if _source(each).is_file()), "")
        if not one or not name or name in found | _DECIDE_NOTHING:
            continue
        found.add(name)
        for node in ast.walk(ast.parse(_source(name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "eo":
                todo += [str(node.module), *(f"{node.module}.{each.name}" for each in node.names)]
    return frozenset(found)


def _source(name: str) -> Path:
    return Path(__file__).parent / f"{name}.py"


_DECIDE_NOTHING = frozenset({"errors", "model", "origin", "record", "indicators/__init__", "__init__"})


def code_of(*functions: Callable[..., Any]) -> str:
    """Give the SHA-256 of the source of some functions of `eo`: of their modules and all that those import."""
    return code_digest(*sorted({name for one in functions for name in imported(one.__module__)}))


def _attributes(holder: "netCDF4.Dataset | netCDF4.Variable[Any]", left_out: Iterable[str] = ()) -> dict[str, Any]:
    found = {name: holder.getncattr(name) for name in holder.ncattrs() if name not in left_out}
    return {name: _plain(value) for name, value in found.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 - an attribute is of any NetCDF type
    if isinstance(value, np.ndarray | np.generic):
        return [str(value.dtype), np.asarray(value).ravel().astype(str).tolist()]
    return value


def _rows(variable: "netCDF4.Variable[Any]") -> Iterable[bytes]:
    """Give the raw values in C order, a bounded stretch of the first axis at a time."""
    if not variable.shape:
        yield _bytes(np.asarray(variable[...]))
        return
    row = max(1, int(np.prod(variable.shape[1:], dtype=np.int64)) * 8)
    count = max(1, BLOCK * 16 // row)
    for start in range(0, variable.shape[0], count):
        yield _bytes(np.asarray(variable[start : start + count]))


def _bytes(values: np.ndarray) -> bytes:
    if values.dtype.kind == "O":
        return b"\0".join(one.tobytes() if isinstance(one, np.ndarray) else str(one).encode() for one in values.ravel())
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), np.array(np.nan, values.dtype), values) + np.array(0, values.dtype)
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes()


def content_digest(path: Path) -> str:
    """Give the SHA-256 of what a NetCDF file says: dimensions, values and attributes.

    Chunking, compression, byte order, the order of variables and the time of writing do not count.
    """
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        file.set_auto_chartostring(False)
        whole = hashlib.sha256()
        head = {
            "dimensions": {name: len(size) for name, size in file.dimensions.items()},
            "attributes": _attributes(file, VOLATILE),
        }
        whole.update(digest(head).encode())
        for name in sorted(file.variables):
            variable = file.variables[name]
            shape = [
                name,
                list(variable.dimensions),
                str(np.dtype(variable.dtype).newbyteorder("=")) if variable.dtype is not str else "str",
            ]
            whole.update(digest([shape, _attributes(variable)]).encode())
            for block in _rows(variable):
                whole.update(block)
    return whole.hexdigest()
