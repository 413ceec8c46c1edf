"""One granule by itself: in canonical form as a CF file, with a summary that a person can check."""

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dask
import numpy as np
import xarray as xr

from eo import __version__, netcdf
from eo.canonical import STATUS, spatial_dims
from eo.granules import canonical_of, grid_name
from eo.model import Product
from eo.provenance import file_sha256
from eo.steps import labels
from eo.store import write_whole

_ROWS = 256
"""Rows that are looked at together."""


@netcdf.serial
def write_canonical(path: Path, name: str, product: Product, out: Path) -> list[str]:
    """Write a granule in canonical form, and give the lines of its summary.

    Chunk after chunk, so that memory does not follow the number of cores.

    Parameters
    ----------
    path : the file of the agency
    name, product : what it is
    out : where the canonical file goes

    Raises
    ------
    InputError
        The file breaks a rule of its reader or of the canonical form.
    StoreError
        The canonical file cannot be written.
    """
    with dask.config.set(scheduler="synchronous"), canonical_of(path, product) as content:
        described = content.assign_attrs(_said(path, name, product))
        write_whole(out, lambda draft: netcdf.write(described, draft), out.parent)
    with dask.config.set(scheduler="synchronous"), netcdf.opened(out) as written:
        return list(summary(written, product))


def _said(path: Path, name: str, product: Product) -> dict[str, object]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "Conventions": "CF-1.11",
        "title": f"{product.title}: one granule in canonical form",
        "institution": product.institution,
        "source": f"{path.name}, sha256 {file_sha256(path)}",
        "references": product.citation,
        "license": product.licence,
        "history": f"{now} eo {__version__}: read {path.name} as {name}",
    }


def summary(content: xr.Dataset, product: Product) -> Iterator[str]:
    """Give lines on times, grid, and for each variable the values that are there and why others are not."""
    steps = labels(content["time"].values, product.step)
    yield f"time   {steps[0]}{f' to {steps[-1]} ({len(steps)} steps)' if len(steps) > 1 else ''}, by {product.step}"
    yield f"grid   {grid_name(content)}, {' x '.join(spatial_dims(content))}"
    for name, variable in product.variables.items():
        yield f"{name} [{variable.units}]"
        yield f"  {_numbers(content[name], content['area'])}"
        yield f"  {_reasons(content[f'{name}_status'])}"


def _blocks(field: xr.DataArray) -> Iterator[dict[str, slice]]:
    """Give the place of each stored chunk, so that memory does not follow the size of the grid."""
    sizes = {str(dim): field.chunksizes.get(dim, (field.sizes[dim],)) for dim in field.dims}
    edges = [itertools.pairwise([0, *itertools.accumulate(one)]) for one in sizes.values()]
    for place in itertools.product(*edges):
        yield {dim: slice(*one) for dim, one in zip(sizes, place, strict=True)}


def _numbers(field: xr.DataArray, area: xr.DataArray) -> str:
    seen: list[tuple[float, ...]] = []
    for place in _blocks(field):
        values = field.isel(place).values.reshape(-1, field.isel(place).shape[-1])
        cells = area.isel({dim: one for dim, one in place.items() if dim in area.dims}).values
        cells = np.broadcast_to(cells, (*field.isel(place).shape[:-2], *cells.shape)).reshape(values.shape)
        for rows in range(0, len(values), _ROWS):
            band, weights = values[rows : rows + _ROWS], cells[rows : rows + _ROWS]
            there = np.isfinite(band) & np.isfinite(weights)
            if there.any():
                value, weight = band[there].astype(np.float64), weights[there]
                seen.append((value.size, weight.sum(), (value * weight).sum(), value.min(), value.max()))
    if not seen:
        return "no value"
    counts, weights, sums, low, high = (np.array(one, np.float64) for one in zip(*seen, strict=True))
    mean, share = sums.sum() / weights.sum(), counts.sum() / field.size
    return f"min {low.min():.6g}, area mean {mean:.6g}, max {high.max():.6g}; {share:.2%} of cells have a value"


def _reasons(status: xr.DataArray) -> str:
    found: Counter[int] = Counter()
    for place in _blocks(status):
        codes, counts = np.unique(status.isel(place).values, return_counts=True)
        found.update(dict(zip(codes.tolist(), counts.tolist(), strict=True)))
    words = {code: word for word, code in STATUS.items()}
    return ", ".join(f"{words[code]} {count / status.size:.2%}" for code, count in sorted(found.items()))
