"""What the name of a file says: the groups of its product's `filename`."""

from pathlib import Path

import numpy as np

from eo.errors import InputError
from eo.filenames import full_year, groups
from eo.model import Product


def named(path: Path, product: Product) -> dict[str, str]:
    """Give the groups of a file's name: year, month, day, hour, version, where the product's pattern has them.

    Raises
    ------
    InputError
        The name is not one of the product's.
    """
    said = groups(path.name, product)
    if said is None:
        raise InputError(f"a file of this product is named {product.filename}; its name is {path.name!r}")
    return said


def time_of(groups: dict[str, str]) -> np.datetime64:
    """Give the time that a name says, datetime64[ns]; the day of a month and the hour of a day are its first.

    A year of two digits is from 1970 on. Day 00 stands for the whole month.

    Raises
    ------
    InputError
        No such date.
    """
    year = full_year(groups.get("year", ""))
    day = groups.get("day") or "01"
    text = f"{year}-{groups.get('month') or '01'}-{'01' if day == '00' else day}T{groups.get('hour') or '00'}"
    try:
        return np.datetime64(text, "ns")
    except ValueError:
        raise InputError(f"a file name has a date; {groups} is none") from None
