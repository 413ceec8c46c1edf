"""Calendar months and years of a daily series, under the rule of ETCCDI on days that are missing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.coverage import standing

Floats = npt.NDArray[np.float64]
Block = Literal["month", "year"]

MISSING = {"month": 3, "year": 15}
"""Days that may be missing; a year has no value either where one of its months has none (ETCCDI, RClimDex 1.0)."""

_DAY = np.timedelta64(1, "D")
_CODES = {"month": "M", "year": "Y"}


@dataclass(frozen=True)
class Blocks:
    """Calendar months or years of a daily series."""

    bounds: npt.NDArray[np.datetime64]
    """(block, 2), datetime64[ns]: start and end of each, all of it, even where the series has only a part."""
    places: tuple[slice, ...]
    """Where the days of each lie in the series."""

    @property
    def days(self) -> npt.NDArray[np.int64]:
        """The number of days of each block in the calendar."""
        return np.asarray((self.bounds[:, 1] - self.bounds[:, 0]) // _DAY, np.int64)


def blocks(time: xr.DataArray, step: Block) -> Blocks:
    """Give the calendar months or years that days lie in."""
    code = f"datetime64[{_CODES[step]}]"
    of_day = time.values.astype(code)
    starts, first = np.unique(of_day, return_index=True)
    ends = [*first[1:], of_day.size]
    bounds = np.stack([starts, starts + 1], axis=1).astype("datetime64[ns]")
    return Blocks(bounds, tuple(slice(int(a), int(b)) for a, b in zip(first, ends, strict=True)))


def of_each(function: Callable[[Floats], Floats], values: xr.DataArray, at: Blocks) -> xr.DataArray:
    """Give what a function of the days (..., time) of one block gives, for each block: (..., time) to (..., time)."""

    def every(days: Floats) -> Floats:
        blocks_ = [np.ascontiguousarray(days[..., one], np.float64) for one in at.places]  # one order of additions
        return np.stack([np.asarray(function(one), np.float64) for one in blocks_], axis=-1)

    found: xr.DataArray = xr.apply_ufunc(
        every,
        values.drop_vars("time"),
        input_core_dims=[["time"]],
        output_core_dims=[["time"]],
        exclude_dims={"time"},
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={"output_sizes": {"time": len(at.places)}, "allow_rechunk": True},
        keep_attrs=False,
    )
    return found.assign_coords(time=at.bounds[:, 0])


def complete(amounts: xr.DataArray, step: Block) -> xr.DataArray:
    """Tell for each block whether enough of its days are there: (..., time), bool."""
    at = blocks(amounts["time"], step)
    there = of_each(_count, amounts.notnull().astype(np.float64), at)
    enough: xr.DataArray = xr.DataArray(at.days, dims="time") - there <= MISSING[step]
    if step == "month":
        return enough
    months = complete(amounts, "month")
    inside = blocks(months["time"], "year")
    whole = of_each(_count, months.astype(np.float64), inside)
    return enough & (whole == 12)  # noqa: PLR2004 - months of a year


def _count(there: Floats) -> Floats:
    return np.asarray(there.sum(axis=-1))


def judged(
    name: str,
    value: xr.DataArray,
    series: xr.Dataset,
    amounts: xr.DataArray,
    step: Block,
    *,
    known: xr.DataArray | bool = True,
) -> xr.Dataset:
    """Give an index with its coverage and flag, by the rule on missing days.

    Parameters
    ----------
    name : of the index in the result
    value : (..., time) by blocks
    series : the daily series, for its ``coverage``
    amounts : (..., time) by days, mm, NaN where missing
    step : month or year
    known : (...), bool
        The baseline says what is needed of it.

    Returns
    -------
    <name> : (..., time), NaN where `flag` is not good
    coverage : (..., time), 1
        Mean coverage over all days of the block in the calendar.
    flag : (..., time), int8
        ``undefined`` where enough days are there and the index has no value.
    """
    at = blocks(amounts["time"], step)
    observed = of_each(_count, series["coverage"].fillna(0.0), at)
    enough = complete(amounts, step)
    coverage = observed / xr.DataArray(at.days, dims="time")
    found = standing({name: value}, coverage, there=enough, known=xr.DataArray(known))
    return found.assign_coords(time_bounds=(("time", "nv"), at.bounds))
