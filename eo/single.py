"""One granule by itself: in canonical form as a CF file, with a summary that a person can check."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import xarray as xr

from eo import __version__, netcdf
from eo.canonical import STATUS, spatial_dims
from eo.granules import canonical_of, grid_name
from eo.model import Product
from eo.provenance import file_sha256
from eo.steps import labels
from eo.store import publish


@netcdf.serial
def write_canonical(path: Path, name: str, product: Product, out: Path) -> list[str]:
    """Write a granule in canonical form, and give the lines of its summary.

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
    with canonical_of(path, product) as content:
        described = content.assign_attrs(_said(path, name, product))
        publish(out, lambda draft: netcdf.write(described, draft), out.parent)
    with netcdf.opened(out) as written:
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


def _numbers(field: xr.DataArray, area: xr.DataArray) -> str:
    there = field.notnull()
    weights = area.fillna(0.0).where(there, 0.0)
    total = float(weights.sum(dtype=np.float64))
    if total == 0:
        return "no value"
    mean = float((field.fillna(0.0).astype(np.float64) * weights).sum() / total)
    low, high = float(field.min()), float(field.max())
    return f"min {low:.6g}, area mean {mean:.6g}, max {high:.6g}; {float(there.mean()):.2%} of cells have a value"


def _reasons(status: xr.DataArray) -> str:
    codes, counts = np.unique(status.values, return_counts=True)
    words = {code: word for word, code in STATUS.items()}
    return ", ".join(f"{words[int(code)]} {count / status.size:.2%}" for code, count in zip(codes, counts, strict=True))
