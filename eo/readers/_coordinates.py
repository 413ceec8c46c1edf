"""Axes, times and bounds of a NetCDF file, small and read at once; and whether its name says the same date."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eo.errors import InputError
from eo.model import Product
from eo.readers import _times
from eo.readers._stored import StoredFile, raw


def numbers(file: StoredFile, name: str) -> npt.NDArray[np.float64]:
    """Give a small variable whole, as float64: an axis, its bounds, a position.

    Raises
    ------
    InputError
        There is none, it cannot be read, or a value is no number.
    """
    found = np.asarray(raw(file, name))
    if found.dtype.kind not in "iuf":
        raise InputError(f"{name!r} is numeric, and it is {found.dtype}")
    found = found.astype(np.float64)
    if not np.isfinite(found).all():
        raise InputError(f"{name!r} has a finite number everywhere; {np.count_nonzero(~np.isfinite(found))} are not")
    return found


def times(file: StoredFile, name: str, like: str = "") -> npt.NDArray[np.datetime64]:
    """Give time stamps or their bounds, datetime64[ns].

    Parameters
    ----------
    like : the coordinate whose units its bounds share (CF-1.11 section 7.1)

    Raises
    ------
    InputError
        No such variable, or its values, units and calendar do not give real dates.
    """
    attributes = (file.variables[like].attrs if like in file.variables else {}) | (
        file.variables[name].attrs if name in file.variables else {}
    )
    return _times.times(np.atleast_1d(raw(file, name)), attributes, name)


def check_named(path: Path, product: Product, stamps: npt.NDArray[np.datetime64]) -> None:
    """Refuse a file whose name says another date than its content.

    Raises
    ------
    InputError
        They differ.
    """
    match = re.fullmatch(product.filename, path.name) if product.filename else None
    groups = match.groupdict() if match else {}
    date = "-".join(str(groups[one]) for one in ("year", "month", "day") if groups.get(one))
    if date and not str(stamps[0]).startswith(date):
        raise InputError(f"a file is of the date in its name, {date}; its content is of {str(stamps[0])[:10]}")


def bounds(file: StoredFile, name: str, size: int) -> str | None:
    """Give the name of the bounds of a coordinate, if its file has them in the shape that they must have.

    Raises
    ------
    InputError
        They have another shape.
    """
    said: Any = file.variables[name].attrs.get("bounds")
    if said not in file.variables:
        return None
    if file.variables[said].shape != (size, 2):
        raise InputError(f"bounds of {name!r} have shape ({size}, 2); {said!r} has {file.variables[said].shape}")
    return str(said)
