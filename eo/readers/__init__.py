"""Readers: one module per file family, bytes on disk to what the publisher meant. The directory is the registry.

A reader module has one function, ``read(path, product)``: it gives the product's variables under their canonical
names, decoded lazily, with the published units in ``units``, a ``<name>_status`` beside each, and coordinates
`time`, `lat`, `lon` (with ``time_bounds``, ``lat_bounds``, ``lon_bounds`` where the file has them).
"""

import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

import xarray as xr

from eo.errors import unknown
from eo.model import Product
from eo.sources.integrity import NETCDF

_AT_ONCE: ContextVar[bool] = ContextVar("at_once", default=False)


@contextmanager
def at_once() -> Iterator[None]:
    """Let readers read fields of few cells as they are met: to one who needs all values, laziness is a detour."""
    before = _AT_ONCE.set(True)
    try:
        yield
    finally:
        _AT_ONCE.reset(before)


def is_at_once() -> bool:
    """Tell whether the values of a file are all needed, see `at_once`."""
    return _AT_ONCE.get()


class Reader(Protocol):
    """What a reader module is."""

    def read(self, path: Path, product: Product) -> xr.Dataset:
        """Give the decoded content of one granule, lazily; closing it closes the file."""


@lru_cache
def names() -> tuple[str, ...]:
    """Give the names of all readers: the modules of this folder whose name has no leading underscore."""
    return tuple(sorted(one.name for one in pkgutil.iter_modules(__path__) if not one.name.startswith("_")))


def kinds(name: str) -> tuple[str, ...]:
    """Give the kinds of file (see `eo.sources.integrity`) that a reader takes: its ``KINDS``, or else NetCDF."""
    return cast("tuple[str, ...]", getattr(load(name), "KINDS", NETCDF))


def beside(name: str, path: Path, product: Product) -> tuple[str, ...]:
    """Give the other files that a granule is made of, relative to its folder: what the reader's ``beside`` finds."""
    found = getattr(load(name), "beside", None)
    return tuple(found(path, product)) if found else ()


def modules(name: str) -> list[str]:
    """Give the modules of `eo` that a reader may be made of: itself and all that readers share."""
    shared = sorted(one.name for one in pkgutil.iter_modules(__path__) if one.name.startswith("_"))
    return [f"readers/{one}" for one in (*shared, name)]


def load(name: str, where: str = "") -> Reader:
    """Give the reader of that name.

    Raises
    ------
    InputError
        There is none.
    """
    if name not in names():
        raise unknown("reader", name, names(), where)
    return cast("Reader", import_module(f"{__name__}.{name}"))
