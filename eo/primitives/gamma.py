"""The gamma distribution of amounts with zeros among them, and the normal deviate of an amount in it."""

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Fit = Literal["thom", "maximum_likelihood"]

_NEWTON_STEPS = 12
"""From Thom's estimate Newton's method doubles the digits with each step: 4 are enough for shapes from 0.1 to 1e4."""


def gamma_parameters(amounts: Floats, fit: Fit = "thom") -> Floats:
    """Give shape, scale and share of zeros of a mixed gamma distribution: (..., n) to (..., 3).

    Parameters
    ----------
    amounts : (..., n), 0 or more, any units; NaN where missing
    fit : Thom's (1958) approximation of the maximum of the likelihood, or that maximum itself

    Returns
    -------
    shape, scale (units of the amounts), share of zeros (of all that are not missing) : (..., 3)
        NaN for shape and scale where all amounts over zero are equal or where there is none.

    References
    ----------
    Thom, H. C. S. (1958): A note on the gamma distribution. Monthly Weather Review, 86, 117-122.
    doi:10.1175/1520-0493(1958)086<0117:ANOTGD>2.0.CO;2
    """
    wet, there = amounts > 0, np.isfinite(amounts)
    count = wet.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(wet, amounts, 0.0).sum(axis=-1) / count
        mean_log = np.log(np.where(wet, amounts, 1.0)).sum(axis=-1) / count
        spread = np.log(mean) - mean_log
        spread = np.where(spread > 1e-12, spread, np.nan)  # noqa: PLR2004 - all equal, to the digits of a logarithm
        shape = (1.0 + np.sqrt(1.0 + 4.0 * spread / 3.0)) / (4.0 * spread)
        if fit == "maximum_likelihood":
            shape = _most_likely(shape, spread)
        zeros = (there & ~wet).sum(axis=-1) / there.sum(axis=-1)
        return np.stack([shape, mean / shape, zeros], axis=-1)


def _most_likely(shape: Floats, spread: Floats) -> Floats:
    """Give the shape where log(shape) - digamma(shape) is `spread` (Choi and Wette 1969)."""
    for _ in range(_NEWTON_STEPS):
        error = np.log(shape) - special.digamma(shape) - spread
        slope = 1.0 / shape - special.polygamma(1, shape)
        following = shape - error / slope
        shape = np.where(following > 0, following, shape / 2)
    return shape


def normal_deviate(amounts: Floats, shape: Floats, scale: Floats, zeros: Floats) -> Floats:
    """Give the standard normal deviate of the same probability: H(x) = zeros + (1 - zeros) G(x); H(0) = zeros.

    All of shapes that go together; NaN where a parameter or the amount is missing, and infinite at a probability of
    0 or 1.
    """
    below = zeros + (1.0 - zeros) * special.gammainc(shape, np.maximum(amounts, 0.0) / scale)
    above = (1.0 - zeros) * special.gammaincc(shape, np.maximum(amounts, 0.0) / scale)
    # the upper tail by its own probability: 1 - 1e-17 is 1
    return np.asarray(np.where(below <= 0.5, special.ndtri(below), -special.ndtri(above)))  # noqa: PLR2004 - the median
