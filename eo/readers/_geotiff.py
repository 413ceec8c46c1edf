"""GeoTIFFs of one band: their geometry, and their values in blocks that are read when they are computed."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
import pyproj
import rioxarray
import xarray as xr
from rasterio import Env  # type: ignore[import-untyped]
from rasterio.errors import NotGeoreferencedWarning, RasterioError  # type: ignore[import-untyped]
from rioxarray.exceptions import RioXarrayError

from eo.errors import InputError
from eo.readers._lazy import lazy
from eo.sources.integrity import check

Floats = npt.NDArray[np.float64]
_BLOCK = 2048
_SNAP = 0.01
_QUIET = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
"""A GeoTIFF is read by itself: no files beside it change what it says."""
_AS_STORED: dict[str, Any] = {"masked": False, "mask_and_scale": False, "decode_times": False}
"""Numbers and codes as they are in the file: what they mean is the reader's to say."""
_BROKEN = (RasterioError, RioXarrayError, pyproj.exceptions.CRSError, OSError, ValueError, TypeError, LookupError)
_OPENING = threading.Lock()
"""Filters of warnings are those of the whole process: files open one after another, and are read side by side."""


def centres(edge: float, step: float, count: int) -> Floats:
    """Give the centres of pixels, from the edge of the first one."""
    return np.asarray(edge + (np.arange(count) + 0.5) * step, np.float64)


@dataclass(frozen=True)
class GeoTiff:
    """A GeoTIFF of one band, north up."""

    path: Path
    crs: pyproj.CRS
    left: float
    top: float
    step: float
    """Size of a pixel, in units of the projection: degrees or metres."""
    rows: int
    columns: int
    dtype: np.dtype[Any]
    nodata: float | None

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        return self.left, self.top - self.rows * self.step, self.left + self.columns * self.step, self.top

    @property
    def y(self) -> Floats:
        """Centres of the rows, from the north."""
        return centres(self.top, -self.step, self.rows)

    @property
    def x(self) -> Floats:
        """Centres of the columns."""
        return centres(self.left, self.step, self.columns)

    def values(self) -> da.Array:
        """Give the values as they are stored: (y, x), lazy."""
        chunks = (min(self.rows, _BLOCK), min(self.columns, _BLOCK))
        return lazy(self._window, (self.rows, self.columns), self.dtype, str(self.path), chunks)

    def _window(self, key: tuple[slice, slice]) -> npt.NDArray[Any]:
        with _opened(self.path) as band:
            return np.asarray(band.variable[(0, *key)].values)


def described(path: Path) -> GeoTiff:
    """Give the geometry of a GeoTIFF of one band.

    Raises
    ------
    InputError
        It is not whole, does not open, has several bands, no projection, no position, or pixels that are not square and
        north up.
    """
    check(path, ("TIFF",))
    try:
        with _opened(path) as band:
            return _geometry(band, path)
    except OSError as error:
        raise InputError(f"{path.name} must be readable to its end, and it is not: {error}") from None


def _geometry(band: xr.DataArray, path: Path) -> GeoTiff:
    count, rows, columns = band.shape
    if count != 1 or band.rio.crs is None:
        raise InputError(f"{path.name} has one band and a projection; it has {count} and {band.rio.crs}")
    at = band.rio.transform()
    if at.b or at.d or not at.a > 0 or abs(at.a + at.e) > _SNAP * at.a / max(columns, rows):
        raise InputError(f"{path.name} has square pixels, north up; its transform is {tuple(at)[:6]}")
    crs = pyproj.CRS.from_wkt(band.rio.crs.to_wkt())
    nodata = band.attrs.get("_FillValue")
    return GeoTiff(path, crs, at.c, at.f, at.a, rows, columns, band.dtype, None if nodata is None else float(nodata))


@contextmanager
def _opened(path: Path) -> Iterator[xr.DataArray]:
    """Open a GeoTIFF for one reading: a granule may have more tiles than a process can have open files.

    Raises
    ------
    InputError
        It has no position, or holds several images.
    OSError
        It cannot be read.
    """
    try:
        with Env(**_QUIET):
            band = _band(path)
            try:
                yield band
            finally:
                band.close()
    except NotGeoreferencedWarning:
        raise InputError(f"{path.name} has a position on the Earth, and it has none") from None
    except InputError:
        raise
    except _BROKEN as error:
        raise OSError(str(error)) from None


def _band(path: Path) -> xr.DataArray:
    """Open without a lock on reading: each thread has a file of its own."""
    with _OPENING, warnings.catch_warnings():
        warnings.simplefilter("error", NotGeoreferencedWarning)
        found = rioxarray.open_rasterio(
            path, driver="GTiff", lock=False, cache=False, parse_coordinates=False, **_AS_STORED
        )
    if not isinstance(found, xr.DataArray):
        raise InputError(f"{path.name} is one image; it holds several")
    return found
