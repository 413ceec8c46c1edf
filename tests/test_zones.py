"""Zones as exact shares of cells, and the means over them. Expected numbers are worked by hand on wide cells."""

import json

import dask
import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import box, boxes, fields, made_canonical, mean_over, published, zone_of

from eo.canonical import STATUS
from eo.errors import InputError
from eo.grid import EARTH_RADIUS, longitude_180
from eo.model import Box, Region
from eo.zones import zonal_mean, zones

LAT, LON = [-45.0, 45.0], [45.0, 135.0, 225.0, 315.0]
"""Eight octants: cells between the equator and the poles, a quarter of the circle each."""

VALUES = np.array([[[1, 2, 3, 4], [5, 6, 7, 8]]], np.float32)
"""Southern row, northern row."""

EVERYWHERE = box(-180, 180, -90, 90)
ROUNDING = 1e-12
"""Of sums of some thousand float64 numbers, each right to 1e-16."""


def octants(values: np.ndarray = VALUES, **said: object) -> xr.Dataset:
    return made_canonical(published(values, LAT, LON, **said))


def one(found: xr.Dataset) -> tuple[float, float]:
    return found["mean"].item(), found["coverage"].item()


def polygons(document: object) -> Region:
    text = document if isinstance(document, str) else json.dumps(document)
    return Region(title="polygons", polygons="region.geojson", geometry=text)


def ring(west: float, east: float, south: float, north: float) -> list[list[list[float]]]:
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def polygon(west: float, east: float, south: float, north: float) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": ring(west, east, south, north)}


@pytest.mark.parametrize(
    ("region", "mean"),
    [
        (EVERYWHERE, 4.5),
        (box(0, 90, 0, 90), 5),  # one cell
        (box(10, 11, 10, 11), 5),  # a speck of it
        (box(45, 135, 0, 90), 5.5),  # half of each of two
        (box(0, 90, -90, 90), 3),
        (box(0, 180, -30, 90), (0.5 * (1 + 2) + (5 + 6)) / 3),  # sin 30 = 1/2: half the area of the southern cells
        (box(60, 150, 0, 30), (30 * 5 + 60 * 6) / 90),
        (box(300, 30, 0, 90), (60 * 8 + 30 * 5) / 90),  # across Greenwich
        (box(150, -150, 0, 90), 6.5),  # across the antimeridian
        (box(150, 210, 0, 90), 6.5),  # the same in the other turn
    ],
)
def test_the_mean_over_a_box_weighs_each_cell_by_the_area_that_it_shares(region: Region, mean: float) -> None:
    found, coverage = one(mean_over(region, octants()))
    assert found == pytest.approx(mean, rel=ROUNDING)
    assert coverage == 1.0


def test_a_box_has_the_area_of_its_share_of_the_sphere() -> None:
    zone = zone_of(box(0, 90, 0, 30), octants())
    assert zone.area == pytest.approx(4 * np.pi * EARTH_RADIUS**2 / 16, rel=ROUNDING)
    assert (zone.south, zone.north, zone.west, zone.east) == (0, 30, 0, 90)
    assert (zone.latitude, zone.longitude) == (15, 45)


def test_half_of_a_box_that_was_not_observed_lowers_the_coverage_and_not_the_mean() -> None:
    values = VALUES.copy()
    values[0, 1, 0] = np.nan
    assert one(mean_over(box(0, 180, 0, 90), octants(values))) == (6.0, 0.5)
    assert one(mean_over(box(30, 180, 0, 90), octants(values))) == (6.0, 0.6)  # 90 of 150 degrees


def test_what_the_grid_does_not_reach_counts_as_not_observed() -> None:
    north = octants().isel(lat=[1])
    assert one(mean_over(box(0, 90, -90, 90), north)) == (5.0, 0.5)
    assert one(mean_over(box(0, 90, -30, 90), north)) == (5.0, pytest.approx(2 / 3, rel=ROUNDING))


def test_where_the_variable_does_not_exist_is_no_part_of_the_zone() -> None:
    values, status = VALUES.copy(), np.zeros(VALUES.shape, np.int8)
    values[0, 1, :2] = np.nan
    status[0, 1, 0] = STATUS["outside_domain"]
    found = octants(values, status=status)
    assert one(mean_over(box(0, 180, 0, 90), found)) == (pytest.approx(np.nan, nan_ok=True), 0.0)  # land, and a gap
    assert one(mean_over(box(0, 270, 0, 90), found)) == (7.0, 0.5)
    assert one(mean_over(box(0, 90, 0, 90), found)) == (pytest.approx(np.nan, nan_ok=True), 0.0)  # land alone


def test_a_zone_without_any_observation_is_nan_and_never_zero() -> None:
    mean, coverage = one(mean_over(EVERYWHERE, octants(np.full(VALUES.shape, np.nan, np.float32))))
    assert np.isnan(mean)
    assert coverage == 0.0


@given(fields(missing=True), boxes())
def test_the_mean_lies_between_the_least_and_the_greatest_value(content: xr.Dataset, region: Region) -> None:
    grid = made_canonical(content)
    at, found = zone_of(region, grid), mean_over(region, grid)
    inside = grid["field"][:, at.rows, at.columns].where(xr.DataArray(at.weights > 0, dims=("lat", "lon")))
    for step in range(content.sizes["time"]):
        values = inside[step].values[np.isfinite(inside[step].values)].astype(np.float64)
        mean = found["mean"].values[0, step]
        assert values.min() <= mean <= values.max() if values.size else np.isnan(mean)


@given(fields(missing=True), boxes(), st.floats(-300, 300, width=32))
def test_the_mean_of_a_constant_is_that_constant(content: xr.Dataset, region: Region, constant: float) -> None:
    content["field"] = content["field"].where(content["field"].isnull(), np.float32(constant)).assign_attrs(units="K")
    found = mean_over(region, made_canonical(content))
    expected = np.where(found["coverage"] > 0, np.float64(np.float32(constant)), np.nan)
    np.testing.assert_array_equal(found["mean"], expected)


@given(fields(), boxes())
def test_weights_are_shares_of_cells_and_sum_to_the_area_of_the_region(content: xr.Dataset, region: Region) -> None:
    grid = made_canonical(content)
    at = zone_of(region, grid)
    share = at.weights / grid["area"].values[at.rows][:, at.columns]
    assert ((share >= 0) & (share <= 1 + ROUNDING)).all()
    south, north = np.sin(np.deg2rad([region.box.south, region.box.north]))
    area = EARTH_RADIUS**2 * np.deg2rad(region.box.width) * (north - south)
    assert at.weights.sum() == pytest.approx(area, rel=ROUNDING * 1e3)  # sines of boxes half a degree high cancel
    assert (mean_over(region, grid)["coverage"] == 1.0).all()  # exactly: a minimum of 1 can be met


@given(fields(missing=True), boxes(), st.integers(1, 9), st.sampled_from(["synchronous", "threads"]))
def test_chunks_and_schedulers_change_no_bit(content: xr.Dataset, region: Region, size: int, scheduler: str) -> None:
    grid = made_canonical(content)
    with dask.config.set(scheduler=scheduler):
        found = mean_over(region, grid.chunk({"time": 1 + size % 2, "lat": size, "lon": 2 * size})).compute()
    xr.testing.assert_identical(found, mean_over(region, grid))


@given(fields(missing=True, steps=5), boxes())
def test_a_step_alone_has_the_mean_that_it_has_among_others(content: xr.Dataset, region: Region) -> None:
    grid = made_canonical(content)
    together = mean_over(region, grid)
    for step in range(5):
        alone = mean_over(region, grid.isel(time=[step]))
        xr.testing.assert_identical(alone, together.isel(time=[step]))


@given(fields(missing=True), boxes(), st.integers(0, 47), st.sampled_from([np.float32, np.float64]))
def test_orders_turns_and_precision_of_coordinates_change_no_bit(
    content: xr.Dataset, region: Region, shift: int, precision: type
) -> None:
    form = content.isel(lat=slice(None, None, -1)).roll(lon=shift, roll_coords=True)
    turned = {"lat": form["lat"].values.astype(precision), "lon": longitude_180(form["lon"].values).astype(precision)}
    found = mean_over(region, made_canonical(form.assign_coords(turned)))
    xr.testing.assert_identical(found, mean_over(region, made_canonical(content)))


@given(fields(missing=True), boxes())
def test_a_zone_across_the_antimeridian_is_the_same_zone_on_a_turned_grid(content: xr.Dataset, region: Region) -> None:
    # By whole cells and by half the circle: the zone that crossed the antimeridian crosses Greenwich then.
    assume(content.sizes["lon"] % 2 == 0)
    half = content.sizes["lon"] // 2
    turned = content.copy(data={name: np.roll(content[name].values, half, axis=2) for name in content.data_vars})
    west, east = (longitude_180(np.array([edge + 180.0])).item() for edge in (region.box.west, region.box.east))
    found = mean_over(box(west, east, region.box.south, region.box.north), made_canonical(turned))
    expected = mean_over(region, made_canonical(content))
    np.testing.assert_allclose(found["mean"], expected["mean"], rtol=ROUNDING, atol=1e-9)  # means near 0 cancel
    np.testing.assert_allclose(found["coverage"], expected["coverage"], rtol=0, atol=ROUNDING)


@given(fields(missing=True), st.integers(1, 179), st.integers(1, 179), st.integers(-90, 80))
def test_a_zone_across_the_antimeridian_is_the_sum_of_its_halves(
    content: xr.Dataset, before: int, after: int, south: int
) -> None:
    grid = made_canonical(content)
    halves = {"east": box(180 - before, 180, south, south + 10), "west": box(-180, after - 180, south, south + 10)}
    regions = {"whole": box(180 - before, after - 180, south, south + 10), **halves}
    at = zones(regions, grid)
    found = zonal_mean(grid["field"], grid["field_status"], at, STATUS["outside_domain"])
    area = xr.DataArray([one_.area for one_ in at], {"region": list(regions)}, ("region",))
    observed = found["coverage"] * area
    total = (found["mean"].fillna(0.0) * observed).drop_sel(region="whole").sum("region")
    assert area[0].item() == pytest.approx(area[1:].sum().item(), rel=ROUNDING * 1e3)
    np.testing.assert_allclose(observed[0], observed[1:].sum("region"), rtol=1e-9)
    np.testing.assert_allclose((found["mean"].fillna(0.0) * observed)[0], total, rtol=1e-9, atol=1e-9 * area[0].item())


@given(fields(missing=True, steps=1), boxes(), st.data())
def test_a_value_that_goes_missing_never_changes_a_mean_in_silence(
    content: xr.Dataset, region: Region, data: st.DataObject
) -> None:
    grid = made_canonical(content)
    row = data.draw(st.integers(0, grid.sizes["lat"] - 1))
    column = data.draw(st.integers(0, grid.sizes["lon"] - 1))
    gone = grid.copy(deep=True)
    gone["field"][0, row, column] = np.nan
    gone["field_status"][0, row, column] = STATUS["never_observed"]
    (before, had), (after, has) = one(mean_over(region, grid)), one(mean_over(region, gone))
    at = zone_of(region, grid)
    weights = np.zeros((grid.sizes["lat"], grid.sizes["lon"]))
    weights[at.rows, at.columns] = at.weights
    if weights[row, column] > 0 and np.isfinite(grid["field"].values[0, row, column]):
        assert has < had
    else:
        assert (np.isnan(after) and np.isnan(before)) or after == before
        assert has == had


def test_a_field_on_another_grid_than_its_status_is_an_error() -> None:
    grid = octants()
    moved = grid["field_status"].isel(time=[0, 0])
    with pytest.raises(ValueError, match="time"):
        zonal_mean(grid["field"], moved, zones({"a": EVERYWHERE}, grid), STATUS["outside_domain"])


def test_a_region_off_the_grid_is_an_error_that_says_what_there_is() -> None:
    grid = octants().isel(lat=[1])
    with pytest.raises(InputError, match=r"'a' does not; the grid has latitude 0\.\.90, longitude -180\.\.180"):
        zone_of(box(0, 10, -20, -10), grid)


def test_a_cell_that_only_touches_a_region_is_no_part_of_it() -> None:
    assert zone_of(box(0, 90, 0, 90), octants()).weights.shape == (1, 1)
    assert zone_of(polygons(polygon(0, 90, 0, 90)), octants()).weights.shape == (1, 1)
    thirds = made_canonical(published(np.ones((1, 540, 1080)), np.arange(-539, 540, 2) / 6, np.arange(1080) / 3))
    assert zone_of(box(-99.5, -60.5, -10, 10), thirds).weights.shape == (60, 117)  # edges at odd sixths of a degree


def test_a_value_that_is_there_counts_whatever_its_status_says() -> None:
    values, status = VALUES.copy(), np.zeros(VALUES.shape, np.int8)
    status[0, 1, 0], values[0, 1, 2] = STATUS["outside_domain"], np.nan
    mean, coverage = one(mean_over(box(0, 270, 0, 90), octants(values, status=status)))
    assert mean == pytest.approx(5.5, rel=ROUNDING)
    assert coverage == pytest.approx(2 / 3, rel=ROUNDING)


@given(fields(missing=True), boxes())
def test_a_polygon_of_the_shape_of_a_box_is_that_box(content: xr.Dataset, region: Region) -> None:
    assume(region.box.west <= region.box.east)
    grid, of = made_canonical(content), region.box
    drawn = polygons(polygon(of.west, of.east, of.south, of.north))
    expected, found = mean_over(region, grid), mean_over(drawn, grid)
    assert zone_of(drawn, grid).area == pytest.approx(zone_of(region, grid).area, rel=1e-9)
    np.testing.assert_allclose(found["coverage"], expected["coverage"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(found["mean"], expected["mean"], rtol=1e-9, atol=1e-6)  # means near 0 of values near 300


@pytest.mark.parametrize(
    "document",
    [
        {"type": "MultiPolygon", "coordinates": [ring(160, 180, -5, 5), ring(-180, -150, -5, 5)]},
        {"type": "Feature", "properties": {}, "geometry": polygon(160, 210, -5, 5)},
        {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": {"name": "east"}, "geometry": polygon(160, 180, -5, 5)},
                {"type": "Feature", "properties": {"name": "west"}, "geometry": polygon(-180, -150, -5, 5)},
            ],
        },
        {"type": "GeometryCollection", "geometries": [polygon(160, 180, -5, 5), polygon(-180, -150, -5, 5)]},
    ],
    ids=lambda document: document["type"],
)
def test_every_form_of_geojson_across_the_antimeridian_is_the_box(document: dict[str, object]) -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(290, 10, (1, 36, 72)).astype(np.float32)
    grid = made_canonical(published(values, np.arange(-87.5, 90, 5), np.arange(2.5, 360, 5)))
    expected, found = one(mean_over(box(160, -150, -5, 5), grid)), one(mean_over(polygons(document), grid))
    assert found == pytest.approx(expected, rel=1e-9)


def test_a_triangle_has_the_area_under_its_straight_edge() -> None:
    # From (0, 0) to (90, 0) and (0, 90): longitudes 0..90 - lat at each latitude, so R^2 times the integral of
    # (pi/2 - t) cos t over 0..pi/2, which is 1.
    triangle = polygons({"type": "Polygon", "coordinates": [[[0, 0], [90, 0], [0, 90], [0, 0]]]})
    area = zone_of(triangle, octants()).area
    assert area == pytest.approx(EARTH_RADIUS**2, rel=1e-6)  # the edge is cut into pieces of 0.1 degree


def test_a_hole_is_no_part_of_a_polygon() -> None:
    half, hole = ring(0, 180, -90, 90)[0], ring(60, 120, -30, 30)[0]  # by sin 30 = 1/2: a third of it, times a half
    holed = polygons({"type": "Polygon", "coordinates": [half, hole]})
    assert zone_of(holed, octants()).area == pytest.approx(2 * np.pi * EARTH_RADIUS**2 * (1 - 1 / 6), rel=1e-9)


def test_features_that_overlap_count_once() -> None:
    both = {"type": "FeatureCollection", "features": [polygon(0, 90, 0, 90), polygon(45, 180, 0, 90)]}
    assert one(mean_over(polygons(both), octants())) == pytest.approx((5.5, 1.0), rel=1e-9)
    parts = {"type": "MultiPolygon", "coordinates": [ring(0, 90, 0, 90), ring(45, 180, 0, 90)]}
    assert one(mean_over(polygons(parts), octants())) == pytest.approx((5.5, 1.0), rel=1e-9)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{",
        "[]",
        "null",
        "3",
        '"Polygon"',
        {},
        {"type": "FeatureCollection", "features": None},
        {"type": "FeatureCollection", "features": []},
        {"type": "FeatureCollection", "features": [3]},
        {"type": "FeatureCollection", "features": {"a": 1}},
        {"type": "FeatureCollection", "features": [{"type": "Feature"}]},
        {"type": "Feature", "properties": {}, "geometry": None},
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": "x"},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 9]]]},  # not closed
        {"type": "Polygon", "coordinates": [[[0, 0], [9, None], [9, 9], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]]]},  # crosses itself
        polygon(0, 10, 80, 100),
        polygon(0, 400, 0, 10),
        polygon(-200, -150, 0, 10),
    ],
    ids=str,
)
def test_geojson_that_is_no_region_is_refused_in_one_line_that_names_the_file(document: object) -> None:
    with pytest.raises(InputError, match=r"'a' .*'region\.geojson'") as refused:
        zone_of(polygons(document), octants())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("west", "east", "south", "north", "said"),
    [
        (0, 10, 10, 10, "south < north"),
        (0, 10, 20, 10, "south < north"),
        (10, 10, 0, 5, "west != east"),
        (180, -180, 0, 5, "west != east"),
        (-190, 0, 0, 5, "west"),
        (0, 361, 0, 5, "east"),
        (0, 10, -91, 0, "south"),
        (0, 10, 0, 91, "north"),
    ],
)
def test_a_box_without_area_or_off_the_earth_is_refused(
    west: float, east: float, south: float, north: float, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        Box(west=west, east=east, south=south, north=north)


def test_zones_come_in_the_order_given_with_the_names_given() -> None:
    grid = octants()
    regions = {"b": box(0, 90, 0, 90), "a": EVERYWHERE}
    found = zonal_mean(grid["field"], grid["field_status"], zones(regions, grid), STATUS["outside_domain"])
    assert found["region"].values.tolist() == ["b", "a"]
    assert found["mean"].values[:, 0].tolist() == [5.0, 4.5]


def polar(values: np.ndarray, crs: str = "EPSG:6931") -> xr.Dataset:
    """Give values on cells of 100 km about the North Pole: EASE-Grid 2.0, or polar stereographic."""
    metres = (np.arange(108) - 53.5) * 100_000.0
    dims = ("time", "y", "x")
    content = {"field": (dims, values[None], {"units": "K"}), "field_status": (dims, np.zeros((1, 108, 108), np.int8))}
    time = np.array(["2001-01-01"], "datetime64[ns]")
    return made_canonical(xr.Dataset(content, {"time": time, "y": metres[::-1], "x": metres}, {"crs": crs}))


CONSTANT = np.full((108, 108), 273.16, np.float32)


@pytest.mark.parametrize("crs", ["EPSG:6931", "EPSG:3413"])
@pytest.mark.parametrize("region", [box(-180, 180, 60, 90), box(170, -170, 60, 80), box(-10, 10, 60, 80)])
def test_a_zone_on_a_polar_grid_has_its_area_and_the_mean_of_a_constant(region: Region, crs: str) -> None:
    grid = polar(CONSTANT, crs)
    at = zone_of(region, grid)
    mean, coverage = one(mean_over(region, grid))
    assert mean == np.float64(np.float32(273.16))
    # Border cells count to a sixteenth of their side; of the boxes with 20 degrees about one cell in eight is one.
    assert at.weights.sum() == pytest.approx(at.area, rel=2e-3)
    assert coverage == pytest.approx(1.0, abs=2e-3)


def test_a_zone_across_the_antimeridian_on_a_polar_grid_is_the_opposite_one_turned_round() -> None:
    noise = np.random.default_rng(5).normal(273, 5, (108, 108)).astype(np.float32)
    there, here = box(170, -170, 60, 80), box(-10, 10, 60, 80)
    found, expected = one(mean_over(there, polar(noise))), one(mean_over(here, polar(noise[::-1, ::-1])))
    assert found == pytest.approx(expected, rel=1e-9)


def test_a_polygon_on_a_polar_grid_is_the_box_of_its_shape() -> None:
    noise = np.random.default_rng(5).normal(273, 5, (108, 108)).astype(np.float32)
    found = one(mean_over(polygons(polygon(10, 70, 65, 85)), polar(noise)))
    expected = one(mean_over(box(10, 70, 65, 85), polar(noise)))
    assert found[0] == pytest.approx(expected[0], rel=1e-6)
    assert found[1] == pytest.approx(expected[1], abs=4e-3)  # on a sphere and on the ellipsoid
