"""Area by threshold. Expected areas are sums of the cell areas worked by hand, or the published daily extents."""

import csv
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import box, made_canonical, published

from eo.canonical import STATUS
from eo.config import load_product
from eo.extent import zonal_extent
from eo.granules import canonical_of
from eo.model import Region
from eo.zones import zonal_mean, zones

NORTH = box(-180, 180, 0, 90)
LAT, LON = np.array([-80.0, -40, 0, 40, 80]), np.array([-135.0, -45, 45, 135])


def content_of(values: Any, status: Any = None) -> xr.Dataset:  # noqa: ANN401 - whatever an array is made of
    wide = np.broadcast_to(np.asarray(values, np.float32), (1, 5, 4)) if np.ndim(values) < 3 else np.asarray(values)
    return made_canonical(published(wide, LAT, LON, status=status, units="K"))


def extent_of(content: xr.Dataset, region: Region = NORTH, **changed: Any) -> xr.Dataset:  # noqa: ANN401
    field = content["field"]
    at = zones({"a": region}, content)
    return zonal_extent(field, content["field_status"], at, STATUS["outside_domain"], **changed).isel(region=0)


def whole(region: Region, content: xr.Dataset) -> float:
    return float(zones({"a": region}, content)[0].weights.sum())


def test_extent_is_the_area_of_cells_at_or_over_the_threshold_and_total_that_of_their_ice() -> None:
    values = np.zeros((5, 4))
    values[4] = [0.15, 0.1499, 0.5, 1.0]
    content = content_of(values)
    cell = float(content["area"].sel(lat=80)[0])
    found = extent_of(content).isel(time=0)
    assert found["extent"].item() == pytest.approx(3 * cell, rel=1e-12)
    assert found["total"].item() == pytest.approx(1.65 * cell, rel=1e-6)
    assert found["observed"].item() == pytest.approx(whole(NORTH, content), rel=1e-12)
    assert found["coverage"].item() == 1.0
    below = extent_of(content, side="below").isel(time=0)
    assert below["extent"].item() == pytest.approx(whole(NORTH, content) - 3 * cell, rel=1e-12)


@pytest.mark.parametrize("packed", [np.float32(15) * np.float32(0.01), np.float32(0.15), np.float32(15 / 100)])
def test_fifteen_per_cent_is_at_the_threshold_however_it_was_packed(packed: np.float32) -> None:
    content = content_of(np.full((5, 4), packed))
    assert extent_of(content)["extent"].item() == pytest.approx(whole(NORTH, content), rel=1e-12)


def test_an_empty_sea_is_zero_and_an_unseen_one_is_not() -> None:
    assert extent_of(content_of(np.zeros((5, 4))))["extent"].item() == 0.0
    for hole in (None, 60.0):
        found = extent_of(content_of(np.full((5, 4), np.nan)), pole_hole=hole)
        assert np.isnan(found["extent"].item())
        assert np.isnan(found["total"].item())
        assert (found["observed"].item(), found["coverage"].item()) == (0.0, 0.0)


def test_land_is_no_part_of_the_zone_and_what_was_not_seen_is() -> None:
    values, status = np.ones((5, 4)), np.zeros((1, 5, 4), np.int8)
    values[3, 0], values[3, 1] = np.nan, np.nan
    status[0, 3, 0], status[0, 3, 1] = STATUS["outside_domain"], STATUS["quality_masked"]
    content = content_of(values, status)
    cell = float(content["area"].sel(lat=40)[0])
    found = extent_of(content)
    area = whole(NORTH, content)
    assert found["coverage"].item() == pytest.approx((area - 2 * cell) / (area - cell), rel=1e-12)
    assert found["extent"].item() == found["observed"].item() == pytest.approx(area - 2 * cell, rel=1e-12)


@pytest.mark.parametrize(
    ("reason", "hole", "counts"),
    [
        ("never_observed", 60.0, True),
        ("never_observed", None, False),
        ("never_observed", 85.0, False),  # the cells have their middle at 80
        ("failed_read", 60.0, False),  # a failure is no hole
        ("quality_masked", 60.0, False),
    ],
)
def test_the_hole_at_the_pole_counts_as_ice_in_the_extent_and_not_in_the_area(
    reason: str, hole: float | None, *, counts: bool
) -> None:
    values, status = np.full((5, 4), 0.5), np.zeros((1, 5, 4), np.int8)
    values[4], status[0, 4] = np.nan, STATUS[reason]
    content = content_of(values, status)
    cap = 4 * float(content["area"].sel(lat=80)[0])
    rest = whole(NORTH, content) - cap
    found = extent_of(content, pole_hole=hole)
    assert found["extent"].item() == pytest.approx(rest + cap * counts, rel=1e-12)
    assert found["total"].item() == pytest.approx(rest / 2, rel=1e-12)
    assert found["coverage"].item() == pytest.approx(1.0 if counts else rest / (rest + cap), rel=1e-12)


@given(hnp.arrays(np.float64, (2, 5, 4), elements=st.sampled_from([0.0, 0.1, 0.15, 0.5, 1.0, np.nan])))
def test_the_extents_of_two_halves_are_that_of_the_whole_and_coverage_is_that_of_the_mean(values: np.ndarray) -> None:
    content = made_canonical(published(values, LAT, LON))
    east, west, globe = box(0, 180, -90, 90), box(-180, 0, -90, 90), box(-180, 180, -90, 90)
    halves = [extent_of(content, one) for one in (east, west)]
    found = extent_of(content, globe)
    for name in ("extent", "total", "observed"):
        expected = sum(one[name].fillna(0.0) for one in halves)
        np.testing.assert_allclose(found[name].fillna(0.0), expected, rtol=1e-12)
    mean = zonal_mean(content["field"], content["field_status"], zones({"a": globe}, content), 4).isel(region=0)
    np.testing.assert_allclose(found["coverage"], mean["coverage"], rtol=1e-12)
    at_all = extent_of(content, globe, threshold=-1.0)
    np.testing.assert_allclose(at_all["total"] / at_all["observed"], mean["mean"], rtol=1e-12)


def test_neither_chunks_nor_schedulers_change_a_bit() -> None:
    values = np.random.default_rng(2).random((6, 5, 4))
    values[values < 0.05] = np.nan
    content = made_canonical(published(values, LAT, LON))
    expected = extent_of(content, pole_hole=60.0)
    for chunks, scheduler in (({"time": 1, "lat": 2}, "threads"), ({"time": 4, "lon": 3}, "synchronous")):
        with dask.config.set(scheduler=scheduler):
            found = extent_of(content.chunk(chunks), pole_hole=60.0)
            assert found["extent"].chunks is not None
            xr.testing.assert_identical(found.compute(), expected)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "south", "north", "expected", "tolerance"),
    [
        ("N_20240907_extent_v3.0.tif", 0, 90, None, 0.001),
        ("S_20240930_extent_v3.0.tif", -90, 0, 17.183, 0.004),  # pixels are missing there
    ],
)
def test_the_extent_of_a_mask_is_the_published_one(  # noqa: PLR0917 - a table of facts
    real_data: Path, name: str, south: float, north: float, expected: float | None, tolerance: float
) -> None:
    product = load_product(f"nsidc_index_extent_{name[0].lower()}h")
    with canonical_of(real_data / "nsidc_index" / name, product) as content:
        at = zones({"hemisphere": box(-180, 180, south, north)}, content)
        mask, status = content["sea_ice_extent"], content["sea_ice_extent_status"]
        found = zonal_extent(mask, status, at, STATUS["outside_domain"]).load()
    if expected is None:
        with (real_data / "nsidc_index" / "N_seaice_extent_daily_v3.0.csv").open() as table:
            rows = [[one.strip() for one in row[:4]] for row in csv.reader(table)]
        expected = next(float(row[3]) for row in rows if row[:3] == ["2024", "09", "07"])
    assert found["extent"].item() / 1e12 == pytest.approx(expected, abs=tolerance)
    assert found["coverage"].item() > 0.99
