"""Making the files of one part: its canonical form and the reduction of it that an indicator needs."""

from contextlib import ExitStack
from pathlib import Path

import xarray as xr

from eo import granules, netcdf
from eo.canonical import STATUS
from eo.config import Run
from eo.errors import InputError, StoreError
from eo.model import Granule, Part, Product, Step
from eo.provenance import code_digest, digest
from eo.steps import labels, part_of
from eo.store import Store, publish_once
from eo.zones import zonal_mean, zones

REDUCING = ("zones", "projected_zones", "projection", "grid", "parts")
"""Modules of `eo` that decide the values of a reduction, beside those of its part."""


def reduction_path(run: Run, part: Part, store: Store) -> Path:
    """Give where the reduction of a part for a run is kept: named by the part, the variable, the zones, the code."""
    named = {
        "part": part.digest,
        "reduction": [run.indicator.reduction, run.config.variable],
        "zones": [
            [name, one.model_dump(mode="json", include={"box"}), one.geometry] for name, one in run.regions.items()
        ],
        "code": code_digest(*REDUCING),
    }
    return store.reduction(part, run.indicator.reduction, digest(named))


def write_part(part: Part, product: Product, store: Store, work: Path) -> Path:
    """Write a part in canonical form, unless it is there, and give its path.

    Raises
    ------
    InputError
        A granule changed, cannot be read to its end, or breaks a rule.
    StoreError
        The disk is full or refuses.
    """
    path = store.part(part)
    if path.exists():
        return path
    try:
        with ExitStack() as stack:
            pieces = [stack.enter_context(granules.opened(one, product)) for one in part.granules]
            publish_once(path, lambda draft: netcdf.write(_content(part, product, pieces), draft), work)
    except StoreError:
        for granule in part.granules:
            _check_readable(granule, product)
        raise
    for granule in part.granules:
        granules.unchanged(granule)
    return path


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


def write_reduction(run: Run, part: Part, store: Store, work: Path) -> Path:
    """Write the reduction of a part for a run, unless it is there, and give its path."""
    path = reduction_path(run, part, store)
    if not path.exists():
        source = write_part(part, run.product, store, work)
        publish_once(path, lambda draft: netcdf.write(_reduced(run, source), draft), work)
    return path


def _reduced(run: Run, source: Path) -> xr.Dataset:
    name = run.config.variable
    with netcdf.opened(source) as content:
        at = zones(run.regions, content)
        series = zonal_mean(content[name], content[f"{name}_status"], at, STATUS["outside_domain"])
        said = {"title": f"zonal mean of {name}", "part": content.attrs["part_digest"]}
        try:
            return series.assign_coords(time_bounds=content["time_bounds"]).compute().assign_attrs(said)
        except InputError as error:
            raise StoreError(f"{error}; remove it and run again") from None
