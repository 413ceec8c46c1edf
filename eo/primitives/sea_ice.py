"""Sea ice from daily extents: means of months, five-day means, and the extremes and ice-free days of years.

A day stands where enough of the sea of its region was observed. Nothing here takes the extent of a mean.
"""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr
from pydantic import Field

from eo.coverage import FLAGS, screened
from eo.primitives.day_of_year import on_every_day
from eo.primitives.running import running_mean
from eo.steps import end_of

Floats = npt.NDArray[np.float64]
Share = Annotated[float, Field(gt=0, le=1)]
Period = Literal["M", "Y"]

MILLION_KM2 = 1e12
"""m2"""
UNITS = "1e6 km2"
RANGE = (0.0, 30.0)
REFERENCE = "Fetterer et al. (2017): Sea Ice Index, Version 3, doi:10.7265/N5K072F8"
_TRAILING, _LEAST = 5, 2
"""Days of the mean of the Sea Ice Index, and how many of them it needs."""


def daily(series: xr.Dataset, name: str, min_coverage: float) -> xr.DataArray:
    """Give the extent or the area of each day, 1e6 km2: (region, time), NaN where too little was observed.

    Parameters
    ----------
    series : Dataset
        What `eo.extent.zonal_extent` gives, by days.
    name : extent or total
    min_coverage : 1

    Raises
    ------
    InputError
        The series is not of days.
    """
    every = on_every_day(series)
    return screened(every[name], every["coverage"], min_coverage) / MILLION_KM2


def unobserved(series: xr.Dataset, min_coverage: float) -> xr.DataArray:
    """Give the part of the sea that was not observed on each day that stands, 1e6 km2: (region, time)."""
    every = on_every_day(series)
    whole = every["observed"] / every["coverage"].where(every["coverage"] > 0)
    return screened(whole - every["observed"], every["coverage"], min_coverage) / MILLION_KM2


def trailing_mean(values: xr.DataArray) -> xr.DataArray:
    """Give the mean of each day and the four before it: (..., time), units of the values.

    The rule of the NSIDC Sea Ice Index: a single missing day is first given the mean of its neighbours (so that the
    years when the sensor was on every other day have five-day means); then two of the five days must be there.

    References
    ----------
    Fetterer et al. (2017): Sea Ice Index, Version 3, doi:10.7265/N5K072F8
    """
    between = (values.shift(time=1) + values.shift(time=-1)) / 2
    half = _TRAILING // 2
    padded = values.fillna(between).pad(time=(half, 0))
    centred = running_mean(padded.drop_vars("time"), _TRAILING, least=_LEAST)
    return centred.isel(time=slice(0, values.sizes["time"])).assign_coords(time=values["time"])


def grouped(values: xr.DataArray, period: Period) -> list[tuple[np.datetime64, xr.DataArray]]:
    """Give the days of each calendar month or year with its start."""
    starts = values["time"].values.astype(f"datetime64[{period}]")
    return [(one, values.isel(time=np.flatnonzero(starts == one))) for one in np.unique(starts)]


def over_periods(
    outputs: dict[str, list[xr.DataArray]], seen: xr.DataArray, coverage: xr.DataArray, period: Period, least: float
) -> xr.Dataset:
    """Give numbers of calendar months or years, NaN where too few days stand, with coverage and flag.

    Parameters
    ----------
    outputs : name -> (region) numbers, one a month or year
    seen : (region, time), bool
        Days that stand.
    coverage : (region, time), 1, of each day; NaN where no file exists
    period : M or Y
    least : least share of the days of the whole month or year, whatever the series has of it
    """
    groups = grouped(seen, period)
    start = np.array([one for one, _ in groups])
    bounds = np.stack([start.astype("datetime64[ns]"), _ends(start, period)], axis=1)
    days = xr.DataArray((bounds[:, 1] - bounds[:, 0]) / np.timedelta64(1, "D"), dims="time")

    def total(field: xr.DataArray) -> xr.DataArray:
        sums = [one.astype(np.float64).sum("time") for _, one in grouped(field, period)]
        return xr.concat(sums, "time").transpose("region", "time")

    share = total(seen) / days
    nothing = ~(share > 0)
    flag = xr.where(share >= least, FLAGS["good"], FLAGS["insufficient_coverage"])
    flag = xr.where(nothing, FLAGS["no_data"], flag).astype(np.int8)
    fields = {name: xr.concat(each, "time").transpose("region", "time") for name, each in outputs.items()}
    found = xr.Dataset({name: each.where(flag == FLAGS["good"]) for name, each in fields.items()})
    observed = total(coverage.fillna(0.0).where(seen, 0.0)) / days
    found = found.assign(coverage=observed.clip(max=1.0), flag=flag)
    return found.assign_coords(time=bounds[:, 0], time_bounds=(("time", "nv"), bounds))


def least_month(seen: xr.DataArray) -> xr.DataArray:
    """Give for each calendar year the least share of the days of one of its months: (region, day) to (region, time)."""
    months = grouped(seen.astype(np.float64), "M")
    start = np.array([one for one, _ in months]).astype("datetime64[ns]")
    days = (end_of(start, "month") - start) / np.timedelta64(1, "D")
    share = xr.concat([one.sum("time") for _, one in months], "time").assign_coords(time=start) / xr.DataArray(
        days, dims="time", coords={"time": start}
    )
    years = [one.min("time") for _, one in grouped(share, "Y")]
    return (
        xr.concat(years, "time")
        .transpose("region", "time")
        .assign_coords(time=np.unique(start.astype("datetime64[Y]")).astype("datetime64[ns]"))
    )


def _ends(start: npt.NDArray[np.datetime64], period: Period) -> npt.NDArray[np.datetime64]:
    return end_of(start, "month") if period == "M" else np.asarray((start + 1).astype("datetime64[ns]"))


def monthly(series: xr.Dataset, name: str, *, min_coverage: float, min_days: float) -> xr.Dataset:
    """Give monthly means of daily extents or areas, see `eo.indicators.sea_ice_extent`."""
    values, missing = daily(series, name, min_coverage), unobserved(series, min_coverage)
    means = {
        "value": [one.mean("time") for _, one in grouped(values, "M")],
        "unobserved": [one.mean("time") for _, one in grouped(missing, "M")],
    }
    return over_periods(means, values.notnull(), on_every_day(series)["coverage"], "M", min_days)
