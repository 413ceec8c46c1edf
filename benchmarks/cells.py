"""Peak memory of a result by cells: SPI 3 of synthetic months on a global grid, for records of two lengths.

    python benchmarks/cells.py [degrees] [years] ...

The granules and parts are made first; then the normal and the result are made in a process of their own. Printed: the
cells, the peak resident memory of that process, MiB, what its imports take of it, what the fields of the result would
take in float64, and the seconds.

On a grid of 1 degree, 10 and 40 years; below, as it was when all tiles were held in memory (and were larger):

    years 10  cells 64800  peak 624.055  imports 326.141  seconds 101.57  fields 237.305
    years 40  cells 64800  peak 802.996  imports 325.758  seconds 303.8  fields 949.219

    years 10  cells 64800  peak 1035.36  imports 328.535  seconds 82.1765  fields 237.305
    years 40  cells 64800  peak 2695.77  imports 328.047  seconds 165.759  fields 949.219

What still grows is the cache of the NetCDF library, of at most 64 MiB a field, when the result is digested. The seconds
are of a machine that others used, too: they cannot be compared.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import netCDF4
import numpy as np
import yaml
from memory import MIB, peak
from record import PRODUCT, REPOSITORY

FIRST = 1981
RATE = {"source": "rain", "units": "mm day-1", "long_name": "precipitation", "plausible": [0, 2500]}
FIELDS = 4
"""Fields of a result: the index, the total, the coverage, the status."""


def write_years(folder: Path, degrees: float, years: int) -> None:
    """Write a file for each year: synthetic rain with zeros, and land without values, as oceans of a land product."""
    lat = np.arange(-90 + degrees / 2, 90, degrees)
    lon = np.arange(-180 + degrees / 2, 180, degrees)
    drawn = np.random.default_rng(1)
    for year in range(FIRST, FIRST + years):
        values = np.round(drawn.gamma(1.5, 2.0, (12, lat.size, lon.size)).astype(np.float32), 1)
        values[:, :, : lon.size // 3] = np.nan
        with netCDF4.Dataset(folder / f"{year}.nc", "w") as file:
            file.title = "SYNTHETIC benchmark data"
            for name, axis, units in (("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")):
                file.createDimension(name, axis.size)
                one = file.createVariable(name, "f4", (name,))
                one[:], one.units = axis, units
            file.createDimension("time", 12)
            stamp = file.createVariable("time", "i4", ("time",))
            stamp.units = "days since 1970-01-01"
            stamp[:] = (
                np.arange(f"{year}-01", f"{year + 1}-01", dtype="datetime64[M]").astype("datetime64[D]").astype(int)
            )
            rain = file.createVariable("rain", "f4", ("time", "lat", "lon"), zlib=True, complevel=1)
            rain.units = "mm day-1"
            rain[:] = values


def write_configs(folder: Path, files: Path, years: int) -> Path:
    """Write the product and a run over so many years."""
    for part in ("publisher.yaml", "regions.yaml"):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / "configs" / part, folder / part)
    source = {"kind": "local", "path": f"{files}/*.nc"}
    product = PRODUCT | {"source": source, "step": "month", "variables": {"rain": RATE}}
    period = f"{FIRST}/{FIRST + years - 1}"
    run = {
        "title": "SYNTHETIC indices for timing", "summary": "Random fields for timing.", "keywords": ["synthetic"],
        "indicator": "spi",
        "product": "rain", "variable": "rain", "regions": ["globe"], "by": "cell", "period": period,
        "baseline": period, "parameters": {"months": 3, "min_years": 10, "min_wet": 4},
    }  # fmt: skip
    for name, said in {"products/rain.yaml": product, "runs/cells.yaml": run}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(said), encoding="utf-8")
    return folder


def finished(configs: Path, root: Path) -> dict[str, float]:
    """Give what the normal and the result of a run took; in a process of its own or the peak is another's."""
    from eo import load_run
    from eo.pipeline import finish, plan

    todo, imports, start = plan(load_run("cells", configs), root), peak(), time.perf_counter()
    made = finish(todo)
    print(made.content_digest, file=sys.stderr)
    return {"peak": peak(), "imports": imports, "seconds": time.perf_counter() - start}


def measured(folder: Path, degrees: float, years: int) -> dict[str, float]:
    """Give what the result of a record of so many years takes in a fresh process."""
    from eo import load_run
    from eo.pipeline import plan, prepare

    (folder / "in").mkdir(parents=True)
    write_years(folder / "in", degrees, years)
    configs, root = write_configs(folder / "configs", folder / "in", years), folder / "root"
    todo = plan(load_run("cells", configs), root)
    for part in todo.missing:
        prepare(todo.run, part, root)
    command = [sys.executable, __file__, str(configs), str(root)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own file
    cells = int(180 / degrees * 360 / degrees)
    result: dict[str, float] = json.loads(found.stdout)
    return {"years": years, "cells": cells, **result, "fields": 8 * FIELDS * 12 * years * cells / MIB / MIB}


def main(degrees: float = 1.0, *lengths: int) -> None:
    """Print the table."""
    for years in lengths or (10, 40):
        with tempfile.TemporaryDirectory() as folder:
            found = measured(Path(folder) / "r", degrees, years)
        print("  ".join(f"{name} {value:.6g}" for name, value in found.items()), flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1 and Path(sys.argv[1]).is_dir():
        print(json.dumps(finished(Path(sys.argv[1]), Path(sys.argv[2]))))
    else:
        main(*map(float, sys.argv[1:2]), *map(int, sys.argv[2:]))
