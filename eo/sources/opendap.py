"""Files of an OPeNDAP server, whole or in part.

What is fetched is not the publisher's file: it is the same numbers with the same packing and attributes, in a NetCDF
file written here, whose attribute `opendap_request` says what was asked for. Its digest is of what was written.

The answers are fetched as any other (hosts, patience), checked for being whole, and decoded by the NetCDF library.
"""

import glob
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import netCDF4
import numpy as np
import numpy.typing as npt

from eo.errors import Absent, SourceError, Unavailable
from eo.netcdf import serial, write_packed
from eo.origin import Credentials, OpendapSource, host_of
from eo.sources._connector import Tally
from eo.sources._dap2 import Slab, axes, check_whole, constraint, declared, slab, structure_of
from eo.sources._download import download
from eo.sources._http import Access, once, read
from eo.sources._listing import last_of
from eo.sources._remote import Remote, Wanted
from eo.steps import steps_in

_OURS = re.compile(r"DODS(_EXTRA)?[.]")
"""Attributes that say how an answer was carried."""


def check(source: OpendapSource) -> None:
    """Find nothing to refuse: the NetCDF library is always there."""


def _access(source: OpendapSource) -> Access:
    return Access((host_of(source.url), *source.hosts), source.limits, Credentials())


def find(source: OpendapSource, wanted: Wanted) -> list[Remote]:
    """Give the address of every step of a span; `closely`, with the digest of the attributes, for a re-issue.

    Raises
    ------
    SourceError
        The server does not answer.
    """
    found: dict[str, Remote] = {}
    for step in steps_in(wanted.span, wanted.product.step):
        url = source.url.format(time=np.datetime64(step, "s").item())
        one = Remote(last_of(url), url, time="" if url in found else step)
        found[url] = one
    if not wanted.closely:
        return list(found.values())
    access = _access(source)
    with ThreadPoolExecutor(source.limits.connections) as pool:
        return list(pool.map(lambda one: _told(access, one), found.values()))


def _told(access: Access, remote: Remote) -> Remote:
    """Give a file with the digest of its attributes: a new issue has a date of its own, or a history."""
    try:
        return replace(remote, etag=_etag(read(access, f"{remote.url}.das")))
    except Absent:
        return remote


def _etag(attributes: bytes) -> str:
    return f"das:{sha256(attributes).hexdigest()}"


def fetch(source: OpendapSource, remote: Remote, draft: Path, tally: Tally) -> Remote:
    """Put what is wanted of a file into the draft, as NetCDF; an answer is gone on with where the server can.

    Raises
    ------
    InputError
        The file has no such variable, or no grid of latitude and longitude that a box is cut from.
    SourceError
        Absent, Unavailable (also for an answer that is cut), or what else the server answered.
    """
    access = _access(source)
    attributes = once(access, f"{remote.url}.das")
    asked = _constraint(access, source, remote, draft, attributes)
    query = f"?{asked}" if asked else ""
    found = _beside(draft, ".dods")
    download(access, Remote(remote.name, f"{remote.url}.dods{quote(query, safe='?,')}"), found, tally)
    try:
        _write(_whole(found, attributes), draft, {"opendap_request": f"{remote.url}{query}"})
    finally:
        for one in draft.parent.glob(f"{glob.escape(draft.name)}.*"):
            one.unlink()
    return replace(remote, etag=_etag(attributes))


def _beside(draft: Path, ending: str) -> Path:
    return draft.with_name(f"{draft.name}{ending}")


def _constraint(access: Access, source: OpendapSource, remote: Remote, draft: Path, attributes: bytes) -> str:
    """Give what is asked of a file; nothing where all of it is."""
    if not source.variables and source.box is None:
        return ""
    there = declared(once(access, f"{remote.url}.dds").decode("utf-8", "replace"))
    slabs: dict[str, Slab] = {}
    if source.box is not None:
        lat, lon = axes(there)
        west, south, east, north = source.box
        centres = _centres(access, remote, draft, attributes, (lat, lon))
        slabs = {lat: slab(centres[lat], south, north), lon: slab(centres[lon], west, east, circle=True)}
    return constraint(there, source.variables, slabs)


def _centres(
    access: Access, remote: Remote, draft: Path, attributes: bytes, names: tuple[str, str]
) -> dict[str, npt.NDArray[np.float64]]:
    answer = _beside(draft, ".axes.dods")
    answer.write_bytes(once(access, f"{remote.url}.dods?{','.join(names)}"))
    return _coordinates(_whole(answer, attributes), names)


def _whole(answer: Path, attributes: bytes) -> str:
    """Give the address of an answer on this disk for the NetCDF library, which wants its head and attributes beside it.

    Raises
    ------
    Unavailable
        It is not whole; it is gone then, so that another try starts anew.
    """
    content = answer.read_bytes()
    try:
        check_whole(content)
    except Unavailable:
        answer.unlink()
        raise
    answer.with_suffix(".dds").write_text(structure_of(content)[0], encoding="utf-8")
    answer.with_suffix(".das").write_bytes(attributes)
    return f"file://{answer.with_suffix('').absolute()}"


@serial
def _coordinates(url: str, names: tuple[str, str]) -> dict[str, npt.NDArray[np.float64]]:
    with _opened(url) as file:
        return {name: np.asarray(file[name][:], np.float64) for name in names}


@serial
def _write(url: str, draft: Path, said: dict[str, str]) -> None:
    with _opened(url) as file:
        write_packed(file, draft, _OURS, said)


@contextmanager
def _opened(url: str) -> Iterator[netCDF4.Dataset]:
    try:
        with netCDF4.Dataset(url) as file:
            yield file
    except (OSError, RuntimeError) as error:
        raise SourceError(f"an answer of DAP 2 can be decoded, and this one cannot: {error}") from None
