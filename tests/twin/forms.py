"""What runs of indicators are made of: synthetic granules over years, in the form of products of configs/products."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from granules import nsidc, plain_cf, sgli, soil_moisture, truth
from granules.duacs import write_duacs
from granules.occi import write_occi
from granules.truth import Climate, Event, steps

from eo.model import Product

Write = Callable[[Path, Product], None]

BOXES: dict[str, dict[str, float]] = {
    "whole_earth": {"west": -180, "east": 180, "south": -90, "north": 90},
    "gas_cells": {"west": -180, "east": -120, "south": -5, "north": 25},
    "level_cells": {"west": 0, "east": 1.5, "south": 0, "north": 1},
    "green_sea": {"west": -30, "east": -29.75, "south": 19.75, "north": 20},
    "soil_cells": {"west": -10, "east": -8.5, "south": 9, "north": 10},
    "small_sea": {"west": 150, "east": 151, "south": -20, "north": -19},
    "small_land": {"west": 0, "east": 4, "south": 10, "north": 13},
    "small_alps": {"west": 6, "east": 8, "south": 45, "north": 46.5},
}
"""Regions that the small grids cover; others are those of configs/regions.yaml."""


@dataclass(frozen=True)
class Form:
    """Synthetic granules of one product over years."""

    like: str
    """The product of configs/products whose variables, units and rules it has."""
    write: Write
    """Writes all granules into a folder."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """What its files have otherwise: years in one file, where the product has a file for each day."""


def _in_years(stem: str) -> dict[str, Any]:
    """Give what a product of days is when its files are of years."""
    return {
        "reader": "cf", "stamp": "start", "filename": rf"{stem}\.(?P<year>\d{{4}})\.nc", "options": {},
        "marks": {"title": "SYNTHETIC"},
    }  # fmt: skip


def _by_years(
    folder: Path, product: Product, times: truth.Times, values: truth.Floats, *, corner: tuple[float, float],
    cell: float, title: str = "series",
) -> None:  # fmt: skip
    (variable,) = product.variables.values()
    stem = (product.filename or "").partition(r"\.(?P<year>")[0].replace(r"\.", ".")
    for year in np.unique(times.astype("datetime64[Y]")):
        some = times.astype("datetime64[Y]") == year
        path = folder / f"{stem}.{year}.nc"
        plain_cf.write_series(
            path, values[some], times[some], name=variable.source, units=variable.units, title=title, corner=corner,
            cell=cell,
        )  # fmt: skip


def _sea_of_the_globe(folder: Path, _: Product) -> None:
    """31 years of months: what the linear trend of the AMO needs. Warm in the tropics; a month of the Pacific lacks."""
    times = steps("1990-01", "2020-12", "M")
    values = truth.field(Climate(0, trend=0.02, weather=0.05, east=0.7, season=0.5), times, (36, 72))
    values += 29.0 * np.cos(np.radians(np.linspace(87.5, -87.5, 36)))[:, None] ** 2
    values[times == np.datetime64("2010-07-01"), :, :24] = np.nan
    plain_cf.write_series(
        folder / "sst.mnmean.nc", np.maximum(values, -1.8), times, name="sst", units="degC", title="NOAA ERSSTv5",
        corner=(90, -180), cell=5,
    )  # fmt: skip


def _sea_by_days(folder: Path, product: Product) -> None:
    times = steps("2012-01-01", "2015-12-31", "D")
    events = (
        Event("2013-01-10", "2013-02-20", 3.5), Event("2015-02-01", "2015-04-30", 4.5),
        Event("2013-07-01", "2013-08-05", -3.5), Event("2014-12-20", "2015-01-08", -2.5),
    )  # fmt: skip
    of = Climate(26.5, 2.5, peak=45, trend=0.03, weather=0.25, north=0.6, east=0.2, events=events)
    _by_years(folder, product, times, truth.field(of, times, (4, 4)), corner=(-19, 150), cell=0.25)


def _ice_by_days(folder: Path, _: Product) -> None:
    days = steps("2018-01-01", "2019-12-31", "D")
    stored = truth.ice(days, 112)
    stored[:, 55:57, 55:57] = nsidc.POLE_HOLE
    stored[:, :8] = nsidc.LAND
    for year in np.unique(days.astype("datetime64[Y]")):
        some = days.astype("datetime64[Y]") == year
        path = folder / f"seaice_conc_daily_nh_{year}_v04r00.nc"
        nsidc.write_nsidc_cdr(path, stored[some], days=tuple(str(day) for day in days[some]))


def _level_by_months(folder: Path, product: Product) -> None:
    times = steps("2011-01", "2016-12", "M")
    values = truth.field(Climate(0.02, 0.04, trend=0.004, weather=0.004, north=0.01), times, (4, 6))
    for time, one in zip(times, values, strict=True):
        middle = time + 14
        name = f"dt_global_twosat_phy_l4_{str(time)[:7].replace('-', '')}_vDT2021-M01.nc"
        write_duacs(
            folder / name, one[None], title="DT merged two satellites Global Ocean", first_day=str(middle),
            names=tuple(variable.source for variable in product.variables.values()), tpa=0.0, ice=np.zeros((1, 4, 6)),
        )  # fmt: skip


def _gas_by_months(folder: Path, _: Product) -> None:
    times = steps("2003-01", "2009-12", "M")
    of = Climate(375, 3.0, peak=130, trend=2.1, weather=0.15, north=1.0)
    path = folder / "200301_200912-C3S-L3_XCO2-GHG_PRODUCTS-MERGED-MERGED-OBS4MIPS-MERGED-v4.1.nc"
    plain_cf.write_obs4mips(path, truth.field(of, times, (6, 12)), gas="xco2", units="1e-6", first="2003-01")


def _chlorophyll_by_months(folder: Path, _: Product) -> None:
    times = steps("2016-01", "2019-12", "M")
    values = 10.0 ** truth.field(Climate(-0.6, 0.3, peak=100, weather=0.05, north=0.2), times, (6, 6))
    values[:, 0, :2] = np.nan
    for time, one in zip(times, values, strict=True):
        name = f"ESACCI-OC-L3S-CHLOR_A-MERGED-1M_MONTHLY_4km_GEO_PML_OCx-{str(time)[:7].replace('-', '')}-fv6.0.nc"
        write_occi(folder / name, one, one * 0 + 0.01, one * 0 + 0.3, date=str(time))


def _sgli(field_: str, of: Climate, slope: float, offset: float) -> Write:
    def write(folder: Path, _: Product) -> None:
        times = steps("2018-01", "2023-12", "M")
        numbers = np.rint((truth.field(of, times, (18, 36)) - offset) / slope).astype(np.uint16)
        quality = np.zeros((18, 36), np.uint8)
        for time, one in zip(times, numbers, strict=True):
            day = str(time).replace("-", "")
            sgli.write_sgli(folder, one, quality, field=field_, day=day, period="01M", version="3002")

    return write


def _soil_by_months(folder: Path, _: Product) -> None:
    times = steps("2005-01", "2016-12", "M")
    of = Climate(0.25, 0.08, peak=250, trend=-0.001, weather=0.02, north=0.03, low=0.02,
                 events=(Event("2012-01-01", "2012-12-31", -0.06),))  # fmt: skip
    for time, one in zip(times, truth.field(of, times, (4, 6)), strict=True):
        soil_moisture.write_soil_moisture(folder, one, step="MONTHLY", date=str(time), version="v202312")


def _rain_by_days(folder: Path, product: Product) -> None:
    times = steps("2012-01-01", "2014-12-31", "D")
    values = truth.rain(times, (3, 4))
    values[(times >= np.datetime64("2013-03-01")) & (times < np.datetime64("2013-03-05")), 0, 0] = np.nan
    _by_years(folder, product, times, values, corner=(13, 0), cell=1)


def _rain_by_months(folder: Path, _: Product) -> None:
    times = steps("2005-01", "2016-12", "M")
    dry = Event("2015-03-01", "2015-11-30", -1.5)
    of = Climate(4.0, 1.5, peak=200, weather=0.8, north=0.4, events=(dry,), low=0.0)
    plain_cf.write_series(
        folder / "precip.mon.mean.nc", truth.field(of, times, (3, 4)), times, name="precip", units="mm/day",
        title="GPCP", corner=(13, 0), cell=1,
    )  # fmt: skip


def _snow_by_days(folder: Path, product: Product) -> None:
    times = steps("2001-10-01", "2003-09-30", "D")
    of = Climate(0.2, 0.5, peak=25, weather=0.05, north=0.3, low=0.0)
    values = np.minimum(truth.field(of, times, (3, 4)), 1.0)
    cloudy = np.random.default_rng(5).random(values.shape) < 0.15
    _by_years(folder, product, times, np.where(cloudy, np.nan, values), corner=(46.5, 6), cell=0.5)


_GREEN = Climate(0.45, 0.25, peak=220, weather=0.03, north=0.1, events=(Event("2021-05-01", "2021-09-30", -0.12),))
_HEAT = Climate(300.0, 12.0, peak=200, trend=0.05, weather=1.0, north=-6.0,
                events=(Event("2021-05-01", "2021-09-30", 4.0),))  # fmt: skip

FORMS: dict[str, Form] = {
    "globe_sst_monthly": Form("noaa_ersst_v5_monthly", _sea_of_the_globe),
    "sst_daily": Form("noaa_oisst_daily", _sea_by_days, _in_years(r"sst\.day\.mean")),
    "sea_ice_daily": Form(
        "noaa_cdr_seaice_nh_daily",
        _ice_by_days,
        {"filename": r"seaice_conc_daily_nh_(?P<year>\d{4})_(?P<version>v04r00)\.nc"},
    ),
    "sea_level_monthly": Form("c3s_sea_level_twosat_monthly", _level_by_months),
    "xco2_monthly": Form("c3s_xco2_monthly", _gas_by_months),
    "chlorophyll_monthly": Form("esacci_chlorophyll_monthly", _chlorophyll_by_months),
    "ndvi_monthly": Form("jaxa_sgli_ndvi_monthly", _sgli("NDVI", _GREEN, 0.0001, -1.0)),
    "lst_monthly": Form("jaxa_sgli_lst_day_monthly", _sgli("LST", _HEAT, 0.02, 0.0)),
    "soil_moisture_monthly": Form("c3s_soil_moisture_combined_monthly", _soil_by_months),
    "rain_daily": Form("jaxa_earth_gsmap_gauge_daily", _rain_by_days, _in_years("rain")),
    "rain_monthly": Form("noaa_gpcp_monthly", _rain_by_months, {"filename": r"precip\.mon\.mean\.nc"}),
    "snow_daily": Form("esacci_snow_scfg_avhrr_daily", _snow_by_days, _in_years("snow")),
}
