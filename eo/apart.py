"""Processes of this machine that a function runs in: what it does to its process, it does to no other.

They are forked from one that has loaded what the function needs, and that has no threads: a second of work for the
first of them, and none for the others. That one is started as a program of its own, so that neither threads, nor locks,
nor the main module of this process are in it. When this process ends, however it ends, they do.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Connection, Pipe
from multiprocessing.reduction import recv_handle, send_handle
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Function = Callable[[Item], Result]

_PROGRAM = "import sys; sys.path[:] = {path!r}; from eo.apart import _bear; _bear({handle})"
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""What keeps libraries from starting threads when they are loaded: a process with threads is not forked safely."""
_PATIENCE = 5.0
_YIELDING = 10
"""How much they give way to the process that started them, which waits for nothing but the network."""


class Died(Exception):  # noqa: N818 - what happened to a process
    """A process ended before it gave a result; says how."""


class Worker(Generic[Item, Result]):
    """One process: it takes one item after the other, and gives their results in that order."""

    def __init__(self, connection: "Connection[Any, Any]", ended: Callable[[], str]) -> None:
        """Take what leads to the process, and what tells how it ended when it did."""
        self._connection, self._ended = connection, ended

    def send(self, item: Item) -> None:
        """Let it take an item.

        Raises
        ------
        Died
            It is no more.
        """
        try:
            self._connection.send(item)
        except OSError:
            raise Died(self._ended()) from None

    def receive(self) -> Result:
        """Give the result of the first item that none was given for.

        Raises
        ------
        Died
            It ended while it worked on that item.
        BaseException
            What the function raised.
        """
        try:
            error, result = self._connection.recv()
        except (EOFError, OSError):
            raise Died(self._ended()) from None
        if error is not None:
            raise error
        found: Result = result
        return found


class Nursery(Generic[Item, Result]):
    """The process that the others are forked from."""

    def __init__(self, function: Function[Item, Result], prepare: Callable[[], object]) -> None:
        """Start it, without waiting for it.

        Parameters
        ----------
        function : what the processes do with each item; it goes there pickled
        prepare : what is done once, before the others are forked: loads libraries, and starts no thread

        Raises
        ------
        OSError
            No process can be started.
        """
        self._lock, self._is_ready = threading.Lock(), False
        self._control, there = Pipe()
        program = _PROGRAM.format(path=sys.path, handle=there.fileno())
        try:
            with there:
                self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and this module
                    [sys.executable, "-c", program],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[there.fileno()],
                    env=os.environ | _ONE_THREAD,
                    start_new_session=True,  # Ctrl-C is for the process that a person started
                )
        except BaseException:
            self._control.close()
            raise
        with suppress(OSError):  # where it has ended already, `is_ready` says so
            self._control.send((prepare, function))

    def is_ready(self) -> bool:
        """Tell whether it is there to fork others.

        Raises
        ------
        Died
            It is no more.
        """
        with self._lock:
            try:
                self._is_ready = self._is_ready or (self._control.poll() and bool(self._control.recv()))
            except (EOFError, OSError):
                raise Died(_how(self._process.wait(_PATIENCE))) from None
            return self._is_ready

    def worker(self) -> Worker[Item, Result]:
        """Give a process that takes items.

        Raises
        ------
        Died
            None can be forked.
        """
        ours, there = Pipe()
        with self._lock, there:
            try:
                self._control.send("fork")
                send_handle(self._control, there.fileno(), self._process.pid)
                number = self._control.recv()
            except (EOFError, OSError) as error:
                raise Died(str(error)) from None
        return Worker(ours, cache(lambda: self._end_of(number)))

    def _end_of(self, number: int) -> str:
        with self._lock:
            try:
                self._control.send(number)
                return _how(self._control.recv())
            except (EOFError, OSError):
                return "it was ended with all others"

    def close(self) -> None:
        """End all of them, whatever they do."""
        with self._lock:
            if not self._is_ready:
                self._process.kill()
            self._control.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def _bear(handle: int) -> None:
    """Be the process that others are forked from, until the one that started it is no more."""
    control: Connection[Any, Any] = Connection(handle)
    born: set[int] = set()
    os.nice(_YIELDING)
    with suppress(EOFError, OSError):
        prepare, function = control.recv()
        prepare()
        control.send(True)  # noqa: FBT003 - it is ready
        while True:
            asked = control.recv()
            if asked == "fork":
                born.add(number := _fork(control, function))
                control.send(number)
            else:
                born.discard(asked)
                control.send(os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1]))
    for number in born:
        os.kill(number, signal.SIGKILL)
        os.waitpid(number, 0)


def _fork(control: "Connection[Any, Any]", function: Function[Any, Any]) -> int:
    """Fork a process that works, and give its number."""
    handle = recv_handle(control)
    number = os.fork()
    if number:
        os.close(handle)
        return number
    try:
        control.close()
        _work(Connection(handle), function)
    finally:
        os._exit(0)


def _work(connection: "Connection[Any, Any]", function: Function[Any, Any]) -> None:
    """Give the result of each item, or what was raised instead, until there is nobody to give it to."""
    with suppress(EOFError, OSError):
        while True:
            item = connection.recv()
            try:
                said: tuple[Exception | None, Any] = (None, function(item))
            except Exception as error:  # noqa: BLE001 - goes to the process that sent the item
                said = (_portable(error), None)
            connection.send(said)


def _portable(error: Exception) -> Exception:
    """Give an error that can be pickled and raised elsewhere."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - as made here
    except Exception:  # noqa: BLE001 - whatever the error is made of
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
