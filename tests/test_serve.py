"""Everything on one machine: started by one command, used as a person does, killed as a machine does."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import synthetic

pytestmark = pytest.mark.served


@dataclass(frozen=True)
class Served:
    """A server, a worker and their deployments."""

    process: subprocess.Popen[str]
    root: Path
    port: int

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/{path}",
            None if body is None else json.dumps(body).encode(),
            {"content-type": "application/json"},
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - this machine
                    return json.load(answer)
            except urllib.error.HTTPError as error:  # SQLite is busy: clients of Prefect ask again, too
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                    raise
                time.sleep(1)

    def start_run(self, deployment: str, **parameters: str) -> str:
        found = self.ask(f"deployments/name/{deployment}")
        return str(self.ask(f"deployments/{found['id']}/create_flow_run", {"parameters": parameters})["id"])

    def state(self, run: str) -> str:
        return str(self.ask(f"flow_runs/{run}")["state_name"])

    def wait(self, run: str, *names: str, seconds: float = 240) -> str:
        deadline = time.monotonic() + seconds
        while (state := self.state(run)) not in names and time.monotonic() < deadline:
            time.sleep(1)
        return state

    def processes(self) -> list[int]:
        """Give all processes that were started below, itself not included, which run now."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"SERVED={self.root}".encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
        return sorted(set(found) - {self.process.pid})

    def pid_of(self, *words: str) -> list[int]:
        def said(pid: int) -> str:
            try:
                return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
            except OSError:
                return ""

        return [
            pid for pid in self.processes() if all(word in said(pid) for word in words) and "leash" not in said(pid)
        ]


def start(root: Path, configs: Path, within: tuple[str, ...] = (), **environment: str) -> Served:
    """Start everything; `within` is what runs the command in other surroundings."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    plain = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "DO_NOT", "NO_PROXY"))
    }
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [*within, sys.executable, "-m", "flows.serve", "--root", root, "--configs", configs, "--port", str(port)],
        env=plain | {"SERVED": str(root)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("logs:"):
            return Served(process, root, port)
    raise AssertionError("".join(said))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("serve")
    synthetic.write_each(folder / "in", synthetic.months("2001-01", 24))
    configs = synthetic.configs(folder / "configs", folder / "in" / "*.nc", run={"period": "2001-01/.."})
    found = start(folder / "root", configs)
    yield found
    found.process.send_signal(signal.SIGINT)
    found.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def refreshed(served: Served) -> str:
    """A refresh that was started by hand on the server; its id."""
    run = served.start_run("refresh/synthetic")
    assert served.wait(run, "Completed", "Failed", "Crashed") == "Completed"
    return run


def test_every_deployment_is_there_and_those_on_a_schedule_are_scheduled(served: Served) -> None:
    names = {one["name"] for one in served.ask("deployments/filter", {})}
    assert names == {"build", "backfill", "validate", "synthetic"}
    deadline = time.monotonic() + 60
    scheduled: set[str] = set()
    while scheduled != {"validate", "refresh"} and time.monotonic() < deadline:
        found = served.ask("flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}})
        flows = {one["id"]: one["name"] for one in served.ask("flows/filter", {})}
        scheduled = {flows[one["flow_id"]] for one in found}
        time.sleep(1)
    assert scheduled == {"validate", "refresh"}


def test_the_page_of_a_run_has_the_latest_values_the_picture_and_the_text(served: Served, refreshed: str) -> None:
    found = served.ask("artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [refreshed]}}})
    kinds = {one["key"]: one["type"] for one in found}
    assert kinds == {"latest-synthetic": "table", "plot-synthetic": "markdown", "result-synthetic": "markdown"}
    table = json.loads(next(one["data"] for one in found if one["type"] == "table"))
    assert table[0]["region"] == "patch"
    assert table[0]["time"] == "2002-12-01"


def test_a_second_refresh_has_nothing_to_do(served: Served, refreshed: str) -> None:
    del refreshed
    run = served.start_run("refresh/synthetic")
    assert served.wait(run, "Completed", "Failed", "Crashed") == "Completed"
    assert "is up to date: nothing to do" in served.ask(f"flow_runs/{run}")["state"]["message"]


def test_validate_checks_what_was_published(served: Served, refreshed: str) -> None:
    del refreshed
    run = served.start_run("validate/validate")
    assert served.wait(run, "Completed", "Failed", "Crashed") == "Completed"
    result = served.root / "results" / "synthetic.png"
    kept = result.read_bytes()
    result.write_bytes(kept + b"x")
    run = served.start_run("validate/validate")
    assert served.wait(run, "Completed", "Failed", "Crashed") == "Failed"
    assert "synthetic" in served.ask(f"flow_runs/{run}")["state"]["message"]
    result.write_bytes(kept)


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_person_sees_the_result_on_the_run_page(served: Served, refreshed: str, tmp_path: Path) -> None:
    """The run page, and each of its artifacts as it is opened from there; EO_PAGE_PICTURE names where pictures go."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    folder = Path(os.environ.get("EO_PAGE_PICTURE", tmp_path))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(120_000)

        def opened(name: str, until: str) -> str:
            """Open an artifact from the run page, and give what is read there."""
            page.goto(f"http://127.0.0.1:{served.port}/runs/flow-run/{refreshed}")
            page.get_by_text("Artifacts", exact=True).first.click()
            page.get_by_text(name, exact=True).first.wait_for()
            page.screenshot(path=folder / "run.png")
            page.get_by_text(name, exact=True).first.click()
            page.locator(until).first.wait_for()
            page.screenshot(path=folder / f"{name}.png")
            return page.inner_text("body")

        table = opened("latest-synthetic", "td")
        heads = ("region", "time", "value", "anomaly", "rank", "coverage")
        for said in (*heads, "patch", "2002-12-01", "24.4 degC", "+0.3 degC", "highest since 2001", "100%"):
            assert said in table
        opened("plot-synthetic", "img[alt='Synthetic anomalies']")
        picture = page.locator("img[alt='Synthetic anomalies']").first
        page.wait_for_function("one => one.naturalWidth > 500", arg=picture.element_handle())
        text = opened("result-synthetic", "h1:has-text('Synthetic anomalies')")
        assert "check: no published series to compare with" in text
        assert "granules: 24 used" in text
        assert "0 new (0.0 MiB), 0 late, 0 quarantined; missing: none that is known" in text
        assert page.locator("a[href$='/results/synthetic.nc']").count() == 1
        assert all((folder / f"{name}.png").stat().st_size > 10_000 for name in ("run", "plot-synthetic"))
        browser.close()


def test_a_worker_that_is_killed_is_started_again(served: Served, refreshed: str) -> None:
    del refreshed
    (before,) = served.pid_of("worker", "start")
    os.kill(before, signal.SIGKILL)
    run = served.start_run("refresh/synthetic")
    assert served.wait(run, "Completed", "Failed", "Crashed") == "Completed"
    assert served.pid_of("worker", "start") != [before]


def test_a_run_that_dies_is_marked_and_the_next_one_goes_on(served: Served, refreshed: str) -> None:
    """A run is stopped in the middle as if its machine froze: nobody reports, the heartbeat stops."""
    del refreshed
    shutil.rmtree(served.root / "parts")
    (served.root / "results" / "synthetic.json").unlink()
    run = served.start_run("refresh/synthetic")
    assert served.wait(run, "Running") == "Running"
    doing = [one for word in ("prefect.engine", "prefect.runner", "flow_engine") for one in served.pid_of(word)]
    assert doing
    for pid in [*served.pid_of("worker", "start"), *doing]:
        os.kill(pid, signal.SIGKILL)
    assert served.wait(run, "Crashed", "Completed", seconds=150) == "Crashed"
    again = served.start_run("refresh/synthetic")
    assert served.wait(again, "Completed", "Failed", "Crashed") == "Completed"
    assert (served.root / "results" / "synthetic.nc").is_file()


def test_nothing_is_left_when_all_is_killed(tmp_path: Path) -> None:
    synthetic.write_each(tmp_path / "in", synthetic.months("2001-01", 12))
    configs = synthetic.configs(
        tmp_path / "configs", tmp_path / "in" / "*.nc", run={"period": "2001", "baseline": "2001"}
    )
    other = start(tmp_path / "root", configs)
    assert other.processes()
    other.process.kill()
    other.process.communicate()
    deadline = time.monotonic() + 40
    while other.processes() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert other.processes() == []
