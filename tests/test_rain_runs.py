"""Runs of precipitation indices, from files of synthetic rain to results that pass the gate."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
import xarray as xr
from rain import monthly, rates, synthetic_days

from eo import gate, load_run, pipeline
from eo.climatology import in_span
from eo.indicators.rx1day import rx1day
from eo.indicators.spi import spi, spi_normal
from eo.model import span
from eo.pipeline import Built

RAIN = {
    "source": "sst",
    "units": "mm day-1",
    "long_name": "precipitation rate",
    "standard_name": "lwe_precipitation_rate",
    "plausible": [0, 2500],
}
AMOUNTS = synthetic_days("2001-01-01", "2012-12-31", seed=3).astype(np.float32).astype(np.float64)


def built(folder: Path, times: list[str], rate: np.ndarray, product: dict[str, Any], run: dict[str, Any]) -> Built:
    """Build a run of rain that is the same in all cells."""
    values = np.broadcast_to(rate[:, None, None], (rate.size, synthetic.LAT.size, synthetic.LON.size))
    synthetic.write(folder / "in.nc", times, values=values.astype(np.float32), units="mm day-1")
    there = synthetic.configs(
        folder / "configs",
        folder / "in.nc",
        product={"variables": {"lwe_precipitation_rate": RAIN}} | product,
        run={"variable": "lwe_precipitation_rate"} | run,
    )
    return pipeline.build(load_run("synthetic", there), folder / "r")


def by_days(folder: Path, by: str) -> Built:
    times = synthetic.days("2001-01-01", "2001-03-31")
    run = {"indicator": "rx1day", "parameters": {"step": "month"}, "by": by, "period": "2001-01/2001-03"}
    return built(folder, times, AMOUNTS[:90], {"step": "day"}, run | {"baseline": None})


def content(made: Built, name: str) -> np.ndarray:
    assert gate.failures(made.path) == []
    with xr.open_dataset(made.path) as file:
        return np.asarray(file[name].values)


@pytest.mark.slow
@pytest.mark.parametrize("by", ["region", "cell"])
def test_an_index_of_days(tmp_path: Path, by: str) -> None:
    expected = rx1day(rates(AMOUNTS[:90], "2001-01-01"), step="month")["rx1day"][0]
    found = content(by_days(tmp_path, by), "rx1day")
    assert found.shape == ((1, 3) if by == "region" else (3, synthetic.LAT.size, synthetic.LON.size))
    found = found[0] if by == "region" else found[:, 2, 3]
    np.testing.assert_allclose(found, expected, rtol=1e-12 if by == "region" else 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("by", ["region", "cell"])
def test_the_standardised_precipitation_index(tmp_path: Path, by: str) -> None:
    times = synthetic.months("2001-01", 144)
    totals = monthly(AMOUNTS, "2001-01-01")
    series = rates(totals, "2001-01", step="M")
    single = series["mean"].astype(np.float32).astype(np.float64)  # as the file has it
    series = series.assign(mean=single.assign_attrs(series["mean"].attrs))
    run = {
        "indicator": "spi",
        "period": "2011/2012",
        "baseline": "2001/2010",
        "parameters": {"months": 3, "min_years": 10, "min_wet": 5},
        "by": by,
    }
    made = built(tmp_path, times, series["mean"].values[0], {}, run)
    normal = spi_normal(in_span(series, span("2001/2010")), baseline=span("2001/2010"), min_years=10, min_wet=5)
    expected = spi(in_span(series, span("2011/2012")), normal=normal)["spi"][0]
    found = content(made, "spi")
    found = found[0] if by == "region" else found[:, 2, 3]
    assert np.isfinite(found).sum() > 15
    np.testing.assert_allclose(found, expected, rtol=1e-12 if by == "region" else 1e-6)
