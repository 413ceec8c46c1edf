"""What is deployed, when it runs, and what the page of a run shows: without a server."""

from pathlib import Path

import numpy as np
import pytest
import synthetic
import yaml
from fixtures_run import Finished

from eo import lineage, netcdf
from eo.errors import InputError
from eo.metrics import Measured
from eo.model import Span
from flows import environment
from flows.backfill import slices
from flows.declare import declaration
from flows.deployments import cron, deployments
from flows.page import latest_values, summary_text

ROOT = Path(__file__).parents[1]


def test_prefect_yaml_declares_the_deployments_that_are_served() -> None:
    text = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
    assert text == declaration(ROOT / "configs").replace(f"configs: {ROOT}/configs", "configs: ''")
    entries = yaml.safe_load(text)["deployments"]
    assert {one["entrypoint"] for one in entries} >= {"flows.build.build", "flows.backfill.backfill"}
    assert all(one["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"} for one in entries)


def test_a_run_whose_period_goes_on_is_refreshed_on_a_schedule_and_no_other(tmp_path: Path) -> None:
    there = synthetic.configs(tmp_path, "none", run={"period": "2001-01/.."}, product={"latency": "P12D"})
    found = {(one.flow, one.name): one for one in deployments(there, "data")}
    assert {name for flow, name in found if flow == "refresh:refresh"} == {"synthetic"}
    assert found["refresh:refresh", "synthetic"].cron == "0 6 13 * *"
    assert found["refresh:refresh", "synthetic"].parameters["run"] == "synthetic"


@pytest.mark.parametrize(
    ("step", "latency", "expected"),
    [
        ("day", "P3D", "0 6 * * *"),
        ("dekad", "P10D", "0 6 * * *"),
        ("month", None, "0 6 * * *"),
        ("month", "P5D", "0 6 6 * *"),
        ("month", "P0D", "0 6 1 * *"),
        ("month", "P1M", "0 6 4 * *"),
    ],
)
def test_a_monthly_product_is_looked_for_on_the_day_after_its_latency(
    step: str, latency: str | None, expected: str
) -> None:
    assert cron(step, latency) == expected  # type: ignore[arg-type]


def test_a_long_period_is_cut_into_slices_that_cover_it_once() -> None:
    months = [np.datetime64(text, "M") for text in ("2000-11", "2003-02")]
    found = list(slices(Span(*months), 12))
    assert [str(one) for one in found] == ["2000-11/2001-10", "2001-11/2002-10", "2002-11/2003-01"]
    with pytest.raises(InputError, match="a slice has at least one month, not 0"):
        list(slices(Span(*months), 0))


def test_the_page_shows_the_latest_values_with_anomaly_and_coverage(enso: Finished) -> None:
    file = netcdf.read(enso.result)
    rows = {row["region"]: row for row in latest_values(file)}
    assert list(rows) == ["nino3", "nino34", "nino4"]
    last = file.isel(time=-1).sel(region="nino34")
    assert rows["nino34"]["time"] == "2010-09-01"
    assert rows["nino34"]["anomaly"] == f"{float(last['sea_surface_temperature_anomaly']):+.3g} degC"
    assert rows["nino34"]["coverage"] == f"{float(last['coverage']):.0%}"
    assert "since 2006" in rows["nino34"]["rank"]


def test_the_page_says_what_a_result_is_made_of_and_where_it_is(enso: Finished) -> None:
    file = netcdf.read(enso.result)
    text = summary_text(
        file.attrs,
        lineage.load(enso.result),
        enso.result.parent.absolute().as_uri(),
        Measured(1, 10, 5, 0, seconds={"plan": 1.25}),
    )
    assert "granules: 1 used" in text
    assert enso.result.absolute().as_uri() in text
    assert "correlation 0.9959" in text
    assert "- plan: 1.2 s" in text
    assert "parts: 5 prepared, 0 already there" in text
    assert "alarm" not in text


def test_a_database_that_is_no_postgresql_is_refused_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="of kind 'mysql'") as caught:
        environment.served(tmp_path, "127.0.0.1", 4200, "mysql://user:secret@host/db")
    assert "secret" not in str(caught.value)
