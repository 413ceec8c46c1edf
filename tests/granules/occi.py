"""Synthetic OC-CCI chlorophyll granules: descending latitude, float32 with the default fill of NetCDF, log10 bias."""

from pathlib import Path
from typing import Any

import numpy as np
from granules._layout import SYNTHETIC, Array, Stored, centres, write_netcdf

FILL = np.float32(9.96921e36)
DIMS = ("time", "lat", "lon")


def write_occi(
    path: Path,
    truth: Array,
    bias: Array,
    rmsd: Array,
    *,
    date: str = "2019-06-01",
    version: str = "6.0",
    units: str = "milligram m-3",
    attributes: dict[str, Any] | None = None,
) -> Path:
    """Write chlorophyll (lat, lon; north first; NaN missing) with bias and rmsd of its logarithm, 1/24 degree cells."""
    rows, columns = truth.shape
    chunks = (1, min(270, rows), min(270, columns))
    day = (np.datetime64(date) - np.datetime64("1970-01-01")).astype(int)
    step = 1 / 24

    def layer(values: Array, **said: Any) -> Stored:  # noqa: ANN401 - an attribute
        raw = np.where(np.isnan(values), FILL, values).astype("f4")[None]
        return Stored(raw, DIMS, {"_FillValue": FILL, "grid_mapping": "crs"} | said, chunks)

    variables = {
        "time": Stored(np.array([day], "i4"), ("time",), {"units": "days since 1970-01-01 00:00:00", "axis": "T"}),
        "lat": Stored(
            centres(20 - step / 2, -step, rows), ("lat",), {"units": "degrees_north", "standard_name": "latitude"}
        ),
        "lon": Stored(
            centres(-30 + step / 2, step, columns), ("lon",), {"units": "degrees_east", "standard_name": "longitude"}
        ),
        "chlor_a": layer(truth, units=units, standard_name="mass_concentration_of_chlorophyll_a_in_sea_water"),
        "chlor_a_log10_bias": layer(bias),
        "chlor_a_log10_rmsd": layer(rmsd),
        "total_nobs_sum": layer(truth * 0 + 5),
    }
    said = {"title": f"{SYNTHETIC}; chlorophyll", "product_version": version, "Conventions": "CF-1.7"}
    return write_netcdf(path, variables, said | (attributes or {}))
