"""The flow for a long period: fetched a slice at a time, so that one that died goes on where it was."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from prefect import flow, get_run_logger

from eo import load_run
from eo.config import Run
from eo.errors import EoError, InputError
from eo.model import Span, span
from eo.store import Store, one_at_a_time
from flows.build import RUNNER, Outcome, built, failed, fetch_granules
from flows.day import day_of_run

MONTHS = 12
"""Months of a slice, where nothing else is said."""


def slices(period: Span, months: int) -> Iterator[Span]:
    """Give a period in slices of so many months, the last one shorter.

    Raises
    ------
    InputError
        A slice of no month.
    """
    if months < 1:
        raise InputError(f"a slice has at least one month, not {months}")
    for start in np.arange(period.start, period.end, months):
        yield Span(start, min(start + months, period.end))


def fetch_slice(run: Run, months: Span, root: str, today: str) -> Outcome:
    """Fetch what a run needs of one slice of its period."""
    config = run.config.model_copy(update={"period": str(months), "baseline": None})
    return fetch_granules(replace(run, config=config, last=""), root, today, return_state=True)


@flow(
    name="backfill", flow_run_name="backfill {run}", task_runner=RUNNER, persist_result=False, validate_parameters=True
)
def backfill(run: str, root: str = "data", configs: str = "", period: str = "", months: int = MONTHS) -> Outcome:
    """Fetch a long period in slices, then build the run. What was fetched stays: a backfill that died goes on there.

    Parameters
    ----------
    run : a file in configs/runs, without its ending
    root : the folder where everything is kept, or s3://bucket/folder
    configs : the configs folder, where it is not the usual one
    period : YYYY-MM/YYYY-MM; the period of the run to today where nothing is said
    months : of a slice
    """
    try:
        loaded = load_run(run, configs or None)
        today = day_of_run()
        whole = span(period) if period else replace(loaded, last=today[:7] if loaded.is_open else "").period
        parts = list(slices(whole, months))
        with one_at_a_time(Store.of(root), run):
            for number, one in enumerate(parts, 1):
                state = fetch_slice(loaded, one, root, today)
                get_run_logger().info("slice %d of %d, %s: %s", number, len(parts), one, state.message)
                if not state.is_completed():
                    return state
            return built(loaded, root, today)
    except (EoError, ValueError) as error:
        return failed(error if isinstance(error, EoError) else InputError(str(error)))
