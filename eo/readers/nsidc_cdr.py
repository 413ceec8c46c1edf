"""Sea-ice concentration of the NOAA/NSIDC Climate Data Record (G02202 version 4), daily and monthly.

Dims are (tdim, y, x): `time` is a variable on `tdim`, in days since 1601, and `xgrid`, `ygrid` are the axes. Values and
codes share a byte: 0 to 100 is a concentration, the codes that `flag_values` lists are none. Two of them say that
nothing was observed (the pole hole, where it is not filled, and missing data), the others that there is no sea.
The quality flags (`qa_of_...`) say how values that stand were made; they mask nothing.

References
----------
Meier, W. N., et al. (2021): NOAA/NSIDC Climate Data Record of Passive Microwave Sea Ice Concentration, Version 4.
NSIDC. doi:10.7265/efmz-2t65
"""

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from eo import projection
from eo.errors import InputError
from eo.model import Product, Variable
from eo.readers._coordinates import check_named, times
from eo.readers._flags import table
from eo.readers._masks import coded
from eo.readers._netcdf import opened
from eo.readers._options import options
from eo.readers._packing import decoded
from eo.readers._projected import Floats, Hemisphere, Options, axis, check_hemisphere, crs_text
from eo.readers._stored import StoredFile, check_packing, stored

_MEANINGS = {
    "pole_hole": "never_observed",
    "missing_data": "never_observed",
    "lakes": "outside_domain",
    "coastal": "outside_domain",
    "land_mask": "outside_domain",
    "unused": "outside_domain",
}
"""`unused` stands for lakes in the two concentrations that the record is made of."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one file of the record, decoded lazily under their canonical names.

    Raises
    ------
    InputError
        Another product or hemisphere, no such variable, a meaning that is unknown, axes that are not where the file
        says; when computed: a chunk that cannot be read, a byte that is neither a concentration nor a code.
    """
    said = options(Options, product)
    with opened(path, product) as file:
        found = _content(file, path, product, said.hemisphere)
        found.set_close(file.close)
        return found


def _content(file: StoredFile, path: Path, product: Product, hemisphere: Hemisphere) -> xr.Dataset:
    fields: dict[str, xr.DataArray] = {}
    for name, variable in product.variables.items():
        fields[name], fields[f"{name}_status"] = _concentration(file, path, variable)
        there = next((one for one in variable.uncertainty if one in file.variables), None)
        if there:
            spread = decoded(check_packing(_renamed(stored(file, there, path))))[0]
            units = spread.attrs["units"] or fields[name].attrs["units"]  # the file states none
            fields[f"{name}_uncertainty"] = spread.where(fields[name].notnull()).assign_attrs(units=units)
    first = next(iter(product.variables.values())).source
    text = crs_text(file, first)
    y, x = axis(file, "ygrid"), axis(file, "xgrid")
    check_hemisphere(projection.crs_of(text), y, x, hemisphere)
    _check_corner(file, first, y, x)
    stamps = times(file, "time")
    check_named(path, product, stamps)
    version = file.attrs.get("product_version")
    attributes = {"crs": text} | ({} if version is None else {"product_version": str(version)})
    return xr.Dataset(fields, {"time": ("time", stamps), "y": ("y", y), "x": ("x", x)}, attributes)


def _renamed(field: xr.DataArray) -> xr.DataArray:
    return field.rename(tdim="time") if "tdim" in field.dims else field


def _concentration(file: StoredFile, path: Path, variable: Variable) -> tuple[xr.DataArray, xr.DataArray]:
    packed = check_packing(_renamed(stored(file, variable.source, path)), ("scale_factor", "valid_range"))
    flags = table(variable.source, packed.attrs, packed.dtype)
    strange = sorted(set(flags.codes) - set(_MEANINGS))
    if strange or flags.bits:
        raise InputError(f"{variable.source!r} has codes that mean {sorted(_MEANINGS)}; it has {strange or 'bits'}")
    values, _ = decoded(packed)
    low, high = (float(one) for one in np.asarray(packed.attrs["valid_range"]))
    codes = {code: _MEANINGS[meaning] for meaning, code in flags.codes.items()}
    return values, coded(packed, (low, high), codes, path)


def _check_corner(file: StoredFile, variable: str, y: Floats, x: Floats) -> None:
    """Refuse axes that do not start where the `GeoTransform` of the grid mapping puts the first corner."""
    mapping: dict[str, Any] = file.variables[str(file.variables[variable].attrs["grid_mapping"])].attrs
    try:
        west, dx, _, north, _, dy = (float(one) for one in str(mapping["GeoTransform"]).split())
    except (KeyError, ValueError):
        raise InputError(f"a grid mapping has a GeoTransform of six numbers; it has {sorted(mapping)}") from None
    here = (x[0] - (x[1] - x[0]) / 2, x[1] - x[0], y[0] - (y[1] - y[0]) / 2, y[1] - y[0])
    if not np.allclose(here, (west, dx, north, dy), rtol=0, atol=abs(dx) / 100):
        raise InputError(f"axes are where GeoTransform puts them, {mapping['GeoTransform']}; they are at {here}")
