"""Taking granules in: looked at, digested and recorded before a number of them is used."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from eo import readers, sources
from eo.canonical import LAT_LON, PROJECTED, canonical, spatial_dims
from eo.errors import InputError, StoreError
from eo.loading import load, load_documents, load_folder
from eo.model import Granule, Part, Product, Span
from eo.provenance import code_digest, digest, file_sha256
from eo.sources import integrity
from eo.steps import labels, part_of, steps_in
from eo.store import Store, keep

READING = ("canonical", "elementwise", "filenames", "grid", "projection", "steps", "units")
"""Modules of `eo` that decide the values of a part, beside the reader of its product and what readers share."""


@contextmanager
def opened(granule: Granule, product: Product) -> Iterator[xr.Dataset]:
    """Give a granule in canonical form, lazily, for as long as it is needed.

    Raises
    ------
    InputError
        The file is not what it was when it was taken in, or breaks a rule of its reader or of the canonical form.
    """
    unchanged(granule)
    with canonical_of(granule.path, product, known=True) as content:
        yield content


def unchanged(granule: Granule) -> None:
    """Refuse a file that changed since it was digested.

    Raises
    ------
    InputError
        Its size or its modification time is another.
    """
    try:
        now = _state(_files(granule.path, granule.beside))
    except OSError as error:
        raise InputError(f"{error.filename} must be readable: {error.strerror}") from None
    if now != (granule.size, granule.modified):
        raise InputError(f"{granule.path} must not change while it is used, and it did; run again")


def _files(path: Path, beside: tuple[str, ...]) -> list[Path]:
    return [path, *(path.parent / one for one in beside)]


def _sha256(files: list[Path]) -> str:
    """Give what names the bytes of a granule: the digest of its file, or that of the digests of its files."""
    found = [file_sha256(one) for one in files]
    return found[0] if len(found) == 1 else digest(found)


def _state(files: list[Path]) -> tuple[int, int]:
    """Give the bytes of files and the time that the last of them was modified, ns."""
    found = [one.stat() for one in files]
    return sum(one.st_size for one in found), max(one.st_mtime_ns for one in found)


@contextmanager
def canonical_of(path: Path, product: Product, *, known: bool = False) -> Iterator[xr.Dataset]:
    """Give a file in canonical form, lazily, for as long as it is needed.

    Parameters
    ----------
    known : it is a granule that was taken in

    Raises
    ------
    InputError
        The file is not whole or of another kind, or breaks a rule of its reader or of the canonical form.
    """
    integrity.check(path, readers.kinds(product.reader), known=known)
    with ExitStack() as stack:
        try:
            published = stack.enter_context(readers.load(product.reader).read(path, product))
            content = canonical(published, product.variables, step=product.step, stamp=product.stamp, where=f"{path}: ")
        except InputError as error:
            said = str(error).removeprefix(f"{path}: ")  # what is wrong with a value names its file itself
            raise InputError(f"{path}: {said}") from None
        yield content


def take_in(name: str, product: Product, store: Store, work: Path) -> list[Granule]:
    """Give every granule that the product's source has, each one digested; only new or changed files are read.

    Parameters
    ----------
    name : the product's name
    store, work : where records are kept; a folder of `eo.store.opened`

    Raises
    ------
    InputError
        A file is empty, truncated, no NetCDF, or breaks a rule of its reader.
    """
    load_documents(store, store.raw(name))
    return [_one(name, product, found, store, work) for found in sources.find(product, store.raw(name))]


def _one(name: str, product: Product, found: sources.Found, store: Store, work: Path) -> Granule:
    key = store.key(found.path)
    record = store.record(name, digest([key or str(found.path), found.origin, product.reading(), _code(product)]))
    known = _recorded(record, found.path, away=bool(key) and store.bucket is not None)
    if known:
        return known
    if key:
        load_folder(store, found.path.parent)
    files, before = _files(found.path, ()), _state([found.path])
    with canonical_of(found.path, product) as content:
        times = tuple(labels(content["time"].values, product.step))
        grid, cells = grid_name(content), content["area"].size
        version = str(content.attrs.get("product_version", ""))
        beside = readers.beside(product.reader, found.path, product)
    if beside:
        files = _files(found.path, beside)
        before = _state(files)
    granule = Granule(
        product=name,
        path=found.path,
        origin=found.origin,
        sha256=_sha256(files),
        size=before[0],
        modified=before[1],
        retrieved=datetime.now(UTC).isoformat(timespec="seconds"),
        times=times,
        grid=grid,
        cells=cells,
        version=version,
        beside=beside,
        key=key,
    )
    unchanged(granule)
    text = json.dumps(asdict(granule) | {"path": str(granule.path)}, indent=1)
    keep(store, record, text + "\n", work)
    return granule


def load_granules(wanted: Iterable[Granule], store: Store, work: Path) -> list[Granule]:
    """Give granules with their files on this machine, where the root is in a bucket: the very bytes that were taken in.

    Parameters
    ----------
    store, work : where they are kept; the folder that they are brought to, where they are not here

    Raises
    ------
    StoreError
        A file is not there, or is another one.
    """
    wanted = list(wanted)
    if store.bucket is None:
        return wanted
    places = {path: at for one in wanted if one.key for path, at in _places(one, store, work).items()}
    load(store, places, place=places.__getitem__)
    return [_here(one, store, places) if one.key else one for one in wanted]


def _places(one: Granule, store: Store, work: Path) -> dict[Path, Path]:
    """Give where on this machine each file of a granule goes: all of them side by side."""
    first = store.root / one.key
    files = _files(first, one.beside)
    folder = first.parent if all(path.exists() for path in files) else work / first.parent.name
    return {path: folder / path.relative_to(first.parent) for path in files}


def _here(one: Granule, store: Store, places: dict[Path, Path]) -> Granule:
    first = store.root / one.key
    files = [places[path] for path in _files(first, one.beside)]
    found = _sha256(files)
    if found != one.sha256:
        raise StoreError(f"{store.url(first)} must be the file that was taken in, {one.sha256}, and it is {found}")
    size, modified = _state(files)
    return replace(one, path=files[0], size=size, modified=modified)


def _code(product: Product) -> str:
    return code_digest(*READING, *readers.modules(product.reader))


def grid_name(content: xr.Dataset) -> str:
    """Give the size of a canonical grid and the digest of its cells."""
    names = ("lat_bounds", "lon_bounds") if spatial_dims(content) == LAT_LON else PROJECTED
    where = [content[name].values.tolist() for name in names] + [str(content["crs"].attrs) if "crs" in content else ""]
    rows, columns = (content.sizes[dim] for dim in spatial_dims(content))
    return f"{rows} x {columns} ({digest(where)[:8]})"


def _recorded(record: Path, path: Path, *, away: bool) -> Granule | None:
    """Give the granule of a record, if the record is whole and the file still the one that was recorded.

    A file that is kept in a bucket is named by its content, which is looked at when it is loaded.
    """
    try:
        found: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
        exact = {"path": path, "times": tuple(found["times"]), "beside": tuple(found["beside"])}
        granule = Granule(**found | exact)
        now = (granule.size, granule.modified) if away else _state(_files(path, granule.beside))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return granule if now == (granule.size, granule.modified) else None


def parts(
    name: str,
    product: Product,
    granules: Iterable[Granule],
    period: Span,
    what: str = "period",
    *,
    around: Span | None = None,
) -> list[Part]:
    """Give the parts that cover a period: a year of months, or a month of days, each named by what goes into it.

    Those of the months `around` it come with them, as far as there are granules.

    Raises
    ------
    InputError
        Two granules have the same time step or different grids, or nothing lies in the period.
    """
    owners: dict[str, Granule] = {}
    by_unit: dict[str, dict[str, Granule]] = defaultdict(dict)
    granules = sorted(granules, key=lambda one: (one.times, one.sha256))
    for granule in granules:
        for time in granule.times:
            if time in owners:
                both = [str(owners[time].path), str(granule.path)]
                raise InputError(f"each time step is in one granule; {time} of {name!r} is in {both}")
            owners[time] = granule
            by_unit[part_of(time)][granule.sha256] = granule
    _one_grid(name, granules)
    wanted = {part_of(step) for step in steps_in(around or period, product.step)}
    found = [_part(name, product, one, by_unit[one]) for one in sorted(wanted & by_unit.keys())]
    if not any(period.start <= np.datetime64(time, "M") < period.end for time in owners):
        have = f"{min(owners)} to {max(owners)}" if owners else "nothing"
        raise InputError(f"the {what} of a run lies in the data, and {period} does not; product {name!r} has {have}")
    return found


def check_versions(name: str, parts_: Iterable[Part]) -> None:
    """Refuse a series made of several product versions.

    Raises
    ------
    InputError
        The granules state more than one version.
    """
    found: dict[str, str] = {}
    for part in parts_:
        for one in part.granules:
            found.setdefault(one.version, one.times[0])
    if len(found) > 1:
        raise InputError(
            f"a series is of one product version unless its run says splice: allowed; "
            f"{name!r} has {found} (version: from)"
        )


def _one_grid(name: str, granules: list[Granule]) -> None:
    grids = {one.grid: one for one in reversed(granules)}
    if len(grids) > 1:
        found = {str(one.path): grid for grid, one in grids.items()}
        raise InputError(f"all granules of a product lie on one grid, and those of {name!r} do not: {found}")


def _part(name: str, product: Product, period: str, granules: dict[str, Granule]) -> Part:
    ordered = tuple(granules.values())
    named = {
        "granules": [one.sha256 for one in ordered],
        "product": [name, product.reading()],
        "period": period,
        "code": _code(product),
    }
    return Part(name, period, digest(named), ordered)
