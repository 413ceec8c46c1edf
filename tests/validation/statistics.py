"""Trends: against statsmodels, pymannkendall and SciPy, and how often one is found where there is none."""

from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pymannkendall
import statsmodels.api as sm
from scipy import stats

from eo import references
from eo.primitives.kendall import mann_kendall, score_variance, theil_sen
from eo.primitives.persistence import Layout, autoregressive
from eo.primitives.summary import summary
from eo.primitives.trend import trend
from validation.record import Check, Compared

Floats = npt.NDArray[np.float64]
GMSL = "gmsl/CSIRO_Alt_seas_inc.csv"
SYNTHETIC = "SYNTHETIC autoregressive noise with a trend"


def _series(count: int = 240, phi: float = 0.6) -> tuple[Floats, Layout]:
    noise = autoregressive(np.random.default_rng(42).standard_normal((1, count)), phi)
    return noise + 0.02 * np.arange(count), Layout(tuple(float(one) for one in range(count)), tuple(range(count)))


def slope(_: Path) -> Compared:
    values, lies = _series()
    theirs = sm.OLS(values[0], sm.add_constant(np.array(lies.times))).fit(cov_type="HAC", cov_kwds={"maxlags": 12})
    return Compared.numbers(trend(values, lies).slope, theirs.params[1])


def interval(_: Path) -> Compared:
    values, lies = _series(2400, 0.3)
    theirs = sm.OLS(values[0], sm.add_constant(np.array(lies.times))).fit(cov_type="HAC", cov_kwds={"maxlags": 24})
    found = trend(values, lies)
    low, high = theirs.conf_int()[1]
    ours = float((found.high - found.low)[0] / (high - low))
    return Compared(f"{ours:.3f}", "1", abs(ours - 1), "width of ours over that of theirs, 2,400 values")


def rank_score(_: Path) -> Compared:
    values, lies = _series()
    theirs = pymannkendall.original_test(values[0])
    score = mann_kendall(values, lies, trend(values, lies)).score
    variance = score_variance(values, lies, np.zeros(1))
    return Compared.numbers([score[0], variance[0]], [theirs.s, theirs.var_s], ["S", "its variance"])


def corrected_deviation(_: Path) -> Compared:
    values, lies = _series(2400)
    detrended = values - 0.02 * np.arange(values.shape[1])
    theirs = pymannkendall.hamed_rao_modification_test(detrended[0], lag=30)
    found = mann_kendall(values, lies, trend(values, lies))
    ours = float(found.deviation[0] / np.sqrt(theirs.var_s))
    return Compared(f"{ours:.3f}", "1", abs(ours - 1), "standard deviation of S, ours over theirs, 2,400 values")


def median_slope(_: Path) -> Compared:
    values, lies = _series()
    linear = trend(values, lies)
    ours = theil_sen(values, lies, linear, mann_kendall(values, lies, linear))[0][0]
    theirs = [pymannkendall.sens_slope(values[0]).slope, stats.theilslopes(values[0], lies.times).slope]
    return Compared.numbers([ours, ours], theirs, ["pymannkendall", "SciPy"])


def false_findings(_: Path, *, steps: int, phi: float, ranked: bool = False) -> Compared:
    lies = Layout(tuple(one / 12 for one in range(steps)), tuple(range(steps)), tuple(one % 12 for one in range(steps)))
    values = autoregressive(np.random.default_rng(2718).standard_normal((4000, steps)), phi)
    linear = trend(values, lies)
    found = mann_kendall(values, lies, linear).p_value < 0.05 if ranked else (linear.low > 0) | (linear.high < 0)
    rate = 100 * float(found.mean())
    naive = 100 * np.mean([pymannkendall.original_test(one).p < 0.05 for one in values[:200]])
    return Compared(
        f"{rate:.1f}", "5", abs(rate - 5), f"of 4,000 series; {naive:.0f} % where values pass as independent"
    )


def sea_level(data: Path) -> Compared:
    level = references.csiro(references.text_of(data / GMSL)).sel(time=slice("1993-01", "2009-12"))
    month = level["time"].values.astype("datetime64[M]")
    bounds = np.stack([month, month + 1], axis=1).astype("datetime64[ns]")
    found = summary(level, bounds, season=False)
    ours, low, high = (float(found[name]) / 10 for name in ("trend", "trend_low", "trend_high"))
    return Compared(f"{ours:.3f}", "3.2", abs(ours - 3.2), f"ours {low:.2f} to {high:.2f}, theirs 2.8 to 3.6")


_NOISE = "simulation: 5 % is nominal, the standard error of the rate 0.34 points"

CHECKS = (
    Check(
        "Trends", "least-squares slope", slope, 1e-12, "1 per step", f"statsmodels OLS; {SYNTHETIC}", "rounding",
    ),
    Check(
        "Trends", "interval of a long series", interval, 0.15, "1",
        f"statsmodels OLS, HAC (Newey-West, 24 lags); {SYNTHETIC}",
        "HAC estimates lag by lag, ours from lag 1; in short persistent series HAC is too narrow",
        quick=False,
    ),
    Check(
        "Trends", "Mann-Kendall S and its variance", rank_score, 1e-6, "1", f"pymannkendall; {SYNTHETIC}", "rounding",
    ),
    Check(
        "Trends", "Mann-Kendall, corrected for persistence", corrected_deviation, 0.15, "1",
        f"pymannkendall, Hamed and Rao, 30 lags; {SYNTHETIC}",
        "theirs takes the lags that are significant, ours an AR(1) model", quick=False,
    ),
    Check(
        "Trends", "Theil-Sen slope", median_slope, 1e-12, "1 per step",
        f"pymannkendall, SciPy; {SYNTHETIC}", "rounding",
    ),
    *(
        Check(
            "Trends", f"false findings in {steps} months of trendless noise, lag-1 autocorrelation {phi}, {what}",
            partial(false_findings, steps=steps, phi=phi, ranked=ranked), 3, "%", "nominal level",
            _NOISE, quick=False,
        )
        for steps in (120, 360) for phi in (0.8, 0.9) for what, ranked in (("least squares", False), ("ranks", True))
    ),
    Check(
        "Sea level", "global mean, trend 1993 to 2009", sea_level, 0.05, "mm/yr",
        "Church and White (2011), doi:10.1007/s10712-011-9119-1: 3.2 +- 0.4 mm/yr; series of CSIRO",
        "theirs is rounded; ours is fitted to the months as published, without a season", (GMSL,),
    ),
)  # fmt: skip
