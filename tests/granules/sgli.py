"""Synthetic SGLI level-3 maps, laid out as JAXA's: groups, 1-element attributes, fixed-length text, DN and QA flags."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

LABEL = "SYNTHETIC test data, not an observation"
PACKING: dict[str, dict[str, Any]] = {
    "SST": {"Slope": 0.0012, "Offset": -10.0, "Unit": "degree", "Minimum_valid_DN": 0, "Maximum_valid_DN": 65531},
    "LST": {"Slope": 0.02, "Offset": 0.0, "Unit": "Kelvin", "Minimum_valid_DN": 0, "Maximum_valid_DN": 65531},
    "CHLA": {"Slope": 0.0016, "Offset": 0.0, "Unit": "mg/m^3", "Minimum_valid_DN": 0, "Maximum_valid_DN": 65531},
    "LAI": {"Slope": 0.001, "Offset": 0.0, "Unit": "NA", "Minimum_valid_DN": 0, "Maximum_valid_DN": 65531},
    "NDVI": {"Slope": 0.0001, "Offset": -1.0, "Unit": "NA", "Minimum_valid_DN": 0, "Maximum_valid_DN": 20000},
    "EVI": {"Slope": 0.0001, "Offset": -1.0, "Unit": "NA", "Minimum_valid_DN": 0, "Maximum_valid_DN": 20000},
    "AROT": {"Slope": 9.99999975e-05, "Offset": 0.0, "Unit": "NA", "Minimum_valid_DN": 10, "Maximum_valid_DN": 50000},
}
"""As published; the units are such as JAXA writes elsewhere, for those of level 3 are not known from public sources."""

ERROR_DN = 65535


def name_of(field: str, day: str, *, orbit: str = "D", period: str = "01D", version: str = "3002") -> str:
    """Give the name of a granule: ``GC1SG1_20200401D01M_D0000_3MSG_NDVIF_1001.h5``."""
    resolution = "C" if field == "AROT" else "F"
    return f"GC1SG1_{day}{orbit}{period}_D0000_3MSG_{field:_<4}{resolution}_{version}.h5"


def times_of(day: str, period: str) -> tuple[str, str]:
    """Give Image_start_time and Image_end_time of a granule."""
    start = np.datetime64(f"{day[:4]}-{day[4:6]}-{day[6:]}")
    following = (start.astype("datetime64[M]") + 1).astype("datetime64[D]")
    end = {"01D": start, "08D": start + 7, "01M": following - 1}[period]
    return f"{day} 00:00:00.000", f"{str(end).replace('-', '')} 23:59:59.999"


def write_sgli(  # noqa: PLR0913 - what a granule may say
    folder: Path,
    numbers: npt.NDArray[np.uint16],
    quality: npt.NDArray[np.uint8],
    *,
    field: str = "SST",
    day: str = "20200401",
    orbit: str = "D",
    period: str = "01D",
    version: str = "3002",
    corners: tuple[float, float, float, float] = (90.0, -180.0, -90.0, 180.0),
    chunks: tuple[int, int] | None = None,
    **defects: Any,  # noqa: ANN401 - attributes by name, None to leave one out
) -> Path:
    """Write a granule with these digital numbers and QA flags, row 0 in the north, and give its path.

    Parameters
    ----------
    numbers, quality : (lines, pixels)
    corners : latitude and longitude of the upper left, then of the lower right edge
    defects : another value for an attribute of the groups or of the data, or None for none at all;
        of the flags with QA_ before its name
    """
    name = name_of(field, day, orbit=orbit, period=period, version=version)
    first, last = times_of(day, period)
    north, west, south, east = corners
    lines, pixels = numbers.shape
    groups: dict[str, dict[str, Any]] = {
        "Global_attributes": {
            "Algorithm_developer": "Japan Aerospace Exploration Agency (JAXA)",
            "Algorithm_version": f"{version[0]}.00",
            "Dataset_description": f"{LABEL}: level-3 map of {field}",
            "Image_start_time": first,
            "Image_end_time": last,
            "Parameter_version": f"000.0{version[1:]}",
            "Product_file_name": name,
            "Product_level": "Level-3",
            "Product_name": "Level-3 binned map product",
            "Product_version": version,
            "Satellite": "Global Change Observation Mission - Climate (GCOM-C)",
            "Sensor": "Second-generation Global Imager (SGLI)",
        },
        "Geometry_data": {
            "Image_projection": "Equal Rectangular projection",
            **{f"{side}_latitude": np.float32(north) for side in ("Upper_left", "Upper_right")},
            **{f"{side}_latitude": np.float32(south) for side in ("Lower_left", "Lower_right")},
            **{f"{side}_longitude": np.float32(west) for side in ("Upper_left", "Lower_left")},
            **{f"{side}_longitude": np.float32(east) for side in ("Upper_right", "Lower_right")},
        },
        "Image_data": {
            "Grid_interval": np.float32((north - south) / lines),
            "Grid_interval_unit": "deg",
            "Image_projection": "Equal Rectangular projection",
            "Number_of_lines": np.int32(lines),
            "Number_of_pixels": np.int32(pixels),
        },
        "Processing_attributes": {"Processing_result": "Good", "Processing_UT": f"{day} 12:00:00.000"},
    }
    packing = PACKING[field]
    numeric = {"Slope": np.float32, "Offset": np.float32, "Minimum_valid_DN": np.uint16, "Maximum_valid_DN": np.uint16}
    described = {key: numeric[key](value) if key in numeric else value for key, value in packing.items()}
    described |= {"Data_description": f"Average of {field}", "Error_DN": np.uint16(ERROR_DN)}
    flags = {"Data_description": "QA flag", "Error_DN": np.uint8(255), "Maximum_valid_DN": np.uint8(253)}
    flags |= {"Minimum_valid_DN": np.uint8(0), "Slope": np.float32(1), "Offset": np.float32(0), "Unit": "NA"}
    path = folder / defects.pop("called", name)
    path.unlink(missing_ok=True)
    with h5py.File(path, "w") as file:
        for place, attributes in groups.items():
            _put(file.create_group(place), attributes, defects)
        image = file["Image_data"]
        for source, values, about in ((f"{field}_AVE", numbers, described), (f"{field}_QA_flag", quality, flags)):
            stored = image.create_dataset(source, data=values, chunks=chunks or True, compression="gzip", shuffle=True)
            own = {key.removeprefix("QA_"): value for key, value in defects.items() if key.startswith("QA_")}
            _put(stored, about, defects if source.endswith("_AVE") else own)
    return path


def _put(holder: h5py.Group | h5py.Dataset, attributes: dict[str, Any], defects: dict[str, Any]) -> None:
    """Write attributes as JAXA does: arrays of one element, text as fixed-length bytes."""
    added = {
        key: value
        for key, value in defects.items()
        if key.endswith("_DN") and not key.startswith("QA_") and isinstance(holder, h5py.Dataset)
    }
    for key, value in (attributes | added | {key: defects[key] for key in attributes if key in defects}).items():
        if value is not None:
            holder.attrs[key] = np.array([value.encode() if isinstance(value, str) else value])
