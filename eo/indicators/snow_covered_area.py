"""Snow-covered area by months."""

import xarray as xr

from eo.coverage import weighted_mean
from eo.indicators import Indicator, Output
from eo.primitives.day_of_year import on_every_day
from eo.primitives.sea_ice import MILLION_KM2, UNITS, Share, grouped, over_periods
from eo.primitives.snow import as_fraction


def snow_covered_area(series: xr.Dataset, *, min_coverage: Share = 0.5, min_days: Share = 0.6) -> xr.Dataset:
    """Give the monthly mean of the daily area of snow: the sum of fraction times area.

    What was not observed on a day (clouds) is taken to have the mean fraction of what was: the sum is divided by the
    coverage. A day of which less than `min_coverage` of the region was observed does not count, and a month needs
    `min_days` of its days: a part of a month has no value until it has them. No baseline. A run gives the reduction
    `threshold`, the least fraction that counts: 0 for all snow.

    Parameters
    ----------
    series : Dataset
        Daily ``total`` (region, time), m2 times the units of the fraction, which it says, and ``coverage`` (region,
        time), 1.
    min_coverage : 1
        Least share of a region that must be observed for a day to stand.
    min_days : 1
        Least share of the days of a month.

    Returns
    -------
    value : (region, time), 1e6 km2
    coverage : (region, time), 1
        Observed share of the region and of the days of the month, on days that stand.
    flag : (region, time), int8, see `eo.coverage.FLAGS`

    Raises
    ------
    InputError
        Steps that are not days, or units of no fraction.

    References
    ----------
    Robinson, D. A., Estilow, T. W., NOAA CDR Program (2012): NOAA Climate Data Record of Northern Hemisphere Snow Cover
    Extent, Version 1. doi:10.7289/V5N014G9
    """
    every = on_every_day(series)
    stands = every["coverage"] >= min_coverage
    total = as_fraction(every["total"].assign_attrs(series["total"].attrs))
    area = (total / every["coverage"].where(stands) / MILLION_KM2).where(stands)
    means = [weighted_mean(one, one.notnull()) for _, one in grouped(area, "M")]
    return over_periods({"value": means}, area.notnull(), every["coverage"], "M", min_days)


INDICATOR = Indicator(
    compute=snow_covered_area,
    title="snow-covered area",
    reduction="zonal_extent",
    step="native",
    outputs=(
        Output(
            "value",
            "snow_covered_area",
            "area that snow covers",
            "area: sum time: mean",
            units=UNITS,
            range=(0.0, 150.0),
        ),
    ),
    reference="Robinson et al. (2012), doi:10.7289/V5N014G9",
)
