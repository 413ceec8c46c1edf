"""Latitude-longitude grids: exact axes, cell bounds, cell areas."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

EARTH_RADIUS = 6_371_007.1809
"""Authalic radius of WGS 84, m: a sphere of this radius has the area of the ellipsoid."""

_SNAP, _NOISE = 0.01, 1e-4
"""A regular axis is off its exact values by at most a hundredth of a cell and 1e-4 degree: single precision at 360 is
off by 1.5e-5, coordinates with four decimals by 5e-5. A Gaussian axis is off by more."""

_DECIMALS = 9
_POLE, _TURNS, _SAME = 90.0, 720.0, 1e-9


def longitude_180(longitude: Floats) -> Floats:
    """Give longitudes in [-180, 180), degrees."""
    found = np.round((np.asarray(longitude, dtype=np.float64) + 180.0) % 360.0 - 180.0, _DECIMALS)
    return np.where(found >= 180.0, found - 360.0, found)  # noqa: PLR2004 - half a circle


def _going_east(longitude: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
    """Give the order of longitudes going east from their widest gap, and the longitudes so ordered, without a jump."""
    turn = longitude % 360.0
    order = np.argsort(turn, kind="stable")
    gaps = np.diff(turn[order], append=turn[order[:1]] + 360.0)
    order = np.roll(order, -1 - int(np.argmax(gaps)))
    first = turn[order[0]]
    return order, first + (turn[order] - first) % 360.0


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
    return (counts, cells) if _is_close(counts * 180.0 / cells, axis, 2 * half) else None


def _is_close(exact: Floats, published: Floats, cell: float) -> bool:
    return bool(np.abs(exact - published).max() <= min(_SNAP * cell, _NOISE))


def _midpoint_bounds(axis: Floats, *, wrap: bool) -> Floats:
    steps = np.diff(axis)
    if not steps.size:
        raise ValueError("cell bounds need at least two points on an axis, or bounds in the file; there is 1 point")
    if (steps * steps[0] <= 0).any():
        raise ValueError(
            f"an axis without bounds goes one way; {axis[1:][steps * steps[0] <= 0][0]:g} repeats or turns back"
        )
    first, last = axis[0] - steps[0] / 2, axis[-1] + steps[-1] / 2
    seam = axis[0] + 360.0 - axis[-1]
    if wrap and seam < 2 * steps.max():  # the axis goes round the circle, and its widest cell is at the seam
        first, last = axis[0] - seam / 2, axis[-1] + seam / 2
    edges = np.concatenate([[first], (axis[1:] + axis[:-1]) / 2, [last]])
    return np.sort(np.stack([edges[:-1], edges[1:]], axis=1), axis=1)


def _holding(axis: Floats, bounds: Floats) -> Floats:
    astray = (axis < bounds[:, 0] - _NOISE) | (axis > bounds[:, 1] + _NOISE) | (bounds[:, 0] >= bounds[:, 1])
    if astray.any():
        low, high = bounds[astray][0]
        raise ValueError(f"a cell lies around its centre; the bounds of {axis[astray][0]:g} are {low:g} and {high:g}")
    return bounds


def cells(axis: Floats, published: Floats | None = None, *, wrap: bool = False) -> tuple[Floats, Floats]:
    """Give the centres and bounds of the cells of one axis, free of single-precision noise.

    An axis whose centres are whole multiples of half its step (to single precision) is given by exact division, so
    that 0..360 and -180..180, single and double precision, all give the same numbers. Any other axis keeps its
    centres, with its published bounds or else the midpoints.

    Parameters
    ----------
    axis : (n,), degrees
        Centres as published: latitudes one way, longitudes in any order and turn.
    published : (n, 2), degrees
        Bounds from the file.
    wrap : bool
        The axis is longitude: give centres in [-180, 180), with bounds around them.

    Returns
    -------
    centres : (n,), degrees
    bounds : (n, 2), degrees, lower first

    Raises
    ------
    ValueError
        A centre that is no number, a latitude beyond a pole, one point or a turn without bounds, bounds elsewhere.
    """
    given = np.asarray(axis, dtype=np.float64)
    what, limit = ("longitude", _TURNS) if wrap else ("latitude", _POLE)
    wrong = given[~(np.abs(given) <= limit + _NOISE)]
    if wrong.size:
        raise ValueError(f"a {what} lies in {-limit:g}..{limit:g}; there is {wrong[0]:g}")
    order, along = _going_east(given) if wrap else (np.arange(given.size), given)
    bounds: Floats | None = None
    if published is not None:
        edges = np.sort(np.asarray(published, dtype=np.float64), axis=1)
        bounds = edges[order] + (along - given[order])[:, None]
    placed = np.empty((given.size, 3))
    placed[order] = _placed(along, bounds, wrap=wrap)
    return placed[:, 0], placed[:, 1:]


def _placed(axis: Floats, bounds: Floats | None, *, wrap: bool) -> Floats:
    """Give (n, [centre, lower bound, upper bound]) of the cells of an axis without jumps."""
    exact = _half_cells(axis)
    if exact is not None and _agrees(exact, bounds, wrap=wrap):
        counts, circle = exact
        if wrap:
            counts = (counts + circle) % (2 * circle) - circle
        found = np.stack([counts, counts - 1, counts + 1], axis=1) * 180.0 / circle
    else:
        edges = _midpoint_bounds(axis, wrap=wrap) if bounds is None else _holding(axis, bounds)
        centres = longitude_180(axis) if wrap else axis
        found = np.column_stack([centres, edges + (centres - axis)[:, None]]).round(_DECIMALS)
    return found if wrap else np.clip(found, -_POLE, _POLE)


def _agrees(exact: tuple[npt.NDArray[np.int64], int], bounds: Floats | None, *, wrap: bool) -> bool:
    if bounds is None:
        return True
    counts, circle = exact
    edges = np.stack([counts - 1, counts + 1], axis=1) * 180.0 / circle
    limit = np.inf if wrap else _POLE
    return _is_close(np.clip(edges, -limit, limit), np.clip(bounds, -limit, limit), 360.0 / circle)


def cell_area(latitude_bounds: Floats, longitude_bounds: Floats) -> Floats:
    """Give the exact area of each cell on the sphere.

    Parameters
    ----------
    latitude_bounds : (lat, 2), degrees
    longitude_bounds : (lon, 2), degrees

    Returns
    -------
    area : (lat, lon), m2
        R^2 (sin north - sin south) (east - west). Of columns of one width it is a view that only looks whole, not to
        be written to: 200 MB less on a grid of 0.05 degree.
    """
    sines = np.sin(np.deg2rad(latitude_bounds))
    widths = np.deg2rad(longitude_bounds[:, 1] - longitude_bounds[:, 0])
    heights = EARTH_RADIUS**2 * (sines[:, 1] - sines[:, 0])
    if widths.size and np.ptp(widths) <= _SAME * abs(widths[0]):
        return np.broadcast_to((heights * widths.mean())[:, None], (heights.size, widths.size))
    return np.asarray(np.outer(heights, widths))
