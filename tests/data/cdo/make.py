"""Numbers from CDO, an implementation independent of this one: ``python tests/data/cdo/make.py`` (needs `cdo`).

Writes synthetic fields as NetCDF, runs CDO on them and keeps its answers in numbers.json, each beside the command that
made it. The tests write the same fields and compare; they need no CDO.
"""

import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import numpy.typing as npt

HERE = Path(__file__).parent
NUMBERS = HERE / "numbers.json"
Floats = npt.NDArray[np.float64]
FILL = -999.0

CASES = {
    "global mean": ("even", "fldmean even.nc"),
    "global mean, 180 W to 180 E": ("turned", "fldmean turned.nc"),
    "global mean with gaps": ("gaps", "fldmean gaps.nc"),
    "share of the globe that was observed": ("gaps", "fldmean -setmisstoc,0 -setrtoc,-1e9,1e9,1 gaps.nc"),
    "global mean, uneven rows": ("uneven", "fldmean uneven.nc"),
    "box": ("even", "fldmean -sellonlatbox,20,80,-30,55 even.nc"),
    "box across Greenwich": ("even", "fldmean -sellonlatbox,-60,30,30,75 even.nc"),
    "box across the antimeridian": ("even", "fldmean -sellonlatbox,160,210,-5,5 even.nc"),
    "box with gaps": ("gaps", "fldmean -sellonlatbox,160,210,-5,5 gaps.nc"),
    "share of the box that was observed": (
        "gaps",
        "fldmean -sellonlatbox,160,210,-5,5 -setmisstoc,0 -setrtoc,-1e9,1e9,1 gaps.nc",
    ),
    "polar cap": ("even", "fldmean -sellonlatbox,0,360,60,90 even.nc"),
    "box, uneven rows": ("uneven", "fldmean -sellonlatbox,20,80,-32,41 uneven.nc"),
    "area of a cell in each row": ("even", "gridarea -selindexbox,1,1,1,36 even.nc"),
    "area of a cell in each row, uneven rows": ("uneven", "gridarea -selindexbox,1,1,1,12 uneven.nc"),
    "monthly normal of a cell": ("years", "ymonmean -sellonlatbox,30,60,0,30 years.nc"),
    "anomaly of a cell": (
        "years",
        "ymonsub -sellonlatbox,30,60,0,30 years.nc -ymonmean -sellonlatbox,30,60,0,30 years.nc",
    ),
    "monthly means of the days of a cell": ("days", "monmean -sellonlatbox,30,60,0,30 days.nc"),
}
"""What is compared: the input and the arguments of ``cdo -b F64``."""

COLUMNS = 3600
"""CDO draws the edges of cells as great circles, not as parallels; with narrow cells they are nearly the same."""

UNEVEN = np.array([-90, -77, -61, -50, -32, -17, -4, 3, 18, 41, 55, 76, 90.0])
"""Edges of rows of no regular height, degrees."""


def field(steps: int, rows: int, columns: int) -> Floats:
    """Give hundredths of a kelvin that single precision holds: a gradient to the poles, seasons and noise."""
    noise = np.random.default_rng(20010101).normal(0, 3, (steps, rows, columns))
    gradient = 30 * np.cos(np.linspace(-np.pi / 2, np.pi / 2, rows))[None, :, None]
    season = 5 * np.sin(2 * np.pi * np.arange(steps) / 12)[:, None, None]
    return np.round(270 + gradient + season + noise, 2).astype(np.float32).astype(np.float64)


def write(path: Path, values: Floats, edges: tuple[Floats, Floats], *, days: bool = False) -> None:
    """Write a synthetic field on the cells between edges of latitude and longitude, by months or by days."""
    with netCDF4.Dataset(path, "w") as file:
        file.title, file.Conventions = "SYNTHETIC: no observation", "CF-1.11"
        file.createDimension("nv", 2)
        for name, ends, units in zip(("lat", "lon"), edges, ("degrees_north", "degrees_east"), strict=True):
            _axis(file, name, np.stack([ends[:-1], ends[1:]], axis=1), units)
        starts = np.arange(len(values)) if days else _month_starts(len(values))
        ends = starts + 1 if days else _month_starts(len(values) + 1)[1:]
        _axis(file, "time", np.stack([starts, ends], axis=1).astype(np.float64), "days since 2001-01-01 00:00:00")
        variable = file.createVariable("field", "f8", ("time", "lat", "lon"), fill_value=FILL)
        variable.setncatts({"units": "K", "long_name": "synthetic field"})
        variable[:] = np.where(np.isfinite(values), values, FILL)


def _month_starts(count: int) -> npt.NDArray[np.int64]:
    return (np.datetime64("2001-01", "M") + np.arange(count)).astype("datetime64[D]").astype(np.int64) - 11323


def _axis(file: netCDF4.Dataset, name: str, bounds: Floats, units: str) -> None:
    file.createDimension(name, len(bounds))
    standard = {"lat": "latitude", "lon": "longitude", "time": "time"}[name]
    axis = file.createVariable(name, "f8", (name,))
    axis.setncatts({"units": units, "standard_name": standard, "bounds": f"{name}_bnds"})
    axis[:] = bounds.mean(axis=1)
    file.createVariable(f"{name}_bnds", "f8", (name, "nv"))[:] = bounds


def _with_gaps(values: Floats) -> Floats:
    return np.where(np.random.default_rng(3).random(values.shape) < 0.3, np.nan, values)


def inputs() -> dict[str, Callable[[Path], None]]:
    """Give what writes each input."""
    lat, lon = np.arange(-90.0, 91, 5), np.arange(COLUMNS + 1) * 360 / COLUMNS
    wide = np.arange(-90.0, 91, 30), np.arange(0.0, 361, 30)
    even = field(3, 36, COLUMNS)
    return {
        "even": lambda path: write(path, even, (lat, lon)),
        "turned": lambda path: write(path, np.roll(even, COLUMNS // 2, axis=2), (lat, lon - 180)),
        "gaps": lambda path: write(path, _with_gaps(even), (lat, lon)),
        "uneven": lambda path: write(path, field(2, 12, COLUMNS), (UNEVEN, lon)),
        "years": lambda path: write(path, field(36, 6, 12), wide),
        "days": lambda path: write(path, field(59, 6, 12), wide, days=True),
    }


def _answer(arguments: str, folder: Path) -> list[float]:
    command = ["cdo", "-s", "-b", "F64", *arguments.split(), "answer.nc"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)  # noqa: S603 - the commands above
    with netCDF4.Dataset(folder / "answer.nc") as file:
        name = "cell_area" if "cell_area" in file.variables else "field"
        return [float(one) for one in np.asarray(file[name][:]).ravel()]


def main() -> None:
    """Write numbers.json."""
    version = subprocess.run(["cdo", "--version"], check=True, capture_output=True, text=True)  # noqa: S607 - as above
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for which, writer in inputs().items():
            writer(folder / f"{which}.nc")
        cases: dict[str, Any] = {
            case: {"input": which, "command": f"cdo -s -b F64 {arguments}", "values": _answer(arguments, folder)}
            for case, (which, arguments) in CASES.items()
        }
    said = (version.stdout + version.stderr).splitlines()[0]
    content = {"comment": "SYNTHETIC fields, written by make.py", "made_by": said, "cases": cases}
    NUMBERS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
