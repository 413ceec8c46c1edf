"""A growing season in one year of a vegetation index: when it starts, peaks and ends."""

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


def by_threshold(times: Floats, values: Floats, share: float, min_amplitude: float) -> Season:
    """Give the season between the crossings of a share of the amplitude, on straight lines between the values.

    Parameters
    ----------
    times, values : (n,), in order of time, none missing
    share : of the rise from the least value before the peak, and of the fall to the least one after it, 0 to 1
    min_amplitude : least height of the peak over the mean of both least values; with less there is no season

    Returns
    -------
    season : the last crossing before the peak and the first one after it
        None where the peak is the first or last value, or the amplitude is too small.
    """
    top = int(np.argmax(values))
    if top in (0, values.size - 1):
        return NONE
    before, after = values[: top + 1].min(), values[top:].min()
    amplitude = float(values[top] - (before + after) / 2)
    rise, fall = before + share * (values[top] - before), after + share * (values[top] - after)
    under, below = np.flatnonzero(values[:top] < rise), np.flatnonzero(values[top:] < fall)
    if amplitude < min_amplitude or not under.size or not below.size:
        return NONE
    first, last = int(under[-1]), top + int(below[0])
    return Season(
        _crossing(times, values, first, rise), float(times[top]), _crossing(times, values, last - 1, fall), amplitude
    )


def _crossing(times: Floats, values: Floats, place: int, level: float) -> float:
    """Give when the line from one value to the next one is at a level."""
    low, high = values[place], values[place + 1]
    return float(times[place] + (level - low) / (high - low) * (times[place + 1] - times[place]))


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


def by_double_logistic(times: Floats, values: Floats, share: float, min_amplitude: float) -> Season:
    """Give the season of the double logistic curve that fits best, see `by_threshold` for the rest.

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

    found = optimize.least_squares(
        apart,
        [float(values.min()), height, guess.start, 25.0 / width, guess.end, 25.0 / width],
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


METHODS = {"threshold": by_threshold, "double_logistic": by_double_logistic}
