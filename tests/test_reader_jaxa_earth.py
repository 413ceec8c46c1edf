"""JAXA Earth: the item says what a digital number means, and the halves of the globe make one grid.

Expected numbers are worked by hand: value = number x slope + offset.
"""

import json
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr
from granules.cog import jaxa_earth_item, write_granule
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine

from eo import readers
from eo.canonical import STATUS, canonical
from eo.config import load_product, product_names
from eo.errors import EoError, InputError
from eo.granules import canonical_of, take_in, unchanged
from eo.identify import identity
from eo.origin import LocalSource
from eo.readers._geotiff import described
from eo.store import Store
from eo.store import opened as store_opened

AROT = "jaxa_earth_sgli_arot_day_daily"
SST = "jaxa_earth_amsr2_sst_night_daily"
ICE = "jaxa_earth_amsr2_ic0_north_daily"
DEPTH = "aerosol_optical_thickness"

OPTICAL = {
    "value": {"unit": ""},
    "dn": {"data_type": "uint16", "min": 10.0, "max": 50000.0, "nodata": 65535.0, "error": [65534.0]},
    "dn2value": {"slope": 9.999999747378752e-05, "offset": 0.0},
}
WARM = {
    "value": {"unit": "degC"},
    "dn": {"data_type": "int16", "min": -300, "max": 4000, "nodata": -32768, "error": [-32767]},
    "dn2value": {"slope": 0.01, "offset": 0.0},
}
PERCENT = {
    "value": {"unit": "%"},
    "dn": {"data_type": "uint8", "min": 0, "max": 100, "nodata": 255, "error": [254]},
    "dn2value": {"slope": 1.0, "offset": 0.0},
}
DAY = {"start": "2026-09-28T23:59:49.190000Z", "end": "2026-09-30T00:02:20.400000Z"}


def collection(product: str) -> str:
    return load_product(product).marks["collection"].strip("^$").replace("[.]", ".")


@contextmanager
def opened(path: Path, name: str) -> Iterator[xr.Dataset]:
    product = load_product(name)
    with readers.load(product.reader).read(path, product) as found:
        yield canonical(found, product.variables, step=product.step, stamp=product.stamp, where=f"{path}: ")


@pytest.fixture
def field() -> np.ndarray:
    """A half globe of 10 degrees: an optical depth of 0.1 with every code."""
    numbers = np.full((18, 18), 1000, np.uint16)
    numbers[0, :5] = [65535, 65534, 9, 50001, 50000]
    return numbers


def half(folder: Path, numbers: np.ndarray, west: float = 0, **facts: Any) -> dict[str, Any]:  # noqa: ANN401 - of any kind
    given_ = {"collection": collection(AROT), "band": "AROT", "raster": OPTICAL} | DAY | facts
    return jaxa_earth_item(folder, numbers=numbers, corner=(west, 90.0), step=10.0, **given_)


def test_the_item_says_what_a_number_means_and_masks_come_before_the_scale(tmp_path: Path, field: np.ndarray) -> None:
    path = write_granule(tmp_path / "S90.00-N90.00.json", half(tmp_path, field))
    with opened(path, AROT) as content:
        north = content[DEPTH].sel(lat=85).values.ravel()
        status = content[f"{DEPTH}_status"].sel(lat=85).values.ravel()
        assert np.isnan(north[:4]).all()
        assert north[4:6] == pytest.approx([5.0, 0.1], rel=1e-6)
        ok, never, masked = (STATUS[one] for one in ("ok", "never_observed", "quality_masked"))
        assert status[:6].tolist() == [never, never, masked, masked, ok, ok]
        assert content["lon"].values[0] == 5


def test_plain_rasterio_takes_the_code_for_an_optical_depth_of_six(tmp_path: Path, field: np.ndarray) -> None:
    item = half(tmp_path, field)
    with rasterio.open(tmp_path / item["assets"]["AROT"]["href"]) as file:
        naive = file.read(1, masked=True) * 1e-4
    assert naive.max() == pytest.approx(6.5535)  # the file itself carries no nodata
    official = np.where((field < 10) | (field > 50000) | (field == 65535), np.nan, field * 1e-4)
    assert np.nanmax(official) == pytest.approx(5.0)
    with opened(write_granule(tmp_path / "item.json", item), AROT) as content:
        assert float(content[DEPTH].max()) == pytest.approx(5.0)


def test_an_error_number_inside_the_limits_is_missing_too(tmp_path: Path) -> None:
    numbers = np.full((18, 18), 2000, np.int16)
    numbers[0, 0], numbers[0, 1] = 3999, -150
    raster = WARM | {"dn": WARM["dn"] | {"error": [3999]}}
    item = half(tmp_path, numbers, collection=collection(SST), band="SST", raster=raster)
    with opened(write_granule(tmp_path / "item.json", item), SST) as content:
        row = content["sea_surface_temperature"].sel(lat=85).values.ravel()
        assert np.isnan(row[0])  # 39.99 degC to a client that leaves `error` aside
        assert row[1:3] == pytest.approx([-1.5, 20.0])  # below zero is sea water, not a code


def test_the_day_is_the_middle_of_an_item_whose_start_lies_in_the_day_before(tmp_path: Path, field: np.ndarray) -> None:
    item = half(tmp_path, field)
    assert item["properties"]["start_datetime"][:10] == "2026-09-28"  # the naive date
    with opened(write_granule(tmp_path / "item.json", item), AROT) as content:
        assert content["time_bounds"].values.astype("datetime64[D]").astype(str).tolist() == [
            ["2026-09-29", "2026-09-30"]
        ]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2024-02-01T00:00:00Z", "2024-02-15T23:59:59Z", ["2024-02-01", "2024-02-16"]),
        ("2024-02-16T00:00:00Z", "2024-02-29T23:59:59Z", ["2024-02-16", "2024-03-01"]),
        ("2023-12-15T23:58:00Z", "2024-01-01T00:01:00Z", ["2023-12-16", "2024-01-01"]),
    ],
)
def test_a_half_month_starts_on_day_1_or_16(
    tmp_path: Path, field: np.ndarray, start: str, end: str, expected: list[str]
) -> None:
    product = "jaxa_earth_sgli_arot_day_halfmonthly"
    item = half(tmp_path, field, collection=collection(product), start=start, end=end)
    with opened(write_granule(tmp_path / "item.json", item), product) as content:
        assert content["time_bounds"].values.astype("datetime64[D]").astype(str).tolist() == [expected]
    naive = np.array(start[:10], "datetime64[M]").astype("datetime64[D]")  # a calendar month
    assert [str(naive), str(naive)] != expected


def test_halves_of_the_globe_make_one_grid_in_whatever_order(tmp_path: Path, field: np.ndarray) -> None:
    west = np.full((18, 18), 2000, np.uint16)
    halves = [half(tmp_path, field, 0), half(tmp_path, west, -180)]
    for number, items in enumerate((halves, halves[::-1])):
        with opened(write_granule(tmp_path / f"{number}.json", *items), AROT) as content:
            assert content[DEPTH].shape == (1, 18, 36)
            equator = content[DEPTH].sel(lat=5).values.ravel()
            assert equator == pytest.approx([0.2] * 18 + [0.1] * 18, rel=1e-6)
            assert content["lon"].values[[0, -1]].tolist() == [-175, 175]
            assert float(content["area"].sum()) == pytest.approx(5.1006562e14, rel=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"west": -170}, "fill a rectangle"),
        ({"west": 0}, "fill a rectangle"),
        ({"west": -180, "start": "2026-09-27T00:00:00Z", "end": "2026-09-28T00:00:00Z"}, "are of one day"),
        ({"west": -180, "raster": OPTICAL | {"value": {"unit": "%"}}}, "one unit"),
        (
            {"west": -180, "collection": "JAXA.G-Portal_GCOM-C.SGLI_standard.L3-AROT.daytime.v4_global_daily"},
            "has coll",
        ),
    ],
)
def test_tiles_that_are_not_of_one_grid_and_time_are_refused(
    tmp_path: Path, field: np.ndarray, change: dict[str, Any], message: str
) -> None:
    items = [half(tmp_path, field, 0), half(tmp_path, field, **change)]
    with pytest.raises(InputError, match=message), opened(write_granule(tmp_path / "both.json", *items), AROT):
        pass


def test_polar_ice_lies_on_its_own_grid_with_its_true_area(tmp_path: Path) -> None:
    numbers = np.full((64, 64), 80, np.uint8)
    numbers[:32] = 255
    step = 2.0**24 / 64
    item = jaxa_earth_item(
        tmp_path, collection(ICE), "IC0", numbers, (-(2.0**23), 2.0**23), step, raster=PERCENT, crs="EPSG:3995", **DAY
    )
    with opened(write_granule(tmp_path / "item.json", item), ICE) as content:
        ice = content["sea_ice_area_fraction"]
        assert ice.dims == ("time", "y", "x")
        assert ice.sel(y=-step / 2, x=step / 2).values.item() == pytest.approx(0.8)
        assert np.isnan(ice.sel(y=step / 2, x=step / 2).values.item())
        near_pole = float(content["lat"].sel(y=-step / 2, x=step / 2))
        assert 87 < near_pole < 90
        # Stereographic, true at 71 N: at the pole a cell is 1 / k0^2 of its size in the plane,
        # k0 = (1 + sin 71) / 2 on the sphere, 0.9728.
        ratio = float(content["area"].sel(y=-step / 2, x=step / 2)) / step**2
        assert ratio == pytest.approx(1 / 0.9728**2, rel=5e-3)
        # South of Greenwich is down in EPSG:3995: the lower half is 0 E.
        assert float(content["lon"].sel(y=-step / 2, x=step / 2)) == pytest.approx(45)


def test_amsr2_did_not_measure_before_its_launch_whatever_the_catalogue_announces(tmp_path: Path) -> None:
    numbers = np.full((18, 18), 2000, np.int16)
    facts = {"collection": collection(SST), "band": "SST", "raster": WARM}
    early = half(tmp_path, numbers, **facts, start="2000-03-01T00:00:00Z", end="2000-03-01T23:59:59Z")
    message = "the record begins on 2012-07-02; the item is of 2000-03-01"
    path = write_granule(tmp_path / "early.json", early)
    with pytest.raises(InputError, match=message), opened(path, SST):
        pass
    with canonical_of(path, load_product(SST).model_copy(update={"options": {}})) as naive:
        assert str(naive["time"].values[0])[:10] == "2000-03-01"  # a sea surface twelve years before the satellite
        assert float(naive["sea_surface_temperature"].max()) == 20.0


@pytest.mark.real
def test_the_real_catalogue_announces_amsr2_from_2000_on(real_data: Path) -> None:
    listed = _listed(real_data)
    announced = {name: str(one) for name, one in listed.items() if "AMSR2" in name and "SST" in name.upper()}
    assert announced
    assert all("2000-03" in one for one in announced.values())
    assert load_product(SST).options["since"] == date(2012, 7, 2)


@pytest.mark.parametrize(
    ("name", "size", "first", "crs"),
    [
        (AROT, 90.0, (0.0, 90.0), None),  # level 1 of EPSG:4326: 90 degrees
        (AROT, 10.0, (120.0, 50.0), None),  # level 2: 10 degrees
        (ICE, 2.0**21, (0.0, 2.0**21), "EPSG:3995"),  # level 1 around a pole
        (ICE.replace("north", "south"), 2.0**18, (0.0, 2.0**18), "EPSG:3031"),  # level 2
    ],
)
def test_tiles_of_every_level_join_and_levels_do_not_mix(
    tmp_path: Path, name: str, size: float, first: tuple[float, float], crs: str | None
) -> None:
    polar = crs is not None
    said: dict[str, Any] = {"raster": PERCENT if polar else OPTICAL, **DAY} | ({"crs": crs} if crs else {})
    band, kind = ("IC0", np.uint8) if polar else ("AROT", np.uint16)

    def tile(column: int, number: int, count: int = 16) -> dict[str, Any]:
        corner = (first[0] + column * size, first[1])
        numbers = np.full((count, count), number, kind)
        return jaxa_earth_item(tmp_path, collection(name), band, numbers, corner, size / count, **said)

    both = write_granule(tmp_path / "both.json", tile(1, 60), tile(0, 40))
    with opened(both, name) as content:
        variable = next(iter(load_product(name).variables))
        values, x = content[variable].values[0], content["x" if polar else "lon"].values
        assert values.shape == (16, 32)
        assert values[0, 15] < values[0, 16]  # 40 in the west, 60 in the east
        assert np.diff(x) == pytest.approx(size / 16)
        assert x[16] - size / 32 == pytest.approx(first[0] + size)
    mixed = write_granule(tmp_path / "mixed.json", tile(0, 40), tile(1, 60, 32))
    with pytest.raises(InputError, match="one projection and pixel size"), opened(mixed, name):
        pass


def _raster(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - of any kind
    return {"raster": OPTICAL | changes}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_raster(dn2value={"slope": 1e-4}), "states dn2value.offset"),
        (_raster(dn2value={"slope": "nan", "offset": 0}), "states dn2value.slope"),
        (_raster(dn={"data_type": "uint16"}), "states dn.nodata"),
        (_raster(dn=OPTICAL["dn"] | {"data_type": "int16"}), "holds int16, as its item says; it holds uint16"),
        (_raster(dn=OPTICAL["dn"] | {"data_type": "void"}), "holds void"),
        (_raster(value={"unit": "mm/month"}), "per a time that has one length"),
        (_raster(value={"unit": "K"}), "units must convert"),
        ({"raster": None}, "je:rasters"),
        ({"band": "LST"}, "no asset 'AROT'"),
        ({"collection": "JAXA.G-Portal_GCOM-C.SGLI_standard.L3-AROT.daytime.v3_global_monthly"}, "has collection"),
        ({"start": "yesterday"}, "start_datetime as a date"),
        ({"start": "2026-10-02T00:00:00Z"}, "ends after it starts"),
        ({"item": {"bbox": [-180, -90, 0, 90]}}, "lies in the bbox of its item"),
        ({"item": {"bbox": ["a", 1, 2, 3]}}, "a bbox is four numbers"),
        ({"item": {"properties": {"proj:epsg": 3995}}}, "projection of its item"),
        ({"item": {"assets": []}}, "has assets"),
        ({"written": {"nodata": 0}}, "has nodata 65535.0, as its item says"),
        ({"written": {"crs": None}}, "one band and a projection"),
        ({"written": {"transform": Affine(10, 1, 0, 0, -10, 90)}}, "square pixels, north up"),
        ({"written": {"transform": Affine(10, 0, 0, 0, 10, -90)}}, "square pixels, north up"),
    ],
)  # fmt: skip
def test_an_item_that_does_not_say_what_it_must_or_not_the_truth_is_refused(
    tmp_path: Path, field: np.ndarray, change: dict[str, Any], message: str
) -> None:
    path = write_granule(tmp_path / "item.json", half(tmp_path, field, **change))
    with pytest.raises(InputError, match=message), opened(path, AROT):
        pass


@pytest.mark.parametrize(
    "href", ["/etc/passwd", "../AROT.tiff", "https://example.org/AROT.tiff", "", None, "none.tiff"]
)
def test_a_link_that_leads_away_is_not_followed(tmp_path: Path, field: np.ndarray, href: str | None) -> None:
    item = half(tmp_path, field)
    item["assets"]["AROT"]["href"] = href
    with (
        pytest.raises(InputError, match="lies beside its item"),
        opened(write_granule(tmp_path / "item.json", item), AROT),
    ):
        pass


def _noise(folder: Path, **written: Any) -> tuple[Path, Path]:  # noqa: ANN401 - options of the COG driver
    """Give an item and its GeoTIFF of several blocks."""
    numbers = np.random.default_rng(0).integers(10, 50000, (300, 720)).astype(np.uint16)
    said: dict[str, Any] = {"raster": OPTICAL, "written": written, **DAY}
    item = jaxa_earth_item(folder, collection(AROT), "AROT", numbers, (0, 90), 0.5, **said)
    return write_granule(folder / "item.json", item), folder / item["assets"]["AROT"]["href"]


@pytest.mark.parametrize("lost", [1, 3000])
def test_a_truncated_geotiff_names_itself(tmp_path: Path, lost: int) -> None:
    path, file = _noise(tmp_path)
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[:-lost])
    rule = f"{file.name} must be whole: its header asks for {size} bytes, and it has {size - lost}"
    with pytest.raises(InputError, match=rule), opened(path, AROT):
        pass


def test_a_geotiff_damaged_inside_names_itself_when_that_block_is_read(tmp_path: Path) -> None:
    path, file = _noise(tmp_path)
    content = bytearray(file.read_bytes())
    content[-20000:-1000] = bytes(19000)
    file.write_bytes(content)
    with (
        opened(path, AROT) as found,
        pytest.raises(InputError, match=f"{file.name} must be readable to its end"),
    ):
        found[DEPTH].load()


def test_scale_offset_and_nodata_of_the_file_itself_change_no_number(tmp_path: Path, field: np.ndarray) -> None:
    item = half(tmp_path, field, written={"nodata": 65535})
    path = write_granule(tmp_path / "item.json", item)
    with opened(path, AROT) as content:
        expected = content[DEPTH].values, content[f"{DEPTH}_status"].values
    with rasterio.open(tmp_path / item["assets"]["AROT"]["href"], "r+", IGNORE_COG_LAYOUT_BREAK="YES") as file:
        file.scales, file.offsets = (0.5,), (7.0,)
        file.update_tags(units="days since 2000-01-01", nodata="1000", _Unsigned="true", add_offset="3")
    with opened(path, AROT) as content:
        np.testing.assert_array_equal(content[DEPTH].values, expected[0])
        np.testing.assert_array_equal(content[f"{DEPTH}_status"].values, expected[1])


def test_threads_read_blocks_of_one_geotiff_side_by_side(tmp_path: Path) -> None:
    _, file = _noise(tmp_path, compress="lzw")
    with rasterio.open(file) as whole:
        expected = whole.read(1)
    filters = list(warnings.filters)
    blocks = [(slice(row, row + 30), slice(column, column + 60)) for row in range(0, 300, 30) for column in (5, 400)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda block: described(file).values()[block].compute(scheduler="synchronous"), blocks))
    for block, values in zip(blocks, found, strict=True):
        np.testing.assert_array_equal(values, expected[block])
    assert list(warnings.filters) == filters


def test_every_collection_of_the_catalogue_is_one_product() -> None:
    marks = [load_product(name).marks["collection"] for name in product_names() if name.startswith("jaxa_earth_")]
    assert len(marks) == len(set(marks)) == 45


def _listed(real_data: Path) -> dict[str, Any]:
    """Give the published list of collections, which has commas where JSON has none."""
    text = (real_data / "jaxa" / "jaxa_earth_collections.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(
        text.replace(",\n    }", "\n    }").replace(",\n}", "\n}").replace("},\n}", "}\n}")
    )
    return found


@pytest.mark.real
def test_collections_and_bands_are_those_of_the_published_list(real_data: Path) -> None:
    listed = _listed(real_data)
    checked = 0
    for name in product_names():
        if name.startswith("jaxa_earth_") and collection(name) in listed:
            bands = listed[collection(name)]["bands"]
            assert {one.source for one in load_product(name).variables.values()} <= set(bands), name
            checked += 1
    assert checked == 36  # the list has no SST and CHLA of SGLI


def test_a_granule_is_its_geotiffs_too(tmp_path: Path, field: np.ndarray) -> None:
    halves = [half(tmp_path, field, west) for west in (0, -180)]
    path = write_granule(tmp_path / "item.json", *halves)
    product = load_product(AROT).model_copy(update={"source": LocalSource(kind="local", path=str(path))})
    tiff = tmp_path / halves[1]["assets"]["AROT"]["href"]
    store = Store(tmp_path / "data")
    with store_opened(store.root) as work:
        (first,) = take_in(AROT, product, store, work)
        assert sorted(first.beside) == sorted(one["assets"]["AROT"]["href"].removeprefix("./") for one in halves)
        assert take_in(AROT, product, store, work) == [first]
        half(tmp_path, field + 1, -180)  # the same item, another GeoTIFF
        assert tiff.stat().st_mtime_ns != first.modified
        with pytest.raises(InputError, match="must not change while it is used"):
            unchanged(first)
        (second,) = take_in(AROT, product, store, work)
        assert second.sha256 != first.sha256
        tiff.unlink()
        with pytest.raises(InputError, match="must be readable"):
            unchanged(second)


def test_an_item_is_known_by_its_collection_whatever_its_name(tmp_path: Path, field: np.ndarray) -> None:
    products = {name: load_product(name) for name in product_names() if name.startswith("jaxa_earth_")}
    one = write_granule(tmp_path / "S90.00-N90.00.json", half(tmp_path, field))
    both = write_granule(tmp_path / "both.json", half(tmp_path, field), half(tmp_path, field, -180))
    for path in (one, both):
        found = identity(path, products)
        assert [(one.product, one.time) for one in found] == [(AROT, "2026-09-29")]
    one.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="must be a whole file of kind JSON"):
        identity(one, products)


@pytest.mark.slow
def test_wrong_bytes_give_a_message_or_plausible_values(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    numbers = rng.integers(10, 50001, (48, 48)).astype(np.uint16)
    item = jaxa_earth_item(tmp_path, collection(AROT), "AROT", numbers, (0, 60), 2.5, raster=OPTICAL, **DAY)
    granule = write_granule(tmp_path / "item.json", item)
    files = {granule: granule.read_bytes()}
    tiff = tmp_path / item["assets"]["AROT"]["href"]
    files[tiff] = tiff.read_bytes()
    sizes = {path: len(content) for path, content in files.items()}

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(
        path=st.sampled_from(sorted(files)),
        places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=6),
        share=st.one_of(st.just(1.0), st.floats(0, 1)),
    )
    def check(path: Path, places: list[tuple[float, int]], share: float) -> None:
        for one, whole in files.items():
            one.write_bytes(whole)
        content = bytearray(files[path])
        for place, bits in places:
            content[int(place * sizes[path])] ^= bits
        path.write_bytes(content[: int(share * sizes[path])])
        try:
            with opened(granule, AROT) as found:
                values = found[DEPTH].values
        except EoError as error:
            assert str(error)  # noqa: PT017 - either outcome is right
            return
        there = values[np.isfinite(values)]
        assert ((there >= 0) & (there <= 5)).all()

    check()
