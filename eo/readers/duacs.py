"""Sea level of SSALTO/DUACS, level 4: the maps of CMEMS (all satellites) and C3S (two satellites).

Sources
-------
Taburet, G., et al. (2019): DUACS DT2018: 25 years of reprocessed sea level altimetry products. Ocean Science, 15,
1207-1224. doi:10.5194/os-15-1207-2019.
"""

import re
from pathlib import Path

import numpy as np
import xarray as xr

from eo.errors import InputError
from eo.model import Product
from eo.readers._latlon import Field, GridFile, fields, opened, published
from eo.readers._masks import masked
from eo.readers._options import options
from eo.readers._stored import StoredFile
from eo.record import Record

_HEIGHTS = ("sla", "adt")


class Options(Record):
    """What a sea level product says beside its variables."""

    apply_tpa: bool = False
    """Add `tpa_correction`, the drift of TOPEX-A (1993 to 1998; zero later), to heights. The publisher leaves it to
    the user: it is derived for the global mean, and a best estimate elsewhere."""
    mask_ice: bool = False
    """Mask where `flag_ice` says that sea ice covers 15 % or more."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one file, decoded lazily; the version says whether it is NRT or DT.

    Raises
    ------
    InputError
        A title that says neither NRT nor DT; a correction or a flag that is asked for and not there.
    """
    chosen = options(Options, product)
    with opened(path, product) as grid:
        drift = _drift(grid) if chosen.apply_tpa else None

        def field(name: str) -> Field:
            values, status = grid.decoded(name)
            if drift is not None and name in _HEIGHTS:
                values = (values + drift).assign_attrs(values.attrs)
            return masked(values, status, _ice(grid), "quality_masked") if chosen.mask_ice else (values, status)

        return published(grid, fields(grid, product, field), version=_version(grid.file))


def _version(file: StoredFile) -> str:
    """Give the mode and the version: a delayed-time and a near-real-time map are no one series."""
    title = str(file.attrs.get("title", ""))
    mode = re.match(r"(NRT|DT|MY)\b", title)
    if mode is None:
        raise InputError(f"the title of a DUACS file begins with NRT, DT or MY; it is {title!r}")
    return " ".join([mode[1], *([str(file.attrs["product_version"])] if "product_version" in file.attrs else [])])


def _drift(grid: GridFile) -> xr.DataArray:
    """Give the TOPEX-A correction of each time, m."""
    name = "tpa_correction"
    found = grid.coordinate(name)
    dims = tuple(map(str, grid.file.variables[name].dims))
    units = str(grid.file.variables[name].attrs.get("units", ""))
    if not np.isfinite(found).all() or dims not in {(), ("time",)} or units != "m":
        raise InputError(f"{name!r} has a value in m for each time; it is {found.tolist()} {units!r} on {dims}")
    return xr.DataArray(found, dims=dims)


def _ice(grid: GridFile) -> xr.DataArray:
    """Give where there is ice; flag_ice is 0 or 1, missing on land."""
    values, _ = grid.decoded("flag_ice")
    where = f"{grid.path}: "

    def ice(flag: np.ndarray) -> np.ndarray:
        wrong = np.isfinite(flag) & (flag != 0) & (flag != 1)
        if wrong.any():
            raise InputError(f"{where}'flag_ice' is 0, 1 or missing; it has {np.unique(flag[wrong])[:5].tolist()}")
        return np.asarray(flag == 1)

    found: xr.DataArray = xr.apply_ufunc(ice, values, dask="parallelized", output_dtypes=[np.bool_])
    return found
