"""The grid and time of a GHRSST file, held against what its global attributes say of them."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from eo.errors import InputError
from eo.readers._coordinates import bounds, numbers, times
from eo.readers._stored import StoredFile

Floats = npt.NDArray[np.float64]
Coordinates = dict[str, tuple[Any, Any]]

_NAMES = {"lat": ("lat", "latitude"), "lon": ("lon", "longitude")}
_LIMITS = {
    "lat": (("geospatial_lat_min", "geospatial_lat_max"), ("southernmost_latitude", "northernmost_latitude")),
    "lon": (("geospatial_lon_min", "geospatial_lon_max"), ("westernmost_longitude", "easternmost_longitude")),
}
_UNEVEN, _ROUNDED = 0.01, 0.02
"""Of a step: single precision at 180 degrees on 0.05 is 0.0003; producers write 0.0417 for 1/24 degree."""


def axes(file: StoredFile) -> Coordinates:
    """Give `time`, `lat` and `lon` of a file with the bounds that it has.

    Raises
    ------
    InputError
        An axis is absent, uneven, not of the stated resolution or outside of the stated limits.
    """
    out: Coordinates = {"time": ("time", times(file, "time"))}
    interval = bounds(file, "time", out["time"][1].size)
    if interval:
        out["time_bounds"] = (("time", "nv"), times(file, interval, like="time"))
    for axis in ("lat", "lon"):
        out |= _axis(file, axis)
    return out


def _axis(file: StoredFile, axis: str) -> Coordinates:
    name = next((one for one in _NAMES[axis] if one in file.variables), _NAMES[axis][0])
    centres = numbers(file, name)
    if centres.ndim != 1 or centres.size < 2:  # noqa: PLR2004 - one point has no step
        raise InputError(f"{name!r} is an axis of two points or more; its shape is {centres.shape}")
    step = _even(name, centres)
    _check_resolution(file, axis, step)
    _check_limits(file, axis, centres, abs(step))
    out: Coordinates = {axis: (axis, centres)}
    edges = bounds(file, name, centres.size)
    return out | ({f"{axis}_bounds": ((axis, "nv"), numbers(file, edges))} if edges else {})


def _even(name: str, centres: Floats) -> float:
    steps = np.diff(centres)
    mean = float(steps.mean())
    if mean == 0 or np.abs(steps - mean).max() > _UNEVEN * abs(mean):
        raise InputError(f"{name!r} has even steps; they go from {steps.min():g} to {steps.max():g}")
    return mean


def _check_resolution(file: StoredFile, axis: str, step: float) -> None:
    said = file.attrs.get(f"geospatial_{axis}_resolution")
    number = re.match(r"\s*(\d*\.?\d+)", str(said)) if said is not None else None
    if number and abs(float(number[1]) - abs(step)) > _ROUNDED * abs(step):
        raise InputError(f"geospatial_{axis}_resolution is the step of its axis, {abs(step):.6g}; it is {said!r}")


def _check_limits(file: StoredFile, axis: str, centres: Floats, step: float) -> None:
    for pair in _LIMITS[axis]:
        try:
            low, high = (float(file.attrs[one]) for one in pair)
        except (KeyError, TypeError, ValueError):
            continue
        if low >= high:  # a box across the antimeridian, or none
            continue
        if centres.min() < low - step or centres.max() > high + step:
            raise InputError(
                f"{axis} lies within {pair[0]} and {pair[1]}, {low:g}..{high:g}; "
                f"it goes from {centres.min():g} to {centres.max():g}"
            )
