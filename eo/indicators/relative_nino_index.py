"""Relative Nino indices (RONI): the anomaly less that of the tropics, with the spread of the anomaly given back."""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from eo.climatology import at_each_step, baseline_years, monthly_normal
from eo.coverage import weighted_mean
from eo.errors import InputError
from eo.indicators import Indicator, Output
from eo.model import Span
from eo.primitives.anomalies import anomalies, but_region, difference, half_window, of_region, smoothed

Coverage = Annotated[float, Field(gt=0, le=1)]

_LEAST_YEARS = 10
"""Of a baseline: the scale is a ratio of two standard deviations of so many values."""


def relative_nino_index(
    series: xr.Dataset,
    *,
    normal: xr.Dataset,
    tropics: str = "tropics",
    months: Annotated[int, Field(ge=1)] = 3,
    min_coverage: Coverage = 0.9,
) -> xr.Dataset:
    """Give the relative index of each region but the tropics; of Nino 3.4 and 3 months it is the RONI.

    The anomaly of a region less that of the tropics, times a factor for each calendar month that gives the difference
    the standard deviation of the anomaly itself, then the running mean over some months. With ``months: 1`` it is the
    monthly relative index. A month stands for the season that it is the middle of and needs all months of it, of the
    region and of the tropics: the first and the last of a record, and those around a month with less coverage than
    asked, are NaN with the flag ``insufficient_coverage``. A month that is there in part counts by its coverage. A
    baseline of fewer than 10 years is an error.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (region, time), units of the variable, and ``coverage`` (region, time), 1; the tropics and
        one region or more.
    normal : Dataset
        From `relative_nino_index_normal`.
    tropics : the region whose anomaly is taken off
    months : months; length of the running mean, odd
    min_coverage : 1
        Least share of a region, and of the days of a month, that must be observed for a month to count.

    Returns
    -------
    index : (region, time), units of the variable
    coverage : (region, time), 1
        That of the region or of the tropics, whichever is less; mean of the months.
    flag : (region, time), int8, see `eo.coverage.FLAGS`
        ``no_normal`` where the baseline has fewer than 80 % of its years for a calendar month.

    Raises
    ------
    InputError
        The series lack the tropics or have nothing else; an even number of months; a baseline of less than 10 years.

    References
    ----------
    L'Heureux, M. L., M. K. Tippett and W. Wang (2024): A relative sea surface temperature index for classifying ENSO
    events in a changing climate. J. Climate, 37, 1197-1211. doi:10.1175/JCLI-D-23-0406.1
    Van Oldenborgh, G. J., et al. (2021): Defining El Nino indices in a warming climate. Environ. Res. Lett., 16,
    044003. doi:10.1088/1748-9326/abe9ed
    """
    each = anomalies(series, at_each_step(normal["normal"], series["time"]), min_coverage)
    relative = difference(but_region(each, tropics), of_region(each, tropics, "tropics"))
    scale = at_each_step(but_region(normal, tropics)["scale"], series["time"])
    return smoothed(relative.assign(index=relative["index"] * scale), months)


def relative_nino_index_normal(
    series: xr.Dataset, *, baseline: Span, tropics: str = "tropics", min_coverage: Coverage = 0.9
) -> xr.Dataset:
    """Give ``normal`` and ``scale`` (region, month) of the baseline: the factor of each calendar month, 1.

    Raises
    ------
    InputError
        The series lack the tropics; a baseline of less than 10 years.
    """
    if baseline_years(baseline) < _LEAST_YEARS:
        raise InputError(f"a relative index needs a baseline of {_LEAST_YEARS} years to be scaled; it is {baseline}")
    found = monthly_normal(series, baseline=baseline, min_coverage=min_coverage)
    each = anomalies(series, at_each_step(found["normal"], series["time"]), min_coverage)
    relative = difference(each, of_region(each, tropics, "tropics"))["index"]
    spread = (_variance(each["index"].where(relative.notnull())) / _variance(relative)) ** 0.5
    return found.assign(scale=spread.where(np.isfinite(spread)).transpose("region", "month"))


def _variance(values: xr.DataArray) -> xr.DataArray:
    """Give the variance of each calendar month about its mean: (region, time) to (month, region)."""
    month = values["time"].dt.month.values
    each = [values.isel(time=np.flatnonzero(month == number)) for number in range(1, 13)]
    means = [(one, weighted_mean(one, one.notnull())) for one in each]
    squares = [weighted_mean((one - mean) ** 2, one.notnull()) for one, mean in means]
    found: xr.DataArray = xr.concat(squares, "month").assign_coords(month=np.arange(1, 13, dtype=np.int32))
    return found.where(found > 0)


INDICATOR = Indicator(
    compute=relative_nino_index,
    title="anomaly relative to the tropics",
    reduction="zonal_mean",
    reach=half_window,
    normal=relative_nino_index_normal,
    outputs=(
        Output(
            "index",
            "relative_nino_index",
            "running mean of the anomaly of {long_name}, less that of the tropics",
            "area: mean time: mean",
            difference=True,
        ),
    ),
    reference="L'Heureux et al. (2024), doi:10.1175/JCLI-D-23-0406.1",
)
