"""Processes that a function runs in: their deaths are told, and none outlives the process that started them."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from processes import wait_for

from eo.apart import Died, Nursery

NOTHING = partial(int, 0)
SECONDS = 20


@contextmanager
def nursery(function: Callable[[Any], Any], prepare: Callable[[], object] = NOTHING) -> Iterator[Nursery[Any, Any]]:
    made = Nursery(function, prepare)
    try:
        wait_for(made.is_ready)
        yield made
    finally:
        made.close()


def test_results_come_in_the_order_of_the_items_and_errors_as_they_were_raised() -> None:
    with nursery(math.sqrt) as made:
        one, other = made.worker(), made.worker()
        for item in (4.0, -1.0, 9.0):
            one.send(item)
        other.send(16.0)
        assert (one.receive(), other.receive()) == (2.0, 4.0)
        with pytest.raises(ValueError, match="math domain"):
            one.receive()
        assert one.receive() == 3.0


def test_a_process_that_dies_says_how_and_the_others_go_on() -> None:
    with nursery(eval) as made:
        dying, killed, other = (made.worker() for _ in range(3))
        dying.send("__import__('os').abort()")
        with pytest.raises(Died, match="SIGABRT"):
            dying.receive()
        killed.send("__import__('os').getpid()")
        os.kill(killed.receive(), signal.SIGKILL)
        with pytest.raises(Died, match="SIGKILL"):
            killed.receive()
        with pytest.raises(Died, match="SIGKILL"):  # it stays dead
            killed.receive()
        for one in (other, made.worker()):
            one.send("6 * 7")
            assert one.receive() == 42


def test_closing_ends_what_still_works() -> None:
    with nursery(time.sleep) as made:
        one = made.worker()
        one.send(600)
        start = time.monotonic()
    with pytest.raises(Died):
        one.receive()
    assert time.monotonic() - start < SECONDS


@pytest.mark.parametrize("program", ["/bin/false", "/nowhere"])
def test_where_no_process_can_be_started_it_is_said(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(sys, "executable", program)
    with pytest.raises((Died, OSError)), nursery(math.sqrt):
        pass


def test_a_preparation_that_fails_is_said() -> None:
    with pytest.raises(Died, match="ended with code 1"), nursery(math.sqrt, partial(int, "no number")):
        pass


# Without a guard for its being imported: it must not be run again in the processes.
SCRIPT = """
import os, signal, sys, time
from functools import partial
from eo.apart import Nursery
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it runs in the background ignore it
print("once", flush=True)
made = Nursery(eval, partial(int, 0))
while not made.is_ready():
    time.sleep(0.01)
one = made.worker()
one.send("__import__('os').getpid()")
print(one.receive(), made._process.pid, flush=True)
one.send("__import__('time').sleep(600)")
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_the_one_that_started_it(tmp_path: Path, number: signal.Signals) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "once\n"
        born = [int(one) for one in process.stdout.readline().split()]
        assert all(map(_lives, born))
        process.send_signal(number)
        process.wait(SECONDS)
        wait_for(lambda: not any(map(_lives, born)))
        assert process.stdout.read() == ""


def _lives(number: int) -> bool:
    """Tell whether a process is there, and not just its exit code."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False
