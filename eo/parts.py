"""Making the files of one part: its canonical form and the reduction of it that an indicator needs."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path

import xarray as xr

from eo import granules, netcdf
from eo.canonical import STATUS, spatial_dims
from eo.config import Input, Run
from eo.errors import InputError, StoreError
from eo.indicators import taken
from eo.loading import load, present
from eo.model import Granule, Part, Product, Step
from eo.provenance import code_of, digest
from eo.reductions import REDUCTIONS, monthly_field
from eo.steps import labels, part_of
from eo.store import Store, publish_once
from eo.zones import zones


def reduction_path(run: Run, one: Input, part: Part, store: Store) -> Path:
    """Give where the reduction of a part for a run is kept: named by the part, the variable, the zones, the code."""
    function = REDUCTIONS[run.reduction]
    named = {
        "part": part.digest,
        "reduction": [run.reduction, one.variable, taken(function, run.parameters)],
        "step": run.indicator.step if run.reduction == "field" else "native",
        "zones": [
            [name, region.model_dump(mode="json", include={"box"}), region.geometry]
            for name, region in run.regions.items()
        ],
        "code": code_of(function, zones, monthly_field, reduction_path),
    }
    return store.reduction(part, run.reduction, digest(named))


def reductions(run: Run, part: Part, store: Store) -> dict[Path, Input]:
    """Give where the reductions of a part for a run are kept: one a variable that is asked for."""
    return {reduction_path(run, one, part, store): one for one in run.inputs if one.name == part.product}


def write_part(part: Part, product: Product, store: Store, work: Path) -> Path:
    """Write a part in canonical form, unless it is there, and give where it is on this machine.

    Raises
    ------
    InputError
        A granule changed, cannot be read to its end, or breaks a rule.
    StoreError
        The disk is full or refuses.
    """
    path = store.part(part)
    if present(store, [path]):
        return load(store, [path], place=partial(store.place, work=work))[0]
    whole = granules.load_granules(part.granules, store, work)
    try:
        with ExitStack() as stack:
            pieces = [stack.enter_context(granules.opened(one, product)) for one in whole]
            made = publish_once(
                store, path, lambda draft: netcdf.write(_content(part, product, pieces), draft), work, large=True
            )
    except StoreError:
        for granule in whole:
            _check_readable(granule, product)
        raise
    for granule in whole:
        granules.unchanged(granule)
    return made


def _content(part: Part, product: Product, whole: list[xr.Dataset]) -> xr.Dataset:
    joined = xr.concat(
        [_inside(one, part, product.step) for one in whole],
        dim="time",
        data_vars="minimal",
        coords="minimal",
        compat="equals",
        join="exact",
        combine_attrs="override",
    )
    said = {
        "title": f"{product.title}: canonical part {part.period}",
        "product": part.product,
        "period": part.period,
        "part_digest": part.digest,
        "granules": " ".join(one.sha256 for one in part.granules),
    }
    return joined.sortby("time").assign_attrs(said)


def _inside(content: xr.Dataset, part: Part, step: Step) -> xr.Dataset:
    periods = [part_of(label) for label in labels(content["time"].values, step)]
    return content.isel(time=[number for number, period in enumerate(periods) if period == part.period])


def _check_readable(granule: Granule, product: Product) -> None:
    """Refuse a granule whose values cannot all be read: what failed then was the reading, not the writing."""
    try:
        with granules.opened(granule, product) as content:
            content.load()
    except (OSError, RuntimeError) as error:
        raise InputError(f"{granule.path} must be readable to its end, and it is not: {error}") from None


def write_reductions(run: Run, part: Part, store: Store, work: Path) -> list[Path]:
    """Write the reductions of a part for a run, those that are not there, and give their paths."""
    wanted = reductions(run, part, store)
    there = present(store, wanted)
    for path, one in wanted.items():
        if path not in there:
            source = write_part(part, one.product, store, work)
            tiled = run.reduction == "field"
            publish_once(store, path, lambda draft: netcdf.write(_reduced(run, one, source), draft, tiled=tiled), work)  # noqa: B023 - called at once
    return list(wanted)


def _reduced(run: Run, one: Input, source: Path) -> xr.Dataset:
    name, function = one.variable, REDUCTIONS[run.reduction]
    with netcdf.opened(source) as content:
        at = zones(run.regions, content)
        try:
            found = function(
                content[name],
                content[f"{name}_status"],
                at,
                STATUS["outside_domain"],
                **taken(function, run.parameters),
            )
            series = found.assign_coords(time_bounds=content["time_bounds"])
            if run.reduction == "field":
                series = _window(series, content)
                series = monthly_field(series, one.product.step) if run.indicator.step == "month" else series
            said = {"title": f"{run.reduction} of {name}", "part": content.attrs["part_digest"]}
            return series.compute().assign_attrs(said)
        except InputError as error:
            raise StoreError(f"{error}; remove it and run again") from None


def _window(series: xr.Dataset, content: xr.Dataset) -> xr.Dataset:
    """Give a window of fields with the coordinates of its grid."""
    rows, columns = spatial_dims(content)
    at = {dim: content.indexes[dim].get_indexer(series.indexes[dim]) for dim in (rows, columns)}
    grid = content[[name for name in content.coords if name not in {"time", "time_bounds"}]].isel(at)
    return series.assign_coords(
        {name: one.drop_attrs(deep=False).assign_attrs(one.attrs) for name, one in grid.coords.items()}
    )
