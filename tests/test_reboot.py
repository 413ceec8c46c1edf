"""A server, or the whole machine, that goes down in mid-run, and slots that were missed meanwhile."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from urllib.error import URLError

import pytest
import synthetic
from test_serve import Served, start

pytestmark = pytest.mark.served

ENDED = ("Completed", "Degraded", "Failed", "Crashed", "Cancelled")


@dataclass
class Service:
    """A service of this machine that gives nothing until it is let."""

    folder: Path
    asked: threading.Event = field(default_factory=threading.Event)
    open: threading.Event = field(default_factory=threading.Event)

    def serve(self) -> ThreadingHTTPServer:
        service = self

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                service.asked.set()
                if service.open.wait(300):
                    super().do_GET()

            def log_message(self, *said: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(self.folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


@dataclass
class Machine:
    """All of it served, with a run that needs the service."""

    served: Served
    configs: Path
    service: Service

    def begun(self, root: Path) -> str:
        """Start a run below a root of its own and wait until it is at work; give its id."""
        self.service.open.clear()
        self.service.asked.clear()
        run = self.served.start_run("build/build", run="slow", root=str(root))
        assert self.service.asked.wait(120)
        return run


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    for month in synthetic.months("2001-01", 12):
        synthetic.write(folder / f"there/sst_{month}.nc", [month])
    service = Service(folder / "there")
    server = service.serve()
    configs = synthetic.configs(folder / "configs", folder / "there/*.nc", run={"period": "2001-01/.."})
    remote = {
        "source": {
            "kind": "https",
            "url": f"http://127.0.0.1:{server.server_address[1]}/sst_{{time:%Y-%m}}.nc",
            "limits": {"timeout": 300},
        },
        "filename": r"sst_(?P<year>\d{4})-(?P<month>\d{2})\.nc",
    }
    synthetic.dump(configs / "products/slow.yaml", synthetic.PRODUCT | remote)
    synthetic.dump(configs / "runs/slow.yaml", synthetic.RUN | {"product": "slow", "period": "2001"})
    found = Machine(start(folder / "root", configs), configs, service)
    yield found
    service.open.set()
    found.served.process.send_signal(signal.SIGINT)
    found.served.process.communicate(timeout=60)
    server.shutdown()
    server.server_close()


def test_a_server_that_is_killed_in_mid_run_comes_back_and_the_run_ends_well(machine: Machine, tmp_path: Path) -> None:
    run = machine.begun(tmp_path)
    (server,) = machine.served.pid_of("server", "start")
    os.kill(server, signal.SIGKILL)
    deadline = time.monotonic() + 120
    while True:
        try:
            machine.served.ask("health")
            break
        except (URLError, OSError):
            assert time.monotonic() < deadline
            time.sleep(0.5)
    machine.service.open.set()
    assert machine.served.wait(run, *ENDED) == "Completed"
    assert (tmp_path / "results/slow.nc").is_file()


def test_slots_that_were_missed_do_not_run_side_by_side(machine: Machine) -> None:
    """Four late runs of one deployment, as they stand on the server after a night without a worker."""
    late = (datetime.now(UTC) - timedelta(hours=9)).isoformat()
    state = {"type": "SCHEDULED", "name": "Late", "state_details": {"scheduled_time": late}}
    deployment = machine.served.ask("deployments/name/refresh/synthetic")["id"]
    runs = [machine.served.ask(f"deployments/{deployment}/create_flow_run", {"state": state})["id"] for _ in range(4)]
    states = [machine.served.wait(run, *ENDED) for run in runs]
    assert set(states) <= {"Completed", "Cancelled"}
    assert "Completed" in states
    found = [machine.served.ask(f"flow_runs/{run}") for run in runs]
    worked = sorted((one["start_time"], one["end_time"]) for one in found if one["state_name"] == "Completed")
    assert all(before[1] <= after[0] for before, after in pairwise(worked))


def test_a_machine_that_goes_down_in_mid_run_goes_on_and_the_run_that_died_is_marked(
    machine: Machine, tmp_path: Path
) -> None:
    run = machine.begun(tmp_path)
    down = machine.served
    down.process.kill()
    down.process.communicate()
    deadline = time.monotonic() + 60
    while down.processes() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert down.processes() == []
    machine.service.open.set()
    machine.served = start(down.root, machine.configs)
    up = time.monotonic()
    assert machine.served.wait(run, *ENDED, seconds=150) == "Crashed"
    assert time.monotonic() - up < 120
    again = machine.served.start_run("build/build", run="slow", root=str(tmp_path))
    assert machine.served.wait(again, *ENDED) == "Completed"
    assert (tmp_path / "results/slow.nc").is_file()
