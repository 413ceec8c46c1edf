"""Sea ice from daily extents. Expected numbers: by hand, or what NSIDC publishes of the same daily table."""

from pathlib import Path

import numpy as np
import pytest
import synthetic
import xarray as xr
import yaml
from granules.nsidc import LAND, POLE_HOLE, write_nsidc_cdr
from strategies import days

from eo import gate, load_run, pipeline, references
from eo.config import load_product
from eo.coverage import FLAGS
from eo.granules import canonical_of
from eo.indicators.ice_free_days import ice_free_days
from eo.indicators.sea_ice_area import sea_ice_area
from eo.indicators.sea_ice_extent import sea_ice_extent
from eo.indicators.sea_ice_extremes import sea_ice_extremes
from eo.primitives.day_of_year import on_every_day
from eo.primitives.sea_ice import trailing_mean

GOOD, SHORT, NOTHING = FLAGS["good"], FLAGS["insufficient_coverage"], FLAGS["no_data"]


def extents(millions: np.ndarray | list[float], start: str = "2001-01-01", coverage: float = 1.0) -> xr.Dataset:
    """Give daily extents of one region as `zonal_extent` does, from 1e6 km2; half of the ice is area."""
    extent = np.atleast_2d(np.asarray(millions, float)) * 1e12
    share = np.where(np.isfinite(extent), coverage, 0.0)
    time = days(extent.shape[1], start)
    dims = ("region", "time")
    fields = {"extent": extent, "total": extent / 2, "observed": share * 40e12, "coverage": share}
    bounds = np.stack([time, time + np.timedelta64(1, "D")], axis=1)
    coordinates = {"region": ["north"], "time": time, "time_bounds": (("time", "nv"), bounds)}
    return xr.Dataset({name: (dims, one) for name, one in fields.items()}, coordinates)


def test_the_extent_of_a_month_is_the_mean_of_its_days() -> None:
    values = np.concatenate([np.arange(31.0), np.full(28, 5.0)])
    found = sea_ice_extent(extents(values)).isel(region=0)
    assert found["value"].values.tolist() == [15.0, 5.0]
    assert found["flag"].values.tolist() == [GOOD, GOOD]
    assert found["unobserved"].values.tolist() == [0.0, 0.0]
    assert sea_ice_area(extents(values))["value"].values.tolist() == [[7.5, 2.5]]
    assert (found["time_bounds"][:, 1] == np.array(["2001-02-01", "2001-03-01"], "datetime64[ns]")).all()


@pytest.mark.parametrize(("missing", "stands"), [(12, True), (13, False)])
def test_a_month_needs_three_fifths_of_its_days(missing: int, *, stands: bool) -> None:
    values = np.full(31, 4.0)
    values[:missing] = np.nan
    found = sea_ice_extent(extents(values)).isel(region=0, time=0)
    assert found["flag"].item() == (GOOD if stands else SHORT)
    assert found["coverage"].item() == pytest.approx((31 - missing) / 31)
    assert np.isnan(found["value"].item()) != stands


def test_a_month_without_data_is_no_month_without_ice() -> None:
    found = sea_ice_extent(extents([np.nan] * 31))
    assert (np.isnan(found["value"].item()), found["flag"].item()) == (True, NOTHING)
    free = ice_free_days(extents([np.nan] * 365))
    assert (np.isnan(free["days"].item()), free["flag"].item()) == (True, NOTHING)


def test_a_day_of_which_too_little_was_seen_does_not_count_and_what_was_not_seen_is_said() -> None:
    found = sea_ice_extent(extents([4.0] * 31, coverage=0.995)).isel(region=0, time=0)
    assert found["value"].item() == 4.0
    assert found["unobserved"].item() == pytest.approx(40 * (1 / 0.995 - 1) * 0.995)
    less = sea_ice_extent(extents([4.0] * 31, coverage=0.98))
    assert (np.isnan(less["value"].item()), less["flag"].item()) == (True, NOTHING)


def test_a_part_of_a_year_has_no_minimum() -> None:
    found = sea_ice_extremes(extents(10 - np.arange(300.0) / 50)).isel(region=0, time=0)
    assert found["flag"].item() == SHORT
    assert np.isnan(found["minimum"].item())
    assert np.isnat(found["minimum_date"].values)


def test_a_five_day_mean_looks_back_bridges_one_day_and_needs_two() -> None:
    values = (
        on_every_day(extents([1, 2, 3, 4, 5, np.nan, 7, np.nan, np.nan, np.nan, np.nan, 20, np.nan]))["extent"] / 1e12
    )
    found = trailing_mean(values).values[0]
    expected = [np.nan, 1.5, 2, 2.5, 3, 4, 5, 5.5, 6, 6.5, np.nan, np.nan, np.nan]
    # the day at 5 lies between 5 and 7: it is 6; of the last days only one or none has a value
    np.testing.assert_allclose(found, expected)


def test_the_extremes_of_a_year_have_their_dates() -> None:
    season = 10 + 5 * np.cos(2 * np.pi * (np.arange(365) - 70.3) / 365)
    found = sea_ice_extremes(extents(season)).isel(region=0, time=0)
    smooth = np.convolve(season, np.ones(5) / 5, "valid")  # of day 4 and later, and the extremes are there
    assert found["maximum"].item() == pytest.approx(smooth.max(), rel=1e-12)
    assert found["minimum"].item() == pytest.approx(smooth.min(), rel=1e-12)
    assert found["maximum_date"].values == days(365)[4 + int(smooth.argmax())]
    assert found["minimum_date"].values == days(365)[4 + int(smooth.argmin())]


def test_an_extreme_beside_days_that_are_missing_is_not_known() -> None:
    """Ice that melts until day 250 and grows until day 70: a gap at either is not that of the other."""
    day = np.arange(365)
    ice = 10 + 5 * np.cos(2 * np.pi * (day - 70) / 365)
    gone = np.where((day > 240) & (day < 262), np.nan, ice)
    found = sea_ice_extremes(extents(gone)).isel(region=0, time=0)
    assert (found["flag"].item(), np.isnan(found["minimum"])) == (FLAGS["undefined"], True)
    assert np.isnat(found["minimum_date"].values)
    assert found["maximum"].item() == pytest.approx(15, abs=0.01)
    gone = np.where((day > 140) & (day < 162), np.nan, ice)
    assert sea_ice_extremes(extents(gone))["flag"].item() == GOOD


def test_a_year_that_lacks_a_month_may_have_been_free_of_ice_in_it() -> None:
    ice = np.full(365, 5.0)
    ice[244:274] = np.nan
    found = ice_free_days(extents(ice)).isel(region=0, time=0)
    assert (np.isnan(found["days"]), found["flag"].item()) == (True, SHORT)
    assert found["coverage"].item() == pytest.approx(335 / 365)


def test_ice_free_days_are_those_below_a_million_square_kilometres() -> None:
    values = np.full(365, 3.0)
    values[240:260], values[260] = 0.99, 1.0
    found = ice_free_days(extents(values)).isel(region=0, time=0)
    assert (found["days"].item(), found["coverage"].item(), found["flag"].item()) == (20, 1.0, GOOD)
    values[245] = np.nan  # was not seen: it is no day without ice
    again = ice_free_days(extents(values)).isel(region=0, time=0)
    assert (again["days"].item(), again["coverage"].item()) == (19, 364 / 365)
    assert ice_free_days(extents(values[:200]))["flag"].item() == SHORT


@pytest.mark.slow
@pytest.mark.parametrize(("indicator", "name"), [("sea_ice_extent", "extent"), ("sea_ice_area", "area")])
def test_a_run_takes_the_hole_at_the_pole_as_ice_for_the_extent_and_not_for_the_area(
    tmp_path: Path, indicator: str, name: str
) -> None:
    stored = np.full((8, 8), 50, np.uint8)
    stored[3:5, 3:5], stored[0, 0] = POLE_HOLE, LAND
    for day in synthetic.days("2021-01-01", "2021-01-31"):
        file = f"seaice_conc_daily_nh_{day.replace('-', '')}_f17_v04r00.nc"
        write_nsidc_cdr(tmp_path / file, stored, days=(day,))
    entries = {"indicator": indicator, "product": "ice", "variable": "sea_ice_area_fraction", "baseline": None,
               "regions": ["northern_hemisphere"], "period": "2021-01", "parameters": {"pole_hole": 89.18}}  # fmt: skip
    there = synthetic.configs(tmp_path / "configs", tmp_path / "*.nc", run=entries)
    known = yaml.safe_load((synthetic.CONFIGS / "products" / "noaa_cdr_seaice_nh_daily.yaml").read_text())
    synthetic.dump(there / "products" / "ice.yaml", known | {"source": {"kind": "local", "path": f"{tmp_path}/*.nc"}})
    made = pipeline.build(load_run("synthetic", there), tmp_path / "root")
    assert gate.failures(made.path) == []
    with canonical_of(next(tmp_path.glob("*.nc")), load_product("noaa_cdr_seaice_nh_daily")) as content:
        cells = content["area"].values / 1e12
    hole, land = cells[3:5, 3:5].sum(), cells[-1, 0]
    expected = {"extent": cells.sum() - land, "area": (cells.sum() - land - hole) / 2}[name]
    with xr.open_dataset(made.path) as file:
        assert file[f"sea_ice_{name}"].item() == pytest.approx(expected, rel=1e-6)
        assert file["coverage"].item() == 1.0


@pytest.fixture(scope="module")
def table(real_data: Path) -> xr.Dataset:
    text = references.text_of(real_data / "nsidc_index" / "N_seaice_extent_daily_v3.0.csv")
    series = references.nsidc(text)
    dims, ones = ("region", "time"), np.ones((1, series.size))
    return xr.Dataset(
        {"extent": (dims, series.values[None] * 1e12), "observed": (dims, 100e12 * ones), "coverage": (dims, ones)},
        {"region": ["north"], "time": series["time"].values},
    )


PUBLISHED = [
    # NSIDC, Arctic Sea Ice News and Analysis, 23 March 2018, table 1: lowest maxima (years that are final by then)
    ("maximum", 2005, 14.95, "03-12"),
    ("maximum", 2006, 14.68, "03-12"),
    ("maximum", 2007, 14.77, "03-12"),
    ("maximum", 2011, 14.67, "03-09"),
    ("maximum", 2014, 14.96, "03-21"),
    ("maximum", 2015, 14.52, "02-25"),
    # NSIDC, charted five-day means as of September 2016
    ("minimum", 2007, 4.154, "09-18"),
    ("minimum", 2012, 3.387, "09-17"),
]


@pytest.mark.real
def test_the_extremes_of_years_are_those_that_nsidc_publishes(table: xr.Dataset) -> None:
    found = sea_ice_extremes(table).isel(region=0)
    for what, year, value, date in PUBLISHED:
        one = found.sel(time=f"{year}-01-01")
        assert one[what].item() == pytest.approx(value, abs=0.006 if what == "maximum" else 0.0005)
        assert str(one[f"{what}_date"].values)[5:10] == date
    flags = dict(zip(found["time"].dt.year.values.tolist(), found["flag"].values.tolist(), strict=True))
    assert {year for year, flag in flags.items() if flag in {SHORT, NOTHING}} == {1978, 2025}  # parts of years
    assert {year for year, flag in flags.items() if flag == FLAGS["undefined"]} == {2024}
    last = found.sel(time="2024-01-01")  # the table lacks 12 to 17 September: the least extent may be theirs
    assert (np.isnan(last["minimum"]), np.isnan(last["maximum"])) == (True, False)
    assert found["coverage"].sel(time="1985-01-01").item() == pytest.approx(0.5, abs=0.01)  # every other day


@pytest.mark.real
def test_months_of_every_other_day_stand_only_where_a_run_says_so(table: xr.Dataset) -> None:
    early = table.sel(time=slice("1985-01-01", "1985-12-31"))
    assert (sea_ice_extent(early)["flag"] == SHORT).all()
    assert (sea_ice_extent(early, min_days=0.45)["flag"] == GOOD).all()


def test_the_sectors_of_the_southern_ocean_go_round_it_once() -> None:
    """Parkinson and Cavalieri (2012): five sectors that share their borders; their widths add up to the circle."""
    run = load_run("sea_ice_extent_antarctic_sectors")
    boxes = [one.box for one in run.regions.values() if one.box is not None]
    assert [one.width for one in boxes] == [80, 70, 70, 70, 70]
    assert [one.east % 360 for one in boxes] == [(*boxes[1:], boxes[0])[number].west % 360 for number in range(5)]
