"""Days of each year on which a sea is free of ice by convention: its extent is below a million square kilometres."""

from typing import Annotated

import xarray as xr
from pydantic import Field

from eo.coverage import FLAGS
from eo.indicators import Indicator, Output
from eo.primitives.day_of_year import on_every_day
from eo.primitives.sea_ice import Share, daily, grouped, least_month, over_periods


def ice_free_days(
    series: xr.Dataset,
    *,
    below: Annotated[float, Field(gt=0)] = 1.0,
    min_coverage: Share = 0.99,
    min_days: Share = 0.9,
) -> xr.Dataset:
    """Give the days of each calendar year with an extent below a limit.

    A missing day is not free of ice: the number is of the days that were observed, and the coverage says how many these
    are. A year with fewer than `min_days` of its days, or of those of one of its months, has none: that month may be
    the one without ice. So a part of a year has none until it has them. No baseline.

    Parameters
    ----------
    series : Dataset
        Daily ``extent`` (region, time), m2, and ``coverage`` (region, time), 1.
    below : 1e6 km2
        1 for the Arctic Ocean, by convention.
    min_coverage : 1
        Least share of the sea of a region that must be observed for a day to stand.
    min_days : 1
        Least share of the days of a year and of each of its months.

    Returns
    -------
    days : (region, time), day
    coverage : (region, time), 1
    flag : (region, time), int8, see `eo.coverage.FLAGS`

    References
    ----------
    Notz and SIMIP Community (2020): Arctic Sea Ice in CMIP6. doi:10.1029/2019GL086749
    """
    extent = daily(series, "extent", min_coverage)
    free = (extent < below).where(extent.notnull(), 0.0).astype(float)
    days = [one.sum("time") for _, one in grouped(free, "Y")]
    known = on_every_day(series)["coverage"]
    found = over_periods({"days": days}, extent.notnull(), known, "Y", min_days)
    whole = least_month(extent.notnull()) >= min_days
    short = ~whole & (found["flag"] == FLAGS["good"])
    flag = xr.where(short, FLAGS["insufficient_coverage"], found["flag"]).astype("int8")
    return found.assign(days=found["days"].where(~short), flag=flag)


INDICATOR = Indicator(
    compute=ice_free_days,
    title="ice-free days",
    reduction="zonal_extent",
    step="native",
    outputs=(
        Output("days", "ice_free_days", "days with a sea ice extent below the limit", "area: sum time: sum",
               units="day", range=(0.0, 366.0)),
    ),
    reference="Notz and SIMIP Community (2020), doi:10.1029/2019GL086749",
)  # fmt: skip
