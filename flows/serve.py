"""``python -m flows.serve`` (make serve): server, page, work pool, worker and deployments on one machine, until Ctrl-C.

All of it ends together, also when this process is killed. What a person sees is at the address that is printed.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from eo.errors import EoError, InputError, StoreError
from eo.store import Store
from flows import environment, leash
from flows.deployments import POOL

if TYPE_CHECKING:
    import subprocess

START_SECONDS = 180
_POLL = 0.5
_OFTEN, _WHILE = 5, 3600.0
"""Times in so many seconds that a process may end and is started again."""


@click.command()
@click.option(
    "--root", default="data", show_default=True, help="Folder where everything is kept, or s3://bucket/folder."
)
@click.option("--configs", default="", help="Configs folder, where it is not the usual one.")
@click.option("--db", default="", help="postgresql://user@host/name; SQLite below the root where there is none.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address that server and page listen on.")
@click.option("--port", default=4200, show_default=True, help="Port of server and page.")
@click.option("--limit", default=2, show_default=True, help="Runs at the same time.")
def main(root: str, configs: str, db: str, *, host: str, port: int, limit: int) -> None:
    """Serve everything on this machine."""
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
    ):  # SIGINT, too: a shell ignores it for what it starts with &
        signal.signal(number, _interrupted)
    try:
        _serve(Store.of(root), configs, environment.served(root, host, port, db), (host, port), limit)
    except EoError as error:
        click.echo(f"error: {' '.join(str(error).split())}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        click.echo("stopped")


def _interrupted(number: int, frame: object) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


def _serve(store: Store, configs: str, settings: dict[str, str], at: tuple[str, int], limit: int) -> None:
    os.environ.update(settings)
    logs = store.root.absolute() / "prefect"
    prefect = [sys.executable, "-m", "prefect"]
    commands = {
        "server": [*prefect, "server", "start", "--host", at[0], "--port", str(at[1])],
        "worker": [*prefect, "worker", "start", "--pool", POOL, "--name", "eo", "--limit", str(limit)],
    }
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        _check_free(*at)
        click.echo("starting the server: half a minute on a first start", err=True)
        running["server"] = leash.start(commands["server"], logs / "server.log", os.environ)
        _wait(*at, lambda: running["server"].poll() is None, logs / "server.log")
        from flows.installation import install

        names = install(configs or None, store.address, limit)
        running["worker"] = leash.start(commands["worker"], logs / "worker.log", os.environ)
        click.echo(f"page: http://{at[0]}:{at[1]}  ({len(names)} deployments: {', '.join(names)})")
        click.echo(f"logs: {logs}/server.log, {logs}/worker.log; Ctrl-C stops all")
        _supervise(running, commands, logs)
    finally:
        for process in reversed(list(running.values())):
            leash.stop(process)


def _check_free(host: str, port: int) -> None:
    asked = HTTPConnection(host, port, timeout=5)
    try:
        asked.connect()
    except OSError:
        return
    finally:
        asked.close()
    raise InputError(
        f"the port of the server must be free, and something answers at {host}:{port}; name another: --port"
    )


def _wait(host: str, port: int, lives: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and lives():
        asked = HTTPConnection(host, port, timeout=5)
        try:
            asked.request("GET", "/api/health")
            if asked.getresponse().status == 200:  # noqa: PLR2004 - OK
                return
        except (OSError, HTTPException):
            time.sleep(_POLL)
        finally:
            asked.close()
    raise StoreError(f"the Prefect server must start, and it did not; see {log}")


def _supervise(running: "dict[str, subprocess.Popen[bytes]]", commands: dict[str, list[str]], logs: Path) -> NoReturn:
    """Start again what ends, for as long as it does not end again and again."""
    ended: dict[str, list[float]] = {name: [] for name in running}
    while True:
        for name, process in running.items():
            if process.poll() is None:
                continue
            ended[name] = [one for one in ended[name] if one > time.monotonic() - _WHILE] + [time.monotonic()]
            if len(ended[name]) > _OFTEN:
                raise StoreError(f"the {name} must run, and it ended {len(ended[name])} times; see {logs}/{name}.log")
            click.echo(f"the {name} ended with code {process.returncode}; starting it again", err=True)
            running[name] = leash.start(commands[name], logs / f"{name}.log", os.environ)
        time.sleep(_POLL)


if __name__ == "__main__":
    main()
