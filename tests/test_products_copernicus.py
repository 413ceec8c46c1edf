"""Products of ESA CCI, C3S, CMEMS, CLMS and NOAA: file names as published belong to one product, with their time."""

from pathlib import Path

import dask.array as da
import numpy as np
import pytest
from granules.duacs import write_duacs
from granules.soil_moisture import write_soil_moisture

from eo import readers
from eo.config import load_product, product_names
from eo.granules import canonical_of
from eo.identify import from_name, only
from eo.origin import HttpsSource, OpendapSource

READERS = {"soil_moisture", "duacs", "clms", "occi", "lst_cci", "snow_cci", "c3s_lai_fapar"}
PRODUCTS = {name: load_product(name) for name in product_names()}
MINE = {
    name: one
    for name, one in PRODUCTS.items()
    if one.reader in READERS or name.startswith(("noaa_g", "noaa_e", "noaa_o", "c3s_x"))
}

NAMES = [
    (
        "C3S-SOILMOISTURE-L3S-SSMV-COMBINED-MONTHLY-20150101000000-TCDR-v202012.0.0.nc",
        "c3s_soil_moisture_combined_monthly",
        "2015-01",
    ),
    (
        "C3S-SOILMOISTURE-L3S-SSMS-ACTIVE-DEKADAL-20150401000000-TCDR-v202012.0.0.nc",
        "c3s_soil_moisture_active_dekadal",
        "2015-04-01",
    ),
    (
        "C3S-SOILMOISTURE-L3S-SSMV-PASSIVE-DAILY-20240401000000-ICDR-v202312.0.0.nc",
        "c3s_soil_moisture_passive_daily",
        "2024-04-01",
    ),
    (
        "ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20000101000000-fv02.2.nc",
        "esacci_soil_moisture_combined_daily",
        "2000-01-01",
    ),
    (
        "ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20000101000000-fv09.1.nc",
        "esacci_soil_moisture_combined_daily",
        "2000-01-01",
    ),
    ("nrt_global_allsat_phy_l4_20190223_20190226.nc", "cmems_sea_level_global_nrt_daily", "2019-02-23"),
    ("dt_global_allsat_phy_l4_20190223_20210726.nc", "cmems_sea_level_global_daily", "2019-02-23"),
    ("dt_med_allsat_phy_l4_20050401_20170110.nc", "cmems_sea_level_mediterranean_daily", "2005-04-01"),
    ("dt_global_twosat_phy_l4_20190223_vDT2021.nc", "c3s_sea_level_twosat_daily", "2019-02-23"),
    ("dt_global_twosat_phy_l4_201902_vDT2021-M01.nc", "c3s_sea_level_twosat_monthly", "2019-02"),
    ("c_gls_NDVI300_201706010000_GLOBE_PROBAV_V1.0.1.nc", "clms_ndvi_300m_v1", "2017-06-01"),
    ("c_gls_NDVI300_202106010000_GLOBE_OLCI_V2.0.1.nc", "clms_ndvi_300m_v2", "2021-06-01"),
    ("c_gls_NDVI_201706010000_GLOBE_PROBAV_V2.2.1.nc", "clms_ndvi_1km_v2", "2017-06-01"),
    ("c_gls_NDVI_201706010000_GLOBE_PROBAV_V3.0.1.nc", "clms_ndvi_1km_v3", "2017-06-01"),
    ("c_gls_FAPAR300-RT6_202206200000_GLOBE_OLCI_V1.1.2.nc", "clms_fapar_300m_v1", "2022-06-11"),
    ("c_gls_LAI300_201906300000_GLOBE_PROBAV_V1.0.1.nc", "clms_lai_300m_v1", "2019-06-21"),
    ("c3s_LAI_20020110000000_GLOBE_VGT_V1.0.1.nc", "c3s_lai", "2002-01-01"),
    ("c3s_FAPAR_20020110000000_GLOBE_VGT_V1.0.1.nc", "c3s_fapar", "2002-01-01"),
    (
        "ESACCI-OC-L3S-CHLOR_A-MERGED-1M_MONTHLY_4km_GEO_PML_OCx-201906-fv6.0.nc",
        "esacci_chlorophyll_monthly",
        "2019-06",
    ),
    (
        "ESACCI-OC-L3S-CHLOR_A-MERGED-8D_DAILY_4km_GEO_PML_OCx-20190610-fv5.0.nc",
        "esacci_chlorophyll_8day",
        "2019-06-10",
    ),
    (
        "ESACCI-LST-L3C-LST-MODISA-0.01deg_1MONTHLY_DAY-20180701000000-fv3.00.nc",
        "esacci_lst_modis_aqua_monthly_day",
        "2018-07",
    ),
    (
        "ESACCI-LST-L3C-LST-MODISA-0.01deg_1DAILY_NIGHT-20180709000000-fv3.00.nc",
        "esacci_lst_modis_aqua_daily_night",
        "2018-07-09",
    ),
    (
        "ESACCI-LST-L3S-LST-IRCDR_-0.01deg_1MONTHLY_NIGHT-19960701000000-fv2.00.nc",
        "esacci_lst_ircdr_monthly_night",
        "1996-07",
    ),
    ("20100203-ESACCI-L3C_SNOW-SCFG-AVHRR_MERGED-fv2.0.nc", "esacci_snow_scfg_avhrr_daily", "2010-02-03"),
    ("20100203-ESACCI-L3C_SNOW-SCFV-AVHRR_MERGED-fv2.0.nc", "esacci_snow_scfv_avhrr_daily", "2010-02-03"),
    ("20100203-ESACCI-L3C_SNOW-SWE-SSMIS-DMSP-fv2.0.nc", "esacci_snow_swe_daily", "2010-02-03"),
    ("gpcp_v02r03_monthly_d197901_c20170616.nc", "noaa_gpcp_monthly", "1979-01"),
    ("oisst-avhrr-v02r01.19810901.nc", "noaa_oisst_daily", "1981-09-01"),
    ("sst.mnmean.nc", "noaa_ersst_v5_monthly", ""),
    (
        "200301_202312-C3S-L3_XCH4-GHG_PRODUCTS-MERGED-MERGED-OBS4MIPS-MERGED-v4.6.nc",
        "c3s_xch4_monthly",
        "",
    ),
    (
        "200301_202212-C3S-L3_XCO2-GHG_PRODUCTS-MERGED-MERGED-OBS4MIPS-MERGED-v4.5.nc",
        "c3s_xco2_monthly",
        "",
    ),
]


@pytest.mark.parametrize(("name", "product", "time"), NAMES)
def test_a_name_belongs_to_one_product_and_says_its_time(name: str, product: str, time: str) -> None:
    assert [(one.product, one.time) for one in from_name(name, PRODUCTS)] == [(product, time)]


def test_products_that_a_person_puts_in_place_are_those_that_no_service_has_any_more() -> None:
    gone = {"ukmo_ostia_anomaly", "cmems_blacksea_sst", "cmems_sea_level_mediterranean_daily"}
    assert {name for name, one in PRODUCTS.items() if one.source.kind == "local"} == gone


def _addressed() -> list[tuple[str, HttpsSource | OpendapSource]]:
    found = {name: one.source for name, one in PRODUCTS.items()}
    return [
        (name, one)
        for name, one in found.items()
        if isinstance(one, OpendapSource) or (isinstance(one, HttpsSource) and one.listing == "none")
    ]


@pytest.mark.parametrize(("name", "source"), _addressed())
def test_an_address_of_a_step_ends_in_a_name_of_the_product_and_of_that_step(
    name: str, source: HttpsSource | OpendapSource
) -> None:
    last = source.url.format(time=np.datetime64("2003-05-01", "s").item()).rpartition("/")[2]
    month = "2003-05" if "{time" in source.url.rpartition("/")[2] else ""  # or one file of all steps
    assert [(one.product, one.time[:7]) for one in from_name(last, PRODUCTS)] == [(name, month)]


@pytest.mark.parametrize("name", sorted(MINE))
def test_options_are_those_of_the_reader(name: str) -> None:
    model = readers.load(MINE[name].reader).Options  # type: ignore[attr-defined]
    assert model.model_validate(MINE[name].options)


def test_files_are_told_by_their_content_whatever_their_names(tmp_path: Path) -> None:
    truth = np.full((3, 4), 0.2)
    soil = write_soil_moisture(tmp_path, truth, step="MONTHLY").rename(tmp_path / "a.nc")
    sea = write_duacs(
        tmp_path / "b.nc", truth[None], title="DT merged two satellites Global Ocean", ice=truth[None] * 0
    )
    assert (
        only(soil, {name: one for name, one in MINE.items() if "soil" in name}) == "c3s_soil_moisture_combined_monthly"
    )
    assert only(sea, {"x": MINE["c3s_sea_level_twosat_daily"], "y": MINE["cmems_sea_level_global_daily"]}) == "x"


def test_reading_is_lazy_until_it_is_computed(tmp_path: Path) -> None:
    path = write_soil_moisture(tmp_path, np.full((3, 4), 0.2), version="09.1")
    with canonical_of(path, MINE["esacci_soil_moisture_combined_daily"]) as content:
        assert all(isinstance(content[name].data, da.Array) for name in content.data_vars)


@pytest.mark.real
def test_real_files_are_told_by_name_and_content(real_data: Path) -> None:
    found = {
        path.name: only(path, PRODUCTS)
        for folder in ("c3s_soil_moisture", "cci", "duacs", "ersst")
        for path in sorted((real_data / folder).glob("*.nc"))
    }
    assert sorted(found.values()) == [
        "c3s_soil_moisture_active_dekadal",
        "c3s_soil_moisture_combined_monthly",
        "c3s_soil_moisture_combined_monthly",
        "cmems_sea_level_global_nrt_daily",
        "cmems_sea_level_mediterranean_daily",
        "esacci_soil_moisture_combined_daily",
        "noaa_ersst_v5_monthly",
    ]
