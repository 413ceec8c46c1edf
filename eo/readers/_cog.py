"""GeoTIFFs of STAC items: whether their projection is the one stated, and how tiles make one grid."""

import itertools

import pyproj

from eo.errors import InputError
from eo.readers._geotiff import GeoTiff

_SNAP = 0.01


def check_projection(cog: GeoTiff, stated: object) -> None:
    """Refuse a GeoTIFF in another projection than the one its item states, where it states one.

    Raises
    ------
    InputError
        They are not the same.
    """
    if stated in {None, ""}:
        return
    text = str(stated)
    try:
        there = pyproj.CRS.from_user_input(f"EPSG:{text}" if text.isdigit() else text)
    except pyproj.exceptions.CRSError:
        raise InputError(f"an item states its projection by an EPSG code; it states {text!r}") from None
    if not there.equals(cog.crs, ignore_axis_order=True):
        raise InputError(f"{cog.path.name} is in the projection of its item, {there.name}; it is in {cog.crs.name}")


def mosaic(tiles: list[GeoTiff]) -> list[list[int]]:
    """Give the numbers of the tiles of one grid in rows from the north, each from the west.

    Raises
    ------
    InputError
        They are not of one projection and pixel size, overlap, or leave a hole.
    """
    first = tiles[0]
    if any(one.crs != first.crs or abs(one.step - first.step) > _SNAP * first.step / one.columns for one in tiles):
        raise InputError(f"the tiles of a granule have one projection and pixel size; they are {_said(tiles)}")
    order = sorted(range(len(tiles)), key=lambda number: (-tiles[number].top, tiles[number].left))
    across = sum(abs(tiles[number].top - tiles[order[0]].top) < first.step for number in order)
    rows = [order[start : start + across] for start in range(0, len(order), across)]
    if not all(_joined([tiles[number] for number in row]) for row in rows) or not _stacked(tiles, rows):
        raise InputError(f"the tiles of a granule fill a rectangle; they are {_said(tiles)}")
    return rows


def _said(tiles: list[GeoTiff]) -> list[str]:
    return [f"{one.path.name} {[round(edge, 6) for edge in one.edges]} by {one.step:g}" for one in tiles]


def _joined(row: list[GeoTiff]) -> bool:
    same = all(one.rows == row[0].rows and abs(one.top - row[0].top) < _SNAP * one.step for one in row)
    pairs = itertools.pairwise(row)
    return same and all(abs(west.edges[2] - east.left) < _SNAP * west.step for west, east in pairs)


def _stacked(tiles: list[GeoTiff], rows: list[list[int]]) -> bool:
    if any(len(row) != len(rows[0]) for row in rows):
        return False
    columns = zip(*rows, strict=True)
    return all(
        abs(tiles[north].edges[1] - tiles[south].top) < _SNAP * tiles[north].step
        and abs(tiles[north].left - tiles[south].left) < _SNAP * tiles[north].step
        and tiles[north].columns == tiles[south].columns
        for column in columns
        for north, south in itertools.pairwise(column)
    )
