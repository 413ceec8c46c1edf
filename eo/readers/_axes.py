"""Latitude, longitude and time coordinates of a file, found by what CF says of them."""

import re

import numpy as np
import numpy.typing as npt

from eo.errors import InputError
from eo.readers._stored import StoredFile

_STANDARD = {"time": "time", "lat": "latitude", "lon": "longitude"}
_UNITS = {
    "lat": {"degrees_north", "degree_north", "degree_n", "degrees_n", "degreen", "degreesn"},
    "lon": {"degrees_east", "degree_east", "degree_e", "degrees_e", "degreee", "degreese"},
}
_NAMES = {"lat": {"lat", "latitude"}, "lon": {"lon", "longitude"}, "time": {"time"}}
_RANGE = {"lat": (-90.0, 90.0), "lon": (-180.0, 360.0)}
_UNEVEN = 0.01
"""Of a step: what single precision may move a centre."""


def axis_names(file: StoredFile) -> dict[str, str]:
    """Give the names of `lat`, `lon` and, where there is one, `time`: by standard name, units or name, in this order.

    Raises
    ------
    InputError
        There is no latitude or longitude, or there are several.
    """
    found = {axis: _coordinate(file, axis) for axis in _STANDARD}
    for axis in _RANGE:
        if not found[axis]:
            there = sorted(map(str, file.variables))
            raise InputError(f"a CF grid has one {_STANDARD[axis]} coordinate; there is none among {there}")
    return {axis: name for axis, name in found.items() if name}


def _coordinate(file: StoredFile, axis: str) -> str:
    """Give the name of a coordinate; empty where there is none."""
    variables = {str(name): one for name, one in file.variables.items() if one.ndim <= 1}
    tests = (
        lambda _, one: one.attrs.get("standard_name") == _STANDARD[axis],
        lambda _, one: str(one.attrs.get("units", "")).lower() in _UNITS.get(axis, ()),
        lambda name, _: name.lower() in _NAMES[axis],
    )
    for test in tests:
        found = [name for name, one in variables.items() if test(name, one)]
        if len(found) == 1:
            return found[0]
    return ""


def check_positions(axis: str, centres: npt.NDArray[np.floating]) -> None:
    """Refuse positions that are none on the Earth.

    Raises
    ------
    InputError
        One is missing or out of range.
    """
    low, high = _RANGE[axis]
    if not np.all((centres >= low - _UNEVEN) & (centres <= high + _UNEVEN)):
        raise InputError(
            f"{_STANDARD[axis]} lies in {low:g}..{high:g} degrees; it has {centres.min()}..{centres.max()}"
        )


def check_even(axis: str, centres: npt.NDArray[np.floating], said: str = "") -> None:
    """Refuse uneven steps, or other steps than the file says.

    Parameters
    ----------
    said : the resolution that the attributes of the file state, such as ``0.25 degree``; another unit is not read

    Raises
    ------
    InputError
        They are uneven, or not what is said.
    """
    steps = np.diff(centres.astype(np.float64))
    step = float(np.median(steps)) if steps.size else 0.0
    if step == 0 or np.abs(steps - step).max() > _UNEVEN * abs(step):
        raise InputError(f"{_STANDARD[axis]} has even steps; they are around {step:g}, and not all")
    match = re.fullmatch(r"\s*(\d*\.?\d+)\s*(?:deg\w*)?\s*", said)
    if match and abs(float(match[1]) - abs(step)) > 2 * _UNEVEN * abs(step):
        raise InputError(f"{_STANDARD[axis]} has the steps that the file says, {said!r}; they are {abs(step):g}")
