"""The state of a flow is that of its tasks: each task of each flow is made to fail, before a real server."""

import json
import os
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import synthetic

import flows
from flows import environment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A server of Prefect's own harness, for flows that run in this process; nothing of it is recorded but states."""
    before = dict(os.environ)
    os.environ |= {"PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_ENABLED": "false", "PREFECT_LOGGING_LEVEL": "ERROR"}
    environment.prepare(tmp_path_factory.mktemp("home"))
    from prefect import settings
    from prefect.testing.utilities import prefect_test_harness

    quick = {settings.PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    with prefect_test_harness(server_startup_timeout=120), settings.temporary_settings(quick):
        yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A run of local files, and one of a service that nobody answers for."""
    synthetic.write_each(tmp_path / "in", synthetic.months("2001-01", 24))
    configs = synthetic.configs(tmp_path / "configs", tmp_path / "in" / "*.nc")
    limits = {"attempts": 1, "wait": 0.01, "timeout": 2}
    service = {"kind": "https", "url": "http://127.0.0.1:9/{time:%Y-%m}.nc", "limits": limits}
    product = {"source": service, "filename": r"(?P<year>\d{4})-(?P<month>\d{2})\.nc"}
    synthetic.dump(configs / "products/dead.yaml", synthetic.PRODUCT | product)
    synthetic.dump(configs / "runs/dead.yaml", synthetic.RUN | {"product": "dead"})
    return tmp_path


def state_of(flow: str, place: Path, run: str = "synthetic") -> Any:  # noqa: ANN401 - a state of Prefect
    named = {} if flow == "validate" else {"run": run}
    whole = getattr(import_module(f"flows.{flow}"), flow)
    return whole(**named, root=str(place / "root"), configs=str(place / "configs"), return_state=True)


TASKS = {
    ("build", "fetch"): ("flows.build", "fetch_granules", "flows.build.fetch_inputs", "Failed"),
    ("build", "prepare"): ("flows.preparing", "prepare_parts", "eo.pipeline.prepare", "Failed"),
    ("build", "finish"): ("flows.build", "finish_run", "eo.pipeline.finish", "Failed"),
    ("refresh", "fetch"): ("flows.refresh", "fetch_new", "eo.fetching.fetch_inputs", "Degraded"),
    ("refresh", "prepare"): ("flows.preparing", "prepare_parts", "eo.pipeline.prepare", "Failed"),
    ("refresh", "finish"): ("flows.build", "finish_run", "eo.pipeline.finish", "Failed"),
    ("backfill", "fetch"): ("flows.build", "fetch_granules", "flows.build.fetch_inputs", "Failed"),
    ("backfill", "prepare"): ("flows.preparing", "prepare_parts", "eo.pipeline.prepare", "Failed"),
    ("backfill", "finish"): ("flows.build", "finish_run", "eo.pipeline.finish", "Failed"),
    ("validate", "check"): ("flows.validate", "check", "flows.validate.findings", "Failed"),
}  # fmt: skip
"""Flow and task -> where the task is, its function, what it calls, and what becomes of the flow when that fails."""


def test_no_task_is_left_out() -> None:
    from prefect import Task

    modules = [import_module(f"flows.{path.stem}") for path in Path(flows.__file__).parent.glob("[a-z]*.py")]
    found = {one.fn for module in modules for one in vars(module).values() if isinstance(one, Task)}
    assert found == {getattr(import_module(where), name).fn for where, name, *_ in TASKS.values()}


def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError("as a mistake in the code would")


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(("flow", "task"), TASKS)
def test_a_task_that_fails_makes_its_flow_failed_or_degraded(
    flow: str, task: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, called, expected = TASKS[flow, task]
    if flow == "validate":
        assert state_of("build", place).name == "Completed"
    monkeypatch.setattr(called, broken)
    monkeypatch.setattr("flows.build.lacks_inputs", lambda *_: True)
    state = state_of(flow, place)
    assert (state.name, state.is_failed()) == (expected, expected == "Failed")
    assert "ZeroDivisionError" in state.message or flow == "validate"


def again_at_once(monkeypatch: pytest.MonkeyPatch, where: str, name: str) -> None:
    task = getattr(import_module(where), name)
    monkeypatch.setattr(task, "retry_delay_seconds", [0, 0])
    monkeypatch.setattr(task, "retry_jitter_factor", None)


@pytest.mark.usefixtures("server")
def test_a_service_that_does_not_answer_is_asked_again_and_leaves_a_refresh_degraded_once(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for where, name in (("flows.build", "fetch_granules"), ("flows.refresh", "fetch_new")):
        again_at_once(monkeypatch, where, name)
    asked = counted(monkeypatch, "flows.build.fetch_inputs")
    state = state_of("build", place, "dead")
    assert (state.name, len(asked)) == ("Failed", 3)
    assert "127.0.0.1" in state.message

    from eo.errors import SourceError

    def down(*_: object, **__: object) -> None:
        raise SourceError("the service must answer, and it does not")

    monkeypatch.setattr("eo.fetching.fetch_inputs", down)
    state = state_of("refresh", place)
    assert (state.name, state.is_completed()) == ("Degraded", True)
    assert state.message.startswith(
        "alarm: fetch: what services have is fetched: the service must answer, and it does not (since "
    )
    (kept,) = json.loads((place / "root/alarms/synthetic.json").read_text())["alarms"]
    assert (kept["where"], kept["told"]) == ("fetch", "")  # a run by hand tells nobody
    assert (place / "root/results/synthetic.nc").is_file()


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[object]:
    """Give a list that grows with each call of a function."""
    where, _, function = name.rpartition(".")
    original: Callable[..., object] = getattr(import_module(where), function)
    calls: list[object] = []
    monkeypatch.setattr(name, lambda *given, **named: (calls.append(given), original(*given, **named))[1])
    return calls


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(("folder", "task"), [("parts", "prepare_parts"), ("results", "finish_run")])
def test_a_disk_that_refuses_is_asked_again_and_then_fails_the_run(
    folder: str, task: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again_at_once(monkeypatch, "flows.preparing" if folder == "parts" else "flows.build", task)
    (place / "root").mkdir()
    (place / "root" / folder).touch()  # a file where a folder has to be
    tried = counted(monkeypatch, "eo.pipeline.prepare" if folder == "parts" else "eo.pipeline.finish")
    state = state_of("build", place)
    assert (state.name, state.is_failed()) == ("Failed", True)
    assert "must be writable, and it is not" in state.message
    assert len(tried) == (6 if folder == "parts" else 3)


@pytest.mark.usefixtures("server")
def test_a_day_that_no_calendar_has_is_said_in_one_line(place: Path) -> None:
    from flows.backfill import backfill
    from flows.refresh import refresh

    state = refresh("synthetic", str(place / "root"), str(place / "configs"), "2003-02-30", return_state=True)
    assert state.message == "a day is one of the calendar, YYYY-MM-DD, and '2003-02-30' is not"
    state = backfill("synthetic", str(place / "root"), str(place / "configs"), "2003-02/2003-01", return_state=True)
    assert state.message == "a period ends after it starts, not '2003-02/2003-01'"
