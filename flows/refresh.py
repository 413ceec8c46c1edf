"""The flow of an office: what is new or re-issued upstream for one run, and its result brought up to that."""

import numpy as np
from prefect import flow, get_run_logger, task
from prefect.concurrency.sync import concurrency
from prefect.states import Completed

from eo import fetching, load_run
from eo.alarms import Alarm
from eo.config import Run
from eo.errors import EoError
from eo.metrics import Clock
from eo.origin import is_remote
from eo.store import Store, one_at_a_time
from flows.build import Doing, brought_by, built, came
from flows.day import day_of_run
from flows.limits import limited
from flows.outcome import ASKS_A_SERVICE, DEGRADED, Outcome, failed, failed_task
from flows.parameters import Configs, Dask, Day, Root, RunName, checked_day
from flows.providers import providers


@task(task_run_name="fetch what is new for {run.name}", **ASKS_A_SERVICE)
def fetch_new(run: Run, root: str, today: str) -> Outcome:
    """Fetch what is new for a run, and what was issued again of what is here."""
    day = np.datetime64(today)
    try:
        with concurrency(providers(run), occupy=1), limited("fetch", f"a fetch ({run.name})"):
            said = fetching.fetch_inputs(run, root=root, today=day) + _issued_again(run, root, day)
    except EoError as error:
        return failed_task(error)
    broken = [f"{name}: {why}" for one in said for name, why in one.failures.items()]
    told = "; ".join(map(str, said)) or "nothing new"
    if broken:
        return Completed(name=DEGRADED, message=f"{told}; failed: {'; '.join(broken)}", data=came(said))
    return Completed(message=told, data=came(said))


def _issued_again(run: Run, root: str, day: np.datetime64) -> list[fetching.Fetched]:
    remote = {one.name: one.product for one in run.inputs if is_remote(one.product.source)}
    found = [fetching.refresh(name, one, root=root, today=day) for name, one in remote.items()]
    return [one for one in found if one is not None]


def trouble(fetched: Outcome) -> tuple[Alarm, ...]:
    """Give the alarm of a fetch that failed, or of which files failed; none of one that went well."""
    if fetched.is_completed() and fetched.name != DEGRADED:
        return ()
    return (Alarm("what services have is fetched", str(fetched.message or fetched.name), "fetch"),)


@flow(name="refresh", flow_run_name="refresh {run}", persist_result=False, validate_parameters=True)
def refresh(run: RunName, root: Root = "data", configs: Configs = "", day: Day = "", *, dask: Dask = "") -> Outcome:
    """Bring one run up to date: fetch what is new or re-issued upstream, then build.

    A service that does not answer leaves the run degraded: its result is that of what is here, and says so. So does an
    alarm of `eo.alarms`.
    """
    try:
        loaded = load_run(run, configs or None)
        today, clock = checked_day(day) if day else day_of_run(), Clock()
        with one_at_a_time(Store.of(root), run):
            fetched = fetch_new(loaded, root, today, return_state=True)
            get_run_logger().info("%s", fetched.message)
            clock.lap("fetch")
            return built(loaded, root, today, Doing(clock, brought_by(fetched), dask, trouble(fetched)))
    except EoError as error:
        return failed(error)
