"""What the command line shows, as lines of text."""

import inspect
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eo import config, indicators
from eo.errors import InputError
from eo.indicators import Indicator
from eo.lineage import Trace
from eo.model import Region
from eo.reductions import REDUCTIONS
from eo.units import convertible


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
        parameters = ", ".join(_parameters(one))
        beside = [*([f"{role} beside" for role in one.inputs]), *(["a baseline"] if one.normal else [])]
        needs = " and ".join([one.reduction.replace("_", " "), *beside])
        by = " or ".join(one.by)
        yield f"{name}  {one.title}; by {by}; needs {needs}; {parameters or 'no parameters'}; {one.reference}"


def description(name: str) -> Iterator[str]:
    """Give all that an indicator says of itself: its docstring, that of its normal, and its outputs.

    Raises
    ------
    InputError
        There is no such indicator.
    """
    one = indicators.load(name)
    yield f"{name}: {one.title}"
    yield ""
    yield from (inspect.getdoc(one.compute) or "").splitlines()
    if one.normal:
        yield from ["", "Of the baseline", "---------------", *(inspect.getdoc(one.normal) or "").splitlines()]
    yield from ["", "Outputs", "-------"]
    for output in one.outputs:
        yield f"{output.name} [{output.units}]  {output.long_name}"
    yield from ["", "A run may set", "-------------", *(_parameters(one) or ["nothing"])]
    before, after = one.reaches({name: each.default for name, each in one.parameters().items()})
    if before or after:
        yield from [
            "",
            f"With these, a value may be made of {before} months before its own and of {after} after it.",
        ]


def _parameters(one: Indicator) -> list[str]:
    """Give each parameter with its default and, where the docstrings give it one, its unit."""
    functions = [each for each in (one.compute, one.normal, REDUCTIONS[one.reduction]) if each]
    units: dict[str, str] = {}
    for each in reversed(functions):
        units |= _units(inspect.getdoc(each) or "")
    return [_parameter(each, units.get(each.name, "")) for each in one.parameters(REDUCTIONS[one.reduction]).values()]


def _parameter(one: inspect.Parameter, units: str) -> str:
    said = one.name if one.default is one.empty else f"{one.name}={one.default!r}"
    return f"{said} [{units}]" if units else said


def _units(docstring: str) -> dict[str, str]:
    """Give the units that a docstring states: those of ``name : units``, where they are, or where it says whose."""
    found: dict[str, str] = {}
    for names, said in re.findall(r"^(\w+(?:, \w+)*) : (.+)$", docstring, re.MULTILINE):
        units = re.split(r"[;,]", said)[0].strip()
        if _known(units) or units.startswith("units of "):
            found |= dict.fromkeys(names.split(", "), units)
    return found


def _known(units: str) -> bool:
    try:
        return convertible(units, units)
    except InputError:
        return False


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
