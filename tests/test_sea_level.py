"""Mean sea level: corrections and fits worked by hand, and the record of CSIRO."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from strategies import months, series
from synthetic import CONFIGS

from eo import load_run, references
from eo.coverage import FLAGS
from eo.errors import InputError
from eo.indicators.sea_level import sea_level, sea_level_normal, topex_a_drift
from eo.model import span
from eo.primitives.harmonics import years_at

BASELINE = span("1993/2012")


def made(count: int = 12 * 20, **given: float) -> tuple[xr.Dataset, np.ndarray]:
    """Give a sea level of 3 mm a year with a season of 5 mm, synthetic, and the middles of its months, years."""
    content = series(np.zeros(count), time=months(count, "1993-01"))
    at = years_at(content["time_bounds"]).values
    rise = given.get("trend", 3e-3) * at + given.get("acceleration", 0.0) * (at - at.mean()) ** 2 / 2
    level = rise + 5e-3 * np.cos(2 * np.pi * at) + 1e-3 * np.sin(4 * np.pi * at)
    return content.assign(mean=(("region", "time"), level[None])), at


def found_of(content: xr.Dataset, **given: object) -> xr.Dataset:
    names = ("topex_a", "gia", "min_coverage")
    both = {name: value for name, value in given.items() if name in names}
    normal = sea_level_normal(content, baseline=BASELINE, **both)
    return sea_level(content, normal=normal, **given)


def test_the_season_is_taken_out_and_the_trend_is_that_which_went_in() -> None:
    content, at = made()
    found = found_of(content, gia=0.0)
    np.testing.assert_allclose(found["deseasonalised"].values[0], 3e-3 * at, rtol=0, atol=1e-14)
    np.testing.assert_allclose(found["trend"], [3e-3], rtol=0, atol=1e-14)
    np.testing.assert_allclose(found["acceleration"], [0.0], rtol=0, atol=1e-14)
    assert found["trend"].dims == ("region",)
    assert (found["flag"] == FLAGS["good"]).all()
    np.testing.assert_array_equal(found["value"], content["mean"])


def test_an_acceleration_is_the_second_derivative() -> None:
    found = found_of(made(acceleration=1e-4)[0], gia=0.0)
    np.testing.assert_allclose(found["acceleration"], [1e-4], rtol=0, atol=1e-14)


def test_isostatic_adjustment_adds_its_rate_and_nothing_in_2003() -> None:
    content, at = made()
    found = found_of(content, gia=0.3)
    np.testing.assert_allclose(found["trend"], [3.3e-3], rtol=0, atol=1e-14)
    added = (found["corrected"] - found["value"]).values[0]
    np.testing.assert_allclose(added, 0.3e-3 * (at - 3.0), rtol=0, atol=1e-15)


def test_each_region_may_have_its_rate_of_adjustment_and_then_all_of_them_need_one() -> None:
    content, _ = made()
    both = xr.concat([content, content], "region", data_vars="minimal", coords="minimal", compat="override")
    both = both.assign_coords(region=["ocean", "black_sea"])
    found = found_of(both, gia={"ocean": 0.3, "black_sea": -0.1})
    np.testing.assert_allclose(found["trend"], [3.3e-3, 2.9e-3], rtol=0, atol=1e-14)
    with pytest.raises(InputError, match=r"\['black_sea'\] have none"):
        found_of(both, gia={"ocean": 0.3})
    with pytest.raises(InputError, match="no region 'caspian'"):
        found_of(both, gia={"ocean": 0.3, "black_sea": 0.1, "caspian": 0.0})


def drift_at(*dates: str) -> list[float]:
    days = (np.array(dates, "datetime64[D]") - np.datetime64("2000-01-01")) / np.timedelta64(1, "D")
    return (topex_a_drift(xr.DataArray(days / 365.25, dims="time")) * 1e3).values.tolist()


def test_the_drift_of_topex_a_falls_by_1_then_rises_by_3_mm_a_year_and_ends_in_february_1999() -> None:
    """Ablain et al. (2019): -1.0 mm/yr from January 1993 to July 1995, +3.0 mm/yr from August 1995 to February 1999."""
    assert drift_at("1999-03-01", "2010-06-01") == [0.0, 0.0]
    turn = 3.0 * (np.datetime64("1999-03-01") - np.datetime64("1995-08-01")).astype(int) / 365.25
    assert drift_at("1995-08-01") == pytest.approx([-turn])
    first, second = drift_at("1993-08-01", "1994-08-01")
    assert second - first == pytest.approx(-365 / 365.25)
    first, second = drift_at("1997-01-01", "1998-01-01")
    assert second - first == pytest.approx(3 * 365 / 365.25)
    assert first < 0


def test_the_correction_takes_the_drift_off() -> None:
    content, _ = made()
    plain, corrected = found_of(content, gia=0.0), found_of(content, gia=0.0, topex_a="v_shape")
    taken = (plain["corrected"] - corrected["corrected"]).values[0]
    np.testing.assert_allclose(taken, topex_a_drift(years_at(content["time_bounds"])), rtol=0, atol=1e-15)
    assert float(corrected["trend"][0]) < float(plain["trend"][0])


def test_a_month_that_is_thin_or_missing_is_no_part_of_anything() -> None:
    content, at = made()
    worse = content.copy(deep=True)
    worse["mean"][0, [5, 9]], worse["coverage"][0, [5, 9]] = 9.9, [0.5, 0.0]
    found = found_of(worse, gia=0.0)
    assert found["flag"].values[0, [4, 5, 9]].tolist() == [
        FLAGS[one] for one in ("good", "insufficient_coverage", "no_data")
    ]
    for name in ("value", "corrected", "deseasonalised"):
        assert np.isnan(found[name].values[0, [5, 9]]).all()
    np.testing.assert_allclose(found["trend"], [3e-3], rtol=0, atol=1e-14)
    np.testing.assert_allclose(found["deseasonalised"].values[0, 10:], 3e-3 * at[10:], rtol=0, atol=1e-14)


@pytest.mark.parametrize(("count", "stands"), [(35, False), (36, True)])
def test_a_cycle_needs_three_years_and_says_so(count: int, *, stands: bool) -> None:
    content, _ = made()
    normal = sea_level_normal(content.isel(time=slice(count)), baseline=BASELINE)
    found = sea_level(content, normal=normal)
    assert np.isfinite(found["deseasonalised"].values).all() == stands
    assert (found["flag"] == FLAGS["good" if stands else "no_normal"]).all()
    assert np.isfinite(found["corrected"]).all()
    assert normal["months"].values.tolist() == [count]


def test_a_trend_needs_its_years() -> None:
    content, _ = made(12 * 9)
    assert np.isnan(found_of(content)["trend"]).all()
    assert np.isnan(found_of(content)["acceleration"]).all()
    assert np.isfinite(found_of(content, min_years=9.0)["trend"]).all()


def test_months_that_are_appended_change_no_earlier_value() -> None:
    content, _ = made(12 * 25, acceleration=1e-4)
    normal = sea_level_normal(content.isel(time=slice(240)), baseline=BASELINE)
    whole, part = (sea_level(content.isel(time=slice(end)), normal=normal) for end in (300, 260))
    for name in ("value", "corrected", "cycle", "deseasonalised"):
        np.testing.assert_array_equal(whole[name].values[:, :260], part[name].values)


@pytest.mark.real
def test_the_trend_of_csiro_from_1993_to_2009_is_the_published_one(real_data: Path) -> None:
    """Church and White (2011), doi:10.1007/s10712-011-9119-1: 3.2 +- 0.4 mm/yr, with isostatic adjustment."""
    level = references.csiro(references.text_of(real_data / "gmsl" / "CSIRO_Alt_seas_inc.csv"))
    inside = level.sel(time=slice("1993-01", "2009-12"))
    content = series(inside.values[None] * 1e-3, time=inside["time"].values)
    edges = inside["time"].values.astype("datetime64[M]")
    bounds = np.stack([edges, edges + 1], axis=1).astype("datetime64[ns]")
    content = content.assign_coords(time_bounds=(("time", "nv"), bounds))
    found = found_of(content, gia=0.0)
    assert float(found["trend"][0]) * 1e3 == pytest.approx(3.2, abs=0.05)


def test_a_drift_that_the_reader_takes_off_is_not_taken_off_again(tmp_path: Path) -> None:
    """The naive run takes it off twice: a fall of 1 mm a year in 1993 to 1995 that nobody measured."""
    configs = Path(shutil.copytree(CONFIGS, tmp_path / "configs"))
    run = configs / "runs" / "sea_level_c3s.yaml"
    text = run.read_text()
    assert "topex_a: as_given" in text
    load_run("sea_level_c3s", configs)
    run.write_text(text.replace("topex_a: as_given", "topex_a: v_shape"))
    with pytest.raises(
        InputError, match="taken off once: 'topex_a' is 'v_shape', and the product has 'apply_tpa: true'"
    ):
        load_run("sea_level_c3s", configs)
