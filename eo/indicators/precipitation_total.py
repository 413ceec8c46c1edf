"""Monthly precipitation totals and percent of normal."""

from typing import Annotated

import xarray as xr
from pydantic import Field

from eo.coverage import screened, standing
from eo.indicators import Indicator, Output
from eo.model import Span
from eo.primitives.calendar_steps import at_calendar_step, enough_years, mean_of_years, over_years
from eo.primitives.precipitation import Share, rate_to_amount


def precipitation_total(
    series: xr.Dataset,
    *,
    normal: xr.Dataset,
    min_coverage: Share = 0.9,
    min_normal: Annotated[float, Field(gt=0)] = 1.0,
) -> xr.Dataset:
    """Give the precipitation of each month, and what percent of the normal that is.

    A part-month under `min_coverage` is missing; what is missing within a month takes the mean of what was observed. A
    month whose normal is not known, or so small that a percent of it says nothing, has a total and no percent
    (``no_normal``). A baseline of fewer than the 30 years of a standard normal stands, and the result says how many it
    has.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (..., time), a precipitation rate with units, and ``coverage`` (..., time), 1.
    normal : Dataset
        Of `precipitation_total_normal`.
    min_coverage : 1
        Least share of a zone or cell, and of the days of a month, that must be observed for a month to be there.
    min_normal : mm
        Least normal that a percent is given of.

    Returns
    -------
    percent : (..., time), %
    total, normal : (..., time), mm
    coverage : (..., time), 1
    flag : (..., time), int8, see `eo.coverage.FLAGS`

    Raises
    ------
    InputError
        Units of no rate.

    References
    ----------
    WMO (2017): Guidelines on the Calculation of Climate Normals, WMO-No. 1203.
    """
    total = screened(rate_to_amount(series), series["coverage"], min_coverage)
    usual = at_calendar_step(normal["normal"], series["time_bounds"])
    known = usual >= min_normal
    found = {"percent": 100.0 * total / usual.where(known), "total": total, "normal": usual}
    return standing(found, series["coverage"], there=total.notnull(), known=known)


def precipitation_total_normal(series: xr.Dataset, *, baseline: Span, min_coverage: Share = 0.9) -> xr.Dataset:
    """Give the mean total of each calendar month over the baseline years.

    Returns
    -------
    normal : (..., calendar_step), mm
        NaN for a month with fewer than 80 % of the baseline years (WMO-No. 1203, 4.4.1).
    """
    total = screened(rate_to_amount(series), series["coverage"], min_coverage)
    bounds = series["time_bounds"]
    usual = over_years(mean_of_years, total, bounds)
    return xr.Dataset({"normal": usual.where(enough_years(total, bounds, baseline))})


_AMOUNT = "lwe_thickness_of_precipitation_amount"

INDICATOR = Indicator(
    compute=precipitation_total,
    title="precipitation totals and percent of normal",
    reduction="zonal_mean",
    by=("region", "cell"),
    normal=precipitation_total_normal,
    outputs=(
        Output(
            "percent",
            "precipitation_percent_of_normal",
            "precipitation, percent of the baseline normal",
            "area: mean time: sum",
            units="%",
            range=(0, 1e6),
        ),
        Output(
            "total",
            "precipitation_total",
            "precipitation",
            "area: mean time: sum",
            units="mm",
            range=(0, 80000),
            standard_name=_AMOUNT,
        ),
        Output(
            "normal",
            "precipitation_total_normal",
            "baseline normal of precipitation",
            "area: mean time: sum",
            units="mm",
            range=(0, 80000),
            standard_name=_AMOUNT,
        ),
    ),
    reference="WMO-No. 1203 (2017)",
)
