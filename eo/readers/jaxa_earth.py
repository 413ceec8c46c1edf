"""JAXA Earth: STAC items with cloud-optimised GeoTIFFs of digital numbers, which the item tells how to decode."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import xarray as xr
from pydantic import Field

from eo.errors import InputError
from eo.model import Product, Variable
from eo.readers import _stac
from eo.readers._cog import check_projection, mosaic
from eo.readers._geotiff import GeoTiff, centres, described
from eo.readers._options import options
from eo.readers._packing import decoded
from eo.record import Record
from eo.steps import labels, start_of

KINDS = ("JSON",)
_UNITLESS = {"", "-", "none", "unitless", "n/a", "na"}


class Options(Record):
    """When the record begins, where the catalogue is wrong about it."""

    since: date = date(1970, 1, 1)


class _Unit(_stac.Stated):
    unit: str


class _Numbers(_stac.Stated):
    data_type: str
    nodata: float
    minimum: float | None = Field(default=None, alias="min")
    maximum: float | None = Field(default=None, alias="max")
    error: tuple[float, ...] = ()


class _Line(_stac.Stated):
    slope: float
    offset: float


class _Raster(_stac.Stated):
    """The member `je:rasters` of an asset."""

    value: _Unit
    dn: _Numbers
    dn2value: _Line


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the bands of one time step: of one item, or of the tiles of an item collection on one grid.

    The catalogue cuts the globe into tiles (halves at level 0: E000.00-E180.00 and W180.00-E000.00), one item each. A
    granule of the whole globe is a GeoJSON FeatureCollection of those items, with links relative to it. Tiles of any
    level are read, EPSG:4326 or polar, all of one level at once. Pixels are those of the level itself and never of its
    overviews: how those were made is not stated, and an average of digital numbers mixes values with codes.

    Parameters
    ----------
    path : GeoJSON; the GeoTIFFs lie beside it or in folders there
    product : its `source` names are those of the assets, `marks` say the collection

    Raises
    ------
    InputError
        Another collection, no such band, tiles of several times or with a hole, numbers of another type or in
        another projection than the item says, a time before the record begins.

    References
    ----------
    JAXA Earth API documentation; ``je:rasters`` of its STAC items.
    """
    chosen = options(Options, product)
    items = _stac.items(path, product.marks)
    fields: dict[str, xr.DataArray] = {}
    grids: list[GeoTiff] = []
    for name, variable in product.variables.items():
        tiles = [_tile(path, item, variable) for item in items]
        rows = mosaic([one.cog for one in tiles])
        grids += [tiles[rows[0][0]].cog]
        for key, values in (("", _joined(tiles, rows, "values")), ("_status", _joined(tiles, rows, "status"))):
            fields[f"{name}{key}"] = values
    return _published(fields, _axes(grids, fields), _time(items, product, chosen.since), grids[0])


def beside(path: Path, product: Product) -> tuple[str, ...]:
    """Give the GeoTIFFs of a granule."""
    names = [variable.source for variable in product.variables.values()]
    return _stac.links(path, _stac.items(path, product.marks), names)


class _Tile(NamedTuple):
    cog: GeoTiff
    values: xr.DataArray
    status: xr.DataArray


def _tile(path: Path, item: _stac.Item, variable: Variable) -> _Tile:
    said = _stac.part(_Raster, _stac.asset(item, variable.source).get("je:rasters"), "je:rasters of an asset")
    cog = described(_stac.file_of(path, item, variable.source))
    _check(cog, item, said)
    dims = ("lat", "lon") if cog.crs.is_geographic else ("y", "x")
    values, status = decoded(
        xr.DataArray(cog.values(), dims=dims, attrs=_packing(said, cog.dtype), name=variable.source)
    )
    return _Tile(cog, values, status)


def _check(cog: GeoTiff, item: _stac.Item, said: _Raster) -> None:
    stated: Mapping[str, Any] = item.get("properties") or {}
    check_projection(cog, stated.get("proj:epsg", stated.get("je:epsg")))
    if cog.dtype != np.dtype(said.dn.data_type if said.dn.data_type in np.sctypeDict else "O"):
        raise InputError(f"{cog.path.name} holds {said.dn.data_type}, as its item says; it holds {cog.dtype}")
    if cog.nodata is not None and cog.nodata != said.dn.nodata:
        raise InputError(f"{cog.path.name} has nodata {said.dn.nodata}, as its item says; it has {cog.nodata}")
    box = item.get("bbox")
    if cog.crs.is_geographic and isinstance(box, list) and len(box) == 4:  # noqa: PLR2004 - west, south, east, north
        try:
            off = np.abs(np.subtract(box, cog.edges)).max()
        except (TypeError, ValueError):
            raise InputError(f"a bbox is four numbers; it is {box}") from None
        if not off < cog.step:
            raise InputError(f"{cog.path.name} lies in the bbox of its item, {box}; it lies in {list(cog.edges)}")


def _packing(said: _Raster, dtype: np.dtype[Any]) -> dict[str, Any]:
    """Give what an item says of the numbers in the words of CF: all of it is in digital numbers.

    Limits of packed integers are given as integers: as fractions they would be in physical units.
    """
    exact = np.float64 if dtype.kind == "f" else np.int64
    limits = {"valid_min": said.dn.minimum, "valid_max": said.dn.maximum}
    return {
        "_FillValue": said.dn.nodata,
        "missing_value": np.array(said.dn.error or [said.dn.nodata]),
        "scale_factor": said.dn2value.slope,
        "add_offset": said.dn2value.offset,
        "units": _units(said.value.unit),
        **{name: exact(value) for name, value in limits.items() if value is not None},
    }


def _units(published: str) -> str:
    if "month" in published.lower():
        raise InputError(f"a rate is per a time that has one length, and not {published!r}")
    return "1" if published.strip().lower() in _UNITLESS else published.strip()


def _joined(tiles: list[_Tile], rows: list[list[int]], which: str) -> xr.DataArray:
    parts = [[getattr(tiles[number], which) for number in row] for row in rows]
    first = parts[0][0]
    if any(one.attrs != first.attrs for row in parts for one in row):
        raise InputError("the tiles of a granule have one unit")
    whole = da.block([[one.data for one in row] for row in parts])  # type: ignore[no-untyped-call]
    return xr.DataArray(whole, dims=first.dims, attrs=first.attrs)


def _axes(grids: list[GeoTiff], fields: Mapping[str, xr.DataArray]) -> dict[str, np.ndarray]:
    first, sizes = grids[0], {one.shape for one in fields.values()}
    if len(sizes) > 1 or any(
        (one.left, one.top, one.step, one.crs) != (first.left, first.top, first.step, first.crs) for one in grids
    ):
        raise InputError(f"the bands of a product lie on one grid; they are {[one.edges for one in grids]}")
    (rows, columns), names = next(iter(sizes)), next(iter(fields.values())).dims
    return {
        str(names[0]): centres(first.top, -first.step, rows),
        str(names[1]): centres(first.left, first.step, columns),
    }


def _time(items: list[_stac.Item], product: Product, since: date) -> np.datetime64:
    times = np.array([_stac.time_of(item) for item in items])
    starts = np.unique(start_of(times, product.step))
    if starts.size > 1:
        raise InputError(
            f"the tiles of a granule are of one {product.step}; they are of {labels(starts, product.step)}"
        )
    if times.min() < np.datetime64(since):
        raise InputError(f"the record begins on {since}; the item is of {str(times.min())[:10]}")
    return np.datetime64(starts[0])


def _published(
    fields: Mapping[str, xr.DataArray], axes: Mapping[str, np.ndarray], time: np.datetime64, grid: GeoTiff
) -> xr.Dataset:
    plain = {name: (field.dims, field.data, field.attrs) for name, field in fields.items()}
    said = {} if grid.crs.is_geographic else {"crs": grid.crs.to_wkt()}
    return xr.Dataset(plain, {**axes, "time": [time]}, said)
