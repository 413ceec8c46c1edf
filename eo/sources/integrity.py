"""Is a file what its name says, whole? Looked at before a byte of it is believed."""

from pathlib import Path

from eo.errors import InputError
from eo.sources import _tiff
from eo.sources._heaps import check_heaps

NETCDF = ("HDF5", "classic NetCDF")
_CLASSIC = {b"CDF\x01": 4, b"CDF\x02": 8, b"CDF\x05": 8}
_KINDS: dict[bytes, str] = {
    b"\x89HDF\r\n\x1a\n": "HDF5",
    **dict.fromkeys(_CLASSIC, "classic NetCDF"),
    b"\x1f\x8b": "gzip",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",
    b"MM\x00+": "TIFF",
    b"PK\x03\x04": "zip",
    b"{": "JSON",
    b"[": "JSON",
    b"<": "HTML or XML",
}

_ARCHIVES = ("gzip", "zip")


def kind_of(path: Path) -> str:
    """Give the kind of a file by its first bytes: HDF5, classic NetCDF, gzip, TIFF, zip, JSON, HTML or XML, or other.

    Raises
    ------
    InputError
        Unreadable or empty.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        raise InputError(f"{path} must be readable: {error.strerror}") from None
    if not head:
        raise InputError(f"{path} must have content, and it is empty")
    plain = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((kind for magic, kind in _KINDS.items() if head.startswith(magic) or plain.startswith(magic)), "other")


def check_kind(path: Path, kinds: tuple[str, ...]) -> str:
    """Give the kind of a file, whatever its name: an answer of a data store may be an archive that is named .nc.

    Raises
    ------
    InputError
        Unreadable, empty, or of another kind.
    """
    kind = kind_of(path)
    if kind not in kinds:
        inside = ": an archive, whose members are the files to read" if kind in _ARCHIVES else ""
        raise InputError(f"{path} must be a file of kind {' or '.join(kinds)}, and it is of kind {kind}{inside}")
    return kind


def check(path: Path, kinds: tuple[str, ...] = NETCDF, *, known: bool = False) -> None:
    """Refuse a file that is not a whole file of one of these kinds.

    Parameters
    ----------
    known : its bytes are those of a file that passed before; then it is not read through

    Raises
    ------
    InputError
        Unreadable, empty, of another kind (an HTML page saved as .nc), or shorter than its header says.
    """
    kind = check_kind(path, kinds)
    length = {"HDF5": _hdf5_length, "classic NetCDF": _classic_length, "TIFF": _tiff.length}.get(kind)
    if length is not None:
        _check_length(path, path.stat().st_size, length(path))
    if kind == "HDF5" and not known:
        check_heaps(path)


def _check_length(path: Path, size: int, needed: int) -> None:
    """Refuse a truncated file: of a classic one the library reads what is missing at the end as zeros."""
    if size < needed:
        raise InputError(f"{path} must be whole: its header asks for {needed} bytes, and it has {size}")


_SUPERBLOCKS = {0: (13, 24, 40), 1: (13, 28, 44), 2: (9, 12, 28), 3: (9, 12, 28)}
"""Of each version, where the size of an address, the base address and the end of the file stand (HDF5 format, II.A)."""


def _hdf5_length(path: Path) -> int:
    """Give where an HDF5 file ends by its superblock; 0 where that is not of a form that is known here."""
    with path.open("rb") as stream:
        head = stream.read(64)
    width, base, end = _SUPERBLOCKS.get(int.from_bytes(head[8:9]), (0, 0, 0))
    if head[width : width + 1] != b"\x08" or any(head[base : base + 8]):
        return 0
    return int.from_bytes(head[end : end + 8], "little")


class _Header:
    """The header of a classic NetCDF file, read in order (NetCDF classic format specification)."""

    SIZES = (0, 1, 1, 2, 4, 4, 8, 1, 2, 4, 8, 8)

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 4
        self.wide = content[3] == 5  # noqa: PLR2004 - CDF-5 has 64-bit counts
        self.offset_bytes = _CLASSIC[content[:4]]

    def number(self, width: int) -> int:
        if self.at + width > len(self.content):
            raise IndexError(self.at)
        value = int.from_bytes(self.content[self.at : self.at + width], "big")
        self.at += width
        return value

    def count(self) -> int:
        return self.number(8 if self.wide else 4)

    def skip(self, length: int) -> None:
        self.at += -(-length // 4) * 4

    def attributes(self) -> None:
        self.number(4)
        for _ in range(self.count()):
            self.skip(self.count())
            kind = self.number(4)
            self.skip(self.count() * self.SIZES[kind])


def _classic_length(path: Path) -> int:
    with path.open("rb") as stream:
        header = _Header(stream.read(1 << 24))
    try:
        return _end_of_data(header)
    except (IndexError, MemoryError):
        raise InputError(f"{path} must be a NetCDF file, and its header is broken") from None


def _end_of_data(header: _Header) -> int:
    records = header.count()
    header.number(4)
    dimensions = []
    for _ in range(header.count()):
        header.skip(header.count())
        dimensions.append(header.count())
    header.attributes()
    header.number(4)
    fixed_end, record_starts, record_size, record_sizes = header.at, [], 0, []
    for _ in range(header.count()):
        header.skip(header.count())
        shape = [dimensions[header.count()] for _ in range(header.count())]
        header.attributes()
        cell = header.SIZES[header.number(4)]
        header.count()
        begin = header.number(header.offset_bytes)
        for length in shape[1:] if shape and shape[0] == 0 else shape:
            cell *= length
        if shape and shape[0] == 0:
            record_starts.append(begin)
            record_sizes.append(cell)
        else:
            fixed_end = max(fixed_end, begin + cell)
    if not record_starts or records in {0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF}:
        return fixed_end
    record_size = record_sizes[0] if len(record_sizes) == 1 else sum(-(-one // 4) * 4 for one in record_sizes)
    last = max(start + size for start, size in zip(record_starts, record_sizes, strict=True))
    return max(fixed_end, last + (records - 1) * record_size)
