"""GSMaP flat binary (.dat.gz), hourly, daily and monthly: no header, so that the name and the length say it all."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.errors import InputError, unknown
from eo.model import Product
from eo.readers import _gsmap
from eo.readers._lazy import lazy
from eo.readers._names import named, time_of
from eo.readers._options import options
from eo.record import Record
from eo.steps import end_of, start_of

KINDS = ("gzip",)
ROWS, COLUMNS = 1200, 3600
"""60 N to 60 S from the north, 0 to 360 E from Greenwich, 0.1 degree."""
FIELDS = {"hour": ("precip",), "day": ("precip",), "month": ("precip", "count")}
"""What a file holds, in order: rate in mm h-1; in a month, then the number of hours with an observation."""
_CELL = 4


class Options(Record):
    """None: the step of the product says which of the layouts it is."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the fields of one file: `precip`, the mean rate in mm h-1, and of a month `count`, as a fraction.

    The mean rate of a month is over the hours that were observed: rate x hours of the month is the total of the
    month, rate x count only that of the observed hours, which a gap lowers. So a gap shows in the fraction of hours
    with an observation (count / hours of the month) and never in the rate.

    Parameters
    ----------
    path : a file as it is published, compressed
    product : step hour, day (of 00Z-23Z) or month

    Raises
    ------
    InputError
        Another name or length, or the other definition of a day; when computed: not whole, or an unknown code.

    References
    ----------
    GSMaP data format description, version 8.0000, JAXA/EORC 2024.
    """
    options(Options, product)
    if "p12Z-11Z" in path.name:
        raise InputError(
            "a day is 00Z-23Z; p12Z-11Z is from 12 UTC of the day before to 12 UTC, another product and no "
            "calendar day; the file 00Z-23Z of the same date has the calendar day"
        )
    if product.step not in FIELDS:
        raise unknown("layout for the step", product.step, FIELDS)
    names = FIELDS[product.step]
    _check_length(path, len(names))
    groups = named(path, product)
    time = time_of(groups)
    fields: dict[str, xr.DataArray] = {}
    for name, variable in product.variables.items():
        if variable.source not in names:
            raise unknown("field", variable.source, names)
        values, status = _field(path, names.index(variable.source), product)
        fields[name] = _fraction(values, time) if variable.source == "count" else values
        fields[f"{name}_status"] = status
    lat = 59.95 - 0.1 * np.arange(ROWS)
    lon = 0.05 + 0.1 * np.arange(COLUMNS)
    found = _gsmap.published(fields, lat, lon, time)
    return found.assign_attrs(product_version=groups["version"]) if groups.get("version") else found


def _field(path: Path, number: int, product: Product) -> tuple[xr.DataArray, xr.DataArray]:
    codes = _gsmap.codes_of(product.step, {})
    count = len(FIELDS[product.step])
    raw = lazy(lambda key: _content(path, count)[number][key], (ROWS, COLUMNS), "<f4", str(path))
    return _gsmap.decoded(xr.DataArray(raw, dims=("lat", "lon")), codes, "mm h-1", str(path))


def _content(path: Path, fields: int) -> npt.NDArray[Any]:
    content = gzip.decompress(path.read_bytes())
    _check_size(len(content), fields)
    return np.frombuffer(content, "<f4").reshape(fields, ROWS, COLUMNS)


def _check_length(path: Path, fields: int) -> None:
    """Refuse a file whose last four bytes, the length of its content, are not those of its layout."""
    with path.open("rb") as stream:
        stream.seek(-min(_CELL, path.stat().st_size), 2)
        _check_size(int.from_bytes(stream.read(_CELL), "little"), fields)


def _check_size(size: int, fields: int) -> None:
    wanted = fields * ROWS * COLUMNS * _CELL
    if size != wanted:
        raise InputError(f"{fields} fields of {ROWS} x {COLUMNS} float32 are {wanted} bytes; the file has {size}")


def _fraction(count: xr.DataArray, time: np.datetime64) -> xr.DataArray:
    start = start_of(np.array([time]), "month")
    hours = (end_of(start, "month") - start)[0] / np.timedelta64(1, "h")
    return (count / np.float32(hours)).assign_attrs(units="1")
