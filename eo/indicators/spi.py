"""Standardised precipitation index."""

from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from eo.coverage import screened, standing
from eo.indicators import Indicator, Output
from eo.model import Span
from eo.primitives.accumulation import check_no_step_left_out, trailing_coverage, trailing_sum
from eo.primitives.calendar_steps import at_calendar_step, check_years, over_years
from eo.primitives.gamma import Fit, Floats, gamma_parameters, normal_deviate
from eo.primitives.precipitation import rate_to_amount

Months = Literal[1, 3, 6, 12]
Share = Annotated[float, Field(gt=0, le=1)]


def spi(
    series: xr.Dataset,
    *,
    normal: xr.Dataset,
    months: Months = 3,
    min_coverage: Share = 0.9,
    limit: Annotated[float, Field(gt=0, le=8.2)] = 3.09,
) -> xr.Dataset:
    """Give the standardised precipitation index of one or more months.

    The precipitation of a month and the ones before it, `months` in all, is given its probability in the gamma
    distribution of the baseline for that calendar month, and that the normal deviate of the same probability. Zeros
    make a mixed distribution: H(x) = q + (1 - q) G(x), with q the share of zeros in the baseline, and H(0) = q.

    A month that is missing, or a part-month under `min_coverage`, makes all values missing that it is a part of; the
    first ``months - 1`` values of a record have too few months before them (``insufficient_coverage``). What is missing
    within a month takes the mean of what was observed. A calendar month that the baseline gives no distribution has no
    value (``no_normal``). A baseline of fewer years than `min_years` is an error.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (..., time), a precipitation rate with units, and ``coverage`` (..., time), 1. Of a zone it is
        the index of the mean over the zone, not the mean of the index.
    normal : Dataset
        Of `spi_normal` with the same `months`.
    months : months; their number, the one of the value the last
    min_coverage : 1
        Least share of a zone or cell, and of the days of a month, that must be observed for a month to be there.
    limit : 1
        Values beyond are set to it (3.09: probabilities of 0.001 and 0.999; 30 years say nothing of rarer ones).

    Returns
    -------
    spi : (..., time), 1, NaN where `flag` is not good
    total : (..., time), mm
        Precipitation over the months; it stands where there is no normal.
    coverage : (..., time), 1
    flag : (..., time), int8, see `eo.coverage.FLAGS`

    Raises
    ------
    InputError
        Units of no rate, or months that do not follow one another.

    References
    ----------
    McKee, T. B., Doesken, N. J., Kleist, J. (1993): The relationship of drought frequency and duration to time scales.
    Eighth Conference on Applied Climatology, 179-184. WMO (2012): Standardized Precipitation Index User Guide,
    WMO-No. 1090.
    """
    total = _total(series, months, min_coverage)
    bounds = series["time_bounds"]
    shape, scale, zeros = (at_calendar_step(normal[name], bounds) for name in ("shape", "scale", "zeros"))
    deviate = xr.apply_ufunc(
        normal_deviate, total, shape, scale, zeros, dask="parallelized", output_dtypes=[np.float64], keep_attrs=False
    )
    coverage = trailing_coverage(series["coverage"], bounds, months)
    found = {"spi": deviate.clip(-limit, limit), "total": total}
    return standing(found, coverage, there=total.notnull(), known=shape.notnull())


def spi_normal(
    series: xr.Dataset,
    *,
    baseline: Span,
    months: Months = 3,
    min_coverage: Share = 0.9,
    min_years: Annotated[int, Field(ge=10)] = 20,
    min_wet: Annotated[int, Field(ge=4)] = 10,
    fit: Fit = "thom",
) -> xr.Dataset:
    """Give the gamma distributions of the baseline, one for each calendar month.

    Parameters
    ----------
    series, months, min_coverage : see `spi`; of the baseline alone
    baseline : months
    min_years : years; least number that a calendar month must have (WMO-No. 1090: at least 20 to 30)
    min_wet : years; least number with precipitation that a calendar month must have
    fit : Thom's approximation (as McKee et al. and WMO), or the maximum of the likelihood

    Returns
    -------
    shape, scale (mm), zeros (1) : (..., calendar_step)
        NaN where fewer years than asked for have a value, or all amounts are equal.
    years : (..., calendar_step)

    Raises
    ------
    InputError
        A baseline of fewer years than `min_years`.
    """
    total = _total(series, months, min_coverage)
    check_years(baseline, min_years, "the standardised precipitation index")

    def fitted(amounts: Floats) -> Floats:
        parameters = gamma_parameters(amounts, fit)
        years, wet = np.isfinite(amounts).sum(axis=-1), (amounts > 0).sum(axis=-1)
        enough = (years >= min_years) & (wet >= min_wet) & np.isfinite(parameters[..., 0])
        return np.concatenate([np.where(enough[..., None], parameters, np.nan), years[..., None]], axis=-1)

    names = ["shape", "scale", "zeros", "years"]
    found = over_years(fitted, total, series["time_bounds"], gives={"parameter": np.array(names)})
    return xr.Dataset({name: found.sel(parameter=name, drop=True) for name in names})


def _total(series: xr.Dataset, months: int, min_coverage: float) -> xr.DataArray:
    check_no_step_left_out(series["time_bounds"])
    return trailing_sum(screened(rate_to_amount(series), series["coverage"], min_coverage), months)


def _reach(*, months: int) -> tuple[int, int]:
    return months - 1, 0


INDICATOR = Indicator(
    compute=spi,
    title="standardised precipitation index",
    reduction="zonal_mean",
    by=("region", "cell"),
    normal=spi_normal,
    reach=_reach,
    outputs=(
        Output("spi", "spi", "standardised precipitation index", "area: mean time: sum", units="1", range=(-8.2, 8.2)),
        Output(
            "total",
            "{variable}_total",
            "precipitation of the months of the index",
            "area: mean time: sum",
            units="mm",
            range=(0, 200000),
            standard_name="lwe_thickness_of_precipitation_amount",
        ),
    ),
    reference="McKee et al. (1993); WMO-No. 1090 (2012)",
)
