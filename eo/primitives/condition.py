"""Where a value lies between the least and the greatest of the baseline years of its calendar step (Kogan 1995)."""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from eo.coverage import screened
from eo.model import Span
from eo.primitives.calendar_steps import at_calendar_step, check_years, enough_years, over_years, range_of_years

Share = Annotated[float, Field(gt=0, le=1)]
Years = Annotated[int, Field(ge=3)]


def place_in_range(series: xr.Dataset, extremes: xr.Dataset, min_coverage: float) -> tuple[xr.DataArray, xr.DataArray]:
    """Give the place of each value between the extremes of its calendar step, and whether they are known.

    Parameters
    ----------
    series : Dataset
        ``mean`` (..., time) and ``coverage`` (..., time), 1.
    extremes : Dataset
        Of `extremes_of_years`.
    min_coverage : least share that must be observed

    Returns
    -------
    place : (..., time), %
        0 at the least and 100 at the greatest of the baseline; beyond them below 0 and above 100. NaN where the value
        is missing, or all baseline years are equal.
    known : (..., time), bool
    """
    value = screened(series["mean"], series["coverage"], min_coverage).drop_attrs()
    low, high = (at_calendar_step(extremes[name], series["time_bounds"]) for name in ("least", "greatest"))
    width = high - low
    return 100.0 * (value - low) / width.where(width > 0), low.notnull()


def extremes_of_years(series: xr.Dataset, baseline: Span, min_coverage: float, min_years: int) -> xr.Dataset:
    """Give the least and the greatest value of each calendar step over the baseline years.

    Returns
    -------
    least, greatest : (..., calendar_step), units of the mean
        NaN for a step with fewer than 80 % of the baseline years (WMO-No. 1203, 4.4.1).

    Raises
    ------
    InputError
        A baseline of fewer years than `min_years`.
    """
    check_years(baseline, min_years, "a range of years")
    value, bounds = screened(series["mean"], series["coverage"], min_coverage), series["time_bounds"]
    both = over_years(range_of_years, value, bounds, gives={"which": np.array(["least", "greatest"])})
    both = both.where(enough_years(value, bounds, baseline))
    return xr.Dataset({name: both.sel(which=name, drop=True) for name in ("least", "greatest")})
