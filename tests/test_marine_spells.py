"""Runs of marine heatwaves and cold spells, from files to results. Expected numbers come from `hobday`."""

from pathlib import Path
from typing import Any

import hobday
import numpy as np
import pytest
import synthetic
import xarray as xr
from strategies import days, series

from eo import gate, load_run, pipeline
from eo.config import Run
from eo.coverage import FLAGS
from eo.errors import InputError
from eo.indicators.marine_heatwave_days import marine_heatwave_days
from eo.model import span
from eo.primitives.marine_spells import cold_spell_normal, heatwave_normal

DAYS = synthetic.days("2004-01-01", "2004-12-31")


def temperatures() -> np.ndarray:
    """Give (time, lat, lon) temperatures, K: a season and red noise, and ten hot days in March 2004 in the west."""
    drawn = np.random.default_rng(5)
    noise = drawn.normal(size=len(DAYS))
    for day in range(1, noise.size):
        noise[day] += 0.85 * noise[day - 1]
    level = 295.0 + 3.0 * np.sin(2 * np.pi * np.arange(noise.size) / 365.25) + 0.5 * noise
    values = np.broadcast_to(level[:, None, None], (noise.size, synthetic.LAT.size, synthetic.LON.size)).copy()
    hot = slice(DAYS.index("2004-03-10"), DAYS.index("2004-03-20"))
    values[hot, :, :5] += 6.0
    return values.astype(np.float32)


VALUES = temperatures()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("daily")
    for month in sorted({day[:7] for day in DAYS}):
        inside = [number for number, day in enumerate(DAYS) if day.startswith(month)]
        synthetic.write(folder / f"sst_{month}.nc", [DAYS[one] for one in inside], values=VALUES[inside])
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("root")


def run_of(tmp_path: Path, files: Path, indicator: str, **changed: Any) -> Run:  # noqa: ANN401 - entries of a run
    entries = {"indicator": indicator, "period": "2004", "baseline": "2004",
               "parameters": {"min_years": 1}} | changed  # fmt: skip
    there = synthetic.configs(tmp_path / "configs", files / "*.nc", product={"step": "day"}, run=entries)
    return load_run("synthetic", there)


@pytest.mark.slow
def test_the_events_of_a_run_are_those_of_an_independent_implementation(
    tmp_path: Path, files: Path, store: Path
) -> None:
    made = pipeline.build(run_of(tmp_path, files, "marine_heatwave_events", regions=["west", "patch"]), store)
    assert gate.failures(made.path) == []
    time = np.array(DAYS, dtype="datetime64[D]")
    mean = VALUES[:, 0, 0].astype(float) - 273.15  # the west is the same everywhere
    expected = hobday.events(time, mean, ("2004-01-01", "2004-12-31"))
    with xr.open_dataset(made.path, decode_times=xr.coders.CFDatetimeCoder(use_cftime=False)) as file:
        west = file.isel(region=0)
        count = int(west["marine_heatwave_events"])
        assert count == len(expected) > 1
        starts = west["marine_heatwave_start"].values[:count].astype("datetime64[D]").astype(str).tolist()
        assert starts == [one.start for one in expected]
        largest = [one.largest for one in expected]
        np.testing.assert_allclose(west["marine_heatwave_max_intensity"].values[:count], largest, atol=2e-5)
        assert west["marine_heatwave_days"].sum().item() == sum(one.days for one in expected)
        assert np.isnat(west["marine_heatwave_end"].values[count:]).all()
        assert (west["marine_heatwave_category"].values[count:] == 0).all()
        assert (west["marine_heatwave_category"].values[:count] >= [one.category for one in expected]).all()
        assert file["marine_heatwave_category"].attrs["flag_meanings"] == "none moderate strong severe extreme"


@pytest.mark.slow
@pytest.mark.parametrize("what", ["heatwave", "cold_spell"])
def test_days_by_cells_are_those_of_the_region_where_all_cells_are_alike(
    tmp_path: Path, files: Path, store: Path, what: str
) -> None:
    name, step = f"marine_{what}_days", {"parameters": {"min_years": 1, "step": "year"}}
    zone = pipeline.build(run_of(tmp_path / "zone", files, name, regions=["west"], **step), store)
    assert gate.failures(zone.path) == []
    zonal = xr.load_dataset(zone.path)
    cells = pipeline.build(run_of(tmp_path / "cell", files, name, by="cell", **step), store)
    assert gate.failures(cells.path) == []
    with xr.open_dataset(cells.path) as file:
        assert file[name].dims == ("time", "lat", "lon")
        assert file["time"].dt.year.values.tolist() == [2004]
        found = file[name].isel(lat=0, lon=[0, 4]).values
        np.testing.assert_array_equal(found, np.stack([zonal[name].values[0]] * 2, axis=1))
        assert file[name].sum().item() > 0


@pytest.mark.slow
def test_the_area_of_a_run_is_the_mean_over_its_cells(tmp_path: Path, files: Path, store: Path) -> None:
    cells = pipeline.build(run_of(tmp_path / "cell", files, "marine_heatwave_days", by="cell"), store)
    with xr.open_dataset(cells.path) as file:
        share = file["marine_heatwave_days"] / file["time"].dt.days_in_month
        expected = share.weighted(file["area"]).mean(("lat", "lon")).values
    made = pipeline.build(run_of(tmp_path / "area", files, "marine_heatwave_area"), store)
    assert gate.failures(made.path) == []
    with xr.open_dataset(made.path) as file:
        np.testing.assert_allclose(file["marine_heatwave_area_fraction"].values[0], expected, rtol=1e-6)
        np.testing.assert_allclose(file["coverage"], 1.0, rtol=1e-12)
        assert file["marine_heatwave_area_fraction"].max().item() > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("indicator", "changed", "name"),
    [
        ("marine_cold_spell_events", {}, "marine_cold_spell_days"),
        ("marine_cold_spell_area", {}, "marine_cold_spell_area_fraction"),
        ("degree_heating_weeks", {}, "degree_heating_weeks"),
        ("degree_heating_weeks", {"by": "cell"}, "coral_bleaching_hotspot"),
        ("sea_ice_extremes", {"baseline": None, "parameters": {"threshold": 22.0}}, "sea_ice_extent_minimum_date"),
        ("ice_free_days", {"baseline": None, "parameters": {"threshold": 22.0, "below": 0.3}}, "ice_free_days"),
    ],
)
def test_a_result_of_days_passes_the_gate(  # noqa: PLR0917 - fixtures and a table
    tmp_path: Path, files: Path, store: Path, indicator: str, changed: dict[str, Any], name: str
) -> None:
    made = pipeline.build(run_of(tmp_path, files, indicator, **changed), store)
    assert gate.failures(made.path) == []
    with xr.open_dataset(made.path) as file:
        assert file[name].notnull().any()
        assert (file["status"] == FLAGS["good"]).any()


def test_a_baseline_that_is_too_short_is_an_error() -> None:
    content = series(np.zeros(400), time=days(400))
    for function in (heatwave_normal, cold_spell_normal):
        with pytest.raises(InputError, match="need 10 baseline years; 2001-01/2009-12 has 9"):
            function(content, baseline=span("2001/2009"))


def test_months_are_no_days() -> None:
    with pytest.raises(InputError, match="a daily series has steps of one day; there is one of 744 hours"):
        heatwave_normal(series(np.zeros(240)), baseline=span("2001/2020"))


def test_a_zone_that_was_seen_in_part_has_no_value_on_that_day() -> None:
    values, coverage = np.zeros(62), np.ones(62)
    values[:10], coverage[:10] = 9.0, 0.5
    content = series(values, coverage, time=days(62))
    normal = xr.Dataset({one: (("region", "day"), np.full((1, 366), level))
                         for one, level in (("climatology", 0.0), ("threshold", 1.0))},
                        {"day": np.arange(1, 367)})  # fmt: skip
    found = marine_heatwave_days(content, normal=normal).isel(region=0)
    short, good = FLAGS["insufficient_coverage"], FLAGS["good"]
    assert found["flag"].values.tolist() == [short, good, short]  # of March there are three days
    assert found["coverage"].values[0] == 21 / 31
    assert np.isnan(found["days"].values[0])
