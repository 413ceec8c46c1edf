"""Growing seasons: straight lines by hand, curves of known parameters, both hemispheres, and what is not there."""

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from eo.climatology import in_span
from eo.coverage import FLAGS
from eo.indicators.phenology import phenology, phenology_normal
from eo.model import span
from eo.primitives.seasons import NONE, by_double_logistic, by_threshold, double_logistic
from eo.steps import bounds_of, start_of

PERIOD = span("2001/2004")
DAY = np.timedelta64(1, "D")


def test_a_season_lies_between_the_crossings_of_half_of_the_amplitude() -> None:
    """Rise from 0.2 to 0.8 (half: 0.5, on day 20 of 10 to 30) and fall to 0.4 (half: 0.6, on day 40 of 30 to 50)."""
    times = np.array([0.0, 10.0, 30.0, 50.0, 60.0])
    values = np.array([0.3, 0.2, 0.8, 0.4, 0.5])
    found = by_threshold(times, values, 0.5, 0.1)
    np.testing.assert_allclose(found, [20.0, 30.0, 40.0, 0.5])
    np.testing.assert_allclose(by_threshold(times, values, 0.25, 0.1)[:3], [15.0, 30.0, 45.0])


def test_a_dip_on_the_way_up_does_not_make_two_seasons() -> None:
    """The last crossing before the peak counts: 0.4 is reached on day 1, lost, and reached again on day 3.5."""
    values = np.array([0.0, 0.4, 0.2, 0.2, 0.6, 0.8, 0.0])
    assert by_threshold(np.arange(7.0), values, 0.5, 0.1).start == pytest.approx(3.5)


@pytest.mark.parametrize("values", [[0.1, 0.15, 0.1], [0.1, 0.2, 0.9], [0.9, 0.2, 0.1]])
def test_a_flat_year_and_a_peak_at_the_edge_make_no_season(values: list[float]) -> None:
    assert by_threshold(np.arange(3.0), np.array(values), 0.5, 0.1) == NONE


def test_a_double_logistic_curve_is_found_again_under_noise() -> None:
    """Half of the amplitude of such a curve lies at its two turning points, days 120 and 280."""
    times = np.arange(5.0, 365.0, 10.0)
    curve = double_logistic(times, [0.2, 0.6, 120.0, 0.08, 280.0, 0.06])
    np.testing.assert_allclose(curve, 0.2 + 0.6 * (expit(0.08 * (times - 120)) - expit(0.06 * (times - 280))))
    exact = by_double_logistic(times, curve, 0.5, 0.1)
    np.testing.assert_allclose(exact[:3:2], [120.0, 280.0], atol=0.3)
    assert exact.amplitude == pytest.approx(0.6, abs=0.01)
    noisy = curve + np.random.default_rng(3).normal(0.0, 0.03, times.size)
    np.testing.assert_allclose(by_double_logistic(times, noisy, 0.5, 0.1)[:3:2], [120.0, 280.0], atol=5.0)


def synthetic_index(peak: float, half_length: float = 70.0) -> xr.Dataset:
    """Give dekads of 2001 to 2004 of a synthetic index with a season around the same day of each year."""
    days = np.arange("2001-01-01", "2005-01-01", dtype="datetime64[D]")
    bounds = bounds_of(np.unique(start_of(days, "dekad")), "dekad", "start")
    middle = bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) // 2
    years = np.arange(1999, 2007).astype(str).astype("datetime64[Y]")
    values = np.full(middle.size, 0.2)
    for year in years:
        from_peak = (middle - year) / DAY + 1 - peak
        values += 0.5 * (expit(0.1 * (from_peak + half_length)) - expit(0.1 * (from_peak - half_length)))
    return xr.Dataset(
        {"mean": (("region", "time"), values[None]), "coverage": (("region", "time"), np.ones((1, values.size)))},
        {"region": ["a"], "time": bounds[:, 0], "time_bounds": (("time", "nv"), bounds)},
    )


def seasons(content: xr.Dataset, **rules: object) -> xr.Dataset:
    kept = phenology_normal(in_span(content, PERIOD), baseline=PERIOD)
    return phenology(content, normal=kept, **rules)


@pytest.mark.parametrize("method", ["threshold", "double_logistic"])
def test_a_northern_season_lies_in_its_year(method: str) -> None:
    found = seasons(synthetic_index(200), method=method)
    assert found["flag"].values.tolist() == [[0, 0, 0, FLAGS["insufficient_coverage"]]]  # to 16 January 2005
    np.testing.assert_allclose(found["start"][0, 1:3], 130.0, atol=2.0)
    np.testing.assert_allclose(found["end"][0, 1:3], 270.0, atol=2.0)
    np.testing.assert_allclose(found["length"][0, 1:3], 140.0, atol=3.0)
    np.testing.assert_allclose(found["amplitude"][0, 1:3], 0.5, atol=0.01)
    assert (abs(found["peak"][0, 1:3] - 200) < 40).all()


@pytest.mark.parametrize("method", ["threshold", "double_logistic"])
@pytest.mark.parametrize("peak", [10, 355])
def test_a_southern_season_over_the_new_year_is_one_season(peak: int, method: str) -> None:
    """A peak on 10 January has its start on day -60, in the year before; one on 21 December ends on day 425."""
    found = seasons(synthetic_index(peak), method=method)
    good = np.flatnonzero(found["flag"][0] == FLAGS["good"])
    assert good.size >= 2
    np.testing.assert_allclose(found["start"][0, good], peak - 70.0, atol=2.5)
    np.testing.assert_allclose(found["end"][0, good], peak + 70.0, atol=2.5)


def test_missing_steps_are_bridged_and_too_many_of_them_are_said() -> None:
    content = synthetic_index(182)
    content["mean"][0, 40:44] = np.nan
    content["coverage"][0, 40:44] = 0.0
    found = seasons(content)
    assert found["flag"][0, 1] == FLAGS["good"]
    assert float(found["coverage"][0, 1]) == pytest.approx(32 / 36, abs=0.01)
    content["coverage"][0, 44:48] = 0.4
    found = seasons(content)
    assert found["flag"][0, 1] == FLAGS["insufficient_coverage"]
    assert np.isnan(found["start"][0, 1])


def test_a_place_without_a_cycle_has_no_season() -> None:
    content = synthetic_index(200)
    flat = seasons(content.assign(mean=content["mean"] * 0 + 0.3))
    assert (flat["flag"] == FLAGS["no_normal"]).all()
    weak = seasons(content.assign(mean=0.2 + (content["mean"] - 0.2) * 0.1))
    assert weak["flag"][0, 1:3].values.tolist() == [FLAGS["undefined"]] * 2
    assert np.isnan(weak["length"]).all()
    sea = seasons(content.assign(mean=content["mean"] * np.nan, coverage=content["coverage"] * 0))
    assert np.isnan(sea["start"]).all()


def test_the_mean_peak_is_that_of_the_first_harmonic_of_the_baseline() -> None:
    kept = phenology_normal(synthetic_index(200), baseline=PERIOD)
    assert float(kept["peak"][0]) == pytest.approx(199, abs=1.0)  # day 200 is 199 days after 1 January


def test_cells_give_what_zones_give_also_lazily() -> None:
    zones = synthetic_index(200)
    cells = zones.rename(region="x").expand_dims("y").transpose("time", "y", "x", "nv").chunk(x=1, time=-1)
    expected, found = seasons(zones), seasons(cells)
    assert found["start"].chunks is not None
    np.testing.assert_array_equal(expected["start"], found["start"].isel(y=0).transpose("x", "time"))
