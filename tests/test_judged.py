"""Trends and ranks of a result, as the command line shows them."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from commands import refusal, succeeds
from fixtures_run import Finished

from eo.errors import InputError
from eo.judged import document, judged, judgement, lines, series_of
from eo.primitives.persistence import autoregressive
from eo.primitives.summary import summary


def result(months: int = 120) -> xr.Dataset:
    first = np.datetime64("1990-01", "M") + np.arange(months)
    bounds = np.stack([first, first + 1], axis=1).astype("datetime64[ns]")
    values = autoregressive(np.random.default_rng(3).standard_normal((2, months)), 0.5) + 0.02 * np.arange(months)
    values[1] = np.nan
    dims, quality = ("region", "time"), {"units": "1", "coverage_content_type": "qualityInformation"}
    return xr.Dataset(
        {
            "sst": (dims, values + 20, {"units": "degC"}),
            "sst_normal": (dims, values, {"units": "degC"}),
            "sst_anomaly": (dims, values, {"units": "degC"}),
            "coverage": (dims, values, quality),
            "status": (dims, np.zeros_like(values, dtype=np.int8)),
        },
        {"region": ["here", "nowhere"], "time": bounds[:, 0], "time_bounds": (("time", "nv"), bounds)},
    )


def test_the_series_of_a_result_are_its_numbers_without_normals_and_coverage() -> None:
    assert series_of(result()) == ("sst", "sst_anomaly")


def test_the_anomaly_is_judged_unless_another_series_is_named() -> None:
    file = result()
    assert judged(file).attrs["variable"] == "sst_anomaly"
    assert judged(file, "sst")["latest"].values[0] == pytest.approx(judged(file)["latest"].values[0] + 20)
    assert judged(file[["sst", "time_bounds"]]).attrs["variable"] == "sst"
    xr.testing.assert_equal(judged(file), summary(file["sst_anomaly"], file["time_bounds"].values))
    with pytest.raises(InputError, match="no series 'sss'; it has"):
        judged(file, "sss")
    with pytest.raises(InputError, match="by region and time"):
        judged(file[["status"]])


def test_the_text_has_each_statistic_with_units_and_says_why_there_is_none() -> None:
    found = judged(result())
    text = "\n".join(lines(found))
    assert f"{found['trend'].values[0]:+.4g} K (10 year)-1, 95 % from {found['trend_low'].values[0]:.4g} to" in text
    assert f"{found['latest'].values[0]:.6g} degC, 1999-12" in text
    assert f"{found['rank'].values[0]} (of 120, " in text
    assert "Theil-Sen, Mann-Kendall" in text
    assert "years of record" in text
    assert text.endswith("none: no value is there (no_data)")


def test_the_json_has_null_for_what_is_missing() -> None:
    found = json.loads(json.dumps(document(judged(result())), allow_nan=False))
    here, nowhere = found["regions"]["here"], found["regions"]["nowhere"]
    assert here["trend"]["units"] == "K (10 year)-1"
    assert here["trend"]["value"] == float(f"{judged(result())['trend'].values[0]:.9g}")
    assert here["latest_time"]["value"] == "1999-12-01"
    assert (here["trend_flag"]["value"], nowhere["trend_flag"]["value"]) == ("good", "no_data")
    assert nowhere["trend"]["value"] is nowhere["latest_time"]["value"] is None


def test_a_result_by_days_or_of_something_else_has_no_judgement() -> None:
    day = np.datetime64("1990-01-01", "D") + np.arange(120)
    bounds = np.stack([day, day + 1], axis=1).astype("datetime64[ns]")
    assert judgement(result().assign_coords(time=bounds[:, 0], time_bounds=(("time", "nv"), bounds))) == {}
    assert judgement(result()[["status"]]) == {}
    assert judgement(result()) == document(judged(result()))


def test_the_command_judges_a_result_that_is_there(enso: Finished, tmp_path: Path) -> None:
    said = succeeds("trend", enso.result)
    assert said.count("(too_short)") == 3
    assert (
        json.loads(succeeds("trend", enso.result, "--json"))
        == json.loads(enso.result.with_suffix(".json").read_text(encoding="utf-8"))["trends"]
    )
    assert "nino34  sea_surface_temperature_anomaly\n" in said
    assert json.loads(succeeds("trend", enso.result, "--json", "--variable", "sea_surface_temperature"))["regions"]
    assert "no series 'x'" in refusal("trend", enso.result, "--variable", "x")
    assert "none.nc" in refusal("trend", tmp_path / "none.nc")
