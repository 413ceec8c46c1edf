"""Sentinel-2: the offset is taken once, clouds leave no index, and the index is that of the published field.

Expected numbers are worked by hand: (nir - red) / (nir + red).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray as xr
from granules.cog import write_sentinel2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eo import readers
from eo.canonical import STATUS, canonical
from eo.config import load_product
from eo.errors import EoError, InputError

NAME = "copernicus_sentinel2_ndvi"
INDEX = "normalized_difference_vegetation_index"
CLEAR = np.full((8, 8), 4, np.uint8)


@contextmanager
def opened(path: Path, **options: Any) -> Iterator[xr.Dataset]:  # noqa: ANN401 - of any kind
    product = load_product(NAME)
    product = product.model_copy(update={"options": dict(product.options) | options})
    with readers.load(product.reader).read(path, product) as found:
        yield canonical(found, product.variables, step=product.step, stamp=product.stamp, where=f"{path}: ")


def band(number: int) -> np.ndarray:
    return np.full((16, 16), number, np.uint16)


def test_the_index_lies_on_the_grid_of_the_scene(tmp_path: Path) -> None:
    red, nir = band(500), band(3500)
    nir[0, 15] = 1500
    with opened(write_sentinel2(tmp_path, red, nir, CLEAR)) as content:
        index = content[INDEX]
        assert index.dims == ("time", "y", "x")
        assert index.values[0, 0, 0] == np.float32(0.75)  # (3500 - 500) / 4000
        assert index.sel(x=600155, y=4499995).values.item() == 0.5  # the corner in the north-east
        assert str(content["time"].values[0])[:10] == "2023-07-01"
        assert content.attrs["product_version"] == "05.09"
        # Zone 31 north: 600 km is 100 km east of 3 E; at 40.6 N that is about 1.18 degrees.
        assert float(content["lon"][0, 0]) == pytest.approx(4.18, abs=0.01)
        assert float(content["lat"][0, 0]) == pytest.approx(40.64, abs=0.01)


@pytest.mark.parametrize("applied", [True, False], ids=["in the numbers", "not yet"])
def test_the_offset_is_added_once(tmp_path: Path, applied: object) -> None:
    # Water: 0.03 and 0.01 once the offset is taken from 1300 and 1100.
    numbers = (300, 100) if applied else (1300, 1100)
    stated = {"earthsearch:boa_offset_applied": applied}
    path = write_sentinel2(tmp_path, *map(band, numbers), CLEAR, properties=stated)
    naive = np.array(numbers) * 1e-4 - 0.1  # as raster:bands says
    naive_index = (naive[1] - naive[0]) / (naive[1] + naive[0])
    with opened(path) as content:
        assert content[INDEX].values[0, 0, 0] == pytest.approx(-0.5)
    if applied:
        assert (naive < 0).all()
        assert naive_index == pytest.approx(0.125)  # water as vegetation


def test_an_item_with_an_offset_says_whether_it_is_applied(tmp_path: Path) -> None:
    silent = {"earthsearch:boa_offset_applied": None}
    path = write_sentinel2(tmp_path, band(500), band(3500), CLEAR, properties=silent)
    with pytest.raises(InputError, match="whether its numbers have it"), opened(path):
        pass
    # Before baseline 04.00 there is no offset, and nothing to say.
    path = write_sentinel2(tmp_path, band(500), band(3500), CLEAR, properties=silent, offset=0.0)
    with opened(path) as content:
        assert content[INDEX].values[0, 0, 0] == np.float32(0.75)


def test_scene_classes_of_20_m_mask_their_four_pixels(tmp_path: Path) -> None:
    classes = CLEAR.copy()
    classes[0] = [0, 1, 2, 3, 4, 5, 6, 7]
    classes[1, :4] = [8, 9, 10, 11]
    with opened(write_sentinel2(tmp_path, band(500), band(3500), classes)) as content:
        found = content[f"{INDEX}_status"].isel(time=0, y=slice(None, None, -1)).values  # from the north
        ok, never, masked = (STATUS[one] for one in ("ok", "never_observed", "quality_masked"))
        assert found[0, ::2].tolist() == [never, masked, ok, masked, ok, ok, ok, ok]
        assert found[2, ::2].tolist() == [masked] * 4 + [ok] * 4
        assert (found[0::2] == found[1::2]).all()
        assert (found[:, 0::2] == found[:, 1::2]).all()
        assert (np.isnan(content[INDEX].values[0, ::-1]) == (found != ok)).all()


def test_a_class_that_is_none_stops_the_scene(tmp_path: Path) -> None:
    path = write_sentinel2(tmp_path, band(500), band(3500), CLEAR + 8)
    with opened(path) as content, pytest.raises(InputError, match=r"L2A\.json: a scene class is 0 to 11; there is"):
        content[INDEX].load()


def test_no_data_and_reflectance_below_zero_leave_no_index(tmp_path: Path) -> None:
    red, nir = band(500), band(3500)
    red[0, 0] = 0
    path = write_sentinel2(tmp_path, red, nir, CLEAR)
    with opened(path) as content:
        assert content[f"{INDEX}_status"].values[0, -1, 0] == STATUS["never_observed"]
    red[0, 0], nir[0, 0] = 900, 1100  # -0.01 and 0.01: an index of infinity
    stated = {"earthsearch:boa_offset_applied": False}
    with opened(write_sentinel2(tmp_path, red + 1000 * (red == 500), nir, CLEAR, properties=stated)) as content:
        assert content[f"{INDEX}_status"].values[0, -1, 0] == STATUS["quality_masked"]


def test_a_window_gives_its_pixels_only(tmp_path: Path) -> None:
    red, nir = band(500), band(3500)
    nir[3, 2] = 1500
    path = write_sentinel2(tmp_path, red, nir, CLEAR)
    with opened(path, window=[600020, 4499920, 600060, 4499970]) as content:
        assert content[INDEX].shape == (1, 5, 4)
        assert content[INDEX].values[0, -1, 0] == 0.5
    with pytest.raises(InputError, match="window lies in the scene"), opened(path, window=[0, 0, 10, 10]):
        pass


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"collection": "landsat-c2-l2"}, "has collection"),
        ({"properties": {"proj:epsg": 32632}}, "projection of its item"),
        ({"properties": {"datetime": "soon"}}, "states datetime as a date"),
        ({"steps": (10.0, 10.0)}, "scene classes lie on the grid"),
        ({"assets": {}}, "no asset 'red'"),
        ({"assets": {one: {"href": f"{one}.tif"} for one in ("red", "nir", "scl")}}, "there is no red.tif"),
    ],
)
def test_a_scene_that_does_not_fit_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = write_sentinel2(tmp_path, band(500), band(3500), CLEAR, **change)
    with pytest.raises(InputError, match=message), opened(path):
        pass


def test_unknown_options_are_refused(tmp_path: Path) -> None:
    path = write_sentinel2(tmp_path, band(500), band(3500), CLEAR)
    with pytest.raises(InputError, match="windows"), opened(path, windows=[1, 2, 3, 4]):
        pass


@pytest.mark.slow
def test_wrong_bytes_give_a_message_or_plausible_values(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    numbers = [rng.integers(1, 12000, (16, 16)).astype(np.uint16) for _ in range(2)]
    granule = write_sentinel2(tmp_path, *numbers, rng.integers(0, 12, (8, 8)).astype(np.uint8))
    files = {path: path.read_bytes() for path in sorted(tmp_path.iterdir())}

    @settings(max_examples=50, suppress_health_check=list(HealthCheck))
    @given(
        path=st.sampled_from(list(files)),
        places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=6),
        share=st.one_of(st.just(1.0), st.floats(0, 1)),
    )
    def check(path: Path, places: list[tuple[float, int]], share: float) -> None:
        for one, whole in files.items():
            one.write_bytes(whole)
        content = bytearray(files[path])
        for place, bits in places:
            content[int(place * len(content))] ^= bits
        path.write_bytes(content[: int(share * len(content))])
        try:
            with opened(granule) as found:
                values = found[INDEX].values
        except EoError as error:
            assert str(error)  # noqa: PT017 - either outcome is right
            return
        there = values[np.isfinite(values)]
        assert ((there >= -1) & (there <= 1)).all()

    check()


@pytest.mark.real
def test_a_published_field_has_its_published_index(tmp_path: Path, real_data: Path) -> None:
    with netCDF4.Dataset(real_data / "ndvi" / "foss4g_raw_s2_ndvi_field.nc") as file:
        red, nir, classes, index = (
            np.ma.filled(file[name][:].astype(float), np.nan) for name in ("B04", "B08", "SCL", "NDVI")
        )
        x, y = file["x"][:], file["y"][:]
        step = float(x[1] - x[0])
        days = np.datetime64("1990-01-01") + file["t"][:].filled().astype("timedelta64[D]")
    corner = (float(x[0]) - step / 2, float(y[0]) + step / 2)
    means = {}
    for number in range(0, 31, 5):
        day = days[number]
        bands = [np.nan_to_num(one[number]).astype(np.uint16) for one in (red, nir)]
        scene = np.nan_to_num(classes[number]).astype(np.uint8)
        stated = {"crs": "EPSG:32630", "time": f"{day}T11:00:00Z", "steps": (step, step), "offset": 0.0}
        with opened(write_sentinel2(tmp_path, *bands, scene, corner, **stated)) as content:
            ours = content[INDEX].values[0, ::-1]
            assert np.isfinite(ours).sum() == np.isfinite(index[number]).sum() == 342
            assert np.nanmax(np.abs(ours - index[number])) < 1e-6
            means[str(day)] = float(np.nanmean(ours))
    assert means["2019-04-27"] == pytest.approx(0.806, abs=5e-4)  # green wheat; bare soil in January
    assert means["2019-01-27"] == pytest.approx(0.248, abs=5e-4)
