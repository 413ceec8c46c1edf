"""How long one step of work may take. What takes longer ends with its process, and the run is TimedOut.

Python cannot stop a thread, and the time-out of a Prefect task that was submitted only changes what is said of it. Here
the process of the run ends: what it made stays, its locks and slots are free, and the next run goes on from there.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.states import Failed

from eo.errors import InputError
from flows.outcome import TIMED_OUT, Outcome

TIME_LIMITS = "EO_TIME_LIMITS"
"""The environment variable that says other hours: ``fetch=48 prepare=0.5``."""
HOURS = {"fetch": 24.0, "prepare": 2.0, "finish": 6.0, "check": 1.0}
"""Of a fetch of one run, of one part, of a result, of the check of one result."""


def hours(said: str) -> dict[str, float]:
    """Give the hours that each kind of step may take.

    Raises
    ------
    InputError
        Another kind, or no number above 0.
    """
    found = dict(HOURS)
    for word in said.split():
        kind, _, number = word.partition("=")
        try:
            found[kind] = float(number)
        except ValueError:
            found[kind] = 0.0
        if kind not in HOURS or not found[kind] > 0:
            raise InputError(f"{TIME_LIMITS} has hours above 0 of {', '.join(HOURS)}, such as fetch=48; not {word!r}")
    return found


@contextmanager
def limited(kind: str, what: str) -> Iterator[None]:
    """End this process, and its run as TimedOut, where what is done here takes longer than its kind may.

    Parameters
    ----------
    kind : of `HOURS`
    what : is done, for the message
    """
    seconds = 3600 * hours(os.environ.get(TIME_LIMITS, ""))[kind]
    message = f"{what} must end within {seconds:g} s, and it did not; what was made stays, the next run goes on"
    within = copy_context()  # knows the server, also a temporary one
    timer = threading.Timer(seconds, within.run, [_end, message, runtime.flow_run.id, runtime.task_run.id])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(message: str, flow_run: str | None, task_run: str | None) -> None:
    """Say that the run is over, and end it."""
    state: Outcome = Failed(name=TIMED_OUT, message=message)
    try:
        with get_client(sync_client=True) as client:
            if flow_run is not None:
                client.set_flow_run_state(UUID(str(flow_run)), state, force=True)
            if task_run is not None:
                with contextlib.suppress(Exception):  # the server may not have recorded it yet
                    client.set_task_run_state(UUID(str(task_run)), state, force=True)
    finally:
        os._exit(1)
