"""The root folder: where things are, and how a file gets there whole or not at all.

root/raw/<product>/      a record of each granule, and in a folder named by its content each one that was fetched
root/quarantine/<product>/  what is on its way, and what came and was refused, with its reason
root/missing/            what is known to be missing of each product, and why
root/parts/<product>/    canonical parts and their reductions, named by content, never changed
root/normals/            baseline normals, named by content, never changed
root/results/            deliverables: <run>.nc, <run>.png, <run>.json
root/alarms/             what of each run was last found worth a person's look
root/metrics/            what each run last did, in numbers, for Prometheus
root/tmp/                work in progress; what a killed run left is swept by the next one
"""

import errno
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from eo.errors import StoreError
from eo.model import Part

_SHORT = 16


@dataclass(frozen=True)
class Store:
    """Paths below one root folder."""

    root: Path

    def record(self, product: str, key: str) -> Path:
        """Give where the record of a granule is kept."""
        return self.root / "raw" / product / f"{key[:_SHORT]}.json"

    def raw(self, product: str) -> Path:
        """Give where the granules that were fetched are kept."""
        return self.root / "raw" / product

    def quarantine(self, product: str) -> Path:
        """Give where granules are until they are verified."""
        return self.root / "quarantine" / product

    def missing(self, product: str) -> Path:
        """Give where it is kept what is missing of a product."""
        return self.root / "missing" / f"{product}.json"

    def part(self, part: Part) -> Path:
        """Give where a canonical part is kept."""
        return self.root / "parts" / part.product / f"{part.period}-{part.digest[:_SHORT]}.nc"

    def reduction(self, part: Part, name: str, key: str) -> Path:
        """Give where a reduction of a part is kept."""
        return self.root / "parts" / part.product / name / f"{part.period}-{key[:_SHORT]}.nc"

    def normal(self, key: str) -> Path:
        """Give where a baseline normal is kept."""
        return self.root / "normals" / f"{key[:_SHORT]}.nc"

    def result(self, run: str, ending: str) -> Path:
        """Give where a deliverable of a run is kept."""
        return self.root / "results" / f"{run}.{ending}"

    def alarms(self, run: str) -> Path:
        """Give where the alarms of a run are kept."""
        return self.root / "alarms" / f"{run}.json"

    def metrics(self, run: str) -> Path:
        """Give where the metrics of a run are kept."""
        return self.root / "metrics" / f"{run}.prom"


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses into a message that says where and why."""
    try:
        yield
    except OSError as error:
        raise StoreError(_reason(path, error)) from error
    except RuntimeError as error:  # how netCDF4 reports that HDF5 could not write
        raise StoreError(_reason(path, error)) from error


def _reason(path: Path, error: Exception) -> str:
    if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} or _is_full(path):
        return f"{path} needs room, and the disk is full (or over its quota); nothing half-written was left"
    said = getattr(error, "strerror", None) or str(error)
    return f"{path} must be writable, and it is not: {said}"


def _is_full(path: Path) -> bool:
    """Look at the disk itself: the NetCDF library says "HDF error" or even "Permission denied" when it is full."""
    there = next((one for one in (path, *path.parents) if one.exists()), Path("/"))
    disk = shutil.disk_usage(there)
    return disk.total > 0 and disk.free < 1 << 16


@contextmanager
def opened(root: Path) -> Iterator[Path]:
    """Make a folder for work in progress below the root, gone at the end; sweep those of killed runs.

    Raises
    ------
    StoreError
        The root cannot be written.
    """
    key = uuid.uuid4().hex
    folder = root / "tmp" / key
    with explained(root):
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_suffix(".lock"))
        lock.acquire(timeout=10)
        folder.mkdir()
        _sweep(folder.parent, but=key)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".lock").unlink(missing_ok=True)
        lock.release()


def _sweep(tmp: Path, but: str) -> None:
    for path in tmp.glob("*.lock"):
        if path.stem == but:
            continue
        try:
            with FileLock(path, timeout=0):
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                path.unlink(missing_ok=True)
        except Timeout:
            continue


@contextmanager
def one_at_a_time(root: Path, run: str) -> Iterator[None]:
    """Wait until no other process works on this run; a process that dies frees it."""
    path = root / "locks" / f"{run}.lock"
    with explained(root):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


Write = Callable[[Path], None]
"""Writes a file to the path that it is given."""


def publish(path: Path, write: Write, work: Path) -> None:
    """Write one file elsewhere, flush it to the disk, and move it to its place in one step; see `publish_together`."""
    publish_together({path: write}, work)


def keep(path: Path, text: str, work: Path) -> None:
    """Write a small file that can be made again: whole or not at all, but without waiting for the disk."""
    draft = work / f"{uuid.uuid4().hex}{path.suffix}"
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)


def publish_once(path: Path, write: Write, work: Path) -> None:
    """Write a file that is named by what goes into it, and never changes: where another process was first, its stays.

    Both are as good, but not byte for byte the same, and the first one may be in use: a reader that knows where the
    chunks of one are stored must not find the other.
    """
    _publish({path: write}, work, _placed)


def publish_together(files: Mapping[Path, Write], work: Path) -> None:
    """Write files elsewhere, flush them to the disk, and only when all are whole move them to their places in order.

    Parameters
    ----------
    files : where each goes, and what writes it
    work : a folder on the same file system, from `opened`

    Raises
    ------
    StoreError
        The disk is full or refuses; what was in place before is left as it was.
    """
    _publish(files, work, Path.replace)


def _publish(files: Mapping[Path, Write], work: Path, place: Callable[[Path, Path], object]) -> None:
    drafts = {path: work / f"{uuid.uuid4().hex}{path.suffix}" for path in files}
    try:
        for path, write in files.items():
            with explained(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                write(drafts[path])
                flush(drafts[path])
        for path, draft in drafts.items():
            with explained(path):
                place(draft, path)
                flush(path.parent)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def _placed(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            draft.replace(path)


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
