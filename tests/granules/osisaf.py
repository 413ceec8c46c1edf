"""Synthetic sea-ice concentration granules of OSI SAF and ESA CCI: EASE2 and polar stereographic, axes in km."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import numpy.typing as npt
import pyproj

SYNTHETIC = "SYNTHETIC test data: the layout of a granule, without an observation in it"
EPOCH = np.datetime64("1978-01-01T00:00:00", "s")
FILL = -32767
LAND, LAKE, OPEN_WATER, SPILL, WARM, SPACE, TIME, CLIMATOLOGY = (1 << bit for bit in range(8))
MEANINGS = "land lake open_water_filtered land_spill_over high_t2m spatial_interp temporal_interp max_ice_climo"

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Family:
    """What differs between the products of one layout."""

    identity: Mapping[str, str]
    uncertainty: str
    proj4: str
    mapping: str
    attribute: str
    mapping_name: str
    step: float
    """km"""


EASE2 = "+proj=laea +lon_0=0 +datum=WGS84 +ellps=WGS84 +lat_0={pole}"
STEREO = "+proj=stere +a=6378273 +b=6356889.44891 +lat_0={pole} +lat_ts={true} +lon_0={lon}"
_LAEA = ("Lambert_Azimuthal_Grid", "proj4_string", "lambert_azimuthal_equal_area")
OSI450_V2 = Family({"product_id": "OSI-450", "product_version": "2.0"}, "total_standard_error", EASE2, *_LAEA, 25.0)
OSI450A = Family({"product_id": "osi-450-a", "product_version": "3.0"}, "total_standard_uncertainty", EASE2, *_LAEA, 25)
OSI430A = Family({"product_id": "osi-430-a", "product_version": "3.0"}, "total_standard_uncertainty", EASE2, *_LAEA, 25)
CCI_12KM = Family(
    {"id": "ESACCI-SEAICE-L4-SICONC-RE_SSMI", "product_version": "3.0"},
    "total_standard_uncertainty", EASE2, *_LAEA, 12.5,
)  # fmt: skip
OSI401 = Family(
    {"product_id": "OSI-401-d", "product_version": "1.0"}, "total_uncertainty", STEREO,
    "Polar_Stereographic_Grid", "proj4_string", "polar_stereographic", 10.0,
)  # fmt: skip


def projection_text(family: Family, hemisphere: str) -> str:
    """Give the PROJ text of a family's grid around a pole."""
    north = hemisphere == "north"
    return family.proj4.format(pole=90.0 if north else -90.0, true=70 if north else -70, lon=-45 if north else 0)


def write_osisaf(  # noqa: PLR0913 - what a granule may have
    path: Path,
    percent: Array,
    *,
    family: Family = OSI450A,
    hemisphere: str = "north",
    day: str = "2019-03-01",
    uncertainty: Array | float = 2.5,
    flags: Array | int = 0,
    chunks: tuple[int, int, int] | None = None,
    changed: Mapping[str, Mapping[str, Any]] | None = None,
    absent: tuple[str, ...] = (),
    about: Mapping[str, Any] | None = None,
    shifted: float = 0.0,
) -> Path:
    """Write a granule around a pole and give its path.

    Parameters
    ----------
    percent : (yc, xc), first row at the top of the map; NaN is the fill value
    flags : `status_flag`, 0..255: stored in a signed byte, so that 128 becomes -128
    changed : variable -> attributes to put in (None: to leave out)
    shifted : km that `xc` is off from where `lat` and `lon` are
    """
    rows, columns = percent.shape
    y = ((rows - 1) / 2 - np.arange(rows)) * family.step
    x = (np.arange(columns) - (columns - 1) / 2) * family.step
    text = projection_text(family, hemisphere)
    crs = pyproj.CRS(text)
    lon, lat = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True).transform(
        *np.meshgrid(x * 1000, y * 1000)
    )
    seconds = float((np.datetime64(f"{day}T00:00:00", "s") - EPOCH).astype(int))
    conc = _packed(percent)
    spread = _packed(np.where(np.isfinite(percent), np.broadcast_to(uncertainty, percent.shape), np.nan))
    status = np.broadcast_to(np.asarray(flags, np.uint8), percent.shape).copy().view(np.int8)
    packed = {"units": "%", "scale_factor": 0.01, "add_offset": 0.0, "grid_mapping": family.mapping}
    plane = ("time", "yc", "xc")
    said: dict[str, tuple[str, tuple[str, ...], Any, int | None, dict[str, Any]]] = {
        family.mapping: ("i4", (), -2147483647, None, {
            "grid_mapping_name": family.mapping_name, family.attribute: text,
        }),
        "time": ("f8", ("time",), seconds + 43200, None, {
            "units": "seconds since 1978-01-01 00:00:00", "calendar": "standard", "bounds": "time_bnds", "axis": "T",
        }),
        "time_bnds": ("f8", ("time", "nv"), [[seconds, seconds + 86400]], None, {
            "units": "seconds since 1978-01-01 00:00:00",
        }),
        "xc": ("f8", ("xc",), x + shifted, None, {"units": "km", "standard_name": "projection_x_coordinate"}),
        "yc": ("f8", ("yc",), y, None, {"units": "km", "standard_name": "projection_y_coordinate"}),
        "lat": ("f4", ("yc", "xc"), lat, None, {"units": "degrees_north"}),
        "lon": ("f4", ("yc", "xc"), lon, None, {"units": "degrees_east"}),
        "ice_conc": ("i4", plane, conc, FILL, packed | {
            "standard_name": "sea_ice_area_fraction", "valid_min": np.int32(0), "valid_max": np.int32(10000),
        }),
        family.uncertainty: ("i4", plane, spread, FILL, packed),
        "status_flag": ("i1", plane, status, None, {
            "flag_masks": np.array([1, 2, 4, 8, 16, 32, 64, -128], np.int8), "flag_meanings": MEANINGS,
        }),
    }  # fmt: skip
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("time", 1), ("nv", 2), ("xc", columns), ("yc", rows)):
            file.createDimension(name, size)
        for name, (dtype, dims, values, fill, attributes) in said.items():
            if name in absent:
                continue
            filters = {"zlib": True, "chunksizes": chunks} if dims == plane else {}
            variable = file.createVariable(name, dtype, dims, fill_value=fill, **filters)
            variable.set_auto_maskandscale(False)
            stated = attributes | dict((changed or {}).get(name, {}))
            variable.setncatts({key: one for key, one in stated.items() if one is not None})
            variable[...] = values
        file.setncatts({"title": SYNTHETIC, "Conventions": "CF-1.6", **family.identity, **(about or {})})
    return path


def _packed(percent: Array) -> Array:
    return np.where(np.isfinite(percent), np.rint(np.nan_to_num(percent) * 100), FILL).astype("i4")[None]
