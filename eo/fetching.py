"""Fetching granules of a product: found, downloaded, verified and kept, one way for every service.

What is kept in raw/ was verified; what fails stays in quarantine with its reason. Of every time step that was asked
for and is not here afterwards, it is recorded why: not yet published, missing upstream, or failed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eo import quarantine, sources
from eo.errors import InputError
from eo.filenames import groups, step_in
from eo.missing import Missing, counts, state_of, write_missing
from eo.model import Product, Span
from eo.origin import LocalSource, PackageSource
from eo.sources import Remote, Wanted
from eo.steps import steps_in
from eo.store import Store, one_at_a_time, opened
from eo.transfer import Job, Unwatched, Watch


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


def is_remote(product: Product) -> bool:
    """Tell whether the granules of a product come from a service."""
    return not isinstance(product.source, LocalSource | PackageSource)


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
    connector, store = sources.connector(source), Store(Path(root))
    connector.check(source)
    asked = set(steps_in(span, product.step) if only is None else only)
    with one_at_a_time(store.root, f"fetch-{name}"), opened(store.root) as work:
        before = sources.kept(store.raw(name))
        offered = _wanted(connector.find(source, Wanted(name, product, span, closely)), product, asked)
        held = {one.remote: one for one in before}
        todo = [one for one in offered if not (one.name in held and held[one.name].is_of(one))]
        quarantine.sweep(store, name, [one.name for one in offered if one not in todo])
        job = Job(name, product, source, connector, store, work, asked, watch or Unwatched())
        job.run(todo)
        missing = _missing(job, asked, today)
        write_missing(store, name, asked, missing, work=work)
    if job.denied is not None:
        raise job.denied
    return Fetched(
        product=name,
        new=tuple(sorted(one.name for one in job.came)),
        reissued=tuple(sorted(one.name for one in job.came if one.remote in held)),
        present=len(offered) - len(todo),
        size=sum(one.size for one in job.came),
        failures={one.name: why for one, why in job.failed.items() if not job.absent(one)},
        missing={str(why): number for why, number in counts(missing, asked).items()},
    )


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


def _missing(job: Job, asked: set[str], today: np.datetime64) -> Missing:
    """Give why each step that was asked for and is not here is missing."""
    have = {step for one in sources.kept(job.store.raw(job.name)) for step in one.times}
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
