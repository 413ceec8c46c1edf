"""Snow from daily fractions of cover: gaps between clear days, and hydrological years."""

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.errors import InputError
from eo.primitives.etccdi import Blocks
from eo.units import converted

Floats = npt.NDArray[np.float64]


def as_fraction(values: xr.DataArray) -> xr.DataArray:
    """Give values that say their units (a fraction, or %) as a fraction in float64.

    Raises
    ------
    InputError
        No units, or units of no fraction.
    """
    units = str(values.attrs.get("units", ""))
    if not units:
        raise InputError("a snow cover fraction states its units, and this one does not")
    return (values.astype(np.float64) * float(converted(np.ones(1), units, "1")[0])).drop_attrs()


def bridged(values: Floats, max_gap: int) -> Floats:
    """Give a series with its short gaps filled on a straight line between the days before and after: (..., time).

    A gap of more than `max_gap` days, and one at either end of the series, stays.
    """
    there = np.isfinite(values)
    place = np.arange(values.shape[-1])
    before = np.maximum.accumulate(np.where(there, place, -1), axis=-1)
    after = np.flip(np.minimum.accumulate(np.flip(np.where(there, place, place.size), -1), axis=-1), -1)
    inside = ~there & (before >= 0) & (after < place.size) & (after - before - 1 <= max_gap)
    low = np.take_along_axis(values, np.clip(before, 0, None), axis=-1)
    high = np.take_along_axis(values, np.clip(after, None, place.size - 1), axis=-1)
    share = (place - before) / np.maximum(after - before, 1)
    return np.where(inside, low + share * (high - low), values)


def hydrological_years(time: xr.DataArray, first_month: int) -> Blocks:
    """Give the years from the first of a month that days lie in."""
    month = time.values.astype("datetime64[M]")
    shifted = month - (first_month - 1)
    years, first = np.unique(shifted.astype("datetime64[Y]"), return_index=True)
    start = years.astype("datetime64[M]") + (first_month - 1)
    bounds = np.stack([start, start + 12], axis=1).astype("datetime64[ns]")
    ends = [*first[1:], month.size]
    return Blocks(bounds, tuple(slice(int(a), int(b)) for a, b in zip(first, ends, strict=True)))
