"""Climate indicators: one file each, a pure function and its INDICATOR record. The directory is the registry."""

import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal

import xarray as xr
from pydantic import ConfigDict, ValidationError, create_model

from eo.errors import InputError, unknown

Reduction = Literal["zonal_mean", "zonal_extent", "field"]
"""What is taken of each part before: a function of that name in `eo.reductions`."""
By = Literal["region", "cell"]
_GIVEN = ("normal", "baseline", "period")
"""Keyword-only arguments that the pipeline gives: no parameters of a run."""


@dataclass(frozen=True)
class Output:
    """One variable of a result, by what it is.

    In texts ``{variable}``, ``{long_name}``, ``{standard_name}``, ``{anomaly_standard_name}`` and ``{units}`` stand for
    those of the variable of the run.
    """

    key: str
    """Its name in what the function returns."""
    name: str
    long_name: str
    cell_methods: str
    difference: bool = False
    """A difference of two values: its units are those of a difference."""
    standard_name: str = ""
    """Empty where CF has none."""
    units: str = "{units}"
    range: tuple[float, float] | None = None
    """Where its values lie; the plausible range of the variable where it has those units and none is given."""
    flags: Mapping[str, int] = field(default_factory=dict)
    """Meaning -> code of an output that is a class (a category of a heatwave)."""


@dataclass(frozen=True)
class Indicator:
    """What the pipeline must know of an indicator to run it; the function knows nothing of files."""

    compute: Callable[..., xr.Dataset]
    """Its positional arguments are series: of the run's product first, then of each further input by its role. Its
    keyword-only arguments are parameters, but for ``normal``."""
    title: str
    reduction: Reduction
    """What is taken of each part for a run by regions; a run by cells takes the field."""
    outputs: tuple[Output, ...]
    reference: str
    by: tuple[By, ...] = ("region",)
    """What a run may ask for: a series for each region, or a value for each cell of one region."""
    step: Literal["month", "native"] = "month"
    """The step of the series that the function gets: calendar months, or the steps of the product."""
    normal: Callable[..., xr.Dataset] | None = None
    """Gives what is kept of the baseline, once and for all: a function of the same series over the baseline alone.

    Where it asks for the keyword ``baseline`` it gets its span. The indicator gets what it gives as ``normal``."""

    reach: Callable[..., tuple[int, int]] | None = None
    """Gives, of the parameters that it takes by keyword, how many months before and after its own a value needs.

    The series that the indicator gets has these months around the period of the run as far as the data goes, and the
    result is cut to the period: steps by the pipeline, what has another dim (events) by the function, which is given
    the months as ``period`` where it asks for that keyword."""
    refuses: Callable[..., str] | None = None
    """Says what is wrong with some parameters on a product whose reader has these ``options``; empty where nothing is.

    A function of ``options`` and of parameters by keyword: for what would be done to a number twice, or not at all."""
    gather: Callable[..., xr.Dataset] | None = None
    """For an indicator by regions that takes fields: makes one series of what ``compute`` gives for all cells.

    A function of that and of the area of each cell that lies in the region, m2, (lat, lon) or (y, x), and of parameters
    by keyword; it gives outputs, coverage and flag by (time)."""

    drawn: str = ""
    """Key of the output that the plot shows; empty: the first one."""

    def reaches(self, parameters: Mapping[str, Any]) -> tuple[int, int]:
        """Give how many months before and after its own a value needs, with these parameters."""
        return (0, 0) if self.reach is None else self.reach(**taken(self.reach, parameters))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The roles of what a run names under ``inputs``, beside its product: the further positional arguments."""
        all_ = inspect.signature(self.compute).parameters.values()
        return tuple(one.name for one in all_ if one.kind is not one.KEYWORD_ONLY)[1:]

    def parameters(self, *further: Callable[..., Any]) -> dict[str, inspect.Parameter]:
        """Give what a run may set: the keyword-only arguments of the indicator, its normal and `further` functions."""
        functions = [self.compute, *([self.normal] if self.normal else []), *further]
        all_ = [one for each in functions for one in inspect.signature(each, eval_str=True).parameters.values()]
        known: dict[str, inspect.Parameter] = {}
        for one in all_:
            if one.kind is one.KEYWORD_ONLY and one.name not in _GIVEN:
                known.setdefault(one.name, one)
        return known

    def checked(self, given: dict[str, Any], where: str, further: Iterable[Callable[..., Any]] = ()) -> dict[str, Any]:
        """Give all parameters with their values, validated by their annotations.

        Raises
        ------
        InputError
            An unknown parameter, or a value that its annotation refuses.
        """
        known = self.parameters(*further)
        for name in given:
            if name not in known:
                raise unknown("parameter", name, known, where)
        fields: dict[str, Any] = {
            name: (one.annotation, ... if one.default is one.empty else one.default) for name, one in known.items()
        }
        model = create_model("Parameters", __config__=ConfigDict(extra="forbid"), **fields)
        try:
            return model(**given).model_dump()
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise InputError(f"{where}: parameter {name!r}: {first['msg']}; it is {first['input']!r}") from None


def taken(function: Callable[..., Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Give those of some parameters that a function takes by keyword."""
    known = inspect.signature(function).parameters.values()
    return {one.name: parameters[one.name] for one in known if one.kind is one.KEYWORD_ONLY and one.name in parameters}


@lru_cache
def names() -> tuple[str, ...]:
    """Give the names of all indicators: the modules of this folder."""
    return tuple(sorted(one.name for one in pkgutil.iter_modules(__path__)))


def load(name: str, where: str = "") -> Indicator:
    """Give the indicator of that name.

    Raises
    ------
    InputError
        There is none.
    """
    if name not in names():
        raise unknown("indicator", name, names(), where)
    found = import_module(f"{__name__}.{name}").INDICATOR
    assert isinstance(found, Indicator)  # noqa: S101 - a fact of this folder that a test checks for every module
    return found
