"""Projected grids: exact axes in metres, latitude and longitude of each cell, and its area from the projection."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyproj

from eo.errors import InputError

Floats = npt.NDArray[np.float64]
_SNAP = 0.01
_KEPT = 1 << 21
"""Cells of the largest grid that is kept in memory."""


def regular_axis(axis: Floats) -> Floats:
    """Give an evenly spaced axis free of rounding noise, m.

    Raises
    ------
    InputError
        Fewer than two points, or uneven steps.
    """
    wide = np.asarray(axis, dtype=np.float64)
    if wide.size < 2:  # noqa: PLR2004 - one point has no step
        raise InputError(f"a projected axis has at least two points; there is {wide.size}")
    step = np.round((wide[-1] - wide[0]) / (wide.size - 1), 3)
    exact: Floats = np.round(np.round(wide[0], 3) + step * np.arange(wide.size), 3)
    if step == 0 or np.abs(exact - wide).max() > _SNAP * abs(step):
        raise InputError(f"a projected axis has even steps; it goes from {wide[0]} to {wide[-1]} in {wide.size} points")
    return exact


def crs_of(text: str) -> pyproj.CRS:
    """Give the coordinate reference system of an EPSG code, a PROJ string or WKT.

    Raises
    ------
    InputError
        Not one, or one that is not projected.
    """
    try:
        found = pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError as error:
        raise InputError(f"a projected grid has a coordinate reference system; {text!r} is none: {error}") from None
    if not found.is_projected:
        raise InputError(f"a projected grid has a projection from the Earth to the plane; {found.name!r} is none")
    return found


def grid_mapping(crs: pyproj.CRS) -> dict[str, object]:
    """Give the CF attributes of a grid mapping, with the digits that its WKT has."""
    found: dict[str, object] = pyproj.CRS.from_wkt(crs.to_wkt()).to_cf()
    if found.get("grid_mapping_name") == "polar_stereographic":
        pole = np.copysign(90.0, float(str(found.get("standard_parallel", 90.0))))
        found = {"latitude_of_projection_origin": float(pole)} | found
    return found


def positions(crs: pyproj.CRS, y: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Give latitude and longitude of each cell centre: two (y, x), degrees; NaN off the projection."""
    transform = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    longitude, latitude = transform.transform(*np.meshgrid(x, y))
    off = ~(np.isfinite(longitude) & np.isfinite(latitude))
    wrapped = (np.asarray(longitude) + 180.0) % 360.0 - 180.0
    return np.where(off, np.nan, latitude), np.where(off, np.nan, wrapped)


@lru_cache(maxsize=8)
def _cells(crs: str, y: bytes, x: bytes) -> tuple[Floats, Floats, Floats]:
    system, rows, columns = pyproj.CRS.from_wkt(crs), np.frombuffer(y), np.frombuffer(x)
    latitude, longitude = positions(system, rows, columns)
    found = latitude, longitude, cell_area(system, rows, columns)
    for one in found:
        one.flags.writeable = False
    return found


def cells(crs: pyproj.CRS, y: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
    """Give latitude, longitude (degrees) and area (m2) of each cell, each (y, x); a usual grid is worked out once."""
    if y.size * x.size > _KEPT:
        return (*positions(crs, y, x), cell_area(crs, y, x))
    return _cells(crs.to_wkt(), y.tobytes(), x.tobytes())


def cell_area(crs: pyproj.CRS, y: Floats, x: Floats) -> Floats:
    """Give the area of each cell on the ellipsoid: (y, x), m2.

    The area in the plane over the areal scale of the projection at the cell centre, so that a cell of an equal-area
    grid has its area in the plane exactly, and one of a polar stereographic grid is not taken for 625 km2.
    """
    plane = abs((y[1] - y[0]) * (x[1] - x[0]))
    method = (crs.coordinate_operation.method_name if crs.coordinate_operation else "").lower()
    if "equal area" in method:
        return np.full((y.size, x.size), plane)
    latitude, longitude = positions(crs, y, x)
    scale = pyproj.Proj(crs).get_factors(longitude, latitude, errcheck=False).areal_scale
    return np.asarray(np.where(np.isfinite(scale) & (scale > 0), plane / scale, np.nan))
