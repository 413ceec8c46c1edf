"""What lies below a GHRSST value (sea, ice, land, lake), and how good it is."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.canonical import STATUS
from eo.errors import InputError
from eo.model import Variable
from eo.readers._flags import Flags, table
from eo.readers._masks import masked
from eo.readers._stored import stored

_SEA = ("water", "sea", "open_water", "ocean")
_ICE = ("sea_ice", "ice")
_ELSEWHERE = ("land", "lake", "river", "optional_lake_surface", "optional_river_surface")
_LEVELS = range(6)
"""quality_level: 0 no data, 1 bad, 2 worst, 3 low, 4 acceptable, 5 best (GDS 2.0, table 9-2)."""


@dataclass(frozen=True)
class Surface:
    """What lies below each cell; nowhere all three where the file does not say."""

    sea: xr.DataArray
    ice: xr.DataArray
    elsewhere: xr.DataArray


def is_sea_ice(variable: Variable) -> bool:
    """Tell whether a variable is there where sea ice is."""
    return variable.standard_name == "sea_ice_area_fraction"


def surface(file: xr.Dataset, path: Path, kind: str, *, mask: bool) -> Surface | None:
    """Give what lies below: from `mask` of an analysis or `l2p_flags` of an observation; None where there is neither.

    Raises
    ------
    InputError
        An analysis that should have a mask has none, or its meanings are unknown; when computed: so is a bit of it.
    """
    if kind == "analysis":
        return _surface(file, path, "mask", strict=True) if mask else None
    return _surface(file, path, "l2p_flags", strict=False) if "l2p_flags" in file.variables else None


def _surface(file: xr.Dataset, path: Path, name: str, *, strict: bool) -> Surface:
    raw = stored(file, name, path)
    flags = _as_bits(table(name, raw.attrs, raw.dtype), str(raw.attrs.get("comment", "")))
    known = {*_SEA, *_ICE, *_ELSEWHERE}
    strange = [one for one in flags.codes if one not in known and "reserved" not in one and "spare" not in one]
    if strict and strange:
        raise InputError(f"meanings of {name!r} are among {sorted(known)}; it has also {strange}")
    names = {"latitude": "lat", "longitude": "lon"}
    raw = raw.rename({dim: names[str(dim)] for dim in raw.dims if dim in names}).drop_attrs()

    def where(meanings: tuple[str, ...]) -> xr.DataArray:
        def block(part: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
            if strict:
                flags.check(part, f"{path}: ")
            return flags.present(part, meanings)

        found: xr.DataArray = xr.apply_ufunc(block, raw, dask="parallelized", output_dtypes=[bool])
        return found

    return Surface(where(_SEA), where(_ICE), where(_ELSEWHERE))


def _as_bits(flags: Flags, comment: str) -> Flags:
    """Give the flags as bits where the comment numbers them as such: GDS 2.0 defines `mask` by bits.

    Files of the Black Sea say `flag_values` 1, 2, 3, 4 for sea, land, lake, ice, and `b0:1 = ...` in the comment.
    """
    if flags.bits or "b0:" not in comment.replace(" ", ""):
        return flags
    return replace(flags, bits=True, codes={one: 1 << number for number, one in enumerate(flags.codes)})


def on_sea(
    values: xr.DataArray, status: xr.DataArray, below: Surface | None, *, without_gaps: bool, keep_ice: bool
) -> tuple[xr.DataArray, xr.DataArray]:
    """Give values and status with what is not of the sea outside the domain.

    Parameters
    ----------
    values : any dims
    status : same dims, int8
    below : what the file says of each cell
    without_gaps : a cell without a value, of which the file does not say that it is sea, is land
    keep_ice : a cell with sea ice is of the sea
    """
    gap = status == STATUS["never_observed"]
    if below is None:
        outside = gap if without_gaps else xr.zeros_like(gap)
    else:
        outside = below.elsewhere if keep_ice else below.elsewhere | below.ice
        if without_gaps:
            outside = outside | (gap & ~below.sea & ~below.ice)
    found = xr.where(outside, np.int8(STATUS["outside_domain"]), status).astype(np.int8)
    return values.where(~outside).assign_attrs(values.attrs), found.transpose(*status.dims)


def of_quality(
    values: xr.DataArray, status: xr.DataArray, file: xr.Dataset, path: Path, lowest: int | None
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
    names = {"latitude": "lat", "longitude": "lon"}
    fill = raw.attrs.get("_FillValue")

    def level(part: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
        plain = part if fill is None else np.where(part == fill, 0, part)
        strange = plain[~np.isin(plain, _LEVELS)]
        if strange.size:
            raise InputError(f"{path}: 'quality_level' is 0 to 5; it is also {strange[0]}")
        return plain.astype(np.int8)

    levels = xr.apply_ufunc(level, raw.drop_attrs(), dask="parallelized", output_dtypes=[np.int8])
    levels = levels.rename({dim: names[str(dim)] for dim in levels.dims if dim in names})
    values, status = masked(values, status, levels == 0, "never_observed")
    return masked(values, status, levels < lowest, "quality_masked")
