"""Means, shares, areas, normals and anomalies against CDO. data/cdo/make.py has the commands that made its numbers.

CDO selects whole cells by their centres, so boxes end at edges of cells. It draws the edges of a cell as great
circles, where the cells here lie between parallels: its areas are too small by at most w^2 / 6 for cells of width w,
5.1e-7 for the tenth of a degree here. Of a field between 260 and 310 K that is 2.5e-5 K in a mean, or 1e-7 of it. Where
no area counts (a normal or an anomaly of one cell) both sides differ by rounding alone: inputs and answers are in
double precision (``-b F64``), and the inputs are numbers that single precision holds.
"""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from strategies import box, mean_over, product

from eo.canonical import canonical
from eo.climatology import monthly_normal
from eo.coverage import monthly_mean
from eo.indicators.anomaly import anomaly
from eo.model import Region, Step, span
from eo.readers import cf

MAKE = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "data" / "cdo" / "make.py")))
CASES: dict[str, dict[str, Any]] = json.loads(MAKE.NUMBERS.read_text(encoding="utf-8"))["cases"]
AREAS, MEANS, ROUNDING = 1e-6, 1e-7, 1e-14
"""Of shares of area, of means by area, and of sums of at most 31 numbers: see above."""

CELL = box(30, 60, 0, 30)

EVERYWHERE = box(-180, 180, -90, 90)


def theirs(case: str) -> npt.NDArray[np.float64]:
    return np.array(CASES[case]["values"])


@pytest.fixture(scope="module")
def granules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cdo")
    for name, write in MAKE.inputs().items():
        write(folder / f"{name}.nc")
    return folder


def opened(granules: Path, case: str, step: Step = "month") -> xr.Dataset:
    of = product("field", step, source="field", units="K")
    with cf.read(granules / f"{CASES[case]['input']}.nc", of) as published:
        return canonical(published, of.variables, step=step).load()


def test_every_number_has_the_command_that_makes_it() -> None:
    assert {name: (one["input"], one["command"]) for name, one in CASES.items()} == {
        name: (which, f"cdo -s -b F64 {arguments}") for name, (which, arguments) in MAKE.CASES.items()
    }


@pytest.mark.parametrize(
    ("case", "region"),
    [
        ("global mean", EVERYWHERE),
        ("global mean, 180 W to 180 E", EVERYWHERE),
        ("global mean with gaps", EVERYWHERE),
        ("global mean, uneven rows", EVERYWHERE),
        ("box", box(20, 80, -30, 55)),
        ("box across Greenwich", box(-60, 30, 30, 75)),
        ("box across the antimeridian", box(160, -150, -5, 5)),
        ("box with gaps", box(160, -150, -5, 5)),
        ("polar cap", box(-180, 180, 60, 90)),
        ("box, uneven rows", box(20, 80, -32, 41)),
    ],
)
def test_the_mean_over_a_zone_is_that_of_cdo(granules: Path, case: str, region: Region) -> None:
    found = mean_over(region, opened(granules, case))["mean"][0]
    np.testing.assert_allclose(found, theirs(case), rtol=MEANS)


@pytest.mark.parametrize(
    ("case", "region"),
    [
        ("share of the globe that was observed", EVERYWHERE),
        ("share of the box that was observed", box(160, -150, -5, 5)),
    ],
)
def test_the_coverage_is_the_share_that_cdo_finds(granules: Path, case: str, region: Region) -> None:
    found = mean_over(region, opened(granules, case))["coverage"][0]
    np.testing.assert_allclose(found, theirs(case), rtol=AREAS)
    assert (found < 1).all()


@pytest.mark.parametrize("case", ["area of a cell in each row", "area of a cell in each row, uneven rows"])
def test_rows_share_the_area_of_a_segment_as_they_do_in_cdo(granules: Path, case: str) -> None:
    ours = opened(granules, case)["area"][:, 0]
    np.testing.assert_allclose(ours / ours.sum(), theirs(case) / theirs(case).sum(), rtol=AREAS)  # of any radius


def series(granules: Path, case: str, step: Step = "month") -> xr.Dataset:
    content = opened(granules, case, step)
    return mean_over(CELL, content).assign_coords(time_bounds=content["time_bounds"])


def test_a_normal_is_the_multi_year_monthly_mean_of_cdo(granules: Path) -> None:
    case = "monthly normal of a cell"
    found = monthly_normal(series(granules, case), baseline=span("2001/2003"), min_coverage=1.0)
    np.testing.assert_allclose(found["normal"][0], theirs(case), rtol=ROUNDING)


def test_an_anomaly_is_the_multi_year_monthly_difference_of_cdo(granules: Path) -> None:
    case = "anomaly of a cell"
    months = series(granules, case)
    normal = monthly_normal(months, baseline=span("2001/2003"), min_coverage=1.0)
    found = anomaly(months, normal=normal, min_coverage=1.0)["anomaly"][0]
    np.testing.assert_allclose(found, theirs(case), rtol=0, atol=310 * ROUNDING)  # the difference of values below 310


def test_a_month_of_whole_days_is_the_monthly_mean_of_cdo(granules: Path) -> None:
    case = "monthly means of the days of a cell"
    found = monthly_mean(series(granules, case, "day"))
    np.testing.assert_allclose(found["mean"][0], theirs(case), rtol=ROUNDING)
    assert found["coverage"].values.tolist() == [[1.0, 1.0]]
