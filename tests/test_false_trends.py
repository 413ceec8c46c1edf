"""How often a trend is found where there is none: in first-order autoregressive noise, drawn with a fixed seed.

4,000 series give a rate of 5 % with a standard error of 0.34 points.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pymannkendall
import pytest
from scipy import stats

from eo.primitives.kendall import mann_kendall
from eo.primitives.persistence import Layout, autoregressive
from eo.primitives.trend import Trend, trend

Floats = npt.NDArray[np.float64]

SERIES, SEED = 4000, 987654321
LEVEL, LIMIT = 0.05, 0.03


@lru_cache
def shocks(steps: int) -> Floats:
    return np.random.default_rng(SEED).standard_normal((SERIES, steps))


def layout(steps: int, per_year: int, degree: int = 1, *, gaps: bool = False) -> Layout:
    kept = [one for one in range(steps) if not gaps or one % 6 not in {1, 2}]
    months = tuple(one % 12 + 1 for one in kept) if per_year == 12 else ()
    return Layout(tuple(one / per_year for one in kept), tuple(kept), months, degree)


def noise(steps: int, phi: float, lies: Layout) -> Floats:
    return autoregressive(shocks(steps), phi)[:, list(lies.steps)]


def significant(found: Trend) -> npt.NDArray[np.bool_]:
    return (found.low > 0) | (found.high < 0)


@pytest.mark.parametrize("phi", [0.0, 0.8, 0.9])
@pytest.mark.parametrize("steps", [120, 360])
def test_no_trend_is_found_in_months_of_noise_but_in_one_of_twenty(steps: int, phi: float) -> None:
    lies = layout(steps, 12)
    values = noise(steps, phi, lies)
    linear = trend(values, lies)
    ranked = mann_kendall(values[:1000], lies, Trend(**{name: one[:1000] for name, one in vars(linear).items()}))
    assert significant(linear).mean() == pytest.approx(LEVEL, abs=LIMIT)
    assert (linear.p_value < LEVEL).mean() == pytest.approx(LEVEL, abs=LIMIT)
    assert (ranked.p_value < LEVEL).mean() == pytest.approx(LEVEL, abs=LIMIT)
    assert np.median(linear.persistence) == pytest.approx(phi, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize(
    ("steps", "per_year", "phi", "gaps"),
    [
        (30, 1, 0.0, False),
        (30, 1, 0.5, False),
        (30, 1, 0.8, False),
        (40, 1, 0.8, False),
        (60, 1, 0.9, False),
        (60, 12, 0.8, False),
        (60, 12, 0.9, False),
        (120, 12, 0.95, False),
        (180, 12, 0.0, True),
        (180, 12, 0.8, True),
        (180, 12, 0.9, True),
        (480, 12, 0.8, False),
        (480, 12, 0.9, False),
    ],
)
def test_the_level_holds_for_every_length_that_gets_a_trend(
    *, steps: int, per_year: int, phi: float, gaps: bool, degree: int
) -> None:
    lies = layout(steps, per_year, degree, gaps=gaps)
    values = noise(steps, phi, lies)
    linear = trend(values, lies)
    assert significant(linear).mean() == pytest.approx(LEVEL, abs=LIMIT)
    if degree == 1:
        ranked = mann_kendall(values, lies, linear)
        assert (ranked.p_value < LEVEL).mean() == pytest.approx(LEVEL, abs=LIMIT)


@pytest.mark.slow
def test_shorter_series_do_not_hold_the_level_and_get_no_trend() -> None:
    lies = layout(15, 1)
    assert significant(trend(noise(15, 0.9, lies), lies)).mean() > LEVEL + LIMIT


@pytest.mark.parametrize(("phi", "least"), [(0.8, 0.45), (0.9, 0.6)])
def test_tests_that_take_values_as_independent_find_trends_in_most_noise(phi: float, least: float) -> None:
    lies = layout(120, 12)
    values = noise(120, phi, lies)[:200]
    by_line = np.mean([stats.linregress(np.arange(120), one).pvalue < LEVEL for one in values])
    by_rank = np.mean([pymannkendall.original_test(one).p < LEVEL for one in values])
    assert by_line > least
    assert by_rank > least


def test_a_trend_that_is_there_is_found_and_its_interval_holds_it() -> None:
    lies = layout(360, 12)
    slope = 0.1
    found = trend(noise(360, 0.8, lies) + slope * np.array(lies.times), lies)
    assert (found.p_value < LEVEL).mean() > 0.9
    assert ((found.low < slope) & (slope < found.high)).mean() == pytest.approx(1 - LEVEL, abs=LIMIT)


@pytest.mark.parametrize("phi", [0.8, 0.9])
def test_the_interval_at_another_level_holds_it_too(phi: float) -> None:
    lies = layout(120, 12)
    assert significant(trend(noise(120, phi, lies), lies, confidence=0.9)).mean() == pytest.approx(0.1, abs=LIMIT)
