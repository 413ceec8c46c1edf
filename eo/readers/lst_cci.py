"""Land surface temperature of ESA LST CCI and C3S: day and night apart, uncertainty components as fields of their own.

Sources
-------
ESA LST CCI product user guide, https://climate.esa.int/en/projects/land-surface-temperature/.
"""

import re
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.canonical import LAT_LON, STATUS
from eo.errors import InputError, unknown
from eo.model import Product
from eo.readers._flags import table, unsigned
from eo.readers._latlon import Field, GridFile, fields, opened, published
from eo.readers._masks import masked
from eo.readers._options import options
from eo.record import Record

_TEMPERATURE = "lst"
"""What components of an uncertainty are of, where they are one number of a file."""


class Options(Record):
    """What an LST product says beside its variables."""

    overpass: Literal["day", "night"]
    """Which of the two products: a clear sky is warmer by day and colder by night, so they are never joined."""
    quality: str | None = None
    """The quality flags of daily files; monthly files have none."""
    keep: tuple[str, ...] = ()
    """Their meanings, as the file lists them, that mask nothing; every other one masks its value."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one file, decoded lazily.

    A component of the uncertainty that is one number of the file (MODIS, version 3: ``lst_unc_sys(time,
    length_scale)``) is given for each cell that has a temperature.

    Raises
    ------
    InputError
        The file is of the other overpass, or does not say of which; a number for each of several length scales; no
        quality flags, or none of a meaning that is to be kept; when computed: a flag that the file does not explain.
    """
    chosen = options(Options, product)
    with opened(path, product) as grid:
        _check_overpass(grid, chosen.overpass)
        bad = _flagged(grid, chosen.quality, chosen.keep) if chosen.quality else None

        def field(name: str) -> Field:
            plain = grid.decoded(name)
            if not set(LAT_LON) & set(plain[0].dims):
                plain = _for_each_cell(*plain, grid.decoded(_TEMPERATURE)[1])
            return plain if bad is None else masked(*plain, bad, "quality_masked")

        return published(grid, fields(grid, product, field))


def _for_each_cell(values: xr.DataArray, status: xr.DataArray, of: xr.DataArray) -> Field:
    """Give a number of the file for each cell that has a temperature, lazily; the others have the reason why not.

    Parameters
    ----------
    values, status : dims of `time` at most
    of : status of the temperature
    """
    there = of == STATUS["ok"]
    spread = values.where(there).transpose(*of.dims).assign_attrs(values.attrs)
    return spread, xr.where(there, status, of).astype(np.int8).transpose(*of.dims)


def _check_overpass(grid: GridFile, overpass: str) -> None:
    """Refuse the other overpass: the attribute `id` says which it is, or where there is none the name of the file."""
    said = str(grid.file.attrs.get("id", grid.path.name))
    match = re.search(r"[_-](DAY|NIGHT)[_-]", said.upper())
    if match is None or match[1].lower() != overpass:
        raise InputError(f"a file of this product is of the {overpass}; this one is {said!r}")


def _flagged(grid: GridFile, name: str, keep: tuple[str, ...]) -> xr.DataArray:
    """Give where a flag is raised that is not one to keep, or where the file has no flags at all.

    The publisher's words are in the file alone, and differ between sensors: so a word that is not known masks.
    """
    flag = grid.stored(name)
    known = table(name, flag.attrs, flag.dtype)
    for one in keep:
        if one not in known.codes:
            raise unknown("meaning", one, known.codes, name)

    def work(raw: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        known.check(raw, f"{grid.path}: ")
        raised = known.present(raw, [one for one in known.codes if one not in keep and known.codes[one]])
        return raised if known.fill is None else raised | (unsigned(raw) == known.fill)

    found: xr.DataArray = xr.apply_ufunc(work, flag, dask="parallelized", output_dtypes=[bool], keep_attrs=False)
    return found
