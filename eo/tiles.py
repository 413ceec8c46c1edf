"""Work on a grid tile by tile: what is made of each goes to a scratch file, so that no grid over all time is held."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
import xarray as xr

from eo import netcdf
from eo.canonical import spatial_dims
from eo.chunks import Chunks, chunks
from eo.store import explained

Tile = dict[str, slice]
Stored = Chunks | npt.NDArray[Any]
"""The values of a tile, in a file or in memory."""

_TILE_CELLS = 32
"""Along each side of the least tile: that of the chunks of a tiled file, see `eo.netcdf`."""
_TILE_BYTES = 16 << 20
"""Of the values of one variable over all time steps in a tile; an indicator needs some times as much."""
_VALUES = 1 << 22
"""Of one variable that are put together at a time."""


def tiles(series: xr.Dataset) -> list[list[Tile]]:
    """Give the tiles that a series is worked on: rows of tiles; one for all where it is of zones."""
    if "region" in series.dims:
        return [[{}]]
    rows, columns = spatial_dims(series)
    steps = max(series.sizes["time"], 1)
    wide = max(1, int(np.sqrt(_TILE_BYTES / 8 / steps)) // _TILE_CELLS) * _TILE_CELLS
    return [
        [{rows: slice(y, y + wide), columns: slice(x, x + wide)} for x in range(0, series.sizes[columns], wide)]
        for y in range(0, series.sizes[rows], wide)
    ]


def by_tiles(
    function: Callable[[Tile], xr.Dataset], laid: list[list[Tile]], work: Path, *, tiled: bool = False
) -> xr.Dataset:
    """Give what a function gives for each tile, put together; lazily where there are several.

    Parameters
    ----------
    function : gives data of a tile, in memory
    laid : rows of tiles, see `tiles`
    work : where scratch files go; they are read as long as what is given is used
    tiled : whether what is given is written to a tiled file, see `eo.netcdf.write`

    Raises
    ------
    StoreError
        The disk is full or refuses.
    """
    if sum(map(len, laid)) == 1:
        return function(laid[0][0])
    rows, columns = laid[0][0]
    cells = laid[-1][-1][rows].stop * laid[-1][-1][columns].stop
    steps = max(1, _VALUES // cells)
    apart = [[_spilled(function(tile), (rows, columns), work, steps) for tile in row] for row in laid]
    whole = _together([_together([rest for _, rest in row], columns) for row in apart], rows)
    fields = {}
    for name, first in apart[0][0][0].items():
        pieces: list[list[Stored]] = [[tile[name].values for tile, _ in row] for row in apart]
        fields[name] = (first.dims, _lazy(pieces, first, whole, tiled=tiled, steps=steps), first.attrs)
    return whole.assign(fields)


@dataclass(frozen=True)
class _Field:
    """A variable of one tile."""

    dims: tuple[str, ...]
    attrs: dict[str, Any]
    values: Stored


def _spilled(found: xr.Dataset, space: tuple[str, str], work: Path, steps: int) -> tuple[dict[str, _Field], xr.Dataset]:
    """Give the fields of a tile, kept in a scratch file, and the rest of what was found."""
    wide = [str(name) for name, one in found.data_vars.items() if set(space) <= set(one.dims)]
    path = work / f"{uuid.uuid4().hex}.nc"
    with explained(path):
        netcdf.write(xr.Dataset({name: (found[name].dims, found[name].values) for name in wide}), path, steps=steps)
    fields = {}
    for name in wide:
        stored = chunks(path, name)
        dims = tuple(map(str, found[name].dims))
        fields[name] = _Field(dims, dict(found[name].attrs), found[name].values if stored is None else stored)
    return fields, found.drop_vars(wide)


def _lazy(pieces: list[list[Stored]], like: _Field, whole: xr.Dataset, *, tiled: bool, steps: int) -> da.Array:
    rows, columns = (like.dims.index(dim) for dim in spatial_dims(whole))
    mosaic = Mosaic(pieces, rows, columns)
    sizes = netcdf.chunk_sizes(dict(zip(like.dims, mosaic.shape, strict=True)), tiled=tiled, steps=steps)
    return da.from_array(mosaic, chunks=sizes, name=False, fancy=False, meta=np.empty(0, mosaic.dtype))  # type: ignore[no-untyped-call, no-any-return]


class Mosaic:
    """An array put together of those of its tiles; indexing gives values, and reads only the tiles that it needs."""

    def __init__(self, pieces: list[list[Stored]], rows: int, columns: int) -> None:
        """Take rows of tiles and the axes along which they lie."""
        self.pieces, self.rows, self.columns = pieces, rows, columns
        self.south = np.cumsum([0, *(row[0].shape[rows] for row in pieces)])
        self.west = np.cumsum([0, *(one.shape[columns] for one in pieces[0])])
        shape = list(pieces[0][0].shape)
        shape[rows], shape[columns] = int(self.south[-1]), int(self.west[-1])
        self.shape, self.dtype, self.ndim = tuple(shape), np.dtype(pieces[0][0].dtype), len(shape)

    def __getitem__(self, key: tuple[slice | int, ...]) -> npt.NDArray[Any]:
        """Give the values of a window: a slice without a step, or a number, for each axis."""
        cuts = [one if isinstance(one, slice) else slice(one, one + 1) for one in key]
        spans = [range(size)[one] for one, size in zip(cuts, self.shape, strict=True)]
        out = np.empty([len(one) for one in spans], self.dtype)
        for row, south in zip(self.pieces, self.south, strict=False):
            for piece, west in zip(row, self.west, strict=False):
                self._put(out, piece, spans, {self.rows: int(south), self.columns: int(west)})
        return out[tuple(slice(None) if isinstance(one, slice) else 0 for one in key)]

    @staticmethod
    def _put(out: npt.NDArray[Any], piece: Stored, spans: list[range], corner: dict[int, int]) -> None:
        inside, place = [], []
        for axis, span in enumerate(spans):
            at = corner.get(axis, 0)
            low, high = max(span.start, at), min(span.stop, at + piece.shape[axis])
            if low >= high:
                return
            inside.append(slice(low - at, high - at))
            place.append(slice(low - span.start, high - span.start))
        out[tuple(place)] = piece[tuple(inside)]


def _together(pieces: list[xr.Dataset], dim: str) -> xr.Dataset:
    if len(pieces) == 1:
        return pieces[0]
    return xr.concat(
        pieces, dim=dim, data_vars="minimal", coords="minimal", compat="equals", join="exact", combine_attrs="override"
    )
