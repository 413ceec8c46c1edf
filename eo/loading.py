"""Files of a root brought onto this machine, where the root is in a bucket; where it is a folder, they are here."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from eo.bucket import SCHEME, Stored
from eo.errors import StoreError
from eo.store import TAKING, Store, explained

_AT_ONCE = 16
"""Objects that are taken side by side."""
_DOCUMENT = ".json"


def present(store: Store, paths: Iterable[Path]) -> set[Path]:
    """Give those of some files that are there. They are named by their content: one that is here needs no asking.

    Raises
    ------
    StoreError
        The bucket does not answer, or refuses.
    """
    paths = list(paths)
    here = {path for path in paths if path.exists()}
    if store.bucket is None or here == set(paths):
        return here
    folders = {store.key(path.parent) for path in paths if path not in here}
    there = {one.key for folder in folders for one in store.bucket.listed(folder)}
    return here | {path for path in paths if store.key(path) in there}


def load(store: Store, paths: Iterable[Path], *, place: Callable[[Path], Path] | None = None) -> list[Path]:
    """Give where some files are on this machine. They are named by their content, and those that are here are taken.

    Parameters
    ----------
    place : where on this machine a file goes; where it is in the root if that is not said

    Raises
    ------
    StoreError
        The bucket does not answer or refuses, or a file is not there, or its bytes are others.
    """
    wanted = list(paths)
    if store.bucket is None:
        return wanted
    here = {path: path if place is None else place(path) for path in wanted}
    lacking = [path for path, at in here.items() if not at.exists()]
    done = _take_all(store, {path: here[path] for path in lacking})
    if not all(done):
        gone = lacking[done.index(False)]
        raise StoreError(f"{store.url(gone)} must be there, and it is not; run again")
    return list(here.values())


def load_latest(store: Store, path: Path) -> Path:
    """Give a file that changes as it is now; the path of no file, where there is none.

    Raises
    ------
    StoreError
        See `load`.
    """
    if store.bucket is None:
        return path
    found = store.bucket.stored(store.key(path))
    if found is None:
        path.unlink(missing_ok=True)
    elif not _is(found, path):
        _take(store, path, path)
    return path


def load_documents(store: Store, folder: Path) -> None:
    """Bring all small documents below a folder here, as they are now: records, and what is known of granules.

    Raises
    ------
    StoreError
        See `load`.
    """
    if store.bucket is None:
        return
    before = set(folder.rglob(f"*{_DOCUMENT}"))  # first: one that comes meanwhile is in the listing, or not in this
    listed = [one for one in store.bucket.listed(store.key(folder)) if one.key.endswith(_DOCUMENT)]
    there = {store.root / one.key: one for one in listed}
    for path in before - there.keys():
        path.unlink(missing_ok=True)
    lacking = [path for path, one in there.items() if not _is(one, path)]
    _take_all(store, {path: path for path in lacking})


def load_folder(store: Store, folder: Path) -> None:
    """Bring all files of a folder that is named by its content here: a granule, and what stands beside it.

    Raises
    ------
    StoreError
        See `load`.
    """
    if store.bucket is not None:
        load(store, [store.root / one.key for one in store.bucket.listed(store.key(folder))])


def names(store: Store, folder: Path, ending: str) -> list[Path]:
    """Give the files of a folder whose names end so, in order: where they are, or would be, on this machine."""
    if store.bucket is None:
        return sorted(folder.glob(f"*{ending}"))
    found = [store.root / one.key for one in store.bucket.listed(store.key(folder))]
    return sorted(path for path in found if path.parent == folder and path.name.endswith(ending))


def load_result(address: str) -> Path:
    """Give a result, with the lineage beside it, that is named by its path or as ``s3://bucket/folder/results/run.nc``.

    Raises
    ------
    InputError, StoreError
        See `Store.of` and `load`.
    """
    folder, _, name = address.rpartition("/")
    if not folder.startswith(SCHEME):
        return Path(address)
    store = Store.of(folder)
    load_latest(store, (store.root / name).with_suffix(".json"))
    return load_latest(store, store.root / name)


def _is(found: Stored, path: Path) -> bool:
    """Tell whether a file is the object that was last taken: it got the size and the stamp of it."""
    try:
        here = path.stat()
    except OSError:
        return False
    return (here.st_size, here.st_mtime_ns) == (found.size, found.stamp)


def _take_all(store: Store, places: Mapping[Path, Path]) -> list[bool]:
    """Take objects side by side, each to its place, and tell of each in order whether it was there."""
    with ThreadPoolExecutor(_AT_ONCE, "take") as pool:
        return list(pool.map(lambda one: _take(store, *one), places.items()))


def _take(store: Store, path: Path, at: Path) -> bool:
    """Take one object whole or not at all."""
    draft = store.root / "tmp" / f"{uuid.uuid4().hex}{TAKING}"
    with explained(at):
        for folder in (draft.parent, at.parent):
            folder.mkdir(parents=True, exist_ok=True)
    if store.bucket is None or not store.bucket.take(store.key(path), draft):
        return False
    with explained(at):
        draft.replace(at)
    return True
