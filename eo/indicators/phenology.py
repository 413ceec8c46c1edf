"""Phenology: start, peak, end and length of the growing season."""

from collections.abc import Callable
from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr
from pydantic import Field

from eo.coverage import screened, standing
from eo.indicators import Indicator, Output
from eo.model import Span
from eo.primitives.calendar_steps import calendar_step, check_years, enough_years, mean_of_years, over_years
from eo.primitives.seasons import METHODS, NONE, Floats, Method
from eo.steps import step_of

Share = Annotated[float, Field(gt=0, le=1)]
Season_ = Callable[[Floats, Floats], Floats]
_YEAR = 365.25
_HALF = np.timedelta64(int(_YEAR / 2 * 24 * 60), "m")
_DAY = np.timedelta64(1, "D")
_NAMES = ("start", "peak", "end", "amplitude", "steps", "observed", "whole")
_ROWS = 2048
"""Cells at a time."""
_FLAT = 1e-9
_MOST = 0.75
_STEPS = {"day": 366, "8day": 46, "dekad": 36, "halfmonth": 24, "month": 12}


def phenology(
    series: xr.Dataset,
    *,
    normal: xr.Dataset,
    method: Method = "threshold",
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5,
    min_amplitude: Annotated[float, Field(gt=0)] = 0.1,
    min_coverage: Share = 0.5,
    min_steps: Share = 0.8,
) -> xr.Dataset:
    """Give the growing season of each year.

    The season of a year lies within half a year before and after the day when the mean cycle of the baseline peaks; so
    a season of the southern hemisphere that goes over the new year is one season, of the year in which it mostly peaks.
    It starts and ends where the values, or the double logistic curve that fits them best, cross a share of the
    amplitude. Missing steps lie on a straight line, or are left out of the fit; with fewer than `min_steps` of all
    steps of that year around the peak, or where the series does not cover all of it, there is no season
    (``insufficient_coverage``): so the first and the last year of a record may have none. A year without a season, or
    with more of it at the edge than inside, is ``undefined``; a cell whose baseline has no cycle is ``no_normal``. A
    part of a year is one that the series does not cover: it has no season. A baseline of fewer years than `min_years`
    is an error.

    Parameters
    ----------
    series : Dataset
        ``mean`` (..., time) of a vegetation index by days, dekads, half-months, 8 days or months, and ``coverage``
        (..., time), 1. Dates are as fine as the steps; each value stands for the middle of its step.
    normal : Dataset
        Of `phenology_normal`.
    method : threshold or double_logistic (Beck et al. 2006)
    share : 1
        Share of the amplitude at the start and end.
    min_amplitude : units of the variable
        With less there is no season.
    min_coverage : 1
        Least share of a zone or cell that must be observed for a step to be there.
    min_steps : 1

    Returns
    -------
    start, peak, end : (..., time), days
        Day of the year: 1 is 1 January, 0 and less lie in the year before, more than 366 in the year after.
    length : (..., time), days
    amplitude : (..., time), units of the variable
    coverage : (..., time), 1
        Mean coverage of the steps, 0 where one is not there.
    flag : (..., time), int8, see `eo.coverage.FLAGS`

    References
    ----------
    Jonsson, P., Eklundh, L. (2004): TIMESAT, a program for analyzing time-series of satellite sensor data. Computers &
    Geosciences, 30, 833-845. doi:10.1016/j.cageo.2004.05.006. Beck et al. (2006): doi:10.1016/j.rse.2005.10.021
    """
    values = screened(series["mean"], series["coverage"], min_coverage)
    bounds = series["time_bounds"].values.astype("datetime64[m]")
    years = np.unique(bounds[:, 0].astype("datetime64[Y]"))

    def season(times: Floats, here: Floats) -> Floats:
        return METHODS[method](times, here, share, min_amplitude)

    whole: xr.DataArray = xr.apply_ufunc(
        lambda one, seen, peak: _each((one, seen), peak, _Steps(bounds, years, min_steps), season),
        values.drop_vars("time"),
        series["coverage"].drop_vars("time"),
        normal["peak"],
        input_core_dims=[["time"], ["time"], []],
        output_core_dims=[["which", "time"]],
        exclude_dims={"time"},
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={"output_sizes": {"which": len(_NAMES), "time": years.size}, "allow_rechunk": True},
        keep_attrs=False,
    )
    each = {name: whole.isel(which=number) for number, name in enumerate(_NAMES)}
    steps, coverage, inside = (each.pop(name) for name in ("steps", "observed", "whole"))
    found = {**each, "length": each["end"] - each["start"]}
    known = normal["peak"].notnull()
    there = (steps >= min_steps) & (inside > 0)
    result = standing(found, coverage, there=there | ~known, known=known)
    edges = np.stack([years, years + 1], axis=1).astype("datetime64[ns]")
    return result.assign_coords(time=edges[:, 0], time_bounds=(("time", "nv"), edges))


class _Steps(NamedTuple):
    """The steps of a series, its years, and the share of steps that a season needs."""

    bounds: npt.NDArray[np.datetime64]
    years: npt.NDArray[np.datetime64]
    least: float


def _each(series: tuple[Floats, Floats], peaks: Floats, steps: _Steps, season: Season_) -> Floats:
    """Give the numbers of `_NAMES` for each year: values and coverage (..., time) and (...) to (..., name, year)."""
    shape = series[0].shape
    rows, seen = (one.reshape(-1, shape[-1]) for one in np.broadcast_arrays(*series))
    middle = peaks.reshape(-1)
    found = np.full((rows.shape[0], len(_NAMES), steps.years.size), np.nan)
    known = np.flatnonzero(np.isfinite(middle))
    for at in range(0, known.size, _ROWS):
        some = known[at : at + _ROWS]
        for number, year in enumerate(steps.years.astype("datetime64[m]")):
            found[some, :, number] = _of_year((rows[some], seen[some]), middle[some], steps, year, season)
    return found.reshape(*shape[:-1], *found.shape[1:])


def _of_year(
    series: tuple[Floats, Floats], peaks: Floats, steps: _Steps, year: np.datetime64, season: Season_
) -> Floats:
    """Give the numbers of `_NAMES` for one year: (row, time) and (row) to (row, name), in days from its 1 January as 1.

    Of each row every step with a part in the year around the peak counts, so that both troughs are among them.
    """
    bounds = steps.bounds
    centre = year + np.rint(peaks * 24 * 60).astype(np.int64).astype("timedelta64[m]")
    first = np.searchsorted(bounds[:, 1], centre - _HALF, side="right")
    last = np.searchsorted(bounds[:, 0], centre + _HALF)
    place = first[:, None] + np.arange(max(int((last - first).max()), 0))
    inside = place < last[:, None]
    place = np.where(inside, place, 0)
    here, coverage = (np.where(inside, np.take_along_axis(one, place, axis=1), np.nan) for one in series)
    times = ((bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) // 2 - year) / _DAY + 1.0)[place]
    count = np.maximum(last - first, 1)
    share = np.isfinite(here).sum(axis=1) / count
    observed = np.where(np.isfinite(here), coverage, 0.0).sum(axis=1) / count
    whole = (bounds[0, 0] <= centre - _HALF) & (bounds[-1, 1] >= centre + _HALF)
    enough = np.flatnonzero(whole & (share > 0) & (share >= steps.least))
    numbers = np.full((peaks.size, len(NONE)), np.nan)
    numbers[enough] = season(times[enough], here[enough])
    return np.concatenate([numbers, np.stack([share, observed, whole], axis=1)], axis=1)


def phenology_normal(
    series: xr.Dataset,
    *,
    baseline: Span,
    min_coverage: Share = 0.5,
    min_years: Annotated[int, Field(ge=1)] = 3,
) -> xr.Dataset:
    """Give the day when the mean cycle of the baseline peaks: that of its first harmonic.

    Parameters
    ----------
    series, min_coverage : see `phenology`; of the baseline alone
    baseline : months
    min_years : years; least number of the baseline

    Returns
    -------
    peak : (...), days after 1 January, 0 to 365.25
        NaN where fewer than three quarters of the steps of the year have 80 % of the baseline years, or the mean cycle
        is flat.

    Raises
    ------
    InputError
        A baseline of fewer years than `min_years`.
    """
    check_years(baseline, min_years, "a mean cycle")
    values, bounds = screened(series["mean"], series["coverage"], min_coverage), series["time_bounds"]
    cycle = over_years(mean_of_years, values, bounds).where(enough_years(values, bounds, baseline))
    edges = bounds.values.astype("datetime64[m]")
    numbers, first = np.unique(calendar_step(bounds), return_index=True)
    middle = edges[:, 0] + (edges[:, 1] - edges[:, 0]) // 2
    day = xr.DataArray(
        ((middle - edges[:, 0].astype("datetime64[Y]")) / _DAY)[first],
        dims="calendar_step",
        coords={"calendar_step": numbers},
    )
    apart = (cycle - cycle.mean("calendar_step")).fillna(0.0)
    turn = 2.0 * np.pi * day / _YEAR
    across, along = (apart * np.sin(turn)).sum("calendar_step"), (apart * np.cos(turn)).sum("calendar_step")
    angle: xr.DataArray = xr.apply_ufunc(np.arctan2, across, along, dask="allowed")
    peak = (angle / (2.0 * np.pi) * _YEAR) % _YEAR
    most = cycle.count("calendar_step") >= _MOST * _STEPS[step_of(bounds.values)]
    cycles = (across**2 + along**2 > _FLAT**2) & most
    return xr.Dataset({"peak": peak.where(cycles)})


def _reach() -> tuple[int, int]:
    return 7, 7


_MEAN = "area: mean"
_DAYS = (-366.0, 732.0)

INDICATOR = Indicator(
    compute=phenology,
    title="phenology of the growing season",
    reduction="zonal_mean",
    by=("region", "cell"),
    step="native",
    normal=phenology_normal,
    reach=_reach,
    outputs=(
        Output(
            "start", "season_start", "start of the growing season (day of the year)", _MEAN, units="days", range=_DAYS
        ),
        Output("peak", "season_peak", "peak of the growing season (day of the year)", _MEAN, units="days", range=_DAYS),
        Output("end", "season_end", "end of the growing season (day of the year)", _MEAN, units="days", range=_DAYS),
        Output("length", "season_length", "length of the growing season", _MEAN, units="days", range=(0.0, 366.0)),
        Output(
            "amplitude", "season_amplitude", "amplitude of {long_name} in the growing season", _MEAN, difference=True
        ),
    ),
    reference="Jonsson and Eklundh (2004), doi:10.1016/j.cageo.2004.05.006; Beck et al. (2006), "
    "doi:10.1016/j.rse.2005.10.021",
)
