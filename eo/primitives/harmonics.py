"""Trend, acceleration and the seasonal cycle together, by ordinary least squares."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

Floats = npt.NDArray[np.float64]
Term = Literal["constant", "trend", "acceleration", "cos1", "sin1", "cos2", "sin2"]

TREND: tuple[Term, ...] = ("constant", "trend")
ACCELERATION: tuple[Term, ...] = (*TREND, "acceleration")
CYCLE: tuple[Term, ...] = ("cos1", "sin1", "cos2", "sin2")
"""Annual and semi-annual."""

_DAYS_OF_YEAR = 365.25
_EPOCH = np.datetime64("2000-01-01T00:00:00", "ns")
_DAY = np.timedelta64(1, "D")
_CONDITION = 1e10
"""Of the normal equations: beyond it the times do not tell the terms apart."""


def years_at(time_bounds: xr.DataArray) -> xr.DataArray:
    """Give the middle of each time step in years of 365.25 days from the start of 2000: (time, nv) to (time,)."""
    bounds = time_bounds.transpose("time", ...).values.astype("datetime64[ns]")
    middle = bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) / 2
    return xr.DataArray((middle - _EPOCH) / _DAY / _DAYS_OF_YEAR, dims="time")


def _functions(years: Floats, terms: tuple[Term, ...]) -> Floats:
    """Give (time, term): 1, t, t2 / 2, and the cycles of one and two turns in a year."""
    known = {
        "constant": np.ones_like(years),
        "trend": years,
        "acceleration": years**2 / 2,
        "cos1": np.cos(2 * np.pi * years),
        "sin1": np.sin(2 * np.pi * years),
        "cos2": np.cos(4 * np.pi * years),
        "sin2": np.sin(4 * np.pi * years),
    }
    return np.stack([known[one] for one in terms], axis=-1)


def least_squares(values: xr.DataArray, years: xr.DataArray, terms: tuple[Term, ...]) -> xr.DataArray:
    """Give the coefficients of the terms that fit a series best.

    Parameters
    ----------
    values : (..., time), any units; NaN is left out
    years : (time,), from `years_at`
    terms : what is fitted

    Returns
    -------
    coefficients : (..., term), float64
        Units of the values; per year for ``trend``, per year squared for ``acceleration``, the second derivative.
        ``constant`` and, beside an acceleration, ``trend`` are those of the middle of the time axis. NaN where the
        values are too few or too close to tell the terms apart.
    """
    at = years.values
    functions = _functions(at, terms)
    middle, half = (at[0] + at[-1]) / 2, max((at[-1] - at[0]) / 2, 1.0)
    scaled = _functions((at - middle) / half, terms)  # polynomials on -1..1 keep the normal equations well posed
    for number, one in enumerate(terms):
        if one in CYCLE:
            scaled[:, number] = functions[:, number]
    scale = np.array([{"trend": half, "acceleration": half**2}.get(one, 1.0) for one in terms])
    found: xr.DataArray = xr.apply_ufunc(
        lambda block: _solved(block, scaled) / scale,
        values,
        input_core_dims=[["time"]],
        output_core_dims=[["term"]],
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={"output_sizes": {"term": len(terms)}},
        keep_attrs=False,
    )
    return found.assign_coords(term=list(terms))


def _solved(values: npt.NDArray[np.floating], functions: Floats) -> Floats:
    """Solve the normal equations of each series; no matrix product of a library, whose sums vary with its threads."""
    seen = np.isfinite(values).astype(np.float64)
    filled = np.where(seen > 0, values, 0.0)
    terms = functions.shape[1]
    products = np.stack([functions[:, i] * functions[:, j] for i in range(terms) for j in range(terms)], axis=-1)
    left = np.stack([(seen * one).sum(axis=-1) for one in products.T], axis=-1).reshape(*seen.shape[:-1], terms, terms)
    right = np.stack([(filled * one).sum(axis=-1) for one in functions.T], axis=-1)
    posed = (seen.sum(axis=-1) > terms) & (np.linalg.cond(left) < _CONDITION)
    safe = np.where(posed[..., None, None], left, np.eye(terms))
    solved = np.linalg.solve(safe, right[..., None])[..., 0]
    return np.where(posed[..., None], solved, np.nan)


def line_at(coefficients: xr.DataArray, years: xr.DataArray) -> xr.DataArray:
    """Give the line of some coefficients of `least_squares` on the same times: (..., term) to (..., time)."""
    away = years - (years[0] + years[-1]) / 2
    constant, slope = (coefficients.sel(term=one, drop=True) for one in TREND)
    found: xr.DataArray = constant + slope * away
    return found


def cycle_at(coefficients: xr.DataArray, years: xr.DataArray) -> xr.DataArray:
    """Give the seasonal cycle of some coefficients: (..., term) to (..., time), units of the coefficients."""
    functions = _functions(years.values, CYCLE)
    pieces = [
        coefficients.sel(term=one, drop=True) * xr.DataArray(column, dims="time")
        for one, column in zip(CYCLE, functions.T, strict=True)
    ]
    found: xr.DataArray = pieces[0] + pieces[1] + pieces[2] + pieces[3]
    return found
