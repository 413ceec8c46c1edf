"""The real run: what its three files say, and whether the numbers agree with those that others published."""

import csv
import json
import re
import statistics
from pathlib import Path

import dask
import matplotlib.image as mpimg
import netCDF4
import numpy as np
import pytest
import xarray as xr
from compliance_checker.runner import CheckSuite, ComplianceChecker
from fixtures_run import Finished
from synthetic import CONFIGS

from eo import build, load_run

MONTHS = 54
"""April 2006 to September 2010: 9 + 4 * 12 - 3."""


@pytest.fixture(scope="module")
def series(enso: Finished) -> xr.Dataset:
    with xr.open_dataset(enso.result) as file:
        return file.load()


def test_the_three_files_of_the_result_stand_side_by_side(enso: Finished) -> None:
    assert sorted(path.name for path in enso.result.parent.iterdir()) == [
        "enso_ostia.json",
        "enso_ostia.nc",
        "enso_ostia.png",
    ]
    assert list((enso.root / "tmp").iterdir()) == []


def test_the_series_are_by_region_and_month(series: xr.Dataset) -> None:
    assert list(series["region"].values) == ["nino3", "nino34", "nino4"]
    names = ["sea_surface_temperature", "sea_surface_temperature_normal", "sea_surface_temperature_anomaly", "coverage"]
    for name in [*names, "status"]:
        assert series[name].dims == ("region", "time")
        assert series[name].shape == (3, MONTHS)
    assert [series[name].attrs["units"] for name in names] == ["degC", "degC", "degC", "1"]
    assert np.isfinite(series[names].to_array()).all()


def test_each_month_has_its_bounds(enso: Finished) -> None:
    with netCDF4.Dataset(enso.result) as file:
        bounds = netCDF4.num2date(file["time_bounds"][:], file["time"].units, only_use_cftime_datetimes=False)
        starts = netCDF4.num2date(file["time"][:], file["time"].units, only_use_cftime_datetimes=False)
        assert file["time"].bounds == "time_bounds"
    first = [(2006 + (3 + number) // 12, (3 + number) % 12 + 1) for number in range(MONTHS + 1)]
    assert [(one.year, one.month, one.day, one.hour) for one in starts] == [(*one, 1, 0) for one in first[:-1]]
    assert [(one.year, one.month, one.day) for one in bounds[:, 1]] == [(*one, 1) for one in first[1:]]
    assert (bounds[:, 0] == starts).all()


def test_the_regions_are_labels_of_a_discrete_sampling_geometry(enso: Finished) -> None:
    with netCDF4.Dataset(enso.result) as file:
        assert file.featureType == "timeSeries"
        assert file["region"].cf_role == "timeseries_id"
        assert file["region"].dimensions[0] == "region"
        assert {"region_title", "lat", "lon"} <= set(file["sea_surface_temperature"].coordinates.split())
        assert file["region_title"][:].tolist() == ["Nino 3", "Nino 3.4", "Nino 4"]


def test_the_status_is_a_flag_with_its_meanings(series: xr.Dataset) -> None:
    status = series["status"]
    assert status.attrs["flag_values"].tolist() == [0, 1, 2, 3, 4]
    assert status.attrs["flag_meanings"] == "good insufficient_coverage no_data no_normal undefined"
    assert (status.values == 0).all()


def test_the_compliance_checker_finds_no_error(enso: Finished, tmp_path: Path) -> None:
    CheckSuite.load_all_available_checkers()
    said = tmp_path / "said.json"
    _, errors = ComplianceChecker.run_checker(
        str(enso.result), ["cf:1.11", "acdd:1.3"], 0, "strict", output_filename=str(said), output_format="json"
    )
    assert not errors
    reports = json.loads(said.read_text())
    assert set(reports) == {"cf:1.11", "acdd:1.3"}
    for report in reports.values():
        assert report["possible_points"] >= 100
        assert report["high_priorities"], "nothing was looked at"
        wrong = [one for key in ("high_priorities", "medium_priorities") for one in report[key] if one["msgs"]]
        assert wrong == []
        assert (report["high_count"], report["medium_count"]) == (0, 0)


def _published() -> dict[str, float]:
    """Read the values that the Climate Prediction Center publishes, without code of the project."""
    lines = (CONFIGS / "references" / "cpc_nino34.csv").read_text().splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {row["time"]: float(row["nino34"]) for row in rows}


def test_the_result_agrees_with_what_the_climate_prediction_center_publishes(
    series: xr.Dataset, enso: Finished
) -> None:
    theirs = _published()
    nino34 = series["sea_surface_temperature"].sel(region="nino34")
    ours = dict(
        zip(np.datetime_as_string(nino34["time"].values, unit="M").tolist(), nino34.values.tolist(), strict=True)
    )
    common = sorted(ours.keys() & theirs.keys())
    assert len(common) == MONTHS
    mine, other = [ours[month] for month in common], [theirs[month] for month in common]
    correlation = statistics.correlation(mine, other)
    rmsd = statistics.fmean((a - b) ** 2 for a, b in zip(mine, other, strict=True)) ** 0.5
    assert correlation > 0.99
    assert rmsd < 0.2

    assert series.attrs["validation_correlation"] == pytest.approx(correlation, abs=1e-12)
    assert series.attrs["validation_rmsd"] == pytest.approx(rmsd, abs=1e-12)
    line = next(line for line in enso.said.splitlines() if line.startswith("validation: "))
    assert line.removeprefix("validation: ") == series.attrs["validation"]
    assert f"{MONTHS} months, correlation {correlation:.4f}" in line
    assert f"difference {rmsd:.3f} degC" in line


def test_the_normal_is_the_mean_of_the_baseline_months_and_the_anomaly_the_rest(series: xr.Dataset) -> None:
    times = [tuple(map(int, str(time)[:7].split("-"))) for time in series["time"].values]
    for region in range(3):
        value, normal, anomaly = (
            series[name].values[region].tolist()
            for name in (
                "sea_surface_temperature",
                "sea_surface_temperature_normal",
                "sea_surface_temperature_anomaly",
            )
        )
        for at, (_, month) in enumerate(times):
            baseline = [value[k] for k, (year, other) in enumerate(times) if other == month and 2007 <= year <= 2009]
            assert len(baseline) == 3
            assert normal[at] == pytest.approx(statistics.fmean(baseline), abs=1e-12)
            assert anomaly[at] == pytest.approx(value[at] - normal[at], abs=1e-12)


def test_the_result_says_that_its_baseline_is_short(series: xr.Dataset) -> None:
    assert series.attrs["baseline"] == "2007-01/2009-12"
    assert series.attrs["baseline_years"] == 3
    assert "3 years (2007-01/2009-12), not of the 30 years" in series.attrs["baseline_note"]


def test_the_result_says_whose_data_it_is_made_of(series: xr.Dataset) -> None:
    assert series.attrs["input_product"].startswith("ukmo_ostia_monthly: OSTIA")
    assert series.attrs["product_licence"].startswith("Open Government Licence")
    assert series.attrs["product_citation"].startswith("Donlon")
    assert len(series.attrs["part_digests"].split()) == 5


@pytest.mark.parametrize("name", ["content_digest", "config_digest", "input_digest", "normal_digest"])
def test_the_result_carries_its_digests(series: xr.Dataset, name: str) -> None:
    assert re.fullmatch("[0-9a-f]{64}", series.attrs[name])


def test_the_picture_has_a_panel_for_each_region(enso: Finished) -> None:
    picture = mpimg.imread(enso.result.with_suffix(".png"))
    height, width, _ = picture.shape
    assert width > 1000
    assert height > 3 * 200
    red, green, blue = (picture[..., number] for number in range(3))
    warm, cold = (red > blue + 0.3) & (red > green + 0.3), (blue > red + 0.3)
    for panel in np.array_split(np.arange(height), 3):
        assert warm[panel].sum() > 500, "no warm month drawn"
        assert cold[panel].sum() > 500, "no cold month drawn"


def test_the_content_does_not_depend_on_how_it_is_computed(enso: Finished, series: xr.Dataset, tmp_path: Path) -> None:
    with dask.config.set(scheduler="synchronous"):
        again = build(load_run("enso_ostia", CONFIGS), tmp_path)
    assert again.content_digest == series.attrs["content_digest"]
    assert again.path.name == enso.result.name
