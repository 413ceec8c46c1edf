"""R99P: precipitation of extremely wet days."""

import xarray as xr

from eo.indicators import Indicator, Output
from eo.model import Span
from eo.primitives.etccdi import judged
from eo.primitives.precipitation import Share, amount_above, daily_amounts, wet_day_percentile


def r99p(series: xr.Dataset, *, normal: xr.Dataset, min_coverage: Share = 0.9) -> xr.Dataset:
    """Give the amount of days over the 99th percentile of wet days in each year (ETCCDI R99p).

    More than 15 missing days in a year, or 3 in one of its months, give no value; a part of a year lacks the days that
    are not there. A missing day adds nothing. A day is missing under `min_coverage`. Where the baseline gives no
    percentile there is no value (``no_normal``). A baseline of fewer than the 30 years of a standard normal stands, and
    the result says how many it has.

    Parameters
    ----------
    series : Dataset
        Daily ``mean`` (..., time), a precipitation rate with units, and ``coverage`` (..., time), 1. Of a zone it is
        the index of the mean over the zone.
    normal : Dataset
        Of `r99p_normal`.
    min_coverage : 1
        Least share of a zone or cell that must be observed for a day to be there.

    Returns
    -------
    r99p : (..., time), mm
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
    value = amount_above(amounts, normal["threshold"])
    return judged("r99p", value, series, amounts, "year", known=normal["threshold"].notnull())


def r99p_normal(series: xr.Dataset, *, baseline: Span, min_coverage: Share = 0.9) -> xr.Dataset:
    """Give the 99th percentile of the wet days of the baseline, see `precipitation.wet_day_percentile`."""
    return wet_day_percentile(daily_amounts(series, min_coverage), baseline, 0.99)


INDICATOR = Indicator(
    compute=r99p,
    title="R99p: precipitation of days over the 99th percentile of wet days of the baseline",
    reduction="zonal_mean",
    by=("region", "cell"),
    step="native",
    normal=r99p_normal,
    outputs=(
        Output(
            "r99p",
            "r99p",
            "precipitation of days over the 99th percentile of wet days of the baseline",
            "area: mean time: sum (interval: 1 day)",
            units="mm",
            range=(0, 200000),
            standard_name="lwe_thickness_of_precipitation_amount",
        ),
    ),
    reference="Zhang et al. (2011), doi:10.1002/wcc.147 (ETCCDI)",
)
