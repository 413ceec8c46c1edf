"""R20mm: days with very heavy precipitation."""

import xarray as xr

from eo.indicators import Indicator, Output
from eo.primitives.etccdi import blocks, judged, of_each
from eo.primitives.precipitation import Share, daily_amounts, days_at_least


def r20mm(series: xr.Dataset, *, min_coverage: Share = 0.9) -> xr.Dataset:
    """Give the number of days with 20 mm or more in each year (ETCCDI R20mm).

    More than 15 missing days in a year, or 3 in one of its months, give no value; a part of a year lacks the days that
    are not there. A missing day counts as none that fulfils the condition. A day is missing under `min_coverage`. No
    baseline.

    Parameters
    ----------
    series : Dataset
        Daily ``mean`` (..., time), a precipitation rate with units, and ``coverage`` (..., time), 1. Of a zone it is
        the index of the mean over the zone.
    min_coverage : 1
        Least share of a zone or cell that must be observed for a day to be there.

    Returns
    -------
    r20mm : (..., time), days
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
    value = of_each(days_at_least(20.0), amounts, blocks(amounts["time"], "year"))
    return judged("r20mm", value, series, amounts, "year")


INDICATOR = Indicator(
    compute=r20mm,
    title="R20mm: days with 20 mm of precipitation or more",
    reduction="zonal_mean",
    by=("region", "cell"),
    step="native",
    outputs=(
        Output(
            "r20mm",
            "r20mm",
            "days with 20 mm of precipitation or more",
            "area: mean time: sum (interval: 1 day)",
            units="days",
            range=(0, 366),
        ),
    ),
    reference="Zhang et al. (2011), doi:10.1002/wcc.147 (ETCCDI)",
)
