"""Calendar steps: where each starts and ends, what it is called, and which lie in a span of months."""

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from eo.errors import InputError
from eo.model import Span, Step

Times = npt.NDArray[Any]

_EIGHT = 8
_STARTS: dict[str, tuple[int, ...]] = {"dekad": (1, 11, 21), "halfmonth": (1, 16)}
_PLAIN = {"hour": "h", "day": "D", "month": "M"}
Stamp = Literal["start", "middle", "end"]

assert set(get_args(Step)) == {*_PLAIN, *_STARTS, "8day"}  # noqa: S101 - a step without a rule stops here


def _exact(times: object) -> Times:
    return np.asarray(np.asarray(times), dtype="datetime64[ns]")


def start_of(times: Times, step: Step) -> Times:
    """Give the start of the calendar step that each time lies in.

    Parameters
    ----------
    times : any shape, datetime64
    step : hour, day, 8day (from 1 January, the last one shorter), dekad (days 1, 11, 21), halfmonth (days 1, 16), month

    Returns
    -------
    starts : same shape, datetime64[ns]
    """
    exact = _exact(times)
    if step in _PLAIN:
        return _exact(exact.astype(f"datetime64[{_PLAIN[step]}]"))
    day = exact.astype("datetime64[D]")
    if step == "8day":
        year = day.astype("datetime64[Y]").astype("datetime64[D]")
        return _exact(year + (day - year) // _EIGHT * _EIGHT)
    month = day.astype("datetime64[M]").astype("datetime64[D]")
    number = (day - month).astype(np.int64) + 1
    firsts = np.array(_STARTS[step])
    return _exact(month + (firsts[np.searchsorted(firsts, number, side="right") - 1] - 1))


def end_of(starts: Times, step: Step) -> Times:
    """Give the end (the start of the next step) of steps that start at `starts`, datetime64[ns]."""
    begin = _exact(starts)
    if step in _PLAIN:
        return _exact(begin.astype(f"datetime64[{_PLAIN[step]}]") + 1)
    day = begin.astype("datetime64[D]")
    if step == "8day":
        following = (day.astype("datetime64[Y]") + 1).astype("datetime64[D]")
        return _exact(np.minimum(day + _EIGHT, following))
    month = day.astype("datetime64[M]")
    firsts = np.array(_STARTS[step])
    place = np.searchsorted(firsts, (day - month.astype("datetime64[D]")).astype(np.int64) + 1, side="right")
    inside = month.astype("datetime64[D]") + (firsts[np.minimum(place, firsts.size - 1)] - 1)
    return _exact(np.where(place < firsts.size, inside, (month + 1).astype("datetime64[D]")))


def bounds_of(stamps: Times, step: Step, stamp: Stamp) -> Times:
    """Give the start and end of the calendar step that each time stamp stands for: (time, 2), datetime64[ns].

    Parameters
    ----------
    stamps : (time,), datetime64
    step : see `start_of`
    stamp : where in its step the publisher puts the stamp
    """
    inside = np.asarray(stamps).astype("datetime64[ns]") - np.timedelta64(1 if stamp == "end" else 0, "ns")
    starts = start_of(inside, step)
    return np.stack([starts, end_of(starts, step)], axis=1)


def labels(starts: Times, step: Step) -> list[str]:
    """Give the name of each step: YYYY-MM for a month, YYYY-MM-DDTHH for an hour, else YYYY-MM-DD."""
    unit = _PLAIN.get(step, "D")
    return [str(one) for one in np.asarray(starts).astype(f"datetime64[{unit}]")]


def part_of(label: str) -> str:
    """Give the period of the part that a step belongs to: the year of a month, the month of anything shorter."""
    return label[: len("YYYY")] if len(label) == len("YYYY-MM") else label[: len("YYYY-MM")]


def steps_in(months: Span, step: Step) -> list[str]:
    """Give the names of the steps that start in a span of months."""
    unit = "h" if step == "hour" else "D"
    moments = np.arange(months.start, months.end, dtype=f"datetime64[{unit}]")
    starts = np.unique(start_of(moments, step))
    return labels(starts[starts >= months.start.astype("datetime64[ns]")], step)


def step_of(bounds: Times) -> Step:
    """Give the calendar step that all bounds (time, 2) are.

    Raises
    ------
    InputError
        They are of no calendar step, or of several.
    """
    for step in get_args(Step):
        if np.array_equal(bounds_of(bounds[:, 0], step, "start"), _exact(bounds)):
            found: Step = step
            return found
    raise InputError(f"time bounds are all of one of the steps {', '.join(get_args(Step))}; they are not")


def place_in_year(starts: Times, step: Step) -> npt.NDArray[np.int32]:
    """Give the number of each step in its year from 1: the month of a month, 1 to 36 for a dekad.

    A day has its number in a leap year: 29 February is 60 and 1 March always 61.

    Raises
    ------
    InputError
        Hours: a year has too many for one statistic each.
    """
    if step == "hour":
        raise InputError("statistics of a calendar step are made of days or longer steps, not of hours")
    exact = _exact(starts)
    month = exact.astype("datetime64[M]")
    day = (exact.astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64) + 1
    number = month.astype(np.int64) % 12
    if step == "month":
        return np.asarray(number + 1, np.int32)
    if step == "8day":
        into_year = exact.astype("datetime64[D]") - exact.astype("datetime64[Y]").astype("datetime64[D]")
        return np.asarray(into_year.astype(np.int64) // _EIGHT + 1, np.int32)
    if step == "day":
        leap = (np.datetime64("2000-01") + number).astype("datetime64[D]") + (day - 1)
        return np.asarray((leap - np.datetime64("2000-01-01")).astype(np.int64) + 1, np.int32)
    firsts = np.array(_STARTS[step])
    return np.asarray(number * firsts.size + np.searchsorted(firsts, day, side="right"), np.int32)
