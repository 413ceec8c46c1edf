"""Snow-covered area and duration, worked by hand."""

import numpy as np
import pytest
import xarray as xr
from strategies import days, series

from eo.coverage import FLAGS
from eo.errors import InputError
from eo.indicators.snow_cover_duration import snow_cover_duration
from eo.indicators.snow_covered_area import snow_covered_area
from eo.primitives.snow import bridged, hydrological_years


def winter(fraction: np.ndarray, first: str = "2001-10-01", units: str = "1") -> xr.Dataset:
    content = series(fraction, np.where(np.isfinite(fraction), 1.0, 0.0), days(fraction.shape[-1], first))
    return content.assign(mean=content["mean"].assign_attrs(units=units))


def test_a_short_gap_is_filled_on_a_straight_line_and_a_long_one_and_the_ends_stay() -> None:
    nan = np.nan
    values = np.array([[nan, 0.2, nan, nan, 0.8, nan, nan, nan, 0.0, nan]])
    np.testing.assert_allclose(bridged(values, 2), [[nan, 0.2, 0.4, 0.6, 0.8, nan, nan, nan, 0.0, nan]])
    np.testing.assert_allclose(bridged(values, 3)[0, 5:8], [0.6, 0.4, 0.2])
    np.testing.assert_array_equal(bridged(values, 0), values)


def test_a_hydrological_year_starts_in_october_or_where_it_is_said_to() -> None:
    time = winter(np.zeros(500))["time"]
    north, south = hydrological_years(time, 10), hydrological_years(time, 4)
    assert north.bounds.astype("datetime64[D]").astype(str).tolist() == [
        ["2001-10-01", "2002-10-01"],
        ["2002-10-01", "2003-10-01"],
    ]
    assert north.places == (slice(0, 365), slice(365, 500))
    assert south.bounds[0].astype("datetime64[D]").astype(str).tolist() == ["2001-04-01", "2002-04-01"]
    assert south.places == (slice(0, 182), slice(182, 500))


def test_days_with_half_of_snow_or_more_count_in_the_year_that_they_lie_in() -> None:
    fraction = np.zeros(730)
    fraction[80:170] = 0.5  # 20 December to 18 March
    fraction[200:210] = 0.49
    fraction[400:420] = 1.0
    found = snow_cover_duration(winter(fraction))
    assert found["snow_cover_duration"].values.tolist() == [[90.0, 20.0]]
    assert found["time"].values.astype("datetime64[D]").astype(str).tolist() == ["2001-10-01", "2002-10-01"]
    percent = snow_cover_duration(winter(fraction * 100, units="%"))
    np.testing.assert_array_equal(percent["snow_cover_duration"], found["snow_cover_duration"])


def test_a_cloudy_week_inside_of_the_snow_is_snow_and_one_inside_of_bare_days_is_none() -> None:
    fraction = np.zeros(365)
    fraction[80:170] = 1.0
    fraction[100:107] = fraction[250:257] = np.nan
    found = snow_cover_duration(winter(fraction))
    assert found["snow_cover_duration"].values.tolist() == [[90.0]]
    assert float(found["coverage"][0, 0]) == pytest.approx(351 / 365)


@pytest.mark.parametrize(("gap", "flag"), [(15, "good"), (16, "insufficient_coverage")])
def test_a_year_may_have_fifteen_days_that_stay_unknown(gap: int, flag: str) -> None:
    fraction = np.ones(365)
    fraction[100 : 100 + gap] = np.nan
    found = snow_cover_duration(winter(fraction))
    assert found["flag"].values.tolist() == [[FLAGS[flag]]]
    np.testing.assert_array_equal(found["snow_cover_duration"], [[350.0 if flag == "good" else np.nan]])


def test_a_part_of_a_hydrological_year_has_no_duration_and_a_year_without_data_says_so() -> None:
    found = snow_cover_duration(winter(np.ones(500)))
    assert found["flag"].values.tolist() == [[FLAGS["good"], FLAGS["insufficient_coverage"]]]
    nothing = snow_cover_duration(winter(np.full(365, np.nan)))
    assert nothing["flag"].values.tolist() == [[FLAGS["no_data"]]]
    assert np.isnan(nothing["snow_cover_duration"]).all()


def test_units_of_no_fraction_are_refused() -> None:
    for units in ("mm", ""):
        with pytest.raises(InputError):
            snow_cover_duration(winter(np.ones(365), units=units))


def test_cells_give_what_zones_give_also_lazily() -> None:
    drawn = np.random.default_rng(2).random((3, 730))
    drawn[:, ::5] = np.nan
    zones = winter(drawn)
    cells = zones.rename(region="x").expand_dims("y").transpose("time", "y", "x", "nv").chunk(x=1, time=-1)
    found = snow_cover_duration(cells)["snow_cover_duration"]
    assert found.chunks is not None
    expected = snow_cover_duration(zones)["snow_cover_duration"]
    np.testing.assert_array_equal(expected, found.isel(y=0).transpose("x", "time"))


def areas(total: np.ndarray, coverage: np.ndarray) -> xr.Dataset:
    content = series(total, coverage, days(total.size, "2002-01-01")).rename(mean="total")
    return content.assign(total=content["total"].assign_attrs(units="1"))


def test_snow_covered_area_is_the_mean_of_days_with_clouds_taken_for_what_lies_beside_them() -> None:
    """2e12 m2 of snow where all was seen; 1e12 where half was seen, which stands for 2e12; 5e12 of a tenth is not."""
    total, coverage = np.full(31, 2e12), np.ones(31)
    total[10:20], coverage[10:20] = 1e12, 0.5
    total[25], coverage[25] = 5e12, 0.1
    found = snow_covered_area(areas(total, coverage))
    np.testing.assert_allclose(found["value"], [[2.0]])
    np.testing.assert_allclose(found["coverage"], [[(20 + 5) / 31]])


@pytest.mark.parametrize(("there", "flag"), [(19, "good"), (18, "insufficient_coverage")])
def test_a_month_of_snow_needs_three_fifths_of_its_days(there: int, flag: str) -> None:
    coverage = np.where(np.arange(31) < there, 1.0, 0.0)
    found = snow_covered_area(areas(np.where(coverage > 0, 3e12, np.nan), coverage))
    assert found["flag"].values.tolist() == [[FLAGS[flag]]]
    np.testing.assert_allclose(found["value"], [[3.0 if flag == "good" else np.nan]])
