"""CDD: consecutive dry days."""

import xarray as xr

from eo.indicators import Indicator, Output
from eo.primitives.etccdi import judged
from eo.primitives.precipitation import WET, Share, daily_amounts, longest_spell, spell_reach


def cdd(series: xr.Dataset, *, min_coverage: Share = 0.9) -> xr.Dataset:
    """Give the length of the longest dry spell (days under 1 mm) of each year (ETCCDI CDD).

    A spell counts to the year that it ends in, with all its days, also those of the years before. Where a spell has not
    ended with the year (or with the series) and none did, or where it is longer than all that did at the end of the
    series, there is no value yet (``undefined``): a later day cannot change a value that stands. A spell is followed
    back for a year before the period, as far as there is data; one at the start of that has the days in it. A missing
    day ends a spell. More than 15 missing days in a year, or 3 in one of its months, give no value; a part of a year
    lacks the days that are not there. A day is missing under `min_coverage`. No baseline.

    Parameters
    ----------
    series : Dataset
        Daily ``mean`` (..., time), a precipitation rate with units, and ``coverage`` (..., time), 1. Of a zone it is
        the index of the mean over the zone.
    min_coverage : 1
        Least share of a zone or cell that must be observed for a day to be there.

    Returns
    -------
    cdd : (..., time), days
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
    value = longest_spell(amounts < WET)
    return judged("cdd", value, series, amounts, "year")


INDICATOR = Indicator(
    compute=cdd,
    title="CDD: longest spell of days under 1 mm of precipitation",
    reduction="zonal_mean",
    by=("region", "cell"),
    step="native",
    reach=spell_reach,
    outputs=(
        Output(
            "cdd",
            "cdd",
            "longest spell of days under 1 mm of precipitation",
            "area: mean time: maximum (interval: 1 day)",
            units="days",
            range=(0, 20000),
        ),
    ),
    reference="Zhang et al. (2011), doi:10.1002/wcc.147 (ETCCDI)",
)
