"""What the HDF5 granules of GCOM-C and GCOM-W share: how they name themselves, their dates, their words for units."""

import re
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from eo.errors import InputError, unknown
from eo.model import Product
from eo.readers._hdf5 import attribute
from eo.steps import bounds_of

Floats = npt.NDArray[np.float64]

_UNITS = {
    **dict.fromkeys(("C", "degree", "deg.C", "deg C", "degree C", "Celsius"), "degC"),
    **dict.fromkeys(("Kelvin", "kelvin"), "K"),
    **dict.fromkeys(("Kg/m2", "kg/m2", "Kg/m^2", "kg/m^2"), "kg m-2"),
    **dict.fromkeys(("", "-", "NA", "N/A", "none", "None", "no unit"), "1"),
}
_HALF_DAY = np.timedelta64(12, "h")


def units(text: str) -> str:
    """Give published units as UDUNITS knows them: there "C" is the coulomb and "degree" an angle."""
    return _UNITS.get(text, text)


def check_marks(file: h5py.File, product: Product) -> None:
    """Refuse a file that does not carry the marks of its product.

    Raises
    ------
    InputError
        An attribute (``name``, or ``group/name``) is absent or does not match.
    """
    for place, rule in product.marks.items():
        holder, _, name = place.rpartition("/")
        if holder and not isinstance(file.get(holder), h5py.Group):
            raise unknown("group", holder, file.keys())
        found = str(attribute(file[holder] if holder else file, name))
        if not re.search(rule, found):
            raise InputError(f"attribute {place} of this product matches {rule!r}; it is {found!r}")


def granule_name(stated: str, path: Path, product: Product) -> re.Match[str]:
    """Give the name that a file states for itself, taken apart by the `filename` of its product.

    Raises
    ------
    InputError
        It is the name of another product, or the file lies under the name of another granule.
    """
    name = stated.removesuffix(".h5") + ".h5"
    match = re.fullmatch(product.filename or "", name)
    if match is None:
        raise InputError(f"a granule of this product is named {product.filename!r}; this one says {stated!r}")
    if path.name != name and re.fullmatch(product.filename or "", path.name):
        raise InputError(f"a file is what its name says; {path.name!r} says inside that it is {name!r}")
    return match


def start_of_step(match: re.Match[str], product: Product) -> np.datetime64:
    """Give the start of the step that a granule is named for; a month may be written with day 00.

    Raises
    ------
    InputError
        No such date, or not the first day of a step.
    """
    year, month, day = match.group("year", "month", "day")
    first = "01" if product.step == "month" and day == "00" else day
    try:
        start = np.datetime64(f"{year}-{month}-{first}", "ns")
    except ValueError:
        raise InputError(f"a granule is named for a date; {match.string!r} has {year}-{month}-{day}") from None
    if bounds_of(np.array([start]), product.step, "start")[0, 0] != start:
        raise InputError(
            f"a granule is named for the first day of its {product.step}; this one for {year}-{month}-{day}"
        )
    return start


def check_period(first: np.datetime64, last: np.datetime64, start: np.datetime64, product: Product) -> None:
    """Refuse a granule whose observations lie more than half a day outside the step that it is named for.

    Raises
    ------
    InputError
        They do, or end before they start.
    """
    begin, end = bounds_of(np.array([start]), product.step, "start")[0]
    if not (begin - _HALF_DAY <= first <= last <= end + _HALF_DAY):
        raise InputError(
            f"a granule of the {product.step} from {begin:.10} lies within it; this one: {first} to {last}"
        )


def moment(text: str, pattern: str) -> np.datetime64:
    """Give a moment from text, by a regular expression with groups date (YYYYMMDD or YYYY-MM-DD) and time.

    Raises
    ------
    InputError
        Not of that form.
    """
    match = re.fullmatch(pattern, text)
    try:
        date, time = match.group("date", "time") if match else ("", "")
        digits = date.replace("-", "")
        return np.datetime64(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}T{time}", "ns")
    except ValueError:
        raise InputError(f"a time is written {pattern!r}, not {text!r}") from None


def axis(first: float, last: float, count: int) -> tuple[Floats, Floats]:
    """Give centres (n,) and bounds (n, 2) of `count` even cells between two outer edges, in the order of the file."""
    edges = first + (last - first) * np.arange(count + 1) / count
    return (edges[:-1] + edges[1:]) / 2, np.stack([edges[:-1], edges[1:]], axis=1)
