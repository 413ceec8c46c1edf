"""Archives: what is taken apart, and what is refused."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from eo.archives import unpacked
from eo.errors import SourceError

CONTENT = b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 40
LARGEST = 1 << 20


def _zip(path: Path, name: str, content: bytes = CONTENT, mode: int = 0) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("placeholder")
        entry.filename = name
        entry.external_attr = mode << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, content)


def _tar(path: Path, name: str, content: bytes = CONTENT, *, kind: bytes = tarfile.REGTYPE, mode: str = "w:gz") -> None:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc/passwd" if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
        member.size = len(content) if kind == tarfile.REGTYPE else 0
        archive.addfile(member, io.BytesIO(content))


GOOD: dict[str, Callable[[Path], object]] = {
    "zip": lambda path: _zip(path, "folder/file.nc"),
    "tar.gz": lambda path: _tar(path, "./folder/file.nc"),
    "tar": lambda path: _tar(path, "file.nc", mode="w"),
}
BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "zip with an absolute path": (lambda path: _zip(path, "/tmp/file.nc"), "leads out"),  # noqa: S108 - never written
    "zip with ..": (lambda path: _zip(path, "a/../../file.nc"), "leads out"),
    "zip with backslashes": (lambda path: _zip(path, "..\\file.nc"), "leads out"),
    "zip with a drive": (lambda path: _zip(path, "C:file.nc"), "leads out"),
    "zip with a link": (lambda path: _zip(path, "file.nc", b"/etc/passwd", 0o120777), "link"),
    "zip that grows": (lambda path: _zip(path, "file.nc", bytes(LARGEST + 1)), "larger than"),
    "tar with an absolute path": (lambda path: _tar(path, "/file.nc"), "leads out"),
    "tar with ..": (lambda path: _tar(path, "../file.nc"), "leads out"),
    "tar with a symbolic link": (lambda path: _tar(path, "file.nc", kind=tarfile.SYMTYPE), "link"),
    "tar with a hard link": (lambda path: _tar(path, "file.nc", kind=tarfile.LNKTYPE), "link"),
    "tar with a device": (lambda path: _tar(path, "file.nc", kind=tarfile.CHRTYPE), "device"),
    "tar that grows": (lambda path: _tar(path, "file.nc", bytes(LARGEST + 1)), "larger than"),
    "gzip that grows": (lambda path: path.write_bytes(gzip.compress(bytes(LARGEST + 1))), "larger than"),
}


@pytest.mark.parametrize("name", GOOD)
def test_members_are_written_under_their_plain_names(tmp_path: Path, name: str) -> None:
    GOOD[name](tmp_path / "archive")
    (found,) = unpacked(tmp_path / "archive", tmp_path / "out", ("HDF5",), LARGEST)
    assert found == tmp_path / "out" / "file.nc"
    assert found.read_bytes() == CONTENT


def test_a_gzip_file_gives_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "file.nc.gz").write_bytes(gzip.compress(CONTENT))
    (found,) = unpacked(tmp_path / "file.nc.gz", tmp_path / "out", ("HDF5",), LARGEST)
    assert (found.name, found.read_bytes()) == ("file.nc", CONTENT)


@pytest.mark.parametrize(("content", "kinds"), [(CONTENT, ("HDF5",)), (gzip.compress(CONTENT), ("gzip",))])
def test_what_the_reader_takes_is_not_taken_apart(tmp_path: Path, content: bytes, kinds: tuple[str, ...]) -> None:
    (tmp_path / "file").write_bytes(content)
    assert unpacked(tmp_path / "file", tmp_path / "out", kinds, LARGEST) == [tmp_path / "file"]


@pytest.mark.parametrize("name", BAD)
def test_a_member_that_is_no_plain_file_inside_refuses_the_archive(tmp_path: Path, name: str) -> None:
    make, word = BAD[name]
    (tmp_path / "in").mkdir()
    make(tmp_path / "in" / "archive")
    with pytest.raises(SourceError, match=word):
        unpacked(tmp_path / "in" / "archive", tmp_path / "in" / "out", ("HDF5",), LARGEST)
    assert {path.name for path in tmp_path.rglob("*")} <= {"in", "archive", "out", "file.nc"}


@pytest.mark.parametrize("name", ["zip", "tar.gz"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_an_archive_that_is_cut_is_refused(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / "archive"
    GOOD[name](path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(SourceError, match="whole archive"):
        unpacked(path, tmp_path / "out", ("HDF5",), LARGEST)


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "archive", "w") as archive:
        for folder in "ab":
            archive.writestr(f"{folder}/file.nc", CONTENT)
    with pytest.raises(SourceError, match="twice"):
        unpacked(tmp_path / "archive", tmp_path / "out", ("HDF5",), LARGEST)
