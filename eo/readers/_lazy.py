"""Arrays that are read when they are computed, and name their file when that fails."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from eo.errors import EoError, InputError

Read = Callable[[Any], npt.NDArray[Any]]
_FAILURES = (OSError, RuntimeError, EOFError, zlib.error)


class _Source:
    """What dask needs of an array, with every failure to read it told as one line."""

    def __init__(self, read: Read, shape: tuple[int, ...], dtype: npt.DTypeLike, where: str) -> None:
        self.read, self.where = read, where
        self.shape, self.dtype, self.ndim = shape, np.dtype(dtype), len(shape)

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - an index of any kind
        try:
            return np.asarray(self.read(key))
        except _FAILURES as error:
            raise InputError(f"{self.where} must be readable to its end, and it is not: {error}") from None


def lazy(
    read: Read, shape: tuple[int, ...], dtype: npt.DTypeLike, where: str, chunks: tuple[int, ...] | None = None
) -> da.Array:
    """Give a lazy array whose blocks are read by `read`, in one piece or in `chunks`.

    Parameters
    ----------
    read : gives the values of an index (a tuple of slices); may raise `OSError`, `RuntimeError`, `EOFError`
    where : what cannot be read, when it cannot: the file and the dataset in it

    Raises
    ------
    InputError
        When computed: the values cannot be read.
    """
    source = _Source(read, shape, dtype, where)
    found: da.Array = da.from_array(source, chunks=chunks or shape, name=False, fancy=False, meta=np.empty(0, dtype))  # type: ignore[no-untyped-call]
    return found


def now(read: Read, shape: tuple[int, ...], dtype: npt.DTypeLike, where: str) -> npt.NDArray[Any]:
    """Give an array in memory, read as `lazy` has it read.

    Raises
    ------
    InputError
        The values cannot be read.
    """
    return _Source(read, shape, dtype, where)[tuple(map(slice, shape))]


@contextmanager
def reading(close: Callable[[], object]) -> Iterator[None]:
    """Close a file when what is done here fails, and tell a failure to read it as one line.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    try:
        yield
    except EoError:
        close()
        raise
    except (*_FAILURES, KeyError, TypeError, ValueError, OverflowError, MemoryError) as error:
        close()
        raise InputError(f"must be a whole file of its format, and it is not: {error}") from None
