"""Where a granule is until it is verified: root/quarantine/<product>/<name>.<n>/, moved to raw/ in one step.

A folder is all that there is of a granule on its way: its files with what the connector needs to go on with them, and
``remote.json``, what the service offered. One that was refused has its reason beside it, ``<name>.<n>.reason.json``,
and is not touched again. Where a file ended the process that read it, ``read`` is left, and the next one lets another
process read it. The folder ``kept`` in it is moved to raw/ when everything in it is on the disk, so that a
process that is killed at any moment leaves nothing half-written there.
"""

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from eo.errors import SourceError
from eo.provenance import file_sha256
from eo.sources import Kept, Remote
from eo.sources._kept import ENDING
from eo.store import Store, explained, flush, keep

_REASON = ".reason.json"
_OFFERED, _READ = "remote.json", "read"
_ENTRY = re.compile(rf"(?P<name>.+)\.\d+({re.escape(_REASON)})?", re.DOTALL)
_PLAIN = re.compile(r"(?!\.)[^/\\\0]{1,200}")
_FLUSHERS = 8


@dataclass(frozen=True)
class Draft:
    """A granule on its way."""

    folder: Path
    remote: Remote
    earlier: tuple[Path, ...] = ()
    """What there was of it before: folders and reasons."""
    is_suspect: bool = False
    """A process that read it did not live to say what it found."""

    @property
    def path(self) -> Path:
        """Where its bytes are put."""
        return self.folder / self.remote.name

    @property
    def kept(self) -> Path:
        """Where what is to be kept of it is put together."""
        return self.folder / "kept"

    def suspect(self) -> None:
        """Say that it is read in this process from now on, for the next one if this one ends by it."""
        (self.folder / _READ).touch()

    def beside(self, remote: Remote) -> Path:
        """Give where the bytes of another file of the granule are put."""
        return self.folder / _plain(remote.name)


def _plain(name: str) -> str:
    if not _PLAIN.fullmatch(name) or name in {_OFFERED, _READ, "kept", "members"}:
        raise SourceError(f"a service names its files plainly, and it names one {name!r}")
    return name


def held(store: Store, product: str) -> dict[str, tuple[Path, ...]]:
    """Give what is in quarantine of each granule, by its name: folders, and reasons."""
    place, found = store.quarantine(product), defaultdict(list)
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        if match := _ENTRY.fullmatch(path.name):
            found[match["name"]].append(path)
    return {name: tuple(paths) for name, paths in found.items()}


def open_draft(store: Store, product: str, remote: Remote, earlier: tuple[Path, ...]) -> Draft:
    """Give the folder of a granule: one that an earlier fetch of the same file began, or a new one.

    Parameters
    ----------
    earlier : what is `held` of it

    Raises
    ------
    SourceError
        The name of the file is not plain.
    StoreError
        The disk refuses.
    """
    place, name = store.quarantine(product), _plain(remote.name)
    offered = json.dumps(asdict(remote), indent=1) + "\n"
    with explained(place):
        place.mkdir(parents=True, exist_ok=True)
        for folder in begun(earlier):
            if _text(folder / _OFFERED) == offered:
                shutil.rmtree(folder / "kept", ignore_errors=True)
                return Draft(folder, remote, earlier, (folder / _READ).exists())
            shutil.rmtree(folder, ignore_errors=True)
        numbers = [int(one.name.removesuffix(_REASON).rpartition(".")[2]) for one in earlier]
        folder = place / f"{name}.{max(numbers, default=0) + 1}"
        folder.mkdir()
        (folder / _OFFERED).write_text(offered, encoding="utf-8")
    return Draft(folder, remote, earlier)


def begun(held_: Iterable[Path]) -> list[Path]:
    """Give the folders of a granule that no reason stands beside."""
    return [one for one in held_ if one.is_dir() and not _reason_of(one).exists()]


def _reason_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _REASON)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def refuse(store: Store, draft: Draft, why: str, work: Path) -> None:
    """Leave a granule where it is, with its reason; one with the same bytes as an earlier one is not left twice."""
    sha256 = file_sha256(draft.path) if draft.path.exists() else ""
    for path in draft.earlier:
        if sha256 and path.name.endswith(_REASON) and f'"sha256": "{sha256}"' in _text(path):
            shutil.rmtree(draft.folder, ignore_errors=True)
            return
    said = {
        "name": draft.remote.name,
        "origin": draft.remote.url,
        "reason": why,
        "refused": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": sha256,
        "size": draft.path.stat().st_size if sha256 else 0,
    }
    keep(store, _reason_of(draft.folder), json.dumps(said, indent=1) + "\n", work)


def reasons(store: Store, product: str) -> Iterator[tuple[str, str]]:
    """Give the name of each granule in quarantine and why it was refused; an empty reason for one on its way."""
    place = store.quarantine(product)
    if not place.is_dir():
        return
    for path in sorted(place.iterdir()):
        if path.name.endswith(_REASON):
            said = json.loads(path.read_text(encoding="utf-8"))
            yield said["name"], said["reason"]
        elif path.is_dir() and not _reason_of(path).exists():
            yield path.name.rpartition(".")[0], ""


def put(draft: Draft, found: Iterable[Kept], number: int = 0) -> list[Path]:
    """Put together what is to be kept of a granule: its files, and beside the first one where it is from."""
    folders: list[Path] = []
    for one in found:
        folder = draft.kept / f"{number + len(folders)}"
        folder.mkdir(parents=True)
        for name in (one.name, *one.beside):
            (one.path.parent / name).rename(folder / name)
        (folder / f"{one.name}{ENDING}").write_text(one.document(), encoding="utf-8")
        folders.append(folder)
    return folders


def move_to_raw(store: Store, product: str, done: list[tuple[Draft, list[Kept]]]) -> None:
    """Move verified granules to raw/, when all of them are on the disk: the wait for it is shared.

    Raises
    ------
    StoreError
        The disk is full or refuses.
    """
    raw = store.raw(product)
    with explained(raw):
        raw.mkdir(parents=True, exist_ok=True)
        moves = [
            (folder, raw / one.sha256[:16])
            for draft, found in done
            for folder, one in zip(put(draft, found), found, strict=True)
        ]
        with ThreadPoolExecutor(_FLUSHERS) as pool:
            list(pool.map(_flush_all, [folder for folder, _ in moves]))
            list(pool.map(lambda one: _put(store, *one), moves))
        for folder, place in moves:
            _move(folder, place)
        flush(raw)
        for draft, _ in done:
            shutil.rmtree(draft.folder)


def _flush_all(folder: Path) -> None:
    for path in folder.iterdir():
        flush(path)
    flush(folder)


def _put(store: Store, folder: Path, place: Path) -> None:
    """Put a granule into the bucket, if the root is in one: what says where it is from comes last."""
    if store.bucket is not None:
        for path in sorted(folder.iterdir(), key=lambda one: one.name.endswith(ENDING)):
            store.bucket.put(store.key(place / path.name), path)


def _move(folder: Path, place: Path) -> None:
    """Move a folder to its place; where the same bytes are kept already, keep what their service says of them now."""
    if place.is_dir():
        (beside,) = folder.glob(f"*{ENDING}")
        beside.replace(place / beside.name)
    else:
        folder.rename(place)


def sweep(store: Store, product: str, kept: Iterable[str]) -> None:
    """Remove the folders of granules that are kept: of a process that was killed after it had moved them."""
    there = held(store, product)
    for name in there.keys() & set(kept):
        for folder in begun(there[name]):
            shutil.rmtree(folder, ignore_errors=True)
