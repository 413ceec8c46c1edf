"""Anomalies and condition indices of land, and percent of normal rain, worked by hand or by scipy."""

import numpy as np
import pytest
import xarray as xr
from rain import rates
from scipy import stats
from strategies import series

from eo.climatology import complete, in_span
from eo.coverage import FLAGS
from eo.errors import InputError
from eo.indicators.precipitation_total import precipitation_total, precipitation_total_normal
from eo.indicators.ssi import ssi, ssi_normal
from eo.indicators.standardised_anomaly import standardised_anomaly, standardised_anomaly_normal
from eo.indicators.tci import tci, tci_normal
from eo.indicators.vci import vci, vci_normal
from eo.indicators.vhi import vhi, vhi_normal
from eo.model import Span, span
from eo.primitives.empirical import empirical_deviate

BASELINE = span("2001/2005")


def of_years(*years: float) -> xr.Dataset:
    """Give a monthly series with one value for all months of each year, from 2001."""
    values = np.repeat(np.array(years), 12)
    return series(values, np.where(np.isfinite(values), 1.0, 0.0))


def januaries(found: xr.Dataset, name: str) -> list[float]:
    return found[name].values[0, ::12].tolist()


def flag_of(found: xr.Dataset, number: int) -> str:
    return next(name for name, code in FLAGS.items() if code == int(found["flag"][0, number]))


def z_of(content: xr.Dataset, baseline: Span = BASELINE) -> xr.Dataset:
    kept = standardised_anomaly_normal(in_span(content, baseline), baseline=baseline, min_years=5)
    return standardised_anomaly(content, normal=kept)


def test_a_standardised_anomaly_is_in_units_of_the_spread_of_the_baseline_years() -> None:
    """Years 2, 4, 4, 4, 6: mean 4, variance 8 / 4 = 2. The year after, 9, is 5 over it."""
    found = z_of(of_years(2, 4, 4, 4, 6, 9))
    np.testing.assert_allclose(januaries(found, "standardised_anomaly"), np.array([-2, 0, 0, 0, 2, 5]) / np.sqrt(2))
    assert januaries(found, "anomaly") == [-2, 0, 0, 0, 2, 5]
    assert januaries(found, "normal") == [4] * 6
    assert (found["flag"] == FLAGS["good"]).all()


def test_a_standardised_anomaly_over_its_baseline_is_that_of_scipy() -> None:
    drawn = np.random.default_rng(0).normal(0.4, 0.1, size=(5, 12))
    found = z_of(series(drawn.ravel()))["standardised_anomaly"]
    np.testing.assert_allclose(found[0], stats.zscore(drawn, axis=0, ddof=1).ravel(), rtol=1e-9)


def test_a_month_with_four_years_of_five_has_a_normal_and_one_with_three_has_none() -> None:
    four, three = z_of(of_years(np.nan, 4, 4, 5, 6, 9)), z_of(of_years(np.nan, np.nan, 4, 5, 6, 9))
    assert flag_of(four, 60) == "good"
    assert flag_of(three, 60) == "no_normal"
    assert three["value"].values[0, 60] == 9
    assert np.isnan(three["anomaly"]).all()
    assert np.isnan(three["standardised_anomaly"]).all()


def test_a_month_whose_baseline_years_are_all_equal_has_no_standardised_anomaly() -> None:
    found = z_of(of_years(4, 4, 4, 4, 4, 9))
    assert flag_of(found, 60) == "undefined"
    assert not np.isfinite(found[["standardised_anomaly", "value"]].to_array()).any()


def test_a_month_observed_in_part_is_missing() -> None:
    content = of_years(2, 4, 4, 4, 6, 9)
    content["coverage"][0, 60:62] = [0.89, 0.9]
    found = z_of(content)
    assert [flag_of(found, number) for number in (60, 61)] == ["insufficient_coverage", "good"]
    assert flag_of(z_of(of_years(2, 4, 4, 4, 6, np.nan)), 60) == "no_data"
    assert np.isnan(found["value"][0, 60])


def test_a_baseline_of_too_few_years_is_refused() -> None:
    content = of_years(1, 2, 3, 4, 5)
    with pytest.raises(InputError, match="a standard deviation needs a baseline of 10 years"):
        standardised_anomaly_normal(content, baseline=BASELINE)
    with pytest.raises(InputError, match="a range of years needs a baseline of 6 years"):
        vci_normal(content, baseline=BASELINE, min_years=6)
    with pytest.raises(InputError, match="needs a baseline of 20 years"):
        ssi_normal(content, baseline=BASELINE)


def test_the_condition_of_vegetation_and_temperature_is_the_place_in_the_range_of_the_baseline() -> None:
    """Range 0.2 to 0.7: 0.3 lies a fifth above the least; the year after lies a fifth of the range under it."""
    content = of_years(0.2, 0.3, 0.7, 0.5, 0.6, 0.1)
    inside = in_span(content, BASELINE)
    green = vci(content, normal=vci_normal(inside, baseline=BASELINE))
    np.testing.assert_allclose(januaries(green, "vci"), [0, 20, 100, 60, 80, -20], atol=1e-12)
    hot = tci(content, normal=tci_normal(inside, baseline=BASELINE))
    np.testing.assert_allclose(januaries(hot, "tci"), [100, 80, 0, 40, 20, 120], atol=1e-12)


def test_the_condition_of_years_that_are_all_equal_or_missing_is_said_not_to_be_known() -> None:
    equal, few = of_years(3, 3, 3, 3, 3, 4), of_years(3, 4, np.nan, np.nan, 3, 4)
    for content, flag in ((equal, "undefined"), (few, "no_normal")):
        found = vci(content, normal=vci_normal(in_span(content, BASELINE), baseline=BASELINE))
        assert flag_of(found, 60) == flag
        assert np.isnan(found["vci"][0, 60])
    assert flag_of(found, 24) == "no_data"


@pytest.mark.parametrize(("alpha", "expected"), [(0.5, 45.0), (1.0, 20.0), (0.0, 70.0), (0.25, 57.5)])
def test_the_health_of_vegetation_weighs_its_condition_and_that_of_temperature(alpha: float, expected: float) -> None:
    """In the second year the vegetation lies at 20 % of its range, and the temperature at 30 %: TCI 70."""
    green, heat = of_years(0.2, 0.3, 0.7, 0.5, 0.6), of_years(290, 293, 300, 295, 296)
    kept = vhi_normal(green, heat, baseline=BASELINE)
    found = vhi(green, heat, normal=kept, alpha=alpha)
    np.testing.assert_allclose(found["vhi"][0, 12], expected)
    np.testing.assert_allclose([found["vci"][0, 12], found["tci"][0, 12]], [20, 70])


def test_the_health_of_vegetation_asks_for_both_inputs() -> None:
    green, heat = of_years(0.2, 0.3, 0.7, 0.5, 0.6), of_years(290, 293, 300, 295, 296)
    kept = vhi_normal(green, heat, baseline=BASELINE)
    heat["coverage"][0, 12] = 0.3
    found = vhi(green, heat, normal=kept)
    assert flag_of(found, 12) == "insufficient_coverage"
    assert float(found["coverage"][0, 12]) == 0.3
    assert np.isnan(found["vci"][0, 12])


def test_an_empirical_deviate_is_that_of_its_plotting_position() -> None:
    """Ranks in 10, 20, 20, 40: equal ones share 2.5, 30 lies half-way from 3 to 4, and beyond the ends it stays."""
    sample = np.array([10.0, 20.0, 20.0, 40.0, np.nan])
    found = empirical_deviate(np.array([10.0, 20.0, 30.0, 40.0, 5.0, 99.0, 15.0, np.nan]), sample)
    ranks = np.array([1, 2.5, 3.5, 4, 1, 4, 1.5, np.nan])
    np.testing.assert_allclose(found, stats.norm.ppf((ranks - 0.44) / 4.12))


def test_a_standardised_soil_moisture_index_is_the_rank_among_the_baseline_years() -> None:
    drawn = np.random.default_rng(5).random((24, 12))
    months = span("2001/2024")
    content = series(drawn.ravel())
    found = ssi(content, normal=ssi_normal(content, baseline=months))["ssi"]
    ranks = stats.rankdata(drawn, axis=0)
    np.testing.assert_allclose(found[0], stats.norm.ppf((ranks - 0.44) / 24.12).ravel(), rtol=1e-12)


def test_a_standardised_soil_moisture_index_of_three_months_is_of_their_mean() -> None:
    drawn = np.random.default_rng(6).random(288)
    months = span("2001/2024")
    content = series(drawn)
    found = ssi(content, normal=ssi_normal(content, baseline=months, months=3), months=3)
    np.testing.assert_allclose(found["value"][0, 2:], np.convolve(drawn, np.ones(3) / 3, "valid"))
    assert [flag_of(found, number) for number in (0, 1, 2)] == ["insufficient_coverage"] * 2 + ["good"]
    march = found["value"].values[0, 2::12]
    np.testing.assert_allclose(found["ssi"][0, 2::12], stats.norm.ppf((stats.rankdata(march) - 0.44) / 24.12))


def test_a_month_with_too_few_baseline_years_has_no_soil_moisture_index() -> None:
    drawn = np.random.default_rng(5).random(288)
    drawn[0:60:12] = np.nan  # 19 Januaries are left
    content = series(drawn, np.where(np.isfinite(drawn), 1.0, 0.0))
    found = ssi(content, normal=ssi_normal(content, baseline=span("2001/2024")))
    assert [flag_of(found, number) for number in (0, 60, 61)] == ["no_data", "no_normal", "good"]


def test_percent_of_normal_is_the_total_by_the_mean_total_of_the_calendar_month() -> None:
    """Januaries of 10, 20, 30, 40 and 50 mm, and one of 45: the normal is 30 mm, and 45 mm 150 % of it."""
    totals = np.zeros((6, 12))
    totals[:, 0], totals[:, 1] = [10, 20, 30, 40, 50, 45], [0.5, 1, 1, 0, 0.5, 3]
    content = rates(totals.ravel(), "2001-01", step="M")
    kept = precipitation_total_normal(in_span(content, BASELINE), baseline=BASELINE)
    found = precipitation_total(content, normal=kept)
    np.testing.assert_allclose(januaries(found, "percent"), np.array([10, 20, 30, 40, 50, 45]) / 0.3)
    np.testing.assert_allclose(januaries(found, "total"), [10, 20, 30, 40, 50, 45])
    assert flag_of(found, 61) == "no_normal"  # of 0.6 mm
    np.testing.assert_allclose(found["total"][0, 61], 3)
    assert np.isnan(found["percent"][0, 61])
    assert precipitation_total(content, normal=kept, min_normal=0.5)["percent"][0, 61] == pytest.approx(500)


def test_february_has_the_days_of_its_year() -> None:
    content = rates(np.full(24, 29.0), "2003-01", step="M")
    np.testing.assert_allclose(content["mean"][0, [1, 13]], [29 / 28, 1.0])
    kept = precipitation_total_normal(content, baseline=span("2003/2004"))
    np.testing.assert_allclose(precipitation_total(content, normal=kept)["total"], 29.0)


def test_months_left_out_of_a_baseline_are_missing_ones() -> None:
    content = series(np.random.default_rng(5).random(288)).drop_isel(time=[30, 31])
    with pytest.raises(InputError, match="follow one another"):
        ssi_normal(content, baseline=span("2001/2024"), months=3)
    whole = complete(content, span("2001/2024"), "month")
    last = ssi_normal(whole, baseline=span("2001/2024"), months=3)["sample"].isel(region=0, rank=23)
    lacking = last["calendar_step"].values[last.isnull()]
    assert lacking.tolist() == [1, 2, 7, 8, 9, 10]  # July and August 2003, and the first two months


@pytest.mark.slow
def test_cells_give_what_zones_give_also_lazily() -> None:
    drawn = np.random.default_rng(9).random((4, 12 * 24))
    zones = series(drawn)
    cells = zones.rename(region="x").expand_dims("y").transpose("time", "y", "x", "nv").chunk(x=1, time=-1)
    months = span("2001/2024")

    def results(one: xr.Dataset) -> dict[str, xr.DataArray]:
        return {
            "ssi": ssi(one, normal=ssi_normal(one, baseline=months, months=3), months=3)["ssi"],
            "vci": vci(one, normal=vci_normal(one, baseline=months))["vci"],
            "z": standardised_anomaly(one, normal=standardised_anomaly_normal(one, baseline=months))[
                "standardised_anomaly"
            ],
            "vhi": vhi(one, one + 1, normal=vhi_normal(one, one + 1, baseline=months))["vhi"],
        }

    lazy = results(cells)
    for name, expected in results(zones).items():
        np.testing.assert_array_equal(expected, lazy[name].isel(y=0).transpose("x", "time"))
    assert lazy["ssi"].chunks is not None
