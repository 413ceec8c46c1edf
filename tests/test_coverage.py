"""The one rule on missing data: a number stands by its coverage, and a part-month never passes as a month."""

import dask
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import days, months, series, values

from eo.coverage import FLAGS, flags, monthly_mean, screened, weighted_mean


def shares(*numbers: float) -> xr.DataArray:
    return xr.DataArray(list(numbers), dims="time")


@pytest.mark.parametrize(
    ("coverage", "minimum", "flag"),
    [
        (1.0, 0.9, "good"),
        (0.9, 0.9, "good"),
        (np.nextafter(0.9, 0), 0.9, "insufficient_coverage"),
        (1e-9, 0.9, "insufficient_coverage"),
        (1.0, 1.0, "good"),
        (0.999, 1.0, "insufficient_coverage"),
        (0.0, 0.9, "no_data"),
        (np.nan, 0.9, "no_data"),
    ],
)
def test_a_number_is_flagged_by_its_coverage(coverage: float, minimum: float, flag: str) -> None:
    assert flags(shares(coverage), minimum).item() == FLAGS[flag]


@given(hnp.arrays(np.float64, 6, elements=st.floats(0, 1) | st.just(np.nan)), st.floats(0.01, 1), st.floats(-1e6, 1e6))
def test_a_number_below_the_minimum_is_nan_with_a_reason_and_no_other_is(
    coverage: np.ndarray, minimum: float, value: float
) -> None:
    found = screened(shares(*[value] * 6), shares(*coverage), minimum)
    flag = flags(shares(*coverage), minimum)
    assert flag.dtype == np.int8
    np.testing.assert_array_equal(np.isfinite(found), coverage >= minimum)
    np.testing.assert_array_equal(flag == FLAGS["good"], np.isfinite(found))
    np.testing.assert_array_equal(found.values[np.isfinite(found)], value)


def test_every_flag_has_its_own_number() -> None:
    assert list(FLAGS.values()) == list(range(len(FLAGS)))


def test_a_month_is_the_mean_of_its_days_weighted_by_their_coverage() -> None:
    # February 2001: fourteen days of 10 seen whole and fourteen of 20 seen by half: (14 * 10 + 7 * 20) / 21.
    found = monthly_mean(series([10.0] * 14 + [20.0] * 14, [1.0] * 14 + [0.5] * 14, days(28, "2001-02-01")))
    assert found["mean"].item() == pytest.approx(280 / 21, rel=1e-15)
    assert found["coverage"].item() == pytest.approx(21 / 28, rel=1e-15)
    assert str(found["time"].values[0])[:10] == "2001-02-01"
    assert found["time_bounds"].values[0].astype("datetime64[D]").astype(str).tolist() == ["2001-02-01", "2001-03-01"]


@pytest.mark.parametrize(
    ("start", "length"), [("2000-02-01", 29), ("2001-02-01", 28), ("2001-04-01", 30), ("2001-12-01", 31)]
)
def test_a_whole_month_has_coverage_one_exactly(start: str, length: int) -> None:
    assert monthly_mean(series([1.0] * length, time=days(length, start)))["coverage"].item() == 1.0


@given(st.integers(1, 30), st.integers(0, 30))
def test_a_part_month_never_passes_as_a_month(count: int, first: int) -> None:
    count = min(count, 31 - first)
    found = monthly_mean(series([5.0] * count, time=days(31, "2001-01-01")[first : first + count]))
    assert found["coverage"].item() == pytest.approx(count / 31, rel=1e-15)
    assert (found["coverage"].item() == 1.0) == (count == 31)
    assert found["mean"].item() == 5.0


def test_a_day_without_data_counts_as_coverage_zero() -> None:
    whole = series([5.0] * 31, time=days(31))
    absent = whole.isel(time=[day for day in range(31) if day not in {3, 4}])
    unseen = whole.copy(deep=True)
    unseen["mean"][0, 3:5], unseen["coverage"][0, 3:5] = np.nan, 0.0
    unknown = whole.copy(deep=True)
    unknown["mean"][0, 3:5], unknown["coverage"][0, 3:5] = np.nan, np.nan
    for form in (absent, unseen, unknown):
        found = monthly_mean(form)
        assert found["coverage"].item() == pytest.approx(29 / 31, rel=1e-15)
        assert found["mean"].item() == 5.0


def test_a_mean_that_is_missing_is_never_taken_for_zero() -> None:
    content = series([5.0] * 31, time=days(31))
    content["mean"][0, 3] = np.nan  # and its coverage still says 1
    found = monthly_mean(content)
    assert found["mean"].item() == 5.0
    assert found["coverage"].item() == pytest.approx(30 / 31, rel=1e-15)


def test_a_month_without_any_data_is_nan_with_coverage_zero() -> None:
    found = monthly_mean(series([np.nan] * 31, 0.0, days(31)))
    assert np.isnan(found["mean"].item())
    assert found["coverage"].item() == 0.0


def test_months_are_kept_apart() -> None:
    found = monthly_mean(series([1.0] * 31 + [2.0] * 28 + [3.0] * 10, time=days(69)))
    assert found["mean"].values.tolist() == [[1.0, 2.0, 3.0]]
    np.testing.assert_allclose(found["coverage"], [[1, 1, 10 / 31]], rtol=1e-15)


def test_a_step_that_crosses_a_month_counts_in_each_by_the_time_that_it_shares() -> None:
    # Eight days from 25 January: seven are of January, one of February.
    content = series([4.0], time=days(1, "2001-01-25"))
    content["time_bounds"] = (("time", "nv"), np.array([["2001-01-25", "2001-02-02"]], "datetime64[ns]"))
    found = monthly_mean(content)
    assert [str(one)[:7] for one in found["time"].values] == ["2001-01", "2001-02"]
    np.testing.assert_allclose(found["coverage"], [[7 / 31, 1 / 28]], rtol=1e-15)
    assert found["mean"].values.tolist() == [[4.0, 4.0]]


def test_a_monthly_series_stays_as_it_is() -> None:
    content = series([1.0, np.nan, 3.0], [1.0, 0.0, 0.5])
    xr.testing.assert_identical(monthly_mean(content), content)
    with_a_gap = content.isel(time=[0, 2])
    xr.testing.assert_identical(monthly_mean(with_a_gap), with_a_gap)


def test_the_last_day_of_a_month_is_no_month() -> None:
    found = monthly_mean(series([7.0], time=days(1, "2001-01-31")))
    assert found["coverage"].item() == pytest.approx(1 / 31, rel=1e-15)


@given(st.floats(-300, 400), hnp.arrays(np.float64, 59, elements=st.floats(0, 1)))
def test_the_mean_of_a_constant_is_that_constant(constant: float, coverage: np.ndarray) -> None:
    found = monthly_mean(series([constant] * 59, coverage, days(59)))
    expected = np.where(found["coverage"] > 0, constant, np.nan)
    np.testing.assert_array_equal(found["mean"], expected)


@given(values((3, 59), missing=True), hnp.arrays(np.float64, (3, 59), elements=st.floats(0.01, 1)))
def test_the_mean_lies_between_the_least_and_the_greatest_day(mean: np.ndarray, coverage: np.ndarray) -> None:
    found = monthly_mean(series(mean, coverage, days(59)))
    for number, month in enumerate((mean[:, :31], mean[:, 31:])):
        low, high = np.fmin.reduce(month, axis=1), np.fmax.reduce(month, axis=1)
        of = found["mean"].values[:, number]
        assert (((of >= low) & (of <= high)) | (np.isnan(of) & np.isnan(low))).all()


@settings(max_examples=10)  # each builds a graph of some hundred tasks
@given(values((3, 59), missing=True), st.sampled_from([9, 20, 58]), st.sampled_from(["synchronous", "threads"]))
def test_neither_chunks_nor_schedulers_change_a_bit(mean: np.ndarray, size: int, scheduler: str) -> None:
    content = series(mean, np.where(np.isfinite(mean), 0.7, 0.0), days(59))
    with dask.config.set(scheduler=scheduler):
        found = monthly_mean(content.chunk({"region": 2, "time": size})).compute()
    expected = monthly_mean(content)
    np.testing.assert_array_equal(found["mean"], expected["mean"])
    np.testing.assert_array_equal(found["coverage"], expected["coverage"])


@given(values((3, 59), missing=True))
def test_neither_other_regions_nor_the_order_in_memory_change_a_bit(mean: np.ndarray) -> None:
    content = series(mean, np.where(np.isfinite(mean), 0.7, 0.0), days(59))
    expected = monthly_mean(content)
    np.testing.assert_array_equal(monthly_mean(content.isel(region=[1]))["mean"][0], expected["mean"][1])
    turned = content.assign(mean=(("region", "time"), np.asfortranarray(content["mean"].values)))
    np.testing.assert_array_equal(monthly_mean(turned)["mean"], expected["mean"])


@given(values((1, 31)), st.integers(0, 30))
def test_a_day_that_goes_missing_always_lowers_the_coverage(mean: np.ndarray, day: int) -> None:
    content = series(mean, time=days(31))
    gone = content.copy(deep=True)
    gone["mean"][0, day], gone["coverage"][0, day] = np.nan, 0.0
    assert monthly_mean(gone)["coverage"].item() < monthly_mean(content)["coverage"].item() == 1.0


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=9), st.data())
def test_a_weighted_mean_of_whole_numbers_is_that_of_the_repeated_numbers(
    numbers: list[int], data: st.DataObject
) -> None:
    counts = data.draw(st.lists(st.integers(0, 5), min_size=len(numbers), max_size=len(numbers)))
    found = weighted_mean(shares(*numbers), shares(*counts)).item()
    repeated = np.repeat(numbers, counts)
    assert found == pytest.approx(repeated.mean() if repeated.size else np.nan, rel=1e-14, abs=1e-14, nan_ok=True)


def test_regions_and_their_order_stay() -> None:
    found = monthly_mean(series([[1.0] * 31, [2.0] * 31], time=days(31)))
    assert found["region"].values.tolist() == ["r0", "r1"]
    assert found["mean"].dims == ("region", "time")
    assert found["mean"].values.tolist() == [[1.0], [2.0]]
    np.testing.assert_array_equal(found["time"], months(1))
