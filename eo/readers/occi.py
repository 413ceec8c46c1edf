"""Chlorophyll of ESA Ocean Colour CCI (OC-CCI), as its decimal logarithm: it is log-normal, so means are of that.

Sources
-------
Sathyendranath, S., et al. (2019): An ocean-colour time series for use in climate studies: the experience of the
Ocean-Colour Climate Change Initiative (OC-CCI). Sensors, 19, 4285. doi:10.3390/s19194285. OC-CCI product user guide.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.canonical import STATUS
from eo.errors import InputError
from eo.model import Product
from eo.readers._latlon import Field, GridFile, opened, published
from eo.readers._options import options
from eo.record import Record
from eo.units import converted

_SOURCE, _BIAS, _SPREAD = "chlor_a", "chlor_a_log10_bias", "chlor_a_log10_rmsd"
_UNITS = "mg m-3"
_VERSIONS = ("4.2", "5.0", "5.0.1", "6.0")
_DECADES = 5.0
"""Largest bias and error that a chlorophyll concentration may have; more is a damaged file."""
_JUMP = np.datetime64("2020-12-01")
"""Version 5.0 (not 5.0.1) has a spurious jump from this month on."""


class Options(Record):
    """What an OC-CCI product says beside its variables."""

    remove_bias: bool = True
    """Subtract the bias that the file gives for each cell, in decimal logarithms."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give log10 of chlorophyll (mg m-3), lazily, with its uncertainty: the root of rmsd2 less bias2 without bias.

    Raises
    ------
    InputError
        A version that is unknown, or 5.0 from 2020-12 on; a variable other than `chlor_a`; when computed: a
        concentration that is not positive.
    """
    chosen = options(Options, product)
    with opened(path, product) as grid:
        _check_version(grid)
        values, status = _logarithm(grid)
        bias = _decades(grid, _BIAS, -_DECADES)
        spread = _decades(grid, _SPREAD, 0.0)
        if chosen.remove_bias:
            values = values - bias
            left = spread**2 - bias**2
            spread = left.where(left >= 0) ** 0.5
        known = (status == STATUS["ok"]) & values.notnull()
        status = xr.where((status == STATUS["ok"]) & ~known, np.int8(STATUS["quality_masked"]), status).astype(np.int8)
        out: dict[str, xr.DataArray] = {}
        for name, variable in product.variables.items():
            if variable.source != _SOURCE:
                raise InputError(
                    f"this reader gives the logarithm of {_SOURCE!r}; the product asks {variable.source!r}"
                )
            out[name], out[f"{name}_status"] = values.where(known).assign_attrs(units="1"), status
            if _SPREAD in variable.uncertainty:
                out[f"{name}_uncertainty"] = spread.where(known).assign_attrs(units="1")
        return published(grid, out)


def _check_version(grid: GridFile) -> None:
    said = str(grid.file.attrs.get("product_version", ""))
    if said not in _VERSIONS:
        raise InputError(f"product_version is one of {list(_VERSIONS)}; it is {said!r}")
    last = grid.times().max()
    if said == "5.0" and last >= _JUMP:
        raise InputError(f"version 5.0 is good until 2020-11, for it jumps in 2020-12; this file is of {last}")


def _decades(grid: GridFile, name: str, low: float) -> xr.DataArray:
    """Give a bias or an error in decimal logarithms, float64; it has no units."""
    where = f"{grid.path}: "

    def checked(block: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        wrong = block[(block < low) | (block > _DECADES)]
        if wrong.size:
            raise InputError(f"{where}{name!r} lies in {low:g}..{_DECADES:g} decades; it has {float(wrong[0]):g}")
        return block.astype(np.float64)

    found: xr.DataArray = xr.apply_ufunc(
        checked, grid.decoded(name)[0], dask="parallelized", output_dtypes=[np.float64], keep_attrs=False
    )
    return found


def _logarithm(grid: GridFile) -> Field:
    values, status = grid.decoded(_SOURCE)
    units = str(values.attrs["units"])
    where = f"{grid.path}: "
    converted(np.zeros(1), units or "unstated", _UNITS)

    def log10(block: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        wide = converted(block, units, _UNITS)
        if (wide <= 0).any():
            raise InputError(f"{where}{_SOURCE!r} is positive; it has {float(wide[wide <= 0][0]):g}")
        return np.log10(wide)

    return xr.apply_ufunc(log10, values, dask="parallelized", output_dtypes=[np.float64], keep_attrs=False), status
