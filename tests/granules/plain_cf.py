"""Synthetic granules of products that CF describes whole: OISST, GPCP, ERSST, and XCO2 or XCH4 of obs4MIPs.

`write_series` has many time steps in one file, as the Physical Sciences Laboratory (PSL) of NOAA keeps these products.
"""

from pathlib import Path
from typing import Any

import numpy as np
from granules._layout import SYNTHETIC, Array, Stored, centres, packed, write_netcdf


def _axis(name: str, values: Array, *, bounds: str | None = None) -> Stored:
    units = "degrees_north" if name.startswith("lat") else "degrees_east"
    return Stored(values, (name,), {"units": units, "bounds": bounds})


def write_oisst(path: Path, truth: Array, ice: Array, *, date: str = "1981-09-01", levels: int = 1) -> Path:
    """Write temperatures (lat, lon; degC; NaN missing) and ice (0 to 1, labelled %), with a dim `zlev`, in 0..360."""
    rows, columns = truth.shape
    dims = ("time", "zlev", "lat", "lon")
    day = (np.datetime64(date) - np.datetime64("1978-01-01")).astype(int)
    layer = {"_FillValue": np.int16(-999), "scale_factor": np.float32(0.01), "add_offset": np.float32(0)}
    limits = {"valid_min": np.int16(-300), "valid_max": np.int16(4500)}

    def of(values: Array, units: str, **said: Any) -> Stored:  # noqa: ANN401 - an attribute
        whole = packed(values, 0.01, 0, "i2", -999)
        return Stored(np.broadcast_to(whole, (1, levels, rows, columns)), dims, layer | {"units": units} | said)

    variables = {
        "time": Stored(np.array([day], "f4"), ("time",), {"units": "days since 1978-01-01 12:00:00"}),
        "zlev": Stored(np.arange(levels, dtype="f4"), ("zlev",), {"units": "meters", "positive": "down"}),
        "lat": _axis("lat", centres(0.125, 0.25, rows)),
        "lon": _axis("lon", centres(0.125, 360 / columns, columns)),
        "sst": of(truth, "Celsius", **limits),
        "err": of(truth * 0 + 0.15, "Celsius", valid_min=np.int16(0), valid_max=np.int16(1000)),
        "ice": of(ice, "%", valid_min=np.int16(0), valid_max=np.int16(100)),
    }
    title = f"NOAA/NCEI 1/4 Degree Daily Optimum Interpolation Sea Surface Temperature; {SYNTHETIC}"
    return write_netcdf(path, variables, {"title": title, "product_version": "Version v02r01"})


def write_gpcp(path: Path, truth: Array, *, date: str = "1979-02-01") -> Path:
    """Write rain (lat, lon; mm/day; NaN missing as -9999): bounds, and a time zone written 0:00."""
    rows, columns = truth.shape
    dims = ("time", "latitude", "longitude")
    day = float((np.datetime64(date) - np.datetime64("1970-01-01")).astype(int))
    end = float(((np.datetime64(date, "M") + 1).astype("datetime64[D]") - np.datetime64("1970-01-01")).astype(int))
    latitude, longitude = centres(-1.25, 2.5, rows), centres(1.25, 2.5, columns)
    half = np.array([-1.25, 1.25], "f4")
    rain = {"units": "mm/day", "missing_value": np.float32(-9999), "valid_range": np.array([0, 100], "f4")}
    variables = {
        "time": Stored(
            np.array([day], "f4"),
            ("time",),
            {"units": "days since 1970-01-01 00:00:00 0:00", "calendar": "Gregorian", "bounds": "time_bounds"},
        ),
        "time_bounds": Stored(np.array([[day, end]], "f4"), ("time", "nv")),
        "latitude": _axis("latitude", latitude, bounds="lat_bounds"),
        "longitude": _axis("longitude", longitude, bounds="lon_bounds"),
        "lat_bounds": Stored(latitude[:, None] + half, ("latitude", "nv")),
        "lon_bounds": Stored(longitude[:, None] + half, ("longitude", "nv")),
        "precip": Stored(np.where(np.isnan(truth), -9999, truth).astype("f4")[None], dims, rain),
        "precip_error": Stored(np.where(np.isnan(truth), -9999, truth * 0 + 0.5).astype("f4")[None], dims, rain),
    }
    title = f"Global Precipitation Climatology Project (GPCP) Climate Data Record; {SYNTHETIC}"
    return write_netcdf(path, variables, {"title": title, "product_version": "v2.3"}, model="NETCDF4_CLASSIC")


def write_obs4mips(path: Path, truth: Array, *, gas: str = "xco2", units: str = "1e-6", first: str = "2003-01") -> Path:
    """Write mole fractions (time, lat, lon; NaN missing as 1e20) by months, all in one file, on 5 degrees."""
    steps, rows, columns = truth.shape
    dims = ("time", "lat", "lon")
    edges = (np.datetime64(first, "M") + np.arange(steps + 1)).astype("datetime64[D]") - np.datetime64("1990-01-01")
    numbers = edges.astype("f8")
    said = {"_FillValue": np.float32(1e20), "missing_value": np.float32(1e20), "units": units}
    latitude, longitude = centres(-2.5, 5, rows, "f8"), centres(-177.5, 5, columns, "f8")
    half = np.array([-2.5, 2.5])
    variables = {
        "time": Stored(
            (numbers[1:] + numbers[:-1]) / 2, ("time",), {"units": "days since 1990-1-1 0:0:0", "bounds": "time_bnds"}
        ),
        "time_bnds": Stored(np.stack([numbers[:-1], numbers[1:]], 1), ("time", "bnds")),
        "lat": _axis("lat", latitude, bounds="lat_bnds"),
        "lon": _axis("lon", longitude, bounds="lon_bnds"),
        "lat_bnds": Stored(latitude[:, None] + half, ("lat", "bnds")),
        "lon_bnds": Stored(longitude[:, None] + half, ("lon", "bnds")),
        gas: Stored(np.where(np.isnan(truth), 1e20, truth).astype("f4"), dims, said),
        f"{gas}_stderr": Stored(np.where(np.isnan(truth), 1e20, truth * 0.001).astype("f4"), dims, said),
    }
    return write_netcdf(path, variables, {"title": f"{SYNTHETIC}; {gas.upper()} obs4MIPs"}, unlimited="time")


def write_series(
    path: Path, truth: Array, times: Array, *, name: str, units: str, title: str, corner: tuple[float, float],
    cell: float,
) -> Path:  # fmt: skip
    """Write (time, lat, lon; north first; NaN missing) values of months or days in one file.

    Parameters
    ----------
    times : datetime64[D], the first day of each step
    corner : latitude and longitude of the upper left edge; cell : degrees
    """
    _, rows, columns = truth.shape
    fill, (north, west) = np.float32(-9.96921e36), corner
    days = (times - np.datetime64("1800-01-01")).astype("f8")
    said = {"units": units, "_FillValue": fill, "missing_value": fill}
    variables = {
        "time": Stored(days, ("time",), {"units": "days since 1800-01-01 00:00:00", "standard_name": "time"}),
        "lat": _axis("lat", centres(north - cell / 2, -cell, rows)),
        "lon": _axis("lon", centres(west + cell / 2, cell, columns)),
        name: Stored(
            np.where(np.isnan(truth), fill, truth).astype("f4"), ("time", "lat", "lon"), said, (1, rows, columns)
        ),
    }
    return write_netcdf(path, variables, {"title": f"{title}; {SYNTHETIC}", "Conventions": "CF-1.7"})
