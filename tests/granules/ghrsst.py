"""Synthetic GHRSST GDS2 granules, L4 and L3C, in the layout of the producers: packing, attributes, chunks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import numpy.typing as npt

SYNTHETIC = "SYNTHETIC test data: the layout of a granule, without an observation in it"
EPOCH = np.datetime64("1981-01-01T00:00:00", "s")
SEA, LAND, LAKE, ICE, RIVER = 1, 2, 4, 8, 16
"""Bits of `mask`: a cell of ice has those of water too (9)."""

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Producer:
    """What differs between producers of one specification."""

    identity: str
    version: str
    uncertainty: str
    scale: float = 0.01
    offset: float = 273.15
    calendar: str = "gregorian"
    attributes: Mapping[str, str] = field(default_factory=dict)


CCI2 = Producer("OSTIA-ESACCI-L4-v02.1", "2.1", "analysed_sst_uncertainty")
CCI3 = Producer("OSTIA-ESACCI-L4-v03.0", "3.0", "analysed_sst_uncertainty")
C3S = Producer("OSTIA-C3S-L4-v03.0", "3.0", "analysed_sst_uncertainty")
OSTIA = Producer("OSTIA-UKMO-L4-GLOB-v2.0", "2.0", "analysis_error", calendar="Gregorian")
SURFTEMP = Producer("OSTIA-ESACCI-L4-v02.1", "2.1", "analysis_uncertainty")
MUR_LIKE = Producer("OSTIA-ESACCI-L4-v03.0", "3.0", "analysed_sst_uncertainty", scale=0.001, offset=298.15)
BLACK_SEA = Producer(
    "OISST_HR_NRT-GOS-L4-BLK-v1.0", "1.0", "analysis_error", calendar="Gregorian",
    attributes={"DSD_entry_id": "-GOS-L4HRfnd-BLK"},
)  # fmt: skip


def axes(rows: int, columns: int, west: float = -180.0) -> tuple[Array, Array]:
    """Give the centres of a global grid in single precision, as the files have them."""
    lat = (np.arange(rows) + 0.5) * 180.0 / rows - 90.0
    lon = (np.arange(columns) + 0.5) * 360.0 / columns + west
    return lat.astype(np.float32), lon.astype(np.float32)


def _packed(values: Array, dtype: str, scale: float, offset: float, fill: int) -> Array:
    return np.where(np.isfinite(values), np.rint((np.nan_to_num(values, nan=offset) - offset) / scale), fill).astype(
        dtype
    )


def _put(
    file: netCDF4.Dataset, name: str, raw: Array, fill: int | None, attributes: Mapping[str, Any], *,
    chunks: tuple[int, ...] | None = None,
) -> None:  # fmt: skip
    filters = {} if file.data_model.startswith("NETCDF3") else {"zlib": True, "complevel": 4, "chunksizes": chunks}
    variable = file.createVariable(name, raw.dtype, ("time", "lat", "lon"), fill_value=fill, **filters)
    variable.set_auto_maskandscale(False)
    variable.setncatts(attributes)
    variable[:] = raw


def _frame(file: netCDF4.Dataset, day: str, hour: int, producer: Producer, grid: tuple[Array, Array]) -> None:
    lat, lon = grid
    file.createDimension("time", None)
    file.createDimension("lat", lat.size)
    file.createDimension("lon", lon.size)
    time = file.createVariable("time", "i4", ("time",))
    time.setncatts({
        "long_name": "reference time of sst field", "standard_name": "time", "axis": "T",
        "units": "seconds since 1981-01-01 00:00:00", "calendar": producer.calendar,
    })  # fmt: skip
    time[:] = (np.datetime64(f"{day}T{hour:02}:00:00", "s") - EPOCH).astype(int)
    for name, values, units in (("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")):
        axis = file.createVariable(name, "f4", (name,))
        axis.setncatts({"standard_name": {"lat": "latitude", "lon": "longitude"}[name], "units": units})
        axis[:] = values


def _about(producer: Producer, level: str, lat: Array, lon: Array, day: str) -> dict[str, str]:
    step = {"lat": abs(float(lat[1] - lat[0])), "lon": abs(float(lon[1] - lon[0]))}
    return {
        "Conventions": "CF-1.5", "title": SYNTHETIC, "comment": SYNTHETIC, "id": producer.identity,
        "naming_authority": "org.ghrsst", "product_version": producer.version, "gds_version_id": "2.0",
        "processing_level": level, "cdm_data_type": "grid", "date_created": "20200101T000000Z",
        "time_coverage_start": f"{day.replace('-', '')}T000000Z",
        "geospatial_lat_resolution": f"{step['lat']:.5g}", "geospatial_lon_resolution": f"{step['lon']:.5g}",
        "geospatial_lat_min": str(float(lat.min()) - step["lat"] / 2),
        "geospatial_lat_max": str(float(lat.max()) + step["lat"] / 2),
        "geospatial_lon_min": str(float(lon.min()) - step["lon"] / 2),
        "geospatial_lon_max": str(float(lon.max()) + step["lon"] / 2),
        **producer.attributes,
    }  # fmt: skip


def write_l4(  # noqa: PLR0913 - what an analysis may have
    path: Path,
    kelvin: Array,
    *,
    day: str = "2019-07-01",
    hour: int = 12,
    producer: Producer = CCI3,
    uncertainty: Array | float = 0.25,
    ice: Array | float = 0.0,
    mask: Array | None = None,
    mask_attributes: Mapping[str, Any] | None = None,
    anomaly: Array | None = None,
    grid: tuple[Array, Array] | None = None,
    file_format: str = "NETCDF4",
    chunks: tuple[int, int, int] | None = None,
    changed: Mapping[str, Mapping[str, Any]] | None = None,
    absent: tuple[str, ...] = (),
    about: Mapping[str, Any] | None = None,
) -> Path:
    """Write an analysis and give its path.

    Parameters
    ----------
    kelvin : (lat, lon), K; NaN is the fill value
    mask : (lat, lon), bits; without, land where there is no value. `mask` in `absent`: a file that has none
    changed : variable -> attributes to put in (None: to leave out)
    absent : variables, and global attributes, to leave out
    about : global attributes to put in
    """
    shape = kelvin.shape
    lat, lon = grid or axes(*shape)
    below = np.where(np.isfinite(kelvin), SEA, LAND) if mask is None else mask
    spread = np.where(np.isfinite(kelvin), np.broadcast_to(uncertainty, shape), np.nan)
    with netCDF4.Dataset(path, "w", format=file_format) as file:
        _frame(file, day, hour, producer, (lat, lon))
        packs: dict[str, tuple[Array, int, dict[str, Any]]] = {
            "analysed_sst": (_packed(kelvin, "i2", producer.scale, producer.offset, -32768), -32768, {
                "long_name": "analysed sea surface temperature", "standard_name": "sea_water_temperature",
                "units": "kelvin", "scale_factor": np.float32(producer.scale),
                "add_offset": np.float32(producer.offset),
            } | ({"valid_min": np.int16(-300), "valid_max": np.int16(4500)} if producer.scale == 0.01 else {})),
            producer.uncertainty: (_packed(spread, "i2", 0.01, 0, -32768), -32768, {
                "units": "kelvin", "scale_factor": np.float32(0.01), "add_offset": np.float32(0),
                "valid_min": np.int16(0), "valid_max": np.int16(32767),
            }),
            "sea_ice_fraction": (_packed(np.broadcast_to(ice, shape), "i1", 0.01, 0, -128), -128, {
                "standard_name": "sea_ice_area_fraction", "units": "1", "scale_factor": np.float32(0.01),
                "add_offset": np.float32(0), "valid_min": np.int8(0), "valid_max": np.int8(100),
            }),
            "mask": (below.astype("i1"), -128, dict(mask_attributes or {
                "flag_masks": np.array([1, 2, 4, 8, 16], np.int8),
                "flag_meanings": "water land optional_lake_surface sea_ice optional_river_surface",
                "valid_min": np.int8(1), "valid_max": np.int8(31),
            })),
        }  # fmt: skip
        if anomaly is not None:
            packs["sst_anomaly"] = (_packed(anomaly, "i2", 0.01, 0, -32768), -32768, {
                "units": "kelvin", "scale_factor": np.float32(0.01), "add_offset": np.float32(0),
                "valid_min": np.int16(-5000), "valid_max": np.int16(5000),
            })  # fmt: skip
        _fill(file, packs, chunks, changed or {}, absent)
        said = _about(producer, "L4", lat, lon, day) | dict(about or {})
        file.setncatts({key: value for key, value in said.items() if key not in absent})
    return path


def _fill(
    file: netCDF4.Dataset, packs: Mapping[str, tuple[Array, int, dict[str, Any]]], chunks: tuple[int, int, int] | None,
    changed: Mapping[str, Mapping[str, Any]], absent: tuple[str, ...],
) -> None:  # fmt: skip
    for name, (raw, fill, attributes) in packs.items():
        if name not in absent:
            said = {key: one for key, one in (attributes | dict(changed.get(name, {}))).items() if one is not None}
            fill_ = None if changed.get(name, {}).get("_FillValue", fill) is None else fill
            _put(file, name, raw[None], fill_, said, chunks=chunks)


def write_l3(  # noqa: PLR0913 - what observations may have
    path: Path,
    kelvin: Array,
    *,
    quality: Array | int = 5,
    bias: Array | float = 0.0,
    spread: Array | float = 0.3,
    seconds: Array | float = 0.0,
    flags: Array | int = 0,
    day: str = "1991-09-16",
    grid: tuple[Array, Array] | None = None,
    offset: float = 273.15,
    changed: Mapping[str, Mapping[str, Any]] | None = None,
    absent: tuple[str, ...] = (),
    about: Mapping[str, Any] | None = None,
) -> Path:
    """Write collated observations (L3C) of AVHRR on NOAA-12 and give their path.

    Parameters
    ----------
    kelvin : (lat, lon), K; NaN is the fill value
    quality : quality_level; bias, spread : of single sensor error statistics, K; seconds : `sst_dtime`
    flags : `l2p_flags`: 1 microwave, 2 land, 4 ice, 8 lake, 16 river
    """
    shape = kelvin.shape
    lat, lon = grid or axes(*shape)
    producer = Producer("AVHRR12_G-ESACCI-L3C-CDR-v2.1", "2.1", "")

    def whole(values: Array | float) -> Array:
        return np.broadcast_to(np.asarray(values, float), shape)

    with netCDF4.Dataset(path, "w") as file:
        _frame(file, day, 12, producer, (lat, lon))
        _fill(file, {
            "sea_surface_temperature": (_packed(kelvin, "i2", 0.01, offset, -32768), -32768, {
                "units": "kelvin", "scale_factor": np.float32(0.01), "add_offset": np.float32(offset),
                "standard_name": "sea_surface_skin_temperature",
            }),
            "sst_dtime": (_packed(whole(seconds), "i4", 1, 0, -2147483648), -2147483648, {
                "units": "seconds", "scale_factor": np.float32(1), "add_offset": np.float32(0),
            }),
            "sses_bias": (_packed(whole(bias), "i1", 0.01, 0, -128), -128, {
                "units": "kelvin", "scale_factor": np.float32(0.01), "add_offset": np.float32(0),
            }),
            "sses_standard_deviation": (_packed(whole(spread), "i1", 0.01, 1, -128), -128, {
                "units": "kelvin", "scale_factor": np.float32(0.01), "add_offset": np.float32(1),
            }),
            "quality_level": (whole(quality).astype("i1"), -128, {
                "valid_min": np.int8(0), "valid_max": np.int8(5), "flag_values": np.arange(6, dtype=np.int8),
                "flag_meanings": "no_data bad_data worst_quality low_quality acceptable_quality best_quality",
            }),
            "l2p_flags": (whole(flags).astype("i2"), -32768, {
                "flag_masks": np.array([1, 2, 4, 8, 16], np.int16), "flag_meanings": "microwave land ice lake river",
            }),
        }, None, changed or {}, absent)  # fmt: skip
        said = _about(producer, "L3C", lat, lon, day) | dict(about or {})
        file.setncatts({key: value for key, value in said.items() if key not in absent})
    return path
