"""Yearly minimum and maximum of sea-ice extent, with their dates, from five-day means."""

import numpy as np
import xarray as xr

from eo.coverage import FLAGS
from eo.indicators import Indicator, Output
from eo.primitives.day_of_year import on_every_day
from eo.primitives.sea_ice import RANGE, REFERENCE, UNITS, Share, daily, grouped, over_periods, trailing_mean

_NEAR = 5
"""Days from a gap within which an extreme is not known."""


def sea_ice_extremes(series: xr.Dataset, *, min_coverage: Share = 0.99, min_days: Share = 0.9) -> xr.Dataset:
    """Give the least and the greatest extent of each calendar year and the day of each.

    Extents are means of a day and the four before it (the first ones with days before the period), by the rule of the
    NSIDC Sea Ice Index (see `sea_ice.trailing_mean`); the first of equal days counts. A year with fewer than `min_days`
    of its days has none: the least of a part of a year is no minimum. An extreme that lies within five days of days
    without a mean is not known, for a greater one may lie among these: it is missing, and the year ``undefined``. A day
    of which less than `min_coverage` of the sea was observed is missing. No baseline.

    Parameters
    ----------
    series : Dataset
        Daily ``extent`` (region, time), m2, and ``coverage`` (region, time), 1.
    min_coverage : 1
        Least share of the sea of a region that must be observed for a day to stand.
    min_days : 1
        Least share of the days of a year with a five-day mean.

    Returns
    -------
    minimum, maximum : (region, time), 1e6 km2
    minimum_date, maximum_date : (region, time), datetime64, the last day of the five; NaT where there is none
    coverage : (region, time), 1
    flag : (region, time), int8, see `eo.coverage.FLAGS`

    References
    ----------
    Fetterer et al. (2017): Sea Ice Index, Version 3. doi:10.7265/N5K072F8
    """
    smooth = trailing_mean(daily(series, "extent", min_coverage))
    years, firm = _years(smooth), _years(smooth.where(~_beside_a_gap(smooth)))
    low, high = [one.min("time") for one in years], [one.max("time") for one in years]
    is_low = [one.min("time") == each for one, each in zip(firm, low, strict=True)]
    is_high = [one.max("time") == each for one, each in zip(firm, high, strict=True)]
    found = {
        "minimum": _where(low, is_low),
        "maximum": _where(high, is_high),
        "minimum_date": _where([_date(one, one.fillna(np.inf).argmin("time")) for one in years], is_low),
        "maximum_date": _where([_date(one, one.fillna(-np.inf).argmax("time")) for one in years], is_high),
    }
    result = over_periods(found, smooth.notnull(), on_every_day(series)["coverage"], "Y", min_days)
    unknown = (result["flag"] == FLAGS["good"]) & (result["minimum"].isnull() | result["maximum"].isnull())
    return result.assign(flag=xr.where(unknown, FLAGS["undefined"], result["flag"]).astype(np.int8))


def _years(days: xr.DataArray) -> list[xr.DataArray]:
    return [one.transpose("region", "time") for _, one in grouped(days, "Y")]


def _where(numbers: list[xr.DataArray], known: list[xr.DataArray]) -> list[xr.DataArray]:
    return [one.where(each) for one, each in zip(numbers, known, strict=True)]


def _beside_a_gap(smooth: xr.DataArray) -> xr.DataArray:
    """Tell which days lie within five days of one without a mean, the days before the record aside: (region, time)."""
    gap = (smooth.isnull() & (smooth.notnull().cumsum("time") > 0)).astype(np.float64)
    near = [gap.shift(time=by, fill_value=0.0) for by in range(-_NEAR, _NEAR + 1)]
    return xr.concat(near, "by").max("by") > 0


def _date(year: xr.DataArray, position: xr.DataArray) -> xr.DataArray:
    days = xr.DataArray(year["time"].values[position.values], dims="region", coords={"region": year["region"]})
    return days.astype("datetime64[ns]")


def _reach() -> tuple[int, int]:
    """Give the months around a value: five days reach back, and a missing last one takes the mean of its neighbours."""
    return 1, 1


def _day(key: str, what: str) -> Output:
    words = f"day of the {what} sea ice extent, the last of five"
    return Output(key, f"sea_ice_extent_{key}", words, f"area: sum time: {key[:7]}", units="days since 1970-01-01")


INDICATOR = Indicator(
    compute=sea_ice_extremes,
    title="yearly extremes of sea ice extent",
    reduction="zonal_extent",
    step="native",
    reach=_reach,
    outputs=(
        Output("minimum", "sea_ice_extent_minimum", "least five-day mean of sea ice extent", "area: sum time: minimum",
               units=UNITS, range=RANGE, standard_name="sea_ice_extent"),
        Output("maximum", "sea_ice_extent_maximum", "greatest five-day mean of sea ice extent",
               "area: sum time: maximum", units=UNITS, range=RANGE, standard_name="sea_ice_extent"),
        _day("minimum_date", "least"),
        _day("maximum_date", "greatest"),
    ),
    reference=REFERENCE,
)  # fmt: skip
