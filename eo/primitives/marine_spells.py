"""Marine heatwaves and cold spells: what their indicators share.

The definition is that of Hobday et al. (2016, 2018): the 90th (10th) percentile of all values within 5 days of a day of
the year over the baseline, and their mean, both smoothed by a running mean of 31 days; at least 5 days beyond the
percentile; gaps of at most 2 days between such runs bridged. It agrees with the package `marineHeatWaves` of E. Oliver
in the windows (consecutive days, cut at the ends of the baseline), in 29 February (the mean of its neighbours before
the smoothing), in the percentile and in the category of an event (the highest that any of its days reaches). It differs
where data are missing: the package sets a missing day to the climatology, here it has no value and the share of days
that were observed is stated; and it smooths a climatology with missing days as if they were cut out of the year, here
the running mean takes the days that are there.
"""

from typing import Annotated, Literal

import xarray as xr
from pydantic import Field

from eo.climatology import baseline_years
from eo.coverage import screened
from eo.errors import InputError
from eo.indicators import Output
from eo.model import Span
from eo.primitives.day_of_year import daily_climatology, on_every_day
from eo.primitives.spell_days import day_counts
from eo.primitives.spells import Rule, event_table

Percentile = Annotated[float, Field(gt=0, lt=100)]
Days = Annotated[int, Field(ge=1, le=365)]
Years = Annotated[int, Field(ge=1)]
Gap = Annotated[int, Field(ge=0, le=30)]
Share = Annotated[float, Field(gt=0, le=1)]
Step = Literal["month", "year"]

REFERENCE = "Hobday et al. (2016), doi:10.1016/j.pocean.2015.12.014; Hobday et al. (2018), doi:10.5670/oceanog.2018.205"
CATEGORIES = {"none": 0, "moderate": 1, "strong": 2, "severe": 3, "extreme": 4}
_YEAR, _MANY = (0.0, 366.0), 1e5


def heatwave_normal(
    series: xr.Dataset,
    *,
    baseline: Span,
    percentile: Percentile = 90.0,
    window: Days = 11,
    smoothing: Days = 31,
    min_years: Years = 10,
    min_coverage: Share = 0.9,
) -> xr.Dataset:
    """Give the mean and the 90th percentile of each day of the year over the baseline.

    A day of the year needs 80 % of the days in its window, over all years; without them it has no threshold. Hobday et
    al. recommend 30 baseline years; with fewer than 10 events are not reliable (Schlegel et al. 2019,
    doi:10.3389/fmars.2019.00737), and fewer than `min_years` are an error.

    Parameters
    ----------
    series : Dataset
        Daily ``mean`` (..., time), units of the variable, and ``coverage`` (..., time), 1, over the baseline alone.
    baseline : months
    percentile : percent; see `eo.primitives.day_of_year.daily_climatology`
    window, smoothing : days; see there
    min_years : years; least number of the baseline
    min_coverage : 1
        Least share of a zone on a day for its mean to count.

    Returns
    -------
    climatology, threshold : (..., day), units of the variable

    Raises
    ------
    InputError
        A baseline of fewer years than `min_years`, or a series that is not of days.
    """
    _check_years(baseline, min_years)
    return daily_climatology(_daily(series, min_coverage), percentile=percentile, window=window, smoothing=smoothing)


def cold_spell_normal(
    series: xr.Dataset,
    *,
    baseline: Span,
    percentile: Percentile = 10.0,
    window: Days = 11,
    smoothing: Days = 31,
    min_years: Years = 10,
    min_coverage: Share = 0.9,
) -> xr.Dataset:
    """Give the mean and the 10th percentile of each day of the year over the baseline.

    A day of the year needs 80 % of the days in its window, over all years; without them it has no threshold. Hobday et
    al. recommend 30 baseline years; with fewer than 10 events are not reliable (Schlegel et al. 2019,
    doi:10.3389/fmars.2019.00737), and fewer than `min_years` are an error.

    Parameters
    ----------
    series : Dataset
        Daily ``mean`` (..., time), units of the variable, and ``coverage`` (..., time), 1, over the baseline alone.
    baseline : months
    percentile : percent; see `eo.primitives.day_of_year.daily_climatology`
    window, smoothing : days; see there
    min_years : years; least number of the baseline
    min_coverage : 1
        Least share of a zone on a day for its mean to count.

    Returns
    -------
    climatology, threshold : (..., day), units of the variable

    Raises
    ------
    InputError
        A baseline of fewer years than `min_years`, or a series that is not of days.
    """
    _check_years(baseline, min_years)
    return daily_climatology(_daily(series, min_coverage), percentile=percentile, window=window, smoothing=smoothing)


def _check_years(baseline: Span, least: int) -> None:
    years = baseline_years(baseline)
    if years < least:
        raise InputError(f"marine heatwaves and cold spells need {least} baseline years; {baseline} has {years}")


def _daily(series: xr.Dataset, min_coverage: float) -> xr.DataArray:
    every = on_every_day(series)
    return screened(every["mean"], every["coverage"], min_coverage)


def spell_days(series: xr.Dataset, normal: xr.Dataset, rule: Rule, *, step: Step, min_coverage: float) -> xr.Dataset:
    """Give the days in spells of each month or year, see `eo.primitives.spell_days.day_counts`."""
    every = on_every_day(series)
    values = screened(every["mean"], every["coverage"], min_coverage)
    return day_counts(values, every["coverage"], normal, rule, step=step, min_coverage=min_coverage)


def spell_events(
    series: xr.Dataset, normal: xr.Dataset, rule: Rule, *, min_coverage: float, period: Span | None
) -> xr.Dataset:
    """Give the spells of each region that have a day in a period, see `eo.primitives.spells.event_table`.

    Their days of each month lie beside them, of all months of the series.
    """
    every = on_every_day(series)
    table = event_table(screened(every["mean"], every["coverage"], min_coverage), normal, rule, period)
    counts = spell_days(series, normal, rule, step="month", min_coverage=min_coverage)
    table = table.rename(coverage="event_coverage", count="events")
    months = {name: counts[name] for name in ("days", "provisional_days", "coverage", "flag")}
    return table.assign(months).assign_coords(time_bounds=counts["time_bounds"])


def spell_reach(*, min_duration: int, max_gap: int) -> tuple[int, int]:
    """Give how many months around its own a day needs for it to be known whether it lies in an event."""
    months = -(-(min_duration + max_gap) // 28)
    return months, months


def event_reach(*, min_duration: int, max_gap: int) -> tuple[int, int]:
    """Give how many months around a period its events need: a year before, where most of them began by then."""
    before, after = spell_reach(min_duration=min_duration, max_gap=max_gap)
    return max(before, 12), after


def day_outputs(name: str, what: str) -> tuple[Output, ...]:
    """Give the outputs of an indicator of days."""
    words = {"moderate": "moderate (I)", "strong": "strong (II)", "severe": "severe (III)", "extreme": "extreme (IV)"}
    by_category = (
        Output(key, f"{name}_{key}_days", f"days of {word} {what}", "time: sum", units="day", range=_YEAR)
        for key, word in words.items()
    )
    return (
        _days(name, what),
        *by_category,
        Output(
            "cumulative_intensity",
            f"{name}_cumulative_intensity",
            f"sum over the days of {what}s of {{long_name}} less its climatology",
            "time: sum",
            units="{units} day",
        ),
        _provisional(name, what),
    )


def _days(name: str, what: str) -> Output:
    return Output("days", f"{name}_days", f"days in a {what}", "time: sum", units="day", range=_YEAR)


def _provisional(name: str, what: str) -> Output:
    text = f"days that later days may yet make part of a {what}"
    return Output("provisional_days", f"{name}_provisional_days", text, "time: sum", units="day", range=_YEAR)


def area_outputs(name: str, what: str) -> tuple[Output, ...]:
    """Give the outputs of an indicator of areas."""
    words = {"moderate": "moderate (I)", "strong": "strong (II)", "severe": "severe (III)", "extreme": "extreme (IV)"}
    cells = "area: mean time: mean"

    def share(key: str, ending: str, text: str) -> Output:
        return Output(key, f"{name}_{ending}", f"share of the observed area {text}", cells, units="1", range=(0.0, 1.0))

    return (
        share("days", "area_fraction", f"in a {what}"),
        *(share(key, f"{key}_area_fraction", f"in {word} {what}s") for key, word in words.items()),
        share("provisional_days", "provisional_area_fraction", f"that later days may yet make part of a {what}"),
    )


def event_outputs(name: str, what: str) -> tuple[Output, ...]:
    """Give the outputs of an indicator of events."""
    flag = {"no": 0, "yes": 1}
    cells = "area: mean"

    def of_event(key: str, text: str, **said: object) -> Output:
        return Output(key, f"{name}_{key}", text, cells, **said)  # type: ignore[arg-type]

    moments = {"start": "first day", "peak": "day of the greatest intensity", "end": "last day"}
    intensities = {"mean_intensity": "mean", "max_intensity": "greatest"}
    less = "of {long_name} less its climatology"
    return (
        _days(name, what),
        *(of_event(key, f"{text} of the {what}", units="days since 1970-01-01") for key, text in moments.items()),
        of_event("duration", f"duration of the {what}, its gaps included", units="day", range=(1.0, _MANY)),
        *(of_event(key, f"{text} over the {what} {less}", difference=True) for key, text in intensities.items()),
        of_event("cumulative_intensity", f"sum over the days of the {what} {less}", units="{units} day"),
        of_event("category", f"highest category that the {what} reaches", flags=CATEGORIES),
        of_event("provisional", f"whether later days may yet lengthen the {what}", flags=flag),
        of_event("open_start", f"whether the {what} may have begun before the record does", flags=flag),
        of_event("event_coverage", f"share of the days of the {what} that were observed", units="1", range=(0.0, 1.0)),
        of_event("events", f"number of {what}s", units="1", range=(0.0, _MANY)),
        _provisional(name, what),
    )
