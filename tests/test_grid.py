"""Cells: exact axes, bounds and areas. Expected numbers are worked by hand from R^2 (sin n - sin s) (e - w)."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import Floats, cells_between, edges, regular_axes

from eo.grid import EARTH_RADIUS, cell_area, cells, longitude_180

SPHERE = 4 * np.pi * EARTH_RADIUS**2
ROUNDING = 1e-12
"""Of sums of some thousand float64 numbers, each right to 1e-16."""


@pytest.mark.parametrize(
    ("lat", "lon", "share"),
    [
        ((0, 90), (0, 90), 1 / 8),  # an octant
        ((0, 30), (0, 180), 1 / 8),  # sin 30 = 1/2: as much as an octant
        ((30, 90), (-90, 90), 1 / 8),
        ((-90, 90), (179, 180), 1 / 360),  # a segment of an orange
        ((-30, 30), (-180, 180), 1 / 2),
    ],
)
def test_a_cell_has_the_area_that_is_worked_out_by_hand(
    lat: tuple[float, float], lon: tuple[float, float], share: float
) -> None:
    area = cell_area(np.array([lat], float), np.array([lon], float))
    assert area.item() == pytest.approx(share * SPHERE, rel=ROUNDING)


def test_the_sphere_has_the_area_of_the_ellipsoid_wgs_84() -> None:
    major, flattening = 6_378_137.0, 1 / 298.257223563
    e = np.sqrt(flattening * (2 - flattening))
    ellipsoid = 2 * np.pi * major**2 * (1 + (1 - e**2) / e * np.arctanh(e))  # an oblate spheroid, in closed form
    assert pytest.approx(ellipsoid, rel=1e-10) == SPHERE  # the radius is given to 0.1 mm


@given(regular_axes())
def test_cells_of_a_regular_grid_tile_the_sphere(axes: tuple[Floats, Floats]) -> None:
    lat, lon = axes
    area = cell_area(cells(lat)[1], cells(lon, wrap=True)[1])
    assert (area > 0).all()
    assert area.sum() == pytest.approx(SPHERE, rel=ROUNDING)


@given(edges(-90, 90), edges(-30, 330))
def test_cells_of_an_irregular_grid_with_bounds_tile_the_sphere(lat_edges: Floats, lon_edges: Floats) -> None:
    (lat, lat_bounds), (lon, lon_bounds) = cells_between(lat_edges), cells_between(lon_edges)
    area = cell_area(cells(lat, lat_bounds)[1], cells(lon, lon_bounds, wrap=True)[1])
    assert (area > 0).all()
    assert area.sum() == pytest.approx(SPHERE, rel=1e-8)  # bounds are kept to 1e-9 degree, cells are wider than 0.1


@given(edges(-90, 90))
def test_bounds_that_no_file_gives_are_midpoints_without_gap_or_overlap(ends: Floats) -> None:
    lat, _ = cells_between(ends)
    _, bounds = cells(lat)
    np.testing.assert_allclose(bounds[1:, 0], bounds[:-1, 1], rtol=0, atol=1e-9)
    assert (np.abs(bounds) <= 90).all()


@given(st.lists(st.integers(20, 30), min_size=4, max_size=12))
def test_uneven_longitudes_round_the_circle_tile_it(gaps: list[int]) -> None:
    lon = np.cumsum(gaps) / sum(gaps) * 360.0
    _, bounds = cells(lon, wrap=True)
    assert (bounds[:, 1] - bounds[:, 0]).sum() == pytest.approx(360.0, abs=1e-7)


@given(regular_axes(), st.integers(0, 47))
def test_longitudes_of_any_turn_order_and_precision_give_the_same_cells_bit_for_bit(
    axes: tuple[Floats, Floats], shift: int
) -> None:
    _, lon = axes
    expected = np.sort(np.column_stack(cells(lon, wrap=True)), axis=0)
    for form in (longitude_180(lon), np.sort(longitude_180(lon)), np.roll(lon, shift), lon[::-1], lon - 360):
        for precision in (np.float32, np.float64):
            found = np.column_stack(cells(form.astype(precision), wrap=True))
            np.testing.assert_array_equal(np.sort(found, axis=0), expected)


@given(regular_axes())
def test_latitudes_of_either_order_and_precision_give_the_same_cells_bit_for_bit(axes: tuple[Floats, Floats]) -> None:
    lat, _ = axes
    expected = np.column_stack(cells(lat))
    for precision in (np.float32, np.float64):
        np.testing.assert_array_equal(np.column_stack(cells(lat.astype(precision))), expected)
        np.testing.assert_array_equal(np.column_stack(cells(lat[::-1].astype(precision)))[::-1], expected)


@given(regular_axes(), st.integers(0, 47), st.integers(2, 47))
def test_a_stretch_of_longitudes_has_the_cells_of_the_whole_circle(
    axes: tuple[Floats, Floats], first: int, count: int
) -> None:
    _, lon = axes
    whole = {centre: tuple(bounds) for centre, bounds in zip(*cells(lon, wrap=True), strict=True)}
    stretch = np.roll(longitude_180(lon), -first)[: min(count, lon.size - 1)]
    for part in (stretch, np.sort(stretch)):  # a stretch across the antimeridian, as it runs and sorted
        found = {centre: tuple(bounds) for centre, bounds in zip(*cells(part, wrap=True), strict=True)}
        assert found == {centre: whole[centre] for centre in found}


def test_single_precision_thirds_of_a_degree_become_exact() -> None:
    published = np.linspace(-179.83333, 179.83333, 1080, dtype=np.float32)
    centres, bounds = cells(published, wrap=True)
    assert centres[0] == -1079 / 6
    np.testing.assert_array_equal(bounds[1:, 0], bounds[:-1, 1])
    assert (bounds[0, 0], bounds[-1, 1]) == (-180.0, 180.0)


def test_rows_on_the_poles_are_half_cells() -> None:
    centres, bounds = cells(np.array([-90.0, -45.0, 0.0, 45.0, 90.0]))
    np.testing.assert_array_equal(centres, [-90, -45, 0, 45, 90])
    np.testing.assert_array_equal(bounds, [[-90, -67.5], [-67.5, -22.5], [-22.5, 22.5], [22.5, 67.5], [67.5, 90]])
    np.testing.assert_array_equal(cells(centres, bounds)[1], bounds)


@pytest.mark.parametrize("rows", [slice(None), slice(2, -2), slice(20, 30)])
def test_a_gaussian_axis_keeps_its_published_bounds_whole_or_in_part(rows: slice) -> None:
    nodes, weights = np.polynomial.legendre.leggauss(64)
    lat = np.rad2deg(np.arcsin(nodes))
    ends = np.concatenate([[-90], np.rad2deg(np.arcsin(np.cumsum(weights)[:-1] - 1)), [90]])
    bounds = np.stack([ends[:-1], ends[1:]], axis=1)
    centres, found = cells(lat[rows], bounds[rows])
    np.testing.assert_allclose(found, bounds[rows], rtol=0, atol=1e-9)
    np.testing.assert_allclose(centres, lat[rows], rtol=0, atol=1e-9)


def test_published_bounds_of_an_uneven_axis_are_kept_whichever_way_they_are_written() -> None:
    centres, bounds = cells(np.array([10.0, 1.0, -5.0]), np.array([[15.0, 4.0], [4.0, -3.0], [-3.0, -8.0]]))
    np.testing.assert_array_equal(centres, [10, 1, -5])
    np.testing.assert_array_equal(bounds, [[4, 15], [-3, 4], [-8, -3]])


def test_bounds_that_are_wider_than_the_spacing_are_kept() -> None:
    _, bounds = cells(np.array([0.0, 1.0, 2.0]), np.array([[-0.8, 0.5], [0.5, 1.5], [1.5, 2.5]]))
    np.testing.assert_array_equal(bounds, [[-0.8, 0.5], [0.5, 1.5], [1.5, 2.5]])


def test_bounds_in_another_turn_than_their_centres_follow_them() -> None:
    centres, bounds = cells(np.array([185.0, 200.0]), np.array([[180.0, 190.0], [190.0, 210.0]]), wrap=True)
    np.testing.assert_array_equal(centres, [-175, -160])
    np.testing.assert_array_equal(bounds, [[-180, -170], [-170, -150]])


@pytest.mark.parametrize(
    ("axis", "bounds", "wrap", "said"),
    [
        ([0.0, np.nan, 2.0], None, False, "latitude lies in -90..90; there is nan"),
        ([80.0, 90.0, 100.0], None, False, "latitude lies in -90..90; there is 100"),
        ([0.0, 1.0, 9.97e36], None, True, "longitude lies in -720..720; there is 9.97e"),
        ([5.0], None, False, "two points"),
        ([0.0, 10.0, 5.0, 20.0], None, False, "5 repeats or turns back"),
        ([0.0, 10.0, 10.0, 20.0], None, False, "10 repeats or turns back"),
        ([179.0, 180.0], [[178.5, 179.5], [179.5, -179.5]], True, "bounds of 180 are -179.5 and 179.5"),
        ([0.0, 1.0], [[0.0, 0.0], [0.5, 1.5]], False, "bounds of 0 are 0 and 0"),
    ],
)
def test_an_axis_that_makes_no_cells_is_refused(
    axis: list[float], bounds: list[list[float]] | None, said: str, *, wrap: bool
) -> None:
    with pytest.raises(ValueError, match=said):
        cells(np.array(axis), None if bounds is None else np.array(bounds), wrap=wrap)


@given(st.floats(-720, 720))
@example(180.0)
@example(np.nextafter(180.0, 0))
def test_a_longitude_is_given_between_minus_180_and_180(longitude: float) -> None:
    found = longitude_180(np.array([longitude])).item()
    assert -180 <= found < 180
    assert np.cos(np.deg2rad(found)) == pytest.approx(np.cos(np.deg2rad(longitude)), abs=1e-9)
