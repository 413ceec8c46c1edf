"""Baseline normals as artefacts: computed once, named by what they are made of, frozen."""

from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from eo import netcdf
from eo.climatology import monthly_normal
from eo.config import Run
from eo.errors import InputError
from eo.provenance import code_digest, digest
from eo.store import Store, publish_once

_DECIDING = ("climatology", "coverage", "normals")


@dataclass(frozen=True)
class Normal:
    """A frozen normal and what it is made of."""

    digest: str
    content: xr.Dataset
    months: tuple[str, ...]
    """The baseline months that it is made of, YYYY-MM."""


def load_normal(run: Run, baseline: xr.Dataset, store: Store, work: Path) -> Normal:
    """Give the normal of a run, from the store if it was ever made.

    Parameters
    ----------
    run : has a baseline
    baseline : Dataset
        Monthly ``mean`` and ``coverage`` (region, time) of the baseline months alone: no later month can move it.
    store, work : where normals are kept; a folder of `eo.store.opened`

    Raises
    ------
    InputError
        The baseline has no data.
    """
    if run.baseline is None:
        raise InputError(f"run {run.name!r} needs a baseline for its normal, and it has none")
    key = _key(run, baseline)
    path = store.normal(key)
    if not path.exists():
        minimum = float(run.parameters["min_coverage"])
        content = monthly_normal(baseline, run.baseline, min_coverage=minimum)
        said = {"title": f"monthly normal of {run.config.variable}, {run.baseline}", "normal_digest": key}
        publish_once(path, lambda draft: netcdf.write(content.assign_attrs(said), draft), work)
    months = baseline["time"].values.astype("datetime64[M]").astype(str).tolist()
    return Normal(key, netcdf.read(path), tuple(months))


def _key(run: Run, baseline: xr.Dataset) -> str:
    def exact(name: str) -> list[str]:
        return [float(one).hex() for one in baseline[name].transpose("region", "time").values.ravel()]

    return digest(
        {
            "baseline": str(run.baseline),
            "variable": run.config.variable,
            "units": run.product.variables[run.config.variable].units,
            "min_coverage": float(run.parameters["min_coverage"]),
            "regions": [str(one) for one in baseline["region"].values],
            "months": baseline["time"].values.astype("datetime64[M]").astype(str).tolist(),
            "mean": exact("mean"),
            "coverage": exact("coverage"),
            "code": code_digest(*_DECIDING),
        }
    )
