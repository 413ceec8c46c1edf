"""Verification beside the downloads: in a thread of this process, and in processes where there is much of it.

NetCDF files are read by one thread of a process at a time. Where what is left would take seconds, processes are
started, and files are read in all cores; a file that ends the process that reads it ends nothing else.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from eo.apart import Died, Nursery, Worker
from eo.errors import SourceError, StoreError
from eo.sources import Kept
from eo.verification import Arrival, Examination

Report = Callable[[Arrival, list[Kept] | BaseException], None]
"""Takes what became of a file: the granules in it, or what was raised."""

_LOG = logging.getLogger(__name__)
_WORTH = 3.0
"""Seconds of verification that are left when processes are worth their start, which takes one or two."""
_WAITING = 2
_AHEAD = 2
"""Files that a process is given at a time: one that it reads, and the next one."""
_TRIES = 2
_MOMENT = 0.02
_MOST = 8


def _cores() -> int:
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(here, _MOST)


class Verifiers:
    """Threads that verify files as they come; each with a process, where there is much to do."""

    def __init__(self, examination: Examination, expected: int, report: Report) -> None:
        """Take what is done with each file, how many will come, and what takes the outcome of each."""
        self._examination, self._left, self._report = examination, expected, report
        self._waiting: SimpleQueue[Arrival | None] = SimpleQueue()
        self._quickest = float("inf")
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._nursery: Nursery[Arrival, list[Kept]] | None = None
        self._threads = [threading.Thread(target=self._here, name="verify-0")]

    def __enter__(self) -> Self:
        """Begin."""
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait until all files are verified; after an error, for none."""
        if error is not None:
            self._stop()
        self._waiting.put(None)
        for one in self._threads:
            one.join()
        self._stop()

    def put(self, arrival: Arrival) -> None:
        """Let a file be verified."""
        self._waiting.put(arrival)

    def _stop(self) -> None:
        with self._lock:
            self._stopped.set()
            if self._nursery is not None:
                self._nursery.close()
                self._nursery = None

    def _next(self, *, wait: bool) -> Arrival | None:
        """Give the next file that came; None at the end, or where none waits."""
        try:
            found = self._waiting.get(block=wait)
        except Empty:
            return None
        if found is None:
            self._waiting.put(None)  # for the other threads
        return None if self._stopped.is_set() else found

    def _end(self, arrival: Arrival, found: list[Kept] | BaseException) -> None:
        with self._lock:
            self._left -= 1
        self._report(arrival, found)

    def _here(self) -> None:
        """Verify files in this thread, until there are processes for it."""
        while not self._are_apart():
            arrival = self._next(wait=True)
            if arrival is None:
                return
            start = time.monotonic()
            self._alone(arrival)
            self._quickest = min(self._quickest, time.monotonic() - start)
            self._begin_processes()
        for number in range(1, _cores()):
            self._threads.append(threading.Thread(target=self._apart, name=f"verify-{number}"))
            self._threads[-1].start()
        self._apart()

    def _alone(self, arrival: Arrival) -> None:
        try:
            found = self._outside(arrival) if arrival.draft.is_suspect else self._inside(arrival)
        except BaseException as error:  # noqa: BLE001 - goes to the thread that waits for every file
            found = error
        self._end(arrival, found)

    def _inside(self, arrival: Arrival) -> list[Kept] | BaseException:
        arrival.draft.suspect()
        return self._examination(arrival)

    def _outside(self, arrival: Arrival) -> list[Kept] | BaseException:
        """Verify a file, by which an earlier process may have ended, in a process of its own."""
        nursery = Nursery(self._examination, self._examination.prepare)
        try:
            worker = self._first_of(nursery, arrival.draft.remote.name)
            worker.send(arrival)
            return _outcome(worker)
        except Died as how:
            return _refusal(arrival, how)
        finally:
            nursery.close()

    def _first_of(self, nursery: Nursery[Arrival, list[Kept]], name: str) -> Worker[Arrival, list[Kept]]:
        """Wait for a process to read a file in; where there is none, the file is not to blame, and stays as it is."""
        try:
            while not nursery.is_ready():
                if self._stopped.wait(_MOMENT):
                    raise StoreError(f"{name} is left as it is: the fetch was stopped")
            return nursery.worker()
        except Died as how:
            raise StoreError(f"a process of its own must read {name}, and none can be started: {how}") from None

    def _begin_processes(self) -> None:
        """Start the process that others are forked from, where what is left is worth it; it is not waited for."""
        if self._nursery is not None or self._waiting.qsize() < _WAITING or self._left * self._quickest < _WORTH:
            return
        with self._lock:
            if self._stopped.is_set() or _cores() == 1:
                return
            try:
                self._nursery = Nursery(self._examination, self._examination.prepare)
            except (OSError, ValueError):
                self._left = 0  # nothing is worth another try

    def _are_apart(self) -> bool:
        with self._lock:
            try:
                return self._nursery is not None and self._nursery.is_ready()
            except Died as how:
                _LOG.warning("files are verified in one thread: no process for it can be started (%s)", how)
                if self._nursery is not None:
                    self._nursery.close()
                self._nursery, self._left = None, 0
                return False

    def _apart(self) -> None:
        """Have files verified by a process; by another one where that one died."""
        held: deque[Arrival] = deque()
        deaths = 0
        while (worker := self._worker()) is not None:
            try:
                for one in held:
                    worker.send(one)
                while self._hold(held, worker):
                    found = _outcome(worker)
                    deaths = 0
                    self._end(held.popleft(), found)
            except Died as how:
                deaths = deaths + 1 if held else 0
                if deaths == _TRIES and not self._stopped.is_set():
                    deaths = 0
                    self._end(held[0], _refusal(held.popleft(), how))
            else:
                return
        if self._stopped.is_set():
            return
        if held and deaths:  # what may have ended a process is not let into this one
            self._end(held[0], _refusal(held.popleft(), "ended"))
        while (arrival := held.popleft() if held else self._next(wait=True)) is not None:
            self._alone(arrival)

    def _worker(self) -> Worker[Arrival, list[Kept]] | None:
        """Give a process that verifies; None where there can be none any more."""
        with self._lock:
            nursery = self._nursery
        try:
            return None if nursery is None else nursery.worker()
        except Died:
            return None

    def _hold(self, held: deque[Arrival], worker: Worker[Arrival, list[Kept]]) -> bool:
        """Let a process have enough to do, and tell whether it has anything."""
        while len(held) < _AHEAD and (arrival := self._next(wait=not held)) is not None:
            held.append(arrival)
            worker.send(arrival)
        return bool(held)


def _outcome(worker: Worker[Arrival, list[Kept]]) -> list[Kept] | BaseException:
    try:
        return worker.receive()
    except Died:
        raise
    except Exception as error:  # noqa: BLE001 - goes to the thread that waits for every file
        return error


def _refusal(arrival: Arrival, how: object) -> SourceError:
    name = arrival.draft.remote.name
    return SourceError(f"{name} must be readable to its end, and it ended the process that read it, twice: {how}")
