"""Taking archives apart: zip, tar, gzip, told by their first bytes; nothing of an archive is believed.

A member with an absolute path, with "..", that is a link or a device, or that grows beyond what is allowed, refuses
the whole archive (CWE-22, CWE-59, CWE-409).
"""

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from eo.errors import SourceError
from eo.sources import integrity

_PIECE = 1 << 20
_MEMBERS = 100_000
_TAR = slice(257, 262)
"""Where a tar file says ``ustar`` (POSIX.1-1988)."""


def unpacked(path: Path, into: Path, kinds: tuple[str, ...], largest: int) -> list[Path]:
    """Give the files of an archive, in its order; the file alone where it is of one of the kinds, or no archive.

    Parameters
    ----------
    path : a file
    into : the folder that members are written to, under their plain names
    kinds : kinds of file (see `eo.sources.integrity`) that are not taken apart
    largest : bytes that all members may have together

    Raises
    ------
    SourceError
        A member breaks a rule, or the archive is not whole.
    """
    kind = integrity.kind_of(path)
    if kind in kinds:
        return [path]
    out = _Out(path, into, largest)
    with _explained(path):
        if kind == "zip":
            return _zip(path, out)
        if _is_tar(path, packed=kind == "gzip"):
            return _tar(path, out)
        if kind == "gzip":
            with gzip.open(path) as stream:
                return [out.write(path.name.removesuffix(".gz"), cast("IO[bytes]", stream))]
    return [path]


class _Out:
    """The folder that members go to, and how many bytes are left."""

    def __init__(self, archive: Path, folder: Path, largest: int) -> None:
        self.archive, self.folder, self.largest, self.left = archive, folder, largest, largest
        folder.mkdir(parents=True, exist_ok=True)

    def refused(self, member: str, why: str) -> SourceError:
        return SourceError(f"{self.archive.name} must hold plain files alone; its member {member!r} {why}")

    def plain(self, member: str) -> str:
        """Give the plain name of a member."""
        parts = PurePosixPath(member.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in member or "\0" in member or not parts.name:
            raise self.refused(member, "leads out of the archive")
        return parts.name

    def write(self, name: str, stream: IO[bytes]) -> Path:
        target = self.folder / name
        if target.exists():
            raise self.refused(name, "stands twice")
        with target.open("wb") as file:
            while piece := stream.read(_PIECE):
                self.left -= len(piece)
                if self.left < 0:
                    raise self.refused(name, f"makes it larger than {self.largest} bytes")
                file.write(piece)
        return target


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    broken = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, lzma.LZMAError, zlib.error)
    try:
        yield
    except (*broken, EOFError, NotImplementedError, RuntimeError) as error:
        said = str(error) or type(error).__name__
        raise SourceError(f"{path.name} must be a whole archive, and it is not: {said}") from None


def _zip(path: Path, out: _Out) -> list[Path]:
    found: list[Path] = []
    with zipfile.ZipFile(path) as archive:
        members = [one for one in archive.infolist() if not one.is_dir()]
        if len(members) > _MEMBERS:
            raise out.refused(members[-1].filename, f"is one of more than {_MEMBERS}")
        for one in members:
            name = out.plain(one.orig_filename)
            if stat.S_IFMT(one.external_attr >> 16) not in {0, stat.S_IFREG}:
                raise out.refused(one.filename, "is a link or a device")
            with archive.open(one) as stream:
                found.append(out.write(name, stream))
    return found


def _is_tar(path: Path, *, packed: bool) -> bool:
    with gzip.open(path) if packed else path.open("rb") as stream:
        return bool(stream.read(512)[_TAR] == b"ustar")


def _tar(path: Path, out: _Out) -> list[Path]:
    found: list[Path] = []
    with tarfile.open(path) as archive:
        for number, one in enumerate(archive):
            name = out.plain(one.name)
            if number > _MEMBERS:
                raise out.refused(one.name, f"is one of more than {_MEMBERS}")
            if one.isdir():
                continue
            stream = archive.extractfile(one) if one.isreg() else None
            if stream is None:
                raise out.refused(one.name, "is a link or a device")
            found.append(out.write(name, stream))
    return found
