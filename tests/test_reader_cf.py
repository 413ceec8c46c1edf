"""Files that CF describes whole, by the generic reader: OISST, GPCP, ERSST, XCO2; their traps, and damage."""

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray as xr
from damage import check_survives
from granules.plain_cf import write_gpcp, write_obs4mips, write_oisst
from hypothesis import given
from hypothesis import strategies as st

from eo.config import load_product
from eo.errors import InputError
from eo.granules import canonical_of
from eo.readers._packing import decoded
from eo.readers._times import moment, times

SST, RAIN = "sea_surface_temperature", "lwe_precipitation_rate"
HEAT = np.array([[20.5, -1.8, np.nan, 30.0], [0.0, 5.25, np.nan, 44.99]])
FROST = np.array([[np.nan, 0.8, np.nan, np.nan], [0.15, 1.0, np.nan, np.nan]])
WET = np.array([[0.0, 1.5, np.nan], [99.0, 3.25, 0.125]])


def content_of(path: Path, product: str) -> xr.Dataset:
    with canonical_of(path, load_product(product)) as content:
        return content.load()


@pytest.mark.real
def test_real_ersst_gives_the_published_nino34(real_data: Path) -> None:
    content = content_of(real_data / "ersst" / "sst.mnmean.nc", "noaa_ersst_v5_monthly")
    box = content[SST].sel(lat=slice(-4, 4), lon=slice(-170, -120))
    assert box["lon"].values.tolist() == list(range(-170, -119, 2))  # 190..240 E
    weights = np.cos(np.deg2rad(box["lat"].values))[None, :, None] * np.ones(box.shape)
    mine = np.average(box.values.astype(np.float64), axis=(1, 2), weights=weights)
    rows = [line.split() for line in (real_data / "indices" / "nina34.data").read_text().splitlines()[1:]]
    table = {row[0]: [float(one) for one in row[1:]] for row in rows if len(row) == 13}
    published = [table[str(time)[:4]][int(str(time)[5:7]) - 1] for time in content["time"].values]
    assert len(published) == 128
    assert np.abs(mine - published).max() <= 0.05
    with netCDF4.Dataset(real_data / "ersst" / "sst.mnmean.nc") as file:
        file.set_auto_mask(False)
        assert int(np.isnan(content[SST].values).sum()) == int((file["sst"][:] < -100).sum())


def test_a_level_of_size_one_is_dropped_and_more_are_refused(tmp_path: Path) -> None:
    content = content_of(write_oisst(tmp_path / "a.nc", HEAT, FROST), "noaa_oisst_daily")
    np.testing.assert_allclose(content[SST].sel(lon=[0.125, 90.125]).values[0], HEAT[:, :2], atol=1e-5)
    assert np.nanmax(content[f"{SST}_uncertainty"].values) == pytest.approx(0.15)
    assert content["lon"].values.tolist() == [-179.875, -89.875, 0.125, 90.125]
    assert str(content["time"].values[0])[:13] == "1981-09-01T00"  # stamped at noon
    with pytest.raises(InputError, match=r"it has also \{'zlev': 2\}"):
        content_of(write_oisst(tmp_path / "b.nc", HEAT, FROST, levels=2), "noaa_oisst_daily")


def test_rain_of_minus_9999_is_missing(tmp_path: Path) -> None:
    path = write_gpcp(tmp_path / "a.nc", WET)
    content = content_of(path, "noaa_gpcp_monthly")
    np.testing.assert_allclose(content[RAIN].values[0], WET)
    assert content["time_bounds"].values.astype("datetime64[D]").astype(str).tolist() == [["1979-02-01", "1979-03-01"]]
    assert content["lat_bounds"].values[0].tolist() == [-2.5, 0.0]
    np.testing.assert_allclose(content[f"{RAIN}_uncertainty"].values[0], np.where(np.isnan(WET), np.nan, 0.5))
    with netCDF4.Dataset(path) as file:
        file.set_auto_mask(False)
        assert file["precip"][:].mean() < -1000  # naive


@pytest.mark.parametrize(
    ("gas", "product", "units", "level"),
    [
        ("xco2", "c3s_xco2_monthly", "1e-6", 380.0),
        ("xch4", "c3s_xch4_monthly", "1e-9", 1800.0),
        ("xco2", "c3s_xco2_monthly", "1", 380e-6),
    ],
)
def test_mole_fractions_of_all_months_are_in_parts_per_million_or_billion(
    tmp_path: Path, gas: str, product: str, units: str, level: float
) -> None:
    truth = level * (1 + np.arange(24).reshape(3, 2, 4) / 1000)
    truth[1, 0, 0] = np.nan
    content = content_of(write_obs4mips(tmp_path / "a.nc", truth, gas=gas, units=units), product)
    name = next(iter(load_product(product).variables))
    np.testing.assert_allclose(content[name].values, truth * (1e6 if units == "1" else 1), rtol=1e-6)
    assert content["time"].values.astype("datetime64[D]").astype(str).tolist() == [
        "2003-01-01",
        "2003-02-01",
        "2003-03-01",
    ]
    assert np.isnan(content[f"{name}_uncertainty"].values[1, 0, 0])


NOON = "1981-09-01T12:00:00"


@pytest.mark.parametrize(
    ("number", "units", "calendar", "time"),
    [
        (10957.0, "days since 1970-01-01 00:00:00 UTC", "standard", "2000-01-01"),
        (10957.0, "days since 1970-01-01 00:00:00 0:00", "Gregorian", "2000-01-01"),
        (10957.5, "Days since 1970-1-1", "GREGORIAN", "2000-01-01T12"),
        (20820960.0, "minutes since 1970-01-01T00:00:00Z", "proleptic_gregorian", "2009-08-03"),
        (1149508800, "seconds since 1981-01-01 00:00:00", "gregorian", "2017-06-05T12"),
        (25255.0, "days since 1950-01-01 00:00:00", "standard", "2019-02-23"),
        (151638.0, "days since 1601-01-01 00:00:00", "standard", "2016-03-04"),
        (19723.0, "days since 1800-1-1 00:00:0.0", "standard", "1854-01-01"),
        (1338.0, "days since 1978-01-01 12:00:00", "standard", "1981-08-31T12"),
        (24.0, "hours since 1990-01-01 00:00", "standard", "1990-01-02"),
    ],
)
def test_times_of_every_spelling(number: float, units: str, calendar: str, time: str) -> None:
    found = times(np.array([number]), {"units": units, "calendar": calendar})
    assert found.tolist() == [np.datetime64(time, "ns").astype(int)]


@pytest.mark.parametrize(
    ("number", "units", "calendar"),
    [
        (1.0, "days since 1970-01-01 00:00:00 +09:00", "standard"),
        (1.0, "days since 1970-02-30", "standard"),
        (1.0, "months since 1970-01-01", "standard"),
        (1.0, "days", "standard"),
        (1.0, "days since 0001-01-01", "standard"),
        (1.0, "days since 1970-01-01", "noleap"),
        (np.nan, "days since 1970-01-01", "standard"),
        (1e9, "days since 1970-01-01", "standard"),
    ],
)
def test_times_that_are_not_real_dates_are_refused(number: float, units: str, calendar: str) -> None:
    with pytest.raises(InputError, match="time "):
        times(np.array([number]), {"units": units, "calendar": calendar})


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2015-01-31T12:00:00Z", "2015-01-31T12"),
        ("19781101T000000Z", "1978-11-01"),
        ("2002-01-10", "2002-01-10"),
        ("2020-10-01T00:55:26.4Z", "2020-10-01T00:55:26"),
        ("2015-13-31T12:00:00Z", ""),
        ("", ""),
        ("x2015-01-31", ""),
    ],
)
def test_times_of_attributes(text: str, time: str) -> None:
    if time:
        assert moment(text, "it") == np.datetime64(time, "ns")
    else:
        with pytest.raises(InputError, match="it is a time such as"):
            moment(text, "it")


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ({"valid_range": np.array([0, 1], "f4")}, [0.0, 1.0, None]),  # of the type of the packing: physical
        ({"valid_max": np.float32(0.9)}, [0.0, None, None]),
        ({"valid_range": np.array([0, 1], "i2")}, [0.0, None, None]),  # of the type of the numbers: packed
        ({"valid_range": "0,10000"}, [0.0, 1.0, None]),
        ({}, [0.0, 1.0, 2.0]),
    ],
)
def test_limits_are_physical_in_the_type_of_the_packing_and_packed_in_that_of_the_numbers(
    limits: dict[str, Any], kept: list[float | None]
) -> None:
    attributes = {"scale_factor": np.float32(0.0001), "units": "1"} | limits
    packed = xr.DataArray(np.array([0, 10000, 20000], "i2"), dims="x", attrs=attributes)
    values = decoded(packed)[0].values
    np.testing.assert_allclose(values, [np.nan if one is None else one for one in kept], atol=1e-6)


@pytest.mark.parametrize(
    "packing", [{"scale_factor": "x"}, {"scale_factor": 0.0}, {"add_offset": np.nan}, {"scale_factor": [1.0, 2.0]}]
)
def test_a_packing_that_is_no_number_is_refused(packing: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"scale_factor|add_offset"):
        decoded(xr.DataArray(np.array([1], "i2"), dims="x", name="v", attrs=packing))


@pytest.mark.slow
@given(data=st.data())
def test_damage_gives_an_error_or_values_in_range(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_gpcp(tmp_path_factory.mktemp("d") / "a.nc", WET)
    check_survives(data, path, load_product("noaa_gpcp_monthly"), "precip")
