"""Sums and means over steps in a row, by hand."""

import numpy as np
import pytest
import xarray as xr
from strategies import series

from eo.errors import InputError
from eo.primitives.accumulation import check_no_step_left_out, trailing_coverage, trailing_mean, trailing_sum


def test_zeros_sum_to_exactly_zero_after_large_amounts() -> None:
    values = xr.DataArray([0.1, 1e9, 0.0, 0.0, 0.0], dims="time")
    np.testing.assert_array_equal(trailing_sum(values, 3), [np.nan, np.nan, 0.1 + 1e9, 1e9, 0.0])


def test_a_mean_over_one_step_is_that_step_and_over_three_a_third_of_their_sum() -> None:
    values = xr.DataArray([1.0, 2.0, 6.0, np.nan, 1.0], dims="time")
    np.testing.assert_array_equal(trailing_mean(values, 1), values)
    np.testing.assert_array_equal(trailing_mean(values, 3), [np.nan, np.nan, 3.0, np.nan, np.nan])


def test_the_coverage_of_several_months_weighs_each_by_its_length() -> None:
    content = series([1.0, 1.0, 1.0], [1.0, 0.5, np.nan])
    found = trailing_coverage(content["coverage"], content["time_bounds"], 2)
    np.testing.assert_allclose(found, [[1.0, (31 + 14) / 59, 14 / 59]])


def test_steps_that_are_left_out_are_named() -> None:
    content = series(np.ones(12))
    check_no_step_left_out(content["time_bounds"])
    with pytest.raises(InputError, match="after that to 2001-04-01 comes one from 2001-05-01"):
        check_no_step_left_out(content.drop_isel(time=3)["time_bounds"])
