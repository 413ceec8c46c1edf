"""Means over fields of real granules, against plain NumPy on the numbers in the files."""

import gzip
from functools import partial
from pathlib import Path

import netCDF4
import numpy as np
import numpy.typing as npt
from strategies import box

from eo.canonical import STATUS
from eo.readers import sentinel2
from eo.zones import zonal_mean, zones
from validation.ocean import fields, means_over
from validation.record import Check, Compared

Floats = npt.NDArray[np.float64]

OSTIA = "ghrsst/201706{day}120000-UKMO-L4_GHRSST-SSTfnd-OSTIAanom-GLOB-v02.0-fv02.0.nc"
SOIL = "c3s_soil_moisture/C3S-SOILMOISTURE-L3S-SSMV-COMBINED-MONTHLY-2015{month}01000000-TCDR-v202012.0.0.nc"
MEDITERRANEAN = "duacs/dt_med_allsat_phy_l4_2005T2.nc"
RAIN = "gsmap/gsmap_mvk.20240110.0{hour}00.v7.4112.0.dat.gz"
NDVI = "ndvi/foss4g_raw_s2_ndvi_field.nc"
DAYS, MONTHS, HOURS = ("05", "06"), ("01", "02"), range(8)
NINO34: tuple[float, float, float, float] = (-170, -120, -5, 5)
PLAIN = "netCDF4 and NumPy on the same file, weights cos(latitude)"
EDGES = "rounding: the areas of rows of one height are in proportion to cos(latitude)"


def _plain_mean(path: Path, names: tuple[str, str, str], limits: tuple[float, ...] = (), step: int = 0) -> float:
    """Give the mean over cells whose centres lie in limits: variable, latitude and longitude by name."""
    with netCDF4.Dataset(path) as file:
        values, latitude, longitude = (file[name] for name in names)
        field = np.ma.filled(values[step].astype(np.float64), np.nan)
        north, east = latitude[:].astype(float), (longitude[:].astype(float) + 180) % 360 - 180
    weights = np.broadcast_to(np.cos(np.deg2rad(north))[:, None], field.shape).copy()
    if limits:
        west, right, south, top = limits
        weights *= ((north > south) & (north < top))[:, None] * ((east > west) & (east < right))
    weights *= np.isfinite(field)
    return float((np.nan_to_num(field) * weights).sum() / weights.sum())


def ostia(data: Path, *, variable: str, region: str) -> Compared:
    names = {"sea_surface_temperature": "analysed_sst", "sea_surface_temperature_anomaly": "sst_anomaly"}
    ours, theirs = [], []
    for day in DAYS:
        path = data / OSTIA.format(day=day)
        found = means_over((region,), fields(path, "ukmo_ostia_anomaly"), variable)
        ours.append(float(found["mean"].squeeze()))
        limits = NINO34 if region == "nino34" else ()
        plain = _plain_mean(path, (names[variable], "lat", "lon"), limits)
        theirs.append(plain - (273.15 if variable == "sea_surface_temperature" else 0.0))
    return Compared.numbers(ours, theirs, [f"2017-06-{day}" for day in DAYS])


def soil_moisture(data: Path) -> Compared:
    paths = [data / SOIL.format(month=month) for month in MONTHS]
    variable = "volume_fraction_of_condensed_water_in_soil"
    ours = [
        float(means_over(("globe",), fields(path, "c3s_soil_moisture_combined_monthly"), variable)["mean"].squeeze())
        for path in paths
    ]
    return Compared.numbers(ours, [_plain_mean(path, ("sm", "lat", "lon")) for path in paths], ["2015-01", "2015-02"])


def mediterranean(data: Path) -> Compared:
    path, variable = data / MEDITERRANEAN, "sea_surface_height_above_geoid"
    content = fields(path, "cmems_sea_level_mediterranean_daily")
    at = zones({"whole": box(-180, 180, -90, 90)}, content)
    found = zonal_mean(content[variable], content[f"{variable}_status"], at, STATUS["outside_domain"])
    ours = found["mean"].values[0, [0, -1]]
    theirs = [_plain_mean(path, ("adt", "latitude", "longitude"), step=step) for step in (0, -1)]
    return Compared.numbers(ours, theirs, ["2005-04-01", "2005-06-30"])


def rain(data: Path) -> Compared:
    """Compare the mean rate of the globe, mm a day; the codes below zero are no rain."""
    ours, theirs = [], []
    for hour in HOURS:
        path = data / RAIN.format(hour=hour)
        content = fields(path, "jaxa_gsmap_mvk_hourly")
        ours.append(float(means_over(("globe",), content, "lwe_precipitation_rate")["mean"].squeeze()))
        raw = np.frombuffer(gzip.decompress(path.read_bytes()), "<f4").reshape(1200, 3600).astype(np.float64)
        north = np.deg2rad(60 - 0.1 * np.arange(1201))
        weights = np.where(raw >= 0, -np.diff(np.sin(north))[:, None], 0.0)
        theirs.append(24 * float((raw * weights).sum() / weights.sum()))
    return Compared.numbers(ours, theirs, [f"2024-01-10T{hour:02d}" for hour in HOURS])


def vegetation(data: Path) -> Compared:
    """Compare the index of all cells and days, made of the red and the near infrared band, with that beside them."""
    with netCDF4.Dataset(data / NDVI) as file:
        red, near, theirs = (np.ma.filled(file[name][:].astype(np.float64), np.nan) for name in ("B04", "B08", "NDVI"))
    there = np.isfinite(red) & np.isfinite(near)
    status = np.where(there, STATUS["ok"], STATUS["never_observed"]).astype(np.int8)
    ours = sentinel2._index(red, near, status)
    return Compared.numbers(ours, np.where(there, theirs, np.nan))


_FILES = {
    "ostia": tuple(OSTIA.format(day=day) for day in DAYS),
    "soil": tuple(SOIL.format(month=month) for month in MONTHS),
    "rain": tuple(RAIN.format(hour=hour) for hour in HOURS),
}

CHECKS = (
    *(
        Check(
            "Fields of real granules", f"OSTIA, {what}, 2017-06-05 and 06",
            partial(ostia, variable=variable, region=region), tolerance, units, PLAIN, why, _FILES["ostia"],
        )
        for what, variable, region, tolerance, units, why in (
            ("global mean", "sea_surface_temperature", "globe", 0.002, "degC", EDGES),
            ("global mean anomaly", "sea_surface_temperature_anomaly", "globe", 0.002, "K", EDGES),
            ("Nino 3.4", "sea_surface_temperature", "nino34", 0.005, "degC", EDGES),
        )
    ),
    Check(
        "Fields of real granules", "C3S soil moisture, global mean, 2015-01 and 02", soil_moisture, 0.0005, "m3 m-3",
        PLAIN, EDGES, _FILES["soil"],
    ),
    Check(
        "Fields of real granules", "DUACS, mean of the Mediterranean, 2005-04-01 and 06-30", mediterranean, 0.001, "m",
        PLAIN, EDGES, (MEDITERRANEAN,),
    ),
    Check(
        "Fields of real granules", "GSMaP, mean rain from 60 S to 60 N, eight hours of 2024-01-10", rain, 1e-5,
        "mm per day", "gzip and NumPy on the same files, areas of the rows of the grid",
        "single precision; -99 taken as rain would take half of it away", _FILES["rain"],
    ),
    Check(
        "Fields of real granules", "Sentinel-2, NDVI of a field, 31 days of 2019", vegetation, 1e-6, "1",
        "openEO, NDVI beside its bands in the same file", "single precision", (NDVI,),
    ),
)  # fmt: skip
