"""Runs of land indicators, from synthetic files to results that pass the gate."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
import xarray as xr

from eo import gate, load_run, pipeline

INDEX = {"source": "sst", "units": "1", "long_name": "vegetation index", "plausible": [-1, 1]}
HEAT = {"source": "sst", "units": "K", "long_name": "land surface temperature", "plausible": [200, 350]}


def write(path: Path, values: np.ndarray, units: str) -> None:
    """Write a value for each month from 2001 on, the same in all cells."""
    field = np.broadcast_to(values[:, None, None], (values.size, synthetic.LAT.size, synthetic.LON.size))
    times = synthetic.months("2001-01", values.size)
    synthetic.write(path, times, values=field.astype(np.float32), units=units)


def product(path: Path, name: str, variable: dict[str, Any]) -> dict[str, Any]:
    return synthetic.PRODUCT | {"source": {"kind": "local", "path": str(path)}, "variables": {name: variable}}


@pytest.mark.slow
def test_a_run_of_vegetation_health_takes_a_vegetation_index_and_a_temperature(tmp_path: Path) -> None:
    """In the third year the index lies at 60 % of 0.2 to 0.7, and the temperature at 30 % of 290 to 300 K: TCI 70."""
    write(tmp_path / "green.nc", np.repeat([0.2, 0.7, 0.5, 0.3, 0.4], 12), "1")
    write(tmp_path / "heat.nc", np.repeat([290.0, 300.0, 293.0, 295.0, 296.0], 12), "K")
    there = synthetic.configs(
        tmp_path / "configs",
        tmp_path / "green.nc",
        product={"variables": {"greenness": INDEX}},
        run={
            "indicator": "vhi",
            "variable": "greenness",
            "inputs": {"temperature": {"product": "heat", "variable": "land_surface_temperature"}},
            "period": "2003",
            "baseline": "2001/2005",
        },
    )
    heat = product(tmp_path / "heat.nc", "land_surface_temperature", HEAT)
    synthetic.dump(there / "products" / "heat.yaml", heat)
    made = pipeline.build(load_run("synthetic", there), tmp_path / "r")
    assert gate.failures(made.path) == []
    with xr.open_dataset(made.path) as file:
        for name, expected in (("vhi", 65.0), ("vci", 60.0), ("tci", 70.0)):
            np.testing.assert_allclose(file[name], expected, atol=1e-3)
            assert file[name].attrs["units"] == "%"


@pytest.mark.slow
def test_a_run_of_phenology_by_cells_gives_years(tmp_path: Path) -> None:
    """A cosine of the year that peaks in the middle of July crosses the half a quarter of a year before and after."""
    middle = np.arange(60) + 0.5
    write(tmp_path / "green.nc", 0.4 - 0.3 * np.cos(2 * np.pi * (middle - 0.5) / 12), "1")
    there = synthetic.configs(
        tmp_path / "configs",
        tmp_path / "green.nc",
        product={"variables": {"greenness": INDEX}},
        run={
            "indicator": "phenology",
            "variable": "greenness",
            "by": "cell",
            "period": "2001/2005",
            "baseline": "2001/2005",
        },
    )
    made = pipeline.build(load_run("synthetic", there), tmp_path / "r")
    assert gate.failures(made.path) == []
    with xr.open_dataset(made.path) as file:
        assert file.attrs["time_coverage_resolution"] == "P1Y"
        whole = file.isel(time=slice(1, 4))
        assert (whole["status"] == 0).all()
        np.testing.assert_allclose(whole["season_start"], 106, atol=3)  # the middle of April
        np.testing.assert_allclose(whole["season_peak"], 197, atol=2)  # and that of July
        np.testing.assert_allclose(whole["season_end"], 289, atol=3)  # and that of October
        np.testing.assert_allclose(whole["season_amplitude"], 0.6, atol=1e-3)


@pytest.mark.slow
def test_the_area_below_a_percentile_is_the_share_of_the_cells_that_are_drier(tmp_path: Path) -> None:
    """Ten years of 0.1 to 1; in the eleventh 0.15 in the west and 0.5 in the east: the 20th percentile lies near 0.24.

    Of type 8 the 10th percentile of ten values lies at rank 10.33 * 0.1 + 1/3 = 1.367 and so is 0.137, the 20th at
    rank 2.4 and is 0.24. 0.15 lies between both.
    """
    years = np.append(np.arange(1, 11) / 10, 0.5)
    values = np.broadcast_to(np.repeat(years, 12)[:, None, None], (132, synthetic.LAT.size, synthetic.LON.size)).copy()
    values[120:, :, :5] = 0.15
    values[126:, :, :5] = 0.12
    values[129:, :, :8] = np.nan
    times = synthetic.months("2001-01", 132)
    synthetic.write(tmp_path / "soil.nc", times, values=values.astype(np.float32), units="1")
    there = synthetic.configs(
        tmp_path / "configs",
        tmp_path / "soil.nc",
        product={"variables": {"wetness": INDEX}},
        run={"indicator": "area_below_percentile", "variable": "wetness", "period": "2011", "baseline": "2001/2010"},
    )
    made = pipeline.build(load_run("synthetic", there), tmp_path / "r")
    assert gate.failures(made.path) == []
    with xr.open_dataset(made.path) as file:
        tenth, fifth = (file[f"wetness_below_{one}_percentile_area_fraction"].values[0] for one in ("10th", "20th"))
        np.testing.assert_allclose(tenth[:9], [0.0] * 6 + [0.5] * 3, atol=1e-9)
        np.testing.assert_allclose(fifth[:9], 0.5)
        assert np.isnan(tenth[9:]).all()
        np.testing.assert_allclose(file["coverage"].values[0], [1.0] * 9 + [0.2] * 3)
        assert file["status"].values[0].tolist() == [0] * 9 + [1] * 3
