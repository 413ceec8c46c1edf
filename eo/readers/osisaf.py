"""Sea-ice concentration of EUMETSAT OSI SAF and of ESA CCI, on EASE2 or polar stereographic grids.

One layout for the records OSI-450 and OSI-450-a, their continuations OSI-430, ESA CCI at 12.5 km and the operational
OSI-401: `ice_conc` in percent, `status_flag`, axes `xc`, `yc` in km (`yc` downwards), a grid mapping. The name of the
uncertainty differs by version: `total_standard_error`, `total_standard_uncertainty`, `total_uncertainty`.

Land and lakes are outside the domain. Every other flag says how a value that stands was made: set to zero over open
water, corrected beside land, limited by a climatology, interpolated in space or time. The share of values that are
interpolated or of a warm surface is the attribute `share_with_caution` of what `read` gives.

References
----------
Lavergne, T., et al. (2019): Version 2 of the EUMETSAT OSI SAF and ESA CCI sea-ice concentration climate data records.
The Cryosphere, 13, 49-78. doi:10.5194/tc-13-49-2019
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo import projection
from eo.canonical import STATUS
from eo.errors import InputError
from eo.model import Product
from eo.readers._coordinates import bounds, check_named, times
from eo.readers._flags import table
from eo.readers._netcdf import opened
from eo.readers._options import options
from eo.readers._packing import decoded
from eo.readers._projected import Hemisphere, Options, axis, check_hemisphere, check_positions, crs_text
from eo.readers._stored import StoredFile, check_packing, raw, stored

_OUTSIDE = ("land", "lake")
_CAUTION = ("high_t2m", "spatial_interp", "temporal_interp")
_KNOWN = {*_OUTSIDE, *_CAUTION, "nominal", "open_water_filtered", "land_spill_over", "max_ice_climo"}
_DIMS = {"yc": "y", "xc": "x"}


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one sea-ice file, decoded lazily under their canonical names.

    Raises
    ------
    InputError
        Another product or hemisphere, no such variable, a flag that the file does not explain or whose meaning is
        unknown, positions that are not those of the grid; when computed: a chunk that cannot be read.
    """
    said = options(Options, product)
    with opened(path, product) as file:
        found = _content(file, path, product, said.hemisphere)
        found.set_close(file.close)
        return found


def _content(file: StoredFile, path: Path, product: Product, hemisphere: Hemisphere) -> xr.Dataset:
    flags = _flags(file)
    fields: dict[str, xr.DataArray] = {}
    for name, variable in product.variables.items():
        values, status = _decoded(file, path, variable.source)
        outside = xr.DataArray(flags["outside"], dims=("time", "y", "x"))
        fields[name] = values.where(~outside).assign_attrs(values.attrs)
        fields[f"{name}_status"] = xr.where(outside, np.int8(STATUS["outside_domain"]), status).astype(np.int8)
        there = next((one for one in variable.uncertainty if one in file.variables), None)
        if there:
            spread = _decoded(file, path, there)[0]
            fields[f"{name}_uncertainty"] = spread.where(fields[name].notnull()).assign_attrs(spread.attrs)
    text, coordinates = _grid(file, next(iter(product.variables.values())).source, hemisphere)
    coordinates |= _times(file)
    check_named(path, product, coordinates["time"][1])
    version = file.attrs.get("product_version")
    attributes = {"crs": text, "share_with_caution": flags["caution"]}
    return xr.Dataset(fields, coordinates, attributes | ({} if version is None else {"product_version": str(version)}))


def _decoded(file: StoredFile, path: Path, name: str) -> tuple[xr.DataArray, xr.DataArray]:
    packed = check_packing(stored(file, name, path), ("scale_factor", "_FillValue"))
    return decoded(packed.rename({dim: _DIMS[str(dim)] for dim in packed.dims if dim in _DIMS}))


def _grid(file: StoredFile, variable: str, hemisphere: Hemisphere) -> tuple[str, dict[str, Any]]:
    text = crs_text(file, variable)
    crs = projection.crs_of(text)
    y, x = axis(file, "yc"), axis(file, "xc")
    check_hemisphere(crs, y, x, hemisphere)
    check_positions(file, crs, y, x)
    return text, {"y": ("y", y), "x": ("x", x)}


def _times(file: StoredFile) -> dict[str, Any]:
    stamps = times(file, "time")
    interval = bounds(file, "time", stamps.size)
    beside = {"time_bounds": (("time", "nv"), times(file, interval, like="time"))} if interval else {}
    return {"time": ("time", stamps), **beside}


def _flags(file: StoredFile) -> dict[str, Any]:
    """Give where cells are outside the domain, and the share of the others whose value asks for caution."""
    status: npt.NDArray[Any] = raw(file, "status_flag")
    known = table("status_flag", file.variables["status_flag"].attrs, status.dtype)
    strange = sorted(set(known.codes) - _KNOWN)
    if strange:
        raise InputError(f"meanings of 'status_flag' are among {sorted(_KNOWN)}; it has also {strange}")
    if not set(_OUTSIDE) & set(known.codes):
        raise InputError(f"'status_flag' says where land is; its meanings are {sorted(known.codes)}")
    known.check(status)
    outside = known.present(status, _OUTSIDE)
    caution = known.present(status, _CAUTION) & ~outside
    inside = np.count_nonzero(~outside)
    return {"outside": outside, "caution": float(np.count_nonzero(caution) / inside) if inside else 0.0}
