"""Snow cover duration: days with snow in a hydrological year."""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from eo.coverage import screened, standing
from eo.indicators import Indicator, Output
from eo.primitives.day_of_year import on_every_day
from eo.primitives.etccdi import of_each
from eo.primitives.snow import Floats, as_fraction, bridged, hydrological_years

Share = Annotated[float, Field(gt=0, le=1)]


def snow_cover_duration(
    series: xr.Dataset,
    *,
    threshold: Share = 0.5,
    first_month: Annotated[int, Field(ge=1, le=12)] = 10,
    max_gap: Annotated[int, Field(ge=0)] = 10,
    max_missing: Annotated[int, Field(ge=0)] = 15,
    min_coverage: Share = 0.5,
) -> xr.Dataset:
    """Give the number of days with snow in each hydrological year.

    A day has snow where its fraction of snow cover is `threshold` or more. Missing days (clouds, polar night) take that
    of a straight line between the days before and after (also outside of the period), in gaps of up to `max_gap` days;
    a year with more than `max_missing` days that stay unknown has no value, nor has a part of a year. Of the few that
    stay unknown none counts as snow. No baseline.

    Parameters
    ----------
    series : Dataset
        Daily ``mean`` (..., time), a fraction of snow cover with units, and ``coverage`` (..., time), 1. Of a zone it
        is the days when the mean fraction of the zone is `threshold` or more.
    threshold : 1
    first_month : 1; number of the first month of the year: 10 in the north, 4 in the south
    max_gap, max_missing : days
    min_coverage : 1
        Least share of a zone or cell that must be observed for a day to be there.

    Returns
    -------
    snow_cover_duration : (..., time), days
        `time` is the first day of the hydrological year.
    coverage : (..., time), 1
        Observed share of all days of the year, before gaps are filled.
    flag : (..., time), int8, see `eo.coverage.FLAGS`

    Raises
    ------
    InputError
        Steps that are not days, or units of no fraction.

    References
    ----------
    Notarnicola, C. (2020): Hotspots of snow cover changes in global mountain regions over 2000-2018. Remote Sensing of
    Environment, 243, 111781. doi:10.1016/j.rse.2020.111781
    """
    every = on_every_day(series)
    seen = screened(as_fraction(every["mean"].assign_attrs(series["mean"].attrs)), every["coverage"], min_coverage)
    whole: xr.DataArray = xr.apply_ufunc(
        lambda one: bridged(one, max_gap),
        seen,
        input_core_dims=[["time"]],
        output_core_dims=[["time"]],
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={"allow_rechunk": True},
        keep_attrs=False,
    )
    at = hydrological_years(every["time"], first_month)
    days = xr.DataArray(at.days, dims="time")
    limit = threshold - 1e-6  # half is half, however single precision rounds it
    snow = of_each(lambda one: _count(one >= limit), whole, at)
    known = of_each(lambda one: _count(np.isfinite(one)), whole, at)
    coverage = of_each(lambda one: np.asarray(one.sum(axis=-1)), every["coverage"].fillna(0.0), at) / days
    found = standing({"snow_cover_duration": snow}, coverage, there=days - known <= max_missing, known=known >= 0)
    return found.assign_coords(time_bounds=(("time", "nv"), at.bounds))


def _count(days: np.ndarray) -> Floats:
    return np.asarray(days.sum(axis=-1), np.float64)


def _reach(*, max_gap: int) -> tuple[int, int]:
    """Give the months around a value that hold the day before a gap, and the one after it."""
    months = -(-(max_gap + 1) // 28)
    return months, months


INDICATOR = Indicator(
    compute=snow_cover_duration,
    title="snow cover duration",
    reduction="zonal_mean",
    by=("cell", "region"),
    step="native",
    reach=_reach,
    outputs=(
        Output(
            "snow_cover_duration",
            "snow_cover_duration",
            "days with snow cover in the hydrological year",
            "area: mean time: sum (interval: 1 day)",
            units="days",
            range=(0, 366),
        ),
    ),
    reference="Notarnicola (2020), doi:10.1016/j.rse.2020.111781",
)
