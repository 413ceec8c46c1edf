"""The states that flows and tasks end in, beside those of Prefect."""

from typing import Any

from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Failed

from eo.errors import Absent, Denied, EoError, GateError, SourceError, StoreError

Outcome = State[Any]

REFUSED = "Refused"
"""The name of the failed state of a run whose result the gate did not let pass."""
DEGRADED = "Degraded"
"""The name of the completed state of a run whose result is there, and has something that a person should look at."""
UNAVAILABLE = "Unavailable"
"""The name of the failed state of a task that is worth another try: a service or a disk did not answer."""
TIMED_OUT = "TimedOut"
"""The name of the failed state of a run of which one step took longer than it may."""


def failed(error: EoError) -> Outcome:
    """Give the failed state of an error that a person can mend: its one line, without a traceback."""
    return Failed(name=REFUSED if isinstance(error, GateError) else "Failed", message=str(error))


def failed_task(error: EoError) -> Outcome:
    """Give the same of a task, which is tried again where time may mend it."""
    passing = isinstance(error, SourceError | StoreError) and not isinstance(error, Absent | Denied)
    return Failed(name=UNAVAILABLE, message=str(error)) if passing else failed(error)


def failed_of(task: Outcome, more: str = "") -> Outcome:
    """Give the failed state of a flow of which a task failed."""
    name = REFUSED if task.name == REFUSED else "Failed"
    return Failed(name=name, message=f"{task.message or task.name}{more}")


def worth_another_try(task: object, run: object, state: Outcome) -> bool:
    """Tell Prefect whether a task that failed is tried again."""
    del task, run
    return state.name == UNAVAILABLE


ASKS_A_SERVICE: dict[str, Any] = {
    "name": "fetch",
    "cache_policy": NO_CACHE,
    "persist_result": False,
    "retries": 2,
    "retry_delay_seconds": [60, 600],
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": worth_another_try,
}
"""How Prefect runs a task that asks services."""
WRITES: dict[str, Any] = {
    "cache_policy": NO_CACHE,
    "persist_result": False,
    "retries": 2,
    "retry_delay_seconds": [10, 60],
    "retry_condition_fn": worth_another_try,
}
"""How it runs one that writes below the root."""
