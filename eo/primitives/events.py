"""Events: runs of steps that hold, long enough, joined across short gaps; for many rows at once."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Order = npt.NDArray[np.intp]


class Events(NamedTuple):
    """Events of many rows, by row and then by time."""

    row: Order
    start: Order
    """Position of the first step."""
    end: Order
    """Position of the last step."""


def events(holds: Bools, *, min_duration: int = 1, max_gap: int = 0) -> Events:
    """Give the events of each row.

    Parameters
    ----------
    holds : (row, time)
        Whether a step holds; False where it is not known.
    min_duration : least steps of a run; shorter ones are none, whatever is near
    max_gap : runs, each long enough, with at most so many steps between them are one event

    References
    ----------
    Hobday et al. (2016), doi:10.1016/j.pocean.2015.12.014: 5 days, gaps of 2
    """
    rows, steps = holds.shape
    width = steps + max_gap + 1  # so much room between rows that no two of them join
    flat = np.zeros(rows * width + 1, dtype=np.int8)
    flat[1:].reshape(rows, width)[:, :steps] = holds
    change = np.diff(flat)
    start, end = np.flatnonzero(change == 1), np.flatnonzero(change == -1) - 1
    long = end - start + 1 >= min_duration
    start, end = start[long], end[long]
    apart = start[1:] - end[:-1] - 1 > max_gap
    start, end = start[np.append([True], apart)[: start.size]], end[np.append(apart, [True])[: end.size]]
    return Events(start // width, start % width, end % width)


def inside(found: Events, shape: tuple[int, int]) -> Bools:
    """Give whether each step of (row, time) lies in an event, the gaps inside it too."""
    rows, steps = shape
    edges = np.zeros((rows, steps + 1), dtype=np.int8)
    edges[found.row, found.start] = 1
    edges[found.row, found.end + 1] -= 1
    return np.cumsum(edges, axis=1, dtype=np.int8)[:, :steps].astype(bool)


def open_from(holds: Bools, found: Events, *, max_gap: int) -> Order:
    """Give for each row the first step that later steps may yet make part of an event; the length of time if none.

    A run that reaches the last step may yet be long enough, and one that is near enough to it may join the last
    event. So an event may yet go on where its `end` is at or after this step less one.

    Parameters
    ----------
    holds, found, max_gap : as in `events`
    """
    rows, steps = holds.shape
    running = np.argmax(np.append(~holds[:, ::-1], np.ones((rows, 1), bool), axis=1), axis=1)
    begin = steps - running
    last = np.full(rows, -steps - max_gap - 2, np.intp)
    np.maximum.at(last, found.row, found.end)
    return np.where(begin - last - 1 <= max_gap, last + 1, begin)


def sums(values: npt.NDArray[np.float64], found: Events) -> npt.NDArray[np.float64]:
    """Give the sum over the steps of each event of (row, time) values; it depends on these values alone."""
    return _reduced(np.add, values, found)


def maxima(values: npt.NDArray[np.float64], found: Events) -> npt.NDArray[np.float64]:
    """Give the largest of (row, time) values over the steps of each event."""
    return _reduced(np.maximum, values, found)


def _reduced(how: np.ufunc, values: npt.NDArray[np.float64], found: Events) -> npt.NDArray[np.float64]:
    if not found.row.size:
        return np.zeros(0)
    rows, steps = values.shape
    flat = np.zeros((rows, steps + 1))  # so that the step after the last one is there
    flat[:, :steps] = values
    first = found.row * (steps + 1)
    return np.asarray(
        how.reduceat(flat.ravel(), np.stack([first + found.start, first + found.end + 1], 1).ravel())[::2]
    )
