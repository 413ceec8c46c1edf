"""SGLI maps: what is read is what was written, and each trap of the format fails on the naive reading."""

import json
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr
from granules.sgli import ERROR_DN, PACKING, write_sgli
from hypothesis import given
from hypothesis import strategies as st

from eo.canonical import STATUS
from eo.config import load_product, load_run, product_names
from eo.errors import InputError
from eo.granules import canonical_of
from eo.identify import only
from eo.origin import LocalSource
from eo.pipeline import plan

LINES, PIXELS = 36, 72
PRODUCTS = {name: load_product(name) for name in product_names() if name.startswith("jaxa_sgli_")}
SST = "sea_surface_temperature"


def constant(number: int, flag: int = 0, shape: tuple[int, int] = (LINES, PIXELS)) -> tuple[Any, Any]:
    return np.full(shape, number, np.uint16), np.full(shape, flag, np.uint8)


def content_of(path: Path, product: str = "jaxa_sgli_sst_day_daily") -> xr.Dataset:
    with canonical_of(path, PRODUCTS[product]) as content:
        return content.load()


def at(content: xr.Dataset, name: str, line: int, pixel: int) -> Any:  # noqa: ANN401 - a number
    """Give the value of a cell by its place in the file: row 0 is north, the canonical one south."""
    return content[name].values[0, LINES - 1 - line, pixel]


def parts_of(product: str) -> dict[str, str]:
    """Give field, orbit and period of a product's granules, from its name."""
    words = product.removeprefix("jaxa_sgli_").split("_")
    period = {"daily": "01D", "8day": "08D", "monthly": "01M"}[words[-1]]
    return {"field": words[0].upper(), "orbit": "A" if "night" in words else "D", "period": period}


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_product_reads_its_granules_back(product: str, tmp_path: Path) -> None:
    parts = parts_of(product)
    packing = PACKING[parts["field"]]
    generator = np.random.default_rng(0)
    # within the valid range of every field: 10.2..69.8 degC for SST packing, 290..370 K for LST, 0..1 for NDVI
    low, high = {"SST": (8000, 40000), "LST": (10000, 18000), "LAI": (0, 9000)}.get(parts["field"], (10000, 20000))
    numbers = generator.integers(low, high, (LINES, PIXELS)).astype(np.uint16)
    flags = generator.integers(0, 4, (LINES, PIXELS)).astype(np.uint8)
    path = write_sgli(tmp_path, numbers, flags, day="20210101", **parts)
    assert only(path, PRODUCTS) == product
    content = content_of(path, product)
    name = next(iter(PRODUCTS[product].variables))
    # by hand: DN x slope + offset, kelvin to degC, rows turned so that latitude ascends
    truth = numbers.astype(np.float64)[::-1] * np.round(packing["Slope"], 7) + packing["Offset"]
    truth -= 273.15 if parts["field"] == "LST" else 0.0
    np.testing.assert_allclose(content[name].values[0], truth, atol=2e-5, rtol=1e-6)
    assert (content[f"{name}_status"].values == STATUS["ok"]).all()
    assert content.attrs["product_version"] == "3002"
    days = {"01D": 1, "08D": 8, "01M": 31}[parts["period"]]
    assert (
        content["time_bounds"].values[0] == np.array(["2021-01-01", np.datetime64("2021-01-01") + days], "M8[ns]")
    ).all()


def test_numbers_are_masked_before_they_are_scaled(tmp_path: Path) -> None:
    numbers, flags = constant(20000)
    numbers[3, 5], numbers[4, 6] = ERROR_DN, 65533
    path = write_sgli(tmp_path, numbers, flags)
    content = content_of(path)
    with h5py.File(path) as file:
        naive = file["Image_data/SST_AVE"][:] * 0.0012 - 10
    assert naive[3, 5] == pytest.approx(68.642), "a plain reader gives a sea of 69 degC"
    assert np.isnan(at(content, SST, 3, 5))
    assert np.isnan(at(content, SST, 4, 6))
    assert at(content, SST, 0, 0) == pytest.approx(14.0)


def test_xarray_alone_sees_neither_scale_nor_missing_value(tmp_path: Path) -> None:
    numbers, flags = constant(20000)
    numbers[0, 0] = ERROR_DN
    path = write_sgli(tmp_path, numbers, flags)
    with xr.open_dataset(path, group="Image_data", engine="netcdf4") as naive:
        assert naive["SST_AVE"].values.max() == ERROR_DN
        assert all(str(dim).startswith("phony_dim") for dim in naive["SST_AVE"].dims)
    content = content_of(path)
    assert float(content[SST].max()) == pytest.approx(14.0)
    assert np.isnan(at(content, SST, 0, 0))


def test_what_is_below_the_valid_range_is_masked(tmp_path: Path) -> None:
    numbers, flags = constant(5000)
    numbers[0, 0] = 9
    path = write_sgli(tmp_path, numbers, flags, field="AROT")
    content = content_of(path, "jaxa_sgli_arot_daily")
    assert np.isnan(at(content, "aerosol_optical_thickness", 0, 0)), "Minimum_valid_DN of AROT is 10"
    assert at(content, "aerosol_optical_thickness", 0, 1) == pytest.approx(0.5)


def test_slope_and_offset_are_those_of_the_file(tmp_path: Path) -> None:
    path = write_sgli(tmp_path, *constant(20000), Slope=np.float32(0.001), Offset=np.float32(-5))
    assert float(content_of(path)[SST].max()) == pytest.approx(15.0), "0.0012 and -10 would give 14.0"


def test_a_single_precision_slope_is_the_decimal_that_was_meant(tmp_path: Path) -> None:
    path = write_sgli(tmp_path, *constant(10000), field="AROT")
    value = content_of(path, "jaxa_sgli_arot_daily")["aerosol_optical_thickness"].values[0, 0, 0]
    assert value == np.float32(1.0)
    assert float(np.float32(9.99999975e-05)) * 10000 != 1.0


def test_254_is_not_255(tmp_path: Path) -> None:
    numbers, flags = constant(ERROR_DN)
    flags[0, 0], flags[0, 1] = 254, 255
    content = content_of(write_sgli(tmp_path, numbers, flags))
    assert at(content, f"{SST}_status", 0, 0) == STATUS["quality_masked"], "seen, and every input was refused"
    assert at(content, f"{SST}_status", 0, 1) == STATUS["never_observed"]
    assert at(content, f"{SST}_status", 0, 2) == STATUS["quality_masked"]
    assert not np.isfinite(content[SST].values).any()


@pytest.mark.parametrize(
    ("product", "outside", "inside"), [("jaxa_sgli_sst_day_daily", 3, 0), ("jaxa_sgli_ndvi_daily", 0, 3)]
)
def test_land_is_no_sea_and_water_no_land(product: str, outside: int, inside: int, tmp_path: Path) -> None:
    numbers, flags = constant(ERROR_DN, inside)
    flags[2] = outside
    content = content_of(write_sgli(tmp_path, numbers, flags, **parts_of(product)), product)
    status = f"{next(iter(PRODUCTS[product].variables))}_status"
    assert at(content, status, 2, 0) == STATUS["outside_domain"]
    assert at(content, status, 3, 0) == STATUS["quality_masked"]


def test_a_land_code_is_outside_the_domain_of_the_sea(tmp_path: Path) -> None:
    numbers, flags = constant(20000)
    numbers[0, 0] = 65534
    content = content_of(write_sgli(tmp_path, numbers, flags, Land_DN=np.uint16(65534)))
    assert at(content, f"{SST}_status", 0, 0) == STATUS["outside_domain"]


def test_the_night_bits_are_those_of_the_daily_sst_only(tmp_path: Path) -> None:
    numbers, flags = constant(20000, 0b1100)
    content = content_of(write_sgli(tmp_path, numbers, flags))
    assert (content[f"{SST}_status"] == STATUS["ok"]).all(), "a day pass over the polar night is an observation"
    path = write_sgli(tmp_path, *constant(20000, 0b1100), field="NDVI")
    with pytest.raises(InputError, match=rf"{path}.*QA flag of this product has the bits 0x03.*there is 12"):
        content_of(path, "jaxa_sgli_ndvi_daily")


def test_the_qa_flags_of_the_8_day_sst_are_not_read_as_those_of_the_day(tmp_path: Path) -> None:
    numbers, flags = constant(ERROR_DN, 0b10011)
    day = write_sgli(tmp_path, numbers, flags)
    with pytest.raises(InputError, match="QA flag of this product has the bits 0x0f"):
        content_of(day)
    path = write_sgli(tmp_path, numbers, flags, period="08D", day="20200406")
    content = content_of(path, "jaxa_sgli_sst_day_8day")
    assert (content[f"{SST}_status"] == STATUS["quality_masked"]).all(), (
        "no land is read from bits that mean other things"
    )


def test_the_error_number_of_the_flags_is_not_that_of_the_data(tmp_path: Path) -> None:
    path = write_sgli(tmp_path, *constant(255), field="NDVI")
    with h5py.File(path) as file:
        assert file["Image_data/NDVI_QA_flag"].attrs["Error_DN"][0] == 255
    values = content_of(path, "jaxa_sgli_ndvi_daily")["normalized_difference_vegetation_index"].values
    assert values == pytest.approx(255 * 0.0001 - 1), "255 is a number like others in the data"


def test_the_error_number_of_the_flags_is_that_of_the_file(tmp_path: Path) -> None:
    """In level-2 reflectance Error_DN of the QA flag is 1, its bit of no data, and neither 65535 nor 255."""
    numbers, flags = constant(15000)
    flags[0, 0], flags[0, 1] = 1, 2
    path = write_sgli(tmp_path, numbers, flags, field="NDVI", QA_Error_DN=np.uint8(1))
    with h5py.File(path) as file:
        image = file["Image_data"]
        assert (image["NDVI_AVE"].attrs["Error_DN"][0], image["NDVI_QA_flag"].attrs["Error_DN"][0]) == (ERROR_DN, 1)
        naive = image["NDVI_QA_flag"][:] == image["NDVI_AVE"].attrs["Error_DN"][0]
    assert not naive.any(), "with the error number of the data, or 255, a cell of no input is a greenness of 0.5"
    content, name = content_of(path, "jaxa_sgli_ndvi_daily"), "normalized_difference_vegetation_index"
    assert at(content, f"{name}_status", 0, 0) == STATUS["never_observed"]
    assert np.isnan(at(content, name, 0, 0))
    assert at(content, name, 0, 1) == pytest.approx(0.5), "15000 x 0.0001 - 1; bits 0-1 say mostly land"
    flags[0, 2] = 255
    with pytest.raises(InputError, match="or is 254 or 1; there is 255"):
        content_of(write_sgli(tmp_path, numbers, flags, field="NDVI", QA_Error_DN=np.uint8(1)), "jaxa_sgli_ndvi_daily")


REFLECTED = ("NDVI", "EVI", "LAI", "CHLA", "AROT")
"""What is made of reflected sunlight, and so exists by day alone."""


@pytest.mark.parametrize("field", REFLECTED)
def test_a_night_granule_of_reflected_light_is_no_product(field: str, tmp_path: Path) -> None:
    """They are published (small, marked Fair): a plain reader takes their numbers for a map like any other."""
    night = write_sgli(tmp_path, *constant(12000), field=field, orbit="A", Processing_result="Fair")
    with h5py.File(night) as file:
        naive = file[f"Image_data/{field}_AVE"][:] * PACKING[field]["Slope"] + PACKING[field]["Offset"]
    assert np.isfinite(naive).all()
    with pytest.raises(InputError, match="no product of"):
        only(night, PRODUCTS)
    with pytest.raises(InputError, match="Product_file_name of this product matches"):
        content_of(night, f"jaxa_sgli_{field.lower()}_daily")


@pytest.mark.real
def test_no_record_of_a_real_answer_is_taken_for_a_product(real_data: Path) -> None:
    """Four level-2 granules of reflectance, one of them of the night: 3 MB beside 97 to 240 MB by day."""
    answer = json.loads((real_data / "jaxa" / "csw_rsrf_sample.json").read_text(encoding="utf-8"))
    sizes = {one["properties"]["identifier"]: int(one["properties"]["product"]["size"]) for one in answer["features"]}
    nights = {name for name in sizes if re.match(r"GC1SG1_\d{8}A", name)}
    assert {sizes[one] for one in nights} == {3 << 20} == {min(sizes.values())}
    for name in sizes:
        with pytest.raises(InputError, match="no product of"):
            only(Path(f"{name}.h5"), PRODUCTS)


def test_a_granule_that_failed_for_its_publisher_is_refused(tmp_path: Path) -> None:
    path = write_sgli(tmp_path, *constant(20000), Processing_result="NG")
    with h5py.File(path) as file:
        assert file["Image_data/SST_AVE"][0, 0] * 0.0012 - 10 == pytest.approx(14.0)  # naive: a fine sea
    with pytest.raises(InputError, match=f"{path.name}.*Processing_result of a granule is Good, Fair or Poor"):
        content_of(path)
    assert np.isfinite(content_of(write_sgli(tmp_path, *constant(20000), Processing_result="Poor"))[SST]).all()


def test_row_0_is_north_and_column_0_is_180_west(tmp_path: Path) -> None:
    numbers = np.tile(np.arange(PIXELS, dtype=np.uint16) * 100, (LINES, 1)) + np.arange(LINES, dtype=np.uint16)[:, None]
    content = content_of(write_sgli(tmp_path, numbers + 10000, np.zeros_like(numbers, np.uint8)))
    there = content[SST].sel(lat=87.5, lon=-177.5).item()
    assert there == pytest.approx(10000 * 0.0012 - 10, abs=1e-5)
    assert content[SST].sel(lat=-87.5, lon=177.5).item() == pytest.approx((10000 + 7100 + 35) * 0.0012 - 10, abs=1e-5)
    assert float(content["area"].sum()) == pytest.approx(5.10065621e14, rel=1e-6), "the whole Earth, 510.07e12 m2"


def test_a_part_of_the_globe_lies_where_its_corners_say(tmp_path: Path) -> None:
    path = write_sgli(tmp_path, *constant(20000, shape=(24, 48)), corners=(41.0, 130.0, 40.0, 132.0))
    content = content_of(path)
    assert content["lat"].values[[0, -1]] == pytest.approx([40 + 1 / 48, 41 - 1 / 48], abs=1e-9)
    assert content["lon"].values[[0, -1]] == pytest.approx([130 + 1 / 48, 132 - 1 / 48], abs=1e-9)


def test_a_is_night_and_d_is_day(tmp_path: Path) -> None:
    """The opposite of AMSR2: there A is the ascending pass at 13:30, and one rule for both is wrong for one."""
    night = write_sgli(tmp_path, *constant(20000), orbit="A")
    naive = {"A": "day", "D": "night"}[night.name[15]]  # the letters of AMSR2
    assert naive == "day"
    assert only(night, PRODUCTS) == "jaxa_sgli_sst_night_daily"
    assert "night" in PRODUCTS["jaxa_sgli_sst_night_daily"].title
    with pytest.raises(InputError, match="Product_file_name of this product matches"):
        content_of(night, "jaxa_sgli_sst_day_daily")


def test_the_full_map_is_read_a_block_at_a_time(tmp_path: Path) -> None:
    numbers = np.full((4320, 8640), 20000, np.uint16)
    numbers[0, 0] = 30000
    path = write_sgli(tmp_path, numbers, np.zeros_like(numbers, np.uint8), chunks=(216, 8640))
    with canonical_of(path, PRODUCTS["jaxa_sgli_sst_day_daily"]) as content:
        assert content.sizes == {"time": 1, "lat": 4320, "lon": 8640, "nv": 2}
        assert content[SST].chunks is not None
        assert max(content[SST].chunks[1]) * max(content[SST].chunks[2]) <= 1 << 21
        corner = content[SST].isel(lat=slice(-2, None), lon=slice(0, 2)).values
    assert corner[0, 1, 0] == pytest.approx(26.0, abs=1e-5)
    assert content["lat"].values[-1] == 90 - 1 / 48
    assert content["lon"].values[0] == -180 + 1 / 48


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another satellite": ({"Satellite": "GCOM-W"}, "Satellite of this product matches 'GCOM-C'"),
    "no name": ({"Product_file_name": None}, "no attribute 'Product_file_name'"),
    "another product": ({"Product_file_name": "GC1SG1_20200401D01D_D0000_3MSG_LST_F_3002.h5"}, "Product_file_name"),
    "another name than its own": ({"called": "GC1SG1_20200402D01D_D0000_3MSG_SST_F_3002.h5"}, "what its name says"),
    "an unknown version": ({"version": "9001"}, "Product_version of this product matches"),
    "two versions": ({"Product_version": "2000"}, "Product_version is the one in Product_file_name"),
    "no date": (
        {"called": "a.h5", "Product_file_name": "GC1SG1_20200431D01D_D0000_3MSG_SST_F_3002.h5"},
        "named for a date; .* has 2020-04-31",
    ),
    "another period": ({"Image_end_time": "20200408 23:59:59.999"}, "lies within it"),
    "no time": ({"Image_start_time": "tomorrow"}, "a time is written"),
    "another projection": ({"Image_projection": "EQA (sinusoidal equal area)"}, "Equal Rectangular"),
    "other corners": ({"Lower_right_latitude": np.float32(-60)}, "fill the space between its corners"),
    "another interval": ({"Grid_interval": np.float32(0.0416667)}, "fill the space between its corners"),
    "another number of lines": ({"Number_of_lines": np.int32(35)}, "fill the space between its corners; 35 lines"),
    "another size": (
        {"Number_of_lines": np.int32(72), "Number_of_pixels": np.int32(144), "Grid_interval": np.float32(2.5)},
        r"unsigned integers on \(72, 144\) cells; it has uint16 on \(36, 72\)",
    ),
    "no interval": ({"Grid_interval": None}, "no attribute 'Grid_interval'"),
    "no slope": ({"Slope": None}, "no attribute 'Slope'"),
    "no unit": ({"Unit": None}, "no attribute 'Unit'"),
    "another unit": ({"Unit": "m"}, "units must convert"),
    "a slope of nothing": ({"Slope": np.float32(0)}, "slope above 0"),
    "a slope that is none": ({"Slope": np.float32(np.nan)}, "is a number"),
    "a slope of another order": ({"Slope": np.float32(0.12)}, r"lies in -5..45 degC; 2592 values do not"),
    "no error number": ({"Error_DN": None}, "no attribute 'Error_DN'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, tmp_path: Path) -> None:
    defects, message = REFUSED[case]
    with pytest.raises(InputError, match=message) as caught:
        content_of(write_sgli(tmp_path, *constant(20000), **defects))
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_month_starts_on_its_first_day_and_8_days_on_their_first(tmp_path: Path) -> None:
    late = write_sgli(tmp_path, *constant(20000), period="01M", day="20200402")
    with pytest.raises(InputError, match="first day of its month"):
        content_of(late, "jaxa_sgli_sst_day_monthly")
    off = write_sgli(tmp_path, *constant(20000), period="08D", day="20200401")
    with pytest.raises(InputError, match="first day of its 8day"):  # 1 April 2020 is day 92; periods start at 89, 97
        content_of(off, "jaxa_sgli_sst_day_8day")


def test_an_absent_field_is_named(tmp_path: Path) -> None:
    path = write_sgli(tmp_path, *constant(20000))
    with h5py.File(path, "a") as file:
        del file["Image_data/SST_QA_flag"]
    with pytest.raises(InputError, match="no dataset 'SST_QA_flag' in /Image_data; it has"):
        content_of(path)


def test_an_unknown_option_is_an_error(tmp_path: Path) -> None:
    path = write_sgli(tmp_path, *constant(20000))
    product = PRODUCTS["jaxa_sgli_sst_day_daily"].model_copy(update={"options": {"domain": "sea", "masc": 1}})
    with pytest.raises(InputError, match="masc"), canonical_of(path, product):
        pass


def test_a_broken_chunk_names_the_file(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    numbers = generator.integers(8000, 40000, (LINES, PIXELS)).astype(np.uint16)
    path = write_sgli(tmp_path, numbers, np.zeros_like(numbers, np.uint8), chunks=(LINES, PIXELS))
    with h5py.File(path) as file:
        place = file["Image_data/SST_AVE"].id.get_chunk_info(0)
    whole = bytearray(path.read_bytes())
    whole[place.byte_offset + place.size // 2] ^= 0xFF
    path.write_bytes(bytes(whole))
    with pytest.raises(InputError, match=str(path)):
        content_of(path)


def test_two_product_versions_make_no_series_unless_the_run_says_so(tmp_path: Path) -> None:
    for day, version, number in (("20200301", "2000", 20000), ("20200401", "3002", 20250)):
        write_sgli(tmp_path, *constant(number), day=day, period="01M", version=version)
    name = "jaxa_sgli_sst_day_monthly"
    product = PRODUCTS[name].model_copy(update={"source": LocalSource(kind="local", path=f"{tmp_path}/*.h5")})
    run = load_run("enso_ostia")
    period = {"product": name, "period": "2020-03/2020-04", "baseline": "2020-03/2020-04"}
    refused = replace(run, product=product, config=run.config.model_copy(update=period))
    naive = [content_of(one, name)[SST].mean().item() for one in sorted(tmp_path.glob("*.h5"))]
    assert naive == pytest.approx([14.0, 14.3], abs=1e-4), "joined, a new algorithm warms the sea by 0.3 degC"
    with pytest.raises(InputError, match=r"one product version .*'2000': '2020-03', '3002': '2020-04'"):
        plan(refused, tmp_path / "root")
    allowed = replace(refused, config=refused.config.model_copy(update={"splice": "allowed"}))
    versions = [one.version for part in plan(allowed, tmp_path / "root").parts for one in part.granules]
    assert versions == ["2000", "3002"]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = np.random.default_rng(1)
    numbers = generator.integers(8000, 40000, (LINES, PIXELS)).astype(np.uint16)
    numbers[generator.random(numbers.shape) < 0.2] = ERROR_DN
    return write_sgli(tmp_path_factory.mktemp("sound"), numbers, np.zeros_like(numbers, np.uint8), chunks=(9, 72))


def written(path: Path, content: bytes) -> Path:
    """Write a new file: HDF5 takes one that is written over, while a thread still reads it, for the one it knows."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    return path


def sensible(path: Path, product: str = "jaxa_sgli_sst_day_daily") -> None:
    """Read a file that may be broken: one line that says why not, or values in their range or NaN."""
    with suppress(InputError):
        values = content_of(path, product)[SST].values
        low, high = PRODUCTS[product].variables[SST].plausible
        assert ((values >= low) & (values <= high) | np.isnan(values)).all()


@given(st.data())
def test_flipped_bytes_are_an_error_or_harmless(sound: Path, data: st.DataObject) -> None:
    whole = bytearray(sound.read_bytes())
    for place in data.draw(st.lists(st.integers(8, len(whole) - 1), min_size=1, max_size=8), label="places"):
        whole[place] ^= data.draw(st.integers(1, 255), label="flip")
    sensible(written(sound.parent / "flipped.h5", bytes(whole)))


@given(st.integers(0, 1 << 20))
def test_truncated_files_are_an_error(sound: Path, length: int) -> None:
    whole = sound.read_bytes()
    path = written(sound.parent / "short.h5", whole[: length % len(whole)])
    with pytest.raises(InputError):
        content_of(path)


TEXT = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=12)
ATTRIBUTES = ("Slope", "Offset", "Unit", "Error_DN", "Maximum_valid_DN", "Grid_interval", "Number_of_lines",
              "Upper_left_latitude", "Image_start_time", "Product_version", "Image_projection")  # fmt: skip


@pytest.mark.slow
@given(
    st.dictionaries(
        st.sampled_from(ATTRIBUTES),
        st.none() | st.floats(width=32) | st.integers(-9, 70000) | TEXT,
        min_size=1,
        max_size=2,
    )
)
def test_changed_attributes_are_an_error_or_harmless(sound: Path, defects: dict[str, Any]) -> None:
    sensible(write_sgli(sound.parent, *constant(20000, shape=(6, 12)), **defects))


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 255)), min_size=1, max_size=72))
def test_changed_codes_are_an_error_or_masked(sound: Path, cells: list[tuple[int, int]]) -> None:
    numbers, flags = constant(20000, shape=(6, 12))
    for place, (number, flag) in enumerate(cells):
        numbers.flat[place], flags.flat[place] = number, flag
    sensible(write_sgli(sound.parent, numbers, flags))
