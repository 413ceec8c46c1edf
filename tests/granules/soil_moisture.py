"""Synthetic soil moisture granules of C3S and ESA CCI: descending latitude, UTC in the units of time, text arrays."""

from pathlib import Path
from typing import Any

import numpy as np
from granules._layout import SYNTHETIC, Array, Stored, centres, write_netcdf

DIMS = ("time", "lat", "lon")
_HALF = np.timedelta64(12, "h")
_LENGTH = {"MONTHLY": ("M", 1), "DAILY": ("D", 1), "DEKADAL": ("D", 10)}


def name_of(kind: str, step: str, date: str, version: str, record: str = "TCDR") -> str:
    """Give the name of a granule; version vYYYYMM (C3S) or NN.N (CCI); date YYYY-MM-DD."""
    code = "SSMS" if kind == "ACTIVE" else "SSMV"
    day = date.replace("-", "")
    if version.startswith("v"):
        return f"C3S-SOILMOISTURE-L3S-{code}-{kind}-{step}-{day}000000-{record}-{version}.0.0.nc"
    return f"ESACCI-SOILMOISTURE-L3S-{code}-{kind}-{day}000000-fv{version}.nc"


def write_soil_moisture(  # noqa: PLR0913 - a granule has many facts
    folder: Path,
    truth: Array,
    *,
    kind: str = "COMBINED",
    step: str = "DAILY",
    date: str = "2015-01-01",
    version: str = "v202012",
    record: str = "TCDR",
    flag: Array | None = None,
    corner: tuple[float, float] = (10.0, -10.0),
    attributes: dict[str, Any] | None = None,
    sm_attributes: dict[str, Any] | None = None,
) -> Path:
    """Write a truth field (lat, lon; north first; m3 m-3, or per cent for ACTIVE; NaN missing) of 0.25 degree cells."""
    name = name_of(kind, step, date, version, record)
    rows, columns = truth.shape
    packs = version.startswith(("02", "0.2"))
    percent = kind == "ACTIVE"
    units, top = ("percent", 100.0) if percent else ("m3 m-3", 1.0)
    field = {"units": units, "valid_range": np.array([0, top], "f4"), "_CoordinateAxes": "time lat lon"}
    if packs:
        scale = np.float32(0.0001)
        raw = np.where(np.isnan(truth), -9999, np.round(truth / 0.0001)).astype("i2")
        field |= {"scale_factor": scale, "_FillValue": np.int16(-9999)}
        spread = np.where(np.isnan(truth), -9999, 400).astype("i2")
    else:
        raw = np.where(np.isnan(truth), -9999, truth).astype("f4")
        field |= {"_FillValue": np.float32(-9999)}
        spread = np.where(np.isnan(truth), -9999, 0.04 * top).astype("f4")
    number = (np.datetime64(date, "D") - np.datetime64("1970-01-01", "D")).astype(float)
    variables = {
        "lat": Stored(
            centres(corner[0] - 0.125, -0.25, rows),
            ("lat",),
            {"standard_name": "latitude", "units": "degrees_north", "valid_range": np.array([-90.0, 90.0])},
        ),
        "lon": Stored(
            centres(corner[1] + 0.125, 0.25, columns),
            ("lon",),
            {"standard_name": "longitude", "units": "degrees_east", "valid_range": np.array([-180.0, 180.0])},
        ),
        "time": Stored(
            np.array([number]),
            ("time",),
            {"standard_name": "time", "units": "days since 1970-01-01 00:00:00 UTC", "calendar": "standard"},
        ),
        "sm": Stored(raw[None], DIMS, field | (sm_attributes or {}), (1, rows, columns), 9),
    }
    if step == "DAILY":
        variables |= _daily(truth, spread, field, flag, bits=not packs)
    else:
        variables |= _aggregated(truth)
    return write_netcdf(folder / name, variables, _attributes(name, kind, step, date, version) | (attributes or {}))


def _daily(truth: Array, spread: Array, field: dict[str, Any], flag: Array | None, *, bits: bool) -> dict[str, Stored]:
    codes = np.where(np.isnan(truth), 127, 0) if flag is None else flag
    known = [0, 1, 2, 4, 8, 16, 32, 64, 127] if bits else [0, 1, 2, 3]
    said = {"_FillValue": np.int8(127), "flag_values": np.array(known, "i1"), "long_name": "Flag"}
    chunks = (1, *truth.shape)
    return {
        "sm_uncertainty": Stored(spread[None], DIMS, field, chunks, 9),
        "flag": Stored(codes.astype("i1")[None], DIMS, said | {"flag_meanings": "x " * len(known)}, chunks, 9),
        "t0": Stored(
            np.full(chunks, -9999.0),
            DIMS,
            {"_FillValue": -9999.0, "units": "days since 1970-01-01 00:00:00 UTC"},
            chunks,
            9,
        ),
        "dnflag": Stored(np.full(chunks, 100, "i1"), DIMS, {"_FillValue": np.int8(127)}, chunks, 9),
    }


def _aggregated(truth: Array) -> dict[str, Stored]:
    sensor = np.where(np.isnan(truth), 0, 288).astype("i2")[None]
    nobs = np.where(np.isnan(truth), -1, 9).astype("i2")[None]
    words = {"flag_values": np.array([0, 32, 288], "i2"), "flag_meanings": ["NaN", "AMSR2", "AMSR2+ASCATA"]}
    chunks = (1, *truth.shape)
    return {
        "sensor": Stored(sensor, DIMS, {"_FillValue": np.int16(0)} | words, chunks, 9),
        "freqbandID": Stored(sensor, DIMS, {"_FillValue": np.int16(0)} | words, chunks, 9),
        "nobs": Stored(nobs, DIMS, {"_FillValue": np.int16(-1), "CoordinateAxes": "time lat lon"}, chunks, 9),
    }


def _attributes(name: str, kind: str, step: str, date: str, version: str) -> dict[str, Any]:
    unit, length = _LENGTH[step]
    day = np.datetime64(date, "D")
    start = day.astype("datetime64[h]") - _HALF
    end = (day.astype(f"datetime64[{unit}]") + length).astype("datetime64[D]").astype("datetime64[h]") - _HALF
    if step == "DEKADAL" and day.astype(object).day == 21:
        end = (day.astype("datetime64[M]") + 1).astype("datetime64[D]").astype("datetime64[h]") - _HALF
    return {
        "title": f"{SYNTHETIC}; surface soil moisture merged {kind} product",
        "id": name,
        "product_version": version,
        "Conventions": "CF-1.7",
        "geospatial_lat_resolution": "0.25 degree",
        "geospatial_lon_resolution": "0.25 degree",
        "time_coverage_start": f"{start.astype('datetime64[s]')}Z",
        "time_coverage_end": f"{end.astype('datetime64[s]')}Z",
    }
