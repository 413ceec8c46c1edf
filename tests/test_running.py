"""Running means: numbers worked by hand, and pandas as the other implementation."""

import dask
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from strategies import values

from eo.errors import InputError
from eo.primitives.running import running_mean


def along_time(numbers: object) -> xr.DataArray:
    return xr.DataArray(np.atleast_2d(np.asarray(numbers, np.float64)), dims=("region", "time"))


def test_the_mean_of_three_steps_is_at_the_middle_one() -> None:
    found = running_mean(along_time([1.0, 2.0, 6.0, 4.0]), 3)
    np.testing.assert_array_equal(found.to_numpy(), [[np.nan, 3.0, 4.0, np.nan]])


def test_one_missing_step_takes_away_the_three_means_that_it_is_part_of() -> None:
    found = running_mean(along_time([1, 1, 1, np.nan, 1, 1, 1]), 3)
    assert np.isfinite(found.to_numpy()[0]).tolist() == [False, True, False, False, False, True, False]


def test_fewer_values_are_enough_where_the_caller_says_so() -> None:
    found = running_mean(along_time([1.0, 3.0, np.nan, 7.0]), 3, least=2)
    np.testing.assert_array_equal(found.to_numpy(), [[2.0, 2.0, 5.0, np.nan]])


@pytest.mark.parametrize(("steps", "least"), [(2, None), (0, None), (-1, None), (3, 0), (3, 4)])
def test_a_window_without_a_middle_or_an_impossible_count_is_an_error(steps: int, least: int | None) -> None:
    with pytest.raises(InputError, match="running mean"):
        running_mean(along_time([1.0]), steps, least=least)


@given(values((2, 30), missing=True), st.sampled_from([1, 3, 5, 31]), st.integers(1, 31))
def test_pandas_finds_the_same(drawn: np.ndarray, steps: int, least: int) -> None:
    fewest = min(least, steps)
    ours = running_mean(along_time(drawn), steps, least=fewest).to_numpy()
    theirs = [pd.Series(row.astype(np.float64)).rolling(steps, center=True, min_periods=fewest).mean() for row in drawn]
    np.testing.assert_allclose(ours, np.stack(theirs), rtol=0, atol=1e-10)


@given(st.floats(-400, 400), st.sampled_from([3, 5, 121]))
def test_the_mean_of_a_constant_is_that_constant(constant: float, steps: int) -> None:
    np.testing.assert_array_equal(running_mean(along_time([constant] * 9), steps, least=1), constant)


@given(values((2, 40)), st.integers(0, 30))
def test_where_a_series_starts_changes_no_bit_of_a_whole_window(drawn: np.ndarray, start: int) -> None:
    whole = running_mean(along_time(drawn), 5)
    cut = running_mean(along_time(drawn[:, start:]), 5)
    np.testing.assert_array_equal(cut.to_numpy()[:, 2:-2], whole.to_numpy()[:, start + 2 : -2])


def test_fields_stay_lazy_and_the_same() -> None:
    field = xr.DataArray(np.random.default_rng(0).normal(size=(24, 4, 3)), dims=("time", "lat", "lon"))
    found = running_mean(field.chunk({"lat": 2, "time": -1}), 3)
    assert dask.is_dask_collection(found.data)
    assert found.dims == field.dims
    np.testing.assert_array_equal(found.to_numpy(), running_mean(field, 3).to_numpy())
