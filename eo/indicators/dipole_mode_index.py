"""The Dipole Mode Index (DMI) of the Indian Ocean Dipole: the anomaly in the west less that in the east."""

from typing import Annotated

import xarray as xr
from pydantic import Field

from eo.climatology import at_each_step, monthly_normal
from eo.indicators import Indicator, Output
from eo.primitives.anomalies import anomalies, difference, half_window, of_region, smoothed


def dipole_mode_index(
    series: xr.Dataset,
    *,
    normal: xr.Dataset,
    west: str = "iod_west",
    east: str = "iod_east",
    whole: str = "indian_ocean_dipole",
    months: Annotated[int, Field(ge=1)] = 1,
    min_coverage: Annotated[float, Field(gt=0, le=1)] = 0.9,
) -> xr.Dataset:
    """Give the anomaly of one region less that of another, as one series under the name of a region around both.

    It needs both regions: a month in which one of them has less coverage than asked is NaN, with the flag of that one.
    A month that is there in part counts by its coverage, days that are missing as not observed. A running mean needs
    all its months, so that the first and the last of a record are ``insufficient_coverage``. A baseline of fewer than
    the 30 years of a standard normal stands, and the result says how many it has.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (region, time), units of the variable, and ``coverage`` (region, time), 1, of the two poles
        and of the region around them, whose numbers are not used.
    normal : Dataset
        ``normal`` (region, month), units of the variable.
    west, east : the regions whose anomalies are subtracted: west less east
    whole : the region that the series is given for
    months : months; length of a running mean, odd; 1 for monthly values
    min_coverage : 1
        Least share of a region, and of the days of a month, that must be observed for a month to count.

    Returns
    -------
    index : (region, time), units of the variable
    coverage : (region, time), 1
        That of the pole that was observed less.
    flag : (region, time), int8, see `eo.coverage.FLAGS`
        ``no_normal`` where the baseline has fewer than 80 % of its years for a calendar month.

    Raises
    ------
    InputError
        One of the three regions is not there; an even number of months.

    References
    ----------
    Saji, N. H., et al. (1999): A dipole mode in the tropical Indian Ocean. Nature, 401, 360-363. doi:10.1038/43854
    """
    each = anomalies(series, at_each_step(normal["normal"], series["time"]), min_coverage)
    of_region(each, whole, "the region that the index is given for")
    monthly = difference(of_region(each, west, "west"), of_region(each, east, "east"))
    return smoothed(monthly, months).expand_dims(region=[whole])


INDICATOR = Indicator(
    compute=dipole_mode_index,
    title="difference of the anomalies of two regions",
    reduction="zonal_mean",
    reach=half_window,
    normal=monthly_normal,
    outputs=(
        Output(
            "index",
            "dipole_mode_index",
            "anomaly of {long_name} in the west less that in the east",
            "area: mean time: mean",
            difference=True,
        ),
    ),
    reference="Saji et al. (1999), doi:10.1038/43854",
)
