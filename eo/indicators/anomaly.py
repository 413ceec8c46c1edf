"""Mean and anomaly of a variable over zones, against a frozen monthly normal."""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from eo.climatology import at_each_step, monthly_normal
from eo.coverage import FLAGS, flags, screened
from eo.indicators import Indicator, Output


def anomaly(
    series: xr.Dataset, *, normal: xr.Dataset, min_coverage: Annotated[float, Field(gt=0, le=1)] = 0.9
) -> xr.Dataset:
    """Give the monthly mean of each zone or cell, its normal and its anomaly.

    A month that is missing, or a part-month whose coverage is too low, has no value. A calendar month that lacks too
    many years of the baseline has no normal: its value stands without an anomaly. A baseline of fewer than the 30 years
    of a standard normal stands, and the result says how many it has.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (region, time) or (time, lat, lon), units of the variable, and ``coverage`` (the same dims), 1.
    normal : Dataset
        ``normal`` (..., month), units of the variable.
    min_coverage : 1
        Least share of a zone, and of the days of a month, that must be observed for a value to stand.

    Returns
    -------
    value, normal, anomaly : as the mean, units of the variable
        NaN where `flag` is not good; a value whose month has no normal stands, without an anomaly.
    coverage : as the mean, 1
    flag : as the mean, int8, see `eo.coverage.FLAGS`

    References
    ----------
    WMO (2017): Guidelines on the Calculation of Climate Normals, WMO-No. 1203.
    """
    value = screened(series["mean"], series["coverage"], min_coverage)
    expected = at_each_step(normal["normal"], series["time"])
    flag = flags(series["coverage"], min_coverage)
    lacks_normal = (flag == FLAGS["good"]) & expected.isnull()
    return xr.Dataset(
        {
            "value": value,
            "normal": expected,
            "anomaly": value - expected,
            "coverage": series["coverage"].fillna(0.0),
            "flag": xr.where(lacks_normal, FLAGS["no_normal"], flag).astype(np.int8),
        }
    )


INDICATOR = Indicator(
    compute=anomaly,
    title="mean and anomaly",
    reduction="zonal_mean",
    by=("region", "cell"),
    normal=monthly_normal,
    drawn="anomaly",
    outputs=(
        Output("value", "{variable}", "{long_name}", "area: mean time: mean", standard_name="{standard_name}"),
        Output(
            "normal",
            "{variable}_normal",
            "baseline normal of {long_name}",
            "area: mean time: mean",
            standard_name="{standard_name}",
        ),
        Output(
            "anomaly",
            "{variable}_anomaly",
            "anomaly of {long_name}",
            "area: mean time: mean",
            difference=True,
            standard_name="{anomaly_standard_name}",
        ),
    ),
    reference="WMO-No. 1203 (2017)",
)
