"""Synthetic LST CCI granules: packed temperatures, uncertainty components apart, day and night in separate files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from granules._layout import SYNTHETIC, Array, Stored, centres, packed, write_netcdf

DIMS = ("time", "lat", "lon")
COMPONENTS = {"lst_unc_ran": 0.3, "lst_unc_loc_atm": 0.4, "lst_unc_loc_sfc": 1.2, "lst_unc_sys": 0.5}
"""Each the same everywhere; their root of squares is 1.3928, which is lst_uncertainty."""


def write_lst(  # noqa: PLR0913 - a granule has many facts
    path: Path,
    truth: Array,
    *,
    overpass: str = "DAY",
    step: str = "1MONTHLY",
    date: str = "2018-07-01",
    flags: Array | None = None,
    flag_attributes: dict[str, Any] | None = None,
    has_id: bool = True,
    components: Mapping[str, float] = COMPONENTS,
    scales: int | None = 1,
    attributes: dict[str, Any] | None = None,
    lst_attributes: dict[str, Any] | None = None,
) -> Path:
    """Write a truth field (lat, lon; south first; K; NaN missing) of 0.01 degree cells.

    The words of its quality flags are made up: those of the agency are in its own files alone. The systematic component
    is one number for each of `scales` length scales, as in version 3 of MODIS; None: a map like the others.
    """
    rows, columns = truth.shape
    chunks = (1, min(1000, rows), min(1000, columns))
    spread = {"_FillValue": np.int16(-32768), "scale_factor": 0.001, "add_offset": 0.0, "units": "kelvin"}
    spread |= {"valid_min": np.int16(0), "valid_max": np.int16(10000)}
    heat = {"_FillValue": np.int16(-32768), "scale_factor": 0.01, "add_offset": 273.15, "units": "kelvin"}
    heat |= {"valid_min": np.int16(-8315), "valid_max": np.int16(7685)} | (lst_attributes or {})
    here = truth * 0
    parts = dict(components) | {"lst_uncertainty": 1.393}
    seconds = (np.datetime64(date) - np.datetime64("1981-01-01")).astype("timedelta64[s]").astype(int)
    variables = {
        "time": Stored(np.array([seconds], "f8"), ("time",), {"units": "seconds since 1981-01-01 00:00:00"}),
        "lat": Stored(centres(30.005, 0.01, rows), ("lat",), {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": Stored(centres(5.005, 0.01, columns), ("lon",), {"units": "degrees_east", "standard_name": "longitude"}),
        "lst": Stored(packed(truth, 0.01, 273.15, "i2", -32768)[None], DIMS, heat, chunks),
        "dtime": Stored(
            np.where(np.isnan(truth), -32768, 1_000_000).astype("f4")[None],
            DIMS,
            {"_FillValue": np.float32(-32768), "units": "seconds", "valid_min": np.float32(0), "valid_max": 2678400.0},
            chunks,
        ),
    }
    if scales is not None and "lst_unc_sys" in parts:
        numbers = np.full((1, scales), parts.pop("lst_unc_sys"))
        variables["lst_unc_sys"] = Stored(packed(numbers, 0.001, 0, "i2", -32768), ("time", "length_scale"), spread)
    for name, value in parts.items():
        variables[name] = Stored(packed(here + value, 0.001, 0, "i2", -32768)[None], DIMS, spread, chunks)
    if flags is not None:
        said: dict[str, Any] = {"flag_masks": np.array([1, 2, 4], "i2")}
        said |= {"flag_meanings": "cloud_nearby large_angle water"}
        about = said if flag_attributes is None else flag_attributes
        variables["qual_flag"] = Stored(flags.astype("i2")[None], DIMS, about, chunks)
    name = f"ESACCI-LST-L3C-LST-MODISA-0.01deg_{step}_{overpass}-{date.replace('-', '')}000000-fv3.00.nc"
    facts = {
        "title": f"{SYNTHETIC}; land surface temperature",
        "product_version": "3.00",
        "id": name if has_id else None,
    }
    return write_netcdf(path, variables, facts | (attributes or {}))
