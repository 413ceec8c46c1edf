"""Monthly sea-ice area of hemispheres and seas: the mean of daily areas."""

import xarray as xr

from eo.indicators import Indicator, Output
from eo.primitives.sea_ice import RANGE, REFERENCE, UNITS, Share, monthly


def sea_ice_area(series: xr.Dataset, *, min_coverage: Share = 0.99, min_days: Share = 0.6) -> xr.Dataset:
    """Give the monthly mean of the daily sum of concentration times cell area, over cells with 15 % of ice or more.

    The hole at the pole is no part of it, so that areas before and after a sensor with a smaller hole do not compare.
    It needs concentrations: of a mask of extent it would give the extent. Days and months stand as in `sea_ice_extent`:
    a day with less than `min_coverage` of the sea is missing, a month needs `min_days` of its days, and so has a part
    of a month no value. No baseline.

    Parameters
    ----------
    series : Dataset
        Daily ``total``, ``observed`` (region, time), m2, and ``coverage`` (region, time), 1.
    min_coverage : 1
        Least share of the sea of a region that must be observed for a day to stand.
    min_days : 1
        Least share of the days of a month.

    Returns
    -------
    value : (region, time), 1e6 km2
    unobserved : (region, time), 1e6 km2
    coverage : (region, time), 1
    flag : (region, time), int8, see `eo.coverage.FLAGS`

    References
    ----------
    Fetterer et al. (2017): Sea Ice Index, Version 3. doi:10.7265/N5K072F8
    """
    return monthly(series, "total", min_coverage=min_coverage, min_days=min_days)


INDICATOR = Indicator(
    compute=sea_ice_area,
    title="sea ice area",
    reduction="zonal_extent",
    step="native",
    outputs=(
        Output("value", "sea_ice_area", "sea ice area, without the hole at the pole",
               "area: sum time: mean", units=UNITS, range=RANGE, standard_name="sea_ice_area"),
        Output("unobserved", "unobserved_area", "area of sea that was not observed", "area: sum time: mean",
               units=UNITS, range=(0.0, 600.0)),
    ),
    reference=REFERENCE,
)  # fmt: skip
