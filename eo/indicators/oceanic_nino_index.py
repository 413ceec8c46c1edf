"""The Oceanic Nino Index (ONI): running three-month means of the anomaly, against a fixed or sliding baselines."""

from typing import Annotated, Literal

import xarray as xr
from pydantic import Field

from eo.climatology import at_each_step, monthly_normal
from eo.indicators import Indicator, Output
from eo.model import Span
from eo.primitives.anomalies import anomalies, half_window, smoothed
from eo.primitives.bases import sliding_at_each_step, sliding_normal

Coverage = Annotated[float, Field(gt=0, le=1)]
Bases = Literal["fixed", "sliding"]


def oceanic_nino_index(
    series: xr.Dataset,
    *,
    normal: xr.Dataset,
    months: Annotated[int, Field(ge=1)] = 3,
    bases: Bases = "fixed",
    min_coverage: Coverage = 0.9,
) -> xr.Dataset:
    """Give the running mean of the monthly anomaly of each region; of Nino 3.4 and 3 months it is the ONI.

    A month stands for the season that it is the middle of (January: December to February) and needs all months of it:
    the first and the last of a record, and those around a month with less coverage than asked, are NaN with the flag
    ``insufficient_coverage``. A month that is there in part counts by its coverage, days that are missing as not
    observed. A fixed baseline of fewer than 30 years stands, and the result says how many it has.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (region, time), units of the variable, and ``coverage`` (region, time), 1.
    normal : Dataset
        From `oceanic_nino_index_normal`.
    months : months; length of the running mean, odd
    bases : fixed, or sliding
        One normal over the whole baseline of the run; or the centred 30-year bases of the Climate Prediction Center,
        one for each five years (1986-2015 for 2001-2005), as many as the baseline holds: 1936/2020 gives its ONI.
        Years after those of the last base have the last, years before those of the first have the first.
    min_coverage : 1
        Least share of a region, and of the days of a month, that must be observed for a month to count.

    Returns
    -------
    index : (region, time), units of the variable
    coverage : (region, time), 1
        Mean of the months.
    flag : (region, time), int8, see `eo.coverage.FLAGS`
        ``no_normal`` where the baseline lacks the years for a normal (24 of 30, or 80 % of a fixed baseline).

    Raises
    ------
    InputError
        An even number of months; sliding bases of a baseline that holds none.

    References
    ----------
    NOAA Climate Prediction Center: Description of changes to the Oceanic Nino Index (ONI). Huang, B., et al. (2017):
    Extended Reconstructed Sea Surface Temperature, version 5. J. Climate, 30, 8179-8205.
    doi:10.1175/JCLI-D-16-0836.1
    """
    at = sliding_at_each_step if bases == "sliding" else at_each_step
    return smoothed(anomalies(series, at(normal["normal"], series["time"]), min_coverage), months)


def oceanic_nino_index_normal(
    series: xr.Dataset, *, baseline: Span, bases: Bases = "fixed", min_coverage: Coverage = 0.9
) -> xr.Dataset:
    """Give the normal of each calendar month over the baseline, or over each sliding base in it: ``normal``, ``years``.

    Raises
    ------
    InputError
        Sliding bases of a baseline that holds none.
    """
    make = sliding_normal if bases == "sliding" else monthly_normal
    return make(series, baseline=baseline, min_coverage=min_coverage)


INDICATOR = Indicator(
    compute=oceanic_nino_index,
    title="running mean of the anomaly",
    reduction="zonal_mean",
    reach=half_window,
    normal=oceanic_nino_index_normal,
    outputs=(
        Output(
            "index",
            "oceanic_nino_index",
            "running mean of the anomaly of {long_name}",
            "area: mean time: mean",
            difference=True,
            standard_name="{anomaly_standard_name}",
        ),
    ),
    reference="NOAA Climate Prediction Center: Description of changes to the Oceanic Nino Index; "
    "Huang et al. (2017), doi:10.1175/JCLI-D-16-0836.1",
)
