"""Means that go wrong where they look right: not weighted, of the wrong thing first, over part of a season.

Beside each naive number stands the right one: worked by hand, published, or from plain NumPy and netCDF4.
"""

from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr
from granules.nsidc import LAND, write_nsidc_cdr

from eo import references
from eo.canonical import STATUS
from eo.config import load_product
from eo.granules import canonical_of
from eo.model import Box, Region
from eo.primitives.harmonics import CYCLE, TREND, least_squares
from eo.zones import zonal_mean, zones

ICE = "sea_ice_area_fraction"
EARTH = Region(title="the Earth", box=Box(west=-180, east=180, south=-90, north=90))

OSTIA = ("ghrsst/20170605120000-UKMO-L4_GHRSST-SSTfnd-OSTIAanom-GLOB-v02.0-fv02.0.nc", "ukmo_ostia_anomaly")
SOIL = "c3s_soil_moisture/C3S-SOILMOISTURE-L3S-SSMV-COMBINED-MONTHLY-20150101000000-TCDR-v202012.0.0.nc"
WEIGHTED = [
    (*OSTIA, "sea_surface_temperature", "analysed_sst", 13.779, 18.389),
    (*OSTIA, "sea_surface_temperature_anomaly", "sst_anomaly", 0.403, 0.446),
    ("duacs/nrt_global_allsat_phy_l4_20190223_20190226.nc", "cmems_sea_level_global_nrt_daily",
     "sea_surface_height_above_geoid", "adt", 0.3330, 0.5088),
    (SOIL, "c3s_soil_moisture_combined_monthly", "volume_fraction_of_condensed_water_in_soil", "sm", 0.2047, 0.2015),
]  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize("case", WEIGHTED, ids=lambda case: case[2])
def test_the_mean_of_the_earth_is_that_of_its_area_and_not_of_its_pixels(
    real_data: Path, case: tuple[str, str, str, str, float, float]
) -> None:
    file, name, variable, source, naive, weighted = case
    with netCDF4.Dataset(real_data / file) as stored:
        shift = 273.15 if stored[source].getncattr("units") == "kelvin" and "anomaly" not in source else 0.0
        assert float(stored[source][0].mean(dtype=np.float64)) - shift == pytest.approx(naive, abs=0.0005)
    with canonical_of(real_data / file, load_product(name)) as content:
        loaded = content.load()
    found = zonal_mean(
        loaded[variable], loaded[f"{variable}_status"], zones({"earth": EARTH}, loaded), STATUS["outside_domain"]
    )
    assert float(found["mean"].values[0, 0]) == pytest.approx(weighted, abs=0.001)


def _extent(content: xr.Dataset) -> np.ndarray:
    """Give the area of ice of 15 % and more, km2, of each day."""
    ice = content[ICE].fillna(0) >= 0.15 - 1e-6
    return np.asarray(content["area"].where(ice).sum(content[ICE].dims[1:]).values) / 1e6


def test_the_extent_of_a_month_is_the_mean_of_its_days_and_not_the_extent_of_its_mean(tmp_path: Path) -> None:
    """One cell with 40 % on the first of two days and none on the second, one with 10 % and 16 %, one with 90 %."""
    days = np.full((2, 6, 6), 0, np.uint8)
    days[:, 0], days[:, 2, 2] = LAND, (40, 0)
    days[:, 3, 3], days[:, 4, 4] = (10, 16), 90
    product = load_product("noaa_cdr_seaice_nh_daily")
    read = []
    for number, date in enumerate(("2021-12-30", "2021-12-31")):
        name = f"seaice_conc_daily_nh_{date.replace('-', '')}_f17_v04r00.nc"
        with canonical_of(write_nsidc_cdr(tmp_path / name, days[number], days=(date,)), product) as content:
            read.append(content.load())
    both = xr.concat(read, "time", data_vars="minimal", coords="minimal", compat="equals", join="exact")
    area = both["area"].values[::-1] / 1e6
    once, late, always = (float(area[place]) for place in ((2, 2), (3, 3), (4, 4)))
    assert _extent(both) == pytest.approx([once + always, late + always], rel=1e-9)
    monthly = both.isel(time=[0]).assign({ICE: both[ICE].mean("time").expand_dims("time")})
    naive = float(_extent(monthly)[0])  # 20 % counts for the whole month, 13 % for none of it
    assert naive == pytest.approx(once + always, rel=1e-9)
    assert _extent(both).mean() == pytest.approx((once + late) / 2 + always, rel=1e-9)
    area_only = both["area"].where(both[ICE] >= 0.15 - 1e-6)
    assert float((area_only * both[ICE]).sum()) / 1e6 < float(area_only.sum()) / 1e6  # area is less than extent


SEPTEMBERS = {"2007": 4.27, "2012": 3.57, "2016": 4.53}
"""million km2, Sea Ice Index version 3, N_09_extent_v3.0.csv (doi:10.7265/N5K072F8)."""


@pytest.mark.real
@pytest.mark.parametrize("year", SEPTEMBERS)
def test_the_published_extent_of_a_month_is_the_mean_of_its_published_days(real_data: Path, year: str) -> None:
    """So from version 3 on; version 2 took the extent of the mean field, which is more (NSIDC Special Report 19)."""
    daily = references.nsidc(references.text_of(real_data / "nsidc_index" / "N_seaice_extent_daily_v3.0.csv"))
    month = daily.sel(time=f"{year}-09")
    assert month.size == 30
    assert float(month.mean()) == pytest.approx(SEPTEMBERS[year], abs=0.005)
    assert float(month.min()) < SEPTEMBERS[year] - 0.1  # the minimum of the year is another number


@pytest.mark.real
def test_a_season_that_is_not_fitted_bends_the_trend_of_the_sea_level(real_data: Path) -> None:
    """CSIRO's series has its seasons in it. Over whole years they hardly matter, over 31 months they do."""
    level = references.csiro(references.text_of(real_data / "gmsl" / "CSIRO_Alt_seas_inc.csv"))
    found = {}
    for first, last in (("1993-01", "2009-12"), ("2005-04", "2007-10")):
        part = level.sel(time=slice(first, last))
        years = (part["time"].values - np.datetime64("2000-01-01")) / np.timedelta64(1, "D") / 365.25
        naive = np.polyfit(years, part.values, 1)[0]
        turns = [wave(2 * np.pi * turn * years) for turn in (1, 2) for wave in (np.cos, np.sin)]
        with_season = np.linalg.lstsq(np.stack([years, np.ones_like(years), *turns], axis=1), part.values, rcond=None)
        fitted = least_squares(part, xr.DataArray(years, dims="time"), (*TREND, *CYCLE))
        found[first] = naive, with_season[0][0]
        assert float(fitted.sel(term="trend")) == pytest.approx(with_season[0][0], abs=1e-6)
        amplitude = np.hypot(*(float(fitted.sel(term=one)) for one in ("cos1", "sin1")))
        assert 3 < amplitude < 8  # mm; some 5 mm in the literature
    assert found["1993-01"] == (pytest.approx(3.22, abs=0.01), pytest.approx(3.19, abs=0.01))  # published: 3.2 +- 0.4
    assert found["2005-04"][0] > 1.6 * found["2005-04"][1]
