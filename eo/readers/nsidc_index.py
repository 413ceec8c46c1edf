"""Daily extent masks of the NSIDC Sea Ice Index (G02135 version 3): one byte a cell, a GeoTIFF a day.

1 is ice (a concentration of 15 % or more), 0 open water, 253 coast, 254 land, 255 missing. The extent is the sum of the
true areas of the cells, not of 625 km2 each. The date is in the name of the file alone.

References
----------
Fetterer, F., et al. (2017): Sea Ice Index, Version 3. NSIDC. doi:10.7265/N5K072F8
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo import projection
from eo.errors import InputError
from eo.model import Product
from eo.readers._lazy import lazy
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
    band = _opened(path)
    try:
        found = _content(band, path, product, said.hemisphere)
    except BaseException:
        band.close()
        raise
    version = groups.get("version")
    found = found.assign_coords(time=("time", [stamp])).assign_attrs({"product_version": version} if version else {})
    found.set_close(band.close)
    return found


def _opened(path: Path) -> xr.DataArray:
    import rasterio.errors  # type: ignore[import-untyped]
    import rioxarray

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)  # an error below
            found = rioxarray.open_rasterio(path, cache=False)
    except (rasterio.errors.RasterioError, OSError, ValueError) as error:
        raise InputError(f"must be a GeoTIFF that opens: {error}") from None
    if not isinstance(found, xr.DataArray) or found.sizes["band"] != 1 or found.dtype != np.uint8:
        raise InputError("an extent mask is a GeoTIFF of one band of bytes, and this is another")
    return found


def _content(band: xr.DataArray, path: Path, product: Product, hemisphere: Hemisphere) -> xr.Dataset:
    if band.rio.crs is None:
        raise InputError("a GeoTIFF has a coordinate reference system, and this has none")
    text = band.rio.crs.to_wkt()
    y, x = (projection.regular_axis(band[name].values) for name in ("y", "x"))
    check_hemisphere(projection.crs_of(text), y, x, hemisphere)
    data = lazy(_reading(band), band.shape, band.dtype, f"{path}: the band")
    packed = xr.DataArray(data, dims=("time", "y", "x"), name=BAND)
    status = coded(packed, (0, 1), _CODES, path)
    values = packed.astype(np.float32).where(packed <= 1).assign_attrs(units="1")
    fields = dict.fromkeys(product.variables, values) | {f"{name}_status": status for name in product.variables}
    return xr.Dataset(fields, {"y": ("y", y), "x": ("x", x)}, {"crs": text})


def _reading(band: xr.DataArray) -> Any:  # noqa: ANN401 - a function of an index
    import rasterio.errors

    def read_block(key: tuple[slice, ...]) -> npt.NDArray[Any]:
        try:
            return np.asarray(band.variable[key].values)
        except rasterio.errors.RasterioError as error:
            raise OSError(str(error)) from None

    return read_block
