"""What the command line shows, as lines of text."""

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eo import config, indicators
from eo.lineage import Trace
from eo.model import Region


def lines(what: str, configs: str | Path | None = None) -> Iterator[str]:
    """Give a line for each product, indicator, region or run."""
    listers: dict[str, Callable[[Path], Iterator[str]]] = {
        "products": _products,
        "indicators": _indicators,
        "regions": _regions,
        "runs": _runs,
    }
    return listers[what](config.folder(configs))


def _products(configs: Path) -> Iterator[str]:
    for name in config.product_names(configs):
        one = config.load_product(name, configs)
        variables = ", ".join(f"{key} [{variable.units}]" for key, variable in one.variables.items())
        yield f"{name}  {one.title}; {one.institution}; by {one.step}; {variables}"


def _indicators(configs: Path) -> Iterator[str]:
    del configs
    for name in indicators.names():
        one = indicators.load(name)
        parameters = ", ".join(_parameter(each) for each in one.parameters().values())
        needs = one.reduction.replace("_", " ") + (" and a baseline" if one.normal else "")
        by = " or ".join(one.by)
        yield f"{name}  {one.title}; by {by}; needs {needs}; {parameters or 'no parameters'}; {one.reference}"


def _parameter(one: inspect.Parameter) -> str:
    return one.name if one.default is one.empty else f"{one.name}={one.default!r}"


def _regions(configs: Path) -> Iterator[str]:
    for name, one in config.load_regions(configs).items():
        yield f"{name}  {one.title}; {_shape(one)}"


def _shape(one: Region) -> str:
    if one.box is None:
        return f"polygons in {one.polygons}"
    return f"{one.box.west:g}..{one.box.east:g} E, {one.box.south:g}..{one.box.north:g} N"


def _runs(configs: Path) -> Iterator[str]:
    for name in config.run_names(configs):
        one = config.load_run(name, configs).config
        yield f"{name}  {one.title}; {one.indicator} of {one.product}; {one.period}"


def trace_lines(found: Trace) -> Iterator[str]:
    """Give a trace as text for a person."""
    yield f"{found.place} {found.time}  status: {found.status}"
    for name, value in found.values.items():
        yield f"  {name} = {value}"
    yield "made of:"
    yield from map(_granule, found.granules)
    if found.baseline:
        yield f"normal {found.lineage['normal']['digest']} made of:"
        yield from map(_granule, found.baseline)
    yield f"code {found.lineage['code_version']}; config {found.lineage['config_digest']}"
    yield f"content {found.lineage['content_digest']}"


def _granule(one: dict[str, Any]) -> str:
    return f"  sha256:{one['sha256']}  {one['size']} bytes  {one['origin']}"


def trace_json(found: Trace) -> Iterator[str]:
    """Give a trace as JSON."""
    content = asdict(found)
    said = content.pop("lineage")
    kept = ("run", "code_version", "config_digest", "content_digest", "input_digest", "normal")
    yield json.dumps(content | {name: said[name] for name in kept if name in said}, indent=1)
