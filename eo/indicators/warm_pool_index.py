"""Warm-pool index: how much of a region is at least so warm, and how warm that water is."""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from eo.coverage import FLAGS, flags, monthly_mean, screened
from eo.errors import InputError
from eo.indicators import Indicator, Output

_ROUNDING = 1e-3
"""Of a mean of single-precision temperatures."""


def warm_pool_index(
    series: xr.Dataset, *, threshold: float = 28.0, min_coverage: Annotated[float, Field(gt=0, le=1)] = 0.9
) -> xr.Dataset:
    """Give the monthly area of the water at or above a threshold in each region, and its mean temperature.

    The area of a month is the mean of the areas of its steps (days), never the area of the mean. A step with less
    coverage than asked is missing, for an area is short by what was not seen; a month of which too little is left is
    NaN with the flag ``insufficient_coverage``, and days that are missing count as not observed. A part of a month
    stands by its coverage, too. No baseline.

    Parameters
    ----------
    series : Dataset
        At the steps of the product, of the cells at or above the threshold: ``extent`` (region, time), m2, and
        ``total`` (region, time), m2 times the units of the temperature; ``coverage`` (region, time), 1.
    threshold : units of the variable
        What warm water has at least: 28 degC by custom. The areas are taken with it.
    min_coverage : 1
        Least share of the sea in a region, of each step and of the month, that must be observed.

    Returns
    -------
    area : (region, time), m2
    temperature : (region, time), units of the variable
        Mean over the area and the month; NaN also in a month without such water, with the flag ``undefined``.
    coverage : (region, time), 1
    flag : (region, time), int8, see `eo.coverage.FLAGS`

    Raises
    ------
    InputError
        The mean of the areas is below the threshold: they were taken below it (``side``).

    References
    ----------
    Weller, E., et al. (2016): Human-caused Indo-Pacific warm pool expansion. Science Advances, 2, e1501719.
    doi:10.1126/sciadv.1501719
    Roxy, M. K., et al. (2019): Twofold expansion of the Indo-Pacific warm pool warps the MJO life cycle. Nature, 575,
    647-651. doi:10.1038/s41586-019-1764-4
    """
    extent, total = (_monthly(series, name, min_coverage) for name in ("extent", "total"))
    area = screened(extent["mean"], extent["coverage"], min_coverage)
    temperature = total["mean"].where(area > 0) / area.where(area > 0)
    if bool((temperature < threshold - _ROUNDING).any()):
        raise InputError(f"a warm pool is at or above {threshold:g}; the areas have {float(temperature.min()):g}")
    return xr.Dataset(
        {
            "area": area,
            "temperature": temperature,
            "coverage": extent["coverage"].fillna(0.0),
            "flag": xr.where(area == 0, FLAGS["undefined"], flags(extent["coverage"], min_coverage)).astype(np.int8),
        },
        {"time_bounds": extent["time_bounds"]},
    )


def _monthly(series: xr.Dataset, name: str, min_coverage: float) -> xr.Dataset:
    usable = screened(series[name], series["coverage"], min_coverage)
    steps = xr.Dataset({"mean": usable, "coverage": series["coverage"]})
    return monthly_mean(steps.assign_coords(time_bounds=series["time_bounds"]))


INDICATOR = Indicator(
    compute=warm_pool_index,
    title="area and temperature of warm water",
    reduction="zonal_extent",
    step="native",
    outputs=(
        Output(
            "area",
            "warm_pool_area",
            "area where the {long_name} is at or above the threshold",
            "area: sum time: mean",
            standard_name="area",
            units="m2",
            range=(0.0, 5.2e14),
        ),
        Output(
            "temperature",
            "warm_pool_temperature",
            "mean {long_name} where it is at or above the threshold",
            "area: mean time: mean",
            standard_name="{standard_name}",
        ),
    ),
    reference="Weller et al. (2016), doi:10.1126/sciadv.1501719; Roxy et al. (2019), doi:10.1038/s41586-019-1764-4",
)
