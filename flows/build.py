"""The flow that builds one run. Its parameters are strings, so that it can be scheduled or started by hand."""

from collections.abc import Iterable
from dataclasses import replace
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
from eo.alarmed import load_alarms, write_alarms
from eo.config import Run
from eo.errors import EoError, GateError
from eo.fetching import Fetched, fetch_inputs, lacks_inputs
from eo.logs import listen
from eo.metrics import Clock, Measured
from eo.model import Part
from eo.store import Store, one_at_a_time, opened
from flows.alarms import tell
from flows.day import day_of_run
from flows.page import publish_page
from flows.providers import providers

if TYPE_CHECKING:
    from prefect.futures import PrefectFuture

RUNNER = cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=2))
REFUSED = "Refused"
"""The name of the failed state of a run whose result the gate did not let pass."""
DEGRADED = "Degraded"
"""The name of the completed state of a run whose result is there, and has something that a person should look at."""

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
    return Completed(message="; ".join(map(str, done)) or "everything is here", data=came(done))


def came(done: Iterable[Fetched]) -> tuple[int, int]:
    """Give how many granules fetches brought, and their bytes."""
    done = list(done)
    return sum(len(one.new) for one in done), sum(one.size for one in done)


def brought_by(fetched: Outcome) -> tuple[int, int]:
    """Give how many granules a fetch brought, and their bytes; none where it failed."""
    found: Any = fetched.result() if fetched.is_completed() else (0, 0)
    return int(found[0]), int(found[1])


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
    root : the folder where everything is kept, or s3://bucket/folder
    configs : the configs folder, where it is not the usual one
    offline : ask no service: use what was fetched before
    """
    logger, clock, brought = get_run_logger(), Clock(), (0, 0)
    try:
        loaded = load_run(run, configs or None)
        with one_at_a_time(Store.of(root), run):
            today = day_of_run()
            if not offline and lacks_inputs(loaded, root, np.datetime64(today)):
                fetched = fetch_granules(loaded, root, today, return_state=True)
                if not fetched.is_completed():
                    return Failed(name=fetched.name, message=fetched.message)
                logger.info("%s", fetched.message)
                brought = brought_by(fetched)
                clock.lap("fetch")
            return built(loaded, root, today, clock, brought)
    except EoError as error:
        return failed(error)


def built(run: Run, root: str, today: str, clock: Clock | None = None, brought: tuple[int, int] = (0, 0)) -> Outcome:
    """Give the state of a run whose granules are here: its missing parts made side by side, then its result.

    Parameters
    ----------
    today : YYYY-MM-DD, the day that its alarms are asked for
    clock : that of the stages before
    brought : granules that were fetched for it, and their bytes
    """
    listen()
    clock = clock or Clock()
    plan = pipeline.plan(run, root)
    clock.lap("plan")
    done = replace(pipeline.measured(plan), fetched=brought[0], fetched_size=brought[1])
    if plan.finished:
        return alarmed(plan, today, pipeline.up_to_date(plan).report, done, clock)
    there = len(plan.parts) - len(plan.missing)
    get_run_logger().info("%s: %d parts to prepare, %d there", run.name, len(plan.missing), there)
    futures = [prepare_part.submit(plan.run, part, root) for part in plan.missing]
    for future in futures:
        future.wait()
    broken = [future.state for future in futures if not future.state.is_completed()]
    if broken:
        more = f" (and {len(broken) - 1} more parts failed)" if len(broken) > 1 else ""
        return Failed(message=f"{broken[0].message}{more}")
    clock.lap("prepare")
    last = finish_run(plan, return_state=True)
    if not last.is_completed():
        return Failed(name=last.name, message=last.message)
    clock.lap("finish")
    return alarmed(plan, today, str(last.message), done, clock)


def alarmed(plan: pipeline.Plan, today: str, said: str, done: Measured, clock: Clock) -> Outcome:
    """Give the state of a run whose result is there, by its alarms; each is kept, is an event, and stands on the page.

    Parameters
    ----------
    today : YYYY-MM-DD, the day that is asked for
    said : of the result
    done : what was done, in numbers
    clock : how long each stage took
    """
    day, store = np.datetime64(today), plan.store
    with opened(store.root) as work:
        found = load_alarms(plan.run, plan.parts, plan.newest, store=store, work=work, day=day)
        clock.lap("alarms")
        write_alarms(plan.run.name, found, day=day, store=store, work=work)
    tell(plan.run.name, found)
    whole = done.after(clock, alarms=len(found))
    pipeline.measure(whole, plan)
    if found or not plan.finished:
        publish_page(store, plan.run.name, whole, found)
    if not found:
        return Completed(message=said)
    return Completed(name=DEGRADED, message="\n".join([said, *(f"alarm: {one}" for one in found)]))
