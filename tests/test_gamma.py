"""The mixed gamma distribution against scipy, and by hand."""

import numpy as np
import pytest
from scipy import stats

from eo.primitives.gamma import gamma_parameters, normal_deviate


def test_the_parameters_are_those_of_the_most_likely_gamma_distribution() -> None:
    drawn = np.random.default_rng(1).gamma(1.7, 30.0, size=(3, 40))
    found = gamma_parameters(drawn, "maximum_likelihood")
    for row, one in zip(drawn, found, strict=True):
        shape, _, scale = stats.gamma.fit(row, floc=0)
        np.testing.assert_allclose(one, [shape, scale, 0.0], rtol=1e-6)


def test_the_parameters_of_thom_by_hand() -> None:
    """Amounts 1, 2 and 6 and a zero: A = ln 3 - ln(12) / 3."""
    a = np.log(3.0) - np.log(12.0) / 3
    shape = (1 + np.sqrt(1 + 4 * a / 3)) / (4 * a)
    np.testing.assert_allclose(gamma_parameters(np.array([1.0, 0.0, np.nan, 2.0, 6.0])), [shape, 3 / shape, 0.25])


@pytest.mark.parametrize("amounts", [[2.0, 2.0, 2.0], [0.0, 0.0, 0.0], [np.nan] * 3])
def test_equal_amounts_and_none_have_no_distribution(amounts: list[float]) -> None:
    assert np.isnan(gamma_parameters(np.array(amounts))[:2]).all()


def test_a_zero_has_the_probability_of_a_zero_and_both_tails_keep_their_digits() -> None:
    """Exponential amounts (shape 1, scale 1): P(X > x) = (1 - q) exp(-x)."""
    found = normal_deviate(np.array([0.0, np.log(2.0), 50.0]), *np.array([1.0, 1.0, 0.25])[:, None])
    expected = [*stats.norm.ppf([0.25, 0.25 + 0.75 / 2]).tolist(), stats.norm.isf(0.75 * np.exp(-50.0))]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
