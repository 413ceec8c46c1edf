"""Projected grids: axes in metres, the projection that a file states, and whether the two agree with its positions."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyproj

from eo import projection
from eo.errors import InputError
from eo.readers._coordinates import numbers
from eo.readers._stored import StoredFile
from eo.record import Record

Floats = npt.NDArray[np.float64]
Hemisphere = Literal["north", "south"]


class Options(Record):
    """What a product around a pole says to its reader."""

    hemisphere: Hemisphere
    """Which pole its grid is around: the file must say the same."""


_METRES = {"km": 1000.0, "kilometer": 1000.0, "kilometre": 1000.0, "m": 1.0, "meter": 1.0, "metre": 1.0}
_TEXTS = ("srid", "crs_wkt", "proj4_string", "proj4", "proj4text", "spatial_ref")
"""Attributes that say a projection as one text. The CF attributes of one provider contradict them: the grid mapping of
the NOAA/NSIDC record has straight_vertical_longitude_from_pole = 135 on a grid whose longitude of origin is -45."""


def axis(file: StoredFile, name: str) -> Floats:
    """Give a projected axis in metres, in the file's order.

    Raises
    ------
    InputError
        No such variable, fewer than two points, or units that are no length.
    """
    centres = numbers(file, name)
    units = str(file.variables[name].attrs.get("units", "")).strip().lower()
    factor = _METRES.get(units) or _METRES.get(units.removesuffix("s"))
    if factor is None:
        raise InputError(f"a projected axis is in {sorted(_METRES)}; {name!r} is in {units!r}")
    if centres.ndim != 1:
        raise InputError(f"{name!r} is an axis; its shape is {centres.shape}")
    return projection.regular_axis(centres * factor)


def crs_text(file: StoredFile, variable: str) -> str:
    """Give the projection of a variable as the text (EPSG, PROJ or WKT) that its grid mapping has.

    Raises
    ------
    InputError
        The variable names no grid mapping that is in the file, or that has no such text.
    """
    mapping = str(file.variables[variable].attrs.get("grid_mapping", ""))
    if mapping not in file.variables:
        raise InputError(f"a variable on a projected grid has a grid_mapping of its file; {variable!r} has {mapping!r}")
    attributes: dict[str, Any] = file.variables[mapping].attrs
    text = next((str(attributes[one]) for one in _TEXTS if attributes.get(one)), "")
    if not text:
        raise InputError(f"grid mapping {mapping!r} has one of {list(_TEXTS)}; it has {sorted(attributes)}")
    return text


def check_hemisphere(crs: pyproj.CRS, y: Floats, x: Floats, hemisphere: Hemisphere) -> None:
    """Refuse a grid that is not around the pole of its product.

    Raises
    ------
    InputError
        Its middle lies in the other hemisphere.
    """
    middle = slice(y.size // 2, y.size // 2 + 1), slice(x.size // 2, x.size // 2 + 1)
    latitude = float(projection.positions(crs, y[middle[0]], x[middle[1]])[0][0, 0])
    if not (latitude > 0) == (hemisphere == "north"):
        raise InputError(f"a grid of this product is in the {hemisphere}; its middle is at latitude {latitude:g}")


def check_positions(file: StoredFile, crs: pyproj.CRS, y: Floats, x: Floats) -> None:
    """Refuse a file whose 2-D `lat` and `lon` are not where its axes and its projection put them.

    Raises
    ------
    InputError
        A cell is more than a quarter of a cell off.
    """
    latitude, longitude = (numbers(file, name) for name in ("lat", "lon"))
    if latitude.shape != (y.size, x.size) or longitude.shape != latitude.shape:
        raise InputError(f"lat and lon have the shape of the grid, {(y.size, x.size)}; they have {latitude.shape}")
    forward = pyproj.Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)
    at_x, at_y = forward.transform(longitude, latitude)
    off = np.maximum(np.abs(at_x - x[None, :]), np.abs(at_y - y[:, None]))
    cell = abs(x[1] - x[0])
    if not np.all(off <= cell / 4):
        worst = float(np.nanmax(off)) if np.isfinite(off).any() else np.inf
        raise InputError(f"lat and lon are where the projection puts the cells; one is {worst:.3g} m off")
