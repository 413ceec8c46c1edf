"""Vegetation of the Copernicus Global Land Service (CLMS): NDVI, FAPAR and LAI by dekads, 300 m and 1 km.

Values are bytes with codes above the valid range, which no `_FillValue` covers. Coordinates are centres of pixels,
the first at 180 W and 80 N exactly.

Sources
-------
Copernicus Global Land Service, product user manuals of NDVI 300 m v1 and v2, NDVI 1 km v3, LAI/FAPAR 300 m v1.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr
from pydantic import Field as Setting

from eo.errors import InputError, unknown
from eo.model import Product
from eo.readers._clms_name import FINAL, Identifier, identifier
from eo.readers._flags import table
from eo.readers._latlon import Field, GridFile, fields, opened, published
from eo.readers._masks import coded_field, masked
from eo.readers._options import options
from eo.record import Record
from eo.steps import end_of

Reason = Literal["never_observed", "quality_masked", "outside_domain"]
_SIGNED = {-1: "never_observed", -2: "outside_domain"}
"""Codes of an uncertainty of signed type: missing, sea."""
_OFF = 0.02
"""Of a pixel: what rounding of the coordinates may move one."""


class Options(Record):
    """What a CLMS product says beside its variables."""

    layer: str
    """As in the identifier: NDVI300, NDVI, FAPAR300, LAI300."""
    dated: Literal["start", "end"]
    """Which day of its dekad a file is dated by: NDVI the first, LAI and FAPAR the last."""
    pixels: int
    """Pixels in a degree: 336 (300 m) or 112 (1 km)."""
    valid: tuple[int, int]
    """Least and largest packed value that is a value."""
    codes: dict[int, Reason]
    """What each packed value beside means."""
    consolidations: tuple[str, ...] = Setting(default=(FINAL,), min_length=1)
    """Those that may be read: `final` (no RT in the name), RT0 to RT6. RT6 is final for LAI and FAPAR of OLCI."""
    quality: str = "QFLAG"
    """The layer of quality flags."""
    reject: tuple[str, ...] = ()
    """Meanings of its flags, as the file lists them, that mask a value."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one file, decoded lazily; the version tells the consolidation too.

    Raises
    ------
    InputError
        Another layer or consolidation, a date that is not that of a dekad, pixels that are not where they belong;
        when computed: a packed value that is neither valid nor a known code.
    """
    chosen = options(Options, product)
    with opened(path, product) as grid:
        who = _identity(grid, chosen)
        start = who.dekad(chosen.dated)
        _check_time(grid, start)
        for axis in ("lat", "lon"):
            _check_pixels(grid, axis, chosen.pixels)
        bad = _rejected(grid, chosen) if chosen.reject else None

        def field(name: str) -> Field:
            found = coded_field(_packed(grid, name), chosen.valid, dict(chosen.codes), grid.path)
            plain = _dimensionless(found)
            return plain if bad is None else masked(*plain, bad, "quality_masked")

        def spread(name: str) -> Field:
            packed = _packed(grid, name)
            if packed.dtype.kind == "i":
                return _dimensionless(coded_field(packed, (0, np.iinfo(packed.dtype).max), _SIGNED, grid.path))
            return _dimensionless(coded_field(packed, chosen.valid, dict(chosen.codes), grid.path))

        version = " ".join([who.version, *([who.consolidation] if who.consolidation != FINAL else [])])
        stamps = np.array([start], "datetime64[ns]")
        return published(grid, fields(grid, product, field, spread), stamps=stamps, version=version)


def _identity(grid: GridFile, chosen: Options) -> Identifier:
    who = identifier(str(grid.file.attrs.get("identifier", grid.path.name)))
    if who.layer != chosen.layer:
        raise InputError(f"a file of this product is of layer {chosen.layer!r}; this one is of {who.layer!r}")
    if who.consolidation not in chosen.consolidations:
        raise InputError(
            f"a file of this product is of consolidation {list(chosen.consolidations)}; this one is {who.consolidation}"
        )
    return who


def _check_time(grid: GridFile, start: np.datetime64) -> None:
    """Refuse a time coordinate outside of the dekad; older files have none."""
    if "time" not in grid.axes:
        return
    stamps = grid.times()
    end = end_of(np.array([start]), "dekad")[0]
    if stamps.size != 1 or not start <= stamps[0] <= end:
        raise InputError(f"the time of a file lies in its dekad from {str(start)[:10]}; it is {stamps}")


def _check_pixels(grid: GridFile, axis: str, pixels: int) -> None:
    """Refuse centres that are not whole pixels from the meridian and the equator, or other than GeoTransform says."""
    centres = grid.centres[axis] * pixels
    off = float(np.abs(centres - np.round(centres)).max())
    if off > _OFF or np.abs(np.abs(np.diff(centres)) - 1).max(initial=0.0) > _OFF:
        raise InputError(
            f"{axis} has centres on whole multiples of 1/{pixels} degree; they are {off:.2g} of a pixel off"
        )
    said = str(grid.file.variables["crs"].attrs.get("GeoTransform", "")) if "crs" in grid.file.variables else ""
    if said:
        corner = _corner(said, axis) * pixels
        step = centres[1] - centres[0]
        if abs(corner + step / 2 - centres[0]) > _OFF:
            raise InputError(f"the first {axis} is half a pixel from the corner in GeoTransform {said!r}; it is not")


def _corner(transform: str, axis: str) -> float:
    """Give the edge of the first pixel, degrees; GDAL: x0, dx, 0, y0, 0, dy."""
    try:
        numbers = [float(one) for one in transform.replace(",", " ").split()]
        return numbers[0 if axis == "lon" else 3]
    except (ValueError, IndexError):
        raise InputError(f"GeoTransform has six numbers; it is {transform!r}") from None


def _packed(grid: GridFile, name: str) -> xr.DataArray:
    found = grid.stored(name)
    if found.dtype.kind not in "iu" or "scale_factor" not in found.attrs:
        raise InputError(f"{name!r} has integers with a scale_factor; it has {found.dtype} with {sorted(found.attrs)}")
    return found


def _dimensionless(field: Field) -> Field:
    """Give a field with the unit 1 where the file has an empty one: indices and fractions have none."""
    values_, status = field
    return values_.assign_attrs(units=str(values_.attrs.get("units", "")).strip() or "1"), status


def _rejected(grid: GridFile, chosen: Options) -> xr.DataArray:
    flag = grid.stored(chosen.quality)
    known = table(chosen.quality, flag.attrs, flag.dtype)
    for one in chosen.reject:
        if one not in known.codes:
            raise unknown("meaning", one, known.codes, chosen.quality)
    found: xr.DataArray = xr.apply_ufunc(
        lambda raw: known.present(raw, chosen.reject), flag, dask="parallelized", output_dtypes=[bool], keep_attrs=False
    )
    return found
