"""Trend, acceleration and seasonal cycle by least squares: exact functions, and statsmodels beside them."""

import dask
import numpy as np
import pytest
import statsmodels.api as sm
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from strategies import months

from eo.primitives.harmonics import ACCELERATION, CYCLE, TREND, cycle_at, least_squares, years_at


def years(count: int, start: str = "1993-01") -> xr.DataArray:
    edges = months(count + 1, start)
    return years_at(xr.DataArray(np.stack([edges[:-1], edges[1:]], axis=1), dims=("time", "nv")))


def test_a_step_stands_for_its_middle_in_years_of_365_and_a_quarter_days() -> None:
    assert years(1, "2000-01").values.tolist() == [15.5 / 365.25]
    assert years(1, "1999-12").values.tolist() == [-15.5 / 365.25]


def test_what_the_terms_make_up_is_found_again() -> None:
    at = years(240).values
    middle = (at[0] + at[-1]) / 2
    turns = 4 * np.cos(2 * np.pi * at) - np.sin(4 * np.pi * at)
    level = 5 + 3.2 * (at - middle) + 0.08 * (at - middle) ** 2 / 2 + turns
    found = least_squares(xr.DataArray([level], dims=("region", "time")), years(240), (*ACCELERATION, *CYCLE))
    np.testing.assert_allclose(found.values, [[5, 3.2, 0.08, 4, 0, 0, -1]], rtol=0, atol=1e-12)
    assert list(found["term"].values) == ["constant", "trend", "acceleration", "cos1", "sin1", "cos2", "sin2"]
    cycle = cycle_at(found, years(240))
    np.testing.assert_allclose(cycle.values[0], turns, atol=1e-12)


@given(st.integers(0, 2**32 - 1), st.sampled_from([24, 60, 400]))
def test_statsmodels_finds_the_same_with_values_missing(seed: int, count: int) -> None:
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(2, count)) + 290
    values[draw.random((2, count)) < 0.2] = np.nan
    at = years(count)
    found = least_squares(xr.DataArray(values, dims=("region", "time")), at, (*ACCELERATION, *CYCLE))
    t, middle = at.values, (at.values[0] + at.values[-1]) / 2
    turns = [function(2 * np.pi * k * t) for k in (1, 2) for function in (np.cos, np.sin)]
    design = np.column_stack([np.ones(count), t - middle, (t - middle) ** 2 / 2, *turns])
    for row, ours in zip(values, found.values, strict=True):
        np.testing.assert_allclose(ours, sm.OLS(row, design, missing="drop").fit().params, rtol=0, atol=1e-8)


@pytest.mark.parametrize("there", [range(0), range(6), range(0, 240, 12)])
def test_values_that_cannot_tell_the_terms_apart_give_none(there: range) -> None:
    values = np.full((1, 240), np.nan)
    values[0, list(there)] = 1.0
    found = least_squares(xr.DataArray(values, dims=("region", "time")), years(240), (*TREND, *CYCLE))
    assert np.isnan(found).all()


def test_a_series_does_not_feel_its_neighbours_and_fields_stay_lazy() -> None:
    values = np.random.default_rng(1).normal(size=(60, 3, 4))
    values[5, 1, 1] = np.nan
    field = xr.DataArray(values, dims=("time", "lat", "lon"))
    found = least_squares(field.chunk({"lat": 1, "time": -1}), years(60), TREND)
    assert dask.is_dask_collection(found.data)
    alone = least_squares(field.isel(lat=[1], lon=[1]), years(60), TREND)
    np.testing.assert_array_equal(found.isel(lat=1, lon=1).values, alone.values[0, 0])
