"""Trends by least squares, with intervals that hold in persistent noise, and the years that a trend needs to show."""

from dataclasses import dataclass

import numpy as np

from eo.primitives.persistence import Floats, Layout, fit, null

_POWER = 3.3
"""Standard errors that a trend spans where it is found nine times in ten at the 95 % level: 1.96 + 1.28, rounded as
Weatherhead et al. (1998) do."""


@dataclass(frozen=True)
class Trend:
    """The highest coefficient of a polynomial in time, for each series, units of the values per year to the degree."""

    slope: Floats
    low: Floats
    high: Floats
    p_value: Floats
    """Two-sided, of no trend; at least 1 in 2000."""
    persistence: Floats
    """Lag-1 autocorrelation of the residuals, median-unbiased, 0 to 0.99."""
    noise: Floats
    """Standard deviation of the noise, units of the values."""
    effective_size: Floats
    """Number of independent values that would say as much: n (1 - phi) / (1 + phi)."""


def trend(values: Floats, layout: Layout, confidence: float = 0.95) -> Trend:
    """Give the trend of series that share a layout, with its interval.

    Parameters
    ----------
    values : (series, values)
        Finite, in the order of the layout.
    layout : where they lie, and what is fitted
        Degree 1 gives the linear trend; degree 2 the coefficient of the square, half the acceleration.
    confidence : of the interval, two-sided

    Returns
    -------
    trend
        The interval holds for first-order autoregressive noise: see `persistence`, and `summary` for the
        lengths at which it was found to hold.

    References
    ----------
    Santer, B. D., et al. (2000): Statistical significance of trends and trend differences in layer-average atmospheric
    temperature time series. Journal of Geophysical Research 105, 7337-7356. doi:10.1029/1999JD901105
    """
    under = null(layout, confidence)
    slope, squares, found = fit(layout).estimates(np.asarray(values, np.float64))
    persistence = under.persistence(found)
    error = under.error(squares, persistence)
    reach = error * under.factor(persistence)
    no_error = np.where(slope == 0, 0.0, np.inf)
    studentised = np.divide(slope, error, out=no_error, where=error > 0)
    return Trend(
        slope=slope,
        low=slope - reach,
        high=slope + reach,
        p_value=under.p_value(studentised, persistence),
        persistence=persistence,
        noise=np.sqrt(under.variance(squares, persistence)),
        effective_size=values.shape[1] * (1 - persistence) / (1 + persistence),
    )


def detection_years(
    slope: Floats, noise: Floats, persistence: Floats, *, steps: int, per_year: int
) -> tuple[Floats, Floats, Floats]:
    """Give how many years a record must have for a trend of this size to be found, and the limits of that number.

    Parameters
    ----------
    slope : any shape, units of the values per year
    noise : same shape, standard deviation of the steps about trend and season, units of the values
    persistence : same shape, lag-1 autocorrelation of the steps
    steps : number of values that noise and persistence were estimated from
    per_year : steps in a year

    Returns
    -------
    years, low, high : same shape
        For a chance of 90 % to find the trend at the 95 % level; the limits are at 95 %. Infinite without a trend.

    References
    ----------
    Weatherhead, E. C., et al. (1998): Factors affecting the detection of trends. Journal of Geophysical Research 103,
    17149-17161. doi:10.1029/98JD00995. Equations 3 and 4 are for months; other steps have the noise of a month that
    says as much.
    """
    monthly = noise * np.sqrt(12 / per_year)
    spread = np.sqrt((1 + persistence) / (1 - persistence))
    size = np.abs(np.asarray(slope, np.float64))
    never = np.full(size.shape, np.inf)
    years = np.divide(_POWER * monthly * spread, size, out=never, where=size > 0) ** (2 / 3)
    doubt = np.exp(4 / (3 * np.sqrt(steps)) * spread)
    return years, years / doubt, years * doubt
