"""Trends, ranks and detection years against statsmodels, pymannkendall, SciPy and numbers worked by hand."""

import numpy as np
import numpy.typing as npt
import pymannkendall
import pytest
import statsmodels.api as sm
import xarray as xr
from cf_units import Unit
from scipy import stats

from eo.errors import InputError
from eo.primitives.kendall import mann_kendall, score_variance, theil_sen
from eo.primitives.persistence import Layout, autoregressive, null
from eo.primitives.ranks import rank
from eo.primitives.summary import TREND_FLAGS, summary
from eo.primitives.trend import Trend, detection_years, trend

Floats = npt.NDArray[np.float64]


def years(count: int, degree: int = 1) -> Layout:
    return Layout(tuple(float(one) for one in range(count)), tuple(range(count)), (), degree)


def red(count: int, phi: float, seed: int = 1, slope: float = 0.0) -> Floats:
    noise = autoregressive(np.random.default_rng(seed).standard_normal((1, count)), phi)
    return noise + slope * np.arange(count)


def as_if_independent(found: Trend) -> Trend:
    return Trend(**(vars(found) | {"persistence": np.zeros_like(found.persistence)}))


def monthly(values: Floats, start: str = "1982-01") -> tuple[xr.DataArray, npt.NDArray[np.datetime64]]:
    first = np.datetime64(start, "M") + np.arange(len(values))
    bounds = np.stack([first, first + 1], axis=1).astype("datetime64[ns]")
    return xr.DataArray(values[None], {"region": ["somewhere"], "time": bounds[:, 0]}, ("region", "time")), bounds


def test_the_slope_and_its_p_value_are_those_of_ordinary_least_squares_where_there_is_no_persistence() -> None:
    values = red(60, 0.0, seed=4, slope=0.02)
    theirs = sm.OLS(values[0], sm.add_constant(np.arange(60.0))).fit()
    found = trend(values, years(60))
    assert found.slope[0] == pytest.approx(theirs.params[1], rel=1e-12)
    assert found.persistence[0] < 0.1
    low, high = theirs.conf_int()[1]
    assert high - low <= found.high[0] - found.low[0] + 1e-12
    assert found.high[0] - found.low[0] == pytest.approx(high - low, rel=0.05)


def test_the_standard_error_is_that_of_generalised_least_squares_theory_for_a_known_persistence() -> None:
    count, phi = 50, 0.8
    design = sm.add_constant(np.arange(float(count)))
    correlation = phi ** np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    inverse = np.linalg.inv(design.T @ design)
    sandwich = inverse @ design.T @ correlation @ design @ inverse
    projection = np.eye(count) - design @ inverse @ design.T
    under = null(years(count), 0.95)
    expected = np.sqrt(sandwich[1, 1] / np.trace(projection @ correlation))
    assert under.error(np.array([1.0]), np.array([phi]))[0] == pytest.approx(expected, rel=1e-9)


def test_the_interval_is_wider_than_that_of_newey_and_west_which_is_too_narrow_in_red_noise() -> None:
    values = red(120, 0.9, seed=3)
    theirs = sm.OLS(values[0], sm.add_constant(np.arange(120.0))).fit(cov_type="HAC", cov_kwds={"maxlags": 4})
    found = trend(values, years(120))
    low, high = theirs.conf_int()[1]
    assert found.slope[0] == pytest.approx(theirs.params[1], rel=1e-9)
    assert found.high[0] - found.low[0] > 2 * (high - low)


def test_the_acceleration_is_that_of_a_square_fitted_by_numpy() -> None:
    values = red(80, 0.3, seed=7) + 0.01 * np.arange(80.0) ** 2
    found = trend(values, years(80, degree=2))
    assert found.slope[0] == pytest.approx(np.polyfit(np.arange(80.0), values[0], 2)[0], rel=1e-9)
    assert found.p_value[0] < 0.01


def test_a_line_without_noise_has_its_slope_and_a_constant_has_none() -> None:
    found = trend(np.stack([3.0 * np.arange(40), np.full(40, 5.0)]), years(40))
    assert found.slope == pytest.approx([3.0, 0.0], abs=1e-12)
    assert found.p_value[0] < 0.001
    assert found.high - found.low == pytest.approx([0, 0], abs=1e-9)


@pytest.mark.parametrize("tied", [False, True])
def test_score_variance_and_statistic_are_those_of_mann_and_kendall_where_there_is_no_persistence(
    *, tied: bool
) -> None:
    values = red(60, 0.0, seed=9, slope=0.02)
    values = np.round(values, 0) if tied else values
    theirs = pymannkendall.original_test(values[0])
    found = mann_kendall(values, years(60), as_if_independent(trend(values, years(60))))
    assert found.score[0] == theirs.s
    assert found.deviation[0] ** 2 == pytest.approx(theirs.var_s, rel=1e-12)
    assert found.normalised[0] == pytest.approx(theirs.z, rel=1e-12)
    assert found.p_value[0] == pytest.approx(theirs.p, abs=0.03)  # critical values are simulated


def test_the_variance_is_inflated_as_hamed_and_rao_do_by_hand() -> None:
    # Four values, phi 0.5: 26/3 (1 + 2/24 * 3*2*1 * 6/pi arcsin(0.25)), for lag 1; the weight of longer lags is 0.
    expected = 26 / 3 * (1 + 0.5 * 6 / np.pi * np.arcsin(0.25))
    found = score_variance(np.array([[1.0, 2.0, 3.0, 4.0]]), years(4), np.array([0.5]))
    assert found[0] == pytest.approx(expected, rel=1e-12)


def test_the_variance_is_that_of_pymannkendall_with_the_autocorrelation_of_the_model() -> None:
    values = red(200, 0.6, seed=2)
    theirs = pymannkendall.hamed_rao_modification_test(values[0])
    linear = trend(values, years(200))
    ours = mann_kendall(values, years(200), linear)
    assert ours.score[0] == theirs.s
    assert ours.deviation[0] ** 2 == pytest.approx(theirs.var_s, rel=0.5)  # theirs: lags that are significant alone


@pytest.mark.parametrize("gaps", [False, True])
def test_the_slope_of_theil_and_sen_is_that_of_scipy_with_its_interval(*, gaps: bool) -> None:
    values = red(70, 0.0, seed=5, slope=0.01)
    kept = np.array([one for one in range(70) if not gaps or one % 5 != 3])
    lies = Layout(tuple(kept.astype(float)), tuple(kept.tolist()))
    values = values[:, kept]
    linear = as_if_independent(trend(values, lies))
    test = mann_kendall(values, lies, linear)
    slope, low, high = theil_sen(values, lies, linear, test)
    factor = null(lies, 0.95).factor(np.zeros(1))[0]
    theirs = stats.theilslopes(values[0], kept, alpha=1 - 2 * stats.norm.sf(factor))
    assert slope[0] == pytest.approx(theirs.slope, rel=1e-12)
    assert (low[0], high[0]) == pytest.approx((theirs.low_slope, theirs.high_slope), rel=1e-9)
    if not gaps:
        assert slope[0] == pytest.approx(pymannkendall.sens_slope(values[0]).slope, rel=1e-12)


def test_years_until_a_trend_shows_are_those_of_weatherhead_by_hand() -> None:
    # (3.3 * 1 / 0.1 * sqrt(1.5 / 0.5))^(2/3) = 57.157^(2/3) = 14.837; exp(4 / (3 sqrt(120)) sqrt(3)) = 1.23472
    found = detection_years(np.array(0.1), np.array(1.0), np.array(0.5), steps=120, per_year=12)
    assert [float(one) for one in found] == pytest.approx([14.837, 14.837 / 1.23472, 14.837 * 1.23472], rel=1e-3)
    assert detection_years(np.array(0.0), np.array(1.0), np.array(0.5), steps=120, per_year=12)[0] == np.inf


@pytest.mark.slow
def test_in_that_number_of_years_nine_of_ten_such_trends_are_found() -> None:
    slope, phi = 0.05, 0.4
    wanted = detection_years(np.array(slope), np.array(1.0), np.array(phi), steps=480, per_year=12)[0]
    count = round(float(wanted) * 12)
    lies = Layout(tuple(np.arange(count) / 12), tuple(range(count)))
    noise = autoregressive(np.random.default_rng(8).standard_normal((2000, count)), phi)
    found = trend(noise + slope * np.array(lies.times), lies)
    assert (found.p_value < 0.05).mean() == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize(
    ("values", "sentence", "percentile"),
    [
        ([1, 2, 3, 4, 5], "highest since 1982", 90.0),
        ([5, 4, 3, 2, 1], "lowest since 1982", 10.0),
        ([9, 1, 8, 2, 3, 4, 7], "third highest since 1982", 100 * 4.5 / 7),
        ([7, 1, 8, 2, 3, 4, 7], "second highest since 1982, tied with 1 other", 100 * 5 / 7),
        ([2, 2, 2, 9, 9, 9, 9, 2], "lowest since 1982, tied with 3 others", 25.0),
        ([*range(30), np.nan, 11.5, np.nan], "13th lowest since 1982", 100 * 12.5 / 31),
        ([1.0], "highest since 1982", 50.0),
    ],
)
def test_a_rank_is_said_in_words_with_its_ties(values: list[float], sentence: str, percentile: float) -> None:
    found = rank(np.array(values, dtype=np.float64))
    assert found.sentence("1982") == sentence
    assert found.percentile == pytest.approx(percentile)
    there = np.array(values)[np.isfinite(values)]
    assert found.percentile == pytest.approx(stats.percentileofscore(there, there[-1], kind="mean"))


def test_values_that_are_published_as_equal_tie() -> None:
    values = np.array([1.004, 2.0, 0.996])
    assert rank(values).others == 0
    assert rank(values, resolution=0.01).others == 1
    with pytest.raises(InputError, match="there is none"):
        rank(np.array([np.nan]))


@pytest.mark.slow
def test_a_summary_has_each_statistic_with_units_that_parse() -> None:
    series, bounds = monthly(red(120, 0.5, slope=0.03)[0] + np.tile(np.arange(12.0), 10))
    found = summary(series.assign_attrs(units="degC"), bounds)
    assert found["trend_flag"].item() == TREND_FLAGS["good"]
    assert found["trend"].item() == pytest.approx(3.6, abs=1.5)
    assert found["trend"].attrs["units"] == "K (10 year)-1"
    assert found["latest"].attrs["units"] == "degC"
    assert all(Unit(one.attrs["units"]) for one in found.values() if "units" in one.attrs)
    assert all(one.attrs["long_name"] for one in found.values())
    assert bool(found["trend_low"] < found["trend"])
    assert bool(found["trend"] < found["trend_high"])


def test_the_seasonal_cycle_is_taken_out_unless_it_is_to_stay() -> None:
    series, bounds = monthly(red(120, 0.0)[0] + 50 * np.sin(np.arange(120) * np.pi / 6))
    assert summary(series, bounds)["noise"].item() == pytest.approx(1.0, abs=0.2)
    assert summary(series, bounds, season=False)["noise"].item() > 30


@pytest.mark.slow
def test_the_trend_is_that_of_a_regression_on_months_by_statsmodels() -> None:
    series, bounds = monthly(red(120, 0.5, slope=0.03)[0] + np.tile(np.arange(12.0), 10))
    series[0, [3, 50, 51, 52, 100]] = np.nan
    middle = (bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) / 2 - bounds[0, 0]) / np.timedelta64(31556952, "s")
    dummies = (np.arange(120)[:, None] % 12 == np.arange(12)).astype(float)
    there = np.isfinite(series.values[0])
    theirs = sm.OLS(series.values[0][there], np.column_stack([dummies, middle])[there]).fit()
    assert summary(series, bounds)["trend"].item() == pytest.approx(10 * theirs.params[-1], rel=1e-8)


def test_one_calendar_month_of_each_year_is_yearly() -> None:
    series, bounds = monthly(red(480, 0.3, slope=-0.01)[0])
    september = np.arange(8, 480, 12)
    found = summary(series[:, september], bounds[september])
    assert found["trend"].item() == pytest.approx(
        10 * np.polyfit(np.arange(40.0), series.values[0, september], 1)[0], rel=1e-3
    )
    assert found["rank_count"].item() == found["month_rank_count"].item() == 40


@pytest.mark.parametrize(
    ("values", "flag"),
    [
        (np.full(240, np.nan), "no_data"),
        (np.arange(48.0), "too_short"),
        (np.where(np.arange(240) % 3 == 0, 1.0, np.nan), "too_short"),
        (np.sin(np.arange(120) * np.pi / 120), "too_persistent"),
    ],
)
def test_a_series_that_cannot_be_judged_says_so_and_has_no_trend(values: Floats, flag: str) -> None:
    found = summary(*monthly(values))
    assert found["trend_flag"].item() == TREND_FLAGS[flag]
    for name in ("trend", "trend_low", "sen_slope", "mann_kendall_p_value", "acceleration", "detection_years"):
        assert np.isnan(found[name].item())
    assert (found["rank"].item() == "") == (flag == "no_data")


def test_a_series_that_never_changes_has_no_trend_and_no_warning() -> None:
    found = summary(*monthly(np.zeros(72)))
    assert found["trend_flag"].item() == TREND_FLAGS["good"]
    assert found["trend"].item() == found["trend_high"].item() == found["sen_slope_low"].item() == 0.0
    assert found["trend_p_value"].item() > 0.9
    assert found["detection_years"].item() == np.inf
    assert found["rank"].item() == "highest since 1982, tied with 71 others"


def test_the_rank_of_the_latest_value_skips_what_is_missing() -> None:
    values = np.arange(60.0)
    values[[-1, 0]] = np.nan
    found = summary(*monthly(values))
    assert found["latest_time"].values[0] == np.datetime64("1986-11-01", "ns")
    assert found["rank"].item() == "highest since 1982"
    assert found["month_rank_count"].item() == 5
    assert found["lowest_time"].values[0] == np.datetime64("1982-02-01", "ns")


def test_regions_are_judged_each_by_itself() -> None:
    one, bounds = monthly(red(120, 0.5, seed=1)[0])
    other, _ = monthly(red(120, 0.5, seed=2, slope=0.05)[0])
    both = xr.concat([one, other.assign_coords(region=["elsewhere"])], "region")
    found = summary(both, bounds)
    assert found["trend"].values.tolist() == [
        summary(one, bounds)["trend"].item(), summary(other, bounds)["trend"].item()
    ]  # fmt: skip
    assert found["region"].values.tolist() == ["somewhere", "elsewhere"]


@pytest.mark.parametrize(
    "bounds",
    [
        np.array([["2000-01-01", "2000-01-09"], ["2000-01-09", "2000-01-17"]]),
        np.array([["2000-02-01", "2000-03-01"], ["2000-01-01", "2000-02-01"]]),
        np.array([["2000-01-15", "2000-02-15"], ["2000-02-15", "2000-03-15"]]),
        np.array([["2000-01-01", "2001-01-01"], ["2001-02-01", "2002-02-01"]]),
    ],
)
def test_steps_that_are_no_months_or_years_are_refused(bounds: npt.NDArray[np.str_]) -> None:
    with pytest.raises(InputError, match="calendar month"):
        summary(xr.DataArray(np.zeros(2), dims="time"), bounds.astype("datetime64[ns]"))
