"""Baseline normals as artefacts: computed once, named by what they are made of, frozen."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from eo import netcdf
from eo.climatology import complete
from eo.config import Run
from eo.errors import InputError
from eo.indicators import taken
from eo.loading import load, present
from eo.model import Span
from eo.provenance import code_of, digest
from eo.store import Store, publish_once

Series = tuple[xr.Dataset, ...]
"""One dataset for each input of a run, the series of its product first."""


@dataclass(frozen=True)
class Normal:
    """A frozen normal and what it is made of."""

    digest: str
    path: Path
    months: tuple[str, ...]
    """The baseline months that it is made of, YYYY-MM."""

    @property
    def content(self) -> xr.Dataset:
        """What the indicator gets, in memory."""
        return netcdf.read(self.path)


@dataclass(frozen=True)
class Fields:
    """The baseline of a run by cells, which is too large to be digested value by value."""

    made_of: tuple[str, ...]
    """Names of the reductions that it is made of."""
    computed: Callable[[], xr.Dataset]


def load_normal(
    run: Run,
    baseline: Series,
    store: Store,
    work: Path,
    *,
    fields: Fields | None = None,
) -> Normal:
    """Give the normal of a run, from the store if it was ever made.

    Parameters
    ----------
    run : has a baseline, and an indicator with a normal
    baseline : the series of each input over the baseline alone: no later month can move it
    store, work : where normals are kept; a folder of `eo.store.opened`
    fields : for a run by cells: what its series are made of, and what computes its normal tile by tile

    Raises
    ------
    InputError
        The baseline has no data.
    """
    months = _baseline(run)
    if fields is None:
        check_baseline(baseline[0], months)
    key = _key(run, [_exact(one) for one in baseline] if fields is None else list(fields.made_of))
    path = store.normal(key)
    if not present(store, [path]):
        content = normal_of(run, baseline) if fields is None else fields.computed()
        _check_normal(content, months)
        said = {"title": f"normal of {run.config.variable}, {months}", "normal_digest": key}
        tiled = fields is not None
        publish_once(store, path, lambda draft: netcdf.write(content.assign_attrs(said), draft, tiled=tiled), work)
    load(store, [path])
    labels = np.unique(baseline[0]["time"].values.astype("datetime64[M]")).astype(str).tolist()
    return Normal(key, path, tuple(labels))


def _baseline(run: Run) -> Span:
    if run.baseline is None:
        raise InputError(f"run {run.name!r} needs a baseline for its normal, and it has none")
    return run.baseline


def check_baseline(series: xr.Dataset, baseline: Span) -> None:
    """Refuse a baseline without data.

    Raises
    ------
    InputError
        No step of the baseline has a value.
    """
    name = "mean" if "mean" in series else next(iter(map(str, series.data_vars)))
    if not series.sizes["time"] or not bool(series[name].notnull().any()):
        raise InputError(f"a baseline has data, and {baseline} has none for the regions of the run")


def _check_normal(content: xr.Dataset, baseline: Span) -> None:
    """Refuse a normal of which nothing stands: too little of the baseline was observed."""
    numbers = [one for one in content.data_vars.values() if one.dtype.kind == "f"]
    if numbers and all(bool(one.isnull().all()) for one in numbers):
        raise InputError(f"a baseline has data enough for a normal, and {baseline} has none for the regions of the run")


def normal_of(run: Run, baseline: Series) -> xr.Dataset:
    """Give what the indicator of a run keeps of its baseline, of series over all its steps."""
    function = _function(run)
    months = _baseline(run)
    span = {"baseline": run.baseline} if "baseline" in inspect.signature(function).parameters else {}
    whole = [complete(one, months, run.step) for one in baseline]
    found: xr.Dataset = function(*whole, **taken(function, run.parameters), **span)
    return found


def _function(run: Run) -> Callable[..., xr.Dataset]:
    if run.indicator.normal is None:
        raise InputError(f"indicator {run.config.indicator!r} has no normal")
    return run.indicator.normal


def _key(run: Run, series: object) -> str:
    function = _function(run)
    return digest(
        {
            "baseline": str(run.baseline),
            "normal": function.__name__,
            "inputs": [[one.variable, one.product.variables[one.variable].units] for one in run.inputs],
            "parameters": taken(function, run.parameters),
            "series": series,
            "code": code_of(function),
        }
    )


def _exact(series: xr.Dataset) -> dict[str, Any]:
    """Give all that a small series is, to the last bit."""
    order = sorted(map(str, series.dims))
    values = {str(name): one.transpose(..., *order, missing_dims="ignore") for name, one in series.data_vars.items()}
    return {
        "region": [str(one) for one in series["region"].values],
        "times": series["time"].values.astype("datetime64[s]").astype(str).tolist(),
        **{name: [float(each).hex() for each in one.values.ravel()] for name, one in values.items()},
    }
