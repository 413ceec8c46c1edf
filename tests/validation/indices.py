"""Indices of the ocean's temperature, and the growth of carbon dioxide, against the published series."""

import csv
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import xarray as xr
from strategies import months, series

from eo import references
from eo.climatology import monthly_normal
from eo.indicators.anomaly import anomaly
from eo.indicators.dipole_mode_index import dipole_mode_index
from eo.indicators.growth_rate import growth_rate
from eo.indicators.oceanic_nino_index import oceanic_nino_index, oceanic_nino_index_normal
from eo.indicators.relative_nino_index import relative_nino_index, relative_nino_index_normal
from eo.model import span
from validation.ocean import ERSST, NINA34, fields, means_over
from validation.record import Check, Compared

SEA = 0.5
"""Share of a box that must be sea: the boxes of the indices hold land."""
REGIONS = ("nino34", "tropics", "iod_west", "iod_east", "indian_ocean_dipole", "tna", "tsa")
BASE = span("2010/2019")
ONI, RONI, DMI = "indices/oni.ascii.txt", "indices/roni.csv", "indices/dmi.csv"
CO2_MONTHS, CO2_GROWTH = "co2/co2-mm-gl.csv", "co2/co2-gr-gl.csv"


@lru_cache
def ersst(data: Path) -> xr.Dataset:
    grid = fields(data / ERSST, "noaa_ersst_v5_monthly")
    found = means_over(REGIONS, grid, "sea_surface_temperature")
    return found.assign_coords(time_bounds=grid["time_bounds"])


def _centred(values: xr.DataArray) -> xr.DataArray:
    """Give an anomaly about its own mean of 2010 to 2019, so that its base does not count."""
    usual = values.sel(time=slice("2010-01", "2019-12")).groupby("time.month").mean()
    return (values.groupby("time.month") - usual).drop_vars("month")


def _apart(ours: xr.DataArray, theirs: xr.DataArray) -> Compared:
    """Give the root mean square difference; both numbers shown are standard deviations."""
    mine, other = xr.align(ours.reset_coords(drop=True).dropna("time"), theirs.dropna("time"))
    rms = float(np.sqrt(((mine - other) ** 2).mean()))
    said = (
        f"root mean square of {mine.size}; shown are standard deviations; correlation {float(xr.corr(mine, other)):.3f}"
    )
    return Compared(f"{float(mine.std()):.3f}", f"{float(other.std()):.3f}", rms, said)


def _correlated(ours: xr.DataArray, theirs: xr.DataArray) -> Compared:
    mine, other = xr.align(ours.reset_coords(drop=True).dropna("time"), theirs.dropna("time"))
    found, rms = float(xr.corr(mine, other)), float(np.sqrt(((mine - other) ** 2).mean()))
    said = f"correlation of {mine.size}; root mean square difference {rms:.2f} K"
    return Compared(f"{found:.3f}", "1", 1 - found, said)


def oni(data: Path) -> Compared:
    nino34 = references.psl(references.text_of(data / NINA34)).sel(time=slice("1951", "2024"))
    content = series(nino34.values[None], np.isfinite(nino34.values[None]), months(12 * 74, "1951-01"))
    normal = oceanic_nino_index_normal(content, baseline=span("1951/2020"), bases="sliding")
    ours = oceanic_nino_index(content, normal=normal, bases="sliding")["index"][0].drop_vars("region")
    rows = [line.split() for line in (data / ONI).read_text(encoding="utf-8").splitlines()[1:]]
    theirs = xr.DataArray([float(row[3]) for row in rows], {"time": months(len(rows), "1950-01")}, ("time",))
    # December 1965 has the base 1946-1975, which is not in the series
    mine, other = xr.align(ours.sel(time=slice("1966-02", None)).dropna("time"), theirs)
    return Compared.numbers(mine, other, mine["time"].values.astype("datetime64[M]"))


def relative(data: Path) -> Compared:
    content = ersst(data).sel(region=["nino34", "tropics"])
    normal = relative_nino_index_normal(content, baseline=BASE, min_coverage=SEA)
    ours = relative_nino_index(content, normal=normal, min_coverage=SEA)["index"].sel(region="nino34", drop=True)
    return _apart(ours, _centred(references.table(references.text_of(data / RONI), "roni", "date")))


def dipole(data: Path) -> Compared:
    content = ersst(data)
    normal = monthly_normal(content, baseline=BASE, min_coverage=SEA)
    ours = dipole_mode_index(content, normal=normal, min_coverage=SEA)["index"][0].drop_vars("region")
    return _correlated(ours, _centred(references.table(references.text_of(data / DMI), "dmi", "date")))


def atlantic(data: Path, *, name: str) -> Compared:
    content = ersst(data)
    ours = anomaly(content, normal=monthly_normal(content, baseline=BASE, min_coverage=0.9))["anomaly"]
    theirs = _centred(references.psl(references.text_of(data / "indices" / f"{name}.data")))
    return _apart(ours.sel(region=name, drop=True), theirs)


def carbon_dioxide(data: Path) -> Compared:
    with (data / CO2_MONTHS).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with (data / CO2_GROWTH).open(encoding="utf-8") as file:
        published = {int(row["Year"]): float(row["Annual Increase"]) for row in csv.DictReader(file)}
    found = growth_rate(series([float(row["Average"]) for row in rows], time=months(len(rows), rows[0]["Date"])))
    years = np.array([f"{year}-01-01" for year in published], dtype="datetime64[ns]")
    theirs = xr.DataArray(list(published.values()), {"time": years}, ("time",))
    return _apart(found["growth"].isel(region=0, drop=True), theirs)


_SST, _BASES = "Sea surface temperature", "both about 2010 to 2019; "

CHECKS = (
    Check(
        _SST, "Oceanic Nino Index, sliding bases, 1966 to 2024", oni, 0.02, "K", "NOAA CPC, oni.ascii.txt",
        "rounding of both tables to 0.01: ours is of the Nino 3.4 that PSL publishes", (NINA34, ONI),
    ),
    Check(
        _SST, "relative Nino 3.4, ERSSTv5", relative, 0.1, "K", "NOAA CPC, RONI",
        _BASES + "theirs is of another version of ERSST, and scaled to the variance of 1991 to 2020", (ERSST, RONI),
    ),
    Check(
        _SST, "dipole mode index, ERSSTv5", dipole, 0.15, "1", "NOAA PSL, DMI of HadISST1.1",
        _BASES + "another analysis: ours varies by 0.49 K and theirs by 0.32 K, so correlation is held, not amplitude",
        (ERSST, DMI),
    ),
    *(
        Check(
            _SST, f"{name.upper()}, ERSSTv5", partial(atlantic, name=name), 0.1, "K", f"NOAA PSL, {name}.data",
            _BASES + "theirs is of HadISST and OISST", (ERSST, f"indices/{name}.data"),
        )
        for name in ("tna", "tsa")
    ),
    Check(
        "Atmosphere", "carbon dioxide, annual growth rate", carbon_dioxide, 0.2, "ppm per year",
        "NOAA Global Monitoring Laboratory, co2_gr_gl",
        "theirs is the difference of a trend at the turns of the year, known to 0.1; ours the mean of 12 differences",
        (CO2_MONTHS, CO2_GROWTH),
    ),
)  # fmt: skip
