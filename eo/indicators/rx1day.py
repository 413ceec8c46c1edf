"""Rx1day: the most precipitation of one day."""

import xarray as xr

from eo.indicators import Indicator, Output
from eo.primitives.etccdi import Block, blocks, judged, of_each
from eo.primitives.precipitation import Share, daily_amounts, most


def rx1day(series: xr.Dataset, *, step: Block = "year", min_coverage: Share = 0.9) -> xr.Dataset:
    """Give the largest amount of one day in each month or year (ETCCDI Rx1day).

    More than 3 missing days in a month, or 15 in a year, give no value, nor does a year with a month that has none; a
    part of a month or year lacks the days that are not there. A day is missing under `min_coverage`. No baseline.

    Parameters
    ----------
    series : Dataset
        Daily ``mean`` (..., time), a precipitation rate with units, and ``coverage`` (..., time), 1. Of a zone it is
        the index of the mean over the zone.
    step : month or year
    min_coverage : 1
        Least share of a zone or cell that must be observed for a day to be there.

    Returns
    -------
    rx1day : (..., time), mm
    coverage : (..., time), 1
    flag : (..., time), int8, see `eo.coverage.FLAGS`

    Raises
    ------
    InputError
        Steps that are not days in order, or units of no rate.

    References
    ----------
    Zhang, X., et al. (2011): Indices for monitoring changes in extremes. WIREs Climate Change, 2, 851-870.
    doi:10.1002/wcc.147
    """
    amounts = daily_amounts(series, min_coverage)
    value = of_each(most, amounts, blocks(amounts["time"], step))
    return judged("rx1day", value, series, amounts, step)


INDICATOR = Indicator(
    compute=rx1day,
    title="Rx1day: largest amount of precipitation of one day",
    reduction="zonal_mean",
    by=("region", "cell"),
    step="native",
    outputs=(
        Output(
            "rx1day",
            "rx1day",
            "largest amount of precipitation of one day",
            "area: mean time: maximum (interval: 1 day)",
            units="mm",
            range=(0, 2500),
            standard_name="lwe_thickness_of_precipitation_amount",
        ),
    ),
    reference="Zhang et al. (2011), doi:10.1002/wcc.147 (ETCCDI)",
)
