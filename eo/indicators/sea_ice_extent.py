"""Monthly sea-ice extent of hemispheres and seas: the mean of daily extents."""

import xarray as xr

from eo.indicators import Indicator, Output
from eo.primitives.sea_ice import RANGE, REFERENCE, UNITS, Share, monthly


def sea_ice_extent(series: xr.Dataset, *, min_coverage: Share = 0.99, min_days: Share = 0.6) -> xr.Dataset:
    """Give the monthly mean of the daily area of all cells with 15 % of ice or more.

    The hole at the pole counts as ice where a run says `pole_hole` (see `eo.extent.zonal_extent`). A day of which less
    than `min_coverage` of the sea was observed does not count, and a month needs `min_days` of its days: a part of a
    month has no value until it has them, and every-other-day records (before July 1987) need a lower share. What was
    not observed counts as without ice; `unobserved` says how much that is, and so by how much the extent may be short.
    No baseline.

    Parameters
    ----------
    series : Dataset
        Daily ``extent``, ``observed`` (region, time), m2, and ``coverage`` (region, time), 1.
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
    return monthly(series, "extent", min_coverage=min_coverage, min_days=min_days)


INDICATOR = Indicator(
    compute=sea_ice_extent,
    title="sea ice extent",
    reduction="zonal_extent",
    step="native",
    outputs=(
        Output("value", "sea_ice_extent", "sea ice extent, area of cells with at least the threshold of ice",
               "area: sum time: mean", units=UNITS, range=RANGE, standard_name="sea_ice_extent"),
        Output("unobserved", "unobserved_area", "area of sea that was not observed", "area: sum time: mean",
               units=UNITS, range=(0.0, 600.0)),
    ),
    reference=REFERENCE,
)  # fmt: skip
