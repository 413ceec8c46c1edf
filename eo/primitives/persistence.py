"""What persistence does to a trend: the null distribution of a fitted coefficient in first-order autoregressive noise.

Values that follow one another are alike, so a series says less than its number of values. How alike they are must be
found from the same short series: found from residuals it comes out too low, and a test that takes it as known finds
trends where there are none. Both are measured here by simulation with a fixed seed, for exactly the times that a series
has: the median of the persistence that is found for each true one turns the estimate into a median-unbiased one
(Andrews 1993), and critical values are those of the studentised coefficient with its own estimated persistence,
calibrated by prepivoting (Beran 1988).

References
----------
Andrews, D. W. K. (1993): Exactly median-unbiased estimation of first order autoregressive/unit root models.
Econometrica 61, 139-165. doi:10.2307/2951781
Beran, R. (1988): Prepivoting test statistics: a bootstrap view of asymptotic refinements. Journal of the American
Statistical Association 83, 687-697. doi:10.1080/01621459.1988.10478649
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.signal import lfilter

Floats = npt.NDArray[np.float64]

PERSISTENCE = np.array(
    [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.84, 0.87, 0.9, 0.92, 0.94, 0.96, 0.97, 0.98, 0.985, 0.99]
)
"""Lag-1 autocorrelations that are simulated; one below 0 counts as 0, so that it never narrows an interval."""

_DRAWS, _SEED, _PASSES = 1999, 20160713, 2


@dataclass(frozen=True)
class Layout:
    """Where the values of a series lie, and what is fitted to them together."""

    times: tuple[float, ...]
    """Of the values that are there, in years."""
    steps: tuple[int, ...]
    """Number of the step of each, counted without gaps."""
    months: tuple[int, ...] = ()
    """Calendar month of each where a seasonal cycle is fitted; empty otherwise."""
    degree: int = 1
    """Of the polynomial in time; its highest coefficient is what is tested."""


@dataclass(frozen=True)
class Fit:
    """Least squares on a layout."""

    basis: Floats
    """(values, regressors), orthonormal."""
    weights: Floats
    """(values,): they give the highest coefficient, in units of the values per year to the degree."""
    season: Floats
    """(values, values): from values to the seasonal cycle of the fit, about 0; empty without a season."""
    steps: npt.NDArray[np.int64]

    def estimates(self, values: Floats) -> tuple[Floats, Floats, Floats]:
        """Give coefficient, sum of squared residuals, and their lag-1 autocorrelation as it is found.

        Parameters
        ----------
        values : (series, values)

        Returns
        -------
        coefficient, squares, found : (series,)
        """
        residuals = values - (values @ self.basis) @ self.basis.T
        squares = (residuals * residuals).sum(axis=1)
        neighbours = (np.diff(self.steps) == 1).astype(np.float64)
        products = (residuals[:, 1:] * residuals[:, :-1]) @ neighbours
        scale = squares * neighbours.sum() / len(neighbours)
        return values @ self.weights, squares, np.divide(products, scale, np.zeros_like(products), where=scale > 0)


@dataclass(frozen=True)
class Null:
    """What a fit gives in noise without a trend, for each of `PERSISTENCE`."""

    found: Floats
    """Median of the lag-1 autocorrelation that is found."""
    slope_variance: Floats
    """Variance of the coefficient in noise of variance 1."""
    squares: Floats
    """Expected sum of squared residuals in noise of variance 1."""
    critical: Floats
    """Least studentised coefficient that is significant; never below that of Student for independent values."""
    tail: tuple[Floats, ...]
    """Sorted studentised coefficients over `critical`."""

    def persistence(self, found: Floats) -> Floats:
        """Give the median-unbiased lag-1 autocorrelation."""
        return np.asarray(np.interp(found, self.found, PERSISTENCE))

    def variance(self, squares: Floats, persistence: Floats) -> Floats:
        """Give the variance of the noise, from a sum of squared residuals."""
        return np.asarray(squares / np.interp(persistence, PERSISTENCE, self.squares))

    def error(self, squares: Floats, persistence: Floats) -> Floats:
        """Give the standard error of the coefficient."""
        per_square = np.interp(persistence, PERSISTENCE, np.log(self.slope_variance / self.squares))
        return np.asarray(np.sqrt(squares * np.exp(per_square)))

    def factor(self, persistence: Floats) -> Floats:
        """Give the number of standard errors on either side of a coefficient that its interval spans."""
        return np.asarray(np.interp(persistence, PERSISTENCE, self.critical))

    def p_value(self, studentised: Floats, persistence: Floats) -> Floats:
        """Give the share of noise that reaches as far; at least 1 in 2000."""
        ratio = np.abs(studentised) / self.factor(persistence)
        shares = np.array([_share(one, ratio) for one in self.tail])
        return np.array([np.interp(one, PERSISTENCE, row) for one, row in zip(persistence, shares.T, strict=True)])


def _share(sample: Floats, ratio: Floats) -> Floats:
    reached = len(sample) - np.searchsorted(sample, ratio, side="left")
    return (1 + reached) / (1 + len(sample))


def fit(layout: Layout) -> Fit:
    """Give the least-squares fit of a layout: a polynomial in time and, where it has months, one mean for each."""
    times = np.array(layout.times)
    centred = times - times.mean()
    powers = np.stack([centred**power for power in range(layout.degree + 1)], axis=1)
    months = np.array(layout.months, dtype=np.int64)
    if not months.size:
        return _fit(powers, np.zeros((0, 0)), layout)
    dummies = (months[:, None] == np.unique(months)[None]).astype(np.float64)
    regressors = np.concatenate([dummies, powers[:, 1:]], axis=1)
    cycle = dummies @ np.linalg.pinv(regressors)[: dummies.shape[1]]
    return _fit(regressors, cycle - cycle.mean(axis=0), layout)


def _fit(regressors: Floats, season: Floats, layout: Layout) -> Fit:
    weights = np.linalg.pinv(regressors)[-1]
    return Fit(np.linalg.qr(regressors)[0], weights, season, np.array(layout.steps, dtype=np.int64))


@lru_cache(maxsize=64)
def null(layout: Layout, confidence: float) -> Null:
    """Give the null distribution of a layout's highest coefficient, two-sided, at a level of confidence."""
    fitted = fit(layout)
    variance = _quadratic_form(fitted.weights[:, None], fitted.steps)
    squares = len(layout.times) - _quadratic_form(fitted.basis, fitted.steps)
    drawn = [fitted.estimates(noise) for noise in _noise(fitted.steps)]
    found = np.maximum.accumulate([np.median(one[2]) for one in drawn]) + 1e-9 * np.arange(len(PERSISTENCE))
    rough = Null(found, variance, squares, np.ones(len(PERSISTENCE)), ())
    persistence = [rough.persistence(one[2]) for one in drawn]
    studentised = [
        np.abs(one[0]) / rough.error(one[1], estimated) for one, estimated in zip(drawn, persistence, strict=True)
    ]
    critical = np.array([np.quantile(one, confidence) for one in studentised])
    for _ in range(_PASSES):
        ratios = _ratios(studentised, persistence, critical)
        critical = critical * [np.quantile(one, confidence) for one in ratios]
    independent = stats.t.ppf((1 + confidence) / 2, len(layout.times) - fitted.basis.shape[1])
    critical = np.maximum(critical, independent)
    tail = tuple(np.sort(one) for one in _ratios(studentised, persistence, critical))
    return Null(found, variance, squares, critical, tail)


def _ratios(studentised: list[Floats], persistence: list[Floats], critical: Floats) -> list[Floats]:
    pairs = zip(studentised, persistence, strict=True)
    return [one / np.interp(estimated, PERSISTENCE, critical) for one, estimated in pairs]


def _noise(steps: npt.NDArray[np.int64]) -> Iterator[Floats]:
    """Give (draws, steps) of stationary noise of variance 1 for each persistence, from the same shocks."""
    places = steps - steps[0]
    shocks = np.random.default_rng(_SEED).standard_normal((_DRAWS, int(places[-1]) + 1))
    for one in PERSISTENCE:
        yield autoregressive(shocks, float(one))[:, places]


def autoregressive(shocks: Floats, persistence: float) -> Floats:
    """Give stationary first-order autoregressive noise of variance 1 from (series, steps) of standard normal shocks."""
    size = np.sqrt(1 - persistence**2)
    started = np.concatenate([shocks[:, :1], shocks[:, 1:] * size], axis=1)
    return np.asarray(lfilter([1.0], [1.0, -persistence], started, axis=1))


def _quadratic_form(columns: Floats, steps: npt.NDArray[np.int64]) -> Floats:
    """Give the sum over columns of c' R c, where R is the correlation of each persistence at the steps."""
    length = int(steps[-1] - steps[0]) + 1
    placed = np.zeros((columns.shape[1], length))
    placed[:, steps - steps[0]] = columns.T
    lagged = sum(np.correlate(one, one, "full")[length - 1 :] for one in placed)
    powers = PERSISTENCE[:, None] ** np.arange(length)
    return np.asarray((powers * np.where(np.arange(length) > 0, 2.0, 1.0)) @ lagged)
