"""Everything on one machine with PostgreSQL, a real one for this test alone: a run completes, nothing is shown."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import synthetic
from test_serve import Served

pytestmark = pytest.mark.served

PASSWORD = "a-word-of-this-test"  # noqa: S105 - of a database that is gone afterwards
SOMEBODY = "nobody"
"""PostgreSQL refuses to run as root."""


def folder_of_programs() -> Path | None:
    """Give where initdb and postgres are: Debian keeps them out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL of this machine alone."""

    port: int
    log: Path

    @property
    def address(self) -> str:
        return f"postgresql://eo@127.0.0.1:{self.port}/postgres"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    programs = folder_of_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    who = {"user": SOMEBODY} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="eo-postgresql-"))
    (folder / "password").write_text(PASSWORD)
    if who:
        shutil.chown(folder, SOMEBODY)
        shutil.chown(folder / "password", SOMEBODY)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = [programs / "initdb", "--pgdata", folder / "data", "--username", "eo", "--auth", "scram-sha-256",
            "--pwfile", folder / "password", "--encoding", "UTF8", "--locale", "C", "--no-sync"]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True, cwd="/", **who)  # type: ignore[call-overload]  # noqa: S603 - a program of this machine
    running = [programs / "postgres", "-D", folder / "data", "-p", str(port), "-c", "listen_addresses=127.0.0.1",
               "-c", "unix_socket_directories=", "-c", "fsync=off"]  # fmt: skip
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(running, stdout=log, stderr=log, cwd="/", **who)  # type: ignore[call-overload]  # noqa: S603 - as above
    try:
        yield Cluster(port, folder / "log")
    finally:
        server.send_signal(signal.SIGINT)  # its fast shutdown
        server.wait(30)
        shutil.rmtree(folder)


def test_a_run_completes_with_postgresql_and_the_password_is_shown_nowhere(cluster: Cluster, tmp_path: Path) -> None:
    synthetic.write_each(tmp_path / "in", synthetic.months("2001-01", 12))
    period = {"period": "2001-01/..", "baseline": "2001"}
    configs = synthetic.configs(tmp_path / "configs", tmp_path / "in" / "*.nc", run=period)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    plain = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "DO_NOT", "NO_PROXY"))
    }
    command = [sys.executable, "-m", "flows.serve", "--root", tmp_path / "root", "--configs", configs,
               "--port", str(port), "--db", cluster.address]  # fmt: skip
    process = subprocess.Popen(  # noqa: S603 - ourselves
        command, env=plain | {"PGPASSWORD": PASSWORD}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("logs:"):
            break
    else:
        raise AssertionError("".join(said))
    try:
        served = Served(process, tmp_path / "root", port)
        run = served.start_run("refresh/synthetic")
        assert served.wait(run, "Completed", "Degraded", "Failed", "Crashed") == "Completed"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert (tmp_path / "root/results/synthetic.nc").is_file()
    assert not (tmp_path / "root/prefect/prefect.db").exists()  # what SQLite would have left
    logs = "".join(path.read_text() for path in (tmp_path / "root/prefect").glob("*.log"))
    assert PASSWORD not in logs + "".join(said)
    assert "database is locked" not in logs
