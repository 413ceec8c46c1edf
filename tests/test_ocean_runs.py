"""Indicators of the ocean and of gases, from files to results past the gate."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
import xarray as xr

from eo import gate, load_run, pipeline
from eo.config import run_names
from eo.coverage import FLAGS
from eo.lineage import trace

LOGARITHM = {
    "chlor": {
        "source": "sst",
        "units": "1",
        "long_name": "decimal logarithm of the chlorophyll-a concentration in mg m-3",
        "plausible": [-4, 3],
    }
}


def noisy(level: float, spread: float, count: int) -> np.ndarray:
    """Give (time, lat, lon) numbers that are other in the east than in the west, with a rise."""
    draw = np.random.default_rng(11).normal(size=(count, 1, 2)) * spread
    wide = np.broadcast_to(draw.repeat(5, axis=2), (count, synthetic.LAT.size, synthetic.LON.size))
    return (level + wide + np.arange(count)[:, None, None] * 1e-3).astype(np.float32)


def built(
    tmp_path: Path, run: dict[str, Any], *, logarithm: bool = False, years: int = 3
) -> tuple[xr.Dataset, pipeline.Built]:
    values = noisy(0.0, 0.2, 12 * years) if logarithm else noisy(300.0, 1.0, 12 * years)
    times = synthetic.months("2001-01", 12 * years)
    synthetic.write(tmp_path / "in" / "all.nc", times, values=values, units="1" if logarithm else "K")
    whole = f"2001/{2000 + years}"
    common = {"period": whole, "baseline": whole, "regions": ["patch", "west"]}
    there = synthetic.configs(
        tmp_path / "configs",
        tmp_path / "in" / "*.nc",
        product={"variables": LOGARITHM} if logarithm else None,
        run=common | run,
    )
    made = pipeline.build(load_run("synthetic", there), tmp_path / "r")
    with xr.open_dataset(made.path) as file:
        return file.load(), made


RUNS: dict[str, tuple[dict[str, Any], dict[str, tuple[str, ...]]]] = {
    "oceanic_nino_index": ({}, {"oceanic_nino_index": ("region", "time")}),
    "relative_nino_index": ({"parameters": {"tropics": "patch"}}, {"relative_nino_index": ("region", "time")}),
    "dipole_mode_index": (
        {"parameters": {"west": "west", "east": "patch", "whole": "patch"}},
        {"dipole_mode_index": ("region", "time")},
    ),
    "atlantic_multidecadal_oscillation": (
        {"parameters": {"detrend": "ocean", "ocean": "patch"}},
        {"atlantic_multidecadal_oscillation": ("region", "time")},
    ),
    "warm_pool_index": (
        {"baseline": None, "parameters": {"threshold": 27.0}},
        {"warm_pool_area": ("region", "time"), "warm_pool_temperature": ("region", "time")},
    ),
    "sea_level": (
        {"parameters": {"min_years": 10}},
        {
            "sea_surface_temperature_deseasonalised": ("region", "time"),
            "sea_surface_temperature_trend": ("region",),
            "sea_surface_temperature_acceleration": ("region",),
        },
    ),
    "growth_rate": ({"baseline": None}, {"sea_surface_temperature_growth_rate": ("region", "time")}),
}

TEN_YEARS = {"relative_nino_index", "sea_level"}
"""They need a record so long, which takes its time."""


@pytest.mark.parametrize(
    "indicator", [pytest.param(one, marks=[pytest.mark.slow] if one in TEN_YEARS else []) for one in RUNS]
)
def test_a_run_of_each_passes_the_gate(tmp_path: Path, indicator: str) -> None:
    run, outputs = RUNS[indicator]
    years = 10 if indicator in TEN_YEARS else 3
    file, made = built(tmp_path, {"indicator": indicator} | run, years=years)
    assert gate.failures(made.path) == []
    for name, dims in outputs.items():
        assert file[name].dims == dims
        assert np.isfinite(file[name]).any()
        assert np.isfinite(file[name].where(file["status"] == FLAGS["good"], np.nan)).any()


@pytest.mark.slow
def test_a_run_of_chlorophyll_has_the_geometric_mean_in_mg_a_cubic_metre(tmp_path: Path) -> None:
    file, made = built(tmp_path, {"indicator": "chlorophyll", "variable": "chlor"}, logarithm=True)
    assert gate.failures(made.path) == []
    np.testing.assert_allclose(file["chlorophyll"], 10.0 ** file["chlor"], rtol=1e-12)
    assert file["chlorophyll"].attrs["units"] == "mg m-3"
    assert file["chlorophyll_percent_of_normal"].attrs["units"] == "%"


@pytest.mark.slow
def test_a_season_is_traced_to_its_three_months(tmp_path: Path) -> None:
    _, made = built(tmp_path, {"indicator": "oceanic_nino_index"})
    assert trace(made.path, "west", "2002-05").granules
    with xr.open_dataset(made.path) as file:
        assert file.attrs["parameters"] == "bases=fixed, min_coverage=0.9, months=3"


@pytest.mark.slow
def test_a_month_that_is_appended_gives_what_a_rebuild_gives(tmp_path: Path) -> None:
    run = {"indicator": "dipole_mode_index", "baseline": "2001/2002"} | RUNS["dipole_mode_index"][0]
    first, _ = built(tmp_path / "a", run | {"period": "2001/2002"})
    later, _ = built(tmp_path / "b", run | {"period": "2001-01/2003-01"})
    name = "dipole_mode_index"
    np.testing.assert_array_equal(later[name].values[:, :24], first[name].values)
    assert later.attrs["normal_digest"] == first.attrs["normal_digest"]


@pytest.mark.parametrize("name", run_names(synthetic.CONFIGS))
def test_every_run_that_is_there_loads(name: str) -> None:
    assert load_run(name, synthetic.CONFIGS).indicator.outputs
