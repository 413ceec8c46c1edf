"""Sea ice extent."""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pyproj
import xarray as xr
from granules.amsr2 import SHAPES, write_amsr2
from strategies import box

from eo import references
from eo.canonical import STATUS
from eo.extent import zonal_extent
from eo.indicators.sea_ice_extent import sea_ice_extent
from eo.zones import zones
from validation.ocean import fields
from validation.record import Check, Compared

NORTH, SOUTH = "nsidc_index/N_20240907_extent_v3.0.tif", "nsidc_index/S_20240930_extent_v3.0.tif"
TABLE = "nsidc_index/N_seaice_extent_daily_v3.0.csv"
SOUTH_20240930 = 17.183
SEPTEMBERS = {"2007": 4.27, "2012": 3.57, "2016": 4.53}
CAP = 75


def extent(content: xr.Dataset, variable: str, hemisphere: str) -> float:
    """Give the extent of a hemisphere, million km2."""
    region = box(-180, 180, 0, 90) if hemisphere == "north" else box(-180, 180, -90, 0)
    at = zones({hemisphere: region}, content)
    found = zonal_extent(content[variable], content[f"{variable}_status"], at, STATUS["outside_domain"])
    return float(found["extent"].values[0, 0]) / 1e12


def of_a_mask(path: Path) -> float:
    letter = path.name[0].lower()
    content = fields(path, f"nsidc_index_extent_{letter}h")
    return extent(content, "sea_ice_extent", {"n": "north", "s": "south"}[letter])


def against_the_table(data: Path, *, mask: str, day: str) -> Compared:
    theirs = references.nsidc(references.text_of(data / TABLE)).sel(time=day)
    return Compared.numbers(of_a_mask(data / mask), theirs)


def against_a_number(data: Path, *, mask: str, theirs: float) -> Compared:
    return Compared.numbers(of_a_mask(data / mask), theirs)


def cap_of_amsr2(_: Path, *, hemisphere: str) -> Compared:
    """Compare the extent of a synthetic AMSR2 map, ice down to 75 degrees, with the area of that cap by geodesics."""
    sign, area, product = (1, "PN", "north") if hemisphere == "north" else (-1, "PS", "south")
    shape = SHAPES[f"{area}L"]
    with tempfile.TemporaryDirectory() as folder:
        blank = write_amsr2(Path(folder), np.zeros((*shape, 1), np.int16), content="SIC", area=area)
        content = fields(blank, f"jaxa_amsr2_sic_{product}_day_daily")
        ice = np.where(sign * content["lat"].values >= CAP, 1000, 0).astype(np.int16)
        upward = content["y"].values[0] < content["y"].values[-1]  # the first row of a map is its top
        path = write_amsr2(Path(folder), (ice[::-1] if upward else ice)[..., None], content="SIC", area=area)
        ours = extent(fields(path, f"jaxa_amsr2_sic_{product}_day_daily"), "sea_ice_area_fraction", hemisphere)
    longitudes = np.arange(0, 360, 0.05)
    cap = pyproj.Geod(a=6378273.0, b=6356889.449).polygon_area_perimeter(longitudes, np.full(longitudes.size, CAP))
    return Compared.numbers(ours, abs(cap[0]) / 1e12)


def septembers(data: Path) -> Compared:
    """Compare monthly extents, made of the published days by our indicator, with those that are published."""
    daily = references.nsidc(references.text_of(data / TABLE)).sel(time=slice("2007-09", "2016-09"))
    day = np.arange(np.datetime64("2007-09-01"), np.datetime64("2016-10-01"))
    there = daily.reindex(time=day.astype("datetime64[ns]"))
    wide = (there.values * 1e12)[None]
    areas = dict.fromkeys(("extent", "observed"), (("region", "time"), wide))
    bounds = np.stack([day, day + 1], axis=1).astype("datetime64[ns]")
    content = xr.Dataset(
        {**areas, "coverage": (("region", "time"), np.isfinite(wide).astype(np.float64))},
        {"region": ["north"], "time": bounds[:, 0], "time_bounds": (("time", "nv"), bounds)},
    )
    found = sea_ice_extent(content)["value"][0]
    ours = [float(found.sel(time=f"{year}-09-01")) for year in SEPTEMBERS]
    return Compared.numbers(ours, list(SEPTEMBERS.values()), list(SEPTEMBERS))


CHECKS = (
    Check(
        "Sea ice", "Arctic extent, 2024-09-07", partial(against_the_table, mask=NORTH, day="2024-09-07"), 0.001,
        "million km2", "NSIDC Sea Ice Index 3, daily table", "the table has three decimals", (NORTH, TABLE),
    ),
    Check(
        "Sea ice", "Antarctic extent, 2024-09-30", partial(against_a_number, mask=SOUTH, theirs=SOUTH_20240930), 0.004,
        "million km2", "NSIDC Sea Ice Index 3, daily table", "the mask has missing pixels where the table interpolates",
        (SOUTH,),
    ),
    Check(
        "Sea ice", "Arctic extent of September, 2007, 2012, 2016", septembers, 0.005, "million km2",
        "NSIDC Sea Ice Index 3, N_09_extent_v3.0.csv", "two decimals; the mean of daily extents", (TABLE,),
    ),
    *(
        Check(
            "Sea ice", f"extent of an AMSR2 map with ice beyond {CAP} degrees, {one}",
            partial(cap_of_amsr2, hemisphere=one), 0.01, "million km2",
            "geodesic area of the cap on the ellipsoid (pyproj.Geod); SYNTHETIC map",
            "cells of 25 km at the edge of the cap",
        )
        for one in ("north", "south")
    ),
)  # fmt: skip
