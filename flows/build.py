"""The flow that builds one run. Its parameters are strings, so that it can be scheduled or started by hand."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.concurrency.sync import concurrency
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from eo import load_run, pipeline
from eo.config import Run
from eo.errors import EoError, GateError
from eo.fetching import fetch_inputs, lacks_inputs
from eo.model import Part
from eo.store import one_at_a_time
from flows.day import day_of_run
from flows.page import publish_page
from flows.providers import providers

if TYPE_CHECKING:
    from prefect.futures import PrefectFuture

RUNNER = cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=2))
REFUSED = "Refused"
"""The name of the failed state of a run whose result the gate did not let pass."""

Outcome = State[Any]


def failed(error: EoError, name: str = "Failed") -> Outcome:
    """Give the failed state of an error that a person can mend: its one line, without a traceback."""
    return Failed(name=REFUSED if isinstance(error, GateError) else name, message=str(error))


@task(name="fetch", task_run_name="fetch for {run.name}", cache_policy=NO_CACHE, persist_result=False)
def fetch_granules(run: Run, root: str, today: str) -> Outcome:
    """Fetch what a run needs of services and is not here, within the limit that its provider has on the server."""
    try:
        with concurrency(providers(run), occupy=1):
            done = fetch_inputs(run, root=root, today=np.datetime64(today))
    except EoError as error:
        return failed(error)
    return Completed(message="; ".join(map(str, done)) or "everything is here")


@task(
    name="prepare",
    task_run_name="prepare {part.product} {part.period}",
    cache_policy=NO_CACHE,
    persist_result=False,
)
def prepare_part(run: Run, part: Part, root: str) -> Outcome:
    """Make what a run needs of one part. Given the plan, Prefect would look through all of its parts for each task."""
    try:
        return Completed(message=", ".join(map(str, pipeline.prepare(run, part, root))))
    except EoError as error:
        return failed(error)


@task(name="finish", task_run_name="finish {plan.run.name}", cache_policy=NO_CACHE, persist_result=False)
def finish_run(plan: pipeline.Plan) -> Outcome:
    """Make the result of all parts, past the gate."""
    try:
        return Completed(message=pipeline.finish(plan).report)
    except EoError as error:
        return failed(error)


@flow(
    name="build",
    flow_run_name="build {run}",
    task_runner=RUNNER,
    persist_result=False,
    validate_parameters=True,
)
def build(run: str = "enso_ostia", root: str = "data", configs: str = "", *, offline: bool = False) -> Outcome:
    """Build one run: what it needs of services, its missing parts side by side, then its result.

    Parameters
    ----------
    run : a file in configs/runs, without its ending
    root : the folder where everything is kept
    configs : the configs folder, where it is not the usual one
    offline : ask no service: use what was fetched before
    """
    logger = get_run_logger()
    try:
        loaded = load_run(run, configs or None)
        with one_at_a_time(Path(root), run):
            today = day_of_run()
            if not offline and lacks_inputs(loaded, root, np.datetime64(today)):
                fetched = fetch_granules(loaded, root, today, return_state=True)
                if not fetched.is_completed():
                    return Failed(name=fetched.name, message=fetched.message)
                logger.info("%s", fetched.message)
            return built(loaded, root)
    except EoError as error:
        return failed(error)


def built(run: Run, root: str) -> Outcome:
    """Give the state of a run whose granules are here: its missing parts made side by side, then its result."""
    started = time.monotonic()
    plan = pipeline.plan(run, root)
    if plan.finished:
        return Completed(message=pipeline.up_to_date(plan).report)
    there = len(plan.parts) - len(plan.missing)
    get_run_logger().info("%s: %d parts to prepare, %d there", run.name, len(plan.missing), there)
    planned = time.monotonic()
    futures = [prepare_part.submit(plan.run, part, root) for part in plan.missing]
    for future in futures:
        future.wait()
    broken = [future.state for future in futures if not future.state.is_completed()]
    if broken:
        more = f" (and {len(broken) - 1} more parts failed)" if len(broken) > 1 else ""
        return Failed(message=f"{broken[0].message}{more}")
    prepared = time.monotonic()
    last = finish_run(plan, return_state=True)
    if not last.is_completed():
        return Failed(name=last.name, message=last.message)
    seconds = {"plan": planned - started, "prepare": prepared - planned, "finish": time.monotonic() - prepared}
    publish_page(plan.store.result(run.name, "nc"), seconds)
    return Completed(message=last.message)
