"""Runs, products and regions from configs/: the only reader of that folder. A typing error fails here, by name."""

import math
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from eo import indicators, readers
from eo.documents import read_document, validated
from eo.errors import InputError, unknown
from eo.model import OPEN, PeriodText, Product, Region, Span, SpanText, Step, span
from eo.record import Name, Record, Sentence
from eo.reductions import REDUCTIONS

ENVIRONMENT = "EO_CONFIGS"
_FIRST, _LAST = np.datetime64("1678-01", "M"), np.datetime64("2261-12", "M")


class Reference(Record):
    """A published series that a result is checked against before it is published."""

    title: Sentence
    file: str
    """CSV in configs/references: a column `time` (YYYY-MM) and the column named below; # starts a comment."""
    column: str
    region: Name
    variable: str
    units: str
    correlation: float = Field(gt=0, le=1)
    """Least correlation."""
    rmsd: float = Field(gt=0)
    """Largest root mean square difference, in the units of the variable."""


class Drift(Record):
    """Another result of the same variable that a series must not go away from."""

    run: Name
    tolerance: float = Field(gt=0)
    """By how much the difference of the two may change, in the units of the variable."""


class AlarmRules(Record):
    """When a result is worth a person's look; these decide no number, so another rule makes no other result."""

    sigma: float = Field(default=5.0, gt=0)
    """How many standard deviations a new value may lie from its history."""
    constant: Literal["alarm", "allowed"] = "alarm"
    """Whether a field of one number, or a series that never changes, is a fault; not where zero may last for years."""
    drift: Drift | None = None
    remind_days: int = Field(default=7, ge=1)
    """After so many days people are told again of an alarm that lasts."""


class InputConfig(Record):
    """A further input of an indicator that takes several: a variable of a product."""

    product: str
    variable: Name


class RunConfig(Record):
    """A deliverable as it is written in configs/runs/<run>.yaml."""

    title: Sentence
    summary: Sentence
    keywords: tuple[str, ...] = ()
    indicator: str
    product: str
    variable: Name
    inputs: dict[Name, InputConfig] = Field(default_factory=dict)
    """What an indicator of several inputs takes beside, by the role that it gives each."""
    regions: tuple[Name, ...] = Field(min_length=1)
    by: indicators.By | None = None
    """Whether the result has a series for each region, or a value for each cell of one; as its indicator would."""
    period: PeriodText
    """``2006-04/2010-09``, or open: ``2006-04/..``, through the last whole month that is here."""
    baseline: SpanText | None = None
    splice: Literal["refused", "allowed"] = "refused"
    """Whether the series may be made of granules of several product versions."""
    schedule: str | None = None
    """Cron of its refreshing, where the latency of its product does not say it well."""
    timezone: str = "UTC"
    """Of the schedule."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    validation: Reference | None = None
    alarms: AlarmRules = Field(default_factory=AlarmRules, exclude=True)


class Publisher(Record):
    """Who publishes the results."""

    name: Sentence
    email: str
    url: str
    institution: Sentence
    naming_authority: str
    licence: Sentence


@dataclass(frozen=True)
class Input:
    """One series that a result is made of: a variable of a product."""

    name: str
    """Of the product."""
    product: Product
    variable: str


@dataclass(frozen=True)
class Run:
    """A deliverable with everything that it names: what `load_run` gives and `build` takes."""

    name: str
    folder: Path
    config: RunConfig
    product: Product
    indicator: indicators.Indicator
    parameters: dict[str, Any]
    regions: dict[str, Region]
    publisher: Publisher
    further: tuple[Input, ...] = ()
    last: str = ""
    """The last month of an open period, YYYY-MM; empty until it is known from the granules that are here."""

    @property
    def is_open(self) -> bool:
        """Whether its period goes on with the months that arrive."""
        return self.config.period.endswith(OPEN)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What the indicator takes, in its order: its product first."""
        return Input(self.config.product, self.product, self.config.variable), *self.further

    @property
    def step(self) -> Step:
        """The step of the series that the indicator gets."""
        return "month" if self.indicator.step == "month" else self.product.step

    @property
    def reduction(self) -> indicators.Reduction:
        """What is taken of each part."""
        by = self.config.by or self.indicator.by[0]
        return "field" if by == "cell" else self.indicator.reduction

    @property
    def period(self) -> Span:
        """The months that the result covers.

        Raises
        ------
        InputError
            They are open, and nobody said where they end.
        """
        if self.is_open and not self.last:
            raise InputError(
                f"run {self.name!r} has an open period {self.config.period!r}: its end is that of its data"
            )
        return span(self.config.period.replace("..", self.last))

    @property
    def reach(self) -> tuple[int, int]:
        """How many months before and after its own a value is made of."""
        before, after = self.indicator.reaches(self.parameters)
        straddles = self.step == "month" and any(one.product.step == "8day" for one in self.inputs)
        return max(before, int(straddles)), after

    @property
    def reached(self) -> Span:
        """The months that values of the period may be made of: the data need not go so far."""
        before, after = self.reach
        return Span(max(self.period.start - before, _FIRST), min(self.period.end + after, _LAST + 1))

    @property
    def baseline(self) -> Span | None:
        """The months that the normal is made of."""
        return None if self.config.baseline is None else span(self.config.baseline)

    def definition(self) -> dict[str, Any]:
        """Give all that was configured, as JSON."""
        return {
            "run": self.config.model_dump(mode="json"),
            "product": self.product.model_dump(mode="json"),
            "inputs": {one.name: one.product.model_dump(mode="json") for one in self.further},
            "regions": {name: [one.model_dump(mode="json"), one.geometry] for name, one in self.regions.items()},
            "parameters": self.parameters,
            "last": self.last,
            "publisher": self.publisher.model_dump(mode="json"),
        }


def folder(given: str | Path | None = None) -> Path:
    """Give the configs folder: the one given, or $EO_CONFIGS, or ./configs, or the one of the installation.

    Raises
    ------
    InputError
        The folder given is not one.
    """
    stated = given or os.environ.get(ENVIRONMENT)
    if stated:
        path = Path(stated)
        if not (path / "runs").is_dir():
            raise InputError(f"a configs folder has runs/, and {path} has not")
        return path
    here = Path(__file__).parent
    choices = (Path("configs"), here.parent / "configs", here / "_configs")
    return next((path for path in choices if (path / "runs").is_dir()), choices[0])


def _names(where: Path) -> list[str]:
    return sorted(path.stem for path in where.glob("*.yaml"))


def run_names(configs: Path | None = None) -> list[str]:
    """Give the names of all runs."""
    return _names(folder(configs) / "runs")


def product_names(configs: Path | None = None) -> list[str]:
    """Give the names of all products."""
    return _names(folder(configs) / "products")


def load_product(name: str, configs: Path | None = None, where: str = "") -> Product:
    """Give a product by name.

    Raises
    ------
    InputError
        There is none, or its file breaks a rule.
    """
    path = folder(configs) / "products" / f"{name}.yaml"
    if name not in product_names(configs):
        raise unknown("product", name, product_names(configs), where or str(path.parent))
    product = validated(Product, read_document(path), str(path))
    if product.reader not in readers.names():
        raise unknown("reader", product.reader, readers.names(), str(path))
    _check_product(product, str(path))
    return product


def _check_product(product: Product, where: str) -> None:
    for name, one in product.variables.items():
        low, high = one.plausible
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise InputError(
                f"{where}: 'variables.{name}.plausible': a range is finite, the lower end first; it is [{low}, {high}]"
            )
    rules = {f"marks.{name}": rule for name, rule in product.marks.items()} | {"filename": product.filename or ""}
    for name, rule in rules.items():
        try:
            re.compile(rule)
        except re.error as error:
            raise InputError(f"{where}: {name!r}: a rule is a regular expression ({error}); it is {rule!r}") from None


def load_products(configs: Path | None = None) -> dict[str, Product]:
    """Give all products by name."""
    return {name: load_product(name, configs) for name in product_names(configs)}


def load_regions(configs: Path | None = None) -> dict[str, Region]:
    """Give all regions of configs/regions.yaml, with the text of their GeoJSON files.

    Raises
    ------
    InputError
        A region breaks a rule, or its GeoJSON file is not there.
    """
    path = folder(configs) / "regions.yaml"
    found = {str(name): validated(Region, one, f"{path}: {name}") for name, one in read_document(path).items()}
    return {name: _with_geometry(one, path) for name, one in found.items()}


def _with_geometry(region: Region, path: Path) -> Region:
    if region.polygons is None:
        return region
    try:
        text = (path.parent / region.polygons).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: polygons {region.polygons!r} must be readable: {said}") from None
    return region.model_copy(update={"geometry": text})


def load_publisher(configs: Path | None = None) -> Publisher:
    """Give who publishes, from configs/publisher.yaml."""
    path = folder(configs) / "publisher.yaml"
    return validated(Publisher, read_document(path), str(path))


def load_run(name: str, configs: str | Path | None = None) -> Run:
    """Give a run by name, with its product, regions and indicator, all checked.

    Parameters
    ----------
    name : the name of a file in configs/runs, without its ending
    configs : the configs folder, where it is not the usual one

    Raises
    ------
    InputError
        An unknown run, product, region, indicator, variable, parameter or key, or a value that breaks a rule.
    """
    place = folder(configs)
    path = place / "runs" / f"{name}.yaml"
    if name not in run_names(place):
        raise unknown("run", name, run_names(place), str(path.parent))
    config = validated(RunConfig, read_document(path), str(path))
    for key, text in {"period": config.period, "baseline": config.baseline}.items():
        _check_years(text and text.removesuffix(OPEN), f"{path}: {key!r}")
    product = load_product(config.product, place, str(path))
    _check_variable(config.variable, config.product, product)
    indicator = indicators.load(config.indicator, str(path))
    if indicator.normal and config.baseline is None:
        raise InputError(f"{path}: indicator {config.indicator!r} needs a baseline, and the run has none")
    if config.by is not None and config.by not in indicator.by:
        raise InputError(f"{path}: indicator {config.indicator!r} goes by {list(indicator.by)}, not by {config.by!r}")
    regions = _regions(config, place, str(path))
    if config.validation is not None:
        _check_reference(config.validation, config, indicator, str(path))
    further = _further(config, indicator, place, str(path))
    run = Run(name, place, config, product, indicator, {}, regions, load_publisher(place), further)
    if run.reduction == "field" and len(regions) > 1:
        raise InputError(f"{path}: a run by cells has one region; it has {list(regions)}")
    if config.alarms.drift is not None:
        _check_drift(config.alarms.drift, run, place, str(path))
    parameters = indicator.checked(dict(config.parameters), str(path), [REDUCTIONS[run.reduction]])
    if indicator.refuses is not None:
        said = indicator.refuses(product.options, **indicators.taken(indicator.refuses, parameters))
        if said:
            raise InputError(f"{path}: {said}")
    return replace(run, parameters=parameters)


def _regions(config: RunConfig, place: Path, where: str) -> dict[str, Region]:
    known = load_regions(place)
    for region in config.regions:
        if region not in known:
            raise unknown("region", region, known, str(place / "regions.yaml"))
    if len(set(config.regions)) != len(config.regions):
        raise InputError(f"{where}: regions stand once each; they are {list(config.regions)}")
    return {region: known[region] for region in config.regions}


def _further(config: RunConfig, indicator: indicators.Indicator, place: Path, where: str) -> tuple[Input, ...]:
    if set(config.inputs) != set(indicator.inputs):
        raise InputError(
            f"{where}: indicator {config.indicator!r} takes the inputs {list(indicator.inputs)} beside its product; "
            f"the run names {sorted(config.inputs)}"
        )
    found = []
    for role in indicator.inputs:
        one = config.inputs[role]
        product = load_product(one.product, place, where)
        _check_variable(one.variable, one.product, product)
        found.append(Input(one.product, product, one.variable))
    return tuple(found)


def _check_variable(variable: str, name: str, product: Product) -> None:
    if variable not in product.variables:
        raise unknown("variable", variable, product.variables, f"product {name!r}")


def _check_years(text: str | None, where: str) -> None:
    """Refuse months that a time in nanoseconds cannot hold."""
    if text is not None and not (span(text).start >= _FIRST and span(text).end <= _LAST + 1):
        raise InputError(f"{where}: a period lies in {_FIRST} to {_LAST}; it is {text!r}")


def _check_reference(reference: Reference, config: RunConfig, indicator: indicators.Indicator, where: str) -> None:
    if reference.region not in config.regions:
        raise unknown("region", reference.region, config.regions, f"the run that the validation of {where} compares")
    outputs = [one.name.format(variable=config.variable) for one in indicator.outputs]
    if reference.variable not in outputs:
        raise unknown("variable", reference.variable, outputs, f"the validation of {where}")


def _check_drift(drift: Drift, run: Run, place: Path, where: str) -> None:
    if drift.run not in run_names(place) or drift.run == run.name:
        raise unknown("other run", drift.run, set(run_names(place)) - {run.name}, f"'alarms.drift' of {where}")
    if run.reduction == "field":
        raise InputError(f"{where}: 'alarms.drift': a drift is that of a series by region; the run is by cells")
