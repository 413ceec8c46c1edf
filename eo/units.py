"""Unit conversion through UDUNITS: an unknown pair is an error, never a guess."""

from functools import lru_cache

import cf_units
import numpy as np
import numpy.typing as npt

from eo.errors import InputError

_FAR = 2.0**30
"""A value beside which the offset of any temperature scale is small, so that the slope keeps all its digits."""


@lru_cache
def _unit(text: str) -> cf_units.Unit:
    try:
        return cf_units.Unit(text)
    except ValueError:
        msg = f"units are words that UDUNITS knows, not {text!r}"
        raise InputError(msg) from None


def convertible(source: str, target: str) -> bool:
    """Tell whether values in `source` units can be given in `target` units."""
    return bool(_unit(source).is_convertible(_unit(target)))


def converted(
    values: npt.NDArray[np.floating], source: str, target: str, *, difference: bool = False
) -> npt.NDArray[np.float64]:
    """Give `values` in other units, in float64.

    Parameters
    ----------
    values : any shape, in `source` units
    source, target : UDUNITS text
    difference : the values are differences (an anomaly), so an offset between the scales does not count

    Raises
    ------
    InputError
        Unknown units, or units of another dimension.
    """
    wide = np.asarray(values, dtype=np.float64)
    if source == target:
        return wide
    if not convertible(source, target):
        msg = f"units must convert to {target!r}, and {source!r} does not"
        raise InputError(msg)
    if difference:
        ends = [float(_unit(source).convert(one, _unit(target))) for one in (0.0, _FAR)]
        return wide * ((ends[1] - ends[0]) / _FAR)
    return np.asarray(_unit(source).convert(wide, _unit(target)), dtype=np.float64)
