"""Work by tiles: what is put together lazily from scratch files is what one tile would have given, to the last bit."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from eo import netcdf, tiles
from eo.tiles import Mosaic, Tile, by_tiles

WHOLE = np.arange(4 * 5 * 7.0).reshape(4, 5, 7)


@given(st.data())
def test_a_window_of_a_mosaic_is_that_of_the_whole_array(data: st.DataObject) -> None:
    pieces = [[WHOLE[:, y : y + 2, x : x + 3] for x in range(0, 7, 3)] for y in range(0, 5, 2)]
    mosaic = Mosaic(pieces, 1, 2)
    key = []
    for size in WHOLE.shape:
        start = data.draw(st.integers(0, size - 1))
        key.append(data.draw(st.sampled_from([start, slice(start, data.draw(st.integers(start + 1, size)))])))
    assert (mosaic.shape, mosaic.dtype) == (WHOLE.shape, WHOLE.dtype)
    np.testing.assert_array_equal(mosaic[tuple(key)], WHOLE[tuple(key)])


@pytest.mark.parametrize("tiled", [False, True])
def test_tiles_put_together_are_what_one_tile_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, tiled: bool
) -> None:
    """Fields over time, of a kind each, a table of each cell, and what is of no cell; and so are they when written."""
    monkeypatch.setattr(tiles, "_TILE_CELLS", 2)
    monkeypatch.setattr(tiles, "_TILE_BYTES", 1)
    monkeypatch.setattr(tiles, "_VALUES", 70)
    whole = xr.Dataset(
        {
            "value": (("time", "lat", "lon"), WHOLE, {"units": "K"}),
            "flag": (("time", "lat", "lon"), (WHOLE % 3).astype(np.int8)),
            "table": (("lat", "lon", "day"), np.moveaxis(WHOLE, 0, -1)),
            "years": (("day",), np.arange(4.0)),
        },
        {"time": np.arange("2001-01", "2001-05", dtype="datetime64[M]").astype("datetime64[ns]"),
         "lat": np.arange(5.0), "lon": np.arange(7.0), "area": (("lat", "lon"), WHOLE[0] + 1)},
    )  # fmt: skip

    def of_tile(tile: Tile) -> xr.Dataset:
        return whole.isel(tile)

    laid = tiles.tiles(whole)
    assert [len(row) for row in laid] == [4, 4, 4]
    found = by_tiles(of_tile, laid, tmp_path, tiled=tiled)
    assert all((found[name].chunks is not None) == (name != "years") for name in found.data_vars)
    xr.testing.assert_identical(found.load(), whole)
    again = by_tiles(of_tile, laid, tmp_path, tiled=tiled)
    netcdf.write(again, tmp_path / "lazy.nc", tiled=tiled)
    netcdf.write(whole, tmp_path / "whole.nc", tiled=tiled)
    assert netcdf.content(tmp_path / "lazy.nc") == netcdf.content(tmp_path / "whole.nc")
