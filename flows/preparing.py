"""The parts of a run as Prefect tasks: bounded in number, side by side in threads, made here or on dask workers."""

import os
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Any

from prefect import task
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner

from eo import pipeline
from eo.config import Run
from eo.errors import EoError
from eo.model import Part
from eo.workers import Each, workers
from flows.limits import limited
from flows.outcome import WRITES, Outcome, failed_task

DASK = "EO_DASK"
"""The environment variable that says where parts are made, for flows of which no parameter says it."""
MOST_TASKS = 200
"""Of one run. Prefect records some 45 task runs a second, and takes 20 kB for each."""
HERE, ELSEWHERE = 2, 32
"""Parts at the same time: in this process, and at most on dask workers; a thread waits for each."""


def groups(parts: Sequence[Part], most: int = MOST_TASKS) -> list[tuple[Part, ...]]:
    """Give parts in groups of the same length, each of one product and of neighbouring periods, in order.

    Parameters
    ----------
    most : groups at most; there is one for each product at least
    """
    ordered = sorted(parts, key=lambda one: (one.product, one.period))
    products = [list(found) for _, found in groupby(ordered, key=lambda one: one.product)]
    size = 1
    while size < len(parts) and sum(-(-len(one) // size) for one in products) > most:
        size += 1
    return [tuple(one[start : start + size]) for one in products for start in range(0, len(one), size)]


def title(parts: Sequence[Part]) -> str:
    """Give what a group of parts is called: the product and its periods."""
    first, last = parts[0].period, parts[-1].period
    return f"{parts[0].product} {first}" + (f" to {last}" if len(parts) > 1 else "")


def _task_name(parameters: dict[str, Any]) -> str:
    return f"prepare {title(parameters['parts'])}"


@task(
    name="prepare",
    task_run_name=_task_name,  # type: ignore[arg-type] # their protocol has a class method that no function has
    **WRITES,
)
def prepare_parts(run: Run, parts: Sequence[Part], root: str, each: Each) -> Outcome:
    """Make what a run needs of some parts.

    Given the plan, Prefect would look through all of its parts for each task.
    """
    made = 0
    try:
        for part in parts:
            with limited("prepare", f"a part ({title([part])})"):
                made += len(list(each(partial(pipeline.prepare, run, root=root), [part])))
    except EoError as error:
        return failed_task(error)
    return Completed(message=f"{made} parts prepared")


def prepared(plan: pipeline.Plan, root: str, dask: str = "") -> list[Outcome]:
    """Make the missing parts of a plan and give the states of the tasks that did.

    Parameters
    ----------
    dask : where parts are made, see `eo.workers`; what `DASK` says where nothing is said

    Raises
    ------
    EoError
        There are no workers where it says.
    """
    where = dask or os.environ.get(DASK, "")
    with workers(where) as each:
        threads: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=ELSEWHERE if where else HERE)
        with threads:
            common = {"run": plan.run, "root": root, "each": each}
            futures = [threads.submit(prepare_parts, common | {"parts": one}) for one in groups(plan.missing)]
            for future in futures:
                future.wait()
            return [future.state for future in futures]
