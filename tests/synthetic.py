"""Small CF files that are labelled synthetic in their own metadata, and configs folders that name them."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import yaml

CONFIGS = Path(__file__).parents[1] / "configs"
LABEL = "synthetic: made by the tests of this project, no observation"

LAT = np.arange(-2.5, 3.0)
LON = np.arange(0.5, 10.0)

PRODUCT: dict[str, Any] = {
    "title": "Synthetic sea surface temperature",
    "summary": "Numbers by formula, for tests.",
    "institution": "Nobody at all",
    "platform": "none",
    "version": "1",
    "licence": "public domain",
    "citation": "Tests (2026)",
    "url": "https://example.org/synthetic",
    "reader": "cf",
    "step": "month",
    "variables": {
        "sea_surface_temperature": {
            "source": "sst",
            "units": "degC",
            "long_name": "sea surface temperature",
            "standard_name": "sea_surface_temperature",
            "anomaly_standard_name": "sea_water_temperature_anomaly",
            "plausible": [-2.5, 45],
        }
    },
}
RUN: dict[str, Any] = {
    "title": "Synthetic anomalies",
    "summary": "Anomalies of numbers by formula, for tests.",
    "keywords": ["synthetic"],
    "indicator": "anomaly",
    "product": "synthetic_sst",
    "variable": "sea_surface_temperature",
    "regions": ["patch"],
    "period": "2001-01/2002-12",
    "baseline": "2001",
}
REGIONS: dict[str, Any] = {
    "patch": {"title": "the whole grid", "box": {"west": 0, "east": 10, "south": -3, "north": 3}},
    "west": {"title": "the western half", "box": {"west": 0, "east": 5, "south": -3, "north": 3}},
}


def configs(
    folder: Path,
    files: str | Path,
    *,
    product: Mapping[str, Any] | None = None,
    run: Mapping[str, Any] | None = None,
) -> Path:
    """Write a configs folder: that of the project, and a product of local files with a run of it.

    Parameters
    ----------
    files : the glob of the product's files
    product, run : entries that are other than in `PRODUCT` and `RUN`; None leaves an entry out
    """
    for part in ("products/ukmo_ostia_monthly.yaml", "runs/enso_ostia.yaml", "references/cpc_nino34.csv",
                 "publisher.yaml", "regions.yaml"):  # fmt: skip
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CONFIGS / part, folder / part)
    with (folder / "regions.yaml").open("a", encoding="utf-8") as stream:
        yaml.safe_dump(REGIONS, stream)
    source = {"source": {"kind": "local", "path": str(files)}}
    dump(folder / "products" / "synthetic_sst.yaml", PRODUCT | source | dict(product or {}))
    dump(folder / "runs" / "synthetic.yaml", RUN | dict(run or {}))
    return folder


def dump(path: Path, document: Mapping[str, Any]) -> None:
    given = {key: value for key, value in document.items() if value is not None}
    path.write_text(yaml.safe_dump(given, sort_keys=False), encoding="utf-8")


def kelvin(months: Iterable[str]) -> np.ndarray:
    """Give (time, lat, lon) temperatures: a season, 0.3 K more each year, a slope in latitude and longitude."""
    times = np.array(list(months), dtype="datetime64[D]").astype("datetime64[M]")
    year, month = times.astype("datetime64[Y]").astype(int) + 1970, times.astype(int) % 12
    level = 298.0 + 2.0 * np.sin(2 * np.pi * month / 12) + 0.3 * (year - 2001)
    return (level[:, None, None] + 0.1 * LAT[:, None] + 0.05 * LON).astype(np.float32)


def write(
    path: Path,
    times: Iterable[str],
    *,
    values: np.ndarray | None = None,
    units: str = "K",
    lat: np.ndarray = LAT,
    lon: np.ndarray = LON,
    file_format: str = "NETCDF4",
    compressed: bool = True,
) -> Path:
    """Write a CF file with a temperature `sst` at some months (YYYY-MM) or days (YYYY-MM-DD).

    Parameters
    ----------
    values : (time, lat, lon); those of `kelvin` where not given
    """
    times = list(times)
    unit = "M" if len(times[0]) == len("YYYY-MM") else "D"
    start = np.array(times, dtype=f"datetime64[{unit}]")
    days = np.stack([start, start + 1], axis=1).astype("datetime64[D]").astype(int)
    path.parent.mkdir(parents=True, exist_ok=True)
    with netCDF4.Dataset(path, "w", format=file_format) as file:
        file.setncatts({"Conventions": "CF-1.11", "title": "Synthetic temperatures", "comment": LABEL})
        for name, size in {"time": len(times), "lat": lat.size, "lon": lon.size, "nv": 2}.items():
            file.createDimension(name, size)
        time = file.createVariable("time", "f8", ("time",))
        time.setncatts({"standard_name": "time", "units": "days since 1970-01-01", "bounds": "time_bnds"})
        time[:] = days[:, 0]
        file.createVariable("time_bnds", "f8", ("time", "nv"))[:] = days
        for name, axis, standard in (("lat", lat, "latitude"), ("lon", lon, "longitude")):
            one = file.createVariable(name, "f8", (name,))
            one.setncatts({"standard_name": standard, "units": "degrees_north" if name == "lat" else "degrees_east"})
            one[:] = axis
        packing = {"zlib": True, "chunksizes": (1, lat.size, lon.size)} if compressed else {}
        packing = packing if file_format == "NETCDF4" else {}
        sst = file.createVariable("sst", "f4", ("time", "lat", "lon"), fill_value=np.float32(-999), **packing)
        sst.setncatts({"standard_name": "sea_surface_temperature", "units": units})
        sst[:] = kelvin(times) if values is None else values
    return path


def months(first: str, count: int) -> list[str]:
    """Give the names of some months from the first one on."""
    return [str(np.datetime64(first, "M") + number) for number in range(count)]


def days(first: str, last: str) -> list[str]:
    """Give the names of the days from the first to the last one."""
    return [str(day) for day in np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + 1)]


def write_each(folder: Path, times: Iterable[str]) -> None:
    """Write one file for each of the months or days."""
    for time in times:
        write(folder / f"sst_{time}.nc", [time])
