"""How JAXA Earth names its tiles and its time steps. Pure.

References
----------
JAXA Earth API documentation, database: COG levels of EPSG:4326, and the folders of the catalog.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction

from eo.errors import InputError

_SIZES = {0: Fraction(180), 1: Fraction(90), 2: Fraction(10), 3: Fraction(1)}
"""Degrees of latitude and of longitude that a tile of each level spans."""
_CODES = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "hh": "%H"}
_FILE = re.compile(r"([EW][\d.]+)-([NS][\d.]+)-([EW][\d.]+)-([NS][\d.]+)-(.+)[.]tiff")
_CIRCLE = 360
Box = tuple[float, float, float, float]


def files(level: int, bands: Iterable[str], box: Box | None = None) -> list[str]:
    """Give the files of a time step, from the north-west, relative to the folder of its level.

    Parameters
    ----------
    level : 0 to 3; a tile spans 180, 90, 10 or 1 degrees
    box : west, south, east, north: the tiles that have a part in it alone
    """
    size = _SIZES[level]
    norths = [90 - size * row for row in range(int(180 / size))]
    wests = [-180 + size * column for column in range(int(_CIRCLE / size))]
    chosen = [(west, north) for north in norths for west in wests if box is None or _touches(west, north, size, box)]
    return [_file(west, north - size, west + size, north, band) for west, north in chosen for band in bands]


def _touches(west: Fraction, north: Fraction, size: Fraction, box: Box) -> bool:
    left, bottom, right, top = box
    along = north - size < top and north > bottom
    return along and ((west - left) % _CIRCLE < ((right - left) % _CIRCLE or _CIRCLE) or (left - west) % _CIRCLE < size)


def _file(west: Fraction, south: Fraction, east: Fraction, north: Fraction, band: str) -> str:
    corners = _label(west, "EW", 6), _label(south, "NS", 5), _label(east, "EW", 6), _label(north, "NS", 5)
    return f"{corners[0]}-{corners[2]}/{'-'.join(corners)}-{band}.tiff"


def _label(degrees: Fraction, signs: str, width: int) -> str:
    """Give a latitude or a longitude as names have it: N00.00, W180.00."""
    return f"{signs[degrees < 0]}{float(abs(degrees)):0{width}.2f}"


def item_of(url: str) -> str | None:
    """Give the address of the item that a file belongs to; None for one that is not named after its corners."""
    folder, _, name = url.rpartition("/")
    match = _FILE.fullmatch(name)
    return None if match is None else f"{folder}/{match[2]}-{match[4]}.json"


def folder_of(time: datetime, form: str) -> str:
    """Give the folder of a time step, by the form that its collection states: ``YYYY-MM/DD``.

    Raises
    ------
    InputError
        Of a collection of normals, whose steps belong to no year.
    """
    if "YYYY" not in form:
        raise InputError(f"a time step has a year, and the folders of this collection are named {form}: it has normals")
    for code, stands_for in _CODES.items():
        form = form.replace(code, stands_for)
    return time.strftime(form)
