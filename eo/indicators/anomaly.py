"""Mean and anomaly of a variable over zones, against a frozen monthly normal."""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from eo.climatology import at_each_step
from eo.coverage import FLAGS, flags, screened
from eo.indicators import Indicator, Output


def anomaly(
    series: xr.Dataset, *, normal: xr.Dataset, min_coverage: Annotated[float, Field(gt=0, le=1)] = 0.9
) -> xr.Dataset:
    """Give the monthly mean over each zone, its normal and its anomaly.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (region, time), units of the variable, and ``coverage`` (region, time), 1.
    normal : Dataset
        ``normal`` (region, month), units of the variable.
    min_coverage : 1
        Least share of a zone, and of the days of a month, that must be observed for a value to stand.

    Returns
    -------
    value, normal, anomaly : (region, time), units of the variable
        NaN where `flag` is not good; a value whose month has no normal stands, without an anomaly.
    coverage : (region, time), 1
    flag : (region, time), int8, see `eo.coverage.FLAGS`

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
    normal=True,
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
