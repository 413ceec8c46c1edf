"""Baseline normals and anomalies."""

import numpy as np
import xarray as xr

from eo.coverage import screened, weighted_mean
from eo.model import Span, Step
from eo.steps import bounds_of, steps_in

WMO_YEARS = 30
"""Years of a climatological standard normal (WMO-No. 1203)."""

ENOUGH_YEARS = 0.8
"""Share of the baseline years that a month needs for a normal (WMO-No. 1203: 24 of 30)."""


def in_span(series: xr.Dataset, months: Span) -> xr.Dataset:
    """Give the steps of a series that lie in a span of months."""
    starts = series["time"].values.astype("datetime64[M]")
    return series.isel(time=np.flatnonzero((starts >= months.start) & (starts < months.end)))


def complete(series: xr.Dataset, months: Span, step: Step) -> xr.Dataset:
    """Give a series over every step of a span; NaN where there is no data."""
    starts = np.array(steps_in(months, step), dtype="datetime64[ns]")
    bounds = bounds_of(starts, step, "start")
    fields = in_span(series, months).drop_vars("time_bounds").reindex(time=bounds[:, 0])
    return fields.assign_coords(time_bounds=(("time", "nv"), bounds))


def monthly_normal(series: xr.Dataset, *, baseline: Span, min_coverage: float) -> xr.Dataset:
    """Give the mean of each calendar month over the baseline years.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (region, time) or (time, lat, lon), and ``coverage`` (the same dims), 1.
    baseline : months
    min_coverage : least coverage for a month to count

    Returns
    -------
    normal : (..., month), float64, units of the mean
        NaN for a month with fewer than 80 % of the baseline years (WMO-No. 1203, 4.4.1).
    years : (..., month), int32
        Years that each normal is made of.
    """
    inside = in_span(series, baseline)
    usable = screened(inside["mean"], inside["coverage"], min_coverage)
    month = inside["time"].dt.month.values
    columns = [usable.isel(time=np.flatnonzero(month == number)) for number in range(1, 13)]
    mean = xr.concat([weighted_mean(one, one.notnull()) for one in columns], "month")
    years = xr.concat([one.count("time") for one in columns], "month").astype(np.int32)
    enough = years >= ENOUGH_YEARS * baseline_years(baseline)
    return (
        xr.Dataset({"normal": mean.where(enough), "years": years})
        .transpose(..., "month")
        .assign_coords(month=np.arange(1, 13, dtype=np.int32))
    )


def baseline_years(baseline: Span) -> int:
    """Give the number of years that a baseline spans; a part of a year counts as one."""
    first, last = baseline.start.astype("datetime64[Y]"), (baseline.end - 1).astype("datetime64[Y]")
    return int((last - first).astype(int)) + 1


def at_each_step(normal: xr.DataArray, time: xr.DataArray) -> xr.DataArray:
    """Give a monthly normal at the calendar month of each time step: (region, month) to (region, time)."""
    month = time.dt.month.drop_vars("time").assign_coords(time=time)
    return normal.sel(month=month).drop_vars("month")
