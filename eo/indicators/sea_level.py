"""Mean sea level: drift of TOPEX-A and glacial isostatic adjustment corrected, seasonal cycle, trend, acceleration."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from eo.coverage import FLAGS, flags, screened
from eo.errors import InputError, unknown
from eo.indicators import Indicator, Output
from eo.model import Span
from eo.primitives.harmonics import ACCELERATION, CYCLE, TREND, cycle_at, least_squares, years_at

Coverage = Annotated[float, Field(gt=0, le=1)]
Rate = Annotated[float, Field(ge=-20, le=20)]
TopexA = Literal["as_given", "v_shape"]
Adjustment = Rate | dict[str, Rate]

_MILLIMETRE = 1e-3
_REFERENCE = 2003.0 - 2000.0
"""Middle of 1993 to 2012, the reference period of altimetry: there the adjustment is zero. Years from 2000."""
_TURN = (np.datetime64("1995-08-01") - np.datetime64("2000-01-01")) / np.timedelta64(1, "D") / 365.25
_END = (np.datetime64("1999-03-01") - np.datetime64("2000-01-01")) / np.timedelta64(1, "D") / 365.25
_DRIFT = (-1.0, 3.0)
"""Of TOPEX-A, mm yr-1: January 1993 to July 1995, and August 1995 to February 1999 (Ablain et al. 2019, section 3)."""
_CYCLE_MONTHS = 36
"""Months that a seasonal cycle needs."""


def sea_level(
    series: xr.Dataset,
    *,
    normal: xr.Dataset,
    topex_a: TopexA = "as_given",
    gia: Adjustment = 0.3,
    min_years: Annotated[float, Field(ge=3)] = 10.0,
    min_coverage: Coverage = 0.9,
) -> xr.Dataset:
    """Give the mean sea level of each region as it is measured, corrected, and without its seasonal cycle.

    A month with less coverage than asked is NaN and takes no part in the fits; a month that is there in part counts by
    its coverage. The seasonal cycle is that of the frozen baseline, so that appending a month changes no earlier value;
    trend and acceleration are those of the period, seasonal terms fitted beside them. A baseline of fewer than 36 good
    months gives no cycle (``no_normal``); one of fewer than 30 years stands, and the result says how many it has.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (region, time), m, and ``coverage`` (region, time), 1; `time_bounds`. Of a record with a
        constant number of altimeters (the two-satellite product).
    normal : Dataset
        From `sea_level_normal`.
    topex_a : what is done about the drift of TOPEX-A
        ``as_given``: nothing, for the product is corrected (its reader adds ``tpa_correction``) or starts later.
        ``v_shape``: -1.0 mm yr-1 from January 1993 to July 1995 and +3.0 mm yr-1 from August 1995 to February 1999
        are taken off; derived for the global mean, a best estimate elsewhere. Never for a product that is corrected.
    gia : mm yr-1
        Rate that is added for glacial isostatic adjustment: the sinking of the sea floor, 0.3 for the global ocean
        (Peltier 2004). Regions differ: one number for all, or one for each by its name.
    min_years : years
        Good months, in years, that a trend needs, and an acceleration; below they are NaN.
    min_coverage : 1
        Least share of the sea in a region, and of the days of a month, that must be observed for a month to count.

    Returns
    -------
    value : (region, time), m; as measured
    corrected : (region, time), m; with both corrections
    cycle : (region, time), m; the annual and semi-annual cycle of the baseline
    deseasonalised : (region, time), m; corrected less cycle
        NaN with the flag ``no_normal`` where the baseline has less than 36 good months.
    trend : (region,), m yr-1; by least squares
    acceleration : (region,), m yr-2; second derivative, by least squares
    coverage : (region, time), 1
    flag : (region, time), int8, see `eo.coverage.FLAGS`

    Raises
    ------
    InputError
        A rate for some regions, and one of them has none or is not there.

    References
    ----------
    Ablain, M., et al. (2019): Uncertainty in satellite estimates of global mean sea-level changes, trend and
    acceleration. Earth Syst. Sci. Data, 11, 1189-1202. doi:10.5194/essd-11-1189-2019
    WCRP Global Sea Level Budget Group (2018): Global sea-level budget 1993-present. Earth Syst. Sci. Data, 10,
    1551-1590. doi:10.5194/essd-10-1551-2018
    Peltier, W. R. (2004): Global glacial isostasy and the surface of the ice-age Earth. Annu. Rev. Earth Planet.
    Sci., 32, 111-149. doi:10.1146/annurev.earth.32.082503.144359
    """
    at = years_at(series["time_bounds"])
    value = screened(series["mean"], series["coverage"], min_coverage)
    corrected = _corrected(value, at, topex_a, gia)
    cycle = cycle_at(normal["coefficients"], at).transpose("region", "time").assign_coords(time=series["time"])
    flag = flags(series["coverage"], min_coverage)
    lacks_cycle = (flag == FLAGS["good"]) & cycle.isnull()
    enough = corrected.count("time") >= 12 * min_years
    return xr.Dataset(
        {
            "value": value,
            "corrected": corrected,
            "cycle": cycle,
            "deseasonalised": corrected - cycle,
            "trend": _rate(corrected, at, "trend").where(enough),
            "acceleration": _rate(corrected, at, "acceleration").where(enough),
            "coverage": series["coverage"].fillna(0.0),
            "flag": xr.where(lacks_cycle, FLAGS["no_normal"], flag).astype(np.int8),
        }
    )


def sea_level_normal(
    series: xr.Dataset,
    *,
    baseline: Span,
    topex_a: TopexA = "as_given",
    gia: Adjustment = 0.3,
    min_coverage: Coverage = 0.9,
) -> xr.Dataset:
    """Give the seasonal cycle of the baseline, fitted beside a trend and an acceleration: ``coefficients``, ``months``.

    Returns
    -------
    coefficients : (region, term), m; of cos and sin of one and two turns in a year, NaN with less than 36 good months
    months : (region,), int32; good months
    """
    del baseline  # the series are those of the baseline
    at = years_at(series["time_bounds"])
    corrected = _corrected(screened(series["mean"], series["coverage"], min_coverage), at, topex_a, gia)
    months = corrected.count("time").astype(np.int32)
    found = least_squares(corrected, at, (*ACCELERATION, *CYCLE)).sel(term=list(CYCLE))
    return xr.Dataset({"coefficients": found.where(months >= _CYCLE_MONTHS), "months": months})


def _corrected(value: xr.DataArray, at: xr.DataArray, topex_a: TopexA, gia: Adjustment) -> xr.DataArray:
    risen = _rates(value["region"], gia) * (at - _REFERENCE) * _MILLIMETRE
    drift = topex_a_drift(at) if topex_a == "v_shape" else xr.zeros_like(at)
    return (value + risen - drift).transpose(*value.dims)


def topex_a_drift(years: xr.DataArray) -> xr.DataArray:
    """Give what the drift of TOPEX-A adds to the global mean sea level, m: (time,) years from 2000, as `years_at`.

    Zero from March 1999, when side B had taken over; without a step between the two stretches.
    """
    late = _DRIFT[1] * (years - _END).clip(max=0.0)
    early = (_DRIFT[0] - _DRIFT[1]) * (years - _TURN).clip(max=0.0)
    found: xr.DataArray = (late + early) * _MILLIMETRE
    return found


def _rates(region: xr.DataArray, gia: Adjustment) -> xr.DataArray:
    names = [str(one) for one in region.values]
    if isinstance(gia, dict):
        for name in gia:
            if name not in names:
                raise unknown("region", name, names, "the run, which gives it a rate of isostatic adjustment")
        lacking = [name for name in names if name not in gia]
        if lacking:
            raise InputError(f"each region has its rate of isostatic adjustment, gia; {lacking} have none")
    rates = [gia[name] if isinstance(gia, dict) else gia for name in names]
    return xr.DataArray(np.array(rates, np.float64), {"region": region}, ("region",))


def _rate(corrected: xr.DataArray, at: xr.DataArray, term: Literal["trend", "acceleration"]) -> xr.DataArray:
    terms = {"trend": (*TREND, *CYCLE), "acceleration": (*ACCELERATION, *CYCLE)}[term]
    return least_squares(corrected, at, terms).sel(term=term, drop=True)


def _corrected_twice(options: Mapping[str, Any], *, topex_a: TopexA) -> str:
    """Say where the drift of TOPEX-A would be taken off twice: the reader did it with the correction of the files."""
    if topex_a == "v_shape" and options.get("apply_tpa"):
        return "the drift of TOPEX-A is taken off once: 'topex_a' is 'v_shape', and the product has 'apply_tpa: true'"
    return ""


_MEAN = "area: mean time: mean"

INDICATOR = Indicator(
    compute=sea_level,
    title="mean sea level",
    reduction="zonal_mean",
    normal=sea_level_normal,
    drawn="deseasonalised",
    refuses=_corrected_twice,
    outputs=(
        Output("value", "{variable}", "{long_name}", _MEAN, standard_name="{standard_name}"),
        Output(
            "corrected",
            "{variable}_corrected",
            "{long_name}, corrected for isostatic adjustment, and for the drift of TOPEX-A as the parameters say",
            _MEAN,
        ),
        Output("cycle", "{variable}_cycle", "annual and semi-annual cycle of {long_name}", _MEAN, difference=True),
        Output(
            "deseasonalised",
            "{variable}_deseasonalised",
            "{long_name}, corrected and without its annual and semi-annual cycle",
            _MEAN,
        ),
        Output(
            "trend",
            "{variable}_trend",
            "trend of {long_name}, corrected",
            "area: mean",
            units="{units} year-1",
            range=(-0.1, 0.1),
        ),
        Output(
            "acceleration",
            "{variable}_acceleration",
            "acceleration of {long_name}, corrected",
            "area: mean",
            units="{units} year-2",
            range=(-0.1, 0.1),
        ),
    ),
    reference="Ablain et al. (2019), doi:10.5194/essd-11-1189-2019; "
    "WCRP Global Sea Level Budget Group (2018), doi:10.5194/essd-10-1551-2018",
)
