"""Patience with services: how many requests at once and in a minute, and how often a failed one is tried again.

The orchestrator tries each `fetch` of a connector again; a connector puts the single requests of its `find` through
`patiently` itself, so that a thousand listings are not asked for anew because one of them failed.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import stamina
from stamina import instrumentation

from eo.errors import Unavailable
from eo.origin import Limits

T = TypeVar("T")

_MINUTE = 60.0
_LONGEST_WAIT = 60.0


@dataclass
class _Host:
    """The places and the last requests of one host, shared by all threads."""

    places: threading.BoundedSemaphore
    asked: deque[float] = field(default_factory=deque)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def pause(self, per_minute: int) -> float:
        """Take a turn and give 0.0, or give the seconds until there is one."""
        with self.lock:
            now = time.monotonic()
            while self.asked and now - self.asked[0] >= _MINUTE:
                self.asked.popleft()
            if len(self.asked) >= per_minute:
                return self.asked[0] + _MINUTE - now
            self.asked.append(now)
            return 0.0


_hosts: dict[tuple[str, int], _Host] = {}
_lock = threading.Lock()


def _host(name: str, connections: int) -> _Host:
    with _lock:
        return _hosts.setdefault((name, connections), _Host(threading.BoundedSemaphore(connections)))


@contextmanager
def turn(host: str, limits: Limits) -> Iterator[None]:
    """Wait for one of the host's connections, and for a request that its minute has left."""
    at = _host(host, limits.connections)
    with at.places:
        while limits.per_minute is not None and (wait := at.pause(limits.per_minute)) > 0:
            time.sleep(wait)
        yield


def patiently(host: str, limits: Limits, request: Callable[[], T]) -> T:
    """Give what a request gives, tried again while the host is `Unavailable`: with back-off, jitter, and Retry-After.

    Raises
    ------
    SourceError
        What the last attempt raised: out of attempts or of time, or an error that another try would not mend.
    """
    end = time.monotonic() + limits.deadline

    def worth_another(error: Exception) -> bool | float:
        if not isinstance(error, Unavailable):
            return False
        if error.retry_after is None:
            return True
        wait = error.retry_after + random.uniform(0, limits.wait)  # noqa: S311 - spreads requests, hides nothing
        return wait if time.monotonic() + wait < end else False

    instrumentation.set_on_retry_hooks(())  # the orchestrator says what failed; stamina's own lines say less
    for attempt in stamina.retry_context(
        on=worth_another,
        attempts=limits.attempts,
        timeout=limits.deadline,
        wait_initial=limits.wait,
        wait_max=max(limits.wait, _LONGEST_WAIT),
        wait_jitter=limits.wait,
    ):
        with attempt, turn(host, limits):
            return request()
    raise AssertionError("stamina gives at least one attempt")  # pragma: no cover
