"""GHRSST: packings, masks and qualities mean what each file says; each trap fails on the naive reading.

Expected numbers are the truth that a writer packed, worked by hand, or plain netCDF4 and numpy on the same file.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray as xr
from granules import ghrsst as gds
from granules.ghrsst import write_l3, write_l4
from hypothesis import given, settings
from hypothesis import strategies as st

from eo.canonical import STATUS
from eo.config import load_product
from eo.errors import InputError
from eo.granules import canonical_of
from eo.identify import only
from eo.model import Product, Variable

SST, ICE = "sea_surface_temperature", "sea_ice_area_fraction"
ROWS, COLUMNS = 12, 24
CCI, L3 = load_product("esacci_sst_l4_v3"), load_product("esacci_sst_l3c_avhrr12_night")
ANOMALY, BLACK_SEA = load_product("ukmo_ostia_anomaly"), load_product("cmems_blacksea_sst")
CCI_NAME = "20190701120000-ESACCI-L4_GHRSST-SSTdepth-OSTIA-GLOB_CDR3.0-v02.0-fv01.0.nc"
L3_NAME = "19910916120000-ESACCI-L3C_GHRSST-SSTskin-AVHRR12_G-CDR2.1_night-v02.0-fv01.0.nc"


@pytest.fixture
def kelvin() -> np.ndarray:
    """Give hundredths of a kelvin that differ from cell to cell, with land in the first row."""
    field = 280 + np.round(np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) / 100, 2)
    field[0] = np.nan
    return field


def content_of(path: Path, product: Product = CCI, **options: object) -> xr.Dataset:
    with canonical_of(path, product.model_copy(update={"options": product.options | options})) as content:
        return content.load()


def close(found: xr.DataArray, truth: np.ndarray) -> None:
    np.testing.assert_allclose(found.values[0], truth, rtol=0, atol=2e-5)


@pytest.mark.parametrize(
    ("name", "product", "producer"),
    [
        (CCI_NAME, "esacci_sst_l4_v3", gds.CCI3),
        (CCI_NAME.replace("CDR3.0", "CDR2.1"), "esacci_sst_l4_v2", gds.CCI2),
        ("20190701120000-C3S-L4_GHRSST-SSTdepth-OSTIA-GLOB_ICDR3.0-v02.0-fv01.0.nc", "c3s_sst_icdr", gds.C3S),
        ("20190701120000-UKMO-L4_GHRSST-SSTfnd-OSTIA-GLOB-v02.0-fv02.0.nc", "ukmo_ostia_daily", gds.OSTIA),
    ],
)
def test_an_analysis_reads_back(
    tmp_path: Path, kelvin: np.ndarray, name: str, product: str, producer: gds.Producer
) -> None:
    path = write_l4(tmp_path / name, kelvin, producer=producer, ice=0.0, uncertainty=0.31)
    products = {one: load_product(one) for one in ("esacci_sst_l4_v2", "esacci_sst_l4_v3", "c3s_sst_icdr", product)}
    assert only(path, products) == product
    content = content_of(path, load_product(product))
    close(content[SST], kelvin - 273.15)
    close(content[f"{SST}_uncertainty"], np.where(np.isfinite(kelvin), 0.31, np.nan))
    assert content[SST].attrs["units"] == "degC"
    assert content.attrs["product_version"] == producer.version
    assert (content[f"{SST}_status"].values[0, 0] == STATUS["outside_domain"]).all()
    assert (content[f"{SST}_status"].values[0, 1:] == STATUS["ok"]).all()


def test_the_product_of_observations_reads_back(tmp_path: Path, kelvin: np.ndarray) -> None:
    path = write_l3(tmp_path / L3_NAME, kelvin)
    assert only(path, {"night": L3, "day": load_product("esacci_sst_l3c_avhrr12_day")}) == "night"
    content = content_of(path, L3)
    close(content[SST], kelvin - 273.15)
    assert (content[f"{SST}_status"].values[0, 0] == STATUS["never_observed"]).all()


@pytest.mark.parametrize("producer", [gds.CCI3, gds.MUR_LIKE], ids=["0.01 + 273.15", "0.001 + 298.15"])
def test_packing_is_that_of_the_file(tmp_path: Path, kelvin: np.ndarray, producer: gds.Producer) -> None:
    path = write_l4(tmp_path / "a.nc", kelvin, producer=producer)
    close(content_of(path)[SST], kelvin - 273.15)
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        hard_coded = file["analysed_sst"][0, 5, 5] * 0.01 + 273.15
    assert (abs(hard_coded - kelvin[5, 5]) > 20) == (producer is gds.MUR_LIKE)


def test_an_odd_offset_of_observations_is_that_of_the_file(tmp_path: Path, kelvin: np.ndarray) -> None:
    exact = kelvin + 0.0075  # a whole number of hundredths from 288.1775
    close(content_of(write_l3(tmp_path / "a.nc", exact, offset=288.1775), L3)[SST], exact - 273.15)


@pytest.mark.parametrize("producer", [gds.CCI3, gds.OSTIA, gds.SURFTEMP], ids=lambda one: one.uncertainty)
def test_three_names_of_the_uncertainty_are_one(tmp_path: Path, kelvin: np.ndarray, producer: gds.Producer) -> None:
    product = load_product("ukmo_ostia_daily") if producer is gds.OSTIA else CCI
    marks = {} if producer is gds.SURFTEMP else product.marks
    path = write_l4(tmp_path / "a.nc", kelvin, producer=producer, uncertainty=0.42)
    content = content_of(path, product.model_copy(update={"marks": marks}))
    assert float(content[f"{SST}_uncertainty"].max()) == pytest.approx(0.42)
    with xr.open_dataset(path) as naive:
        assert sum(one in naive for one in ("analysed_sst_uncertainty", "analysis_error", "analysis_uncertainty")) == 1


def test_an_uncertainty_is_a_difference_in_kelvin(tmp_path: Path, kelvin: np.ndarray) -> None:
    content = content_of(write_l4(tmp_path / "a.nc", kelvin, uncertainty=0.5))
    assert float(content[f"{SST}_uncertainty"].max()) == pytest.approx(0.5)  # and not 0.5 K in degC, -272.65


class TestMask:
    """Bits combine: water 1, land 2, lake 5, sea with ice 9, lake with ice 13, river 17."""

    CODES = (1, 2, 5, 9, 13, 17)

    @pytest.fixture
    def path(self, tmp_path: Path, kelvin: np.ndarray) -> Path:
        mask = np.ones((ROWS, COLUMNS), int)
        mask[0], mask[1, : len(self.CODES)] = 2, self.CODES
        return write_l4(tmp_path / "a.nc", kelvin, mask=mask, ice=np.where(mask == 9, 0.8, 0.0))

    def test_only_ice_free_ocean_is_kept(self, path: Path) -> None:
        content = content_of(path)
        status = content[f"{SST}_status"].values[0, 1, :6]
        assert status.tolist() == [STATUS["ok"]] + 5 * [STATUS["outside_domain"]]
        assert np.isfinite(content[SST].values[0, 1, :6]).tolist() == [True] + 5 * [False]
        with xr.open_dataset(path) as naive:
            assert np.isfinite(naive["analysed_sst"].values[0, 1, :6]).all()

    def test_ice_is_kept_where_the_product_says_so(self, path: Path) -> None:
        status = content_of(path, sea_ice="kept")[f"{SST}_status"].values[0, 1, :6]
        assert (status == STATUS["ok"]).tolist() == [True, False, False, True, False, False]

    def test_the_ice_fraction_is_there_where_ice_is(self, path: Path) -> None:
        content = content_of(path)
        assert float(content[ICE].values[0, 1, 3]) == pytest.approx(0.8)
        assert np.isnan(content[ICE].values[0, 1, 1])
        assert np.isnan(content[f"{SST}_uncertainty"].values[0, 1, 3])

    def test_water_without_a_value_was_never_observed(self, tmp_path: Path, kelvin: np.ndarray) -> None:
        kelvin[3, 3] = np.nan
        path = write_l4(tmp_path / "a.nc", kelvin, mask=np.ones((ROWS, COLUMNS), int))
        assert content_of(path)[f"{SST}_status"].values[0, 3, 3] == STATUS["never_observed"]

    def test_a_bit_that_the_file_does_not_explain_is_refused(self, tmp_path: Path, kelvin: np.ndarray) -> None:
        mask = np.ones((ROWS, COLUMNS), int)
        mask[4, 4] = 33
        path = write_l4(tmp_path / "a.nc", kelvin, mask=mask)
        with pytest.raises(InputError, match=r"a\.nc: 'mask' has the codes .* it has 33"):
            content_of(path)

    def test_an_unknown_meaning_is_refused(self, tmp_path: Path, kelvin: np.ndarray) -> None:
        attributes = {"flag_masks": np.array([1, 2], np.int8), "flag_meanings": "water swamp"}
        with pytest.raises(InputError, match="swamp"):
            content_of(write_l4(tmp_path / "a.nc", kelvin, mask_attributes=attributes))

    def test_values_that_the_comment_calls_bits_are_bits(self, tmp_path: Path, kelvin: np.ndarray) -> None:
        attributes = {
            "flag_values": np.array([1, 2, 3, 4], np.int8),
            "flag_meanings": "sea land lake ice",
            "comment": "b0:1 = grid cell is open sea water; b1:1 = land is present in his grid cell",
        }
        mask = np.ones((ROWS, COLUMNS), int)
        mask[1, :5] = [1, 2, 3, 5, 9]  # sea, land, coast, lake, sea with ice
        path = write_l4(
            tmp_path / "a.nc", kelvin, producer=gds.BLACK_SEA, mask=mask, mask_attributes=attributes, hour=0
        )
        status = content_of(path, BLACK_SEA, sea_ice="kept")[f"{SST}_status"].values[0, 1, :5]
        assert (status == STATUS["ok"]).tolist() == [True, False, False, False, True]
        assert 9 not in attributes["flag_values"]  # as values, sea with ice has no meaning at all

    def test_a_mask_that_says_nothing_masks_nothing(self, tmp_path: Path, kelvin: np.ndarray) -> None:
        path = write_l4(tmp_path / "a.nc", kelvin, mask=np.full((ROWS, COLUMNS), -128))
        content = content_of(path)
        close(content[SST], kelvin - 273.15)
        with xr.open_dataset(path) as naive:
            assert not (naive["mask"] == 1).any()  # a naive `mask == 1` leaves nothing
        assert (content[f"{SST}_status"].values[0, 0] == STATUS["outside_domain"]).all()


class TestQuality:
    def test_levels_4_and_5_are_kept(self, tmp_path: Path, kelvin: np.ndarray) -> None:
        quality = np.full((ROWS, COLUMNS), 5)
        quality[1, :6] = range(6)
        path = write_l3(tmp_path / "a.nc", kelvin, quality=quality)
        content = content_of(path, L3)
        expected = ["never_observed", *3 * ["quality_masked"], "ok", "ok"]
        assert content[f"{SST}_status"].values[0, 1, :6].tolist() == [STATUS[one] for one in expected]
        assert np.isnan(content[SST].values[0, 1, :4]).all()
        assert np.isnan(content[f"{SST}_uncertainty"].values[0, 1, :4]).all()
        with xr.open_dataset(path) as naive:
            assert np.isfinite(naive[SST].values[0, 1, :6]).all()
        assert np.isfinite(content_of(path, L3, quality=5)[SST].values[0, 1, :6]).tolist() == [False] * 5 + [True]

    def test_an_unknown_level_is_refused(self, tmp_path: Path, kelvin: np.ndarray) -> None:
        with pytest.raises(InputError, match=r"'quality_level' is 0 to 5; it is also 7"):
            content_of(write_l3(tmp_path / "a.nc", kelvin, quality=7), L3)

    def test_the_bias_is_subtracted(self, tmp_path: Path, kelvin: np.ndarray) -> None:
        path = write_l3(tmp_path / "a.nc", kelvin, bias=-0.17)
        close(content_of(path, L3)[SST], kelvin - 273.15 + 0.17)
        close(content_of(path, L3, bias="kept")[SST], kelvin - 273.15)

    def test_a_value_without_its_bias_is_masked(self, tmp_path: Path, kelvin: np.ndarray) -> None:
        bias = np.zeros((ROWS, COLUMNS))
        bias[2, 2] = np.nan
        content = content_of(write_l3(tmp_path / "a.nc", kelvin, bias=bias), L3)
        assert content[f"{SST}_status"].values[0, 2, 2] == STATUS["quality_masked"]
        assert np.isnan(content[SST].values[0, 2, 2])

    def test_a_spread_has_an_offset_of_one(self, tmp_path: Path, kelvin: np.ndarray) -> None:
        content = content_of(write_l3(tmp_path / "a.nc", kelvin, spread=0.3), L3)
        assert float(content[f"{SST}_uncertainty"].max()) == pytest.approx(0.3)

    def test_land_ice_and_lakes_are_no_sea(self, tmp_path: Path, kelvin: np.ndarray) -> None:
        flags = np.zeros((ROWS, COLUMNS), int)
        flags[1, :5] = [1, 2, 4, 8, 16]  # microwave, land, ice, lake, river
        status = content_of(write_l3(tmp_path / "a.nc", kelvin, flags=flags), L3)[f"{SST}_status"].values[0, 1, :5]
        assert (status == STATUS["ok"]).tolist() == [True, False, False, False, False]

    def test_the_time_of_a_pixel_moves_no_day(self, tmp_path: Path, kelvin: np.ndarray) -> None:
        path = write_l3(tmp_path / "a.nc", kelvin, seconds=43200.0)  # at 24:00, the first second of the next day
        content = content_of(path, L3)
        assert str(content["time"].values[0])[:13] == "1991-09-16T00"
        assert str(content["time_bounds"].values[0, 1])[:13] == "1991-09-17T00"


class TestAnomaly:
    @pytest.fixture
    def path(self, tmp_path: Path, kelvin: np.ndarray) -> Path:
        return write_l4(
            tmp_path / "20190701120000-UKMO-L4_GHRSST-SSTfnd-OSTIAanom-GLOB-v02.0-fv02.0.nc", kelvin,
            producer=gds.Producer("UKMO-L4LRfnd_GLOB-OSTIAanom", "2.0", "none", calendar="Gregorian"),
            anomaly=np.where(np.isfinite(kelvin), -1.25, np.nan), grid=gds.axes(ROWS, COLUMNS, west=0.0),
            absent=("mask", "none", "sea_ice_fraction"), file_format="NETCDF3_CLASSIC",
        )  # fmt: skip

    def test_longitudes_from_0_to_360_go_where_they_belong(self, path: Path, kelvin: np.ndarray) -> None:
        content = content_of(path, ANOMALY)
        assert content["lon"].values.tolist() == (np.arange(COLUMNS) * 15 - 172.5).tolist()
        close(content[SST], np.roll(kelvin, COLUMNS // 2, axis=1) - 273.15)
        with xr.open_dataset(path) as naive:
            assert naive["lon"].max() > 180

    def test_an_anomaly_is_a_difference(self, path: Path) -> None:
        values = content_of(path, ANOMALY)["sea_surface_temperature_anomaly"]
        assert float(values.min()) == float(values.max()) == pytest.approx(-1.25)
        degrees = ANOMALY.variables["sea_surface_temperature_anomaly"].model_copy(update={"units": "degC"})
        product = ANOMALY.model_copy(update={"variables": {"anomaly": degrees}})
        assert float(content_of(path, product)["anomaly"].max()) == pytest.approx(-1.25)  # and not -274.4

    def test_an_analysis_without_a_mask_misses_only_land(self, path: Path) -> None:
        assert (content_of(path, ANOMALY)[f"{SST}_status"].values[0, 0] == STATUS["outside_domain"]).all()

    def test_the_calendar_in_any_case_gives_the_day(self, path: Path) -> None:
        with netCDF4.Dataset(path) as file:
            assert file["time"].calendar == "Gregorian"
        assert content_of(path, ANOMALY)["time"].values[0] == np.datetime64("2019-07-01")


DEFECTS: dict[str, tuple[Callable[..., Path], dict[str, Any], str]] = {
    "another product": (write_l4, {"producer": gds.OSTIA}, "'id' like 'ESACCI'"),
    "another version": (write_l4, {"about": {"product_version": "4.0"}}, "'product_version' like"),
    "no temperature": (write_l4, {"absent": ("analysed_sst",)}, "no variable 'analysed_sst'"),
    "no mask": (write_l4, {"absent": ("mask",)}, "no variable 'mask'"),
    "mask without meanings": (write_l4, {"mask_attributes": {"units": "1"}}, "flag_masks or flag_values"),
    "no scale": (write_l4, {"changed": {"analysed_sst": {"scale_factor": None}}}, r"no \['scale_factor'\]"),
    "no offset": (write_l4, {"changed": {"analysed_sst": {"add_offset": None}}}, r"no \['add_offset'\]"),
    "no fill": (write_l4, {"changed": {"analysed_sst": {"_FillValue": None}}}, r"no \['_FillValue'\]"),
    "scale of zero": (write_l4, {"changed": {"analysed_sst": {"scale_factor": 0.0}}}, "is not zero"),
    "scale in words": (write_l4, {"changed": {"analysed_sst": {"scale_factor": "0.01"}}}, "is a finite number"),
    "no units": (write_l4, {"changed": {"analysed_sst": {"units": None}}}, "states its units"),
    "units of length": (write_l4, {"changed": {"analysed_sst": {"units": "m"}}}, "units must convert"),
    "another resolution": (write_l4, {"about": {"geospatial_lat_resolution": "0.05"}}, "geospatial_lat_resolution"),
    "another area": (write_l4, {"about": {"geospatial_lon_max": "10"}}, "lon lies within"),
    "uneven": (write_l4, {"grid": (np.geomspace(1, 80, ROWS), np.arange(COLUMNS) * 15.0)}, "even steps"),
    "another day": (write_l4, {"day": "2019-07-02"}, "date in its name, 2019-07-01"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_named(tmp_path: Path, kelvin: np.ndarray, defect: str) -> None:
    write, changes, rule = DEFECTS[defect]
    path = write(tmp_path / CCI_NAME, kelvin, **changes)
    with pytest.raises(InputError, match=f"{CCI_NAME}.*{rule}"):
        content_of(path)


def test_an_unknown_option_is_refused(tmp_path: Path, kelvin: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"options.*ice.*sea_ice"):
        content_of(write_l4(tmp_path / "a.nc", kelvin), ice="kept")


def test_a_broken_chunk_names_the_file(tmp_path: Path, kelvin: np.ndarray) -> None:
    path = write_l4(tmp_path / "a.nc", kelvin)
    whole = bytearray(path.read_bytes())
    whole[_of_chunk(path, "analysed_sst") + 20] ^= 0xFF
    path.write_bytes(whole)
    with pytest.raises(InputError, match=r"a\.nc: .*analysed_sst' must"):
        content_of(path)


def _of_chunk(path: Path, name: str) -> int:
    """Give where the first chunk of a variable lies in its file."""
    import h5py

    with h5py.File(path) as file:
        return int(file[name].id.get_chunk_info(0).byte_offset)


def test_a_truncated_file_is_refused(tmp_path: Path, kelvin: np.ndarray) -> None:
    path = write_l4(tmp_path / "a.nc", kelvin)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"a\.nc"):
        content_of(path)


VALID = {"units": "kelvin", "scale_factor": 0.01, "add_offset": 273.15, "_FillValue": -32768}
ODD = st.one_of(st.floats(allow_nan=True), st.text(max_size=4), st.integers(-40000, 40000), st.just([1.0, 2.0]))


@pytest.mark.slow
@settings(max_examples=30)
@given(place=st.floats(0, 1), flip=st.integers(1, 255), kept=st.floats(0.5, 1), whole=st.booleans())
def test_damaged_bytes_give_an_error_or_plausible_values(
    tmp_path_factory: pytest.TempPathFactory, place: float, flip: int, kept: float, *, whole: bool
) -> None:
    path = write_l4(tmp_path_factory.mktemp("fuzz") / "a.nc", np.full((6, 12), 285.0))
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= flip
    path.write_bytes(content if whole else content[: int(kept * len(content))])
    _check_plausible(path)


@pytest.mark.slow
@settings(max_examples=40)
@given(name=st.sampled_from([*VALID, "valid_min", "valid_max"]), value=ODD, of=st.sampled_from(["sst", "ice", "mask"]))
def test_changed_attributes_give_an_error_or_plausible_values(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: object, of: str
) -> None:
    path = write_l4(tmp_path_factory.mktemp("fuzz") / "a.nc", np.full((6, 12), 285.0))
    variable = {"sst": "analysed_sst", "ice": "sea_ice_fraction", "mask": "mask"}[of]
    with netCDF4.Dataset(path, "a") as file, suppress(AttributeError, TypeError, ValueError, OverflowError):
        file[variable].setncattr(name if of != "mask" else "flag_masks", value)
    _check_plausible(path, CCI if of == "ice" else FUZZED)


@pytest.mark.slow
@settings(max_examples=30)
@given(raw=st.binary(min_size=144, max_size=144), mask=st.integers(-128, 127))
def test_any_codes_give_an_error_or_plausible_values(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, mask: int
) -> None:
    path = write_l4(tmp_path_factory.mktemp("fuzz") / "a.nc", np.full((6, 12), 285.0))
    with netCDF4.Dataset(path, "a") as file:
        file.set_auto_maskandscale(False)
        file["analysed_sst"][:] = np.frombuffer(raw, "<i2").reshape(1, 6, 12)
        file["mask"][0, 0, 0] = mask
    _check_plausible(path)


FUZZED = CCI.model_copy(update={"variables": {SST: CCI.variables[SST]}})


def _check_plausible(path: Path, product: Product = FUZZED) -> None:
    with suppress(InputError):
        content = content_of(path, product)
        for name, variable in product.variables.items():
            low, high = variable.plausible
            values = content[name].values
            assert ((values >= low) & (values <= high) | np.isnan(values)).all()
            assert (np.isnan(values) == (content[f"{name}_status"].values != STATUS["ok"])).all()


@pytest.mark.real
class TestReal:
    @pytest.mark.parametrize(
        ("day", "mean", "anomaly", "nino34"), [("05", 18.389, 0.446, 28.120), ("06", 18.390, 0.449, 28.124)]
    )
    def test_ostia_has_its_global_mean(
        self, real_data: Path, day: str, mean: float, anomaly: float, nino34: float
    ) -> None:
        name = f"201706{day}120000-UKMO-L4_GHRSST-SSTfnd-OSTIAanom-GLOB-v02.0-fv02.0.nc"
        content = content_of(real_data / "ghrsst" / name, ANOMALY)
        weights = np.cos(np.deg2rad(content["lat"]))
        assert float(content[SST].weighted(weights).mean()) == pytest.approx(mean, abs=0.002)
        change = content["sea_surface_temperature_anomaly"]
        assert float(change.weighted(weights).mean()) == pytest.approx(anomaly, abs=0.002)
        box = content[SST].sel(lat=slice(-5, 5), lon=slice(-170, -120))
        assert float(box.weighted(weights.sel(lat=box["lat"])).mean()) == pytest.approx(nino34, abs=0.005)
        assert content["time"].values[0] == np.datetime64(f"2017-06-{day}")

    def test_the_black_sea_keeps_every_value(self, real_data: Path) -> None:
        path = next((real_data / "ghrsst").glob("*BLK*"))
        content = content_of(path, BLACK_SEA)
        with netCDF4.Dataset(path) as file:
            assert file["mask"][0].mask.all()  # nothing but fill values: a naive `mask == 1` leaves nothing
            spread = file["analysis_error"][0].filled(np.nan)
            file.set_auto_maskandscale(False)
            expected = np.where(file["analysed_sst"][0] == -32768, np.nan, file["analysed_sst"][0] * 0.01)
        close(content[SST], expected)
        close(content[f"{SST}_uncertainty"], spread)
        assert np.isfinite(expected).sum() == 30402
        assert content["time"].values[0] == np.datetime64("2016-07-07")

    def test_observations_of_cci_decode(self, real_data: Path) -> None:
        path = next((real_data / "ghrsst").glob("*AVHRR12_G*"))
        plain = {"long_name": "as in the file", "plausible": (-100.0, 100.0)}
        variables = {
            "wind_speed": Variable(source="wind_speed", units="m s-1", **plain),
            "adjustment": Variable(source="adjustment_alt", units="K", difference=True, **plain),
        }
        product = L3.model_copy(update={"variables": variables})  # the subset has no temperature and no quality
        content = content_of(path, product, quality=None)
        with netCDF4.Dataset(path) as file:
            close(content["wind_speed"], file["wind_speed"][0].filled(np.nan))
            close(content["adjustment"], file["adjustment_alt"][0].filled(np.nan))
        assert content["time"].values[0] == np.datetime64("1991-09-16")
        with pytest.raises(InputError, match="no variable 'quality_level'"):
            content_of(path, product)
