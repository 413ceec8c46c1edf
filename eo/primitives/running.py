"""Running means along time."""

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.errors import InputError

Floats = npt.NDArray[np.float64]


def running_mean(values: xr.DataArray, steps: int, *, least: int | None = None) -> xr.DataArray:
    """Give the mean over a window of steps around each step; each step weighs the same.

    Parameters
    ----------
    values : (..., time), any units
        On a time axis without gaps: a step that is missing is there as NaN.
    steps : length of the window, odd, so that it has a middle
    least : the fewest values that a mean may be made of; all of the window where none is given

    Returns
    -------
    mean : as the values, float64
        NaN with fewer values than that. The window is cut at both ends of the series, where what lies beyond counts
        as missing: with `least` left out, the first and last `steps` // 2 values are NaN. The mean of a constant is
        that constant.

    Raises
    ------
    InputError
        An even window, or `least` not in 1 to `steps`.
    """
    fewest = steps if least is None else least
    if steps < 1 or steps % 2 == 0:
        raise InputError(f"a running mean is over an odd number of steps, so that it has a middle; it is {steps}")
    if not 1 <= fewest <= steps:
        raise InputError(f"a running mean of {steps} steps is made of 1 to {steps} values; at least {fewest} are asked")
    found: xr.DataArray = xr.apply_ufunc(
        lambda block: _running(block, steps, fewest),
        values,
        input_core_dims=[["time"]],
        output_core_dims=[["time"]],
        dask="parallelized",
        output_dtypes=[np.float64],
        keep_attrs=False,
    )
    return found.transpose(*values.dims)


def _running(values: npt.NDArray[np.floating], steps: int, least: int) -> Floats:
    """Add up the window step by step: the order of additions is that of time, wherever the series starts."""
    shape, half = values.shape, steps // 2
    wide = np.full((*shape[:-1], shape[-1] + 2 * half), np.nan)
    wide[..., half : half + shape[-1]] = values
    total, count = np.zeros(shape), np.zeros(shape, np.int64)
    low, high = np.full(shape, np.inf), np.full(shape, -np.inf)
    for offset in range(steps):
        step = wide[..., offset : offset + shape[-1]]
        seen = np.isfinite(step)
        total += np.where(seen, step, 0.0)
        count += seen
        low, high = np.minimum(low, np.where(seen, step, np.inf)), np.maximum(high, np.where(seen, step, -np.inf))
    enough = count >= least
    return np.where(enough, np.clip(total / np.maximum(count, 1), low, high), np.nan)
