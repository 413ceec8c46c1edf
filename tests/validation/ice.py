"""Sea ice extent."""

import tempfile
from functools import lru_cache, partial
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
from eo.indicators.sea_ice_extremes import sea_ice_extremes
from eo.primitives.summary import summary
from eo.zones import zones
from validation.ocean import fields
from validation.record import Check, Compared

NORTH, SOUTH = "nsidc_index/N_20240907_extent_v3.0.tif", "nsidc_index/S_20240930_extent_v3.0.tif"
TABLE = "nsidc_index/N_seaice_extent_daily_v3.0.csv"
SOUTH_20240930 = 17.183
SEPTEMBERS = {"2007": 4.27, "2012": 3.57, "2016": 4.53}
CAP = 75
VISHOP = "jaxa/jaxa-arctic-sea-ice-extent.csv"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EVERY_OTHER = 0.45
"""Share of the days of a month until 1987."""
YEARS = ("1979-01-01", "2023-12-31")
EXTREMES = {("minimum", 2007): 4.154, ("minimum", 2012): 3.387}
"""NSIDC, charted five-day means as of September 2016."""


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


def of_days(daily: xr.DataArray, first: str, last: str) -> xr.Dataset:
    """Give published daily extents, million km2, as the series that the indicators take; from a day to another."""
    day = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    there = daily.reindex(time=day.astype("datetime64[ns]"))
    wide = (there.values * 1e12)[None]
    areas = dict.fromkeys(("extent", "observed"), (("region", "time"), wide))
    bounds = np.stack([day, day + 1], axis=1).astype("datetime64[ns]")
    return xr.Dataset(
        {**areas, "coverage": (("region", "time"), np.isfinite(wide).astype(np.float64))},
        {"region": ["north"], "time": bounds[:, 0], "time_bounds": (("time", "nv"), bounds)},
    )


@lru_cache
def vishop(data: Path) -> xr.DataArray:
    """Give the daily Arctic extent of JAXA and NIPR, million km2: a row for each year, a column for each day."""
    header, *rows = (line.split(",") for line in (data / VISHOP).read_text(encoding="utf-8").splitlines() if line)
    found = {}
    for row in rows:
        for day, text in zip(header[1:], row[1:], strict=False):
            if text.strip():
                number, month = day.split("-")
                found[f"{row[0]}-{MONTHS.index(month) + 1:02d}-{int(number):02d}"] = float(text)
    times = np.array(sorted(found), dtype="datetime64[D]")
    return xr.DataArray([found[str(day)] for day in times], {"time": times.astype("datetime64[ns]")}, ("time",))


@lru_cache
def extremes(data: Path, table: str) -> xr.Dataset:
    """Give the yearly extremes of both tables by our indicator."""
    daily = vishop(data) if table == VISHOP else references.nsidc(references.text_of(data / TABLE))
    return sea_ice_extremes(of_days(daily, *YEARS)).isel(region=0)


def record_minimum(data: Path) -> Compared:
    """Compare the day of the least five-day extent of 2012 in the one table with the least day of the other."""
    ours = extremes(data, TABLE)["minimum_date"].sel(time="2012-01-01").values.astype("datetime64[D]")
    year = vishop(data).sel(time="2012")
    theirs = year["time"].values[int(np.argmin(year.values))].astype("datetime64[D]")
    return Compared(str(ours), str(theirs), float(abs(ours - theirs).astype(int)))


def minimum_dates(data: Path) -> Compared:
    """Compare the middle one of the differences in days of all years that both know."""
    ours, theirs = (extremes(data, one)["minimum_date"].values.astype("datetime64[D]") for one in (TABLE, VISHOP))
    both = ~np.isnat(ours) & ~np.isnat(theirs)
    apart = (ours - theirs)[both].astype(int)
    return Compared(
        f"{np.median(apart):g}", "0", float(abs(np.median(apart))), f"median difference of {both.sum()} years"
    )


def published_extremes(data: Path) -> Compared:
    found = extremes(data, TABLE)
    ours = [float(found[what].sel(time=f"{year}-01-01")) for what, year in EXTREMES]
    return Compared.numbers(ours, list(EXTREMES.values()), [f"{year}, {what}" for what, year in EXTREMES])


def september_trends(data: Path) -> Compared:
    """Compare the trends of the September extent of both tables, over the same years, by the interval of ours."""
    found = []
    for daily in (references.nsidc(references.text_of(data / TABLE)), vishop(data)):
        monthly = sea_ice_extent(of_days(daily, *YEARS), min_days=EVERY_OTHER)["value"][0]
        september = monthly.isel(time=monthly["time"].dt.month.values == 9)
        start = september["time"].values.astype("datetime64[M]")
        bounds = np.stack([start, start + 1], axis=1).astype("datetime64[ns]")
        found.append(summary(september.assign_attrs(units="1e6 km2"), bounds))
    ours, theirs = (float(one["trend"]) for one in found)
    low, high = (float(found[0][f"trend_{end}"]) for end in ("low", "high"))
    apart = abs(ours - theirs) / ((high - low) / 2)
    said = "1979 to 2023, million km2 per 10 years"
    return Compared(f"{ours:.3f} ({low:.3f} to {high:.3f})", f"{theirs:.3f}", apart, said)


def septembers(data: Path) -> Compared:
    """Compare monthly extents, made of the published days by our indicator, with those that are published."""
    daily = references.nsidc(references.text_of(data / TABLE))
    found = sea_ice_extent(of_days(daily, "2007-09-01", "2016-09-30"))["value"][0]
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
    Check(
        "Sea ice", "Arctic minimum, five-day means, 2007 and 2012", published_extremes, 0.0005, "million km2",
        "NSIDC, charted five-day means", "three decimals", (TABLE,),
    ),
    Check(
        "Sea ice", "day of the record minimum of 2012", record_minimum, 2, "days",
        "JAXA and NIPR, ViSHOP daily table; ours of the table of NSIDC",
        "ours is the last of five days, theirs a day; two sensors and algorithms", (TABLE, VISHOP),
    ),
    Check(
        "Sea ice", "day of the Arctic minimum, 1979 to 2023", minimum_dates, 2, "days",
        "our indicator on the ViSHOP table of JAXA and NIPR; ours on that of NSIDC",
        "two sensors and algorithms: the minimum is flat", (TABLE, VISHOP),
    ),
    Check(
        "Sea ice", "trend of the September extent", september_trends, 1, "half widths of our 95 % interval",
        "our trend of the ViSHOP table of JAXA and NIPR; ours of that of NSIDC",
        "two algorithms and coasts: theirs has more ice in the first years and less in the last", (TABLE, VISHOP),
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
