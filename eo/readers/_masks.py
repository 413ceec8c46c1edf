"""Masking by rule: a value goes and its reason stays."""

from collections.abc import Iterable, Mapping

import numpy as np
import xarray as xr

from eo.canonical import STATUS
from eo.errors import InputError


def masked(
    values: xr.DataArray, status: xr.DataArray, by: xr.DataArray, reason: str
) -> tuple[xr.DataArray, xr.DataArray]:
    """Give values and status with the cells of `by` masked for a reason; a reason that stands already stays.

    Parameters
    ----------
    values : any dims
    status : same dims, int8, see `eo.canonical.STATUS`
    by : same dims or fewer, bool
    reason : a key of STATUS
    """
    kept = values.where(~by).assign_attrs(values.attrs)
    found = xr.where(by & (status == STATUS["ok"]), np.int8(STATUS[reason]), status).astype(np.int8)
    return kept, found.transpose(*status.dims)


def any_bit(flags: xr.DataArray, bits: Iterable[int]) -> xr.DataArray:
    """Give where any of the bits (1, 2, 4, ...) of an integer flag is set; a signed byte is read as unsigned."""
    mask = 0
    for bit in bits:
        mask |= bit
    return (unsigned(flags) & np.asarray(mask, unsigned(flags).dtype)) != 0


def unsigned(flags: xr.DataArray) -> xr.DataArray:
    """Give integer flags without a sign: bit 128 of a signed byte is -128."""
    if flags.dtype.kind == "u":
        return flags
    return flags.astype(flags.dtype.str.replace("i", "u"))


def checked_codes(path_text: str, found: Iterable[int], known: Mapping[int, str]) -> None:
    """Refuse a code that the table of a product does not know.

    Raises
    ------
    InputError
        One is unknown.
    """
    strange = sorted(set(map(int, found)) - set(known))
    if strange:
        raise InputError(f"{path_text} has codes {sorted(known)}; it has also {strange[:5]}")
