"""Sea ice of OSI SAF and ESA CCI: km, rows downwards, signed flag bytes, and areas that are those of the Earth.

Expected numbers are the truth that a writer packed, worked by hand, or plain netCDF4 and numpy on the same file.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pyproj
import pytest
import xarray as xr
from granules import osisaf as osi
from granules.osisaf import write_osisaf
from hypothesis import given, settings
from hypothesis import strategies as st

from eo import readers
from eo.canonical import STATUS
from eo.config import load_product
from eo.errors import InputError
from eo.granules import canonical_of
from eo.identify import only
from eo.model import Product
from eo.readers._flags import table

ICE = "sea_ice_area_fraction"
ROWS = COLUMNS = 16
OSI450A = load_product("osisaf_450a_nh")
NAME = "ice_conc_nh_ease2-250_cdr-v3p0_201903011200.nc"
FILES = {
    "osisaf_450a": ("ice_conc_{h}_ease2-250_cdr-v3p0_201903011200.nc", osi.OSI450A),
    "osisaf_430a": ("ice_conc_{h}_ease2-250_icdr-v3p0_201903011200.nc", osi.OSI430A),
    "osisaf_401": ("ice_conc_{h}_polstere-100_multi_201903011200.nc", osi.OSI401),
    "esacci_seaice_12km": ("ESACCI-SEAICE-L4-SICONC-RE_SSMI_12.5kmEASE2-{H}-20190301-fv3.0.nc", osi.CCI_12KM),
}
POLES = {"nh": "north", "sh": "south"}


@pytest.fixture
def percent() -> np.ndarray:
    """Give hundredths of a percent that differ from cell to cell: 0 to 100."""
    return np.round(np.linspace(0, 100, ROWS * COLUMNS).reshape(ROWS, COLUMNS), 2)


def content_of(path: Path, product: Product = OSI450A) -> xr.Dataset:
    with canonical_of(path, product) as content:
        return content.load()


def upwards(rows_from_the_top: np.ndarray) -> np.ndarray:
    return rows_from_the_top[::-1]


@pytest.mark.parametrize("hemisphere", POLES)
@pytest.mark.parametrize("stem", FILES)
def test_every_product_reads_its_granules_back(tmp_path: Path, percent: np.ndarray, stem: str, hemisphere: str) -> None:
    name, family = FILES[stem]
    path = tmp_path / name.format(h=hemisphere, H=hemisphere.upper())
    write_osisaf(path, percent, family=family, hemisphere=POLES[hemisphere], uncertainty=2.5)
    product = load_product(f"{stem}_{hemisphere}")
    products = {one: load_product(one) for one in (f"{stem}_nh", f"{stem}_sh")}
    assert only(path, products) == f"{stem}_{hemisphere}"
    content = content_of(path, product)
    np.testing.assert_allclose(content[ICE].values[0], upwards(percent) / 100, atol=1e-7)
    np.testing.assert_allclose(content[f"{ICE}_uncertainty"].values, 0.025, atol=1e-8)
    assert content["time"].values[0] == np.datetime64("2019-03-01")
    assert (np.sign(content["lat"].values) == (1 if hemisphere == "nh" else -1)).all()


def test_the_name_of_the_uncertainty_of_version_2_is_known(tmp_path: Path, percent: np.ndarray) -> None:
    product = OSI450A.model_copy(update={"marks": {}})
    content = content_of(write_osisaf(tmp_path / "a.nc", percent, family=osi.OSI450_V2), product)
    assert float(content[f"{ICE}_uncertainty"].max()) == pytest.approx(0.025)
    assert content.attrs["product_version"] == "2.0"


def test_axes_are_metres_and_ascend(tmp_path: Path, percent: np.ndarray) -> None:
    path = write_osisaf(tmp_path / "a.nc", percent)
    content = content_of(path)
    expected = (np.arange(16) - 7.5) * 25000
    assert content["x"].values.tolist() == content["y"].values.tolist() == expected.tolist()
    with xr.open_dataset(path) as naive:
        assert float(naive["xc"].max()) == 187.5  # km
        assert naive["yc"].values[0] > naive["yc"].values[-1]


@pytest.mark.parametrize("family", [osi.OSI450A, osi.OSI401], ids=["EASE2", "polar stereographic"])
def test_cells_are_where_the_file_says(tmp_path: Path, percent: np.ndarray, family: osi.Family) -> None:
    path = write_osisaf(tmp_path / "a.nc", percent, family=family)
    content = content_of(path, OSI450A.model_copy(update={"marks": {}}))
    with netCDF4.Dataset(path) as file:
        for name in ("lat", "lon"):
            np.testing.assert_allclose(content[name].values, upwards(np.asarray(file[name][:])), atol=2e-5)


class TestArea:
    def test_a_cell_of_ease2_is_625_square_km(self, tmp_path: Path, percent: np.ndarray) -> None:
        assert np.unique(content_of(write_osisaf(tmp_path / "a.nc", percent))["area"].values).tolist() == [0.625e9]

    def test_a_cell_of_ease2_at_12_km_is_a_quarter(self, tmp_path: Path, percent: np.ndarray) -> None:
        path = write_osisaf(tmp_path / "a.nc", percent, family=osi.CCI_12KM)
        areas = content_of(path, load_product("esacci_seaice_12km_nh"))["area"].values
        assert np.unique(areas).tolist() == [12500.0**2]

    def test_a_cell_of_a_stereographic_grid_is_what_lies_below_it(self, tmp_path: Path, percent: np.ndarray) -> None:
        path = write_osisaf(tmp_path / "a.nc", percent, family=osi.OSI401)
        content = content_of(path, load_product("osisaf_401_nh"))
        text = osi.projection_text(osi.OSI401, "north")
        back = pyproj.Transformer.from_crs(text, pyproj.CRS(text).geodetic_crs, always_xy=True)
        x, y = content["x"].values[3], content["y"].values[11]
        ring = [(x + dx * 5000, y + dy * 5000) for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        lon, lat = back.transform(*zip(*ring, strict=True))
        exact = abs(pyproj.Geod(a=6378273, b=6356889.44891).polygon_area_perimeter(lon, lat)[0])
        assert content["area"].values[11, 3] == pytest.approx(exact, rel=1e-5)
        assert abs(exact / 1e8 - 1) > 0.05  # a naive 100 km2 is more than 5 % wrong here


class TestFlags:
    """Bits of a signed byte: 80 is warm and interpolated in time, -128 is the limit of the climatology."""

    @pytest.fixture
    def path(self, tmp_path: Path, percent: np.ndarray) -> Path:
        flags = np.zeros((ROWS, COLUMNS), int)
        flags[0, :9] = [1, 2, 4, 8, 16, 32, 64, 128, 16 + 64]
        flags[1, :3] = [1 + 128, 2 + 16, 4 + 128]
        return write_osisaf(tmp_path / "a.nc", percent, flags=flags)

    def test_land_and_lakes_alone_are_outside(self, path: Path) -> None:
        status = upwards(content_of(path)[f"{ICE}_status"].values[0])
        assert (status[0, :9] == STATUS["outside_domain"]).tolist() == [True, True, *7 * [False]]
        assert (status[1, :3] == STATUS["outside_domain"]).tolist() == [True, True, False]
        assert (status[2:] == STATUS["ok"]).all()

    def test_values_go_with_land_and_no_other_flag(self, path: Path, percent: np.ndarray) -> None:
        content = content_of(path)
        values = upwards(content[ICE].values[0])
        assert np.isnan(values[0, :2]).all()
        np.testing.assert_allclose(values[0, 2:9], percent[0, 2:9] / 100, atol=1e-7)
        assert (np.isnan(content[f"{ICE}_uncertainty"].values) == np.isnan(content[ICE].values)).all()

    def test_bit_128_of_a_signed_byte_is_minus_128(self, path: Path) -> None:
        with netCDF4.Dataset(path) as file:
            file.set_auto_maskandscale(False)
            stored = file["status_flag"][0]
        assert stored[0, 7] == -128
        assert not (stored == 128).any()  # what a naive comparison looks for
        assert not np.isin(stored[0, 8], [1, 2, 4, 8, 16, 32, 64, -128])  # 80 is no flag, it is two

    def test_the_share_with_caution_is_said(self, path: Path) -> None:
        with readers.load("osisaf").read(path, OSI450A) as found:
            # 16, 32, 64, 80 in row 0; 18 is a lake: 4 of 256 cells less 4 on land or lakes
            assert found.attrs["share_with_caution"] == pytest.approx(4 / 252)

    def test_a_fill_value_on_the_sea_was_never_observed(self, tmp_path: Path, percent: np.ndarray) -> None:
        percent[5, 5] = np.nan
        content = content_of(write_osisaf(tmp_path / "a.nc", percent))
        assert upwards(content[f"{ICE}_status"].values[0])[5, 5] == STATUS["never_observed"]
        assert np.isnan(upwards(content[ICE].values[0])[5, 5])

    def test_an_empty_field_has_no_ice_free_sea(self, tmp_path: Path) -> None:
        content = content_of(write_osisaf(tmp_path / "a.nc", np.full((ROWS, COLUMNS), np.nan)))
        assert np.isnan(content[ICE].values).all()  # so that an extent of 0 km2 cannot come of it


MARKS: dict[str, tuple[dict[str, Any], str]] = {
    "another product": ({"about": {"product_id": "OSI-401"}}, "'product_id' like"),
    "the other pole": ({"hemisphere": "south"}, "in the north; its middle is at latitude -"),
    "off its positions": ({"shifted": 25.0}, "lat and lon are where the projection puts the cells"),
    "no units": ({"changed": {"xc": {"units": None}}}, "'xc' is in ''"),
    "no projection": ({"changed": {"Lambert_Azimuthal_Grid": {"proj4_string": None}}}, "has one of"),
    "another projection": (
        {"changed": {"Lambert_Azimuthal_Grid": {"proj4_string": "+proj=laea +lat_0=90 +lon_0=40"}}},
        "lat and lon are where",
    ),
    "no grid mapping": ({"changed": {"ice_conc": {"grid_mapping": None}}}, "grid_mapping of its file"),
    "unknown flag": (
        {"flags": 64, "changed": {"status_flag": {
            "flag_masks": np.array([1, 2], np.int8), "flag_meanings": "land lake",
        }}},
        r"'status_flag' has the codes \[1, 2\]; it has 64",
    ),
    "unknown meaning": (
        {"changed": {"status_flag": {"flag_masks": np.array([1], np.int8), "flag_meanings": "swamp"}}}, "swamp",
    ),
    "flags without meanings": ({"changed": {"status_flag": {"flag_meanings": None}}}, "flag_masks or flag_values"),
    "too few meanings": ({"changed": {"status_flag": {"flag_meanings": "land"}}}, "as many flags as meanings"),
    "no flags": ({"absent": ("status_flag",)}, "no variable 'status_flag'"),
    "no concentration": ({"absent": ("ice_conc",)}, "no variable 'ice_conc'"),
    "no scale": ({"changed": {"ice_conc": {"scale_factor": None}}}, "no .'scale_factor'"),
    "a scale beyond numbers": ({"changed": {"ice_conc": {"scale_factor": 1e306}}}, r"lies in 0\.\.1"),
    "another day": ({"day": "2019-03-02"}, "date in its name, 2019-03-01"),
}  # fmt: skip


@pytest.mark.parametrize("defect", MARKS)
def test_a_defect_is_named(tmp_path: Path, percent: np.ndarray, defect: str) -> None:
    changes, rule = MARKS[defect]
    path = write_osisaf(tmp_path / NAME, percent, **changes)
    with pytest.raises(InputError, match=f"{NAME}.*{rule}"):
        content_of(path)


def test_a_limit_beyond_numbers_is_none(tmp_path: Path, percent: np.ndarray) -> None:
    path = write_osisaf(tmp_path / "a.nc", percent, changed={"ice_conc": {"valid_max": 1.79e306}})
    np.testing.assert_allclose(content_of(path)[ICE].values[0], upwards(percent) / 100, atol=1e-7)


def test_one_day_is_read_of_one_chunk(tmp_path: Path, percent: np.ndarray) -> None:
    path = write_osisaf(tmp_path / "a.nc", percent, chunks=(1, 8, 8))
    whole = bytearray(path.read_bytes())
    with netCDF4.Dataset(path) as file:
        assert file["ice_conc"].chunking() == [1, 8, 8]
    np.testing.assert_allclose(content_of(path)[ICE].values[0], upwards(percent) / 100, atol=1e-7)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"a\.nc"):
        content_of(path)


def _check_plausible(path: Path) -> None:
    with suppress(InputError):
        content = content_of(path)
        values = content[ICE].values
        assert ((values >= 0) & (values <= 1) | np.isnan(values)).all()
        assert (np.isnan(values) == (content[f"{ICE}_status"].values != STATUS["ok"])).all()


FIELD = np.full((6, 6), 55.5)


@pytest.mark.slow
@settings(max_examples=30)
@given(place=st.floats(0, 1), flip=st.integers(1, 255), kept=st.floats(0.5, 1), whole=st.booleans())
def test_damaged_bytes_give_an_error_or_plausible_values(
    tmp_path_factory: pytest.TempPathFactory, place: float, flip: int, kept: float, *, whole: bool
) -> None:
    path = write_osisaf(tmp_path_factory.mktemp("fuzz") / "a.nc", FIELD)
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= flip
    path.write_bytes(content if whole else content[: int(kept * len(content))])
    _check_plausible(path)


@pytest.mark.slow
@settings(max_examples=30)
@given(
    raw=st.binary(min_size=144, max_size=144),
    flags=st.integers(-128, 127),
    name=st.sampled_from(["scale_factor", "_FillValue", "valid_max", "flag_masks", "units", "proj4_string"]),
    value=st.one_of(st.floats(), st.text(max_size=4), st.integers(-40000, 40000)),
)
def test_changed_codes_and_attributes_give_an_error_or_plausible_values(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, flags: int, name: str, value: object
) -> None:
    path = write_osisaf(tmp_path_factory.mktemp("fuzz") / "a.nc", FIELD)
    of = {"flag_masks": "status_flag", "proj4_string": "Lambert_Azimuthal_Grid"}.get(name, "ice_conc")
    with netCDF4.Dataset(path, "a") as file, suppress(AttributeError, TypeError, ValueError, OverflowError):
        file.set_auto_maskandscale(False)
        file["ice_conc"][:] = np.frombuffer(raw, "<i4").reshape(1, 6, 6) % 12000
        file["status_flag"][:] = flags
        file[of].setncattr(name, value)
    _check_plausible(path)


class TestFlagTables:
    """CF 3.5: masks combine, values do not, and meanings come as words or as a list."""

    def test_meanings_may_be_a_list(self) -> None:
        found = table("f", {"flag_values": np.array([0, 1]), "flag_meanings": ["NaN", "AMSR2"]}, np.dtype("i2"))
        assert dict(found.codes) == {"NaN": 0, "AMSR2": 1}
        assert not found.bits

    def test_values_do_not_combine(self) -> None:
        found = table("f", {"flag_values": np.array([1, 2, 3]), "flag_meanings": "a b c"}, np.dtype("i1"))
        assert found.present(np.array([1, 2, 3], np.int8), ["a"]).tolist() == [True, False, False]

    def test_a_fill_value_has_no_flags(self) -> None:
        said = {"flag_masks": np.array([1, 2], np.int8), "flag_meanings": "a b", "_FillValue": np.int8(-1)}
        found = table("f", said, np.dtype("i1"))
        found.check(np.array([-1, 3], np.int8))
        assert found.present(np.array([-1, 3], np.int8), ["a"]).tolist() == [False, True]

    def test_flags_are_integers(self) -> None:
        with pytest.raises(InputError, match="flags are integers"):
            table("f", {"flag_masks": np.array([1]), "flag_meanings": "a"}, np.dtype("f4"))
