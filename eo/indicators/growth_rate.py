"""The annual mean growth rate of a well-mixed gas: what a year adds to its mole fraction."""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from eo.coverage import FLAGS, screened
from eo.indicators import Indicator, Output

_YEAR, _HALF = 12, 6


def growth_rate(
    series: xr.Dataset,
    *,
    min_months: Annotated[int, Field(ge=1, le=12)] = 10,
    min_coverage: Annotated[float, Field(gt=0, le=1)] = 0.9,
) -> xr.Dataset:
    """Give the growth rate of each calendar year over each region, after Buchwitz et al. (2018).

    The difference of a month and the same month a year later is the growth about the middle between them, free of the
    seasonal cycle. The growth rate of a year is the mean of the twelve differences whose middles lie in its months:
    from that of July before it and July in it to that of June in it and June after it. It takes in 24 months, so that
    it stands only once June of the next year is there; until then, and where too few of the twelve are there, it is NaN
    with the flag ``insufficient_coverage``. A month with less coverage than asked is missing, and so are both of its
    differences; a month that is there in part counts by its coverage. No baseline.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (region, time), units of the variable, and ``coverage`` (region, time), 1; every month.
    min_months : months; least number of the twelve differences
    min_coverage : 1
        Least share of a region, and of the days of a month, that must be observed for a month to count. Of a product
        that sees land in sunlight alone the share of a large region is small: a run of it says how small it may be.

    Returns
    -------
    growth : (region, time), units of the variable per year; time is the start of each year, with `time_bounds`
    coverage : (region, time), 1
        Mean over the twelve differences of the lesser coverage of their months, 0 where one is not there.
    flag : (region, time), int8, see `eo.coverage.FLAGS`

    References
    ----------
    Buchwitz, M., et al. (2018): Computation and analysis of atmospheric carbon dioxide annual mean growth rates from
    satellite observations during 2003-2016. Atmos. Chem. Phys., 18, 17355-17370. doi:10.5194/acp-18-17355-2018
    """
    value = screened(series["mean"], series["coverage"], min_coverage).transpose(..., "time")
    months = series["time"].values.astype("datetime64[M]")
    years = np.arange(months[0].astype("datetime64[Y]"), months[-1].astype("datetime64[Y]") + 1)
    pairs = np.stack([_differences(value.values, months, year) for year in years], axis=-2)
    seen = screened(series["coverage"], series["coverage"], min_coverage).transpose(..., "time").values
    lesser = np.stack([_window(seen, months, year) for year in years], axis=-2)
    lesser = np.minimum(lesser[..., _YEAR:], lesser[..., :_YEAR])
    there = np.isfinite(pairs)
    count = there.sum(axis=-1)
    mean = np.where(there, pairs, 0.0).sum(axis=-1) / np.maximum(count, 1)
    flag = np.where(count >= min_months, FLAGS["good"], FLAGS["insufficient_coverage"])
    dims, bounds = value.dims, np.stack([years, years + 1], axis=1).astype("datetime64[ns]")
    return xr.Dataset(
        {
            "growth": (dims, np.where(count >= min_months, mean, np.nan)),
            "coverage": (dims, np.where(there, lesser, 0.0).sum(axis=-1) / _YEAR),
            "flag": (dims, np.where(count > 0, flag, FLAGS["no_data"]).astype(np.int8)),
        },
        {
            **{name: one for name, one in value.coords.items() if "time" not in one.dims},
            "time": bounds[:, 0],
            "time_bounds": (("time", "nv"), bounds),
        },
    )


def _differences(values: np.ndarray, months: np.ndarray, year: np.datetime64) -> np.ndarray:
    """Give the twelve differences (..., 12) whose middles lie in the months of a year; NaN beyond the series."""
    wide = _window(values, months, year)
    return np.asarray(wide[..., _YEAR:] - wide[..., :_YEAR])


def _window(values: np.ndarray, months: np.ndarray, year: np.datetime64) -> np.ndarray:
    """Give the two years (..., 24) around the middle of a year; NaN beyond the series."""
    first = int((year.astype("datetime64[M]") - months[0]).astype(int)) - _HALF
    wide = np.full((*values.shape[:-1], 2 * _YEAR), np.nan)
    inside = slice(max(first, 0), max(first + 2 * _YEAR, 0))
    piece = values[..., inside]
    wide[..., inside.start - first : inside.start - first + piece.shape[-1]] = piece
    return wide


def _half_a_year() -> tuple[int, int]:
    return _HALF, _HALF


INDICATOR = Indicator(
    compute=growth_rate,
    title="annual mean growth rate",
    reduction="zonal_mean",
    reach=_half_a_year,
    outputs=(
        Output(
            "growth",
            "{variable}_growth_rate",
            "annual mean growth rate of {long_name}",
            "area: mean time: mean",
            units="{units} year-1",
            range=(-100.0, 100.0),
        ),
    ),
    reference="Buchwitz et al. (2018), doi:10.5194/acp-18-17355-2018",
)
