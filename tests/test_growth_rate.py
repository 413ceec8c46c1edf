"""Growth rates and log means: numbers worked by hand, and the increases that NOAA publishes."""

import csv
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from published import published
from strategies import months, series

from eo.climatology import monthly_normal
from eo.coverage import FLAGS
from eo.indicators.chlorophyll import chlorophyll
from eo.indicators.growth_rate import growth_rate
from eo.model import span


def gas(years: int, start: str = "2001-01", rate: float = 2.4) -> xr.DataArray:
    """Give a mole fraction that grows by a rate with a season, synthetic."""
    x = np.arange(12 * years)
    return series(400 + rate / 12 * x + 3 * np.sin(2 * np.pi * x / 12), time=months(x.size, start))


def bounded(content: xr.Dataset) -> xr.Dataset:
    edges = content["time"].values.astype("datetime64[M]")
    return content.assign_coords(time_bounds=(("time", "nv"), np.stack([edges, edges + 1], 1).astype("datetime64[ns]")))


def test_a_steady_growth_is_found_in_every_whole_year_whatever_the_season() -> None:
    found = growth_rate(gas(4))
    assert found["growth"].dims == ("region", "time")
    assert found["time"].values.astype("datetime64[D]").astype(str).tolist() == [
        f"{year}-01-01" for year in range(2001, 2005)
    ]
    np.testing.assert_allclose(found["growth"].values[0], [np.nan, 2.4, 2.4, np.nan], rtol=0, atol=1e-12)
    assert (found["coverage"] * 12).values[0].tolist() == [6, 12, 12, 6]
    assert found["flag"].values[0].tolist() == [
        FLAGS[one] for one in ("insufficient_coverage", "good", "good", "insufficient_coverage")
    ]
    assert found["coverage"].values[0].tolist() == [0.5, 1.0, 1.0, 0.5]
    assert found["time_bounds"].values.astype("datetime64[D]").astype(str)[1].tolist() == ["2002-01-01", "2003-01-01"]


def test_a_jump_in_january_is_the_growth_of_the_years_around_it() -> None:
    """12 more from January 2003 on: in 6 differences of 2002 (January to June) and in 6 of 2003 (July to December)."""
    content = series(np.repeat([0.0, 0.0, 12.0, 12.0], 12))
    assert growth_rate(content)["growth"].values[0].tolist()[1:3] == [6.0, 6.0]


def test_a_missing_month_takes_two_differences_and_three_of_them_a_year() -> None:
    content = gas(4)
    content["coverage"][0, 18] = 0.5  # July 2002: the first half of a difference of 2003, the second of one of 2002
    found = growth_rate(content)
    assert (found["coverage"] * 12).values[0].tolist() == [6, 11, 11, 6]
    np.testing.assert_allclose(found["growth"].values[0, 1:3], 2.4)
    content["coverage"][0, 19:21] = 0.0
    found = growth_rate(content)
    assert (found["coverage"] * 12).values[0].tolist() == [6, 9, 9, 6]
    assert np.isnan(found["growth"].values).all()
    np.testing.assert_allclose(growth_rate(content, min_months=9)["growth"].values[0, 1:3], 2.4)


def test_years_without_data_are_no_data_and_fields_keep_their_dims() -> None:
    content = gas(6)
    content["coverage"][0, 24:] = np.nan
    assert growth_rate(content)["flag"].values[0].tolist()[3:] == [FLAGS["no_data"]] * 3
    cells = xr.Dataset(
        {name: (("time", "lat"), gas(4)[name].values.T) for name in ("mean", "coverage")}, {"time": gas(4)["time"]}
    )
    assert growth_rate(cells)["growth"].dims == ("lat", "time")


def test_a_year_does_not_change_when_months_are_appended() -> None:
    draw = np.random.default_rng(2).normal(size=72)
    whole, part = growth_rate(series(draw)), growth_rate(series(draw[:54]))
    np.testing.assert_array_equal(whole["growth"].values[:, :4], part["growth"].values[:, :4])


@pytest.mark.real
def test_the_growth_of_carbon_dioxide_is_that_which_noaa_publishes(real_data: Path) -> None:
    """NOAA subtracts its trend at the turns of the year, known to 0.1 ppm; the mean of differences is smoother."""
    with published(real_data / "co2" / "co2-mm-gl.csv").open() as file:
        rows = list(csv.DictReader(file))
    content = series([float(row["Average"]) for row in rows], time=months(len(rows), rows[0]["Date"]))
    with published(real_data / "co2" / "co2-gr-gl.csv").open() as file:
        theirs = {int(row["Year"]): float(row["Annual Increase"]) for row in csv.DictReader(file)}
    found = growth_rate(content).isel(region=0)
    ours = {
        int(year): float(value)
        for year, value in zip(found["time"].dt.year, found["growth"], strict=True)
        if np.isfinite(value)
    }
    shared = sorted(ours.keys() & theirs.keys())
    difference = np.array([ours[year] - theirs[year] for year in shared])
    assert len(shared) == 46
    assert abs(difference.mean()) < 0.01
    assert difference.std() < 0.2
    assert np.corrcoef([ours[year] for year in shared], [theirs[year] for year in shared])[0, 1] > 0.95


def test_a_log_mean_is_a_geometric_mean_and_its_anomaly_a_share() -> None:
    """Of 0.1, 1 and 10 mg m-3 in three years the geometric mean is 1: 10, 100 and 1000 percent of it."""
    content = series(np.repeat([-1.0, 0.0, 1.0], 12))
    normal = monthly_normal(content, baseline=span("2001/2003"), min_coverage=0.5)
    found = chlorophyll(content, normal=normal)
    assert found["concentration"].values[0, [0, 12, 24]].tolist() == [0.1, 1.0, 10.0]
    assert (found["normal"] == 1.0).all()
    assert found["percent"].values[0, [0, 12, 24]].tolist() == [10.0, 100.0, 1000.0]
    assert found["anomaly"].values[0, [0, 12, 24]].tolist() == [-1.0, 0.0, 1.0]


def test_a_log_mean_without_coverage_or_normal_says_so() -> None:
    coverage = np.ones(36)
    coverage[[3, 4]] = 0.4, np.nan
    content = series(np.zeros(36), coverage)
    normal = monthly_normal(series(np.zeros(36)), baseline=span("2001/2003"), min_coverage=0.5)
    normal["normal"][:, 6] = np.nan
    found = chlorophyll(content, normal=normal).isel(region=0)
    names = ("good", "insufficient_coverage", "no_data", "good", "no_normal")
    assert found["flag"].values[2:7].tolist() == [FLAGS[one] for one in names]
    assert np.isfinite(found["concentration"].values[2:7]).tolist() == [True, False, False, True, True]
    assert np.isfinite(found["percent"].values[2:7]).tolist() == [True, False, False, True, False]
