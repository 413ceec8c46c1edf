"""Calendar steps: where each starts and ends, what it is called, and which lie in a span of months."""

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

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
