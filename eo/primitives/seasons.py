"""Growing seasons in one year of a vegetation index: when each starts, peaks and ends."""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

Floats = npt.NDArray[np.float64]
Method = Literal["threshold", "double_logistic"]

_PARAMETERS = 6
_HALF = 0.5


class Season(NamedTuple):
    """Times in the units of those given, and the amplitude in units of the values; NaN where there is none."""

    start: float = np.nan
    peak: float = np.nan
    end: float = np.nan
    amplitude: float = np.nan


NONE = Season()


def thresholds(times: Floats, values: Floats, share: float, min_amplitude: float) -> Floats:
    """Give the season of each row between the crossings of a share of the amplitude, on lines between the values.

    Parameters
    ----------
    times, values : (row, n), in order of time; NaN where missing, which is as if it were not in the row
    share : of the rise from the least value before the peak, and of the fall to the least one after it, 0 to 1
    min_amplitude : least height of the peak over the mean of both least values; with less there is no season

    Returns
    -------
    seasons : (row, 4), see `Season`: the last crossing before the peak and the first one after it
        NaN where the peak is the first or last value, or the amplitude is too small.
    """
    there = np.isfinite(values)
    packed = np.argsort(~there, axis=1, kind="stable")
    times, values = (np.take_along_axis(one, packed, axis=1) for one in (times, values))
    count, place = there.sum(axis=1), np.arange(values.shape[1])
    known = place < count[:, None]
    top = np.argmax(np.where(known, values, -np.inf), axis=1)
    high = _at(values, top)
    rising, falling = place <= top[:, None], known & (place >= top[:, None])
    before, after = (np.where(side, values, np.inf).min(axis=1, initial=np.inf) for side in (rising, falling))
    amplitude = high - (before + after) / 2
    rise, fall = before + share * (high - before), after + share * (high - after)
    with np.errstate(invalid="ignore"):
        under = (place < top[:, None]) & (values < rise[:, None])
        below = falling & (values < fall[:, None])
        good = (top > 0) & (top < count - 1) & (amplitude >= min_amplitude) & under.any(axis=1) & below.any(axis=1)
    first = values.shape[1] - 1 - np.argmax(under[:, ::-1], axis=1)
    last = np.argmax(below, axis=1)
    rows = np.flatnonzero(good)
    found = np.full((values.shape[0], len(NONE)), np.nan)
    times, values = times[rows], values[rows]
    start = _crossings(times, values, first[rows], rise[rows])
    end = _crossings(times, values, last[rows] - 1, fall[rows])
    found[rows] = np.stack([start, _at(times, top[rows]), end, amplitude[rows]], axis=1)
    return found


def by_threshold(times: Floats, values: Floats, share: float, min_amplitude: float) -> Season:
    """Give the season of one row (n,), see `thresholds`."""
    found = thresholds(times[None], values[None], share, min_amplitude)[0]
    return Season(*found.tolist()) if np.isfinite(found[0]) else NONE


def _at(values: Floats, place: npt.NDArray[np.intp]) -> Floats:
    return np.asarray(np.take_along_axis(values, place[:, None], axis=1)[:, 0])


def _crossings(times: Floats, values: Floats, place: npt.NDArray[np.intp], level: Floats) -> Floats:
    """Give when the line from one value to the next one is at a level, in each row."""
    low, high, start, end = _at(values, place), _at(values, place + 1), _at(times, place), _at(times, place + 1)
    return np.asarray(start + (level - low) / (high - low) * (end - start))


def double_logistic(times: Floats, parameters: npt.ArrayLike) -> Floats:
    """Give base + height (1 / (1 + e^(-r (t - s))) + 1 / (1 + e^(f (t - e))) - 1), of base, height, s, r, e, f.

    References
    ----------
    Beck, P. S. A., et al. (2006): Improved monitoring of vegetation dynamics at very high latitudes: a new method using
    MODIS NDVI. Remote Sensing of Environment, 100, 321-334. doi:10.1016/j.rse.2005.10.021
    """
    base, height, start, rise, end, fall = np.asarray(parameters, np.float64)
    shape = special.expit(rise * (times - start)) + special.expit(-fall * (times - end)) - 1.0
    return np.asarray(base + height * shape)


def _slopes(times: Floats, parameters: Floats) -> Floats:
    """Give the derivatives of `double_logistic` by its parameters: (n, 6)."""
    _, height, start, rise, end, fall = parameters
    up, down = special.expit(rise * (times - start)), special.expit(-fall * (times - end))
    steep, steep_down = height * up * (1.0 - up), height * down * (1.0 - down)
    columns = (
        np.ones(times.size),
        up + down - 1.0,
        -steep * rise,
        steep * (times - start),
        steep_down * fall,
        -steep_down * (times - end),
    )
    return np.stack(columns, axis=1)


def by_double_logistic(times: Floats, values: Floats, share: float, min_amplitude: float) -> Season:
    """Give the season of the double logistic curve that fits one row (n,) best, see `thresholds` for the rest.

    There is none where the values alone have none at half of their amplitude, where there are fewer than 7 of them,
    or where the fit does not converge.
    """
    guess = by_threshold(times, values, _HALF, min_amplitude)
    if values.size <= _PARAMETERS or not np.isfinite(guess.start):
        return NONE
    first, last, width = float(times[0]), float(times[-1]), float(times[-1] - times[0])
    height = float(values.max() - values.min())

    def apart(parameters: Floats) -> Floats:
        return double_logistic(times, parameters) - values

    def slopes(parameters: Floats) -> Floats:
        return _slopes(times, parameters)

    found = optimize.least_squares(
        apart,
        [float(values.min()), height, guess.start, 25.0 / width, guess.end, 25.0 / width],
        jac=slopes,
        bounds=(
            [values.min() - height, 0.0, first, 4.0 / width, first, 4.0 / width],
            [values.max(), 3.0 * height, last, 400.0 / width, last, 400.0 / width],
        ),
        x_scale=[height, height, width / 10, 25.0 / width, width / 10, 25.0 / width],
    )
    if not found.success:
        return NONE
    fine = np.linspace(first, last, int(np.ceil(width)) * 4 + 1)
    return by_threshold(fine, double_logistic(fine, found.x), share, min_amplitude)


def double_logistics(times: Floats, values: Floats, share: float, min_amplitude: float) -> Floats:
    """Give the season of the curve that fits each row best, one row at a time: as `thresholds`."""
    found = np.full((values.shape[0], len(NONE)), np.nan)
    for number, (at, row) in enumerate(zip(times, values, strict=True)):
        there = np.isfinite(row)
        if there.any():
            found[number] = by_double_logistic(at[there], row[there], share, min_amplitude)
    return found


METHODS = {"threshold": thresholds, "double_logistic": double_logistics}
"""Functions of (row, n) times and values, the share and the least amplitude, that give (row, 4) seasons."""
