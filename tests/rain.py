"""Synthetic precipitation (no observation): days by a two-state chain with gamma amounts, as series of zones."""

import numpy as np
import numpy.typing as npt
import xarray as xr

Floats = npt.NDArray[np.float64]


def synthetic_days(first: str, last: str, *, seed: int = 0, wet_after_wet: float = 0.6) -> Floats:
    """Give synthetic daily amounts, mm, rounded to 0.1: half of the year with few rain days."""
    days = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + 1)
    month = days.astype("datetime64[M]").astype(int) % 12
    chance = np.where((month >= 4) & (month < 10), 0.03, 0.35)
    drawn = np.random.default_rng(seed)
    amounts, wet = np.zeros(days.size), False
    for number, (one, draw) in enumerate(zip(chance, drawn.random(days.size), strict=True)):
        wet = bool(draw < (wet_after_wet if wet else one))
        amounts[number] = drawn.gamma(0.8, 11.0) if wet else 0.0
    return np.round(amounts, 1)


def rates(amounts: npt.ArrayLike, first: str, *, step: str = "D", coverage: npt.ArrayLike = 1.0) -> xr.Dataset:
    """Give amounts (region, time) of each day or month, mm, as a series of mean rates, mm day-1."""
    values = np.atleast_2d(np.asarray(amounts, np.float64))
    start = np.datetime64(first, step) + np.arange(values.shape[-1])
    bounds = np.stack([start, start + 1], axis=1).astype("datetime64[ns]")
    length = (bounds[:, 1] - bounds[:, 0]) / np.timedelta64(1, "D")
    share = np.where(np.isfinite(values), np.broadcast_to(np.asarray(coverage, np.float64), values.shape), 0.0)
    return xr.Dataset(
        {"mean": (("region", "time"), values / length, {"units": "mm day-1"}), "coverage": (("region", "time"), share)},
        {
            "region": [f"r{number}" for number in range(values.shape[0])],
            "time": bounds[:, 0],
            "time_bounds": (("time", "nv"), bounds),
        },
    )


def monthly(amounts: Floats, first: str) -> Floats:
    """Give the sum of daily amounts in each month: (..., day) to (..., month)."""
    days = np.datetime64(first, "D") + np.arange(amounts.shape[-1])
    starts = np.unique(days.astype("datetime64[M]"), return_index=True)[1]
    return np.add.reduceat(amounts, starts, axis=-1)
