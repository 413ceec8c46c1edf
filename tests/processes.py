"""Builds in processes of their own, forked from one that has the libraries loaded: half a second each."""

import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from eo import build, load_run
from eo.errors import EoError

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["processes", "eo.pipeline", "eo.readers.cf", "eo.indicators.anomaly", "matplotlib.backends.backend_agg"]
)


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    """Its exit code: minus the number of the signal that killed it."""
    content: str = ""
    prepared: int = -1
    error: str = ""


class Building:
    """A build in a process of its own."""

    def __init__(
        self, configs: Path, root: Path | str, *, run: str = "synthetic", prepare: Callable[[], None] | None = None
    ) -> None:
        """Start it; `prepare` is done in the process after the run is loaded."""
        self._said, there = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(target=_build, args=(configs, run, root, prepare, there))
        self._process.start()
        there.close()

    def kill(self) -> None:
        self._process.kill()

    def end(self, seconds: float = 120) -> Ended:
        """Wait for its end."""
        self._process.join(seconds)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            raise TimeoutError(seconds)
        try:
            return Ended(code, **self._said.recv())
        except EOFError:
            return Ended(code)


def _build(configs: Path, run: str, root: Path | str, prepare: Callable[[], None] | None, said: Connection) -> None:
    loaded = load_run(run, configs)
    if prepare is not None:
        prepare()
    try:
        built = build(loaded, root)
    except EoError as error:
        said.send({"error": str(error)})
        sys.exit(error.exit_code)
    said.send({"content": built.content_digest, "prepared": built.prepared})


def killed_at(number: int, root: Path, events: tuple[str, ...]) -> None:
    """Let this process be killed as it is about to do for the n-th time (from 0) one of these things below the root.

    Parameters
    ----------
    events : names of audit events of Python: os.link, os.rename, open, os.mkdir, os.remove, os.rmdir
    """
    seen = 0
    inside = os.fspath(root)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event not in events or not os.fsdecode(arguments[0]).startswith(inside):  # type: ignore[arg-type]
            return
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

    sys.addaudithook(hook)


def no_file_above(size: int) -> None:
    """Let no file of this process grow above a size, bytes: the system refuses as it does on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def without_privileges() -> None:
    """Become nobody, where this process is root: to whom permissions mean nothing."""
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


def wait_for(what: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is true, for as long as a loaded machine may take."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)
