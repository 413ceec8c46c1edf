"""Share of an area where soil is drier than in most baseline years."""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from eo.coverage import FLAGS, flags, screened, standing
from eo.indicators import Indicator, Output
from eo.model import Span
from eo.primitives.calendar_steps import at_calendar_step, check_years, enough_years, over_years, percentile

Share = Annotated[float, Field(gt=0, le=1)]
_SHARES = {"below_10th": 0.1, "below_20th": 0.2}


def area_below_percentile(series: xr.Dataset, *, normal: xr.Dataset, min_coverage: Share = 0.5) -> xr.Dataset:
    """Give the cells under the 10th and 20th percentile of the baseline, of which the pipeline makes shares of area.

    Each cell has its own percentiles for each calendar month. A cell of which less than `min_coverage` of the days of a
    month was observed (a part-month too) does not count in it, nor does one that the baseline gives no percentile; the
    share is of the others. Where these are less than `min_coverage` of the land, there is no value. A baseline of fewer
    years than `min_years` is an error.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (time, lat, lon) or (time, y, x), and ``coverage``, 1.
    normal : Dataset
        Of `area_below_percentile_normal`.
    min_coverage : 1

    Returns
    -------
    below_10th, below_20th : (time, lat, lon) or (time, y, x), 1 or 0
        In the result (region, time), 1: the share of the observed area.
    coverage, flag : likewise

    References
    ----------
    Sheffield, J., et al. (2004): A simulated soil moisture based drought analysis for the United States. Journal of
    Geophysical Research, 109, D24108. doi:10.1029/2004JD005182
    """
    value = screened(series["mean"], series["coverage"], min_coverage).drop_attrs()
    limits = {name: at_calendar_step(normal[name], series["time_bounds"]) for name in _SHARES}
    found = {
        name: xr.where(value < limit, 1.0, 0.0).where(value.notnull() & limit.notnull())
        for name, limit in limits.items()
    }
    return standing(found, series["coverage"], there=value.notnull(), known=limits["below_20th"].notnull())


def area_below_percentile_normal(
    series: xr.Dataset,
    *,
    baseline: Span,
    min_coverage: Share = 0.5,
    min_years: Annotated[int, Field(ge=5)] = 10,
) -> xr.Dataset:
    """Give the 10th and 20th percentile of each calendar month over the baseline years.

    Parameters
    ----------
    series, min_coverage : see `area_below_percentile`; of the baseline alone
    baseline : months
    min_years : years; least number of the baseline

    Returns
    -------
    below_10th, below_20th : (..., calendar_step), units of the variable
        NaN for a month with fewer than 80 % of the baseline years (WMO-No. 1203, 4.4.1). Of fewer than 11 years the
        10th percentile lies between the two least, or is the least one.

    Raises
    ------
    InputError
        A baseline of fewer years than `min_years`.
    """
    check_years(baseline, min_years, "a percentile of years")
    value, bounds = screened(series["mean"], series["coverage"], min_coverage), series["time_bounds"]

    def both(years: np.ndarray) -> np.ndarray:
        return np.stack([percentile(years, share) for share in _SHARES.values()], axis=-1)

    limits = over_years(both, value, bounds, gives={"which": np.array(list(_SHARES))})
    limits = limits.where(enough_years(value, bounds, baseline))
    return xr.Dataset({name: limits.sel(which=name, drop=True) for name in _SHARES})


def shares_of_area(cells: xr.Dataset, area: xr.DataArray, *, min_coverage: float) -> xr.Dataset:
    """Give the share of the observed area that is below each percentile.

    Parameters
    ----------
    cells : Dataset
        What `area_below_percentile` gives.
    area : (lat, lon) or (y, x), m2
        Area of each cell that counts.
    min_coverage : least share of the area that must be observed

    Returns
    -------
    below_10th, below_20th : (time), 1
    coverage : (time), 1
        Of all cells that were ever observed: the sea is no part of it.
    flag : (time), int8
    """
    rows, columns = map(str, area.dims)

    def total(field: xr.DataArray) -> xr.DataArray:
        plain = field.transpose(..., rows, columns)
        return plain.drop_vars([name for name in plain.coords if name != "time"]).sum(columns).sum(rows)

    good = cells["flag"] == FLAGS["good"]
    weight = area.where(good, 0.0)
    observed = total(weight)
    land = total(area.where((cells["flag"] != FLAGS["no_data"]).any("time"), 0.0))
    coverage = (observed / land).fillna(0.0).clip(max=1.0)
    flag = flags(coverage, min_coverage)
    found = {
        name: (total(weight * cells[name].fillna(0.0)) / observed).clip(max=1.0).where(flag == FLAGS["good"])
        for name in _SHARES
    }
    return xr.Dataset(found | {"coverage": coverage, "flag": flag}).assign_coords(time=cells["time"])


INDICATOR = Indicator(
    compute=area_below_percentile,
    title="area below the 10th and 20th percentile of the baseline",
    reduction="field",
    normal=area_below_percentile_normal,
    gather=shares_of_area,
    outputs=tuple(
        Output(
            name,
            f"{{variable}}_{name}_percentile_area_fraction",
            f"share of the observed area where {{long_name}} is below the {name[6:]} percentile of the baseline",
            "area: mean time: mean",
            units="1",
            range=(0.0, 1.0),
        )
        for name in _SHARES
    ),
    reference="Sheffield et al. (2004), doi:10.1029/2004JD005182",
)
