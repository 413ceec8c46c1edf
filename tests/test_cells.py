"""Results by cells: the same numbers as by regions, on the grid, tile by tile; and runs of several inputs and steps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic
import xarray as xr
from commands import refusal, succeeds

from eo import gate, indicators, load_run, pipeline, tiles
from eo.config import Run
from eo.lineage import trace
from eo.reductions import field, monthly_field
from eo.zones import zones

MONTHS = synthetic.months("2001-01", 24)


@pytest.fixture
def by_cells(tmp_path: Path) -> Run:
    synthetic.write_each(tmp_path / "in", MONTHS)
    there = synthetic.configs(tmp_path / "configs", tmp_path / "in" / "*.nc", run={"by": "cell"})
    return load_run("synthetic", there)


@pytest.mark.slow
def test_a_result_by_cells_is_what_the_formula_gives_in_each_cell(by_cells: Run, tmp_path: Path) -> None:
    made = pipeline.build(by_cells, tmp_path / "r")
    with xr.open_dataset(made.path) as file:
        assert file["sea_surface_temperature"].dims == ("time", "lat", "lon")
        expected = synthetic.kelvin(MONTHS) - 273.15
        np.testing.assert_allclose(file["sea_surface_temperature"], expected, atol=5e-5)
        anomaly = file["sea_surface_temperature_anomaly"]
        np.testing.assert_allclose(anomaly.isel(time=slice(12)), 0.0, atol=5e-5)
        np.testing.assert_allclose(anomaly.isel(time=slice(12, None)), 0.3, atol=5e-5)
        assert (file["status"] == 0).all()
        assert file.attrs["cdm_data_type"] == "Grid"
        np.testing.assert_array_equal(file["lat"], synthetic.LAT)
        assert float(file["area"].sum()) > 0
    assert gate.failures(made.path) == []
    assert made.path.with_suffix(".png").stat().st_size > 10_000


@pytest.mark.slow
def test_tiles_do_not_change_a_bit(by_cells: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pipeline.build(by_cells, tmp_path / "whole")
    monkeypatch.setattr(tiles, "_TILE_CELLS", 4)
    monkeypatch.setattr(tiles, "_TILE_BYTES", 1)
    tiled = pipeline.build(by_cells, tmp_path / "tiled")
    assert tiled.content_digest == whole.content_digest
    assert tiled.path != whole.path


@pytest.mark.slow
def test_the_area_mean_of_cells_is_the_value_of_the_region(by_cells: Run, tmp_path: Path) -> None:
    cells = pipeline.build(by_cells, tmp_path / "r")
    by_region = replace(by_cells, name="regions", config=by_cells.config.model_copy(update={"by": "region"}))
    with xr.open_dataset(cells.path) as file, xr.open_dataset(pipeline.build(by_region, tmp_path / "r").path) as zonal:
        weighted = file["sea_surface_temperature"].weighted(file["area"]).mean(("lat", "lon"))
        np.testing.assert_allclose(weighted, zonal["sea_surface_temperature"].isel(region=0), atol=1e-5)


@pytest.mark.slow
def test_a_value_of_a_cell_is_traced_to_its_file(by_cells: Run, tmp_path: Path) -> None:
    made = pipeline.build(by_cells, tmp_path / "r")
    found = trace(made.path, "1.4,3.6", "2002-05")
    assert [Path(one["path"]).name for one in found.granules] == ["sst_2002-05.nc"]
    assert [Path(one["path"]).name for one in found.baseline] == ["sst_2001-05.nc"]
    with xr.open_dataset(made.path) as file:
        value = float(file["sea_surface_temperature"].sel(time="2002-05", lat=1.5, lon=3.5).item())
    assert found.values["sea_surface_temperature"] == f"{value:.6g} degC"
    said = refusal("trace", made.path, "--region", "patch", "--time", "2002-05")
    assert said == f"a cell of {made.path} is written LAT,LON in degrees, not 'patch'"


def test_a_run_by_cells_of_two_regions_is_refused(tmp_path: Path) -> None:
    there = synthetic.configs(tmp_path, "none", run={"by": "cell", "regions": ["patch", "west"]})
    said = refusal("build", "synthetic", "--root", tmp_path / "r", "--configs", there)
    assert said.endswith("a run by cells has one region; it has ['patch', 'west']")


def test_an_input_that_the_indicator_does_not_take_is_refused(tmp_path: Path) -> None:
    other = {"lst": {"product": "synthetic_sst", "variable": "sea_surface_temperature"}}
    there = synthetic.configs(tmp_path, "none", run={"inputs": other})
    said = refusal("build", "synthetic", "--root", tmp_path / "r", "--configs", there)
    assert said.endswith("takes the inputs [] beside its product; the run names ['lst']")


def difference(series: xr.Dataset, other: xr.Dataset) -> xr.Dataset:
    return series.assign(value=series["mean"] - other["mean"], flag=(series["coverage"] * 0).astype(np.int8))


@pytest.mark.slow
def test_a_run_of_two_inputs_gets_one_series_of_each(by_cells: Run, tmp_path: Path) -> None:
    out = indicators.Output("value", "difference", "difference", "area: mean", difference=True)
    record = indicators.Indicator(difference, "difference", "zonal_mean", (out,), "none", by=("region", "cell"))
    assert record.inputs == ("other",)
    run = replace(by_cells, indicator=record, parameters={}, further=(by_cells.inputs[0],))
    with xr.open_dataset(pipeline.build(run, tmp_path / "r").path) as file:
        np.testing.assert_array_equal(file["difference"], 0.0)


def native(series: xr.Dataset) -> xr.Dataset:
    return series.assign(value=series["mean"], flag=(~(series["coverage"] > 0) * 2).astype(np.int8)).fillna(
        {"coverage": 0.0}
    )


@pytest.mark.slow
@pytest.mark.parametrize("by", ["region", "cell"])
def test_an_indicator_by_days_gets_every_day_and_a_missing_day_is_no_number(tmp_path: Path, by: str) -> None:
    days = [day for day in synthetic.days("2001-01-01", "2001-03-31") if day != "2001-02-03"]
    synthetic.write_each(tmp_path / "in", days)
    there = synthetic.configs(
        tmp_path / "configs",
        tmp_path / "in" / "*.nc",
        product={"step": "day", "gaps": "allowed"},
        run={"period": "2001-01/2001-03", "baseline": None, "indicator": "anomaly"} | {"baseline": "2001"},
    )
    out = indicators.Output("value", "{variable}", "{long_name}", "area: mean")
    record = indicators.Indicator(native, "native", "zonal_mean", (out,), "none", by=(by,), step="native")  # type: ignore[arg-type]
    run = replace(load_run("synthetic", there), indicator=record, parameters={})
    made = pipeline.build(run, tmp_path / "r")
    with xr.open_dataset(made.path) as file:
        assert file.sizes["time"] == 90
        assert file.attrs["time_coverage_resolution"] == "P1D"
        missing = file["sea_surface_temperature"].isnull().any([dim for dim in file["status"].dims if dim != "time"])
        assert file["time"].values[missing.values].astype("datetime64[D]").astype(str).tolist() == ["2001-02-03"]
    found = trace(made.path, "patch" if by == "region" else "0,5", "2001-02-02")
    assert len(found.granules) == 27, "all of the month: a day's file is named by its month"


def test_the_month_of_a_window_of_days_is_their_mean_and_counts_each_missing_day() -> None:
    values = np.arange(31.0)[:, None, None] * np.ones((1, 2, 2))
    values[3, 0, 0] = np.nan
    start = np.arange("2001-01-01", "2001-02-01", dtype="datetime64[D]").astype("datetime64[ns]")
    bounds = np.stack([start, start + np.timedelta64(1, "D")], axis=1)
    fields = xr.Dataset(
        {"mean": (("time", "lat", "lon"), values), "coverage": (("time", "lat", "lon"), np.isfinite(values) * 1.0)},
        {"time": start, "time_bounds": (("time", "nv"), bounds), "lat": [0.5, 1.5], "lon": [0.5, 1.5]},
    )
    found = monthly_field(fields, "day")
    assert found["mean"].values[0].tolist() == [[(465 - 3) / 30, 15.0], [15.0, 15.0]]
    assert found["coverage"].values[0].tolist() == [[30 / 31, 1.0], [1.0, 1.0]]
    assert monthly_field(fields, "8day") is fields


def test_a_cell_outside_of_the_region_has_no_value(by_cells: Run) -> None:
    grid = xr.Dataset(
        {"v": (("time", "lat", "lon"), np.ones((1, 4, 4), np.float32))},
        {
            "lat_bounds": (("lat", "nv"), np.stack([np.arange(4.0), np.arange(1.0, 5.0)], axis=1)),
            "lon_bounds": (("lon", "nv"), np.stack([np.arange(4.0), np.arange(1.0, 5.0)], axis=1)),
            "lat": np.arange(4) + 0.5,
            "lon": np.arange(4) + 0.5,
        },
    )
    region = by_cells.regions["patch"].model_copy(
        update={
            "box": None,
            "polygons": "x",
            "geometry": '{"type": "Polygon", "coordinates": [[[0, 0], [3, 0], [0, 3], [0, 0]]]}',
        }
    )
    at = zones({"triangle": region}, grid)
    found = field(grid["v"], grid["v"].astype(np.int8) * 0, at, 4)
    assert found["mean"].shape == (1, 3, 3)
    assert np.isfinite(found["mean"].values[0]).tolist() == [
        [True, True, True],
        [True, True, False],
        [True, False, False],
    ]


def test_the_command_lists_who_goes_by_cells() -> None:
    assert "by region or cell" in succeeds("list", "indicators")
