"""Precipitation: SPI against climate_indices and xclim, ETCCDI against xclim, on synthetic rain."""

import warnings
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import xarray as xr
from rain import monthly, rates, synthetic_days

from eo.climatology import in_span
from eo.indicators.cdd import cdd
from eo.indicators.cwd import cwd
from eo.indicators.prcptot import prcptot
from eo.indicators.r10mm import r10mm
from eo.indicators.r20mm import r20mm
from eo.indicators.r95p import r95p, r95p_normal
from eo.indicators.r99p import r99p, r99p_normal
from eo.indicators.rx1day import rx1day
from eo.indicators.rx5day import rx5day
from eo.indicators.sdii import sdii
from eo.indicators.spi import spi, spi_normal
from eo.model import span
from validation.record import Check, Compared

FIRST, BASELINE = "1981-01-01", span("1981/2010")
UNITS = {"units": "mm/day", "standard_name": "lwe_precipitation_rate"}


@lru_cache
def amounts() -> np.ndarray:
    """Give synthetic daily rain, 1981 to 2015; dry on the last days, so that no spell goes on."""
    days = synthetic_days(FIRST, "2015-12-31", seed=11)
    days[-2:] = 5.0, 0.0
    return days


def _spi(months: int, **rules: object) -> tuple[np.ndarray, np.ndarray, xr.DataArray]:
    totals = monthly(amounts(), FIRST)
    content = rates(totals, "1981-01", step="M")
    normal = spi_normal(in_span(content, BASELINE), baseline=BASELINE, months=months, **rules)
    limit = 8.2 if rules else 3.09
    ours = spi(content, normal=normal, months=months, limit=limit)["spi"][0].values[months - 1 :]
    time = content["time"].values
    return ours, time, xr.DataArray(totals, {"time": time}, ("time",), attrs=UNITS)


def against_climate_indices(_: Path, *, months: int) -> Compared:
    from climate_indices import compute, indices

    ours, time, totals = _spi(months)
    kind, period = indices.Distribution.gamma, compute.Periodicity.monthly
    theirs = indices.spi(totals.values, months, kind, 1981, 1981, 2010, period)[months - 1 :]
    return Compared.numbers(ours, theirs, time[months - 1 :].astype("datetime64[M]"))


def against_xclim(_: Path, *, months: int) -> Compared:
    ours, time, totals = _spi(months, fit="thom")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The 'name' property is deprecated")  # how xclim asks pandas
        from xclim.indices import standardized_precipitation_index

        theirs = standardized_precipitation_index(
            totals, freq="MS", window=months, dist="gamma", method="APP", fitkwargs={"floc": 0},
            cal_start="1981-01-01", cal_end="2010-12-31",
        )[months - 1 :]  # fmt: skip
    return Compared.numbers(ours, theirs, time[months - 1 :].astype("datetime64[M]"))


Index = Callable[..., xr.Dataset]
Theirs = Callable[[xr.DataArray], xr.DataArray]


def _xclim(name: str, **given: object) -> Theirs:
    def index(rain: xr.DataArray) -> xr.DataArray:
        import xclim.indices

        return getattr(xclim.indices, name)(rain, freq="YS", **given)

    return index


def _ended(wet: bool) -> Theirs:  # noqa: FBT001 - rain days or dry days
    def index(rain: xr.DataArray) -> xr.DataArray:
        from xclim.indices import run_length

        return run_length.rle((rain >= 1) == wet, index="last").resample(time="YS").max().fillna(0)

    return index


def _beyond(percent: int) -> Theirs:
    def index(rain: xr.DataArray) -> xr.DataArray:
        import xclim.indices

        inside = rain.sel(time=slice("1981", "2010"))
        threshold = np.nanpercentile(inside.where(inside >= 1), percent, method="median_unbiased")
        return xclim.indices.prcptot(rain.where(rain > threshold, 0.0), thresh="0 mm/day", freq="YS")

    return index


def etccdi(_: Path, *, index: Index, theirs: Theirs, normal: Index | None = None) -> Compared:
    content = rates(amounts(), FIRST)
    rain = xr.DataArray(amounts(), {"time": content["time"].values}, ("time",), attrs=UNITS)
    kept = {} if normal is None else {"normal": normal(in_span(content, BASELINE), baseline=BASELINE)}
    ours = index(content, **kept)[index.__name__][0]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The 'name' property is deprecated")  # how xclim asks pandas
        expected = theirs(rain)
    return Compared.numbers(ours, expected, ours["time"].values.astype("datetime64[Y]"))


_ETCCDI: tuple[tuple[Index, str, Theirs, Index | None], ...] = (
    (rx1day, "mm", _xclim("max_1day_precipitation_amount"), None),
    (rx5day, "mm", _xclim("max_n_day_precipitation_amount", window=5), None),
    (r10mm, "days", _xclim("wetdays", thresh="10 mm/day"), None),
    (r20mm, "days", _xclim("wetdays", thresh="20 mm/day"), None),
    (sdii, "mm/day", _xclim("daily_pr_intensity", thresh="1 mm/day"), None),
    (prcptot, "mm", _xclim("prcptot", thresh="1 mm/day"), None),
    (cdd, "days", _ended(wet=False), None),
    (cwd, "days", _ended(wet=True), None),
    (r95p, "mm", _beyond(95), r95p_normal),
    (r99p, "mm", _beyond(99), r99p_normal),
)
_RUNS = "rounding; run lengths of xclim, each spell in the year that it ends in, as ETCCDI says"

CHECKS = (
    *(
        Check(
            "Precipitation", f"SPI {months}", partial(against_climate_indices, months=months), 1e-6, "1",
            "climate_indices; SYNTHETIC rain", "rounding: the same gamma fit (Thom) and the same limit of 3.09",
        )
        for months in (1, 3, 6, 12)
    ),
    *(
        Check(
            "Precipitation", f"SPI {months}, xclim", partial(against_xclim, months=months), 1e-5, "1",
            "xclim, gamma, method APP; SYNTHETIC rain", "rounding: theirs has no limit, nor has ours here", quick=False,
        )
        for months in (1, 3, 6, 12)
    ),
    *(
        Check(
            "Precipitation", f"ETCCDI {index.__name__}, yearly",
            partial(etccdi, index=index, theirs=theirs, normal=normal), 1e-9, units,
            "xclim; SYNTHETIC rain", _RUNS if index in {cdd, cwd} else "rounding", quick=index not in {cdd, cwd},
        )
        for index, units, theirs, normal in _ETCCDI
    ),
)  # fmt: skip
