"""What is deployed, when it runs, and what the page of a run shows: without a server."""

import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import synthetic
import yaml
from fixtures_run import Finished
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import ValidationError, validate

from eo import lineage, netcdf
from eo.errors import InputError
from eo.metrics import Measured
from eo.model import Part, Span
from flows import environment, limits
from flows.backfill import slices
from flows.declare import declaration
from flows.deployments import cron, deployments
from flows.page import latest_values, link, summary_text
from flows.preparing import groups, title

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


def parts_of(product: str, count: int) -> list[Part]:
    return [Part(product, period, f"{product}{period}", ()) for period in synthetic.months("1981-01", count)]


@pytest.mark.parametrize(
    ("counts", "tasks", "longest"),
    [
        ({"sst": 1}, 1, 1),
        ({"sst": 200}, 200, 1),
        ({"sst": 201}, 101, 2),
        ({"sst": 480}, 160, 3),
        ({"sst": 2000}, 200, 10),
        ({"sst": 480, "ice": 480}, 192, 5),
        ({"sst": 1000, "ice": 3}, 168, 6),
    ],
)
def test_parts_are_at_most_two_hundred_tasks_in_order_and_each_part_is_in_one(
    counts: dict[str, int], tasks: int, longest: int
) -> None:
    parts = [part for name, count in counts.items() for part in parts_of(name, count)]
    found = groups(parts)
    assert (len(found), max(map(len, found))) == (tasks, longest)
    assert [part for one in found for part in one] == sorted(parts, key=lambda one: (one.product, one.period))
    assert all(len({part.product for part in one}) == 1 for one in found)


def test_a_task_is_named_by_its_product_and_periods() -> None:
    assert title(parts_of("sst", 1)) == "sst 1981-01"
    assert title(parts_of("sst", 6)) == "sst 1981-01 to 1981-06"


def test_limits_of_time_are_hours_of_a_kind_of_step() -> None:
    assert limits.hours("") == limits.HOURS
    assert limits.hours("fetch=48 prepare=0.5") == limits.HOURS | {"fetch": 48, "prepare": 0.5}
    for wrong in ("fetch", "fetch=soon", "fetch=0", "fetch=nan", "sleep=1"):
        with pytest.raises(InputError, match=f"hours above 0 of fetch, prepare, finish, check.*not '{wrong}'"):
            limits.hours(wrong)


# The form on the page

FLOWS = {name: getattr(import_module(f"flows.{name}"), name) for name in ("build", "refresh", "backfill", "validate")}


@pytest.mark.parametrize("flow", FLOWS)
def test_each_parameter_has_a_title_a_description_and_all_but_the_run_a_default(flow: str) -> None:
    schema = parameter_schema(FLOWS[flow]).model_dump_for_openapi()
    for name, one in schema["properties"].items():
        assert one["title"][0].isupper(), name
        assert len(one["description"]) > 20, name
        assert one["type"] in {"string", "integer", "boolean"}, name
        assert "default" in one or name == "run", name


@pytest.mark.parametrize(
    ("flow", "given"),
    [
        ("build", {"run": "../runs/x"}),
        ("build", {"run": "x", "offline": "perhaps"}),
        ("build", {"run": "x", "dask": "everywhere"}),
        ("refresh", {}),
        ("refresh", {"run": "x", "day": "yesterday"}),
        ("refresh", {"run": "x", "day": "2003-2-1"}),
        ("backfill", {"run": "x", "months": 0}),
        ("backfill", {"run": "x", "period": "2003-01 2004-01"}),
        ("validate", {"root": ""}),
    ],
)
def test_what_is_filled_in_wrongly_is_refused_by_the_schema_that_the_server_has(
    flow: str, given: dict[str, object]
) -> None:
    schema = parameter_schema(FLOWS[flow]).model_dump_for_openapi()
    with pytest.raises(ValidationError):
        validate(given, schema, raise_on_error=True)


def test_what_is_filled_in_rightly_is_taken() -> None:
    schemas = {name: parameter_schema(one).model_dump_for_openapi() for name, one in FLOWS.items()}
    validate(
        {"run": "enso_ostia", "offline": True, "dask": "tcp://10.0.0.1:8786"}, schemas["build"], raise_on_error=True
    )
    validate(
        {"run": "x", "day": "2003-02-01", "dask": "local", "root": "s3://bucket/folder"},
        schemas["refresh"],
        raise_on_error=True,
    )
    validate({"run": "x", "period": "1981-01/2020-12", "months": 6}, schemas["backfill"], raise_on_error=True)
    validate({}, schemas["validate"], raise_on_error=True)


def test_the_page_shows_the_latest_values_with_anomaly_and_coverage(enso: Finished) -> None:
    file = netcdf.read(enso.result)
    rows = {row["region"]: row for row in latest_values(file)}
    assert list(rows) == ["nino3", "nino34", "nino4"]
    last = file.isel(time=-1).sel(region="nino34")
    assert rows["nino34"]["time"] == "2010-09-01"
    assert rows["nino34"]["anomaly"] == f"{float(last['sea_surface_temperature_anomaly']):+.3g} degC"
    assert rows["nino34"]["coverage"] == f"{float(last['coverage']):.0%}"
    assert "since 2006" in rows["nino34"]["rank"]


def test_the_page_says_what_a_result_is_made_of_and_where_it_is(
    enso: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = netcdf.read(enso.result)
    text = summary_text(
        file.attrs,
        lineage.load(enso.result),
        enso.result.parent.absolute().as_uri(),
        Measured(1, 10, 5, 0, seconds={"plan": 1.25}),
    )
    assert re.search(
        r"granules: 1 used \(\d+\.\d MiB\), 0 new \(0\.0 MiB\), 0 late, 0 quarantined; missing: none", text
    )
    assert enso.result.absolute().as_uri() in text
    assert "correlation 0.9959" in text
    assert "- took: plan 1.2 s\n" in text
    assert "parts: 5 prepared, 0 already there" in text
    assert "alarm" not in text
    monkeypatch.setenv("EO_FILES_URL", "https://files.example.org/eo/")
    assert link(enso.result.name, "file:///x") == "https://files.example.org/eo/enso_ostia.nc"


@pytest.mark.usefixtures("own_environment")
def test_a_database_that_is_no_postgresql_is_refused_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="of kind 'mysql'") as caught:
        environment.served(tmp_path, "127.0.0.1", 4200, "mysql://user:secret@host/db")
    assert "secret" not in str(caught.value)
