"""Unit conversion. Expected numbers are definitions: 0 degC is 273.15 K, a day has 86 400 s."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eo.errors import InputError
from eo.units import converted, convertible


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (273.15, "K", "degC", 0.0),
        (273.15, "kelvin", "degC", 0.0),  # as GHRSST spells it
        (20.0, "degC", "K", 293.15),
        (212.0, "degF", "degC", 100.0),
        (15.0, "%", "1", 0.15),
        (15.0, "percent", "1", 0.15),
        (1013.25, "hPa", "Pa", 101_325.0),
        (2.0, "m", "mm", 2000.0),
        (1.0, "mm/hr", "mm day-1", 24.0),
        (1.0, "kg m-2 s-1", "kg m-2 day-1", 86_400.0),
        (1.0, "milligram m-3", "kg m-3", 1e-6),
        (1.0, "m3 m-3", "1", 1.0),
    ],
)
def test_a_value_is_given_in_other_units(value: float, source: str, target: str, expected: float) -> None:
    found = converted(np.array([value]), source, target)
    assert found.dtype == np.float64
    assert found.item() == pytest.approx(expected, rel=1e-13, abs=1e-10)  # 212 degF is 373.15 K on its way to 100 degC


@pytest.mark.parametrize(
    ("source", "target", "ratio"),
    [
        ("K", "degC", 1.0),
        ("degC", "K", 1.0),
        ("degF", "degC", 5 / 9),
        ("K", "degF", 9 / 5),
        ("%", "1", 0.01),
        ("mm", "m", 0.001),
        ("fg", "kg", 1e-18),  # far below one, and still not zero
        ("cm-2", "km-2", 1e10),
    ],
)
def test_a_difference_is_scaled_and_never_shifted(source: str, target: str, ratio: float) -> None:
    values = np.array([-2.5, 0.0, 1.0, 300.0])
    found = converted(values, source, target, difference=True)
    np.testing.assert_allclose(found, values * ratio, rtol=1e-15, atol=0)


@given(st.lists(st.floats(-1e6, 1e6), max_size=5))
def test_differences_in_kelvin_are_those_in_celsius_bit_for_bit(values: list[float]) -> None:
    np.testing.assert_array_equal(converted(np.array(values), "K", "degC", difference=True), values)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_the_difference_of_converted_values_is_the_converted_difference(one: float, other: float) -> None:
    ends = converted(np.array([one, other]), "degF", "K")
    difference = converted(np.array([one - other]), "degF", "K", difference=True)
    assert ends[0] - ends[1] == pytest.approx(difference.item(), abs=1e-8)


@given(st.floats(-1e6, 1e6))
def test_there_and_back_is_where_it_was(value: float) -> None:
    back = converted(converted(np.array([value]), "degC", "K"), "K", "degC")
    assert back.item() == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("K", "m", "must convert to 'm', and 'K' does not"),
        ("1", "K", "must convert to 'K', and '1' does not"),
        ("mm", "kg m-2", "must convert"),  # of water, and nobody says so
        ("degrees Kelvinish", "K", "UDUNITS knows, not 'degrees Kelvinish'"),
        ("K", "warmth", "UDUNITS knows, not 'warmth'"),
        ("unknown", "K", "'unknown' does not"),
        ("no_unit", "1", "'no_unit' does not"),
        ("days since 2000-01-01", "K", "does not"),
    ],
)
@pytest.mark.parametrize("difference", [True, False])
def test_a_pair_without_a_conversion_is_an_error_and_never_a_guess(
    source: str, target: str, said: str, *, difference: bool
) -> None:
    with pytest.raises(InputError, match=said):
        converted(np.zeros(1), source, target, difference=difference)


def test_missing_values_stay_missing_and_nothing_else_does() -> None:
    found = converted(np.array([np.nan, 273.15], np.float32), "K", "degC")
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(0.0, abs=1e-5)  # 273.15 in single precision


def test_the_values_given_are_left_as_they_are() -> None:
    given_ = np.array([300.0])
    converted(given_, "K", "degC")
    assert given_.tolist() == [300.0]


def test_units_are_compared_by_what_they_mean() -> None:
    assert convertible("m3 m-3", "%")
    assert not convertible("m", "s")
