"""Regions as exact shares of grid cells, and the means over them.

A zone weight is the area of the part of a cell that lies inside the region: exact on the sphere for boxes, and
for polygons whose edges are straight lines in longitude and latitude (RFC 7946).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
import xarray as xr

from eo import projected_zones
from eo.canonical import PROJECTED, spatial_dims
from eo.errors import InputError
from eo.grid import EARTH_RADIUS
from eo.model import Box, Region

Floats = npt.NDArray[np.float64]
_EDGE = 0.1
"""Degrees: polygon edges are cut to this length before they are bent onto the equal-area plane."""
_WHOLE = 1e-9
"""A grid covers a region whose area is the sum of its weights to this share: what is left is rounding."""


@dataclass(frozen=True)
class Zone:
    """One region on one grid: the rows and columns that it touches and its area in each of their cells."""

    name: str
    title: str
    rows: slice
    columns: npt.NDArray[np.intp]
    weights: Floats
    """(rows, columns), m2."""
    area: float
    """Area of the whole region, m2, whether the grid covers it or not; the sum of the weights where it does."""
    latitude: float
    longitude: float
    """A representative point, degrees."""
    south: float
    north: float
    west: float
    east: float
    """The extent, degrees; `east` may run past 180."""


def _overlap(bounds: Floats, lower: float, upper: float) -> Floats:
    shared: Floats = np.minimum(bounds[:, 1], upper) - np.maximum(bounds[:, 0], lower)
    return np.maximum(shared, 0.0)


def _longitude_overlap(bounds: Floats, box: Box) -> Floats:
    """Give the degrees of longitude that each cell shares with the box, going round the circle."""
    west = bounds[:, :1] - box.west
    shifted = bounds - box.west - np.floor(west / 360.0) * 360.0
    widths = _overlap(shifted, 0.0, box.width) + _overlap(shifted, 360.0, 360.0 + box.width)
    return np.minimum(widths, bounds[:, 1] - bounds[:, 0])


def _box_weights(box: Box, lat_bounds: Floats, lon_bounds: Floats) -> Floats:
    sines = np.sin(np.deg2rad(lat_bounds))
    south, north = np.sin(np.deg2rad([box.south, box.north]))
    heights = _overlap(sines, float(south), float(north))
    return np.asarray(EARTH_RADIUS**2 * np.outer(heights, np.deg2rad(_longitude_overlap(lon_bounds, box))))


def _box_area(box: Box) -> float:
    south, north = np.sin(np.deg2rad([box.south, box.north]))
    return float(EARTH_RADIUS**2 * (north - south) * np.deg2rad(box.width))


def _equal_area(points: Floats) -> Floats:
    """Give (longitude, latitude) in degrees on the plane where area is area on the sphere, in radians."""
    return np.stack([np.deg2rad(points[:, 0]), np.sin(np.deg2rad(points[:, 1]))], axis=1)


def _shape(name: str, region: Region) -> shapely.Geometry:
    try:
        document = json.loads(region.geometry)
        features = document.get("features", [document])
        shapes = [shapely.from_geojson(json.dumps(item.get("geometry", item))) for item in features]
    except (json.JSONDecodeError, shapely.GEOSException, AttributeError, TypeError) as error:
        msg = f"region {name!r} needs valid GeoJSON in {region.polygons!r}: {error}"
        raise InputError(msg) from None
    joined = shapely.union_all(shapes)
    if joined.geom_type not in {"Polygon", "MultiPolygon"} or not joined.is_valid or joined.is_empty:
        flaw = joined.geom_type if joined.is_valid else shapely.is_valid_reason(joined)
        found = "nothing" if joined.is_empty else flaw
        raise InputError(f"region {name!r} is made of valid polygons; {region.polygons!r} has {found}")
    west, south, east, north = joined.bounds
    if south < -90 or north > 90 or west < -180 or east > 360:  # noqa: PLR2004 - the Earth
        raise InputError(
            f"region {name!r} lies in longitude -180..360, latitude -90..90; "
            f"{region.polygons!r} has {west:g}..{east:g}, {south:g}..{north:g}"
        )
    return joined


def _bent(shape: shapely.Geometry) -> shapely.Geometry:
    """Give a shape in degrees on the plane where area is area on the sphere."""
    return shapely.transform(shapely.segmentize(shape, _EDGE), _equal_area)


def _polygon_weights(shape: shapely.Geometry, lat_bounds: Floats, lon_bounds: Floats) -> Floats:
    sines = np.sin(np.deg2rad(lat_bounds))
    weights = np.zeros((len(lat_bounds), len(lon_bounds)))
    shapely.prepare(shape)
    for turn in (-360.0, 0.0, 360.0):
        west, east = np.deg2rad(lon_bounds[:, 0] + turn), np.deg2rad(lon_bounds[:, 1] + turn)
        x0, y0, x1, y1 = shape.bounds
        rows = np.flatnonzero((sines[:, 1] > y0) & (sines[:, 0] < y1))
        columns = np.flatnonzero((east > x0) & (west < x1))
        if not rows.size or not columns.size:
            continue
        cells = shapely.box(west[None, columns], sines[rows, 0, None], east[None, columns], sines[rows, 1, None])
        weights[np.ix_(rows, columns)] += shapely.area(shapely.intersection(cells, shape))
    return weights * EARTH_RADIUS**2


def zone(name: str, region: Region, lat_bounds: Floats, lon_bounds: Floats) -> Zone:
    """Give the weights of one region on a grid.

    Parameters
    ----------
    lat_bounds : (lat, 2), degrees
    lon_bounds : (lon, 2), degrees; any turn

    Raises
    ------
    InputError
        The region does not touch the grid, or its GeoJSON is not valid.
    """
    if region.box is not None:
        weights, area = _box_weights(region.box, lat_bounds, lon_bounds), _box_area(region.box)
    else:
        shape = _bent(_shape(name, region))
        weights, area = _polygon_weights(shape, lat_bounds, lon_bounds), float(shape.area) * EARTH_RADIUS**2
    covered = (
        f"latitude {lat_bounds.min():g}..{lat_bounds.max():g}, longitude {lon_bounds.min():g}..{lon_bounds.max():g}"
    )
    return _cut(name, region, weights, area, covered)


def projected_zone(name: str, region: Region, grid: xr.Dataset) -> Zone:
    """Give the weights of one region on the projected grid of a canonical dataset.

    Raises
    ------
    InputError
        The region does not touch the grid, or its GeoJSON is not valid.
    """
    crs = pyproj.CRS.from_cf(grid["crs"].attrs)
    y, x, cells = (grid[one].values for one in ("y", "x", "area"))
    if region.box is not None:
        inside, area = projected_zones.in_box(region.box), projected_zones.box_area(region.box, crs)
    else:
        shape = _shape(name, region)
        inside, area = projected_zones.in_polygon(shape), float(_bent(shape).area) * EARTH_RADIUS**2
    weights = projected_zones.shares(inside, crs, y, x) * np.nan_to_num(cells)
    return _cut(name, region, weights, area, f"y {y[0]:g}..{y[-1]:g} m, x {x[0]:g}..{x[-1]:g} m of {crs.name}")


def _cut(name: str, region: Region, weights: Floats, area: float, covered: str) -> Zone:
    """Give a zone of the rows and columns that have weight."""
    rows, columns = np.flatnonzero(weights.any(axis=1)), np.flatnonzero(weights.any(axis=0))
    if not rows.size:
        raise InputError(f"a region lies at least in part on the grid, and {name!r} does not; the grid has {covered}")
    window = slice(int(rows[0]), int(rows[-1]) + 1)
    weights = weights[window][:, columns]
    inside = float(row_sums(weights))
    whole = inside if abs(inside - area) <= _WHOLE * area else area
    point, extent = _place(name, region)
    return Zone(name, region.title, window, columns, weights, whole, *point, *extent)


Point = tuple[float, float]
Extent = tuple[float, float, float, float]


def _place(name: str, region: Region) -> tuple[Point, Extent]:
    """Give a representative point (latitude, longitude) and the extent (south, north, west, east) of a region."""
    if region.box is not None:
        box = region.box
        point = (box.south + box.north) / 2, (box.west + box.width / 2 + 180.0) % 360.0 - 180.0
        return point, (box.south, box.north, box.west, box.west + box.width)
    shape = _shape(name, region)
    inside, (west, south, east, north) = shape.representative_point(), shape.bounds
    return (float(inside.y), float(inside.x)), (south, north, west, east)


def zones(regions: Mapping[str, Region], grid: xr.Dataset) -> tuple[Zone, ...]:
    """Give every region on the grid of a canonical dataset, in the order given."""
    if spatial_dims(grid) == PROJECTED:
        return tuple(projected_zone(name, region, grid) for name, region in regions.items())
    bounds = grid["lat_bounds"].values, grid["lon_bounds"].values
    return tuple(zone(name, region, *bounds) for name, region in regions.items())


def row_sums(values: Floats) -> Floats:
    """Give sums over the last two axes in float64: along each row, then over the rows.

    The order of additions depends on the shape of the zone alone, never on chunks, workers or scheduler.
    """
    return np.asarray(np.ascontiguousarray(np.ascontiguousarray(values, np.float64).sum(axis=-1)).sum(axis=-1))


def _mean_and_coverage(values: npt.NDArray[np.floating], excluded: npt.NDArray[np.bool_], at: Zone) -> Floats:
    """Give [mean, coverage] of (..., rows, columns) values."""
    wide = np.asarray(values, dtype=np.float64)
    seen = np.isfinite(wide)
    weights = np.where(seen, at.weights, 0.0)
    observed = row_sums(weights)
    beyond = max(at.area - float(row_sums(at.weights)), 0.0)
    total = beyond + row_sums(np.where(excluded & ~seen, 0.0, at.weights))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = row_sums(np.where(seen, wide * at.weights, 0.0)) / observed
        low = np.where(seen & (at.weights > 0), wide, np.inf).min(axis=(-2, -1))
        high = np.where(seen & (at.weights > 0), wide, -np.inf).max(axis=(-2, -1))
        mean = np.where(observed > 0, np.clip(mean, low, high), np.nan)
        coverage = np.where(total > 0, np.minimum(observed / total, 1.0), 0.0)
    return np.stack([mean, coverage], axis=-1)


def zonal_mean(field: xr.DataArray, status: xr.DataArray, at: tuple[Zone, ...], outside: int) -> xr.Dataset:
    """Give the area-weighted mean over each zone and the share of the zone that was observed.

    Parameters
    ----------
    field : (time, lat, lon) or (time, y, x), any units
    status : as the field, int8
        Cells whose status is `outside` do not count as part of the zone (land, for a variable of the sea).
    at : zones on the grid of the field
    outside : the status of a cell where the variable does not exist

    Returns
    -------
    mean : (region, time), float64, units of the field; NaN where nothing was observed
    coverage : (region, time), 1
        Observed area over the area of the zone. Whatever part the grid does not cover counts as not observed.
    """
    pieces = [_one_zone(field, status, one, outside) for one in at]
    both = xr.concat(pieces, dim="region").transpose("region", "time", "which")
    names = xr.DataArray(np.array([one.name for one in at]), dims="region")
    return xr.Dataset({"mean": both.isel(which=0, drop=True), "coverage": both.isel(which=1, drop=True)}).assign_coords(
        region=names
    )


def _one_zone(field: xr.DataArray, status: xr.DataArray, at: Zone, outside: int) -> xr.DataArray:
    return over_zone(lambda values, codes: _mean_and_coverage(values, codes == outside, at), 2, at, (field, status))


def over_zone(reduce: Callable[..., Floats], count: int, at: Zone, fields: tuple[xr.DataArray, ...]) -> xr.DataArray:
    """Give what a function makes of the rows and columns of a zone at each step: (time, which).

    Parameters
    ----------
    reduce : takes the values of each field, (..., rows, columns), and gives (..., which) numbers
    count : how many numbers it gives
    at : a zone on the grid of the fields
    fields : (time, lat, lon) or (time, y, x); may be lazy
    """
    dims = [str(dim) for dim in fields[0].dims[-2:]]
    window = dict(zip(dims, (at.rows, at.columns), strict=True))
    found: xr.DataArray = xr.apply_ufunc(
        reduce,
        *(_whole_rows(one.isel(window)) for one in fields),
        input_core_dims=[dims] * len(fields),
        output_core_dims=[["which"]],
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={"output_sizes": {"which": count}},
        join="exact",
        keep_attrs=False,
    )
    return found


def _whole_rows(field: xr.DataArray) -> xr.DataArray:
    """Give a field without any coordinate but time, each step of it in one chunk."""
    plain = field.drop_vars([name for name in field.coords if name != "time"])
    return plain.chunk(dict.fromkeys(field.dims[-2:], -1)) if plain.chunks else plain
