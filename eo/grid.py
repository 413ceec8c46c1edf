"""Latitude-longitude grids: exact axes, cell bounds, cell areas."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

EARTH_RADIUS = 6_371_007.1809
"""Authalic radius of WGS 84, m: a sphere of this radius has the area of the ellipsoid."""

_SNAP = 0.01
_DECIMALS = 9


def longitude_180(longitude: Floats) -> Floats:
    """Give longitudes in [-180, 180), degrees."""
    return np.round((np.asarray(longitude, dtype=np.float64) + 180.0) % 360.0 - 180.0, _DECIMALS)


def _half_cells(axis: Floats) -> tuple[npt.NDArray[np.int64], int] | None:
    """Give each centre as a whole number of half cells, and the cells in 360 degrees, if the axis is regular."""
    if axis.size < 2:  # noqa: PLR2004 - one point has no step
        return None
    step = (axis[-1] - axis[0]) / (axis.size - 1)
    if step == 0:
        return None
    cells = round(360.0 / abs(step))
    half = 180.0 / cells
    counts = round(axis[0] / half) + 2 * int(np.sign(step)) * np.arange(axis.size, dtype=np.int64)
    if np.abs(counts * 180.0 / cells - axis).max() > _SNAP * 2 * half:
        return None
    return counts, cells


def _midpoint_bounds(axis: Floats) -> Floats:
    if axis.size < 2:  # noqa: PLR2004 - one point has no step
        msg = "cell bounds need at least two points on an axis, or bounds in the file; there is 1 point"
        raise ValueError(msg)
    inner = (axis[1:] + axis[:-1]) / 2
    edges = np.concatenate([[2 * axis[0] - inner[0]], inner, [2 * axis[-1] - inner[-1]]])
    return np.stack([edges[:-1], edges[1:]], axis=1)


def cells(axis: Floats, published: Floats | None = None, *, wrap: bool = False) -> tuple[Floats, Floats]:
    """Give the centres and bounds of the cells of one axis, free of single-precision noise.

    An axis whose centres are whole multiples of half its step (to a hundredth of a cell) is given by exact
    division, so that 0..360 and -180..180, single and double precision, all give the same numbers. Any
    other axis keeps its centres, with its published bounds or else the midpoints.

    Parameters
    ----------
    axis : (n,), degrees
        Monotonic centres as published.
    published : (n, 2), degrees
        Bounds from the file.
    wrap : bool
        The axis is longitude: give centres in [-180, 180), with bounds around them.

    Returns
    -------
    centres : (n,), degrees
    bounds : (n, 2), degrees, lower first
    """
    axis = np.asarray(axis, dtype=np.float64)
    exact = _half_cells(axis)
    if exact is not None and _agrees(exact, published):
        counts, circle = exact
        if wrap:
            counts = (counts + circle) % (2 * circle) - circle
        edges = np.stack([counts - 1, counts + 1], axis=1)
        return counts * 180.0 / circle, _clipped(edges * 180.0 / circle, wrap=wrap)
    bounds = _midpoint_bounds(axis) if published is None else np.asarray(published, dtype=np.float64)
    bounds = np.sort(bounds, axis=1)
    if wrap:
        centres = longitude_180(axis)
        return centres, np.round(bounds + (centres - axis)[:, None], _DECIMALS)
    return np.round(axis, _DECIMALS), _clipped(np.round(bounds, _DECIMALS), wrap=False)


def _agrees(exact: tuple[npt.NDArray[np.int64], int], published: Floats | None) -> bool:
    if published is None:
        return True
    counts, circle = exact
    edges = np.stack([counts - 1, counts + 1], axis=1) * 180.0 / circle
    return bool(np.abs(np.sort(published, axis=1) - edges).max() <= _SNAP * 360.0 / circle)


def _clipped(bounds: Floats, *, wrap: bool) -> Floats:
    return bounds if wrap else np.clip(bounds, -90.0, 90.0)


def cell_area(latitude_bounds: Floats, longitude_bounds: Floats) -> Floats:
    """Give the exact area of each cell on the sphere.

    Parameters
    ----------
    latitude_bounds : (lat, 2), degrees
    longitude_bounds : (lon, 2), degrees

    Returns
    -------
    area : (lat, lon), m2
        R^2 (sin north - sin south) (east - west).
    """
    sines = np.sin(np.deg2rad(latitude_bounds))
    widths = np.deg2rad(longitude_bounds[:, 1] - longitude_bounds[:, 0])
    return np.asarray(EARTH_RADIUS**2 * np.outer(sines[:, 1] - sines[:, 0], widths))
