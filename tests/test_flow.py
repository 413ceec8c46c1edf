"""The run as a Prefect flow where no server is configured: it ends well, leaves nothing running and phones nobody."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
from commands import single_line, succeeds
from fixtures_run import Finished
from synthetic import CONFIGS, configs, months, write

from eo import load_run, pipeline
from eo.errors import EoError
from eo.workers import workers
from flows import environment

pytestmark = pytest.mark.slow


@dataclass
class Proxy:
    """A place where all connections to the outside would go; it counts them and closes them."""

    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    connections: int = 0

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"


@dataclass(frozen=True)
class Flow:
    """A flow in a process of its own; all that it starts carries its mark."""

    process: subprocess.Popen[str]
    mark: str

    def running(self) -> list[str]:
        """Give the command lines of the processes that it started, itself included, which run now."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found


def start(root: Path, home: Path, *, run: str = "enso_ostia", **environment: str) -> Flow:
    """Start a flow as a person does who configured nothing."""
    mark = uuid.uuid4().hex
    plain = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "DO_NOT", "NO_PROXY"))
    }
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "flows", run, "--root", root, "--configs", CONFIGS],
        env=plain | {"HOME": str(home), "MARK": mark} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Flow(process, mark)


@dataclass(frozen=True)
class First:
    """The first start of all: no server, no home."""

    root: Path
    home: Path
    code: int
    out: str
    err: str
    left: list[str]
    connections: int


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> First:
    folder = tmp_path_factory.mktemp("flow")
    (folder / "home").mkdir()
    proxy = Proxy()
    threading.Thread(target=proxy.serve, daemon=True).start()
    flow = start(
        folder / "root", folder / "home", HTTP_PROXY=proxy.address, HTTPS_PROXY=proxy.address, ALL_PROXY=proxy.address
    )
    out, err = flow.process.communicate(timeout=170)
    left = flow.running()
    proxy.listening.close()
    return First(folder / "root", folder / "home", flow.process.returncode, out, err, left, proxy.connections)


def test_a_first_start_ends_well_without_a_traceback(first: First) -> None:
    assert first.code == 0, first.err
    assert "Traceback" not in first.out + first.err
    said = first.out.splitlines()
    assert said[0].startswith(f"{first.root}/results/enso_ostia.nc: 5 parts prepared, 0 already there; content ")
    assert said[1].startswith("validation: nino34 sea_surface_temperature against CPC Nino 3.4 (OISST): 54 months, ")
    assert len(said) == 2


def test_the_flow_and_the_command_write_the_same_content(first: First, enso: Finished) -> None:
    digests = [
        json.loads((root / "results/enso_ostia.json").read_text())["content_digest"] for root in (first.root, enso.root)
    ]
    assert digests[0] == digests[1]


def test_no_process_is_left_behind(first: First) -> None:
    assert first.left == []


def test_nobody_outside_is_phoned(first: First) -> None:
    assert first.connections == 0


def test_the_home_of_prefect_is_inside_the_root(first: First) -> None:
    assert (first.root / "prefect/prefect.db").stat().st_size > 0
    assert not (first.home / ".prefect").exists()
    assert "Traceback" not in (first.root / "prefect/server.log").read_text()


def test_a_second_start_says_that_there_is_nothing_to_do_and_starts_no_server(first: First) -> None:
    log = first.root / "prefect/server.log"
    before = log.stat().st_mtime_ns
    flow = start(first.root, first.home)
    out, err = flow.process.communicate(timeout=60)
    assert (flow.process.returncode, err) == (0, "")
    assert out.startswith(f"{first.root}/results/enso_ostia.nc is up to date: nothing to do\n")
    assert log.stat().st_mtime_ns == before


def test_a_flow_that_is_killed_takes_its_server_with_it_and_is_finished_by_the_next(
    first: First, enso: Finished, tmp_path: Path
) -> None:
    flow = start(tmp_path, first.home, PREFECT_HOME=str(first.root / "prefect"))
    for line in flow.process.stderr:
        if "5 parts to prepare" in line:
            break
    running = flow.running()
    assert len(running) == 2
    assert any("flows.server" in one for one in running)

    flow.process.send_signal(signal.SIGKILL)
    flow.process.communicate(timeout=10)
    deadline = time.monotonic() + 15
    while flow.running() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert flow.running() == []

    succeeds("build", "enso_ostia", "--root", tmp_path, "--configs", CONFIGS)
    assert list((tmp_path / "tmp").iterdir()) == []
    lineage = [json.loads((root / "results/enso_ostia.json").read_text()) for root in (tmp_path, enso.root)]
    assert lineage[0]["content_digest"] == lineage[1]["content_digest"]


@pytest.mark.parametrize(
    ("run", "root", "said"),
    [
        ("nothing", "root", f"no run 'nothing' in {CONFIGS}/runs; it has ["),
        ("enso_ostia", "file/root", "{root} must be writable, and it is not: Not a directory"),
    ],
    ids=["run", "root"],
)
def test_bad_input_gets_one_line_before_a_server_is_started(tmp_path: Path, run: str, root: str, said: str) -> None:
    (tmp_path / "file").touch()
    flow = start(tmp_path / root, tmp_path, run=run)
    out, err = flow.process.communicate(timeout=60)
    assert (flow.process.returncode, out) == (2, "")
    assert single_line(err).startswith(said.format(root=tmp_path / root))
    assert not (tmp_path / "root").exists()


def test_a_server_that_does_not_answer_is_said_in_one_line(tmp_path: Path) -> None:
    flow = start(tmp_path / "root", tmp_path, PREFECT_API_URL="http://127.0.0.1:9/api")
    out, err = flow.process.communicate(timeout=60)
    assert (flow.process.returncode, out) == (2, "")
    assert single_line(err).startswith("the Prefect server must answer, and it does not: Failed to reach API")


# What a flow says of a run that fails: its tasks and its outcome, without a server


@pytest.fixture
def flows(tmp_path: Path) -> Iterator[ModuleType]:
    """Give the module of the flow, imported as the command does it."""
    before = dict(os.environ)
    environment.prepare(tmp_path)
    import flows.build

    yield flows.build
    os.environ.clear()
    os.environ.update(before)


def _plan(folder: Path, **run: object) -> pipeline.Plan:
    write(folder / "in/sst.nc", months("2001-01", 12))
    there = configs(folder / "configs", folder / "in/*.nc", run={"period": "2001"} | run)
    return pipeline.plan(load_run("synthetic", there), folder / "root")


@pytest.mark.usefixtures("flows")
def test_a_part_that_cannot_be_read_is_a_failed_task_with_its_line(tmp_path: Path) -> None:
    from flows import preparing

    plan = _plan(tmp_path)
    (tmp_path / "in/sst.nc").write_bytes(b"")
    with workers("") as each:
        state = preparing.prepare_parts.fn(plan.run, plan.parts, str(tmp_path / "root"), each)
    assert (state.is_failed(), state.name) == (True, "Failed")
    assert state.message == f"{tmp_path}/in/sst.nc must not change while it is used, and it did; run again"


def test_a_result_that_the_gate_refuses_is_a_state_of_its_own(flows: ModuleType, tmp_path: Path) -> None:
    limits = {"title": "CPC", "file": "cpc_nino34.csv", "column": "nino34", "region": "patch",
              "variable": "sea_surface_temperature", "units": "degC", "correlation": 0.9, "rmsd": 1.0}  # fmt: skip
    write(tmp_path / "in/more.nc", months("2007-01", 24))
    plan = _plan(tmp_path, period="2007/2008", baseline="2007", validation=limits)
    for part in plan.missing:
        pipeline.prepare(plan.run, part, tmp_path / "root")
    state = flows.finish_run.fn(plan)
    assert (state.is_failed(), state.name) == (True, "Refused")
    assert state.message.startswith("result 'synthetic' is not published; it breaks 2 rules: correlation with CPC is")


@pytest.mark.parametrize(("name", "code"), [("Refused", 1), ("Failed", 2), ("Crashed", 2)])
def test_the_command_ends_as_the_flow_does(
    flows: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str, code: int
) -> None:
    from prefect.states import Failed

    from flows import __main__ as command

    monkeypatch.setattr(flows, "build", lambda *_, **__: Failed(name=name, message="the rule, the value"))
    with pytest.raises(EoError, match="the rule, the value") as refused:
        command._outcome("enso_ostia", "root", "", offline=True)
    assert refused.value.exit_code == code
