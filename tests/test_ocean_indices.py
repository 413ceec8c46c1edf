"""Indices of the ocean's temperature: numbers worked by hand, and the series that others publish."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from published import published
from strategies import days, months, series
from synthetic import CONFIGS

from eo import indicators, references
from eo.canonical import STATUS, canonical
from eo.climatology import monthly_normal
from eo.config import load_product, load_regions
from eo.coverage import FLAGS
from eo.errors import InputError
from eo.extent import zonal_extent
from eo.indicators.anomaly import anomaly
from eo.indicators.atlantic_multidecadal_oscillation import atlantic_multidecadal_oscillation
from eo.indicators.dipole_mode_index import dipole_mode_index
from eo.indicators.oceanic_nino_index import oceanic_nino_index, oceanic_nino_index_normal
from eo.indicators.relative_nino_index import relative_nino_index, relative_nino_index_normal
from eo.indicators.warm_pool_index import warm_pool_index
from eo.model import span
from eo.readers import cf
from eo.zones import zonal_mean, zones

GOOD, THIN, NONE, NO_NORMAL = (FLAGS[one] for one in ("good", "insufficient_coverage", "no_data", "no_normal"))
THREE_YEARS = np.concatenate([np.full(12, 1.0), np.full(12, 2.0), np.full(12, 6.0)])
"""With the mean 3: anomalies of -2, -1 and 3."""


def named(content: xr.Dataset, *names: str) -> xr.Dataset:
    return content.assign_coords(region=list(names))


def normal_of(content: xr.Dataset, years: str = "2001/2003") -> xr.Dataset:
    return monthly_normal(content, baseline=span(years), min_coverage=0.9)


def test_an_oni_is_the_mean_of_three_anomalies_at_the_middle_month() -> None:
    content = series(THREE_YEARS)
    found = oceanic_nino_index(content, normal=normal_of(content))
    expected = [np.nan, *[-2.0] * 10, -5 / 3, -4 / 3, *[-1.0] * 10, 1 / 3, 5 / 3, *[3.0] * 10, np.nan]
    np.testing.assert_allclose(found["index"].values[0], expected, rtol=0, atol=1e-14)
    assert found["flag"].values[0].tolist() == [THIN, *[GOOD] * 34, THIN]
    np.testing.assert_allclose(found["coverage"].values[0], [2 / 3, *[1.0] * 34, 2 / 3])


def test_a_month_that_is_missing_or_thin_takes_its_neighbours_with_it() -> None:
    coverage = np.ones(36)
    coverage[[10, 20]] = 0.0, 0.5
    full = series(THREE_YEARS)
    found = oceanic_nino_index(series(THREE_YEARS, coverage), normal=normal_of(full))
    gone = [0, 9, 10, 11, 19, 20, 21, 35]
    assert np.flatnonzero(found["index"].isnull().values[0]).tolist() == gone
    assert (found["flag"].values[0][gone] == THIN).all()
    assert found["coverage"].values[0, 10] == pytest.approx(2 / 3)


def test_seasons_of_which_nothing_was_seen_are_no_data_and_those_without_a_normal_say_so() -> None:
    coverage = np.ones(36)
    coverage[10:15] = np.nan
    full = series(THREE_YEARS)
    normal = normal_of(full)
    normal["normal"][:, 5] = np.nan  # June
    found = oceanic_nino_index(series(np.where(coverage > 0, THREE_YEARS, np.nan), coverage), normal=normal)
    flag = found["flag"].values[0]
    assert flag[11:14].tolist() == [NONE] * 3
    assert flag[[9, 10, 14, 15]].tolist() == [THIN] * 4
    assert flag[[4, 5, 6]].tolist() == [NO_NORMAL] * 3
    assert (np.isfinite(found["index"].values[0]) == (flag == GOOD)).all()


def test_sliding_bases_take_a_steady_warming_out_but_for_the_last_years() -> None:
    """Warming of 0.12 K a year: the mean of each base is that of the five years that it serves, less two years."""
    count = 12 * 45
    content = series(0.12 * np.repeat(np.arange(45), 12), time=months(count, "1976-01"))
    normal = oceanic_nino_index_normal(content, baseline=span("1976/2020"), bases="sliding")
    found = oceanic_nino_index(content, normal=normal, bases="sliding")["index"][0]
    by_year = found.groupby("time.year").mean()
    # base 1976-2005 has the mean of 1990.5 and serves 1991-1995: anomalies 0.12 x (0.5 .. 4.5)
    np.testing.assert_allclose(by_year.sel(year=[1992, 1993, 1994]), 0.12 * np.array([1.5, 2.5, 3.5]))
    fixed = oceanic_nino_index_normal(content, baseline=span("1991/2020"))
    in_june = oceanic_nino_index(content, normal=fixed)["index"].sel(time=["1993-06-01"])
    assert in_june.values[0, 0] == pytest.approx(0.12 * (1993 - 2005.5))


def test_an_even_running_mean_is_an_error() -> None:
    content = series(THREE_YEARS)
    with pytest.raises(InputError, match="odd"):
        oceanic_nino_index(content, normal=normal_of(content), months=2)


def test_a_dipole_is_west_less_east_under_the_name_of_the_whole() -> None:
    content = named(series([THREE_YEARS, THREE_YEARS * 0.5, THREE_YEARS * 0]), "iod_west", "iod_east", "both")
    found = dipole_mode_index(content, normal=normal_of(content), whole="both")
    assert found["region"].values.tolist() == ["both"]
    assert found["index"].dims == ("region", "time")
    np.testing.assert_array_equal(found["index"].values[0], np.repeat([-1.0, -0.5, 1.5], 12))


def test_a_dipole_needs_both_poles_and_says_which_flag_the_missing_one_has() -> None:
    coverage = np.ones((3, 36))
    coverage[0, 3], coverage[1, 4] = 0.5, 0.0
    values = [THREE_YEARS, THREE_YEARS * 0.5, THREE_YEARS]
    full = named(series(values), "iod_west", "iod_east", "both")
    found = dipole_mode_index(
        named(series(values, coverage), *full["region"].values), normal=normal_of(full), whole="both"
    )
    assert found["flag"].values[0, [2, 3, 4, 5]].tolist() == [GOOD, THIN, NONE, GOOD]
    assert found["coverage"].values[0, [2, 3, 4, 5]].tolist() == [1.0, 0.5, 0.0, 1.0]
    assert np.isfinite(found["index"].values[0, [2, 3, 4, 5]]).tolist() == [True, False, False, True]


def test_a_pole_that_the_run_lacks_is_an_error_that_names_it() -> None:
    content = named(series([THREE_YEARS, THREE_YEARS]), "iod_west", "indian_ocean_dipole")
    with pytest.raises(InputError, match="no region 'iod_east' in the run, which needs it as east; it has"):
        dipole_mode_index(content, normal=normal_of(content))


def tropical(years: int = 12) -> tuple[xr.Dataset, np.ndarray, np.ndarray]:
    """Give a series of Nino 3.4 and the tropics, synthetic, and their anomalies (year, month)."""
    draw = np.random.default_rng(5)
    nino, tropics = draw.normal(size=(years, 12)), 0.3 * draw.normal(size=(years, 12))
    nino, tropics = (one - one.mean(axis=0) for one in (nino, tropics))
    content = named(series(np.stack([27 + nino.ravel(), 26 + tropics.ravel()])), "nino34", "tropics")
    return content, nino, tropics


def test_a_relative_index_has_the_variance_of_the_index_in_each_calendar_month() -> None:
    content, nino, tropics = tropical()
    normal = relative_nino_index_normal(content, baseline=span("2001/2012"))
    found = relative_nino_index(content, normal=normal, months=1)
    assert found["region"].values.tolist() == ["nino34"]
    scale = nino.std(axis=0) / (nino - tropics).std(axis=0)
    np.testing.assert_allclose(normal["scale"].sel(region="nino34"), scale)
    np.testing.assert_allclose(found["index"].values[0].reshape(12, 12), (nino - tropics) * scale, atol=1e-12)
    smooth = relative_nino_index(content, normal=normal)["index"].values[0]
    np.testing.assert_allclose(smooth[1:4], np.convolve(found["index"].values[0], np.ones(3) / 3, "valid")[:3])


def test_a_relative_index_needs_the_tropics_something_beside_them_and_ten_years() -> None:
    content, _, _ = tropical()
    with pytest.raises(InputError, match="baseline of 10 years"):
        relative_nino_index_normal(content, baseline=span("2001/2009"))
    with pytest.raises(InputError, match="no region 'sea' in the run, which needs it as tropics"):
        relative_nino_index_normal(content, baseline=span("2001/2012"), tropics="sea")
    normal = relative_nino_index_normal(content, baseline=span("2001/2012"))
    with pytest.raises(InputError, match="needs a region beside it"):
        relative_nino_index(content.isel(region=[1]), normal=normal)


def atlantic() -> xr.Dataset:
    """Give 40 years, synthetic: a wave upon 0.01 K a month over the North Atlantic, half of that over the ocean."""
    line, wave = 0.01 * np.arange(480), np.sin(np.arange(480) * 2 * np.pi / 480)
    return named(series([line + wave, line / 2]), "north_atlantic", "ocean_60s_60n")


def test_an_amo_is_plain_or_without_a_line_or_without_the_ocean() -> None:
    content = atlantic()
    normal = normal_of(content, "2001/2040")
    plain = atlantic_multidecadal_oscillation(content, normal=normal, detrend="none")["index"]
    linear = atlantic_multidecadal_oscillation(content, normal=normal)["index"]
    ocean = atlantic_multidecadal_oscillation(content, normal=normal, detrend="ocean")["index"]
    assert plain.sizes == {"region": 2, "time": 480}
    edges = months(481)
    days = (edges[:-1] + (edges[1:] - edges[:-1]) / 2 - edges[0]) / np.timedelta64(1, "D")
    line = np.polynomial.Polynomial.fit(days, plain.values[0], 1)
    assert abs(line.deriv()(0) * 365.25) > 0.01
    np.testing.assert_allclose(linear.values[0], plain.values[0] - line(days), rtol=0, atol=1e-12)
    assert ocean["region"].values.tolist() == ["north_atlantic"]
    np.testing.assert_allclose(ocean.values[0], plain.values[0] - plain.values[1], atol=1e-12)


def test_a_line_is_not_taken_off_a_short_record() -> None:
    content = atlantic().isel(time=slice(359))
    with pytest.raises(InputError, match="360 good months or more"):
        atlantic_multidecadal_oscillation(content, normal=normal_of(content, "2001/2030"))


SEA = 0.7
"""Least coverage of a region of ERSST, which does not tell land from sea that was not seen."""


@pytest.fixture(scope="module")
def ersst(real_data: Path) -> xr.Dataset:
    """Give the mean of NOAA ERSSTv5 over the regions of the indices, 2010-01 to 2020-08, read as a run reads it."""
    product = load_product("noaa_ersst_v5_monthly", CONFIGS)
    names = ["nino34", "tropics", "iod_west", "iod_east", "indian_ocean_dipole", "tna", "tsa", "north_atlantic"]
    known = load_regions(CONFIGS)
    with cf.read(real_data / "ersst" / "sst.mnmean.nc", product) as published:
        grid = canonical(published, product.variables, step="month", stamp=product.stamp).load()
    name = "sea_surface_temperature"
    at = zones({one: known[one] for one in names}, grid)
    found = zonal_mean(grid[name], grid[f"{name}_status"], at, STATUS["outside_domain"])
    return found.assign_coords(time_bounds=grid["time_bounds"])


def together(ours: xr.DataArray, theirs: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Give both at the months that they share and where both have a value."""
    one, other = xr.align(ours.reset_coords(drop=True), theirs, join="inner")
    there = np.isfinite(one.values) & np.isfinite(other.values)
    return one.values[there], other.values[there]


def centred(values: xr.DataArray) -> xr.DataArray:
    """Give a published anomaly about its own mean of 2010 to 2019, so that its base does not count."""
    inside = values.sel(time=slice("2010-01", "2019-12")).groupby("time.month").mean()
    return (values.groupby("time.month") - inside).drop_vars("month")


@pytest.mark.real
def test_nino34_of_ersst_is_that_of_the_physical_sciences_laboratory(ersst: xr.Dataset, real_data: Path) -> None:
    theirs = references.psl(references.text_of(real_data / "indices" / "nina34.data"))
    ours, theirs_there = together(ersst["mean"].sel(region="nino34", drop=True), theirs)
    assert len(ours) == 128
    assert abs(ours - theirs_there).max() < 0.05


@pytest.mark.real
def test_the_oni_of_nino34_is_the_published_one(real_data: Path) -> None:
    """PSL gives the monthly Nino 3.4 of ERSSTv5 to 0.01 K and so does the CPC its ONI: 0.02 K is their rounding."""
    nino34 = references.psl(references.text_of(real_data / "indices" / "nina34.data")).sel(time=slice("1951", "2024"))
    content = series(nino34.values[None], np.isfinite(nino34.values[None]), months(12 * 74, "1951-01"))
    normal = oceanic_nino_index_normal(content, baseline=span("1951/2020"), bases="sliding")
    ours = oceanic_nino_index(content, normal=normal, bases="sliding")["index"][0].drop_vars("region")
    rows = [line.split() for line in published(real_data / "indices" / "oni.ascii.txt").read_text().splitlines()[1:]]
    theirs = xr.DataArray([float(row[3]) for row in rows], dims="time")
    theirs = theirs.assign_coords(time=months(len(rows), "1950-01"))
    # December 1965 has the base 1946-1975, which is not in the series
    ours_there, theirs_there = together(ours.sel(time=slice("1966-02", None)), theirs)
    assert len(ours_there) == 12 * 58 + 6
    assert abs(ours_there - theirs_there).max() < 0.02
    assert abs((ours_there - theirs_there).mean()) < 0.001


@pytest.mark.real
def test_the_relative_nino_index_of_ersst_follows_the_published_one(ersst: xr.Dataset, real_data: Path) -> None:
    """The published one is of ERSSTv6 and scaled by 1991-2020: both are taken about 2010-2019."""
    content = ersst.sel(region=["nino34", "tropics"])
    normal = relative_nino_index_normal(content, baseline=span("2010/2019"), min_coverage=SEA)
    ours = relative_nino_index(content, normal=normal, min_coverage=SEA)["index"].sel(region="nino34", drop=True)
    text = references.text_of(published(real_data / "indices" / "roni.csv"))
    ours_there, theirs_there = together(ours, centred(references.table(text, "roni", "date")))
    assert len(ours_there) == 126
    assert np.corrcoef(ours_there, theirs_there)[0, 1] > 0.99
    assert np.sqrt(np.mean((ours_there - theirs_there) ** 2)) < 0.1


@pytest.mark.real
def test_the_dipole_of_ersst_follows_the_published_one(ersst: xr.Dataset, real_data: Path) -> None:
    """The published one is of HadISST1.1, another analysis."""
    normal = monthly_normal(ersst, baseline=span("2010/2019"), min_coverage=SEA)
    ours = dipole_mode_index(ersst, normal=normal, min_coverage=SEA)["index"][0].drop_vars("region")
    text = references.text_of(published(real_data / "indices" / "dmi.csv"))
    ours_there, theirs_there = together(ours, centred(references.table(text, "dmi", "date")))
    assert len(ours_there) == 128
    assert np.corrcoef(ours_there, theirs_there)[0, 1] > 0.85


@pytest.mark.real
@pytest.mark.parametrize("name", ["tna", "tsa"])
def test_the_tropical_atlantic_of_ersst_follows_the_published_index(
    ersst: xr.Dataset, real_data: Path, name: str
) -> None:
    """The published ones are of HadISST and OISST."""
    normal = monthly_normal(ersst, baseline=span("2010/2019"), min_coverage=0.9)
    ours = anomaly(ersst, normal=normal)["anomaly"].sel(region=name, drop=True)
    theirs = centred(references.psl(references.text_of(published(real_data / "indices" / f"{name}.data"))))
    ours_there, theirs_there = together(ours, theirs)
    assert len(ours_there) == 128
    assert np.corrcoef(ours_there, theirs_there)[0, 1] > 0.95
    assert np.sqrt(np.mean((ours_there - theirs_there) ** 2)) < 0.1


def warm(extent: list[float], total: list[float], coverage: list[float]) -> xr.Dataset:
    """Give daily areas of warm water as a reduction does, of January 2001, synthetic."""
    full = series(np.zeros(31), time=days(31))
    rest = [np.full(31 - len(extent), 8.0), np.full(31 - len(extent), 8.0 * 29)]
    numbers = [np.concatenate([given, more]) for given, more in zip((extent, total), rest, strict=True)]
    share = np.concatenate([coverage, np.ones(31 - len(coverage))])
    both = {name: (("region", "time"), one[None]) for name, one in zip(("extent", "total"), numbers, strict=True)}
    return full.drop_vars("mean").assign(both | {"coverage": (("region", "time"), share[None])})


def test_a_warm_pool_is_the_mean_of_daily_areas_and_its_temperature_weighs_by_them() -> None:
    found = warm_pool_index(warm([0.0, 4.0], [0.0, 4.0 * 30], [1.0, 1.0]))
    assert found["time"].values.astype("datetime64[D]").astype(str).tolist() == ["2001-01-01"]
    assert found["area"].values[0, 0] == pytest.approx((4 + 29 * 8) / 31)
    assert found["temperature"].values[0, 0] == pytest.approx((4 * 30 + 29 * 8 * 29) / (4 + 29 * 8))
    assert found["flag"].values.tolist() == [[GOOD]]


def test_a_thin_day_is_no_part_of_a_warm_pool_and_a_thin_month_is_none() -> None:
    found = warm_pool_index(warm([1.0, 8.0], [30.0, 8.0 * 29], [0.5, np.nan]))
    assert found["area"].values[0, 0] == 8.0
    assert found["temperature"].values[0, 0] == 29.0
    assert found["coverage"].values[0, 0] == pytest.approx(29 / 31)
    thin = warm_pool_index(warm([1.0] * 9, [30.0] * 9, [0.0] * 9))
    assert np.isnan(thin["area"]).all()
    assert thin["flag"].values.tolist() == [[THIN]]


def test_areas_below_the_threshold_are_no_warm_pool() -> None:
    with pytest.raises(InputError, match="at or above 28; the areas have 20"):
        warm_pool_index(warm([1.0] * 31, [20.0] * 31, [1.0] * 31))
    assert indicators.load("warm_pool_index").checked({}, "a test", [zonal_extent])["threshold"] == 28.0


def test_a_month_without_warm_water_has_the_area_zero_and_no_temperature() -> None:
    found = warm_pool_index(warm([0.0] * 31, [0.0] * 31, [1.0] * 31))
    assert found["area"].values.tolist() == [[0.0]]
    assert np.isnan(found["temperature"]).all()
    assert found["flag"].values.tolist() == [[FLAGS["undefined"]]]
