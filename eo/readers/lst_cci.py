"""Land surface temperature of ESA LST CCI and C3S: day and night apart, uncertainty components as fields of their own.

Sources
-------
ESA LST CCI product user guide, https://climate.esa.int/en/projects/land-surface-temperature/.
"""

import re
from pathlib import Path
from typing import Literal

import xarray as xr

from eo.errors import InputError, unknown
from eo.model import Product
from eo.readers._flags import table
from eo.readers._latlon import Field, GridFile, fields, opened, published
from eo.readers._masks import masked
from eo.readers._options import options
from eo.record import Record


class Options(Record):
    """What an LST product says beside its variables."""

    overpass: Literal["day", "night"]
    """Which of the two products: a clear sky is warmer by day and colder by night, so they are never joined."""
    reject: tuple[str, ...] = ()
    """Meanings of `qual_flag`, as the file lists them, that mask a value; daily files only."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one file, decoded lazily.

    Raises
    ------
    InputError
        The file is of the other overpass, or does not say of which; a meaning that `qual_flag` does not have.
    """
    chosen = options(Options, product)
    with opened(path, product) as grid:
        _check_overpass(grid, chosen.overpass)
        bad = _rejected(grid, chosen.reject) if chosen.reject else None

        def field(name: str) -> Field:
            plain = grid.decoded(name)
            return plain if bad is None else masked(*plain, bad, "quality_masked")

        return published(grid, fields(grid, product, field))


def _check_overpass(grid: GridFile, overpass: str) -> None:
    """Refuse the other overpass: the attribute `id` says which it is, or where there is none the name of the file."""
    said = str(grid.file.attrs.get("id", grid.path.name))
    match = re.search(r"[_-](DAY|NIGHT)[_-]", said.upper())
    if match is None or match[1].lower() != overpass:
        raise InputError(f"a file of this product is of the {overpass}; this one is {said!r}")


def _rejected(grid: GridFile, meanings: tuple[str, ...]) -> xr.DataArray:
    flag = grid.stored("qual_flag")
    known = table("qual_flag", flag.attrs, flag.dtype)
    for one in meanings:
        if one not in known.codes:
            raise unknown("meaning", one, known.codes, "qual_flag")
    found: xr.DataArray = xr.apply_ufunc(
        lambda raw: known.present(raw, meanings), flag, dask="parallelized", output_dtypes=[bool], keep_attrs=False
    )
    return found
