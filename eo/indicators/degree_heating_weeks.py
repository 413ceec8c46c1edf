"""Degree heating weeks: the heat stress on corals that has built up over twelve weeks."""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from eo.climatology import baseline_years
from eo.coverage import FLAGS, flags, screened
from eo.errors import InputError
from eo.indicators import Indicator, Output
from eo.model import Span
from eo.primitives.day_of_year import on_every_day
from eo.primitives.heat_stress import ALERTS, alert_level, heating_weeks, monthly_climatology

Share = Annotated[float, Field(gt=0, le=1)]


def degree_heating_weeks(series: xr.Dataset, *, normal: xr.Dataset, min_coverage: Share = 0.9) -> xr.Dataset:
    """Give the degree heating weeks, the HotSpot and the alert level of each day.

    A HotSpot is how far the temperature lies above the mean of the climatologically warmest month; those of 1 K or more
    add up over 84 days, also those before the period. A value needs `min_coverage` of these days, so that the first
    weeks of a record have none; a missing day is taken to be like the others of its window. There are no months or
    years here, nor parts of them. A baseline of fewer years than `min_years` is an error.

    Parameters
    ----------
    series : Dataset
        Daily sea surface temperature ``mean`` (..., time), K or degC, and ``coverage`` (..., time), 1.
    normal : Dataset
        What `degree_heating_weeks_normal` gives.
    min_coverage : 1
        Least share of a zone on a day for its mean to stand, and of the 84 days for their sum.

    Returns
    -------
    weeks : (..., time), K week
    hotspot : (..., time), K
        0 where the temperature does not lie above; NaN where `flag` is not good.
    alert : (..., time), int8, see `eo.primitives.heat_stress.ALERTS`
    coverage : (..., time), 1, of the 84 days
    flag : (..., time), int8, see `eo.coverage.FLAGS`

    References
    ----------
    Skirving et al. (2020): CoralTemp and the Coral Reef Watch Coral Bleaching Heat Stress Product Suite Version 3.1.
    Remote Sensing, 12, 3856. doi:10.3390/rs12233856
    """
    every = on_every_day(series)
    values = screened(every["mean"], every["coverage"], min_coverage).astype(np.float64)
    raw = values - normal["maximum"]
    seen = heating_weeks(values, min_days=min_coverage)[1]
    weeks, _ = heating_weeks(raw, min_days=min_coverage)
    today = values.notnull()
    flag = xr.where(today, flags(seen, min_coverage), FLAGS["no_data"])
    unknown = normal["maximum"].isnull() & (flag == FLAGS["good"])
    flag = xr.where(unknown, FLAGS["no_normal"], flag).transpose(*values.dims).astype(np.int8)
    good = flag == FLAGS["good"]
    hotspot = raw.clip(min=0.0).where(good).transpose(*values.dims)
    weeks = weeks.where(good).transpose(*values.dims)
    outputs = {"weeks": weeks, "hotspot": hotspot, "alert": alert_level(hotspot, weeks)}
    return xr.Dataset(outputs | {"coverage": seen, "flag": flag})


def degree_heating_weeks_normal(
    series: xr.Dataset,
    *,
    baseline: Span,
    recentred: Annotated[float, Field(ge=1900, le=2100)] | None = None,
    min_years: Annotated[int, Field(ge=1)] = 10,
    min_coverage: Share = 0.9,
) -> xr.Dataset:
    """Give the mean of each calendar month over the baseline, and the highest of the twelve.

    Coral Reef Watch takes 1985 to 2012 and moves each month along its linear trend to the middle of 1985-1990 and 1993:
    `recentred` 1988.2857; without it the mean stands as it is. A month needs 80 % of the baseline years, and the
    highest all twelve months. Fewer baseline years than `min_years` are an error.

    Parameters
    ----------
    series, min_coverage : see `degree_heating_weeks`; of the baseline alone
    baseline : months
    recentred : year; to which the months are moved, None for none
    min_years : years; least number of the baseline

    Returns
    -------
    climatology : (..., month), units of the variable
    maximum : (...), units of the variable
    """
    years = baseline_years(baseline)
    if years < min_years:
        raise InputError(f"degree heating weeks need {min_years} baseline years; {baseline} has {years}")
    every = on_every_day(series)
    values = screened(every["mean"], every["coverage"], min_coverage)
    mean = monthly_climatology(values, baseline, recentred=recentred, min_days=min_coverage)
    return xr.Dataset({"climatology": mean, "maximum": mean.max("month", skipna=False)})


def _reach() -> tuple[int, int]:
    """Give the months that a value is made of: 84 days may lie in four."""
    return 3, 0


INDICATOR = Indicator(
    compute=degree_heating_weeks,
    title="degree heating weeks",
    reduction="zonal_mean",
    by=("region", "cell"),
    step="native",
    normal=degree_heating_weeks_normal,
    reach=_reach,
    outputs=(
        Output("weeks", "degree_heating_weeks", "degree heating weeks", "time: sum", units="K week",
               range=(0.0, 100.0)),
        Output("hotspot", "coral_bleaching_hotspot", "{long_name} above that of the warmest month", "time: mean",
               difference=True),
        Output("alert", "bleaching_alert_level", "coral bleaching heat stress level", "time: point", flags=ALERTS),
    ),
    reference="Skirving et al. (2020), doi:10.3390/rs12233856",
)  # fmt: skip
