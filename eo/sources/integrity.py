"""Is a file what its name says, whole? Looked at before a byte of it is believed."""

from pathlib import Path

from eo.errors import InputError

_HDF5 = b"\x89HDF\r\n\x1a\n"
_NETCDF3 = {b"CDF\x01": 4, b"CDF\x02": 8, b"CDF\x05": 8}
_TEXT = {
    b"<": "an HTML or XML page",
    b"{": "a JSON answer",
    b"PK": "a zip archive",
    b"\x1f\x8b": "a gzip file",
}


def check_netcdf(path: Path) -> None:
    """Refuse a file that is not a whole NetCDF file.

    Raises
    ------
    InputError
        Unreadable, empty, of another kind (an HTML page saved as .nc), or shorter than its header says.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise InputError(f"{path} must be readable: {error.strerror}") from None
    if size == 0:
        raise InputError(f"{path} must be a NetCDF file, and it is empty")
    if head.startswith(_HDF5):
        return  # the HDF5 library compares the length itself, on opening
    if head[:4] in _NETCDF3:
        _check_length(path, size)
        return
    kind = next(
        (name for magic, name in _TEXT.items() if head.lstrip().startswith(magic)),
        f"starts with {head[:8]!r}",
    )
    raise InputError(f"{path} must be a NetCDF file, and it is not: {kind}")


def _check_length(path: Path, size: int) -> None:
    """Refuse a truncated classic file: the library reads what is missing at the end as zeros."""
    needed = _classic_length(path)
    if size < needed:
        raise InputError(f"{path} must be whole: its header asks for {needed} bytes, and it has {size}")


class _Header:
    """The header of a classic NetCDF file, read in order (NetCDF classic format specification)."""

    SIZES = (0, 1, 1, 2, 4, 4, 8, 1, 2, 4, 8, 8)

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 4
        self.wide = content[3] == 5  # noqa: PLR2004 - CDF-5 has 64-bit counts
        self.offset_bytes = _NETCDF3[content[:4]]

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
