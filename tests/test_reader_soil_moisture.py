"""Soil moisture of C3S and ESA CCI: real files, the traps of the format, and damage."""

import gzip
import tarfile
from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np
import pytest
import xarray as xr
from damage import check_survives
from granules.soil_moisture import write_soil_moisture
from hypothesis import given
from hypothesis import strategies as st

from eo.canonical import STATUS
from eo.config import load_product
from eo.errors import InputError
from eo.granules import canonical_of

NAME, ACTIVE = "volume_fraction_of_condensed_water_in_soil", "soil_moisture_saturation"
TRUTH = np.array([[0.1, 0.25, np.nan, 0.3], [0.4, 0.0, 0.5, 1.0], [0.15, 0.2, np.nan, 0.35]])


def content_of(path: Path, product: str, **options: Any) -> xr.Dataset:  # noqa: ANN401 - an option
    found = load_product(product)
    with canonical_of(path, found.model_copy(update={"options": options})) as content:
        return content.load()


def cos_lat_mean(field: xr.DataArray) -> float:
    """Give the mean weighted by the cosine of latitude, in plain NumPy."""
    values = field.values[0].astype(np.float64)
    weights = np.cos(np.deg2rad(field["lat"].values))[:, None] * np.isfinite(values)
    return float(np.nansum(values * weights) / weights.sum())


@pytest.mark.real
@pytest.mark.parametrize(("month", "valid", "mean"), [("01", 0.113, 0.2015), ("02", 0.114, 0.1946)])
def test_real_c3s_months_have_the_values_of_independent_code(
    real_data: Path, month: str, valid: float, mean: float
) -> None:
    name = f"C3S-SOILMOISTURE-L3S-SSMV-COMBINED-MONTHLY-2015{month}01000000-TCDR-v202012.0.0.nc"
    content = content_of(real_data / "c3s_soil_moisture" / name, "c3s_soil_moisture_combined_monthly")
    assert content[NAME].shape == (1, 720, 1440)
    assert float(content[NAME].notnull().mean()) == pytest.approx(valid, abs=0.0005)
    assert cos_lat_mean(content[NAME]) == pytest.approx(mean, abs=0.0005)
    assert str(content["time"].values[0])[:10] == f"2015-{month}-01"
    assert content.attrs["product_version"] == "v202012"


@pytest.mark.real
def test_real_c3s_dekad_of_scatterometers_is_a_share_not_a_percentage(real_data: Path) -> None:
    name = "C3S-SOILMOISTURE-L3S-SSMS-ACTIVE-DEKADAL-20150401000000-TCDR-v202012.0.0.nc"
    content = content_of(real_data / "c3s_soil_moisture" / name, "c3s_soil_moisture_active_dekadal")
    assert float(content[ACTIVE].notnull().mean()) == pytest.approx(0.139, abs=0.001)
    assert cos_lat_mean(content[ACTIVE]) == pytest.approx(0.3261, abs=0.0005)
    assert content["time_bounds"].values.astype("datetime64[D]").astype(str).tolist() == [["2015-04-01", "2015-04-11"]]


@pytest.mark.real
def test_real_members_of_an_answer_of_the_climate_data_store_are_read(real_data: Path, tmp_path: Path) -> None:
    with tarfile.open(
        real_data / "c3s_soil_moisture" / "test_soil_moisture_volumetric_minimal_params.tar.gz"
    ) as answer:
        answer.extractall(tmp_path, filter="data")
    members = sorted(tmp_path.rglob("*.nc"))
    assert len(members) == 2
    means = [cos_lat_mean(content_of(one, "c3s_soil_moisture_combined_monthly")[NAME]) for one in members]
    assert means == pytest.approx([0.2015, 0.1946], abs=0.0005)


@pytest.mark.real
def test_real_cci_day_of_version_2_has_its_limits_in_physical_units(real_data: Path) -> None:
    path = real_data / "cci" / "ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20000101000000-fv02.2.nc"
    content = content_of(path, "esacci_soil_moisture_combined_daily")
    with h5py.File(path) as file:  # independent: 25727 values in plain h5py, times 0.0001
        raw = file["sm"][0]
        flag = file["flag"][0]
    truth = np.where(raw == -9999, np.nan, raw * 1e-4)[::-1]
    np.testing.assert_allclose(content[NAME].values[0], truth, atol=1e-6)
    assert int(content[NAME].count()) == 25727
    status = content[f"{NAME}_status"].values[0][::-1]
    assert np.count_nonzero(status == STATUS["quality_masked"]) == 233 + 1863 + 789
    assert np.array_equal(status == STATUS["never_observed"], flag == 127)
    naive = ((raw != -9999) & (raw >= 0) & (raw <= 1)).sum()  # valid_range 0..1 taken in packed units
    assert naive == 80


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = write_soil_moisture(tmp_path, TRUTH, step="MONTHLY")
    content = content_of(path, "c3s_soil_moisture_combined_monthly")
    np.testing.assert_allclose(content[NAME].values[0], TRUTH[::-1], rtol=1e-6)
    assert content["lat"].values.tolist() == [9.375, 9.625, 9.875]  # ascending, from 9.875 descending
    assert f"{NAME}_uncertainty" not in content  # aggregated files have none


@pytest.mark.parametrize(("kind", "sensor"), [("COMBINED", NAME), ("PASSIVE", NAME), ("ACTIVE", ACTIVE)])
@pytest.mark.parametrize(
    ("step", "date"), [("DAILY", "2015-01-07"), ("DEKADAL", "2015-02-21"), ("MONTHLY", "2016-02-01")]
)
def test_each_c3s_product_reads_its_files_and_no_others(
    tmp_path: Path, kind: str, sensor: str, step: str, date: str
) -> None:
    top = 100 if kind == "ACTIVE" else 1
    path = write_soil_moisture(tmp_path, TRUTH * top, kind=kind, step=step, date=date)
    product = f"c3s_soil_moisture_{kind.lower()}_{step.lower()}"
    np.testing.assert_allclose(content_of(path, product)[sensor].values[0], TRUTH[::-1], rtol=1e-6)
    other = "active" if kind != "ACTIVE" else "combined"
    with pytest.raises(InputError, match=r"has 'id' like"):
        content_of(path, f"c3s_soil_moisture_{other}_{step.lower()}")


def test_the_coverage_begins_twelve_hours_before_the_month_and_the_stamp_says_which(tmp_path: Path) -> None:
    path = write_soil_moisture(tmp_path, TRUTH, step="MONTHLY")
    with netCDF4.Dataset(path) as file:  # the naive month, from the coverage: December
        assert file.time_coverage_start.startswith("2014-12-31T12")
    content = content_of(path, "c3s_soil_moisture_combined_monthly")
    assert content["time_bounds"].values.astype("datetime64[D]").astype(str).tolist() == [["2015-01-01", "2015-02-01"]]


def test_the_interim_record_is_another_version_than_the_climate_record(tmp_path: Path) -> None:
    said = [
        content_of(
            write_soil_moisture(tmp_path, TRUTH, step="MONTHLY", record=one), "c3s_soil_moisture_combined_monthly"
        )
        for one in ("TCDR", "ICDR")
    ]
    assert [one.attrs["product_version"] for one in said] == ["v202012", "v202012 ICDR"]


@pytest.mark.parametrize("coverage", ["2015-01-01T12:00:00Z", "2014-11-30T12:00:00Z", "yesterday", None])
def test_a_mean_over_another_period_is_refused(tmp_path: Path, coverage: str | None) -> None:
    path = write_soil_moisture(tmp_path, TRUTH, step="MONTHLY", attributes={"time_coverage_start": coverage})
    with pytest.raises(InputError, match=r"month covers|time_coverage is a time"):
        content_of(path, "c3s_soil_moisture_combined_monthly")


def test_flag_meanings_as_an_array_of_texts_do_not_matter(tmp_path: Path) -> None:
    path = write_soil_moisture(tmp_path, TRUTH, step="DEKADAL", date="2015-04-11")
    with netCDF4.Dataset(path) as file:
        assert isinstance(file["sensor"].flag_meanings, list)
    assert content_of(path, "c3s_soil_moisture_combined_dekadal")["time"].values[0] == np.datetime64("2015-04-11")


FLAG = np.array([[0, 1, 127, 2], [4, 8, 16, 32], [64, 65, 127, 0]])


@pytest.mark.parametrize(("version", "product"), [("03.2", "esacci"), ("09.1", "esacci"), ("v202505", "c3s")])
def test_only_flag_0_is_kept_where_flags_are_bits(tmp_path: Path, version: str, product: str) -> None:
    path = write_soil_moisture(tmp_path, TRUTH, version=version, flag=FLAG)
    with xr.open_dataset(path) as naive:  # every value, flagged or not
        assert int(naive["sm"].count()) == 10
    content = content_of(path, f"{product}_soil_moisture_combined_daily")
    expected = np.where(FLAG == 0, TRUTH, np.nan)[::-1]
    np.testing.assert_allclose(content[NAME].values[0], expected, rtol=1e-6)
    assert (content[f"{NAME}_status"].values[0][::-1][:2] == [[0, 2, 1, 2], [2, 2, 2, 2]]).all()
    assert np.array_equal(np.isfinite(content[f"{NAME}_uncertainty"].values[0]), np.isfinite(expected))
    assert float(content[f"{NAME}_uncertainty"].max()) == pytest.approx(0.04)


def test_barren_ground_is_kept_where_asked_and_only_alone(tmp_path: Path) -> None:
    path = write_soil_moisture(tmp_path, TRUTH, version="09.1", flag=FLAG)
    content = content_of(path, "esacci_soil_moisture_combined_daily", keep_barren=True)
    expected = np.where((FLAG == 0) | (FLAG == 64), TRUTH, np.nan)[::-1]
    np.testing.assert_allclose(content[NAME].values[0], expected, rtol=1e-6)


def test_version_2_has_values_for_flags_and_packed_numbers(tmp_path: Path) -> None:
    flag = np.array([[0, 1, 127, 2], [3, 0, 0, 0], [0, 0, 127, 0]])
    path = write_soil_moisture(tmp_path, TRUTH, version="02.2", flag=flag)
    content = content_of(path, "esacci_soil_moisture_combined_daily")
    np.testing.assert_allclose(content[NAME].values[0], np.where(flag == 0, TRUTH, np.nan)[::-1], atol=5e-5)
    bad = write_soil_moisture(tmp_path, TRUTH, version="02.2", flag=np.where(flag == 3, 64, flag))
    with pytest.raises(InputError, match=r"fv02\.2\.nc: 'flag' is 0 to 3"):
        content_of(bad, "esacci_soil_moisture_combined_daily")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "10.0"}, "product_version is"),
        ({"version": "09.1", "flag": np.full((3, 4), -128)}, "'flag' is 0 to 127"),
        ({"version": "09.1", "attributes": {"geospatial_lat_resolution": "0.5 degree"}}, "steps that the file says"),
        ({"version": "09.1", "sm_attributes": {"units": None}}, "states its units"),
    ],
)
def test_what_the_file_must_say_is_asked_for(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = write_soil_moisture(tmp_path, TRUTH, **change)
    with pytest.raises(InputError, match=said):
        content_of(path, "esacci_soil_moisture_combined_daily")


def test_values_out_of_range_are_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = write_soil_moisture(tmp_path, TRUTH * 100, version="09.1", sm_attributes={"valid_range": None})
    with pytest.raises(InputError, match=r"fv09\.1\.nc: 'sm' lies in 0..1"):
        content_of(path, "esacci_soil_moisture_combined_daily")


def test_a_truncated_file_and_an_unknown_option_are_errors(tmp_path: Path) -> None:
    path = write_soil_moisture(tmp_path, TRUTH, version="09.1")
    with pytest.raises(InputError, match="keep_barren"):
        content_of(path, "esacci_soil_moisture_combined_daily", keep_baren=True)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(InputError, match="must be whole: its header asks for"):
        content_of(path, "esacci_soil_moisture_combined_daily")


def test_an_answer_that_is_still_an_archive_is_told_as_one(tmp_path: Path) -> None:
    path = tmp_path / "answer.nc"
    path.write_bytes(gzip.compress(b"a tar of granules"))
    with pytest.raises(InputError, match="it is of kind gzip"):
        content_of(path, "c3s_soil_moisture_combined_monthly")


@pytest.mark.slow
@given(data=st.data())
def test_damage_gives_an_error_or_values_in_range(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_soil_moisture(tmp_path_factory.mktemp("d"), TRUTH, version="09.1")
    check_survives(data, path, load_product("esacci_soil_moisture_combined_daily"), "sm")
