"""Regions on projected grids: the share of each cell that lies inside, to a sixteenth of a cell's side.

Cells whose corners are all inside or all outside count whole; those on the border are asked at 16 x 16 points. So a
region may hold a pole or cross the antimeridian.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from eo.model import Box
from eo.projection import positions

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Inside = Callable[[Floats, Floats], Bools]
"""Tells for latitudes and longitudes in degrees whether they lie in the region."""

_POINTS = 16


def in_box(box: Box) -> Inside:
    """Give the test of a box, which may cross the antimeridian."""

    def inside(latitude: Floats, longitude: Floats) -> Bools:
        with np.errstate(invalid="ignore"):
            across = (longitude - box.west) % 360.0 <= box.width
            return np.asarray((latitude >= box.south) & (latitude <= box.north) & across)

    return inside


def in_polygon(shape: shapely.Geometry) -> Inside:
    """Give the test of polygons in degrees of longitude and latitude, whatever turn of the circle they lie on."""
    shapely.prepare(shape)

    def inside(latitude: Floats, longitude: Floats) -> Bools:
        turns = [shapely.contains_xy(shape, longitude + turn, latitude) for turn in (0.0, 360.0)]
        return np.asarray(np.logical_or(*turns))

    return inside


def shares(inside: Inside, crs: pyproj.CRS, y: Floats, x: Floats) -> Floats:
    """Give the share of each cell that lies in a region: (y, x), 0 to 1.

    Parameters
    ----------
    inside : the region
    crs : the projection
    y, x : centres of the cells, m, evenly spaced
    """
    dy, dx = y[1] - y[0], x[1] - x[0]
    edges_y, edges_x = np.append(y - dy / 2, y[-1] + dy / 2), np.append(x - dx / 2, x[-1] + dx / 2)
    corners = inside(*positions(crs, edges_y, edges_x))
    four = np.stack([corners[:-1, :-1], corners[1:, :-1], corners[:-1, 1:], corners[1:, 1:]])
    found = np.where(four.all(axis=0), 1.0, 0.0)
    border = _widened(np.asarray(four.any(axis=0) & ~four.all(axis=0)))
    rows, columns = np.nonzero(border if found.any() or border.any() else np.ones_like(border))
    found[rows, columns] = _asked(inside, crs, (y[rows], x[columns]), (dy, dx))
    return found


def _widened(cells: Bools) -> Bools:
    """Give cells and their neighbours: a border may pass between corners."""
    padded = np.pad(cells, 1)
    rows, columns = cells.shape
    shifted = [padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    return np.asarray(np.logical_or.reduce(shifted))


def _asked(inside: Inside, crs: pyproj.CRS, centres: tuple[Floats, Floats], size: tuple[float, float]) -> Floats:
    offsets = (np.arange(_POINTS) + 0.5) / _POINTS - 0.5
    down, across = (part.ravel() for part in np.meshgrid(offsets * size[0], offsets * size[1], indexing="ij"))
    transform = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    hits = np.zeros(centres[0].size)
    for one_down, one_across in zip(down, across, strict=True):
        longitude, latitude = transform.transform(centres[1] + one_across, centres[0] + one_down)
        hits += inside(np.asarray(latitude), np.asarray(longitude))
    return np.asarray(hits / down.size)


def box_area(box: Box, crs: pyproj.CRS) -> float:
    """Give the area of a box on the ellipsoid of a projection, m2 (Snyder 1987, equation 3-12)."""
    ellipsoid = crs.ellipsoid
    major, minor = (ellipsoid.semi_major_metre, ellipsoid.semi_minor_metre) if ellipsoid else (6_378_137.0,) * 2
    squared = 1.0 - (minor / major) ** 2
    low, high = (_authalic(np.sin(np.deg2rad(one)), np.sqrt(squared)) for one in (box.south, box.north))
    return float(major**2 * np.deg2rad(box.width) * (high - low) / 2.0)


def _authalic(sine: float, eccentricity: float) -> float:
    if eccentricity == 0.0:
        return 2.0 * sine
    inner = eccentricity * sine
    log = np.log((1.0 - inner) / (1.0 + inner)) / (2.0 * eccentricity)
    return float((1.0 - eccentricity**2) * (sine / (1.0 - inner**2) - log))
