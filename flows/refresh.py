"""The flow of an office: what is new or re-issued upstream for one run, and its result brought up to that."""

import numpy as np
from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.concurrency.sync import concurrency
from prefect.states import Completed

from eo import fetching, load_run
from eo.config import Run
from eo.errors import EoError, SourceError
from eo.metrics import Clock
from eo.origin import is_remote
from eo.store import Store, one_at_a_time
from flows.build import DEGRADED, RUNNER, Outcome, brought_by, built, came, failed
from flows.day import day_of_run
from flows.providers import providers


@task(
    name="fetch",
    task_run_name="fetch what is new for {run.name}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_delay_seconds=[60, 600],
    retry_jitter_factor=0.5,
    retry_condition_fn=lambda task, run, state: state.name == UNAVAILABLE,  # noqa: ARG005 - the names that Prefect gives
)
def fetch_new(run: Run, root: str, today: str) -> Outcome:
    """Fetch what is new for a run, and what was issued again of what is here."""
    day = np.datetime64(today)
    try:
        with concurrency(providers(run), occupy=1):
            said = fetching.fetch_inputs(run, root=root, today=day) + _issued_again(run, root, day)
    except SourceError as error:
        return failed(error, UNAVAILABLE)
    except EoError as error:
        return failed(error)
    broken = [f"{name}: {why}" for one in said for name, why in one.failures.items()]
    told = "; ".join(map(str, said)) or "nothing new"
    if broken:
        return Completed(name=DEGRADED, message=f"{told}; failed: {'; '.join(broken)}", data=came(said))
    return Completed(message=told, data=came(said))


def _issued_again(run: Run, root: str, day: np.datetime64) -> list[fetching.Fetched]:
    remote = {one.name: one.product for one in run.inputs if is_remote(one.product.source)}
    found = [fetching.refresh(name, one, root=root, today=day) for name, one in remote.items()]
    return [one for one in found if one is not None]


UNAVAILABLE = "Unavailable"
"""The name of the failed state of a fetch that is worth another try."""


@flow(name="refresh", flow_run_name="refresh {run}", task_runner=RUNNER, persist_result=False, validate_parameters=True)
def refresh(run: str, root: str = "data", configs: str = "", day: str = "") -> Outcome:
    """Bring one run up to date: fetch what is new or re-issued upstream, then build.

    A service that does not answer leaves the run degraded: its result is that of what is here, and says so. So does an
    alarm of `eo.alarms`.

    Parameters
    ----------
    run : a file in configs/runs, without its ending
    root : the folder where everything is kept, or s3://bucket/folder
    configs : the configs folder, where it is not the usual one
    day : YYYY-MM-DD, for a refresh by hand of another day than that of its slot
    """
    try:
        loaded = load_run(run, configs or None)
        with one_at_a_time(Store.of(root), run):
            today, clock = day or day_of_run(), Clock()
            fetched = fetch_new(loaded, root, today, return_state=True)
            get_run_logger().info("%s", fetched.message)
            clock.lap("fetch")
            made = built(loaded, root, today, clock, brought_by(fetched))
    except EoError as error:
        return failed(error)
    if made.is_completed() and (not fetched.is_completed() or fetched.name == DEGRADED):
        return Completed(name=DEGRADED, message=f"{made.message}\nbut: {fetched.message}")
    return made
