"""Rx5day: the most precipitation of five days in a row."""

import xarray as xr

from eo.indicators import Indicator, Output
from eo.primitives.accumulation import trailing_sum
from eo.primitives.etccdi import Block, blocks, judged, of_each
from eo.primitives.precipitation import Share, daily_amounts, days_before, most


def rx5day(series: xr.Dataset, *, step: Block = "year", min_coverage: Share = 0.9) -> xr.Dataset:
    """Give the largest amount of five days in a row in each month or year (ETCCDI Rx5day).

    Five days count to the month or year that their last day lies in, also those that begin before the period; those
    that end in the first four days of a record are not known, and five days with a missing one among them do not count.
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
    rx5day : (..., time), mm
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
    value = of_each(most, trailing_sum(amounts, 5), blocks(amounts["time"], step))
    return judged("rx5day", value, series, amounts, step)


INDICATOR = Indicator(
    compute=rx5day,
    title="Rx5day: largest amount of precipitation of five days in a row",
    reduction="zonal_mean",
    by=("region", "cell"),
    step="native",
    reach=days_before,
    outputs=(
        Output(
            "rx5day",
            "rx5day",
            "largest amount of precipitation of five days in a row",
            "area: mean time: maximum (interval: 1 day)",
            units="mm",
            range=(0, 12500),
            standard_name="lwe_thickness_of_precipitation_amount",
        ),
    ),
    reference="Zhang et al. (2011), doi:10.1002/wcc.147 (ETCCDI)",
)
