"""Runs of land indicators, from synthetic files to results that pass the gate."""

from pathlib import Path
from typing import Any

import numpy as np
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
