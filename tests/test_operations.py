"""What an office relies on, through a real server: people are told, and a second trigger does nothing twice."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import synthetic
from commands import single_line
from letterbox import Letterbox
from test_serve import Served, start

from eo.errors import InputError
from flows import notices

SECRET = "a-word-that-nobody-may-read"  # noqa: S105 - of this test alone
ENDED = ("Completed", "Degraded", "Failed", "Refused", "TimedOut", "Crashed", "Cancelled")


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

    # a busy SQLite may keep the server from telling for a minute or two
    def wait(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 200) -> dict[str, Any]:
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
    box: Letterbox
    configs: Path

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


def further_runs(folder: Path, configs: Path, silent: int) -> None:
    """Add a run that its gate refuses, and one of a service that takes a question and never answers."""
    synthetic.write_each(folder / "more", synthetic.months("2007-01", 24))
    limits = {"title": "CPC", "file": "cpc_nino34.csv", "column": "nino34", "region": "patch",
              "variable": "sea_surface_temperature", "units": "degC", "correlation": 0.9, "rmsd": 1.0}  # fmt: skip
    service = {
        "kind": "https",
        "url": f"http://127.0.0.1:{silent}/{{time:%Y-%m-%d}}.nc",
        "limits": {"timeout": 600, "deadline": 3600},
    }
    filename = r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\.nc"
    here = {"source": {"kind": "local", "path": f"{folder}/more/*.nc"}}
    there = {"source": service, "step": "day", "filename": filename}
    compared = {"period": "2007/2008", "baseline": "2007", "validation": limits}
    month = {"period": "2021-05/2021-05", "baseline": "2021-05/2021-05"}
    for name, product, run in (("refused", here, compared), ("stalled", there, month)):
        synthetic.dump(configs / f"products/{name}_sst.yaml", synthetic.PRODUCT | product)
        synthetic.dump(configs / f"runs/{name}.yaml", synthetic.RUN | run | {"product": f"{name}_sst"})


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    synthetic.write_each(folder / "in", synthetic.months("2001-01", 24))
    configs = synthetic.configs(
        folder / "configs", folder / "in" / "*.nc", run={"period": "2001-01/.."}, product={"latency": "P10D"}
    )
    desk, box = Desk(), Letterbox()
    server, post = desk.serve(), box.serve()
    with pytest.MonkeyPatch.context() as patch, socket.create_server(("127.0.0.1", 0)) as silent:
        further_runs(folder, configs, silent.getsockname()[1])
        patch.setenv("EO_WEBHOOK", f"http://127.0.0.1:{server.server_address[1]}/hook/{SECRET}")
        at = f"127.0.0.1:{post.server_address[1]}"
        patch.setenv("EO_MAIL", f"mailto://eo:{SECRET}@{at}/people@example.org?from=eo@example.org&format=text")
        patch.setenv("EO_TIME_LIMITS", "fetch=0.01")
        found = start(folder / "root", configs)
        yield Office(found, desk, box, configs)
        found.process.send_signal(signal.SIGINT)
        found.process.communicate(timeout=60)
    for one in (server, post):
        one.shutdown()
        one.server_close()


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
    assert said["message"].startswith(f"alarm: {reason}")
    kept = json.loads((office.served.root / "alarms/synthetic.json").read_text())
    assert (kept["day"], [one["where"] for one in kept["alarms"]]) == ("2003-02-11", ["synthetic_sst"])
    assert (office.served.root / "results/synthetic.nc").is_file()
    page = office.served.ask("artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [refreshed]}}})
    (text,) = [one for one in page if one["key"] == "result-synthetic"]
    assert f"- **alarm**: {reason}" in text["data"]
    assert text["description"].startswith("1 alarm; granules: 24 used, 0 new, 1 late, 0 quarantined; no published")
    metrics = (office.served.root / "metrics/synthetic.prom").read_text()
    assert 'eo_run_alarms{run="synthetic"} 1.0' in metrics
    assert 'eo_run_stage_seconds{run="synthetic",stage="alarms"}' in metrics


@pytest.mark.served
def test_an_alarm_that_begins_calls_the_webhook_once_and_a_good_run_does_not(office: Office, refreshed: str) -> None:
    got = office.desk.wait(lambda one: one["event"] == "eo.alarm.began")
    assert set(got) == {"event", "run", "state", "message", "time"}
    assert (got["run"], got["state"]) == ("refresh synthetic", "Degraded")
    assert got["message"].startswith("synthetic_sst: a product is here when its latency is over: the newest step is ")
    assert got["message"].endswith("(since 2003-02-11)")
    assert datetime.fromisoformat(got["time"]).tzinfo
    assert refreshed
    assert [one["event"] for one in office.desk.got] == ["eo.alarm.began"]
    assert office.desk.paths == {f"/hook/{SECRET}"}
    mail = office.box.wait("refresh synthetic: eo.alarm.began")
    assert got["message"] in mail.get_content().replace("\n", " ")
    assert (mail["to"], office.box.passwords) == ("people@example.org", {SECRET})


def killed(office: Office, run: str) -> None:
    """Kill the process of a run with SIGKILL when it is at work."""
    assert office.served.wait(run, "Running") == "Running"
    deadline = time.monotonic() + 60
    while not (tasks := office.served.ask("task_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert tasks[0]["name"] == "fetch for stalled"
    for pid in (one for word in ("prefect.engine", "prefect.flow_engine") for one in office.served.pid_of(word)):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.served
@pytest.mark.parametrize(
    ("run", "state", "message"),
    [
        ("nothing", "Failed", "no run 'nothing' in "),
        ("refused", "Refused", "result 'refused' is not published; it breaks 2 rules: correlation with CPC is"),
        ("stalled", "TimedOut", "a fetch (stalled) must end within 36 s, and it did not; what was made stays, "),
        ("stalled", "Crashed", "Process exited with status code: -9"),
    ],
    ids=["failed", "refused", "timed out", "crashed"],
)
def test_a_run_that_went_wrong_calls_the_webhook_and_sends_a_mail(
    office: Office, run: str, state: str, message: str
) -> None:
    started = triggered(office.served, "build/build", run=run)
    if state == "Crashed":
        killed(office, started)
    assert office.served.wait(started, *ENDED) == state
    got = office.desk.wait(lambda one: one.get("state") == state)
    assert set(got) == {"event", "run", "state", "message", "time"}
    assert (got["event"], got["run"]) == (f"prefect.flow-run.{state}", f"build {run}")
    assert got["message"].startswith(message), got
    assert office.box.wait(f"build {run}: {state}").get_content().startswith(message[:40])
    assert office.served.wait(started, "Running", seconds=3) == state  # nothing that comes later takes it back


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
    another = told("--again")
    assert another != first
    assert office.served.wait(another, *ENDED) == "Completed"


@pytest.mark.served
@pytest.mark.parametrize(
    ("deployment", "given"),
    [
        ("refresh/synthetic", {"day": "yesterday"}),
        ("build/build", {"run": "../nothing"}),
        ("backfill/backfill", {"run": "synthetic", "months": 0}),
        ("backfill/backfill", {}),
    ],
)
def test_what_is_filled_in_wrongly_is_refused_at_once(office: Office, deployment: str, given: dict[str, Any]) -> None:
    with pytest.raises(HTTPError) as caught:
        triggered(office.served, deployment, **given)
    assert caught.value.code == 409
    assert "Validation failed" in caught.value.read().decode()


@pytest.mark.served
def test_a_trigger_of_no_day_is_refused_in_one_line(office: Office) -> None:
    command = [sys.executable, "-m", "flows.trigger", "synthetic", "--day", "tomorrow"]
    done = subprocess.run(command, env=office.environment(), capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
    assert (done.returncode, done.stdout) == (2, "")
    assert single_line(done.stderr).startswith("the server takes a day as YYYY-MM-DD, and refuses 'tomorrow': ")


@pytest.mark.served
def test_the_addresses_of_notices_are_shown_nowhere(office: Office, refreshed: str) -> None:
    assert refreshed
    logs = "".join(path.read_text() for path in (office.served.root / "prefect").glob("*.log"))
    assert SECRET not in logs
    found = office.served.ask("block_documents/filter", {"include_secrets": False})
    assert {"eo-webhook", "eo-mail"} <= {one["name"] for one in found}
    assert SECRET not in json.dumps(found)
    assert SECRET not in json.dumps(office.served.ask("logs/filter", {}))
    assert SECRET not in json.dumps(office.served.ask("automations/filter", {}))


@pytest.mark.served
def test_an_alarm_that_lasts_is_told_again_after_days_and_its_end_is_told(office: Office, refreshed: str) -> None:
    assert refreshed

    before = len(office.desk.got)

    def state_on(day: str) -> str:
        return office.served.wait(triggered(office.served, day=day), *ENDED)

    assert state_on("2003-02-17") == "Degraded"
    assert state_on("2003-02-18") == "Degraded"
    synthetic.write_each(office.configs.parent / "in", ["2003-01"])
    assert state_on("2003-02-19") == "Completed"
    assert state_on("2003-02-20") == "Completed"
    got = office.desk.wait(lambda one: one["event"] == "eo.alarm.ended")
    assert (got["run"], got["state"]) == ("refresh synthetic", "Completed")
    assert got["message"].endswith("(since 2003-02-11)")
    told = [one["event"] for one in office.desk.got[before:] if one["event"].startswith("eo.alarm")]
    assert told == ["eo.alarm.lasting", "eo.alarm.ended"]


@pytest.mark.served
def test_silence_is_told_after_its_time_and_notices_end_when_nobody_is_named(office: Office) -> None:
    code = "from flows.notices import install_notices; print(install_notices())"

    def install(**more: str) -> str:
        done = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-c", code],
            env=office.environment() | more,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    hook = office.served.ask("automations/filter", {})
    told = {"eo: tell of runs that went wrong", "eo: tell of alarms", "eo: tell when nothing runs"}
    assert told | {"eo: mark runs that died"} == {one["name"] for one in hook}
    desk, box = Desk(), Letterbox()
    server, post = desk.serve(), box.serve()
    mail = f"mailto://127.0.0.1:{post.server_address[1]}/people@example.org?from=eo@example.org&format=text"
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    assert install(EO_WEBHOOK=address, EO_MAIL=mail, EO_QUIET_HOURS="0.003") == "True"
    got = desk.wait(lambda one: one["event"] == "eo.quiet")
    assert got == {"event": "eo.quiet", "text": "no run completed", "within": str(timedelta(hours=0.003))}
    assert "0:00:10.8" in box.wait("eo.quiet: no run completed").get_content()
    assert install(EO_WEBHOOK="", EO_MAIL="") == "False"
    names = {one["name"] for one in office.served.ask("automations/filter", {})}
    assert names == {"eo: mark runs that died"}
    for one in (server, post):
        one.shutdown()
        one.server_close()


def test_an_address_of_another_kind_is_refused_without_being_said(monkeypatch: pytest.MonkeyPatch) -> None:
    notices.check("", "")
    notices.check("https://example.org/", "mailtos://me:word@smtp.example.org/people@example.org")
    with pytest.raises(InputError, match="starts with http:// or https://") as caught:
        notices.check(f"ftp://{SECRET}", "")
    assert SECRET not in str(caught.value)
    for wrong in (f"slack://{SECRET}/b/c", f"mailto://{SECRET}", "mailto://me@smtp.example.org/"[:9]):
        with pytest.raises(InputError, match="mailto:// or mailtos:// and names who gets the mail") as caught:
            notices.check("", wrong)
        assert SECRET not in str(caught.value)
    for hours in ("soon", "0", "nan", "inf", "-1"):
        monkeypatch.setenv("EO_QUIET_HOURS", hours)
        with pytest.raises(InputError, match=f"a number of hours above 0, not '{hours}'"):
            notices.quiet_time()
    monkeypatch.setenv("EO_QUIET_HOURS", "6.5")
    assert notices.quiet_time() == timedelta(hours=6, minutes=30)
