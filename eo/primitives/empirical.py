"""The empirical distribution of a baseline sample, and the normal deviate of a value in it."""

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]


def empirical_deviate(values: Floats, sample: Floats) -> Floats:
    """Give the standard normal deviate of the probability of each value in a sample.

    Parameters
    ----------
    values : (..., n), any units
    sample : (..., m), the same units, ascending, NaN last

    Returns
    -------
    deviate : (..., n)
        Of the plotting position (rank - 0.44) / (m + 0.12). Between two values of the sample the rank is interpolated,
        equal ones share their mean rank, and a value beyond the sample has the rank of its end: the sample says
        nothing of rarer ones. NaN where the value is missing or the sample has none.

    References
    ----------
    Gringorten, I. I. (1963): A plotting rule for extreme probability paper. Journal of Geophysical Research, 68,
    813-814. doi:10.1029/JZ068i003p00813
    """
    size = np.isfinite(sample).sum(axis=-1, keepdims=True)
    below, upto = np.zeros(values.shape), np.zeros(values.shape)
    lower, upper = np.full(values.shape, -np.inf), np.full(values.shape, np.inf)
    for number in range(sample.shape[-1]):
        one = np.where(np.isfinite(sample[..., number : number + 1]), sample[..., number : number + 1], np.inf)
        below += one < values
        upto += (one <= values) & np.isfinite(one)
        lower = np.where(one < values, one, lower)
        upper = np.where((one > values) & (one < upper), one, upper)
    equal = upto > below
    with np.errstate(invalid="ignore", divide="ignore"):
        between = below + np.where(np.isfinite(lower) & np.isfinite(upper), (values - lower) / (upper - lower), 0.0)
        rank = np.clip(np.where(equal, (below + 1 + upto) / 2, between), 1, np.maximum(size, 1))
        probability = (rank - 0.44) / (size + 0.12)
    found: Floats = np.where(np.isfinite(values) & (size > 0), special.ndtri(probability), np.nan)
    return found
