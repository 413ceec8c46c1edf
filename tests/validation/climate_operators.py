"""Zonal means, normals and anomalies against CDO: its answers are kept in tests/data/cdo/numbers.json.

See tests/test_cdo.py for how far they may differ: CDO draws the edges of cells as great circles.
"""

import json
import runpy
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import xarray as xr
from strategies import box, mean_over, product

from eo.canonical import canonical
from eo.climatology import monthly_normal
from eo.coverage import monthly_mean
from eo.indicators.anomaly import anomaly
from eo.model import Region, Step, span
from eo.readers import cf
from validation.record import Check, Compared

MAKE = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "data" / "cdo" / "make.py")))
KEPT = json.loads(MAKE.NUMBERS.read_text(encoding="utf-8"))
CELL, EVERYWHERE = box(30, 60, 0, 30), box(-180, 180, -90, 90)
BASE = span("2001/2003")


def opened(case: str, step: Step = "month") -> xr.Dataset:
    name = KEPT["cases"][case]["input"]
    of = product("field", step, source="field", units="K")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.nc"
        MAKE.inputs()[name](path)
        with cf.read(path, of) as published:
            return canonical(published, of.variables, step=step).load()


def theirs(case: str) -> np.ndarray:
    return np.array(KEPT["cases"][case]["values"])


def mean(_: Path, *, case: str, region: Region) -> Compared:
    return Compared.numbers(mean_over(region, opened(case))["mean"][0], theirs(case))


def coverage(_: Path, *, case: str, region: Region) -> Compared:
    return Compared.numbers(mean_over(region, opened(case))["coverage"][0], theirs(case))


def series(case: str, step: Step = "month") -> xr.Dataset:
    content = opened(case, step)
    return mean_over(CELL, content).assign_coords(time_bounds=content["time_bounds"])


def normal(_: Path, *, case: str) -> Compared:
    return Compared.numbers(monthly_normal(series(case), baseline=BASE, min_coverage=1.0)["normal"][0], theirs(case))


def difference(_: Path, *, case: str) -> Compared:
    months = series(case)
    usual = monthly_normal(months, baseline=BASE, min_coverage=1.0)
    return Compared.numbers(anomaly(months, normal=usual, min_coverage=1.0)["anomaly"][0], theirs(case))


def months_of_days(_: Path, *, case: str) -> Compared:
    return Compared.numbers(monthly_mean(series(case, "day"))["mean"][0], theirs(case))


_CDO = "Climate Data Operators, {command}; SYNTHETIC field"
_EDGES, _ROUNDING = "CDO draws the edges of cells as great circles, ours are parallels", "rounding"
_CASES: tuple[tuple[str, Callable[..., Compared], float, str, str], ...] = (
    ("global mean", partial(mean, region=EVERYWHERE), 3e-5, "K", _EDGES),
    ("global mean with gaps", partial(mean, region=EVERYWHERE), 3e-5, "K", _EDGES),
    ("global mean, uneven rows", partial(mean, region=EVERYWHERE), 3e-5, "K", _EDGES),
    ("box across the antimeridian", partial(mean, region=box(160, -150, -5, 5)), 3e-5, "K", _EDGES),
    ("polar cap", partial(mean, region=box(-180, 180, 60, 90)), 3e-5, "K", _EDGES),
    ("share of the globe that was observed", partial(coverage, region=EVERYWHERE), 1e-6, "1", _EDGES),
    ("monthly normal of a cell", normal, 1e-11, "K", _ROUNDING),
    ("anomaly of a cell", difference, 1e-11, "K", _ROUNDING),
    ("monthly means of the days of a cell", months_of_days, 1e-11, "K", _ROUNDING),
)

CHECKS = tuple(
    Check(
        "Zonal means, normals, anomalies", case, partial(compare, case=case), tolerance, units,
        _CDO.format(command=KEPT["cases"][case]["command"]), reason,
    )
    for case, compare, tolerance, units, reason in _CASES
)  # fmt: skip
