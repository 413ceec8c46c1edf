"""NetCDF files from a table of variables as they are stored: what the writers of synthetic granules share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import numpy.typing as npt

SYNTHETIC = "SYNTHETIC test data: the layout of a granule, without an observation in it"
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Stored:
    """A variable as its bytes are: values of the stored type, and attributes of theirs."""

    values: Array
    dims: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    chunks: tuple[int, ...] | None = None
    level: int = 4
    """Of zlib; 0 is contiguous."""


def write_netcdf(
    path: Path,
    variables: Mapping[str, Stored],
    attributes: Mapping[str, Any],
    *,
    unlimited: str = "",
    model: Any = "NETCDF4",  # noqa: ANN401 - a literal of netCDF4
) -> Path:
    """Write variables and global attributes, packed as they are given."""
    sizes = {dim: size for one in variables.values() for dim, size in zip(one.dims, np.shape(one.values), strict=True)}
    with netCDF4.Dataset(path, "w", format=model) as file:
        for dim, size in sizes.items():
            file.createDimension(dim, None if dim == unlimited else size)
        for name, one in variables.items():
            _write_variable(file, name, one)
        for key, value in ({"comment": SYNTHETIC} | dict(attributes)).items():
            if value is not None:
                file.setncattr(key, value)
    return path


def _write_variable(file: netCDF4.Dataset, name: str, one: Stored) -> None:
    said = {key: value for key, value in one.attributes.items() if value is not None}
    packed = bool(one.dims) and one.level > 0
    made = file.createVariable(
        name,
        one.values.dtype,
        one.dims,
        zlib=packed,
        shuffle=packed,
        complevel=one.level or 4,
        chunksizes=one.chunks if packed else None,
        fill_value=said.pop("_FillValue", None),
    )
    made.set_auto_maskandscale(False)
    for key, value in said.items():
        made.setncattr(key, value)
    made[...] = one.values


def centres(start: float, step: float, count: int, dtype: str = "f4") -> Array:
    """Give the centres of cells."""
    return (start + step * np.arange(count)).astype(dtype)


def packed(truth: Array, scale: float, offset: float, dtype: str, fill: float) -> Array:
    """Give physical values as packed ones, the fill value where they are NaN."""
    whole = np.round((truth - offset) / scale)
    return np.where(np.isfinite(truth), whole, fill).astype(dtype)
