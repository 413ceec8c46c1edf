"""``python -m flows.leash COMMAND...``: a command that ends with the process that holds its standard input.

The system closes the other end of a pipe for a process that was killed, too: what was started on a leash never outlives
the one who started it, however that one ends.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_SECONDS = 15
"""What a command gets to end by itself after SIGTERM."""


def start(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start a command on a leash: it and all of its group end when this process does, or when its input is closed.

    Parameters
    ----------
    command : the program and its arguments
    log : the file that gets what it says; appended to
    environment : all of its environment
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as said:
        return subprocess.Popen(  # noqa: S603 - this module, run by this interpreter
            [sys.executable, "-m", __name__, *command],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            env=dict(environment),
            start_new_session=True,  # Ctrl-C is for the one who holds the leash
        )


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a command on a leash and wait until it is gone."""
    process.communicate()


def _run(command: Sequence[str]) -> int:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - as it was given by `start`
    threading.Thread(target=_end, args=[child], daemon=True).start()
    return child.wait()


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Wait until nobody holds the leash, then end the whole group."""
    os.read(sys.stdin.fileno(), 1)
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))
