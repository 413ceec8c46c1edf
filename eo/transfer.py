"""Files of a service on their way: downloaded side by side, each verified while others come, kept in groups."""

import math
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol, cast

from eo import quarantine
from eo.errors import Absent, Denied, SourceError, Unavailable
from eo.model import Product
from eo.origin import RemoteSource, host_of
from eo.quarantine import Draft
from eo.sources import Connector, Kept, Remote, asked
from eo.sources._patience import patiently
from eo.store import Store
from eo.verification import Arrival, Examination
from eo.verifiers import Verifiers

_GROUP = 64
"""Granules that are moved to raw/ together: they share the wait for the disk."""
_GROUP_SECONDS = 0.5
_IN_A_ROW = 10
"""Files that fail one after the other before a service is taken to be down."""


class Watch(Protocol):
    """What a person sees of a fetch. Its functions are called from several threads."""

    def begin(self, files: int) -> None:
        """Take the number of files that are to come."""

    def tally(self, size: int) -> None:
        """Take the number of bytes that came."""

    def end(self, name: str, error: str) -> None:
        """Take the name of a file that is done, and what was wrong with it."""


class Unwatched:
    """Shows nothing."""

    def begin(self, files: int) -> None:
        """Show nothing."""

    def tally(self, size: int) -> None:
        """Show nothing."""

    def end(self, name: str, error: str) -> None:
        """Show nothing."""


@dataclass
class Job:
    """The files of one fetch, on their way through its threads."""

    name: str
    product: Product
    source: RemoteSource
    connector: Connector
    store: Store
    work: Path
    asked: set[str]
    watch: Watch
    held: Mapping[str, tuple[Path, ...]]
    """What is in quarantine of each file, see `eo.quarantine.held`."""
    came: list[Kept] = field(default_factory=list)
    failed: dict[Remote, str] = field(default_factory=dict)
    gone: set[Remote] = field(default_factory=set)
    ended: SourceError | None = None
    """Why nothing more was asked of the service."""
    in_a_row: int = 0
    """Files that failed one after the other, because the service does not answer."""
    stopped: threading.Event = field(default_factory=threading.Event)

    def absent(self, remote: Remote) -> bool:
        """Tell whether the service has no such file after all."""
        return remote in self.gone

    def run(self, todo: list[Remote]) -> None:
        """Download the files side by side, verify each as it comes, and keep them in groups."""
        self.watch.begin(len(todo))
        done: SimpleQueue[_Outcome] = SimpleQueue()
        examination = Examination(self.product, frozenset(self.asked), self.source.limits.largest, asked(self.product))
        with (
            Verifiers(examination, len(todo), lambda *found: done.put(self._judged(*found))) as verifiers,
            ThreadPoolExecutor(self.source.limits.connections, "download") as downloads,
        ):
            try:
                for remote in todo:
                    downloads.submit(self._one, remote, done, verifiers)
                self._collect(done, len(todo))
            except BaseException:
                self.stopped.set()
                downloads.shutdown(cancel_futures=True)
                raise

    def _one(self, remote: Remote, done: "SimpleQueue[_Outcome]", verifiers: Verifiers) -> None:
        """Download one file, and let it be verified elsewhere."""
        try:
            draft, sent = self._download(remote)
        except BaseException as error:  # noqa: BLE001 - goes to the thread that waits for every file
            self._consider(error)
            done.put(_Outcome(remote, error=error))
            return
        self.in_a_row = 0
        verifiers.put(Arrival(draft, sent))

    def _consider(self, error: BaseException) -> None:
        """Ask nothing more of a service that does not accept the credentials, or does not answer again and again."""
        self.in_a_row = self.in_a_row + 1 if isinstance(error, Unavailable) else 0
        if self.in_a_row == _IN_A_ROW:
            error = SourceError(f"a service answers, and {_IN_A_ROW} files in a row did not come; the last: {error}")
        if isinstance(error, Denied) or self.in_a_row == _IN_A_ROW:
            self.ended = self.ended or cast("SourceError", error)
            self.stopped.set()

    def _download(self, remote: Remote) -> tuple[Draft, Remote]:
        draft = quarantine.open_draft(self.store, self.name, remote, self.held.get(remote.name, ()))
        try:
            sent = self._bytes(remote, draft.path)
            for one in remote.beside:
                self._bytes(one, draft.beside(one))
        except (_Excess, UnicodeError) as error:
            quarantine.refuse(self.store, draft, str(error), self.work)
            raise
        return draft, sent

    def _bytes(self, remote: Remote, path: Path) -> Remote:
        limits, end = self.source.limits, time.monotonic() + self.source.limits.deadline

        def request() -> Remote | None:
            size = path.stat().st_size if path.exists() else 0

            def tally(number: int) -> None:
                nonlocal size
                size += number
                self.watch.tally(number)
                if self.stopped.is_set():
                    raise SourceError(f"{remote.name} is left as it is: the fetch was stopped")
                if size > limits.largest:
                    raise _Excess(f"{remote.name} must have at most {limits.largest} bytes, and it has more")
                if time.monotonic() > end:
                    raise SourceError(f"{remote.name} must come within {limits.deadline:g} s, and {size} bytes did")

            if self.stopped.is_set():
                raise SourceError(f"{remote.name} is left: the fetch was stopped")
            return self.connector.fetch(self.source, remote, path, tally)

        return patiently(host_of(remote.url), limits, request) or remote

    def _judged(self, arrival: Arrival, found: "list[Kept] | BaseException") -> "_Outcome":
        """Give the outcome of a file; one that is refused stays in quarantine with its reason."""
        draft = arrival.draft
        if isinstance(found, SourceError):
            quarantine.refuse(self.store, draft, str(found), self.work)
        if isinstance(found, BaseException):
            return _Outcome(draft.remote, error=found)
        return _Outcome(draft.remote, draft, found)

    def _collect(self, done: "SimpleQueue[_Outcome]", number: int) -> None:
        """Take in what becomes of every file; move to raw/ those that stand in groups, and let none wait for long."""
        group: list[tuple[Draft, list[Kept]]] = []
        until = math.inf
        while number or group:
            outcome = _next(done, until) if number and len(group) < _GROUP else None
            if outcome is None:
                self._keep(group)
                group, until = [], math.inf
                continue
            number -= 1
            if outcome.draft is None:
                self._fail(outcome)
                continue
            until = until if group else time.monotonic() + _GROUP_SECONDS
            group.append((outcome.draft, outcome.kept))

    def _keep(self, group: list[tuple[Draft, list[Kept]]]) -> None:
        quarantine.move_to_raw(self.store, self.name, group)
        for draft, found in group:
            self.came += found
            self.watch.end(draft.remote.name, "")

    def _fail(self, outcome: "_Outcome") -> None:
        error = outcome.error
        if not isinstance(error, SourceError):
            raise error if error is not None else AssertionError(outcome)
        if isinstance(error, Absent):
            self.gone.add(outcome.remote)
        self.failed[outcome.remote] = str(error)
        self.watch.end(outcome.remote.name, str(error))


@dataclass(frozen=True)
class _Outcome:
    """What became of one file."""

    remote: Remote
    draft: Draft | None = None
    kept: list[Kept] = field(default_factory=list)
    error: BaseException | None = None


def _next(done: "SimpleQueue[_Outcome]", until: float) -> _Outcome | None:
    """Give what became of one more file; None where none is done by then."""
    left = until - time.monotonic()
    try:
        return done.get(timeout=None if left == math.inf else left) if left > 0 else None
    except Empty:
        return None


class _Excess(SourceError):  # noqa: N818 - never leaves this module
    """A file that is larger than allowed."""
