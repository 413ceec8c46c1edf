"""Synthetic NOAA/NSIDC sea-ice granules: the climate data record (NetCDF), the extent masks of the Index (GeoTIFF)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.transform import from_origin

SYNTHETIC = "SYNTHETIC test data: the layout of a granule, without an observation in it"
EPOCH = np.datetime64("1601-01-01", "D")
STEP = 25000.0
POLE_HOLE, LAKES, COAST, LAND, MISSING = 251, 252, 253, 254, 255
CODES = np.arange(251, 256, dtype=np.uint8)
_EPSG = {"north": 3411, "south": 3412}
_ELLIPSOID = "+k=1 +x_0=0 +y_0=0 +a=6378273 +b=6356889.449 +units=m +no_defs"
_PROJ4 = {
    "north": f"+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 {_ELLIPSOID}",
    "south": f"+proj=stere +lat_0=-90 +lat_ts=-70 +lon_0=0 {_ELLIPSOID}",
}

Array = npt.NDArray[Any]


def _mapping(hemisphere: str, west: float, north: float) -> dict[str, Any]:
    """Give the grid mapping as published: its CF attributes say 135 where the true longitude of origin is -45."""
    sign = 1.0 if hemisphere == "north" else -1.0
    return {
        "srid": f"urn:ogc:def:crs:EPSG::{_EPSG[hemisphere]}", "proj4text": _PROJ4[hemisphere],
        "GeoTransform": f"{west} {STEP} 0 {north} 0 {-STEP}", "grid_mapping_name": "polar_stereographic",
        "latitude_of_projection_origin": 90.0 * sign, "standard_parallel": 70.0 * sign,
        "straight_vertical_longitude_from_pole": 135.0 if hemisphere == "north" else 180.0,
        "false_easting": 0.0, "false_northing": 0.0, "semimajor_radius": 6378273.0, "semiminor_radius": 6356889.449,
        "units": "meters",
    }  # fmt: skip


def write_nsidc_cdr(  # noqa: PLR0913 - what a granule may have
    path: Path,
    stored: Array,
    *,
    days: tuple[str, ...] = ("2021-12-31",),
    monthly: bool = False,
    hemisphere: str = "north",
    stdev: Array | float = 0.02,
    quality: Array | int = 0,
    shifted: float = 0.0,
    changed: Mapping[str, Mapping[str, Any]] | None = None,
    absent: tuple[str, ...] = (),
    about: Mapping[str, Any] | None = None,
) -> Path:
    """Write a granule of the record around a pole and give its path.

    Parameters
    ----------
    stored : (y, x) or (time, y, x), bytes as stored: 0..100, 251 pole hole, 252 lakes, 253 coast, 254 land, 255 missing
    quality : `qa_of_...`, bits
    shifted : m that the axes are off from the grid mapping
    """
    field = np.broadcast_to(stored, (len(days), *stored.shape[-2:])).astype(np.uint8)
    _, rows, columns = field.shape
    west, north = -columns / 2 * STEP, rows / 2 * STEP
    tail = "_monthly" if monthly else ""
    name = f"cdr_seaice_conc{tail}"
    common = {"coordinates": "time ygrid xgrid", "grid_mapping": "projection"}
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("tdim", None)
        file.createDimension("y", rows)
        file.createDimension("x", columns)
        said: dict[str, tuple[str, tuple[str, ...], Any, Any, dict[str, Any]]] = {
            "projection": ("S1", (), None, None, _mapping(hemisphere, west, north)),
            "time": ("f4", ("tdim",), (np.array(days, "M8[D]") - EPOCH).astype(int), None, {
                "standard_name": "time", "units": "days since 1601-01-01 00:00:00", "calendar": "gregorian",
            }),
            "xgrid": ("f4", ("x",), west + (np.arange(columns) + 0.5) * STEP + shifted, None, {"units": "meters"}),
            "ygrid": ("f4", ("y",), north - (np.arange(rows) + 0.5) * STEP, None, {"units": "meters"}),
            name: ("u1", ("tdim", "y", "x"), field, 255, common | {
                "_Unsigned": "true", "standard_name": "sea_ice_area_fraction", "units": "1", "flag_values": CODES,
                "flag_meanings": "pole_hole lakes coastal land_mask missing_data",
                "valid_range": np.array([0, 100], np.uint8), "scale_factor": np.float32(0.01),
            }),
            f"stdev_of_{name}": ("f4", ("tdim", "y", "x"), np.where(field <= 100, stdev, -1.0), -1.0, common | {
                "missing_value": np.float32(-1), "flag_values": CODES, "valid_range": np.array([0, 100], np.float32),
                "flag_meanings": "pole_hole lakes coastal land_mask missing_data",
            }),
            f"qa_of_{name}": ("u1", ("tdim", "y", "x"), np.broadcast_to(quality, field.shape), 0, common | {
                "_Unsigned": "true", "flag_masks": np.array([1 << bit for bit in range(8)], np.uint8),
                "flag_mask_meanings": "BT_weather_filter_applied NT_weather_filter_applied "
                "BT_land_spillover_filter_applied NT_land_spillover_filter_applied valid_ice_mask_applied "
                "spatial_interpolation_applied temporal_interpolation_applied melt_start_detected",
            }),
        }  # fmt: skip
        for key, (dtype, dims, values, fill, attributes) in said.items():
            if key in absent:
                continue
            filters = {"zlib": True, "complevel": 4} if len(dims) == 3 else {}
            variable = file.createVariable(key, dtype, dims, fill_value=fill, **filters)
            variable.set_auto_maskandscale(False)
            stated = attributes | dict((changed or {}).get(key, {}))
            variable.setncatts({at: one for at, one in stated.items() if one is not None})
            if values is not None:
                variable[:] = values
        file.setncatts({
            "title": SYNTHETIC, "Conventions": "CF-1.6, ACDD-1.3", "cdr_variable": name, "product_version": "v04r00",
            **(about or {}),
        })  # fmt: skip
    return path


def write_nsidc_index(
    path: Path, codes: Array, *, hemisphere: str = "north", crs: bool = True, bands: int = 1
) -> Path:  # fmt: skip
    """Write an extent mask around a pole and give its path.

    Parameters
    ----------
    codes : (y, x), bytes: 0 open water, 1 ice, 253 coast, 254 land, 255 missing
    """
    rows, columns = codes.shape
    shape = {"width": columns, "height": rows, "count": bands, "dtype": "uint8", "compress": "deflate"}
    where = {"transform": from_origin(-columns / 2 * STEP, rows / 2 * STEP, STEP, STEP)}
    place = {"crs": f"EPSG:{_EPSG[hemisphere]}"} if crs else {}
    with rasterio.open(path, "w", driver="GTiff", **shape, **where, **place) as file:
        for band in range(1, bands + 1):
            file.write(codes.astype(np.uint8), band)
        file.update_tags(TIFFTAG_IMAGEDESCRIPTION=SYNTHETIC)
    return path
