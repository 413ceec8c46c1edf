"""Sums and means over some steps in a row."""

import numpy as np
import xarray as xr

from eo.errors import InputError


def trailing_sum(values: xr.DataArray, steps: int) -> xr.DataArray:
    """Give the sum of each step and the ones before it, `steps` in all: (..., time).

    NaN where one of them is missing, and at the first steps, which have too few before them. Each sum is made anew in
    the order of time, so a run of zeros sums to exactly zero and a later step cannot move an earlier sum.
    """
    total = values.shift(time=steps - 1, fill_value=np.nan) if steps > 1 else values.astype(np.float64)
    for back in range(steps - 2, -1, -1):
        total = total + (values.shift(time=back, fill_value=np.nan) if back else values)
    return total


def trailing_mean(values: xr.DataArray, steps: int) -> xr.DataArray:
    """Give the mean of each step and the ones before it, `steps` in all: (..., time); NaN as in `trailing_sum`."""
    return trailing_sum(values, steps) / steps


def check_no_step_left_out(time_bounds: xr.DataArray) -> None:
    """Refuse steps that do not follow one another: a sum over some in a row would be over others.

    Raises
    ------
    InputError
    """
    bounds = time_bounds.values
    apart = np.flatnonzero(bounds[1:, 0] != bounds[:-1, 1])
    if apart.size:
        end, start = bounds[apart[0], 1].astype("datetime64[D]"), bounds[apart[0] + 1, 0].astype("datetime64[D]")
        raise InputError(f"steps follow one another, missing ones as NaN; after that to {end} comes one from {start}")


def trailing_coverage(coverage: xr.DataArray, time_bounds: xr.DataArray, steps: int) -> xr.DataArray:
    """Give the coverage of each step and the ones before it by their lengths: (..., time), 1; a missing one is 0."""
    bounds = time_bounds.values
    length = xr.DataArray((bounds[:, 1] - bounds[:, 0]) / np.timedelta64(1, "D"), dims="time")
    seen, whole = coverage.fillna(0.0) * length, xr.zeros_like(coverage).fillna(0.0) + length
    observed, days = (_sum_so_far(one, steps) for one in (seen, whole))
    return observed / days


def _sum_so_far(values: xr.DataArray, steps: int) -> xr.DataArray:
    total = values
    for back in range(1, steps):
        total = total + values.shift(time=back, fill_value=0.0)
    return total
