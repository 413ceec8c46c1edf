"""What lies below a GHRSST value (sea, ice, land, lake), and how good it is."""

from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.canonical import STATUS
from eo.elementwise import elementwise
from eo.errors import InputError
from eo.model import Variable
from eo.readers._flags import Flags, table
from eo.readers._masks import masked
from eo.readers._stored import StoredFile, stored

_SEA = ("water", "sea", "open_water", "ocean")
_ICE = ("sea_ice", "ice")
_ELSEWHERE = ("land", "lake", "river", "optional_lake_surface", "optional_river_surface")
_UNKNOWN, _WATER, _FROZEN, _OTHER = range(4)
_LEVELS = range(6)
"""quality_level: 0 no data, 1 bad, 2 worst, 3 low, 4 acceptable, 5 best (GDS 2.0, table 9-2)."""


def is_sea_ice(variable: Variable) -> bool:
    """Tell whether a variable is there where sea ice is."""
    return variable.standard_name == "sea_ice_area_fraction"


def surface(file: StoredFile, path: Path, kind: str, *, mask: bool) -> xr.DataArray | None:
    """Give what lies below each cell (unknown, sea, ice, elsewhere) from `mask` or, of observations, `l2p_flags`.

    None where the file has neither.

    Raises
    ------
    InputError
        An analysis that should have a mask has none, or its meanings are unknown; when computed: so is a bit of it.
    """
    if kind == "analysis":
        return _surface(file, path, "mask", strict=True) if mask else None
    return _surface(file, path, "l2p_flags", strict=False) if "l2p_flags" in file.variables else None


def _surface(file: StoredFile, path: Path, name: str, *, strict: bool) -> xr.DataArray:
    raw = stored(file, name, path)
    flags = _as_bits(table(name, raw.attrs, raw.dtype), str(raw.attrs.get("comment", "")))
    known = {*_SEA, *_ICE, *_ELSEWHERE}
    strange = [one for one in flags.codes if one not in known and "reserved" not in one and "spare" not in one]
    if strict and strange:
        raise InputError(f"meanings of {name!r} are among {sorted(known)}; it has also {strange}")

    def block(part: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
        if strict:
            flags.check(part, f"{path}: ")
        found = np.full(part.shape, _UNKNOWN, np.int8)
        for code, meanings in ((_WATER, _SEA), (_FROZEN, _ICE), (_OTHER, _ELSEWHERE)):
            found[flags.present(part, meanings)] = code
        return found

    return xr.DataArray(elementwise(block, raw.variable, dtype=np.int8).data, dims=lat_lon(raw.dims))


def lat_lon(dims: tuple[Hashable, ...]) -> tuple[str, ...]:
    """Give dims as `time`, `lat`, `lon`, whichever of both spellings a file has."""
    return tuple({"latitude": "lat", "longitude": "lon"}.get(str(one), str(one)) for one in dims)


def _as_bits(flags: Flags, comment: str) -> Flags:
    """Give the flags as bits where the comment numbers them as such: GDS 2.0 defines `mask` by bits.

    Files of the Black Sea say `flag_values` 1, 2, 3, 4 for sea, land, lake, ice, and `b0:1 = ...` in the comment.
    """
    if flags.bits or "b0:" not in comment.replace(" ", ""):
        return flags
    return replace(flags, bits=True, codes={one: 1 << number for number, one in enumerate(flags.codes)})


def on_sea(
    values: xr.DataArray, status: xr.DataArray, below: xr.DataArray | None, *, without_gaps: bool, keep_ice: bool
) -> tuple[xr.DataArray, xr.DataArray]:
    """Give values and status with what is not of the sea outside the domain.

    Parameters
    ----------
    values : any dims
    status : same dims, int8
    below : what lies below each cell, see `surface`
    without_gaps : a cell without a value, of which the file does not say that it is sea, is land
    keep_ice : a cell with sea ice is of the sea
    """
    if below is None and not without_gaps:
        return values, status
    known = xr.zeros_like(status) if below is None else below

    def block(found: npt.NDArray[np.int8], surface_: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        outside = surface_ == _OTHER if keep_ice else surface_ >= _FROZEN
        if without_gaps:
            outside |= (surface_ == _UNKNOWN) & (found == STATUS["never_observed"])
        return np.where(outside, np.int8(STATUS["outside_domain"]), found)

    found: xr.DataArray = xr.apply_ufunc(block, status, known, dask="parallelized", output_dtypes=[np.int8])
    found = found.transpose(*status.dims)
    return values.where(found != STATUS["outside_domain"]).assign_attrs(values.attrs), found


def of_quality(
    values: xr.DataArray, status: xr.DataArray, file: StoredFile, path: Path, lowest: int | None
) -> tuple[xr.DataArray, xr.DataArray]:
    """Give values and status with what is below a `quality_level` masked, and what could not be corrected.

    Raises
    ------
    InputError
        No `quality_level`; when computed: a level that is none of 0..5.
    """
    values, status = masked(values, status, values.isnull() & (status == STATUS["ok"]), "quality_masked")
    if lowest is None:
        return values, status
    raw = stored(file, "quality_level", path)
    if raw.dtype.kind not in "iu":
        raise InputError(f"'quality_level' is a number of a level, and it is {raw.dtype}")
    fill = raw.attrs.get("_FillValue")

    def level(part: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
        plain = part if fill is None else np.where(part == fill, 0, part)
        strange = plain[~np.isin(plain, _LEVELS)]
        if strange.size:
            raise InputError(f"{path}: 'quality_level' is 0 to 5; it is also {strange[0]}")
        return plain.astype(np.int8)

    levels = xr.DataArray(elementwise(level, raw.variable, dtype=np.int8).data, dims=lat_lon(raw.dims))
    values, status = masked(values, status, levels == 0, "never_observed")
    return masked(values, status, levels < lowest, "quality_masked")
