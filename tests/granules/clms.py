"""Synthetic CLMS vegetation granules, windows of the global grid: bytes with codes above the valid range."""

from pathlib import Path
from typing import Any

import numpy as np
from granules._layout import SYNTHETIC, Array, Stored, write_netcdf

CORNER = (80.0, -180.0)
"""The first pixel centre of the global grid, north and west; its outer corner is half a pixel off."""


def write_clms(  # noqa: PLR0913 - a granule has many facts
    path: Path,
    numbers: Array,
    *,
    layer: str = "NDVI300",
    variable: str = "NDVI",
    date: str = "20210111",
    consolidation: str = "",
    version: str = "2.0.1",
    pixels: int = 336,
    row: int = 10_000,
    column: int = 0,
    scale: float | None = 0.004,
    offset: float = -0.08,
    fill: int | None = 255,
    spread: tuple[str, Array] | None = None,
    quality: tuple[Array, list[int], str] | None = None,
    time: str | None = "",
    shift: float = 0.0,
    attributes: dict[str, Any] | None = None,
) -> Path:
    """Write bytes (lat, lon; north first) as they are, from a pixel of the global grid on.

    `spread` is the uncertainty layer and its numbers; `quality` the flags, their masks and meanings; `time` the date of
    the time coordinate (empty: that of the name; None: no time dimension, as in the first versions).
    """
    rows, columns = numbers.shape
    north, west = CORNER[0] - (row + shift) / pixels, CORNER[1] + (column + shift) / pixels
    dims = ("lat", "lon") if time is None else ("time", "lat", "lon")
    step = 1 / pixels
    transform = f"{CORNER[1] - step / 2 + column * step} {step} 0.0 {CORNER[0] + step / 2 - row * step} 0.0 {-step}"
    said = {
        "_FillValue": None if fill is None else np.uint8(fill),
        "scale_factor": scale,
        "add_offset": offset,
        "units": "",
        "valid_range": np.array([0, 250], "u1"),
        "grid_mapping": "crs",
    }
    variables = {
        "lat": Stored(
            north - step * np.arange(rows), ("lat",), {"units": "degrees_north", "standard_name": "latitude"}
        ),
        "lon": Stored(
            west + step * np.arange(columns), ("lon",), {"units": "degrees_east", "standard_name": "longitude"}
        ),
        "crs": Stored(np.array(0, "i4"), (), {"grid_mapping_name": "latitude_longitude", "GeoTransform": transform}),
        variable: _layer(numbers.astype("u1"), dims, said),
    }
    if time is not None:
        day = np.datetime64(time or f"{date[:4]}-{date[4:6]}-{date[6:]}") - np.datetime64("1970-01-01")
        variables["time"] = Stored(
            np.array([day.astype(int)], "f8"), ("time",), {"units": "days since 1970-01-01", "standard_name": "time"}
        )
    if spread is not None:
        name, errors = spread
        signed = {"scale_factor": 0.001, "add_offset": 0.0, "units": "", "_FillValue": np.int16(-1)}
        variables[name] = _layer(errors, dims, signed if errors.dtype == np.int16 else said | {"add_offset": 0.0})
    if quality is not None:
        flags, masks, meanings = quality
        variables["QFLAG"] = _layer(
            flags, dims, {"flag_masks": np.array(masks, flags.dtype), "flag_meanings": meanings}
        )
    return write_netcdf(path, variables, _attributes(layer, consolidation, date, version) | (attributes or {}))


def _layer(numbers: Array, dims: tuple[str, ...], attributes: dict[str, Any]) -> Stored:
    whole = numbers[None] if "time" in dims else numbers
    return Stored(whole, dims, attributes, whole.shape)


def _attributes(layer: str, consolidation: str, date: str, version: str) -> dict[str, Any]:
    whole = f"{layer}{consolidation and '-' + consolidation}_{date}0000_GLOBE_OLCI_V{version}"
    return {
        "Conventions": "CF-1.6",
        "title": f"{SYNTHETIC}; 10-daily {layer}",
        "identifier": f"urn:cgls:global:{layer.lower()}_v{version[0]}_333m:{whole}",
        "product_version": f"V{version}",
    }
