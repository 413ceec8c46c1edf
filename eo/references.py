"""Published series to compare with: the tables of other institutions, each as a series with its units and its source.

Every function takes the text of a file and gives (time,) float64, NaN where the table says missing, with attributes
`units`, `title` and `citation`. Times are the day, or the first day of the month. None of them asks how a value was
made.
"""

import csv
import re
from calendar import isleap
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import xarray as xr

from eo.errors import InputError, unknown

Row = tuple[str, float]
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MILLION_KM2 = "1e6 km2"
_FIRST, _LAST = np.datetime64("1700-01-01"), np.datetime64("2200-01-01")
_VISHOP = {
    "title": "sea ice extent, ViSHOP",
    "citation": "JAXA and National Institute of Polar Research, Arctic Data archive System (ADS), ViSHOP",
}


def text_of(path: Path) -> str:
    """Give the text of a table.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} must be a table that can be read: {error}") from None


def _series(rows: Iterable[Row], missing: float | None = None, **said: str) -> xr.DataArray:
    pairs = sorted(rows)
    dates = [date for date, _ in pairs]
    repeated = [one for one, following in pairwise(dates) if one == following]
    if repeated or not pairs:
        found = f"{repeated[0]} repeats" if repeated else "there is none"
        raise InputError(f"a published series has one value for each of its dates; {found}")
    values = np.array([value for _, value in pairs])
    gone = ~np.isfinite(values) if missing is None else ~np.isfinite(values) | (values == missing)
    time = _times(dates)
    return xr.DataArray(np.where(gone, np.nan, values), {"time": time}, ("time",), attrs=dict(said))


def _times(dates: list[str]) -> np.ndarray:
    try:
        days = np.array(dates, dtype="datetime64[D]")
    except ValueError as error:
        raise InputError(f"a published series has a date in each row: {error}") from None
    if not ((days > _FIRST) & (days < _LAST)).all():
        raise InputError(f"a published series lies in {_FIRST} to {_LAST}; it is from {days.min()} to {days.max()}")
    return days.astype("datetime64[ns]")


def _cells(text: str) -> list[list[str]]:
    try:
        return [[one.strip() for one in row] for row in csv.reader(text.splitlines()) if row]
    except csv.Error as error:
        raise InputError(f"a table has cells with commas between them: {error}") from None


def _number(text: str, line: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"a table has numbers where it has values; there is {text!r} in {line[:60]!r}") from None


def _row(row: list[str], date: int, value: int) -> Row:
    """Give date and value of a row that starts with year, month and, where `date` is 3, day; `value` is its column."""
    line = " ".join(row)
    if len(row) <= max(date - 1, value):
        raise InputError(f"a row has {max(date, value + 1)} columns; there is {line[:60]!r}")
    numbers = [_number(one, line) for one in row[:date]]
    if not all(one.is_integer() for one in numbers):
        raise InputError(f"a row starts with a date in whole numbers; there is {line[:60]!r}")
    parts = [int(one) for one in numbers] + [1] * (3 - date)
    return f"{parts[0]:04d}-{parts[1]:02d}-{parts[2]:02d}", _number(row[value], line)


def table(text: str, column: str, time: str = "time", where: str = "the table") -> xr.DataArray:
    """Give a column of a CSV with one row a step; lines that start with # are comments.

    Parameters
    ----------
    column, time : names in the first line: of the values, and of dates YYYY-MM or YYYY-MM-DD
    where : what an error calls the table

    Raises
    ------
    InputError
        No such column, or a row without a date and a number.
    """
    try:
        first, *rows = _cells("\n".join(line for line in text.splitlines() if not line.startswith("#"))) or [[]]
        at, value = (_place(name, first) for name in (time, column))
        return _series(_pair(row, at, value) for row in rows)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _pair(row: list[str], at: int, value: int) -> Row:
    if len(row) <= max(at, value):
        raise InputError(f"a row has a date and a value; there is {row}")
    return row[at], _number(row[value], ",".join(row))


def _place(name: str, first: list[str]) -> int:
    if name not in first:
        raise unknown("column", name, first)
    return first.index(name)


def cpc(text: str, column: str = "Nino34anom") -> xr.DataArray:
    """Give an index of the Climate Prediction Center, degC, by months: columns datetime, Nino12, ..., Nino34anom."""
    said = {"title": f"CPC {column}", "citation": "NOAA Climate Prediction Center, monthly Nino indices (OISST)"}
    return table(text, column, "datetime").assign_attrs(units="degC", **said)


def csiro(text: str, column: str = "GMSL (monthly)") -> xr.DataArray:
    """Give global mean sea level from altimeters as CSIRO publishes it: (time,) monthly, mm.

    Dates are written 1993-Jan; ``#N/A`` is missing.

    Raises
    ------
    InputError
        No such column, or a row without a month and a number.
    """
    first, *rows = _cells(text) or [[]]
    at, value = (_place(name, first) for name in ("Time", column))
    said = {
        "title": "global mean sea level",
        "citation": "CSIRO, from TOPEX/Poseidon and Jason altimeters",
        "units": "mm",
    }
    pairs = [_pair([one.replace("#N/A", "nan") for one in row], at, value) for row in rows]
    return _series([(_month_of(date), number) for date, number in pairs]).assign_attrs(said)


def _month_of(date: str) -> str:
    year, _, month = date.partition("-")
    if month not in _MONTHS:
        raise InputError(f"a month is written like 1993-Jan; there is {date!r}")
    return f"{year}-{_MONTHS.index(month) + 1:02d}"


def psl(text: str) -> xr.DataArray:
    """Give an index of the Physical Sciences Laboratory by months, degC: years of twelve values, the missing value.

    The first line has the first and the last year; the line after the last year is the value that stands for missing.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if not lines or not re.fullmatch(r"\d{4} \d{4}", " ".join(lines[0][:2])):
        raise InputError("a PSL table starts with its first and last year")
    first, last = (int(one) for one in lines[0][:2])
    count = last - first + 1
    years, after = lines[1 : count + 1], lines[count + 1 :]
    if len(years) < count or not after or [one[0] for one in years] != [str(first + n) for n in range(count)]:
        raise InputError(f"a PSL table has a line for each year of {first} to {last}, then the missing value")
    missing = _number(after[0][0], " ".join(after[0]))
    rows = [_row([year[0], str(month), *year[month : month + 1]], 2, 2) for year in years for month in range(1, 13)]
    title = " ".join(after[1]) if len(after) > 1 else "PSL index"
    return _series(rows, missing, units="degC", title=title, citation="NOAA Physical Sciences Laboratory")


def nsidc(text: str) -> xr.DataArray:
    """Give the daily sea ice extent of the Sea Ice Index, million km2: columns Year, Month, Day, Extent, Missing, ...

    References
    ----------
    Fetterer, F., et al. (2017): Sea Ice Index, version 3. NSIDC. doi:10.7265/N5K072F8
    """
    rows = _cells(text)
    if len(rows) < 2 or rows[0][:5] != ["Year", "Month", "Day", "Extent", "Missing"] or rows[1][3:4] != ["10^6 sq km"]:  # noqa: PLR2004 - header, units
        raise InputError(f"a Sea Ice Index table starts with Year, Month, Day, Extent and units; it has {rows[:1]}")
    said = {"title": "Sea Ice Index, version 3", "citation": "Fetterer, F., et al. (2017), doi:10.7265/N5K072F8"}
    return _series((_row(row, 3, 3) for row in rows[2:]), -9999.0, units=_MILLION_KM2, **said)


def osisaf(text: str) -> xr.DataArray:
    """Give the daily sea ice index of OSI SAF, km2: lines of decimal year, year, month, day, value; # for comments.

    References
    ----------
    EUMETSAT Ocean and Sea Ice Satellite Application Facility: sea ice index OSI-420.
    """
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    said = {"title": "OSI SAF sea ice index", "citation": "EUMETSAT OSI SAF, sea ice index OSI-420"}
    return _series((_row(line[1:], 3, 3) for line in lines), -999.0, units="km2", **said)


def vishop(text: str) -> xr.DataArray:
    """Give the daily sea ice extent of ViSHOP, km2: a row for each day of the year, a column for each year.

    The columns of means over decades are left aside, and so is 29 February of a year that has none.

    References
    ----------
    Arctic Data archive System, ViSHOP: plot_extent_n_v2.csv, plot_extent_s_v2.csv.
    """
    rows = _cells(text)
    years = {n: name for n, name in enumerate(rows[0] if rows else []) if re.fullmatch(r"(19|20)\d\d", name)}
    if not years or [one.lower() for one in rows[0][:2]] != ["month", "day"]:
        raise InputError(f"a ViSHOP table has columns month, day and years; it has {rows[:1]}")
    found = [(_row([year, *row[:2], *row[n : n + 1]], 3, 3)) for row in rows[1:] for n, year in years.items()]
    return _series(filter(_is_day, found), -9999.0, units="km2", **_VISHOP)


def vishop_years(text: str) -> xr.DataArray:
    """Give the daily sea ice extent of ViSHOP, million km2, from its other form: a row for each year.

    An empty cell is missing.
    """
    rows = _cells(text)
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    days = [name.partition("-") for name in (rows[0][1:] if rows else [])]
    if not days or any(not day.isdigit() or month not in months for day, _, month in days):
        raise InputError(
            f"a ViSHOP table by years has columns 1-Jan, 2-Jan, ...; it has {[row[:3] for row in rows[:1]]}"
        )
    found = [
        _row([row[0], str(months.index(month) + 1), day, value or "nan"], 3, 3)
        for row in rows[1:]
        for (day, _, month), value in zip(days, row[1:], strict=False)
    ]
    return _series(filter(_is_day, found), None, units=_MILLION_KM2, **_VISHOP)


def _is_day(row: Row) -> bool:
    return not row[0].endswith("-02-29") or isleap(int(row[0][:4]))


def gosat(text: str, column: str = "mean") -> xr.DataArray:
    """Give the whole-atmosphere monthly mean of GOSAT: a header, then lines of year, month, mean, trend.

    Parameters
    ----------
    column : mean or trend

    Raises
    ------
    InputError
        No such lines, or a header that does not say ppm or ppb.

    References
    ----------
    National Institute for Environmental Studies, GOSAT Project: whole-atmosphere monthly mean concentration.
    """
    columns = {"mean": 2, "trend": 3}
    if column not in columns:
        raise unknown("column", column, columns)
    lines = text.splitlines()
    start = next((n for n, line in enumerate(lines) if re.match(r"\s*(19|20)\d\d[\s,]+\d{1,2}[\s,]", line)), len(lines))
    units = sorted({one.lower() for one in re.findall(r"\bpp[mb]\b", " ".join(lines[:start]), re.IGNORECASE)})
    if len(units) != 1:
        raise InputError(f"the header of a GOSAT table says its unit, ppm or ppb, once; it says {units}")
    rows = (re.split(r"[\s,]+", line.strip()) for line in lines[start:] if line.strip())
    said = {"title": "GOSAT whole-atmosphere monthly mean", "citation": "NIES GOSAT Project"}
    scale = {"ppm": "1e-6", "ppb": "1e-9"}[units[0]]
    return _series((_row(row, 2, columns[column]) for row in rows), None, units=scale, **said)
