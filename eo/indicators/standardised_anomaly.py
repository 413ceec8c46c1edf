"""Anomaly in units of the spread of the baseline years: the z-score of NDVI, LAI, FAPAR, soil moisture."""

from typing import Annotated

import xarray as xr
from pydantic import Field

from eo.coverage import screened, standing
from eo.indicators import Indicator, Output
from eo.model import Span
from eo.primitives.calendar_steps import (
    at_calendar_step,
    check_years,
    enough_years,
    mean_of_years,
    over_years,
    spread_of_years,
)

Share = Annotated[float, Field(gt=0, le=1)]


def standardised_anomaly(series: xr.Dataset, *, normal: xr.Dataset, min_coverage: Share = 0.9) -> xr.Dataset:
    """Give the anomaly of each month and how many standard deviations of the baseline it is.

    A month observed in part under `min_coverage` is missing. A calendar month that the baseline gives no mean has a
    value and no anomaly (``no_normal``); one whose baseline years are all equal has no value (``undefined``). A
    baseline of fewer years than `min_years` is an error.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (..., time), units of the variable, and ``coverage`` (..., time), 1. Of a zone it is the
        z-score of the mean over the zone, not the mean of the z-scores.
    normal : Dataset
        Of `standardised_anomaly_normal`.
    min_coverage : 1
        Least share of a zone or cell, and of the days of a month, that must be observed for a month to be there.

    Returns
    -------
    standardised_anomaly : (..., time), 1
    value, normal, anomaly : (..., time), units of the variable
    coverage : (..., time), 1
    flag : (..., time), int8, see `eo.coverage.FLAGS`

    References
    ----------
    Wilks, D. S. (2011): Statistical Methods in the Atmospheric Sciences, 3.4.2.
    """
    value = screened(series["mean"], series["coverage"], min_coverage).drop_attrs()
    usual, spread = (at_calendar_step(normal[name], series["time_bounds"]) for name in ("normal", "spread"))
    difference = value - usual
    found = {
        "standardised_anomaly": difference / spread.where(spread > 0),
        "value": value,
        "normal": usual,
        "anomaly": difference,
    }
    return standing(found, series["coverage"], there=value.notnull(), known=usual.notnull())


def standardised_anomaly_normal(
    series: xr.Dataset,
    *,
    baseline: Span,
    min_coverage: Share = 0.9,
    min_years: Annotated[int, Field(ge=3)] = 10,
) -> xr.Dataset:
    """Give the mean and the standard deviation of each calendar month over the baseline years.

    Parameters
    ----------
    series, min_coverage : see `standardised_anomaly`; of the baseline alone
    baseline : months
    min_years : years; least number of the baseline

    Returns
    -------
    normal, spread : (..., calendar_step), units of the variable
        The deviation is of n - 1. NaN for a month with fewer than 80 % of the baseline years (WMO-No. 1203, 4.4.1).

    Raises
    ------
    InputError
        A baseline of fewer years than `min_years`.
    """
    check_years(baseline, min_years, "a standard deviation")
    value, bounds = screened(series["mean"], series["coverage"], min_coverage), series["time_bounds"]
    enough = enough_years(value, bounds, baseline)
    found = {"normal": over_years(mean_of_years, value, bounds), "spread": over_years(spread_of_years, value, bounds)}
    return xr.Dataset({name: one.where(enough) for name, one in found.items()})


_MEAN = "area: mean time: mean"

INDICATOR = Indicator(
    compute=standardised_anomaly,
    title="anomaly and standardised anomaly",
    reduction="zonal_mean",
    by=("region", "cell"),
    normal=standardised_anomaly_normal,
    outputs=(
        Output(
            "standardised_anomaly",
            "{variable}_standardised_anomaly",
            "anomaly of {long_name} by the standard deviation of the baseline years",
            _MEAN,
            units="1",
            range=(-1e3, 1e3),
        ),
        Output("value", "{variable}", "{long_name}", _MEAN, standard_name="{standard_name}"),
        Output("normal", "{variable}_normal", "baseline normal of {long_name}", _MEAN, standard_name="{standard_name}"),
        Output(
            "anomaly",
            "{variable}_anomaly",
            "anomaly of {long_name}",
            _MEAN,
            difference=True,
            standard_name="{anomaly_standard_name}",
        ),
    ),
    reference="Wilks (2011); WMO-No. 1203 (2017)",
)
