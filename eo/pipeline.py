"""From a run to its result: plan, prepare, finish, build. Read this module first.

`plan` says which parts a run is made of and which are there already. `prepare` makes one part: its granules in
canonical form, and the reduction of them that the indicator needs. `finish` makes the result of all parts, past the
gate. `build` is the three in a row. A file's existence is the cache: it is named by what went into it.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from eo import granules, lineage, missing, netcdf, quarantine
from eo.climatology import in_span
from eo.config import Run
from eo.errors import InputError
from eo.fetching import fetch_inputs
from eo.indicators import taken
from eo.loading import load_latest, present
from eo.logs import numbers
from eo.metrics import Clock, Measured, write_metrics
from eo.model import OPEN, Granule, Part, Product, Span, span
from eo.normals import Fields, Normal, load_normal, normal_of
from eo.parts import reduction_path, reductions, write_part, write_reductions
from eo.provenance import digest, file_sha256
from eo.results import Made, write_result
from eo.series import Series, around, gathered, open_series, stepped, unbroken, within
from eo.steps import part_of, steps_in
from eo.store import Store, one_at_a_time, opened
from eo.tiles import Tile, by_tiles, tiles
from eo.transfer import Watch
from eo.validation import digest_of
from eo.workers import workers
from eo.zones import zones

_LOG = logging.getLogger(__name__)

Track = Callable[[Iterable[Part], int], Iterable[Part]]
"""Gives the parts, so many, one by one as they are done: where a progress bar goes."""


def _untracked(parts: Iterable[Part], count: int) -> Iterable[Part]:
    del count
    return parts


_BASE_MEMORY = 300 << 20
_BYTES_PER_CELL = 24
"""Peak bytes for each cell of a grid while a part is made, as measured on three fields of 3600 x 7200."""
_BYTES_PER_COVERED_CELL = 66
"""The same for each cell of the largest region: its weights are a field, too; see benchmarks/sizing.py."""
_TILES_MEMORY = 500 << 20
"""Peak bytes while a result by cells is made and looked at, see benchmarks/cells.py."""


@dataclass(frozen=True)
class Plan:
    """What a run is made of, what of it is there, and what the rest will take."""

    run: Run
    store: Store
    parts: tuple[Part, ...]
    missing: tuple[Part, ...]
    input_digest: str
    """Names everything that decides the result."""
    finished: bool
    """The result of exactly these inputs is there."""
    newest: Mapping[str, str] = field(default_factory=dict)
    """Product -> the last time step that is here, in the run or after it."""

    @property
    def bytes_to_read(self) -> int:
        """Size of the granules of the missing parts."""
        return sum({one.sha256: one.size for part in self.missing for one in part.granules}.values())

    @property
    def predicted_memory(self) -> int:
        """Peak memory of the rest of the work, bytes."""
        cells = max((one.cells for part in self.missing for one in part.granules), default=0)
        tiled = _TILES_MEMORY if self.run.reduction == "field" else 0
        covered = max((one.globe_share for one in self.run.regions.values()), default=0.0)
        return _BASE_MEMORY + max(round(cells * (_BYTES_PER_CELL + _BYTES_PER_COVERED_CELL * covered)), tiled)


@dataclass(frozen=True)
class Built:
    """What a build did."""

    path: Path
    prepared: int
    present: int
    up_to_date: bool
    """True where there was nothing to do."""
    content_digest: str
    validation: str
    months: int
    good: int
    """Values that stand, of months x regions."""
    address: str
    """Where the result is: its path, or its address in a bucket."""

    @property
    def report(self) -> str:
        """What a person is told: the build and, where there is one, the validation line."""
        return f"{self}\nvalidation: {self.validation}" if self.validation else str(self)

    def __str__(self) -> str:
        """Give the build in one line."""
        if self.up_to_date:
            return f"{self.address} is up to date: nothing to do"
        made = f"{self.prepared} parts prepared, {self.present} already there"
        return f"{self.address}: {made}; content {self.content_digest[:16]}"


@netcdf.serial
def plan(run: Run, root: str | Path = "data") -> Plan:
    """Give what is to be done for a run. Takes in new granules (looks at them, digests them), writes nothing else.

    Raises
    ------
    InputError
        A granule breaks a rule, the period or the baseline lies outside the data, or months are missing.
    StoreError
        The root cannot be written.
    """
    store = Store.of(root)
    products = {one.name: one.product for one in run.inputs}
    with opened(store.root) as work:
        taken_in = {name: granules.take_in(name, one, store, work) for name, one in products.items()}
    run = _ended(run, taken_in) if run.is_open else run
    whole = tuple(part for name, found in taken_in.items() for part in _parts(run, name, products[name], found, store))
    paths = {part: list(reductions(run, part, store)) for part in whole}
    there = present(store, [path for made in paths.values() for path in made])
    to_do = tuple(part for part, made in paths.items() if not there.issuperset(made))
    made_of = [path.name for made in paths.values() for path in made]
    lacks = {name: int(number) for name, number in missing.attributes(run, whole, store).items()}
    made_of += [digest(lacks)] if lacks else []
    named = digest([lineage.code_version(), run.definition(), made_of, digest_of(run)])
    newest = {name: max(time for one in found for time in one.times) for name, found in taken_in.items()}
    done = not to_do and _is_finished(run, store, named)
    return Plan(run, store, whole, to_do, named, finished=done, newest=newest)


def _ended(run: Run, found: dict[str, list[Granule]]) -> Run:
    """Give a run with an open period that ends with the last month of which all inputs have the last step."""
    steps = {one.name: one.product.step for one in run.inputs}
    start = span(run.config.period.removesuffix(OPEN)).start
    ends = []
    for name, all_ in found.items():
        have = {time for one in all_ for time in one.times}
        months = {np.datetime64(time, "M") for time in have}
        whole = [month for month in months if steps_in(Span(month, month + 1), steps[name])[-1] in have]
        ends.append(max(whole, default=start - 1))
    if min(ends) < start:
        raise InputError(f"run {run.name!r} has at least one whole month from {start} on, and its data has none")
    return replace(run, last=str(min(ends)))


def _parts(run: Run, name: str, product: Product, found: list[Granule], store: Store) -> list[Part]:
    """Give the parts of one product that a run is made of, by period."""
    here = {time for one in found for time in one.times}
    parts = granules.parts(name, product, found, run.period, around=missing.taken(run, product, here))
    if run.baseline is not None:
        parts += granules.parts(name, product, found, run.baseline, "baseline")
    whole = sorted({one.digest: one for one in parts}.values(), key=lambda one: one.period)
    have = {time for part in whole for one in part.granules for time in one.times}
    missing.check_explained(run, name, product, have, store)
    _check_complete(run, name, product, have)
    if run.config.splice == "refused":
        granules.check_versions(name, whole)
    return whole


def _check_complete(run: Run, name: str, product: Product, have: set[str]) -> None:
    """Refuse a run that lacks time steps, where its product allows no gaps."""
    if product.gaps == "allowed":
        return
    lacking = [step for step in missing.needed(run, product, have) if step not in have]
    if lacking:
        reach = f", and of what its data has from {run.reached.start} on" * (run.reach[0] > 0)
        raise InputError(
            f"run {run.name!r} needs every {product.step} of {' and '.join(map(str, missing.spans(run)))}{reach}; "
            f"{len(lacking)} are "
            f"missing: {lacking[0]} to {lacking[-1]}; the data of {name!r} has {min(have)} to {max(have)} "
            "(a product with gaps: allowed may lack some)"
        )


def _is_finished(run: Run, store: Store, named: str) -> bool:
    """Tell whether the files of the result are there, whole, and made of these inputs."""
    try:
        said = json.loads(load_latest(store, store.result(run.name, "json")).read_text(encoding="utf-8"))
        files = {name: file_sha256(load_latest(store, store.root / "results" / name)) for name in said["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(said.get("input_digest") == named and files == said["files"])


@netcdf.serial
def prepare(run: Run, part: Part, root: str | Path = "data") -> list[Path]:
    """Make what a run needs of one part, unless it is there, and give the paths of its reductions.

    Raises
    ------
    InputError
        A granule changed, cannot be read to its end, or breaks a rule.
    StoreError
        The disk is full or refuses.
    """
    store, started = Store.of(root), time.monotonic()
    with opened(store.root) as work:
        made = write_reductions(run, part, store, work)
    size, seconds = sum(one.size for one in part.granules), time.monotonic() - started
    said = numbers(run=run.name, product=part.product, period=part.period, granules=len(part.granules), bytes=size,
                   seconds=round(seconds, 3))  # fmt: skip
    _LOG.info("prepared %s %s in %.1f s", part.product, part.period, seconds, extra=said)
    return made


@netcdf.serial
def finish(plan_: Plan) -> Built:
    """Make the result of a run from its parts, and publish it if it passes the gate.

    Raises
    ------
    GateError
        The result breaks a rule; the last good one is left as it was.
    InputError
        The baseline has no data, or a part is not there.
    StoreError
        The disk is full or refuses, or a part cannot be read.
    """
    run, store = plan_.run, plan_.store
    with opened(store.root) as work, ExitStack() as stack:
        series = open_series(run, plan_.parts, store)
        normal = _normal(plan_, series, work)
        frozen = None if normal is None else stack.enter_context(netcdf.opened(normal.path))
        known = unbroken(run, series)
        computed = by_tiles(lambda tile: _computed(run, known, frozen, tile), tiles(series[0]), work)
        with netcdf.opened(write_part(plan_.parts[0], run.product, store, work)) as grid:
            at = zones(run.regions, grid)
        made = write_result(
            run,
            gathered(run, computed, at),
            at,
            parts=plan_.parts,
            input_digest=plan_.input_digest,
            normal=normal,
            store=store,
            work=work,
        )
    return _built(plan_, made)


def _computed(run: Run, series: Series, normal: xr.Dataset | None, tile: Tile) -> xr.Dataset:
    """Give what the indicator of a run makes of its series, on one tile."""
    given = around(_stepped(run, series, tile), run)
    frozen = {} if normal is None else {"normal": normal.isel(tile, missing_dims="ignore").load()}
    told = taken(run.indicator.compute, {**run.parameters, "period": run.period})
    found: xr.Dataset = run.indicator.compute(*given, **told, **frozen)
    kept = {name: one for name, one in given[0].coords.items() if name not in found.coords and _belongs(one, found)}
    return within(found.assign_coords(kept), run.period)


def _stepped(run: Run, series: Series, tile: Tile) -> list[xr.Dataset]:
    pairs = zip(series, run.inputs, strict=True)
    return [stepped(one.isel(tile).load(), run, taken_) for one, taken_ in pairs]


def _belongs(coordinate: xr.DataArray, found: xr.Dataset) -> bool:
    """Tell whether a coordinate of what went in is one of what came out: bounds, areas, a projection."""
    return all(dim == "nv" or dim in found.dims for dim in coordinate.dims)


def _normal(plan_: Plan, series: Series, work: Path) -> Normal | None:
    run, baseline = plan_.run, plan_.run.baseline
    if baseline is None or run.indicator.normal is None:
        return None

    before = Span(
        baseline.start - 1, baseline.end
    )  # a step that starts in the month before may reach into the first one
    around_baseline = tuple(in_span(one, before) for one in series)

    def of_baseline(tile: Tile) -> Series:
        return tuple(in_span(one, baseline) for one in _stepped(run, around_baseline, tile))

    if run.reduction != "field":
        return load_normal(run, of_baseline({}), plan_.store, work)
    inside = [(one, {part_of(label) for label in steps_in(before, one.product.step)}) for one in run.inputs]
    made_of = tuple(
        reduction_path(run, one, part, plan_.store).name
        for one, periods in inside
        for part in plan_.parts
        if part.product == one.name and part.period in periods
    )
    laid = tiles(around_baseline[0])
    fields = Fields(made_of, lambda: by_tiles(lambda tile: normal_of(run, of_baseline(tile)), laid, work, tiled=True))
    return load_normal(run, tuple(in_span(one, baseline) for one in series), plan_.store, work, fields=fields)


def _built(plan_: Plan, made: Made) -> Built:
    return Built(
        path=made.path,
        prepared=len(plan_.missing),
        present=len(plan_.parts) - len(plan_.missing),
        up_to_date=plan_.finished,
        content_digest=made.content_digest,
        validation=made.validation,
        months=made.months,
        good=made.good,
        address=plan_.store.url(made.path),
    )


def build(
    run: Run,
    root: str | Path = "data",
    *,
    track: Track = _untracked,
    today: np.datetime64 | None = None,
    watch: Watch | None = None,
    dask: str = "",
) -> Built:
    """Make the result of a run: whatever of it is not there yet.

    Parameters
    ----------
    run : from `eo.load_run`
    root : the folder where everything is kept, or ``s3://bucket/folder``
    track : gives the parts one by one as they are prepared, for a progress bar
    today : datetime64[D]; what the run needs of services and is not here is fetched first. None asks no service
    watch : sees the granules come
    dask : where parts are prepared, see `eo.workers`

    Raises
    ------
    EoError
        One line that says the rule, the value, and what there is.
    """
    clock = Clock()
    with one_at_a_time(Store.of(root), run.name):
        came = [] if today is None else fetch_inputs(run, root=root, today=today, watch=watch)
        clock.lap("fetch")
        todo = plan(run, root)
        clock.lap("plan")
        if todo.finished:
            made = up_to_date(todo)
        else:
            with workers(dask) as each:
                for _ in track(each(partial(prepare, todo.run, root=root), todo.missing), len(todo.missing)):
                    pass
            clock.lap("prepare")
            made = finish(todo)
            clock.lap("finish")
        new, size = sum(len(one.new) for one in came), sum(one.size for one in came)
        measure(replace(measured(todo), fetched=new, fetched_size=size).after(clock), todo)
        return made


def measured(plan_: Plan) -> Measured:
    """Give what a result is made of, in numbers."""
    granules = {one.sha256: one for part in plan_.parts for one in part.granules}.values()
    lacks = missing.attributes(plan_.run, plan_.parts, plan_.store)
    products = {one.name for one in plan_.run.inputs}
    return Measured(
        granules=len(granules),
        size=sum(one.size for one in granules),
        prepared=len(plan_.missing),
        present=len(plan_.parts) - len(plan_.missing),
        missing={name.removeprefix("granules_"): int(number) for name, number in lacks.items()},
        quarantined=sum(bool(why) for one in products for _, why in quarantine.reasons(plan_.store, one)),
    )


def measure(one: Measured, plan_: Plan) -> None:
    """Keep and log what a build did, in numbers."""
    with opened(plan_.store.root) as work:
        write_metrics(plan_.run.name, one, store=plan_.store, work=work)
    said = numbers(run=plan_.run.name, granules=one.granules, bytes=one.size, seconds=dict(one.seconds))
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in one.seconds.items())
    _LOG.info("%s: %d granules, %d parts prepared; %s", plan_.run.name, one.granules, one.prepared, stages, extra=said)


def up_to_date(plan_: Plan) -> Built:
    """Give the result that is there."""
    path = plan_.store.result(plan_.run.name, "nc")
    with netcdf.opened(path) as file:
        return _built(plan_, Made.of(path, file))
