"""Daily extent masks of the NSIDC Sea Ice Index (G02135 version 3): one byte a cell, a GeoTIFF a day.

1 is ice (a concentration of 15 % or more), 0 open water, 253 coast, 254 land, 255 missing. The extent is the sum of the
true areas of the cells, not of 625 km2 each. The date is in the name of the file alone.

References
----------
Fetterer, F., et al. (2017): Sea Ice Index, Version 3. NSIDC. doi:10.7265/N5K072F8
"""

from pathlib import Path

import numpy as np
import xarray as xr

from eo import projection
from eo.errors import InputError
from eo.model import Product
from eo.readers._geotiff import GeoTiff, described
from eo.readers._masks import coded
from eo.readers._names import named, time_of
from eo.readers._options import options
from eo.readers._projected import Hemisphere, Options, check_hemisphere

KINDS = ("TIFF",)
"""Kinds of file that are read."""

BAND = "extent"
"""What a product calls the one band of a file."""

_CODES = {253: "outside_domain", 254: "outside_domain", 255: "never_observed"}


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the mask of one day, lazily: 1 for ice, 0 for open water.

    Raises
    ------
    InputError
        A name without a date, no GeoTIFF of one byte band, no or another projection; when computed: a block that
        cannot be read, a byte that is no code.
    """
    said = options(Options, product)
    wrong = sorted({one.source for one in product.variables.values()} - {BAND})
    if wrong:
        raise InputError(f"an extent mask has the one band {BAND!r}, and not {wrong}")
    groups = named(path, product)
    stamp = time_of(groups)
    found = _content(described(path), path, product, said.hemisphere).assign_coords(time=("time", [stamp]))
    version = groups.get("version")
    return found.assign_attrs({"product_version": version} if version else {})


def _content(mask: GeoTiff, path: Path, product: Product, hemisphere: Hemisphere) -> xr.Dataset:
    if mask.dtype != np.uint8:
        raise InputError(f"an extent mask is a GeoTIFF of one band of bytes; this one is of {mask.dtype}")
    y, x = (projection.regular_axis(one) for one in (mask.y, mask.x))
    text = mask.crs.to_wkt()
    check_hemisphere(projection.crs_of(text), y, x, hemisphere)
    packed = xr.DataArray(mask.values()[np.newaxis], dims=("time", "y", "x"), name=BAND)
    status = coded(packed, (0, 1), _CODES, path)
    values = packed.astype(np.float32).where(packed <= 1).assign_attrs(units="1")
    fields = dict.fromkeys(product.variables, values) | {f"{name}_status": status for name in product.variables}
    return xr.Dataset(fields, {"y": ("y", y), "x": ("x", x)}, {"crs": text})
