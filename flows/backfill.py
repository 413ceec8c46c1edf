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
from flows.build import Doing, built, fetch_granules
from flows.day import day_of_run
from flows.outcome import Outcome, failed, failed_of
from flows.parameters import Configs, Dask, Months, Period, Root, RunName

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


@flow(name="backfill", flow_run_name="backfill {run}", persist_result=False, validate_parameters=True)
def backfill(
    run: RunName,
    root: Root = "data",
    configs: Configs = "",
    period: Period = "",
    months: Months = MONTHS,
    *,
    dask: Dask = "",
) -> Outcome:
    """Fetch a long period in slices, then build the run. What was fetched stays: a backfill that died goes on there."""
    try:
        loaded = load_run(run, configs or None)
        today = day_of_run()
        whole = asked(period) if period else replace(loaded, last=today[:7] if loaded.is_open else "").period
        parts = list(slices(whole, months))
        with one_at_a_time(Store.of(root), run):
            for number, one in enumerate(parts, 1):
                state = fetch_slice(loaded, one, root, today)
                get_run_logger().info("slice %d of %d, %s: %s", number, len(parts), one, state.message)
                if not state.is_completed():
                    return failed_of(state)
            return built(loaded, root, today, Doing(dask=dask))
    except EoError as error:
        return failed(error)


def asked(period: str) -> Span:
    """Give the months of a period that was filled in.

    Raises
    ------
    InputError
        The calendar has no such months, or the end is before the start.
    """
    try:
        return span(period)
    except ValueError as error:
        raise InputError(str(error)) from None
