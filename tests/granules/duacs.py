"""Synthetic DUACS sea level granules: packed int32, either longitude convention, TOPEX-A drift and ice flag."""

from pathlib import Path
from typing import Any

import numpy as np
from granules._layout import SYNTHETIC, Array, Stored, centres, packed, write_netcdf

DIMS = ("time", "latitude", "longitude")
FILL = -2147483647


def write_duacs(  # noqa: PLR0913 - a granule has many facts
    path: Path,
    truth: Array,
    *,
    title: str = "DT merged two satellites Global Ocean",
    first_day: str = "1995-03-01",
    west: float = 0.125,
    names: tuple[str, ...] = ("sla", "adt"),
    tpa: float | None = 0.003,
    ice: Array | None = None,
    attributes: dict[str, Any] | None = None,
    height_attributes: dict[str, Any] | None = None,
    tpa_attributes: dict[str, Any] | None = None,
) -> Path:
    """Write a truth field (time, lat, lon; m; NaN on land) of 0.25 degree cells from 0.125 N and `west` on."""
    steps, rows, columns = truth.shape
    day = (np.datetime64(first_day) - np.datetime64("1950-01-01")).astype(int)
    chunks = (1, rows, columns)
    height = {
        "_FillValue": np.int32(FILL),
        "scale_factor": 0.0001,
        "units": "m",
        "grid_mapping": "crs",
        "coordinates": "longitude latitude",
    }
    height |= height_attributes or {}
    latitude, longitude = centres(0.125, 0.25, rows), centres(west, 0.25, columns)
    half = np.array([-0.125, 0.125], "f4")
    variables = {
        "time": Stored(
            (day + np.arange(steps)).astype("f4"),
            ("time",),
            {"units": "days since 1950-01-01 00:00:00", "calendar": "gregorian", "standard_name": "time", "axis": "T"},
        ),
        "latitude": Stored(
            latitude, ("latitude",), {"units": "degrees_north", "standard_name": "latitude", "bounds": "lat_bnds"}
        ),
        "longitude": Stored(
            longitude, ("longitude",), {"units": "degrees_east", "standard_name": "longitude", "bounds": "lon_bnds"}
        ),
        "lat_bnds": Stored(latitude[:, None] + half, ("latitude", "nv"), {"units": "degrees_north"}),
        "lon_bnds": Stored(longitude[:, None] + half, ("longitude", "nv"), {"units": "degrees_east"}),
        "crs": Stored(
            np.array(-2147483647, "i4"),
            (),
            {"grid_mapping_name": "latitude_longitude", "semi_major_axis": 6378136.3, "inverse_flattening": 298.257},
        ),
    }
    for name in names:
        said = {"units": "m/s"} if name.startswith(("u", "v")) else {}
        variables[name] = Stored(packed(truth, 0.0001, 0, "i4", FILL), DIMS, height | said, chunks)
    variables["err_sla"] = Stored(packed(np.abs(truth) * 0 + 0.02, 0.0001, 0, "i4", FILL), DIMS, height, chunks)
    if tpa is not None:
        said = {"_FillValue": np.int32(FILL), "scale_factor": 0.0001, "units": "m"} | (tpa_attributes or {})
        variables["tpa_correction"] = Stored(np.full(steps, round(tpa * 1e4), "i4"), ("time",), said)
    if ice is not None:
        variables["flag_ice"] = Stored(ice.astype("i4"), DIMS, {"_FillValue": np.int32(FILL), "units": "1"}, chunks)
    said = {
        "title": f"{title} Gridded SSALTO/DUACS Sea Surface Height L4 product and derived variables",
        "comment": SYNTHETIC,
        "product_version": "vDT2021",
        "geospatial_lat_resolution": 0.25,
        "geospatial_lon_resolution": 0.25,
    }
    return write_netcdf(path, variables, said | (attributes or {}))
