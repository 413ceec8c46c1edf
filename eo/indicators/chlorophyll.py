"""Chlorophyll as a log mean: the geometric mean of a log-normal concentration, and its share of the normal."""

from typing import Annotated

import xarray as xr
from pydantic import Field

from eo.climatology import at_each_step, monthly_normal
from eo.coverage import screened
from eo.indicators import Indicator, Output
from eo.primitives.anomalies import anomalies

_PERCENT = 100.0


def chlorophyll(
    series: xr.Dataset, *, normal: xr.Dataset, min_coverage: Annotated[float, Field(gt=0, le=1)] = 0.5
) -> xr.Dataset:
    """Give the mean of the logarithm over each region, as a concentration, and its anomaly.

    The product gives the decimal logarithm of each cell, less the bias of the retrieval, so that a mean over area and
    time is the logarithm of the geometric mean: the arithmetic mean of the concentration would be that of a few blooms.
    A month with less coverage than asked is NaN; a month that is there in part counts by its coverage. A baseline of
    fewer than the 30 years of a standard normal stands, and the result says how many it has.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (region, time) of the decimal logarithm of the concentration in mg m-3, and ``coverage``
        (region, time), 1.
    normal : Dataset
        ``normal`` (region, month) of the logarithm.
    min_coverage : 1
        Least share of the sea in a region, and of the days of a month, that must be observed for a month to count.
        Clouds and polar night leave much of the sea unseen: a half is asked where nothing else is said.

    Returns
    -------
    value : (region, time), 1; mean decimal logarithm
    concentration : (region, time), mg m-3; the geometric mean, 10 to the power of the value
    normal : (region, time), mg m-3; 10 to the power of the normal of the logarithm
    anomaly : (region, time), 1; of the logarithm
    percent : (region, time), %; the concentration over the normal
        NaN, as the anomaly, with the flag ``no_normal`` where the baseline has fewer than 80 % of its years.
    coverage : (region, time), 1
    flag : (region, time), int8, see `eo.coverage.FLAGS`

    References
    ----------
    Campbell, J. W. (1995): The lognormal distribution as a model for bio-optical variability in the sea. J. Geophys.
    Res., 100, 13237-13254. doi:10.1029/95JC00458
    Sathyendranath, S., et al. (2019): An ocean-colour time series for use in climate studies. Sensors, 19, 4285.
    doi:10.3390/s19194285
    """
    expected = at_each_step(normal["normal"], series["time"])
    found = anomalies(series, expected, min_coverage)
    value = screened(series["mean"], series["coverage"], min_coverage)
    return xr.Dataset(
        {
            "value": value,
            "concentration": 10.0**value,
            "normal": 10.0**expected,
            "anomaly": found["index"],
            "percent": _PERCENT * 10.0 ** found["index"],
            "coverage": found["coverage"],
            "flag": found["flag"],
        }
    )


_MEAN = "area: mean time: mean (of the decimal logarithm)"
_STANDARD = "mass_concentration_of_chlorophyll_a_in_sea_water"

INDICATOR = Indicator(
    compute=chlorophyll,
    title="log mean",
    reduction="zonal_mean",
    normal=monthly_normal,
    drawn="percent",
    outputs=(
        Output("value", "{variable}", "{long_name}", "area: mean time: mean"),
        Output(
            "concentration",
            "chlorophyll",
            "geometric mean of the chlorophyll-a concentration",
            _MEAN,
            standard_name=_STANDARD,
            units="mg m-3",
            range=(1e-4, 1e3),
        ),
        Output(
            "normal",
            "chlorophyll_normal",
            "baseline normal of the geometric mean of the chlorophyll-a concentration",
            _MEAN,
            standard_name=_STANDARD,
            units="mg m-3",
            range=(1e-4, 1e3),
        ),
        Output("anomaly", "{variable}_anomaly", "anomaly of the {long_name}", "area: mean time: mean", difference=True),
        Output(
            "percent",
            "chlorophyll_percent_of_normal",
            "geometric mean of the chlorophyll-a concentration over its normal",
            _MEAN,
            units="%",
            range=(0.0, 1e4),
        ),
    ),
    reference="Campbell (1995), doi:10.1029/95JC00458; Sathyendranath et al. (2019), doi:10.3390/s19194285",
)
