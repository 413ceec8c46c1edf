"""A synthetic series of what each indicator takes, and what it gives of it: for tests that hold for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from granules.truth import Climate, Event, field, rain
from twin.forms import FORMS
from twin.indicators import READY, product_of

from eo import indicators
from eo.indicators import Indicator, taken
from eo.model import Span, span
from eo.reductions import REDUCTIONS
from eo.series import within

RECORD, PERIOD = span("2005/2017"), span("2012/2013")
_WET = (np.datetime64("2011-12-10"), np.datetime64("2012-01-02"))
_CLOUDY = ("2011-12-30", "2012-01-03")
"""What goes on at the turn of the year when the period begins: rain on every day, and a sky that hides the snow."""
CLIMATES = {
    "globe_sst_monthly": Climate(27.0, 2.0, weather=0.8, north=1.0, east=0.5),
    "sst_daily": Climate(
        26.0,
        2.5,
        peak=45,
        weather=0.8,
        north=1.0,
        east=0.3,
        events=(Event("2011-12-29", "2012-01-03", 5.0), Event("2013-12-29", "2014-01-03", -5.0)),
    ),
    "sea_ice_daily": Climate(8e12, 6e12, peak=70, weather=2e11, north=5e12, low=0.0),
    "sea_level_monthly": Climate(0.02, 0.04, trend=0.004, weather=0.01, north=0.01),
    "xco2_monthly": Climate(375.0, 3.0, peak=130, trend=2.1, weather=0.15, north=1.0),
    "chlorophyll_monthly": Climate(0.5, 0.3, peak=100, weather=0.02, north=0.05, low=0.01),
    "ndvi_monthly": Climate(0.45, 0.25, peak=220, weather=0.03, north=0.1),
    "lst_monthly": Climate(300.0, 12.0, peak=200, weather=1.0, north=-6.0),
    "soil_moisture_monthly": Climate(0.25, 0.08, peak=250, weather=0.02, north=0.03, low=0.02),
    "rain_monthly": Climate(4.0, 1.5, peak=200, weather=0.8, north=0.4, low=0.0),
    "snow_daily": Climate(0.3, 0.5, peak=25, weather=0.2, north=0.2, low=0.0),
}
SEA_ICE, WARM = 1.5e13, 6e13
"""Areas of the seas of the extents, m2."""
PARAMETERS: dict[str, dict[str, Any]] = {
    "atlantic_multidecadal_oscillation": {"detrend": "ocean", "months": 5},
    "sea_level": {"min_years": 5},
    "spi": {"months": 6, "min_years": 10, "min_wet": 5},
    "ssi": {"months": 3, "min_years": 10},
    "snow_cover_duration": {"first_month": 1},
    "snow_covered_area": {"threshold": 0},
    "sea_ice_extent": {"pole_hole": 87.2},
}
REGIONS = {"atlantic_multidecadal_oscillation": ("north_atlantic", "ocean_60s_60n")}


@dataclass(frozen=True)
class Case:
    """An indicator with its series over a record of years."""

    name: str

    @property
    def indicator(self) -> Indicator:
        return indicators.load(self.name)

    @property
    def docstring(self) -> str:
        functions = (self.indicator.compute, self.indicator.normal)
        return " ".join(" ".join((one.__doc__ or "").split()) for one in functions if one)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        further = [REDUCTIONS[self.indicator.reduction]]
        return self.indicator.checked(PARAMETERS.get(self.name, {}), "a test", further)

    @cached_property
    def series(self) -> list[xr.Dataset]:
        """Of each input, over the whole record, every step of it observed."""
        ready = READY[self.name]
        return [self._series(ready.product), *(self._series(one) for one in ready.inputs.values())]

    def _series(self, form: str) -> xr.Dataset:
        product = product_of(FORMS[form])
        unit = "M" if product.step == "month" else "D"
        start = np.arange(RECORD.start, RECORD.end, dtype=f"datetime64[{unit}]")
        bounds = np.stack([start, start + 1], axis=1).astype("datetime64[ns]")
        names = REGIONS.get(self.name, READY[self.name].regions)
        if self.indicator.reduction == "zonal_extent" and len(names) == 1:
            names = (*names, "another")
        day = start.astype("datetime64[D]")
        wide = (1, len(names)) if self.indicator.reduction != "field" else (2, 2)
        if form == "rain_daily":
            wet = (day >= _WET[0]) & (day < _WET[1]) & (self.name != "cdd")
            values = rain(day, wide) + 40.0 * wet[:, None, None]
        else:
            values = field(CLIMATES[form], day, wide)
        dims = ("time", "lat", "lon") if self.indicator.reduction == "field" else ("region", "time")
        where = {"lat": [0.5, 1.5], "lon": [0.5, 1.5]} if dims[0] == "time" else {"region": list(names)}
        values = values if dims[0] == "time" else values[:, 0].T
        units = {"units": next(iter(product.variables.values())).units}
        fields = {"mean": (dims, values, units), "coverage": (dims, np.ones(values.shape))}
        if self.indicator.reduction == "zonal_extent":
            fields |= _extents(self.name, dims, values, units)
        found = xr.Dataset(fields, {"time": bounds[:, 0], "time_bounds": (("time", "nv"), bounds), **where})
        return without(found, *_CLOUDY) if self.name == "snow_cover_duration" else found

    def normal(self, baseline: Span) -> xr.Dataset | None:
        """Give what it keeps of a baseline, or None where it has none."""
        function = self.indicator.normal
        if function is None:
            return None
        told = taken(function, {**self.parameters, "baseline": baseline})
        found: xr.Dataset = function(*(of(one, baseline) for one in self.series), **told)
        return found

    def result(
        self, series: list[xr.Dataset], normal: xr.Dataset | None, period: Span = PERIOD, **other: object
    ) -> xr.Dataset:
        """Give what it makes of some series, cut to a period as in a result."""
        given = {} if normal is None else {"normal": normal}
        told = taken(self.indicator.compute, {**self.parameters, **other, "period": period})
        found: xr.Dataset = self.indicator.compute(*series, **told, **given)
        if "time_bounds" not in found.coords:
            found = found.assign_coords(time_bounds=series[0]["time_bounds"])
        return within(found, period)


def of(series: xr.Dataset, months: Span) -> xr.Dataset:
    """Give the steps of a series in a span of months."""
    start = series["time"].values.astype("datetime64[M]")
    return series.isel(time=np.flatnonzero((start >= months.start) & (start < months.end)))


def without(series: xr.Dataset, first: str, last: str) -> xr.Dataset:
    """Give a series in which nothing was observed from a day to another."""
    day = series["time"].values.astype("datetime64[D]")
    hole = xr.DataArray((day >= np.datetime64(first)) & (day <= np.datetime64(last)), dims="time")
    kept = {str(name): one.where(~hole).assign_attrs(one.attrs) for name, one in series.data_vars.items()}
    return series.assign(kept)


def _extents(name: str, dims: tuple[str, ...], values: np.ndarray, units: Mapping[str, str]) -> dict[str, Any]:
    """Give the areas of what is on one side of a threshold, as `eo.extent.zonal_extent` does."""
    if name == "warm_pool_index":
        extent = WARM * (values - values.min() + 0.1) / np.ptp(values)
        total, sea = extent * 29.0, np.full(values.shape, 1.2 * WARM)
    elif name == "snow_covered_area":
        extent, sea = np.clip(values, 0.0, 1.0) * 1e12, np.full(values.shape, 1e12)
        total = extent
    else:
        extent, sea = np.minimum(values, SEA_ICE), np.full(values.shape, SEA_ICE)
        total = 0.9 * extent
    return {"extent": (dims, extent), "total": (dims, total, dict(units)), "observed": (dims, sea)}
