"""Standardised soil-moisture index."""

from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from eo.climatology import baseline_years
from eo.coverage import screened, standing
from eo.indicators import Indicator, Output
from eo.model import Span
from eo.primitives.accumulation import check_no_step_left_out, trailing_coverage, trailing_mean
from eo.primitives.calendar_steps import calendar_step, check_years, over_years
from eo.primitives.empirical import Floats, empirical_deviate

Months = Literal[1, 3, 6, 12]
Share = Annotated[float, Field(gt=0, le=1)]


def ssi(series: xr.Dataset, *, normal: xr.Dataset, months: Months = 1, min_coverage: Share = 0.7) -> xr.Dataset:
    """Give the standardised soil-moisture index of one or more months, by the empirical distribution of the baseline.

    The mean of a month and the ones before it, `months` in all, is ranked among the baseline years of that calendar
    month; the plotting position of Gringorten gives its probability and that the normal deviate. A value beyond all
    of the baseline has the deviate of its end (2.08 of 30 years): the baseline says nothing of rarer ones.

    A month that is missing, or a part-month under `min_coverage`, makes all values missing that it is a part of; the
    first ``months - 1`` values of a record have too few months before them (``insufficient_coverage``). A calendar
    month that the baseline gives too few years has no value (``no_normal``). A baseline of fewer years than `min_years`
    is an error.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (..., time) and ``coverage`` (..., time), 1. Of a zone it is the index of its mean.
    normal : Dataset
        Of `ssi_normal` with the same `months`.
    months : months; their number, the one of the value the last
    min_coverage : 1
        Least share of a zone or cell, and of the days of a month, that must be observed for a month to be there.

    Returns
    -------
    ssi : (..., time), 1
    value : (..., time), units of the variable
        Mean over the months; it stands where there is no normal.
    coverage : (..., time), 1
    flag : (..., time), int8, see `eo.coverage.FLAGS`

    Raises
    ------
    InputError
        Months that do not follow one another.

    References
    ----------
    Hao, Z., AghaKouchak, A. (2014): A nonparametric multivariate multi-index drought monitoring framework. Journal of
    Hydrometeorology, 15, 89-101. doi:10.1175/JHM-D-12-0160.1
    """
    value, bounds = _mean(series, months, min_coverage), series["time_bounds"]
    numbers = calendar_step(bounds)
    place = {int(one): number for number, one in enumerate(normal["calendar_step"].values)}

    def deviates(values: Floats, samples: Floats) -> Floats:
        found = np.full(values.shape, np.nan)
        for one in np.unique(numbers):
            if int(one) in place:
                at = numbers == one
                found[..., at] = empirical_deviate(values[..., at], samples[..., place[int(one)], :])
        return found

    deviate, size = (
        xr.apply_ufunc(
            deviates,
            each,
            normal["sample"],
            input_core_dims=[["time"], ["calendar_step", "rank"]],
            output_core_dims=[["time"]],
            dask="parallelized",
            output_dtypes=[np.float64],
            dask_gufunc_kwargs={"allow_rechunk": True},
            keep_attrs=False,
        )
        for each in (value, xr.zeros_like(value))
    )
    coverage = trailing_coverage(series["coverage"], bounds, months)
    found = {"ssi": deviate, "value": value}
    return standing(found, coverage, there=value.notnull(), known=size.notnull())


def ssi_normal(
    series: xr.Dataset,
    *,
    baseline: Span,
    months: Months = 1,
    min_coverage: Share = 0.7,
    min_years: Annotated[int, Field(ge=10)] = 20,
) -> xr.Dataset:
    """Give the values of all baseline years of each calendar month, in order.

    Parameters
    ----------
    series, months, min_coverage : see `ssi`; of the baseline alone
    baseline : months
    min_years : years; least number of the baseline

    Returns
    -------
    sample : (..., calendar_step, rank), units of the variable
        Ascending, NaN last; all NaN where fewer than `min_years` years have a value.

    Raises
    ------
    InputError
        A baseline of fewer years than `min_years`.
    """
    check_years(baseline, min_years, "the standardised soil-moisture index")
    years = baseline_years(baseline)

    def ordered(values: Floats) -> Floats:
        enough = np.isfinite(values).sum(axis=-1, keepdims=True) >= min_years
        sample = np.full((*values.shape[:-1], years), np.nan)
        sample[..., : values.shape[-1]] = np.sort(values, axis=-1)
        return np.where(enough, sample, np.nan)

    value = _mean(series, months, min_coverage)
    ranks = np.arange(1, years + 1, dtype=np.int32)
    return xr.Dataset({"sample": over_years(ordered, value, series["time_bounds"], gives={"rank": ranks})})


def _mean(series: xr.Dataset, months: int, min_coverage: float) -> xr.DataArray:
    check_no_step_left_out(series["time_bounds"])
    return trailing_mean(screened(series["mean"], series["coverage"], min_coverage).drop_attrs(), months)


def _reach(*, months: int) -> tuple[int, int]:
    return months - 1, 0


_MEAN = "area: mean time: mean"

INDICATOR = Indicator(
    compute=ssi,
    title="standardised soil-moisture index",
    reduction="zonal_mean",
    by=("region", "cell"),
    normal=ssi_normal,
    reach=_reach,
    outputs=(
        Output("ssi", "ssi", "standardised soil-moisture index", _MEAN, units="1", range=(-4, 4)),
        Output("value", "{variable}", "{long_name}, mean over the months of the index", _MEAN),
    ),
    reference="Hao and AghaKouchak (2014), doi:10.1175/JHM-D-12-0160.1",
)
