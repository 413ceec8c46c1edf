"""What an office relies on, through a real server: people are told, and a second trigger does nothing twice."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import synthetic
from test_serve import Served, start

from eo.errors import InputError
from flows import notices

SECRET = "a-word-that-nobody-may-read"  # noqa: S105 - of this test alone
ENDED = ("Completed", "Degraded", "Failed", "Crashed", "Cancelled")


@dataclass
class Desk:
    """Where notices arrive: an HTTP server of this machine."""

    got: list[dict[str, Any]] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)

    def serve(self) -> ThreadingHTTPServer:
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                desk.paths.add(self.path)
                desk.got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *said: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def wait(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 60) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for one in self.got:
                if wanted(one):
                    return one
            time.sleep(0.2)
        raise AssertionError(self.got)


@dataclass(frozen=True)
class Office:
    """All of it served, with a desk that is told."""

    served: Served
    desk: Desk
    said: Path

    def environment(self) -> dict[str, str]:
        """Give the environment of a process that asks this server."""
        return os.environ | {"PREFECT_API_URL": f"http://127.0.0.1:{self.served.port}/api", "DO_NOT_TRACK": "1",
                             "PREFECT_HOME": str(self.served.root / "other"), "NO_PROXY": "127.0.0.1"}  # fmt: skip


def triggered(served: Served, deployment: str = "refresh/synthetic", **parameters: str) -> str:
    """Start a run; ask again where the server says that its database was busy, as every client of it does."""
    while True:
        try:
            return served.start_run(deployment, **parameters)
        except HTTPError as error:
            if error.code != 503:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    synthetic.write_each(folder / "in", synthetic.months("2001-01", 24))
    configs = synthetic.configs(
        folder / "configs", folder / "in" / "*.nc", run={"period": "2001-01/.."}, product={"latency": "P10D"}
    )
    desk = Desk()
    server = desk.serve()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EO_WEBHOOK", f"http://127.0.0.1:{server.server_address[1]}/hook/{SECRET}")
        found = start(folder / "root", configs)
    yield Office(found, desk, folder / "said")
    found.process.send_signal(signal.SIGINT)
    found.process.communicate(timeout=60)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def refreshed(office: Office) -> str:
    """A refresh for a day on which its product is late; its id."""
    run = triggered(office.served, day="2003-01-11")
    assert office.served.wait(run, *ENDED) == "Completed"
    run = triggered(office.served, day="2003-02-11")
    assert office.served.wait(run, *ENDED) == "Degraded"
    return run


@pytest.mark.served
def test_an_alarm_makes_a_run_degraded_with_its_reason_and_leaves_the_result(office: Office, refreshed: str) -> None:
    said = office.served.ask(f"flow_runs/{refreshed}")["state"]
    reason = "synthetic_sst: a product is here when its latency is over: the newest step is 2002-12; "
    assert (said["type"], said["name"]) == ("COMPLETED", "Degraded")
    assert f"\nalarm: {reason}" in said["message"]
    kept = json.loads((office.served.root / "alarms/synthetic.json").read_text())
    assert (kept["day"], [one["where"] for one in kept["alarms"]]) == ("2003-02-11", ["synthetic_sst"])
    assert (office.served.root / "results/synthetic.nc").is_file()
    page = office.served.ask("artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [refreshed]}}})
    (text,) = [one["data"] for one in page if one["type"] == "markdown"]
    assert f"- **alarm**: {reason}" in text
    metrics = (office.served.root / "metrics/synthetic.prom").read_text()
    assert 'eo_run_alarms{run="synthetic"} 1.0' in metrics
    assert 'eo_run_stage_seconds{run="synthetic",stage="alarms"}' in metrics


@pytest.mark.served
def test_a_degraded_run_calls_the_webhook_once_and_a_good_one_does_not(office: Office, refreshed: str) -> None:
    got = office.desk.wait(lambda one: one.get("state") == "Degraded")
    assert (got["event"], got["run"]) == ("prefect.flow-run.Degraded", "refresh synthetic")
    assert "alarm: synthetic_sst: a product is here when its latency is over" in got["message"]
    assert refreshed
    assert [one["state"] for one in office.desk.got if "state" in one] == ["Degraded"]
    assert office.desk.paths == {f"/hook/{SECRET}"}


@pytest.mark.served
def test_a_failed_run_calls_the_webhook(office: Office) -> None:
    run = triggered(office.served, "build/build", run="nothing")
    assert office.served.wait(run, *ENDED) == "Failed"
    got = office.desk.wait(lambda one: one.get("state") == "Failed")
    assert got["message"].startswith("no run 'nothing' in ")


@pytest.mark.served
def test_an_alarm_is_an_event_that_others_can_listen_to(office: Office, refreshed: str) -> None:
    assert refreshed
    wanted = {"filter": {"event": {"name": ["eo.alarm"]}}}
    deadline = time.monotonic() + 30
    while not (found := office.served.ask("events/filter", wanted)["events"]) and time.monotonic() < deadline:
        time.sleep(0.5)
    (event,) = found
    assert event["resource"]["prefect.resource.id"] == "eo.result.synthetic"
    assert event["payload"]["where"] == "synthetic_sst"


@pytest.mark.served
def test_two_triggers_at_once_make_one_result(office: Office, refreshed: str) -> None:
    assert refreshed
    (office.served.root / "results/synthetic.json").unlink()
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: triggered(office.served, day="2003-01-11"), range(2)))
    states = sorted(office.served.wait(run, *ENDED) for run in runs)
    assert states in (["Cancelled", "Completed"], ["Completed", "Completed"])
    messages = [str(office.served.ask(f"flow_runs/{run}")["state"]["message"]) for run in runs]
    made = [one for one in messages if "parts prepared" in one]
    assert len(made) == 1, messages
    other = next(one for one in messages if one not in made)
    assert "nothing to do" in other or "concurrency limit" in other


@pytest.mark.served
def test_a_trigger_of_the_same_day_gives_the_run_that_is_there(office: Office, refreshed: str) -> None:
    assert refreshed
    command = [sys.executable, "-m", "flows.trigger", "synthetic", "--day", "2003-01-12"]

    def told(*more: str) -> str:
        done = subprocess.run([*command, *more], env=office.environment(), capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
        assert done.returncode == 0, done.stderr
        return done.stdout.split()[0]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: told(), range(2))
    assert first == second
    assert office.served.wait(first, *ENDED) == "Completed"
    assert told() == first
    assert told("--again") != first


@pytest.mark.served
def test_the_address_of_the_webhook_is_shown_nowhere(office: Office, refreshed: str) -> None:
    assert refreshed
    logs = "".join(path.read_text() for path in (office.served.root / "prefect").glob("*.log"))
    assert SECRET not in logs
    found = office.served.ask("block_documents/filter", {"include_secrets": False})
    assert "eo-webhook" in json.dumps(found)
    assert SECRET not in json.dumps(found)
    assert SECRET not in json.dumps(office.served.ask("logs/filter", {}))
    assert SECRET not in json.dumps(office.served.ask("automations/filter", {}))


@pytest.mark.served
def test_silence_is_told_after_its_time_and_notices_end_when_no_webhook_is_named(office: Office) -> None:
    code = "import sys; from datetime import timedelta; from flows.notices import install_notices as i; print(i({}))"

    def install(within: str, **more: str) -> str:
        done = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-c", code.format(within)],
            env=office.environment() | more,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    hook = office.served.ask("automations/filter", {})
    assert {"eo: tell of runs that went wrong", "eo: tell when nothing runs"} <= {one["name"] for one in hook}
    desk = Desk()
    server = desk.serve()
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    assert install("timedelta(seconds=10)", EO_WEBHOOK=address) == "True"
    got = desk.wait(lambda one: one["event"] == "eo.quiet")
    assert got == {"event": "eo.quiet", "text": "no run completed", "within": str(timedelta(seconds=10))}
    assert install("", EO_WEBHOOK="") == "False"
    names = {one["name"] for one in office.served.ask("automations/filter", {})}
    assert names == {"eo: mark runs that died"}
    server.shutdown()
    server.server_close()


def test_an_address_of_another_kind_is_refused_without_being_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="starts with http:// or https://") as caught:
        notices._check(f"ftp://{SECRET}")
    assert SECRET not in str(caught.value)
    monkeypatch.setenv("EO_QUIET_HOURS", "soon")
    with pytest.raises(InputError, match="a number of hours from 1 on, not 'soon'"):
        notices.quiet_time()
    monkeypatch.setenv("EO_QUIET_HOURS", "6")
    assert notices.quiet_time() == timedelta(hours=6)
