"""The root folder: where things are, and how a file gets there whole or not at all.

A root may be a folder of a bucket (s3://...). Then a folder of this machine, the scratch, is where files are written
and read: what is written is put into the bucket before it takes its place, and what is read is taken from there. The
bucket alone says what there is; the scratch can be removed at any time.

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
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from eo import lease
from eo.bucket import SCHEME, Bucket
from eo.errors import StoreError
from eo.model import Part

_SHORT = 16
TAKING = ".taking"
"""How the name of a file ends that is on its way from a bucket."""
_DAY = 86400
SCRATCH = "EO_SCRATCH"
"""The environment variable that names the folder for what a root in a bucket needs of this machine's disk."""


def _scratch() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get(SCRATCH) or Path(cache) / "eo")


@dataclass(frozen=True)
class Store:
    """Paths below one root folder, on this machine; with a bucket, of what is in it."""

    root: Path
    bucket: Bucket | None = None

    @classmethod
    def of(cls, root: str | Path) -> "Store":
        """Give the store of a root: a folder, or ``s3://bucket/folder``.

        Raises
        ------
        InputError
            An address of another form, or the client is not installed.
        """
        if not str(root).startswith(SCHEME):
            return cls(Path(root))
        bucket = Bucket.of(str(root))
        return cls(_scratch() / bucket.name / bucket.prefix, bucket)

    def key(self, path: Path) -> str:
        """Give the name of a file relative to the root; empty for one that lies elsewhere."""
        inside, root = path.resolve(), self.root.resolve()
        return inside.relative_to(root).as_posix() if inside.is_relative_to(root) else ""

    @property
    def address(self) -> str:
        """The root as another process on this machine takes it, wherever that one stands."""
        return str(self.root.absolute()) if self.bucket is None else self.bucket.url()

    def url(self, path: Path) -> str:
        """Give the address of a file of the root, for a person."""
        return str(path) if self.bucket is None else self.bucket.url(self.key(path))

    def place(self, path: Path, work: Path) -> Path:
        """Give where a large file of the root is worked on: where it is, or in the work folder if that is a bucket."""
        return path if self.bucket is None else work / path.name

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
    for path in tmp.glob(f"*{TAKING}"):
        if time.time() - path.stat().st_mtime > _DAY:
            path.unlink(missing_ok=True)


@contextmanager
def one_at_a_time(store: Store, run: str) -> Iterator[None]:
    """Wait until no other process works on this run; a process that dies frees it.

    Raises
    ------
    StoreError
        The root cannot be written.
    """
    path = store.root / "locks" / f"{run}.lock"
    with ExitStack() as stack:
        with explained(store.root):
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(path))
        if store.bucket is not None:
            stack.enter_context(lease.held(store.bucket, store.key(path)))
        yield


Write = Callable[[Path], None]
"""Writes a file to the path that it is given."""


def write_whole(path: Path, write: Write, work: Path) -> None:
    """Write one file of no root elsewhere, flush it to the disk, and move it to its place in one step.

    Raises
    ------
    StoreError
        The disk is full or refuses; what was in place before is left as it was.
    """
    _publish(Store(path.parent), {path: write}, work, Path.replace)


def keep(store: Store, path: Path, text: str, work: Path) -> None:
    """Write a small file that can be made again: whole or not at all, but without waiting for the disk."""
    draft = work / f"{uuid.uuid4().hex}{path.suffix}"
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        _put(store, path, draft)
        draft.replace(path)


def publish_once(store: Store, path: Path, write: Write, work: Path, *, large: bool = False) -> Path:
    """Write a file that is named by what goes into it, and never changes; give where it is on this machine.

    Where another process was first, its stays. Both are as good, but not byte for byte the same, and the first one may
    be in use: a reader that knows where the chunks of one are stored must not find the other.

    Parameters
    ----------
    large : see `Store.place`

    Raises
    ------
    StoreError
        The disk is full or refuses, or the bucket does.
    """
    at = store.place(path, work) if large else path
    _publish(store, {path: write}, work, lambda draft, _: _placed(draft, at))
    return at


def publish_together(store: Store, files: Mapping[Path, Write], work: Path, run: str) -> None:
    """Write files elsewhere, flush them to the disk, and only when all are whole move them to their places in order.

    Parameters
    ----------
    files : where each goes, and what writes it
    work : a folder on the same file system, from `opened`
    run : whose files they are; in a bucket, its lock must still be that of this process

    Raises
    ------
    StoreError
        The disk is full or refuses, or the bucket does; what was in place before is left as it was.
    """
    _publish(store, files, work, Path.replace, run)


def _publish(
    store: Store, files: Mapping[Path, Write], work: Path, place: Callable[[Path, Path], object], run: str = ""
) -> None:
    drafts = {path: work / f"{uuid.uuid4().hex}{path.suffix}" for path in files}
    try:
        for path, write in files.items():
            with explained(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                write(drafts[path])
                flush(drafts[path])
        if store.bucket is not None and run:
            lease.check(store.bucket, f"locks/{run}.lock")
        for path, draft in drafts.items():
            with explained(path):
                _put(store, path, draft)
                place(draft, path)
                flush(path.parent)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def _put(store: Store, path: Path, draft: Path) -> None:
    """Put a file into the bucket before it takes its place: so the scratch never has what the bucket has not."""
    if store.bucket is not None:
        store.bucket.put(store.key(path), draft)


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
