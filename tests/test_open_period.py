"""Runs whose period goes on: they end with the last whole month that is here."""

from pathlib import Path

import pytest
import synthetic
import xarray as xr
from commands import refusal

from eo import load_run, pipeline


def built(folder: Path, step: str) -> str:
    run = {"period": "2001-01/..", "baseline": "2001-01"}
    there = synthetic.configs(folder / "configs", folder / "in" / "*.nc", product={"step": step}, run=run)
    with xr.open_dataset(pipeline.build(load_run("synthetic", there), folder / "r").path) as file:
        return " ".join(file["time"].values.astype("datetime64[M]").astype(str)[[0, -1]])


def test_an_open_period_ends_with_the_last_month_that_is_here(tmp_path: Path) -> None:
    synthetic.write_each(tmp_path / "in", synthetic.months("2001-01", 14))
    assert built(tmp_path, "month") == "2001-01 2002-02"
    synthetic.write_each(tmp_path / "in", ["2002-03"])
    assert built(tmp_path, "month") == "2001-01 2002-03"


@pytest.mark.slow
def test_a_month_whose_last_day_is_not_here_is_not_yet_part_of_it(tmp_path: Path) -> None:
    synthetic.write_each(tmp_path / "in", synthetic.days("2001-01-01", "2001-03-30"))
    assert built(tmp_path, "day") == "2001-01 2001-02"
    synthetic.write_each(tmp_path / "in", ["2001-03-31"])
    assert built(tmp_path, "day") == "2001-01 2001-03"


def test_data_that_begin_after_an_open_period_ended_are_refused(tmp_path: Path) -> None:
    synthetic.write_each(tmp_path / "in", synthetic.months("2001-01", 2))
    there = synthetic.configs(tmp_path / "configs", tmp_path / "in" / "*.nc", run={"period": "2005-01/.."})
    said = refusal("build", "synthetic", "--root", tmp_path / "r", "--configs", there)
    assert said == "run 'synthetic' has at least one whole month from 2005-01 on, and its data has none"


@pytest.mark.parametrize("period", ["2001-01/...", "../2001", "/..", "2001-13/.."])
def test_a_period_of_another_form_is_refused(tmp_path: Path, period: str) -> None:
    there = synthetic.configs(tmp_path / "configs", "none", run={"period": period})
    said = refusal("build", "synthetic", "--root", tmp_path / "r", "--configs", there)
    assert "'period': a month is written YYYY-MM" in said
