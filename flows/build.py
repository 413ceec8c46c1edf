"""The flow that builds one run. Its parameters are strings, so that it can be scheduled or started by hand."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from prefect import flow, get_run_logger, task
from prefect.concurrency.sync import concurrency
from prefect.states import Completed

from eo import load_run, pipeline
from eo.alarmed import late_steps, load_alarms
from eo.alarms import Alarm
from eo.config import Run
from eo.errors import EoError
from eo.fetching import Fetched, fetch_inputs, lacks_inputs
from eo.logs import listen
from eo.metrics import Clock, Measured
from eo.standing import after, load_standing, news, standing, told, write_standing
from eo.store import Store, one_at_a_time, opened
from flows.alarms import tell, tell_news
from flows.day import day_of_run
from flows.limits import limited
from flows.outcome import ASKS_A_SERVICE, DEGRADED, WRITES, Outcome, failed, failed_of, failed_task
from flows.page import publish_page
from flows.parameters import Configs, Dask, Offline, Root, RunName
from flows.preparing import prepared
from flows.providers import providers


@task(task_run_name="fetch for {run.name}", **ASKS_A_SERVICE)
def fetch_granules(run: Run, root: str, today: str) -> Outcome:
    """Fetch what a run needs of services and is not here, within the limit that its provider has on the server."""
    try:
        with concurrency(providers(run), occupy=1), limited("fetch", f"a fetch ({run.name})"):
            done = fetch_inputs(run, root=root, today=np.datetime64(today))
    except EoError as error:
        return failed_task(error)
    return Completed(message="; ".join(map(str, done)) or "everything is here", data=came(done))


def came(done: Iterable[Fetched]) -> tuple[int, int]:
    """Give how many granules fetches brought, and their bytes."""
    done = list(done)
    return sum(len(one.new) for one in done), sum(one.size for one in done)


def brought_by(fetched: Outcome) -> tuple[int, int]:
    """Give how many granules a fetch brought, and their bytes; none where it failed."""
    found: Any = fetched.result() if fetched.is_completed() else (0, 0)
    return int(found[0]), int(found[1])


@task(name="finish", task_run_name="finish {plan.run.name}", **WRITES)
def finish_run(plan: pipeline.Plan) -> Outcome:
    """Make the result of all parts, past the gate."""
    try:
        with limited("finish", f"the result ({plan.run.name})"):
            return Completed(message=pipeline.finish(plan).report)
    except EoError as error:
        return failed_task(error)


@flow(name="build", flow_run_name="build {run}", persist_result=False, validate_parameters=True)
def build(
    run: RunName = "enso_ostia",
    root: Root = "data",
    configs: Configs = "",
    dask: Dask = "",
    *,
    offline: Offline = False,
) -> Outcome:
    """Build one run: what it needs of services, its missing parts side by side, then its result."""
    clock, brought = Clock(), (0, 0)
    try:
        loaded = load_run(run, configs or None)
        with one_at_a_time(Store.of(root), run):
            today = day_of_run()
            if not offline and lacks_inputs(loaded, root, np.datetime64(today)):
                fetched = fetch_granules(loaded, root, today, return_state=True)
                if not fetched.is_completed():
                    return failed_of(fetched)
                get_run_logger().info("%s", fetched.message)
                brought = brought_by(fetched)
                clock.lap("fetch")
            return built(loaded, root, today, Doing(clock, brought, dask))
    except EoError as error:
        return failed(error)


@dataclass(frozen=True)
class Doing:
    """What a flow has done, and is to do, before a run is built."""

    clock: Clock = field(default_factory=Clock)
    """That of the stages before."""
    brought: tuple[int, int] = (0, 0)
    """Granules that were fetched for it, and their bytes."""
    dask: str = ""
    """Where parts are made."""
    trouble: tuple[Alarm, ...] = ()
    """What went wrong and leaves the run degraded."""


def built(run: Run, root: str, today: str, doing: Doing) -> Outcome:
    """Give the state of a run whose granules are here: its missing parts made side by side, then its result.

    Parameters
    ----------
    today : YYYY-MM-DD, the day that its alarms are asked for
    """
    listen()
    clock = doing.clock
    plan = pipeline.plan(run, root)
    clock.lap("plan")
    done = replace(pipeline.measured(plan), fetched=doing.brought[0], fetched_size=doing.brought[1])
    if plan.finished:
        return alarmed(plan, today, pipeline.up_to_date(plan).report, done, doing)
    there = len(plan.parts) - len(plan.missing)
    get_run_logger().info("%s: %d parts to prepare, %d there", run.name, len(plan.missing), there)
    broken = [state for state in prepared(plan, root, doing.dask) if not state.is_completed()]
    if broken:
        return failed_of(broken[0], f" (and {len(broken) - 1} more tasks failed)" if len(broken) > 1 else "")
    clock.lap("prepare")
    last = finish_run(plan, return_state=True)
    if not last.is_completed():
        return failed_of(last)
    clock.lap("finish")
    return alarmed(plan, today, str(last.message), done, doing)


def alarmed(plan: pipeline.Plan, today: str, said: str, done: Measured, doing: Doing) -> Outcome:
    """Give the state of a run whose result is there, by its alarms; each is kept, is an event, and stands on the page.

    People are told before it is kept that they were. A run of a day before that of the last one changes nothing of it.

    Parameters
    ----------
    today : YYYY-MM-DD, the day that is asked for
    said : of the result
    done : what was done, in numbers
    """
    run, store = plan.run, plan.store
    with opened(store.root) as work:
        found = load_alarms(run, plan.parts, plan.newest, store=store, work=work, day=np.datetime64(today))
    before = load_standing(run.name, store)
    now = standing([*found, *doing.trouble], before, today)
    doing.clock.lap("alarms")
    tell(run.name, now)
    if today >= before.day:
        kept = after(now, before, today)
        what = news(kept, run.config.alarms.remind_days)
        if tell_news(run.name, what, state=DEGRADED if now else "Completed"):
            kept = told(kept, what)
        with opened(store.root) as work:
            write_standing(run.name, kept, store=store, work=work)
    whole = done.after(doing.clock, alarms=len(now), late=late_steps(run, plan.newest, np.datetime64(today)))
    pipeline.measure(whole, plan)
    publish_page(store, run.name, whole, now)
    if not now:
        return Completed(message=said)
    return Completed(name=DEGRADED, message="\n".join([*(f"alarm: {one}" for one in now), said]))
