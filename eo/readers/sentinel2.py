"""Sentinel-2 level 2A as Earth Search has it: STAC item, bands B04 and B08, scene classes; gives NDVI."""

from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
import xarray as xr
from pydantic import Field

from eo.canonical import STATUS
from eo.errors import InputError, unknown
from eo.model import Product
from eo.readers import _stac
from eo.readers._cog import check_projection
from eo.readers._geotiff import GeoTiff, described
from eo.readers._options import options
from eo.record import Record

KINDS = ("JSON",)
NDVI = "NDVI"
_CLASSES = 12
_SNAP = 1e-6


class Options(Record):
    """What the assets are called, and what is masked."""

    red: str = "red"
    nir: str = "nir"
    classes: str = "scl"
    masked: tuple[int, ...] = (0, 1, 3, 8, 9, 10, 11)
    """Scene classes without a value: no data, saturated, cloud shadow, cloud, cirrus, snow."""
    window: tuple[float, float, float, float] | None = None
    """West, south, east, north in metres of the projection: a whole tile has 120 million pixels."""


class _Band(_stac.Stated):
    scale: float = Field(gt=0)
    offset: float = 0.0
    nodata: float = 0.0


class _Bands(_stac.Stated):
    bands: tuple[_Band, ...] = Field(alias="raster:bands", min_length=1, max_length=1)


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the vegetation index of one scene on its own grid, where the scene classes leave it.

    Reflectance is number x scale + offset. Where the item says `earthsearch:boa_offset_applied`, the offset is in the
    numbers already, though `raster:bands` goes on stating it: it is not added again.

    Parameters
    ----------
    path : the item; its GeoTIFFs lie beside it
    product : its one variable has source `NDVI`; `marks` say the collection

    Raises
    ------
    InputError
        Another collection, no such asset, bands on different grids, an item that does not say whether the offset is
        in the numbers; when computed: a scene class that is not one.

    References
    ----------
    Sentinel-2 Products Specification Document, processing baseline 04.00 and later.
    """
    chosen = options(Options, product)
    items = _stac.items(path, product.marks)
    if len(items) > 1:
        raise InputError(f"a granule is one scene; there are {len(items)}")
    item = items[0]
    cogs = [described(_stac.file_of(path, item, name)) for name in (chosen.red, chosen.nir, chosen.classes)]
    stated = item.get("properties") or {}
    for cog in cogs:
        check_projection(cog, stated.get("proj:epsg", stated.get("proj:code")))
    reflectances = [
        _reflectance(cog, _band(item, name)) for cog, name in zip(cogs, (chosen.red, chosen.nir), strict=False)
    ]
    classes = _classes(cogs[2], cogs[0])
    if cogs[0].edges != cogs[1].edges or cogs[0].rows != cogs[1].rows:
        raise InputError(f"the bands of a scene lie on one grid; they lie on {[one.edges for one in cogs[:2]]}")
    status = da.map_blocks(_status, *reflectances, classes, chosen.masked, str(path), dtype=np.int8)  # type: ignore[no-untyped-call]
    values = da.map_blocks(_index, *reflectances, status, dtype=np.float32)  # type: ignore[no-untyped-call]
    found = _published(values, status, product, cogs[0], item)
    return found if chosen.window is None else _windowed(found, chosen.window, cogs[0])


def beside(path: Path, product: Product) -> tuple[str, ...]:
    """Give the GeoTIFFs of a scene."""
    chosen = options(Options, product)
    return _stac.links(path, _stac.items(path, product.marks), (chosen.red, chosen.nir, chosen.classes))


def _band(item: _stac.Item, name: str) -> _Band:
    """Give scale and offset of a band, the offset 0 where it is in the numbers already."""
    said = _stac.part(_Bands, _stac.asset(item, name), f"asset {name!r}").bands[0]
    applied = (item.get("properties") or {}).get("earthsearch:boa_offset_applied")
    if applied not in {True, False} and said.offset:
        raise InputError(
            "an item with an offset says in earthsearch:boa_offset_applied whether its numbers have it; it does not"
        )
    return said.model_copy(update={"offset": 0.0}) if applied is True else said


def _reflectance(cog: GeoTiff, band: _Band) -> da.Array:
    if cog.dtype.kind not in "iu":
        raise InputError(f"{cog.path.name} holds integers; it holds {cog.dtype}")

    def reflectance(numbers: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return np.where(numbers == band.nodata, np.nan, numbers * np.float64(band.scale) + band.offset)

    found: da.Array = da.map_blocks(reflectance, cog.values(), dtype=np.float64)  # type: ignore[no-untyped-call]
    return found


def _classes(coarse: GeoTiff, fine: GeoTiff) -> da.Array:
    """Give the scene classes on the grid of the bands: each pixel of 20 m stands for four of 10 m."""
    times = round(coarse.step / fine.step)
    same = (coarse.rows * times, coarse.columns * times) == (fine.rows, fine.columns)
    off = np.abs(np.subtract(coarse.edges, fine.edges)).max()
    if not same or off > _SNAP * fine.step or coarse.dtype.kind not in "iu":
        raise InputError(f"scene classes lie on the grid of the bands, {fine.edges}; they lie on {coarse.edges}")
    blocks = da.repeat(da.repeat(coarse.values(), times, axis=0), times, axis=1)
    found: da.Array = blocks.rechunk(fine.values().chunks)
    return found


def _status(
    red: npt.NDArray[Any], nir: npt.NDArray[Any], classes: npt.NDArray[Any], masked: tuple[int, ...], where: str
) -> npt.NDArray[np.int8]:
    strange = np.unique(classes[(classes < 0) | (classes >= _CLASSES)])
    if strange.size:
        raise InputError(f"{where}: a scene class is 0 to {_CLASSES - 1}; there is {strange[:5].tolist()}")
    status = np.full(classes.shape, STATUS["ok"], np.int8)
    status[np.isin(classes, masked) | ~(red >= 0) | ~(nir >= 0) | (red + nir == 0)] = STATUS["quality_masked"]
    status[(classes == 0) | np.isnan(red) | np.isnan(nir)] = STATUS["never_observed"]
    return status


def _index(red: npt.NDArray[Any], nir: npt.NDArray[Any], status: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(status == STATUS["ok"], (nir - red) / (nir + red), np.nan).astype(np.float32)


def _published(values: da.Array, status: da.Array, product: Product, grid: GeoTiff, item: _stac.Item) -> xr.Dataset:
    fields: dict[str, xr.DataArray] = {}
    for name, variable in product.variables.items():
        if variable.source != NDVI:
            raise unknown("variable", variable.source, [NDVI])
        fields[name] = xr.DataArray(values, dims=("y", "x"), attrs={"units": "1"})
        fields[f"{name}_status"] = xr.DataArray(status, dims=("y", "x"))
    said = {"crs": grid.crs.to_wkt()}
    baseline = (item.get("properties") or {}).get("s2:processing_baseline")
    if baseline:
        said["product_version"] = str(baseline)
    return xr.Dataset(fields, {"y": grid.y, "x": grid.x, "time": [_stac.time_of(item)]}, said)


def _windowed(scene: xr.Dataset, window: tuple[float, float, float, float], grid: GeoTiff) -> xr.Dataset:
    west, south, east, north = window
    found = scene.sel(x=(scene["x"] > west) & (scene["x"] < east), y=(scene["y"] > south) & (scene["y"] < north))
    if min(found.sizes["x"], found.sizes["y"]) < 2:  # noqa: PLR2004 - a grid has steps
        raise InputError(f"the window lies in the scene, {grid.edges}; it is {window}")
    return found
