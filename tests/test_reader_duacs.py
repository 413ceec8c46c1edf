"""Sea level of DUACS: real files, the traps of the format, and damage."""

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray as xr
from damage import check_survives
from granules.duacs import FILL, write_duacs
from hypothesis import given
from hypothesis import strategies as st

from eo.canonical import STATUS
from eo.config import load_product
from eo.errors import InputError
from eo.granules import canonical_of

SLA, ADT = "sea_surface_height_above_mean_sea_level", "sea_surface_height_above_geoid"
TRUTH = np.array([[[0.1234, -0.2, np.nan, 0.0], [1.5, -1.5, 0.05, 0.07], [0.01, np.nan, 0.03, 0.04]]])
ICE = np.array([[[0, 0, FILL, 0], [1, 0, 0, 0], [0, FILL, 0, 1]]])
TWO = "c3s_sea_level_twosat_daily"


def content_of(path: Path, product: str, **options: Any) -> xr.Dataset:  # noqa: ANN401 - an option
    found = load_product(product)
    if options:
        found = found.model_copy(update={"options": options})
    with canonical_of(path, found) as content:
        return content.load()


def cos_lat_mean(field: xr.DataArray) -> float:
    """Give the mean weighted by the cosine of latitude, in plain NumPy."""
    values = field.values.astype(np.float64)
    weights = np.cos(np.deg2rad(field["lat"].values))[:, None] * np.isfinite(values)
    return float(np.nansum(values * weights) / weights.sum())


@pytest.mark.real
def test_real_global_day_has_the_values_of_independent_code(real_data: Path) -> None:
    path = real_data / "duacs" / "nrt_global_allsat_phy_l4_20190223_20190226.nc"
    content = content_of(path, "cmems_sea_level_global_nrt_daily")
    assert float(content[ADT].notnull().mean()) == pytest.approx(0.574, abs=0.0005)
    assert cos_lat_mean(content[ADT][0]) == pytest.approx(0.5088, abs=0.0005)
    assert content["lon"].values[[0, -1]].tolist() == [-179.875, 179.875]
    with netCDF4.Dataset(path) as file:  # 0.125..359.875: the cell at 300.125 E is the one at 59.875 W
        row, column = 400, 1200
        assert file["longitude"][column] == 300.125
        assert np.ma.is_masked(file["adt"][0, row, column]) == np.isnan(content[ADT].sel(lon=-59.875).values[0, row])
        truth = file["ugos"][0, 360, 900]
    found = content["surface_geostrophic_eastward_sea_water_velocity"].sel(lon=-134.875).values[0, 360]
    assert found == pytest.approx(float(truth), abs=1e-6)
    assert content.attrs["product_version"] == "NRT 4.0.0"


@pytest.mark.real
def test_real_mediterranean_quarter_has_the_values_of_independent_code(real_data: Path) -> None:
    content = content_of(real_data / "duacs" / "dt_med_allsat_phy_l4_2005T2.nc", "cmems_sea_level_mediterranean_daily")
    assert content[ADT].shape == (91, 128, 344)
    days = content["time"].values.astype("datetime64[D]").astype(str)
    assert (days[0], days[-1]) == ("2005-04-01", "2005-06-30")
    means = [cos_lat_mean(content[ADT][day]) for day in (0, -1)]
    assert means == pytest.approx([-0.1027, -0.0535], abs=0.001)


@pytest.mark.parametrize("west", [0.125, -179.875, 359.125])
def test_what_is_written_is_read_in_either_longitude_convention(tmp_path: Path, west: float) -> None:
    path = write_duacs(tmp_path / "a.nc", TRUTH, title="DT merged all satellites Global Ocean", west=west)
    content = content_of(path, "cmems_sea_level_global_daily")
    np.testing.assert_allclose(content[SLA].values, TRUTH, atol=1e-6)
    assert float(content["lon"][0]) == (west + 180) % 360 - 180
    assert np.nanmax(content[f"{SLA}_uncertainty"].values) == pytest.approx(0.02)
    assert f"{ADT}_uncertainty" not in content  # err_sla says nothing of the mean dynamic topography
    assert content.attrs["product_version"] == "DT vDT2021"


def test_both_conventions_give_the_same_grid(tmp_path: Path) -> None:
    truth = np.zeros((1, 4, 1440))
    truth[..., 10] = 1.0
    east = write_duacs(tmp_path / "a.nc", truth, title="DT merged all satellites Global Ocean", west=0.125)
    west = write_duacs(
        tmp_path / "b.nc", np.roll(truth, 720, -1), title="DT merged all satellites Global Ocean", west=-179.875
    )
    with xr.open_dataset(east) as a, xr.open_dataset(west) as b:  # naive: nothing in common
        assert np.intersect1d(a.longitude, b.longitude).size == 720
    xr.testing.assert_identical(*(content_of(one, "cmems_sea_level_global_daily") for one in (east, west)))


def test_the_drift_of_topex_is_added_where_asked_and_only_there(tmp_path: Path) -> None:
    path = write_duacs(tmp_path / "a.nc", TRUTH, tpa=0.003, ice=ICE)
    raw = content_of(path, TWO, apply_tpa=False)[SLA].values
    corrected = content_of(path, TWO)[SLA].values
    np.testing.assert_allclose(raw, TRUTH, atol=1e-6)
    kept = np.where(ICE == 1, np.nan, TRUTH)
    np.testing.assert_allclose(corrected, kept + 0.003, atol=1e-6)  # by hand: 3 mm up everywhere


def test_ice_is_masked_with_its_reason(tmp_path: Path) -> None:
    path = write_duacs(tmp_path / "a.nc", TRUTH, ice=ICE)
    content = content_of(path, TWO)
    assert np.array_equal(content[f"{SLA}_status"].values == STATUS["quality_masked"], ICE == 1)
    assert np.isnan(content[f"{SLA}_uncertainty"].values[ICE == 1]).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tpa": None, "ice": ICE}, "tpa_correction"),
        ({"tpa_attributes": {"_FillValue": np.int32(30)}, "ice": ICE}, "a value in m for each time"),
        ({"tpa_attributes": {"units": "mm"}, "ice": ICE}, "a value in m for each time"),
        ({"ice": None}, "flag_ice"),
        ({"ice": ICE + 1}, "'flag_ice' is 0, 1 or missing"),
        ({"title": "DT merged all satellites Global Ocean", "ice": ICE}, "has 'title' like"),
        ({"height_attributes": {"scale_factor": 1.0}, "ice": ICE}, "lies in -5..5 m"),
        ({"height_attributes": {"scale_factor": "x"}, "ice": ICE}, "scale_factor"),
        ({"names": ("adt",), "ice": ICE}, "no variable 'sla'"),
        ({"attributes": {"geospatial_lon_resolution": 0.125}, "ice": ICE}, "steps that the file says"),
    ],
)
def test_what_the_file_must_say_is_asked_for(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = write_duacs(tmp_path / "a.nc", TRUTH, **change)
    with pytest.raises(InputError, match=said):
        content_of(path, TWO)


def test_maps_of_all_satellites_are_no_maps_of_two_though_they_look_alike(tmp_path: Path) -> None:
    """Their number changes over the years, and the error with it: the global mean is of two at all times."""
    title = "DT merged all satellites Global Ocean"
    level = np.full_like(TRUTH, 0.05)
    two, many = (
        write_duacs(tmp_path / f"{name}.nc", level + change, ice=ICE * 0, **said)
        for name, change, said in (("two", 0, {}), ("all", 0.004, {"title": title}))
    )
    with xr.open_dataset(two) as a, xr.open_dataset(many) as b:
        assert list(a.variables) == list(b.variables)
        naive = [float(one["sla"].mean()) for one in (a, b)]
    assert naive == pytest.approx([0.05, 0.054], abs=1e-4)  # joined, a rise of 4 mm from one day to the next
    with pytest.raises(InputError, match=r"all\.nc: .*'title' like"):
        content_of(many, TWO)
    with pytest.raises(InputError, match=r"two\.nc: .*'title' like"):
        content_of(two, "cmems_sea_level_global_daily")


def test_near_real_time_and_delayed_time_are_two_versions(tmp_path: Path) -> None:
    title = "merged all satellites Global Ocean"
    early = write_duacs(tmp_path / "b.nc", TRUTH, title=f"NRT {title}", names=("adt", "ugos", "vgos"))
    assert content_of(early, "cmems_sea_level_global_nrt_daily").attrs["product_version"] == "NRT vDT2021"
    with pytest.raises(InputError, match="has 'title' like"):
        content_of(early, "cmems_sea_level_global_daily")


def test_a_monthly_map_is_a_month(tmp_path: Path) -> None:
    path = write_duacs(tmp_path / "a.nc", TRUTH, first_day="1995-03-15", ice=ICE)
    content = content_of(path, "c3s_sea_level_twosat_monthly")
    assert content["time_bounds"].values.astype("datetime64[D]").astype(str).tolist() == [["1995-03-01", "1995-04-01"]]


def test_a_damaged_chunk_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    path = write_duacs(tmp_path / "a.nc", rng.normal(0, 0.1, (1, 80, 90)), ice=np.zeros((1, 80, 90)))
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 3, len(content) // 3 + 400):
        content[place] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.nc"):
        content_of(path, TWO)


@pytest.mark.slow
@given(data=st.data())
def test_damage_gives_an_error_or_values_in_range(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_duacs(tmp_path_factory.mktemp("d") / "a.nc", TRUTH, ice=ICE)
    check_survives(data, path, load_product(TWO), "sla")
