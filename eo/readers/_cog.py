"""Cloud-optimised GeoTIFFs: their geometry, and their values in blocks that are read when they are computed."""

import itertools
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
import rasterio  # type: ignore[import-untyped]
from rasterio.errors import NotGeoreferencedWarning, RasterioError  # type: ignore[import-untyped]
from rasterio.windows import Window  # type: ignore[import-untyped]

from eo.errors import InputError
from eo.readers._lazy import lazy

Floats = npt.NDArray[np.float64]
_BLOCK = 2048
_SNAP = 0.01
_QUIET = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
"""A GeoTIFF is read by itself: no files beside it change what it says."""


def centres(edge: float, step: float, count: int) -> Floats:
    """Give the centres of pixels, from the edge of the first one."""
    return np.asarray(edge + (np.arange(count) + 0.5) * step, np.float64)


@dataclass(frozen=True)
class Cog:
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
        window = Window.from_slices(*key, height=self.rows, width=self.columns)
        with _opened(self.path) as file:
            found: npt.NDArray[Any] = file.read(1, window=window)
            return found


def described(path: Path) -> Cog:
    """Give the geometry of a GeoTIFF of one band.

    Raises
    ------
    InputError
        It does not open, has several bands, no projection, no position, or pixels that are not square and north up.
    """
    with _opened(path) as file:
        at = file.transform
        if file.count != 1 or file.crs is None:
            raise InputError(f"{path.name} has one band and a projection; it has {file.count} and {file.crs}")
        if at.b or at.d or not at.a > 0 or abs(at.a + at.e) > _SNAP * at.a / max(file.width, file.height):
            raise InputError(f"{path.name} has square pixels, north up; its transform is {tuple(at)[:6]}")
        dtype = np.dtype(file.dtypes[0])
        crs = pyproj.CRS.from_wkt(file.crs.to_wkt())
        return Cog(path, crs, at.c, at.f, at.a, file.height, file.width, dtype, file.nodata)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with warnings.catch_warnings(), rasterio.Env(**_QUIET):
            warnings.simplefilter("error", NotGeoreferencedWarning)
            with rasterio.open(path, driver="GTiff", sharing=False) as file:
                yield file
    except NotGeoreferencedWarning:
        raise InputError(f"{path.name} has a position on the Earth, and it has none") from None
    except (RasterioError, pyproj.exceptions.CRSError) as error:
        raise InputError(f"{path} must be readable to its end, and it is not: {error}") from None


def check_projection(cog: Cog, stated: object) -> None:
    """Refuse a GeoTIFF in another projection than the one its item states, where it states one.

    Raises
    ------
    InputError
        They are not the same.
    """
    if stated in {None, ""}:
        return
    text = str(stated)
    try:
        there = pyproj.CRS.from_user_input(f"EPSG:{text}" if text.isdigit() else text)
    except pyproj.exceptions.CRSError:
        raise InputError(f"an item states its projection by an EPSG code; it states {text!r}") from None
    if not there.equals(cog.crs, ignore_axis_order=True):
        raise InputError(f"{cog.path.name} is in the projection of its item, {there.name}; it is in {cog.crs.name}")


def mosaic(tiles: list[Cog]) -> list[list[int]]:
    """Give the numbers of the tiles of one grid in rows from the north, each from the west.

    Raises
    ------
    InputError
        They are not of one projection and pixel size, overlap, or leave a hole.
    """
    first = tiles[0]
    if any(one.crs != first.crs or abs(one.step - first.step) > _SNAP * first.step / one.columns for one in tiles):
        raise InputError(f"the tiles of a granule have one projection and pixel size; they are {_said(tiles)}")
    order = sorted(range(len(tiles)), key=lambda number: (-tiles[number].top, tiles[number].left))
    across = sum(abs(tiles[number].top - tiles[order[0]].top) < first.step for number in order)
    rows = [order[start : start + across] for start in range(0, len(order), across)]
    if not all(_joined([tiles[number] for number in row]) for row in rows) or not _stacked(tiles, rows):
        raise InputError(f"the tiles of a granule fill a rectangle; they are {_said(tiles)}")
    return rows


def _said(tiles: list[Cog]) -> list[str]:
    return [f"{one.path.name} {[round(edge, 6) for edge in one.edges]} by {one.step:g}" for one in tiles]


def _joined(row: list[Cog]) -> bool:
    same = all(one.rows == row[0].rows and abs(one.top - row[0].top) < _SNAP * one.step for one in row)
    pairs = itertools.pairwise(row)
    return same and all(abs(west.edges[2] - east.left) < _SNAP * west.step for west, east in pairs)


def _stacked(tiles: list[Cog], rows: list[list[int]]) -> bool:
    if any(len(row) != len(rows[0]) for row in rows):
        return False
    columns = zip(*rows, strict=True)
    return all(
        abs(tiles[north].edges[1] - tiles[south].top) < _SNAP * tiles[north].step
        and abs(tiles[north].left - tiles[south].left) < _SNAP * tiles[north].step
        and tiles[north].columns == tiles[south].columns
        for column in columns
        for north, south in itertools.pairwise(column)
    )
