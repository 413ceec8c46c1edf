"""AMSR2 and AMSR-E maps: what is read is what was written, and each trap of the format fails on the naive reading."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pyproj
import pytest
import xarray as xr
from granules.amsr2 import CONTENT, MISSING, NO_RETRIEVAL, SHAPES, write_amsr2
from granules.sgli import write_sgli
from hypothesis import given, settings
from hypothesis import strategies as st

from eo.canonical import STATUS
from eo.config import load_product, product_names
from eo.errors import InputError
from eo.granules import canonical_of
from eo.identify import identity, only
from eo.readers import amsr2

PRODUCTS = {name: load_product(name) for name in product_names() if name.startswith(("jaxa_amsr", "jaxa_sgli_sst"))}
AMSR = [name for name in PRODUCTS if name.startswith("jaxa_amsr")]
SST, SIC, SOIL = "sea_surface_temperature", "sea_ice_area_fraction", "volume_fraction_of_condensed_water_in_soil"
DEPTH, WATER = "surface_snow_thickness", "lwe_thickness_of_surface_snow_amount"
ICE = {"content": "SIC", "area": "PN"}


def constant(number: int, layers: int = 1, grid: str = "PNL") -> Any:  # noqa: ANN401 - an array
    return np.full((*SHAPES[grid], layers), number, np.int16)


def content_of(path: Path, product: str) -> xr.Dataset:
    with canonical_of(path, PRODUCTS[product]) as content:
        return content.load()


def ice(path: Path) -> xr.Dataset:
    return content_of(path, "jaxa_amsr2_sic_north_day_daily")


def parts_of(product: str) -> dict[str, str]:
    """Give what a granule of a product is, from the product's name."""
    instrument, content, *words = product.removeprefix("jaxa_").split("_")
    return {
        "instrument": {"amsr2": "GW1AM2", "amsre": "PM1AME"}[instrument],
        "content": content.upper(),
        "area": "PN" if "north" in words else "PS" if "south" in words else "EQ",
        "orbit": "A" if "day" in words else "D",
        "resolution": "H" if {"10km", "01deg"} & set(words) else "L",
        "date": "20200400" if words[-1] == "monthly" else "20200401",
        "version": "8100100" if instrument == "amsre" else "4410410" if "multi" in words else "3300300",
    }


TO_CANONICAL = {"%": 0.01, "C": 1.0, "m/s": 1.0, "Kg/m2": 1.0, "mm/h": 24.0, "cm": 0.01}
"""By hand: per cent to 1, mm per hour to mm per day, cm to m; and to mm of water."""


@pytest.mark.parametrize(
    "product",
    [one if number % 4 == 0 else pytest.param(one, marks=pytest.mark.slow) for number, one in enumerate(AMSR)],
)
def test_every_product_reads_its_granules_back(product: str, tmp_path: Path) -> None:
    parts = parts_of(product)
    grid = parts["area"] + parts["resolution"]
    if grid not in SHAPES:
        SHAPES[grid] = (830, 790)
    layers = {"SST": 3 if parts["version"][0] == "4" else 2, "SND": 2}.get(parts["content"], 1)
    height, width = SHAPES[grid]
    ramp = (np.arange(height)[:, None, None] * 3 + np.arange(width)[None, :, None] * 7) % 900
    numbers = (ramp + np.arange(layers) * 50).astype(np.int16)
    path = write_amsr2(tmp_path, numbers, compression=1, **parts)
    assert product in {one.product for one in identity(path, PRODUCTS)}
    content = content_of(path, product)
    _, _, scale, unit, _ = CONTENT[parts["content"]]
    chosen = PRODUCTS[product].options.get("layers", {})
    for name in PRODUCTS[product].variables:
        factor = 10 if name == WATER else TO_CANONICAL[unit]
        truth = numbers[::-1, :, chosen.get(name, 1) - 1] * scale * factor
        if parts["area"] == "EQ":
            truth = np.roll(truth, width // 2, axis=1)  # from 0..360 to -180..180
        np.testing.assert_allclose(content[name].values[0], truth, rtol=1e-6, atol=1e-6)
        assert (content[f"{name}_status"].values == STATUS["ok"]).all()
    days = 30 if parts["date"].endswith("00") else 1
    assert content["time_bounds"].values[0, 0] == np.datetime64("2020-04-01")
    assert content["time_bounds"].values[0, 1] == np.datetime64("2020-04-01") + np.timedelta64(days, "D")


def test_a_is_day_and_d_is_night(tmp_path: Path) -> None:
    """The opposite of SGLI, for which A is night."""
    ascending = write_amsr2(tmp_path, constant(2000, 2, "EQL"))
    assert only(ascending, PRODUCTS) == "jaxa_amsr2_sst_day_daily"
    other = write_sgli(tmp_path, np.full((6, 12), 20000, np.uint16), np.zeros((6, 12), np.uint8), orbit="A")
    assert only(other, PRODUCTS) == "jaxa_sgli_sst_night_daily"
    with pytest.raises(InputError, match="GranuleID of this product matches"):
        content_of(ascending, "jaxa_amsr2_sst_night_daily")
    turned = write_amsr2(tmp_path, constant(2000, 2, "EQL"), OrbitDirection="Descending")
    with pytest.raises(InputError, match=r"OrbitDirection of this product matches '\^Ascending\$'; it is 'Descending'"):
        content_of(turned, "jaxa_amsr2_sst_day_daily")


def test_day_00_is_a_month(tmp_path: Path) -> None:
    path = write_amsr2(tmp_path, constant(500), date="20200200", **ICE)
    with pytest.raises(ValueError, match="Day out of range"):
        np.datetime64(f"{path.name[7:11]}-{path.name[11:13]}-{path.name[13:15]}")
    content = content_of(path, "jaxa_amsr2_sic_north_day_monthly")
    assert content["time_bounds"].values.astype("M8[D]").astype(str).tolist() == [["2020-02-01", "2020-03-01"]]


def test_column_0_is_greenwich_and_row_0_north(tmp_path: Path) -> None:
    numbers = constant(1000, 2, "EQL")
    numbers[0, 0], numbers[719, 1439] = 2000, 3000
    content = content_of(write_amsr2(tmp_path, numbers), "jaxa_amsr2_sst_day_daily")
    assert content[SST].sel(lat=89.875, lon=0.125).item() == 20.0
    assert content[SST].sel(lat=-89.875, lon=-0.125).item() == 30.0
    naive = -180 + (np.arange(1440) + 0.5) * 0.25
    assert naive[0] == -179.875, "a public converter starts here: half the Earth off"
    assert float(content["area"].sum()) == pytest.approx(5.10065621e14, rel=1e-6), "the whole Earth"


def test_sea_below_0_degrees_is_no_missing_value(tmp_path: Path) -> None:
    numbers = constant(-180, 2, "EQL")
    numbers[0, 0], numbers[0, 1] = MISSING, NO_RETRIEVAL
    path = write_amsr2(tmp_path, numbers)
    content = content_of(path, "jaxa_amsr2_sst_day_daily")
    with h5py.File(path) as file:
        naive = file["Geophysical Data"][:, :, 0] * 0.01
    assert not (naive >= 0).any(), "masking all that is below 0 leaves nothing"
    assert naive.min() == pytest.approx(-327.68), "and scaling without masking leaves -328 degC"
    assert float(content[SST].min()) == float(content[SST].max()) == np.float32(-1.8)
    north = content.isel(time=0, lat=-1)
    assert north[f"{SST}_status"].sel(lon=0.125).item() == STATUS["never_observed"]
    assert north[f"{SST}_status"].sel(lon=0.375).item() == STATUS["quality_masked"]
    assert np.isnan(north[SST].sel(lon=[0.125, 0.375])).all()


def test_xarray_alone_sees_neither_scale_nor_codes(tmp_path: Path) -> None:
    numbers = constant(500)
    numbers[0, 0] = MISSING
    path = write_amsr2(tmp_path, numbers, **ICE)
    with xr.open_dataset(path, engine="netcdf4") as naive:
        assert naive["Geophysical Data"].values.min() == MISSING
        assert naive["Geophysical Data"].values.max() == 500
    assert float(ice(path)[SIC].max()) == float(ice(path)[SIC].min()) == 0.5


@pytest.mark.parametrize(("scale", "value"), [(0.1, 0.4), (0.01, 0.04)])
def test_the_scale_is_that_of_the_file(scale: float, value: float, tmp_path: Path) -> None:
    path = write_amsr2(tmp_path, constant(400), **ICE, **{"SCALE FACTOR": np.array([scale], np.float32)})
    assert float(ice(path)[SIC].max()) == pytest.approx(value)


def test_full_cover_is_1_and_not_above(tmp_path: Path) -> None:
    assert float(np.float32(0.1)) * 1000 > 100, "the single-precision scale, widened, is above what was meant"
    assert float(ice(write_amsr2(tmp_path, constant(1000), **ICE))[SIC].max()) == 1.0


def test_c_is_celsius_and_no_coulomb(tmp_path: Path) -> None:
    path = write_amsr2(tmp_path, constant(2000, 2, "EQL"))
    with h5py.File(path) as file:
        assert file["Geophysical Data"].attrs["UNIT"][0] == "C"
    content = content_of(path, "jaxa_amsr2_sst_day_daily")
    assert content[SST].attrs["units"] == "degC"
    assert float(content[SST].max()) == 20.0


def test_the_second_layer_of_snow_is_its_water(tmp_path: Path) -> None:
    numbers = np.stack([constant(300, grid="EQL")[..., 0], constant(90, grid="EQL")[..., 0]], axis=-1)
    content = content_of(write_amsr2(tmp_path, numbers, content="SND"), "jaxa_amsr2_snd_day_daily")
    assert float(content[DEPTH].max()) == pytest.approx(0.3), "300 x 0.1 cm"
    assert float(content[WATER].max()) == pytest.approx(90), "90 x 0.1 cm are 90 mm"
    one = write_amsr2(tmp_path, numbers, content="SND", units=("cm", "mm"))
    assert float(content_of(one, "jaxa_amsr2_snd_day_daily")[WATER].max()) == pytest.approx(9), "a unit of each layer"


def test_the_third_layer_of_sst_is_all_frequencies(tmp_path: Path) -> None:
    numbers = constant(0, 3, "EQL") + np.array([1000, 2000, 3000], np.int16)
    path = write_amsr2(tmp_path, numbers, version="4410410")
    assert float(content_of(path, "jaxa_amsr2_sst_day_daily")[SST].max()) == 10.0
    assert float(content_of(path, "jaxa_amsr2_sst_multi_day_daily")[SST].max()) == 30.0
    two = write_amsr2(tmp_path, numbers[..., :2], version="4410410")
    with pytest.raises(InputError, match=r"a layer is one of 1\.\.2 in '/Geophysical Data'; the product asks for 3"):
        content_of(two, "jaxa_amsr2_sst_multi_day_daily")


@pytest.mark.parametrize(("kind", "layers"), [("SST", 1), ("SST", 4), ("SIC", 2)])
def test_an_unknown_number_of_layers_is_refused(kind: str, layers: int, tmp_path: Path) -> None:
    area, grid = ("PN", "PNL") if kind == "SIC" else ("EQ", "EQL")
    path = write_amsr2(tmp_path, constant(100, layers, grid), content=kind, area=area)
    with pytest.raises(InputError, match=f"layers; it has {layers}"):
        content_of(path, only(path, PRODUCTS))


@pytest.mark.parametrize(("area", "epsg", "product"), [("PN", 3411, "north"), ("PS", 3412, "south")])
def test_polar_cells_lie_where_nsidc_says(area: str, epsg: int, product: str, tmp_path: Path) -> None:
    """Corners of the NSIDC grids as its documents state them, in degrees, for the outer corners of the corner cells."""
    numbers = constant(0, grid=f"{area}L")
    numbers[0, 0] = 1000
    content = content_of(
        write_amsr2(tmp_path, numbers, content="SIC", area=area), f"jaxa_amsr2_sic_{product}_day_daily"
    )
    y, x = (content[name].values for name in ("y", "x"))
    assert content[SIC].values[0, -1, 0] == 1.0, "row 0 is at the top"
    corner = {"PN": (30.98, 168.35), "PS": (-39.23, -42.24)}[area]
    outer = pyproj.Transformer.from_crs(f"EPSG:{epsg}", pyproj.CRS(epsg).geodetic_crs, always_xy=True)
    longitude, latitude = outer.transform(x[0] - 12500, y[-1] + 12500)
    assert (latitude, longitude) == pytest.approx(corner, abs=0.01)
    assert content["crs"].attrs["grid_mapping_name"] == "polar_stereographic"
    total = float(content["area"].sum())
    assert 0.85 < total / (numbers.size * 625e6) < 1


def test_the_grid_of_10_km_fills_the_same_frame(tmp_path: Path) -> None:
    path = write_amsr2(tmp_path, constant(100, grid="PNH"), **ICE, resolution="H")
    with amsr2.read(path, PRODUCTS["jaxa_amsr2_sic_north_10km_day_daily"]) as published:
        assert published["x"].values[[0, -1]].tolist() == [-3845000.0, 3745000.0]
        assert published["y"].values[[0, -1]].tolist() == [5845000.0, -5345000.0]


def test_cells_without_a_minute_are_values(tmp_path: Path) -> None:
    minutes = np.full(SHAPES["PNL"], -9999, np.int16)
    content = ice(write_amsr2(tmp_path, constant(500), minutes=minutes, **ICE))
    assert (content[f"{SIC}_status"] == STATUS["ok"]).all()


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another sensor": ({"SensorShortName": "AMSR-E"}, "SensorShortName of this product"),
    "another level": ({"ProductName": "AMSR2-L2"}, "ProductName of this product"),
    "another quantity": ({"GranuleID": "GW1AM2_20200401_01D_PNMA_L3SGSNDLG3300300"}, "GranuleID of this product"),
    "another name than its own": ({"called": "GW1AM2_20200402_01D_PNMA_L3SGSICLC3300300.h5"}, "what its name says"),
    "an unknown version": ({"version": "7300300"}, r"ProductVersion of this product matches '\^\[1-4\]\$'"),
    "other versions than its name": ({"AlgorithmVersion": "310"}, "the versions of a granule are those in its name"),
    "no version": ({"ParameterVersion": None}, "no attribute 'ParameterVersion'"),
    "no granule id": ({"GranuleID": None}, "no attribute 'GranuleID'"),
    "another day": ({"ObservationStartDateTime": "2020-03-29T00:00:38.028Z"}, "lies within it"),
    "a time that is none": ({"ObservationEndDateTime": "later"}, "a time is written"),
    "no scale": ({"SCALE FACTOR": None}, "no attribute 'SCALE FACTOR'"),
    "a scale of nothing": ({"SCALE FACTOR": np.array([0], np.float32)}, "above 0"),
    "three scales": ({"SCALE FACTOR": np.array([1, 1, 1], np.float32)}, "one element, or one of each layer"),
    "another scale": ({"SCALE FACTOR": np.array([10], np.float32)}, r"lies in 0\.\.1"),
    "no unit": ({"UNIT": None}, "no attribute 'UNIT'"),
    "another unit": ({"UNIT": ("K",)}, "units must convert"),
    "other minutes": ({"time_shape": (304, 448)}, r"has \(448, 304\) cells; 'Time Information' has \(304, 448\)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, tmp_path: Path) -> None:
    defects, message = REFUSED[case]
    with pytest.raises(InputError, match=message) as caught:
        ice(write_amsr2(tmp_path, constant(500), **ICE, **defects))
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_grid_or_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a map PN of resolution L has \(448, 304\) cells; 'Geophysical Data' has"):
        ice(write_amsr2(tmp_path, constant(500, grid="PSL"), **ICE))
    with pytest.raises(InputError, match=r"16-bit integers on .line, pixel, layer.; it has float32"):
        ice(write_amsr2(tmp_path, constant(500).astype(np.float32), **ICE))
    with pytest.raises(InputError, match=r"16-bit integers on .line, pixel, layer.; it has int16 on .448, 304"):
        ice(write_amsr2(tmp_path, constant(500)[..., 0], chunks=(72, 304), **ICE))  # type: ignore[arg-type]


def test_an_unknown_negative_code_is_out_of_range(tmp_path: Path) -> None:
    numbers = constant(500)
    numbers[5, 5] = -32766
    with pytest.raises(InputError, match=r"lies in 0\.\.1 1; 1 values do not, such as -32\.766"):
        ice(write_amsr2(tmp_path, numbers, **ICE))


def test_a_broken_chunk_names_the_file(tmp_path: Path) -> None:
    path = write_amsr2(tmp_path, np.random.default_rng(0).integers(0, 1000, (448, 304, 1)).astype(np.int16), **ICE)
    with h5py.File(path) as file:
        place = file["Geophysical Data"].id.get_chunk_info(2)
    whole = bytearray(path.read_bytes())
    whole[place.byte_offset + place.size // 2] ^= 0xFF
    path.write_bytes(bytes(whole))
    with pytest.raises(InputError, match=rf"^{path}.*Geophysical Data"):
        ice(path)


@pytest.mark.real
def test_the_synthetic_granule_has_attributes_of_a_real_one(real_data: Path, tmp_path: Path) -> None:
    """The header of a real level-2 granule: the format states the same attributes for level 3."""
    header = next((real_data / "jaxa").glob("GW1AM2_*_L2SGSND*h5dump-header.txt")).read_text(encoding="utf-8")
    with h5py.File(write_amsr2(tmp_path, constant(500), **ICE)) as file:
        assert set(file.attrs) <= set(re.findall(r'ATTRIBUTE "([^"]+)"', header))
        stored = file.attrs.get_id("GranuleID")
        assert stored.shape == (1,)
        assert stored.get_type().is_variable_str()
        assert header.count('ATTRIBUTE "SCALE FACTOR"') == header.count('ATTRIBUTE "UNIT"') > 0
        assert set(file["Geophysical Data"].attrs) == {"SCALE FACTOR", "UNIT"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = np.random.default_rng(1)
    numbers = generator.integers(0, 1000, (448, 304, 1)).astype(np.int16)
    numbers[generator.random(numbers.shape) < 0.2] = MISSING
    return write_amsr2(tmp_path_factory.mktemp("sound"), numbers, **ICE)


def written(path: Path, content: bytes) -> Path:
    """Write a new file: HDF5 takes one that is written over, while a thread still reads it, for the one it knows."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    return path


def sensible(path: Path) -> None:
    """Read a file that may be broken: one line that says why not, or values in their range or NaN."""
    with suppress(InputError):
        values = ice(path)[SIC].values
        assert ((values >= 0) & (values <= 1) | np.isnan(values)).all()


@given(st.data())
def test_flipped_bytes_are_an_error_or_harmless(sound: Path, data: st.DataObject) -> None:
    whole = bytearray(sound.read_bytes())
    header = st.integers(8, 8192) | st.integers(8, len(whole) - 1)
    for place in data.draw(st.lists(header, min_size=1, max_size=8), label="places"):
        whole[place] ^= data.draw(st.integers(1, 255), label="flip")
    sensible(written(sound.parent / "flipped.h5", bytes(whole)))


@given(st.integers(0, 1 << 20))
def test_truncated_files_are_an_error(sound: Path, length: int) -> None:
    whole = sound.read_bytes()
    path = written(sound.parent / "short.h5", whole[: length % len(whole)])
    with pytest.raises(InputError):
        ice(path)


TEXT = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=12)
NAMES = ("GranuleID", "ProductVersion", "OrbitDirection", "ObservationStartDateTime", "ObservationEndDateTime")


@pytest.mark.slow
@given(
    st.dictionaries(st.sampled_from(NAMES), st.none() | TEXT, max_size=2),
    st.none() | st.lists(st.floats(width=32), min_size=1, max_size=2).map(lambda one: np.array(one, np.float32)),
    st.none() | TEXT,
)
def test_changed_attributes_are_an_error_or_harmless(
    sound: Path,
    defects: dict[str, Any],
    scale: npt.NDArray[np.float32] | None,
    unit: str | None,
) -> None:
    about = {"SCALE FACTOR": scale} | ({} if unit is None else {"UNIT": (unit,)})
    sensible(write_amsr2(sound.parent, constant(500), **ICE, **defects, **about, called="changed.h5"))


@pytest.mark.slow
@settings(max_examples=12)
@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=300))
def test_changed_codes_are_an_error_or_masked(sound: Path, codes: list[int]) -> None:
    numbers = constant(500)
    numbers.flat[: len(codes)] = codes
    sensible(write_amsr2(sound.parent, numbers, **ICE, called="codes.h5"))
