"""Climatologies of the day of the year. Expected numbers are worked by hand or come from `hobday`, plain NumPy."""

import dask
import hobday
import numpy as np
import pytest
import xarray as xr
from strategies import days

from eo.errors import InputError
from eo.primitives.day_of_year import at_each_day, circle_mean, daily_climatology, days_of_year, on_every_day


def daily(values: np.ndarray, start: str = "2001-01-01") -> xr.DataArray:
    time = days(values.shape[-1], start)
    dims = ("cell", "time")[-values.ndim :]
    return xr.DataArray(values, {"time": time}, dims)


@pytest.mark.parametrize(
    ("day", "number"),
    [("2001-01-01", 1), ("2001-02-28", 59), ("2001-03-01", 61), ("2004-02-29", 60), ("2004-03-01", 61),
     ("2001-12-31", 366), ("2004-12-31", 366), ("1900-03-01", 61)],
)  # fmt: skip
def test_first_march_is_the_same_day_every_year(day: str, number: int) -> None:
    assert days_of_year(np.array([day], "datetime64[ns]")).tolist() == [number]


@pytest.fixture(scope="module")
def noise() -> xr.DataArray:
    """Give eleven years of three cells of seasons and noise, the second with a tenth of its days missing."""
    drawn = np.random.default_rng(3)
    values = 10 * np.sin(np.arange(4017) / 58.1) + drawn.normal(size=(3, 4017))
    values[1, drawn.random(4017) < 0.1] = np.nan
    return daily(values)


def test_mean_and_percentile_are_those_of_an_independent_implementation(noise: xr.DataArray) -> None:
    found = daily_climatology(noise, percentile=90)
    time = noise["time"].values.astype("datetime64[D]")
    for cell in range(3):
        mean, threshold = hobday.climatology(time, noise.values[cell], ("2001-01-01", "2011-12-31"))
        at = at_each_day(found, noise["time"]).isel(cell=cell)
        np.testing.assert_allclose(at["climatology"], mean, rtol=0, atol=1e-12)
        np.testing.assert_allclose(at["threshold"], threshold, rtol=0, atol=1e-12)


def test_29_february_takes_the_mean_of_its_neighbours_and_its_values_count_in_their_windows() -> None:
    values = np.zeros(4 * 365 + 1)
    values[3 * 365 + 59] = 8.0  # 29 February 2004: in the windows of 24 February to 5 March, each of 4 x 11 days
    found = daily_climatology(daily(values), percentile=90, smoothing=1)["climatology"]
    assert found.sel(day=[54, 55, 59, 61, 65, 66]).values.tolist() == [0.0, *4 * [8.0 / 44], 0.0]
    assert found.sel(day=60).item() == (found.sel(day=59).item() + found.sel(day=61).item()) / 2


def test_a_day_with_too_few_values_has_none_and_gives_none_to_its_neighbours() -> None:
    values = np.ones((1, 10 * 365 + 2))
    number = days_of_year(days(values.size))
    values[0, (number > 100) & (number < 140)] = np.nan
    found = daily_climatology(daily(values), percentile=90)
    gone = np.isnan(found["threshold"].values[0])
    # days 101 to 139 are missing: a window of 11 days needs 9 of them, and that of day 97 has 9, of day 98 only 8
    assert np.flatnonzero(gone).tolist() == list(range(97, 142))
    np.testing.assert_array_equal(found["threshold"].values[0][~gone], 1.0)


def test_nothing_at_all_is_nan_and_no_zero() -> None:
    found = daily_climatology(daily(np.full((2, 800), np.nan)), percentile=10)
    assert found["threshold"].isnull().all()
    assert found["climatology"].isnull().all()


@pytest.mark.parametrize("width", [10, 0, -1, 367])
def test_a_window_is_odd(width: int) -> None:
    with pytest.raises(InputError, match="odd number of days below 366, not"):
        daily_climatology(daily(np.zeros(400)), percentile=90, window=width)


def test_a_circle_has_no_ends() -> None:
    assert circle_mean(np.array([3.0, 0, 0, 0, 0, 6]), 3).tolist() == [3, 1, 0, 0, 2, 3]
    assert circle_mean(np.array([3.0, np.nan, 0, 0, 0, 6])[None], 3)[0, [0, 2]].tolist() == [4.5, 0]
    assert np.isnan(circle_mean(np.array([3.0, np.nan, 0, 0, 0, 6]), 3)[1])


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_neither_chunks_nor_schedulers_change_a_bit(noise: xr.DataArray, precision: type) -> None:
    land = noise.isel(cell=[0]) * np.nan
    many = xr.concat([noise, land, *(noise * factor for factor in range(2, 14))], "cell").astype(precision)
    whole = daily_climatology(many, percentile=90)
    for size, scheduler in ((1, "threads"), (7, "synchronous")):
        with dask.config.set(scheduler=scheduler):
            found = daily_climatology(many.chunk(cell=size, time=1000), percentile=90).compute()
        xr.testing.assert_identical(found, whole)


def test_single_precision_is_widened_and_not_rounded(noise: xr.DataArray) -> None:
    packed = noise.astype(np.float32)
    xr.testing.assert_allclose(
        daily_climatology(packed, percentile=90), daily_climatology(packed.astype(float), percentile=90), atol=1e-12
    )


def test_a_series_with_gaps_is_put_on_every_day() -> None:
    series = xr.Dataset({"mean": ("time", [1.0, 2, 3])}, {"time": days(5)[[0, 1, 4]]})
    found = on_every_day(series)
    np.testing.assert_array_equal(found["mean"], [1, 2, np.nan, np.nan, 3])
    assert (found["time_bounds"][:, 1] - found["time_bounds"][:, 0] == np.timedelta64(1, "D")).all()


@pytest.mark.parametrize("which", [[], [1, 0], [0, 0]])
def test_days_that_are_none_or_in_no_order_are_refused(which: list[int]) -> None:
    series = xr.Dataset({"mean": ("time", np.ones(len(which)))}, {"time": days(5)[which]})
    with pytest.raises(InputError, match="one step for each day, in order; there is"):
        on_every_day(series)
