"""One NetCDF file of a product: opened for as long as it is needed, closed at once where something is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eo.model import Product
from eo.readers import _stored
from eo.readers._options import options
from eo.readers._stored import StoredFile, stored
from eo.readers._stored import raw as values


@contextmanager
def opened(path: Path, product: Product) -> Iterator[StoredFile]:
    """Give a NetCDF file, undecoded, that carries the marks of its product; a failure inside closes it."""
    file = _stored.opened(path, product)
    try:
        yield file
    except BaseException:
        file.close()
        raise


__all__ = ["opened", "options", "stored", "values"]
