"""Climate indicators: one file each, a pure function and its INDICATOR record. The directory is the registry."""

import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal

import xarray as xr
from pydantic import ConfigDict, ValidationError, create_model

from eo.errors import InputError, unknown

Reduction = Literal["zonal_mean"]


@dataclass(frozen=True)
class Output:
    """One variable of a result, by what it is; ``{variable}`` stands for the variable of the run."""

    key: str
    """Its name in what the function returns."""
    name: str
    long_name: str
    cell_methods: str
    difference: bool = False
    """A difference of two values: its units are those of a difference."""
    standard_name: str = ""
    """``{standard_name}`` stands for that of the variable; empty where CF has none."""


@dataclass(frozen=True)
class Indicator:
    """What the pipeline must know of an indicator to run it; the function knows nothing of files."""

    compute: Callable[..., xr.Dataset]
    title: str
    reduction: Reduction
    """What is taken of each part before: the function gets that as its first argument."""
    outputs: tuple[Output, ...]
    reference: str
    normal: bool = False
    """True where the function takes a frozen baseline normal as ``normal``."""

    def parameters(self) -> dict[str, inspect.Parameter]:
        """Give what a run may set: the keyword-only arguments, but for the normal."""
        all_ = inspect.signature(self.compute, eval_str=True).parameters.values()
        return {one.name: one for one in all_ if one.kind is one.KEYWORD_ONLY and one.name != "normal"}

    def checked(self, given: dict[str, Any], where: str) -> dict[str, Any]:
        """Give all parameters with their values, validated by their annotations.

        Raises
        ------
        InputError
            An unknown parameter, or a value that its annotation refuses.
        """
        known = self.parameters()
        for name in given:
            if name not in known:
                raise unknown("parameter", name, known, where)
        fields: dict[str, Any] = {name: (one.annotation, one.default) for name, one in known.items()}
        model = create_model("Parameters", __config__=ConfigDict(extra="forbid"), **fields)
        try:
            return model(**given).model_dump()
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise InputError(f"{where}: parameter {name!r}: {first['msg']}; it is {first['input']!r}") from None


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
