"""Fetching granules of a product: found, downloaded, verified and kept, one way for every service.

What is kept in raw/ was verified; what fails stays in quarantine with its reason. Of every time step that was asked
for and is not here afterwards, it is recorded why: not yet published, missing upstream, or failed.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eo import missing, quarantine, sources
from eo.config import Run
from eo.errors import InputError
from eo.filenames import groups, step_in
from eo.loading import load_documents
from eo.logs import numbers
from eo.missing import Missing, counts, load_missing, state_of, write_missing
from eo.model import Product, Span, Step
from eo.origin import LocalSource, PackageSource, is_remote
from eo.sources import Kept, Remote, Wanted
from eo.steps import end_of, labels, steps_in
from eo.store import Store, one_at_a_time, opened
from eo.transfer import Job, Unwatched, Watch

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fetched:
    """What a fetch did."""

    product: str
    new: tuple[str, ...]
    """Names of the granules that came."""
    reissued: tuple[str, ...]
    """Those of them that another issue of was kept."""
    present: int
    """Files that were here already, as the service has them now."""
    size: int
    failures: dict[str, str]
    """Name of each file that failed, and why."""
    missing: dict[str, int]
    """How many of the steps that were asked for are missing, by reason."""

    def __str__(self) -> str:
        """Give the fetch in one line."""
        again = f" ({len(self.reissued)} re-issued)" if self.reissued else ""
        lacks = ", ".join(f"{number} {why.replace('_', ' ')}" for why, number in self.missing.items() if number)
        came = f"{len(self.new)} granules fetched{again}, {self.size / (1 << 20):.1f} MiB; {self.present} already here"
        return f"{self.product}: {came}; missing: {lacks or 'none'}"


def fetch(
    name: str,
    product: Product,
    span: Span,
    *,
    root: str | Path,
    today: np.datetime64,
    only: Iterable[str] | None = None,
    closely: bool = False,
    watch: Watch | None = None,
) -> Fetched:
    """Fetch what a service has of a product in a span and is not here, or is here as another issue.

    Parameters
    ----------
    name : the product's name
    span : the months
    root : the folder where everything is kept
    today : datetime64[D]; a step whose latency is not over by then is not yet published
    only : of the span, the time steps (see `eo.steps.labels`) that are wanted; None for all
    closely : ask for the ETag and size of each file where the listing does not say them: to notice re-issues

    Raises
    ------
    InputError
        The product is of no service, or credentials or packages are not there.
    SourceError
        The service does not say what it has, or does not accept the credentials; what came before is kept.
    StoreError
        The disk is full or refuses.
    """
    source = product.source
    if isinstance(source, LocalSource | PackageSource):
        raise InputError(f"a product of a service is fetched, and {name!r} is {source.kind}: its files are here")
    connector, store = sources.connector(source), Store.of(root)
    connector.check(source)
    asked = set(steps_in(span, product.step) if only is None else only)
    with one_at_a_time(store, f"fetch-{name}"), opened(store.root) as work:
        before = load_present(store, name, product)
        offered = _wanted(connector.find(source, Wanted(name, product, span, closely)), product, asked)
        held = {one.remote: one for one in before}
        todo = [one for one in offered if not (one.name in held and held[one.name].is_of(one))]
        there = set(todo)
        quarantine.sweep(store, name, [one.name for one in offered if one not in there])
        waiting = quarantine.held(store, name)
        job = Job(name, product, source, connector, store, work, asked, watch or Unwatched(), waiting)
        job.run(todo)
        lacks = _missing(job, before, asked, today)
        write_missing(store, name, product, asked, lacks, work=work)
    if job.ended is not None:
        raise job.ended
    done = Fetched(
        product=name,
        new=tuple(sorted(one.name for one in job.came)),
        reissued=tuple(sorted(one.name for one in job.came if one.remote in held)),
        present=len(offered) - len(todo),
        size=sum(one.size for one in job.came),
        failures={one.name: why for one, why in job.failed.items() if not job.absent(one)},
        missing={str(why): number for why, number in counts(lacks, asked).items()},
    )
    said = numbers(
        product=name, granules=len(done.new), bytes=done.size, failures=len(done.failures), missing=done.missing
    )
    _LOG.info("%s", done, extra=said)
    return done


def load_present(store: Store, name: str, product: Product) -> list[sources.Kept]:
    """Give what is kept of a product as it is configured, in the order in which it came; of a bucket, as it is now.

    Raises
    ------
    EoError
        What stands beside a granule cannot be read, or the bucket does not answer.
    """
    load_documents(store, store.raw(name))
    return sources.present(product, store.raw(name))


def fetch_inputs(run: Run, *, root: str | Path, today: np.datetime64, watch: Watch | None = None) -> list[Fetched]:
    """Fetch what a run needs of services; where everything is here already, no service is asked.

    What is lacking to reach any of them (credentials, packages) is said before the first is asked.

    Raises
    ------
    EoError
        See `fetch`.
    """
    lacking = _lacking(run, Store.of(root), today)
    for _, product, _, _ in lacking:
        if is_remote(product.source):
            sources.connector(product.source).check(product.source)
    return [
        fetch(name, product, months, root=root, today=today, only=lacks, watch=watch)
        for name, product, months, lacks in lacking
    ]


def lacks_inputs(run: Run, root: str | Path, today: np.datetime64) -> bool:
    """Tell whether a run needs granules of services that are not here; an open period goes on to today."""
    return bool(_lacking(run, Store.of(root), today))


def _lacking(run: Run, store: Store, today: np.datetime64) -> list[tuple[str, Product, Span, list[str]]]:
    """Give name, product, months and lacking steps of each input of a run that comes from a service."""
    run = replace(run, last=str(today.astype("datetime64[M]"))) if run.is_open else run
    found = []
    for name, product in {one.name: one.product for one in run.inputs}.items():
        if not is_remote(product.source):
            continue
        have = {step for old in load_present(store, name, product) for step in old.times}
        for lacks in missing.to_ask(run, product, have, load_missing(store, name, product), today):
            if lacks:
                months = Span(np.datetime64(lacks[0][:7], "M"), np.datetime64(lacks[-1][:7], "M") + 1)
                found.append((name, product, months, lacks))
    return found


def refresh(
    name: str, product: Product, *, root: str | Path, today: np.datetime64, watch: Watch | None = None
) -> Fetched | None:
    """Fetch what a service has issued anew of the granules that are here; None where nothing is here.

    Raises
    ------
    EoError
        See `fetch`.
    """
    have = sorted({step for old in load_present(Store.of(root), name, product) for step in old.times})
    if not have:
        return None
    months = Span(np.datetime64(have[0][:7], "M"), np.datetime64(have[-1][:7], "M") + 1)
    return fetch(name, product, months, root=root, today=today, only=have, closely=True, watch=watch)


def steps_between(first: str, last: str, step: Step) -> tuple[Span, list[str]]:
    """Give the months, and the steps that have a day in them, from a month or day to another, both included.

    Raises
    ------
    InputError
        Not of the form YYYY-MM or YYYY-MM-DD, or the end before the start.
    """
    try:
        start, end = np.datetime64(first, "D"), (np.datetime64(last) + 1).astype("datetime64[D]")
    except ValueError:
        raise InputError(f"a time is written YYYY-MM or YYYY-MM-DD, not {first!r} and {last!r}") from None
    if not re.fullmatch(r"\d{4}-\d\d(-\d\d)?/\d{4}-\d\d(-\d\d)?", f"{first}/{last}") or end <= start:
        raise InputError(f"a span goes from YYYY-MM or YYYY-MM-DD to one that is not before; it is {first} to {last}")
    # a step may begin in the month before
    months = Span(start.astype("datetime64[M]") - 1, (end - 1).astype("datetime64[M]") + 1)
    steps = np.array(steps_in(months, step), dtype="datetime64[ns]")
    inside = (steps < end) & (end_of(steps, step) > start)
    chosen = labels(steps[inside], step)
    return Span(np.datetime64(chosen[0][:7], "M"), months.end), chosen


def _wanted(offered: list[Remote], product: Product, asked: set[str]) -> list[Remote]:
    """Give the newest issue of each time step that was asked for, and every file of which the step is not known."""
    found: dict[str, Remote] = {}
    for one in sorted(offered, key=lambda one: _issue(one, product)):
        step = one.time or step_in(one.name, product)
        if not step or step in asked:
            found[step or f"name {one.name}"] = one
    return sorted(found.values(), key=lambda one: one.name)


def _issue(remote: Remote, product: Product) -> tuple[list[tuple[int, str]], str]:
    """Give what orders issues: numbers of the name (versions, dates of production), and the time of modification."""
    said = groups(remote.name, product) or {}
    pieces = re.split(r"(\d+)", f"{said.get('version', '')} {remote.version} {remote.name}")
    return [(int(one), "") if one.isdecimal() else (-1, one) for one in pieces], remote.modified


def _missing(job: Job, before: list[Kept], asked: set[str], today: np.datetime64) -> Missing:
    """Give why each step that was asked for and is not here is missing."""
    have = {step for one in (*before, *job.came) for step in one.times}
    why = {
        one.time or step_in(one.name, job.product): f"{one.name}: {said}"
        for one, said in job.failed.items()
        if not job.absent(one)
    }
    found: Missing = {}
    for step in sorted(asked - have):
        said = why.get(step) or why.get("")
        found[step] = ("failed", said) if said else (state_of(step, job.product, today), "")
    return found
