"""A daily record to a regional monthly mean, side by side in one run: eo, plain xarray, CDO. The ratios count.

    python benchmarks/record.py [days]

It writes synthetic files, which say that they are, to a temporary folder.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr
import yaml

REPOSITORY = Path(__file__).parent.parent
PRODUCT = {
    "title": "SYNTHETIC daily sea surface temperature",
    "summary": "Random fields for timing.",
    "institution": "benchmark",
    "platform": "none",
    "version": "1",
    "licence": "CC0",
    "citation": "none, synthetic",
    "url": "https://example.org",
    "reader": "cf",
    "step": "day",
    "variables": {
        "sea_surface_temperature": {
            "source": "analysed_sst",
            "units": "degC",
            "long_name": "sea surface temperature",
            "plausible": [-5, 50],
        }
    },
}


def write_granules(folder: Path, days: Iterable[np.datetime64]) -> None:
    """Write one global 0.25 degree granule for each day: int16, shuffled and deflated, noisy like real ones."""
    lat, lon = np.arange(-89.875, 90, 0.25), np.arange(-179.875, 180, 0.25)
    smooth = 14 + 14 * np.cos(np.deg2rad(2 * lat))[:, None] + np.sin(np.deg2rad(3 * lon))[None]
    random = np.random.default_rng(1)
    for day in days:
        noise = random.normal(scale=0.05, size=smooth.shape)
        with netCDF4.Dataset(folder / f"{str(day).replace('-', '')}.nc", "w") as file:
            file.title = "SYNTHETIC benchmark data"
            for name, values, units in (("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")):
                file.createDimension(name, values.size)
                axis = file.createVariable(name, "f4", (name,))
                axis[:], axis.units = values, units
            file.createDimension("time", 1)
            stamp = file.createVariable("time", "i4", ("time",))
            stamp.units, stamp[:] = "days since 1970-01-01", [day.astype(int)]
            sst = file.createVariable(
                "analysed_sst", "i2", ("time", "lat", "lon"), zlib=True, complevel=4, shuffle=True,
                chunksizes=(1, lat.size, lon.size), fill_value=-32768,
            )  # fmt: skip
            sst.scale_factor, sst.add_offset, sst.units = 0.01, 273.15, "kelvin"
            sst[:] = (smooth + noise + 273.15)[None]


def write_configs(folder: Path, granules: Path, days: int) -> None:
    """Write a configs folder with the product and a run over the tropics."""
    shutil.copytree(REPOSITORY / "configs", folder)
    product = PRODUCT | {"source": {"kind": "local", "path": f"{granules}/*.nc"}}
    (folder / "products" / "daily.yaml").write_text(yaml.safe_dump(product))
    last = str((np.datetime64("2001-01-01") + days - 1).astype("datetime64[M]"))
    run = {
        "title": "SYNTHETIC benchmark",
        "summary": "For timing only.",
        "keywords": ["benchmark"],
        "indicator": "anomaly",
        "product": "daily",
        "variable": "sea_surface_temperature",
        "regions": ["belt"],
        "period": f"2001-01/{last}",
        "baseline": f"2001-01/{last}",
    }
    (folder / "runs" / "daily.yaml").write_text(yaml.safe_dump(run))
    with (folder / "regions.yaml").open("a") as stream:
        stream.write("belt:\n  title: 30S to 30N\n  box: {west: -180, east: 180, south: -30, north: 30}\n")


def seconds(work: Callable[[], object]) -> float:
    """Give how long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def with_xarray(granules: Path) -> None:
    """Give the monthly mean over the tropics as most people write it."""
    with xr.open_mfdataset(f"{granules}/*.nc") as data:
        field = data["analysed_sst"].sel(lat=slice(-30, 30))
        field.weighted(np.cos(np.deg2rad(field["lat"]))).mean(("lat", "lon")).resample(time="MS").mean().compute()


def with_cdo(granules: Path, out: Path) -> None:
    """Give the same with CDO, one process for the whole chain."""
    chain = f"cdo -s -O monmean -fldmean -sellonlatbox,-180,180,-30,30 -mergetime {granules}/*.nc {out}"
    subprocess.run(chain, shell=True, check=True)  # noqa: S602 - the glob is the shell's, the paths are ours


def with_eo(configs: Path, root: Path) -> str:
    """Give the same with eo: every granule digested, canonical parts kept, result past the gate."""
    command = [sys.executable, "-m", "eo", "build", "daily", "--root", str(root), "--configs", str(configs)]
    there = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=there).stdout  # noqa: S603 - ours


def main(days: int) -> None:
    """Time the three on the same files, in turn, and print the ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        granules = folder / "granules"
        granules.mkdir()
        write_granules(granules, np.datetime64("2001-01-01") + np.arange(days))
        write_configs(folder / "configs", granules, days)
        rows = {"eo, first build": seconds(lambda: with_eo(folder / "configs", folder / "root"))}
        rows["eo, nothing to do"] = seconds(lambda: with_eo(folder / "configs", folder / "root"))
        rows["xarray, open_mfdataset"] = seconds(lambda: with_xarray(granules))
        if shutil.which("cdo"):
            rows["cdo"] = seconds(lambda: with_cdo(granules, folder / "cdo.nc"))
        base = rows["eo, first build"]
        print(f"{days} days, global 0.25 degree")
        for what, took in rows.items():
            share, each = took / base, 1000 * took / days
            print(f"{what:24} {took:7.1f} s   {share:6.2f} x eo's first build   {each:6.1f} ms a granule")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 365)
