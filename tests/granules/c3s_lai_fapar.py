"""Synthetic C3S LAI and FAPAR granules: time bounds in the attributes alone, FAPAR spelled fAPAR."""

from pathlib import Path
from typing import Any

import numpy as np
from granules._layout import SYNTHETIC, Array, Stored, packed, write_netcdf

DIMS = ("time", "lat", "lon")


def write_c3s_vegetation(
    path: Path,
    truth: Array,
    *,
    variable: str = "LAI",
    date: str = "2002-01-10",
    coverage: tuple[str | None, str] = ("2002-01-01T00:00:00Z", "2002-01-10T23:59:59Z"),
    scale: float = 0.001,
    attributes: dict[str, Any] | None = None,
) -> Path:
    """Write a truth field (lat, lon; north first; NaN missing) of 1/112 degree cells."""
    rows, columns = truth.shape
    said = {"_FillValue": np.uint16(65535), "scale_factor": scale, "add_offset": 0.0, "units": ""}
    step = 1 / 112
    day = (np.datetime64(date) - np.datetime64("1970-01-01")).astype(int)
    variables = {
        "time": Stored(np.array([day], "f8"), ("time",), {"units": "days since 1970-01-01 00:00:00"}),
        "lat": Stored(45 - step * np.arange(rows), ("lat",), {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": Stored(5 + step * np.arange(columns), ("lon",), {"units": "degrees_east", "standard_name": "longitude"}),
        variable: Stored(packed(truth, scale, 0, "u2", 65535)[None], DIMS, said, (1, rows, columns)),
        f"{variable}_ERR": Stored(packed(truth * 0 + 0.2, scale, 0, "u2", 65535)[None], DIMS, said, (1, rows, columns)),
    }
    facts = {
        "title": f"{SYNTHETIC}; {variable}",
        "product_version": "V1.0.1",
        "time_coverage_start": coverage[0],
        "time_coverage_end": coverage[1],
    }
    return write_netcdf(path, variables, facts | (attributes or {}))
