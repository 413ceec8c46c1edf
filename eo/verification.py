"""Is a file that came what was asked for? Looked at to its last chunk before it is kept."""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import numpy.typing as npt

from eo import readers
from eo.archives import unpacked
from eo.errors import EoError, InputError, SourceError
from eo.filenames import date_in, groups, step_in
from eo.granules import canonical_of
from eo.identify import from_content
from eo.model import Product
from eo.netcdf import serial
from eo.provenance import digest, file_sha256
from eo.quarantine import Draft
from eo.sources import Kept, Remote
from eo.sources._kept import Stated
from eo.steps import labels

_FEW_CELLS = 1 << 18
_NOTHING = np.empty(0, np.int8)


@dataclass(frozen=True)
class Verified:
    """A file that is what was asked for."""

    path: Path
    beside: tuple[str, ...]
    times: tuple[str, ...]
    version: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Arrival:
    """A file that came, in its draft."""

    draft: Draft
    sent: Remote
    """As the service described it while it sent it."""


@dataclass(frozen=True)
class Examination:
    """What a file that came must be: a function that can be taken to another process."""

    product: Product
    asked: frozenset[str]
    """The time steps that were asked for."""
    largest: int
    """Bytes that a file has at most."""
    request: str
    """What was asked of the service, see `eo.sources.asked`."""

    def prepare(self) -> None:
        """Load what a file is read with; in a process of its own, one thread reads."""
        dask.config.set(scheduler="synchronous")
        readers.load(self.product.reader)

    def __call__(self, arrival: Arrival) -> list[Kept]:
        """Give the granules of a file: itself, or the members of an archive that the product has.

        Raises
        ------
        SourceError
            Says the rule that it breaks.
        """
        draft = arrival.draft
        try:
            for one in (draft.remote, *draft.remote.beside):
                check_bytes(draft.beside(one), one)
            kinds = readers.kinds(self.product.reader)
            files = unpacked(draft.path, draft.folder / "members", kinds, self.largest)
        except InputError as error:
            raise SourceError(str(error).replace(f"{draft.folder}/", "")) from None
        chosen = [path for path in files if is_member(path.name, self.product)] if files != [draft.path] else files
        if not chosen:
            raise SourceError(
                f"{draft.remote.name} must hold a file named {self.product.filename}; "
                f"it holds {sorted(path.name for path in files)}"
            )
        return [self._kept(path, arrival) for path in chosen]

    def _kept(self, path: Path, arrival: Arrival) -> Kept:
        remote = arrival.draft.remote
        found = verified(path, self.product, remote, self.asked)
        return Kept(
            name=path.name,
            remote=remote.name,
            origin=remote.url if path == arrival.draft.path else f"{remote.url}#{path.name}",
            offered=Stated.of(remote),
            sent=Stated.of(arrival.sent),
            retrieved=datetime.now(UTC).isoformat(timespec="milliseconds"),
            sha256=found.sha256,
            size=found.size,
            times=found.times,
            version=found.version,
            licence=self.product.licence,
            request=self.request,
            beside=found.beside,
            path=path,
        )


def check_bytes(path: Path, remote: Remote) -> None:
    """Refuse a file that has not the size or the checksum that the service states.

    Raises
    ------
    SourceError
        Says both.
    """
    size = path.stat().st_size
    if remote.size is not None and size != remote.size:
        raise SourceError(f"{remote.name} must have the {remote.size} bytes that its service states; it has {size}")
    kind, _, stated = remote.checksum.partition(":")
    if stated and kind in hashlib.algorithms_available:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, kind).hexdigest()
        if found != stated.lower():
            raise SourceError(
                f"{remote.name} must have the checksum that its service states, {kind} {stated}; it has {found}"
            )


def is_member(name: str, product: Product) -> bool:
    """Tell whether a member of an archive is a granule of a product by its name."""
    return product.filename is None or groups(name, product) is not None


def verified(path: Path, product: Product, remote: Remote, asked: Collection[str]) -> Verified:
    """Give a file of a product, read to its end: of the product, the date and the version that were asked for.

    Parameters
    ----------
    asked : the time steps that were asked for

    Raises
    ------
    SourceError
        Says the rule that the file breaks.
    """
    if not is_member(path.name, product):
        raise SourceError(f"a file of this product is named {product.filename}; this one is named {path.name!r}")
    try:
        times, stated, beside = _read(path, product)
    except EoError as error:
        raise SourceError(str(error).replace(f"{path.parent}/", "")) from None
    except Exception as error:  # noqa: BLE001 - whatever a broken file makes a library raise, it is refused
        raise SourceError(f"{path.name} must be readable to its end, and it is not: {error}") from None
    said = groups(path.name, product) or {}
    _check_dates(path.name, times, date_in(said), (step_in(path.name, product), remote.time), asked)
    version = said.get("version", "")
    if remote.version and version and remote.version != version:
        raise SourceError(f"{path.name} must be of version {remote.version}, and its name says {version}")
    files = [path, *(path.parent / one for one in beside)]
    digests = [file_sha256(one) for one in files]
    return Verified(
        path=path,
        beside=beside,
        times=times,
        version=stated or version,
        sha256=digests[0] if len(digests) == 1 else digest(digests),
        size=sum(one.stat().st_size for one in files),
    )


@serial
def _read(path: Path, product: Product) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Give the time steps, the version and the other files of a granule, after every chunk was decoded."""
    with readers.at_once(), canonical_of(path, product) as content, _small(content["area"].size):
        _decode([one.data for one in content.data_vars.values()])
        times = tuple(labels(content["time"].values, product.step))
        version = str(content.attrs.get("product_version", ""))
        beside = readers.beside(product.reader, path, product)
    if product.marks and not from_content(path, {"it": product}):
        raise SourceError(f"{path.name} must carry the marks of its product, and it does not: {product.marks}")
    return times, version, beside


def _decode(fields: Iterable[Any]) -> None:
    """Compute every block of fields, those that share a chunk with it once, and let go of it."""
    lazy = [one for one in fields if isinstance(one, da.Array)]
    dask.base.compute(
        *[
            da.map_blocks(
                _nothing, one, dtype=np.int8, chunks=tuple((1,) * count for count in one.numblocks), meta=_NOTHING
            )  # type: ignore[no-untyped-call]
            for one in lazy
        ]
    )


def _nothing(block: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
    """Give one value in the place of a block: that it could be computed is all that is asked."""
    return np.zeros((1,) * block.ndim, np.int8)


@contextmanager
def _small(cells: int) -> Iterator[None]:
    """Let fields of few cells be decoded in this thread: handing them to others takes longer than that."""
    with dask.config.set(scheduler="synchronous") if cells < _FEW_CELLS else nullcontext():
        yield


def _check_dates(name: str, times: tuple[str, ...], date: str, steps: tuple[str, str], asked: Collection[str]) -> None:
    for step in filter(None, steps):
        if times[0] != step:
            raise SourceError(f"{name} must be of {step}, and its content is of {times[0]}")
    if date and not steps[0] and not times[0].startswith(re.sub("T.*", "", date)):
        raise SourceError(f"{name} must be of {date}, and its content is of {times[0]}")
    if not set(times) & set(asked):
        raise SourceError(
            f"{name} must have a time that was asked for, {min(asked)} to {max(asked)}; it has {times[0]}"
        )
