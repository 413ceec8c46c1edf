"""Synthetic Snow CCI granules: unsigned bytes in signed ones with codes, or millimetres with negative codes."""

from pathlib import Path
from typing import Any

import numpy as np
from granules._layout import SYNTHETIC, Array, Stored, centres, write_netcdf

DIMS = ("time", "lat", "lon")


def write_snow_fraction(
    path: Path,
    numbers: Array,
    spread: Array,
    *,
    variable: str = "scfg",
    date: str = "2010-02-03",
    signed: bool = True,
    valid_range: Any = "0,-2",  # noqa: ANN401 - a text or two bytes
    attributes: dict[str, Any] | None = None,
) -> Path:
    """Write per cents and codes (lat, lon; north first; 0 to 255) as they are, of 0.05 degree cells."""

    def layer(values: Array) -> Stored:
        raw = values.astype("u1")[None]
        said: dict[str, Any] = {"units": "percent", "_FillValue": np.uint8(255)}
        if signed:
            raw, said = raw.view("i1"), said | {"_FillValue": np.int8(-1), "_Unsigned": "true"}
        return Stored(raw, DIMS, said | {"valid_range": valid_range} | (attributes or {}), raw.shape)

    return _write(path, {variable: layer(numbers), f"{variable}_unc": layer(spread)}, numbers.shape, date, 0.05)


def write_snow_water(
    path: Path, numbers: Array, spread: Array, *, date: str = "2010-02-03", dtype: str = "i2", units: str = "mm"
) -> Path:
    """Write millimetres and codes (lat, lon; north first) as they are, of 0.1 degree cells."""
    layers = {
        name: Stored(values.astype(dtype)[None], DIMS, {"units": units}, (1, *values.shape))
        for name, values in {"swe": numbers, "swe_std": spread}.items()
    }
    return _write(path, layers, numbers.shape, date, 0.1)


def _write(path: Path, layers: dict[str, Stored], shape: tuple[int, ...], date: str, step: float) -> Path:
    day = (np.datetime64(date) - np.datetime64("1970-01-01")).astype(int)
    rows, columns = shape
    variables = {
        "time": Stored(np.array([day], "f8"), ("time",), {"units": "days since 1970-01-01 00:00:00"}),
        "lat": Stored(
            centres(70 - step / 2, -step, rows, "f8"), ("lat",), {"units": "degrees_north", "standard_name": "latitude"}
        ),
        "lon": Stored(
            centres(20 + step / 2, step, columns, "f8"),
            ("lon",),
            {"units": "degrees_east", "standard_name": "longitude"},
        ),
    }
    return write_netcdf(path, variables | layers, {"title": f"{SYNTHETIC}; snow", "product_version": "2.0"})
