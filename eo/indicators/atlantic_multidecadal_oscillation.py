"""The Atlantic Multidecadal Oscillation (AMO): the anomaly of the North Atlantic, plain and without the warming."""

from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from eo.climatology import at_each_step, monthly_normal
from eo.errors import InputError
from eo.indicators import Indicator, Output
from eo.primitives.anomalies import anomalies, but_region, difference, half_window, of_region, smoothed
from eo.primitives.harmonics import TREND, least_squares, line_at, years_at

_LEAST_MONTHS = 360
"""Of a linear trend: over a shorter record the line takes off the oscillation itself."""


def atlantic_multidecadal_oscillation(
    series: xr.Dataset,
    *,
    normal: xr.Dataset,
    detrend: Literal["none", "linear", "ocean"] = "linear",
    ocean: str = "ocean_60s_60n",
    months: Annotated[int, Field(ge=1)] = 1,
    min_coverage: Annotated[float, Field(gt=0, le=1)] = 0.9,
) -> xr.Dataset:
    """Give the anomaly of a region as it is, less its linear trend, or less the anomaly of the ocean.

    A month with less coverage than asked is NaN, and so it takes no part in the trend; a month that is there in part
    counts by its coverage. A running mean needs all its months: the first and last half window of a record are
    ``insufficient_coverage``. A baseline of fewer than the 30 years of a standard normal stands, and the result says
    how many it has.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (region, time), units of the variable, and ``coverage`` (region, time), 1; `time_bounds`.
    normal : Dataset
        ``normal`` (region, month), units of the variable.
    detrend : none, linear, or ocean
        ``linear``: the line that fits the whole period best (with the months around it that a running mean takes in) is
        taken off (Enfield et al. 2001), so that each month that is appended moves the earlier ones a little.
        ``ocean``: the anomaly of the ocean is taken off (Trenberth and Shea 2006), which appending does not change.
    ocean : the region of the ocean, for ``ocean``; the result is of the others
    months : months; length of a running mean, odd; 1 for monthly values, 121 for the smooth index
    min_coverage : 1
        Least share of a region, and of the days of a month, that must be observed for a month to count.

    Returns
    -------
    index : (region, time), units of the variable
    coverage : (region, time), 1
    flag : (region, time), int8, see `eo.coverage.FLAGS`
        ``no_normal`` where the baseline has fewer than 80 % of its years for a calendar month.

    Raises
    ------
    InputError
        A linear trend of less than 360 good months; the ocean is not there, or nothing else; an even number of months.

    References
    ----------
    Enfield, D. B., et al. (2001): The Atlantic multidecadal oscillation and its relation to rainfall and river flows
    in the continental U.S. Geophys. Res. Lett., 28, 2077-2080. doi:10.1029/2000GL012745
    Trenberth, K. E., and D. J. Shea (2006): Atlantic hurricanes and natural variability in 2005. Geophys. Res. Lett.,
    33, L12704. doi:10.1029/2006GL026894
    """
    each = anomalies(series, at_each_step(normal["normal"], series["time"]), min_coverage)
    if detrend == "ocean":
        each = difference(but_region(each, ocean), of_region(each, ocean, "ocean"))
    if detrend == "linear":
        each = each.assign(index=_without_trend(each["index"], series["time_bounds"]))
    return smoothed(each, months)


def _without_trend(index: xr.DataArray, time_bounds: xr.DataArray) -> xr.DataArray:
    good = index.count("time").values
    if (good < _LEAST_MONTHS).any():
        raise InputError(
            f"a linear trend is taken off {_LEAST_MONTHS} good months or more, for a shorter line takes off the "
            f"oscillation; there are {int(np.min(good))}"
        )
    at = years_at(time_bounds)
    return index - line_at(least_squares(index, at, TREND), at)


INDICATOR = Indicator(
    compute=atlantic_multidecadal_oscillation,
    title="anomaly without the warming",
    reduction="zonal_mean",
    reach=half_window,
    normal=monthly_normal,
    outputs=(
        Output(
            "index",
            "atlantic_multidecadal_oscillation",
            "anomaly of {long_name}, the warming taken off as the parameter detrend says",
            "area: mean time: mean",
            difference=True,
        ),
    ),
    reference="Enfield et al. (2001), doi:10.1029/2000GL012745; Trenberth and Shea (2006), doi:10.1029/2006GL026894",
)
