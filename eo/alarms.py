"""What is worth a person's look though no rule is broken: late, degenerate, outlying, thinning or drifting data.

An alarm changes no number and holds nothing back: the gate decides what is published. Each function here takes arrays
and gives what it found; `eo.alarmed` asks them of a result.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from eo.missing import latency_days
from eo.model import Product, Span
from eo.steps import end_of, steps_in

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]

STUCK = 3
"""So many values in a row are never the same to the last digit, unless they are at the end of what is possible."""
LEAST_YEARS = 10
"""A range of fewer years than this is no history to be outside of."""
_FALL = 0.1
"""A smaller loss of coverage is no alarm, however even its past was."""
_CONSISTENT = 1.482602218505602
"""Times the median absolute deviation gives the standard deviation of normal values (Iglewicz and Hoaglin, 1993)."""
_CONSISTENT_MEAN = 1.2533141373155003
"""The same of the mean absolute deviation, where more than half of the values are equal."""
_YEAR = np.timedelta64(365, "D")


@dataclass(frozen=True)
class Alarm:
    """One thing that a person should look at."""

    rule: str
    found: str
    where: str

    def __str__(self) -> str:
        """Give place, rule and value on one line."""
        return f"{self.where}: {self.rule}: {self.found}"

    def document(self) -> dict[str, str]:
        """Give the alarm as JSON has it."""
        return asdict(self)


def due(product: Product, day: np.datetime64) -> str | None:
    """Give the newest step that a product must have published by a day; None where no latency is stated.

    Parameters
    ----------
    day : datetime64[D]
    """
    if product.latency is None:
        return None
    over = day - np.timedelta64(latency_days(product.latency), "D")
    month = over.astype("datetime64[M]")
    known = steps_in(Span(month - 2, month + 1), product.step)
    ends = end_of(np.array(known, dtype="datetime64[ns]"), product.step)
    return [label for label, end in zip(known, ends, strict=True) if end <= over.astype("datetime64[ns]")][-1]


def late(name: str, product: Product, newest: str, day: np.datetime64) -> Iterator[Alarm]:
    """Give the alarm of a product that should have published more than is here.

    Parameters
    ----------
    name : of the product
    newest : the last step that is here, see `eo.steps.labels`
    day : datetime64[D], the day that is asked for
    """
    wanted = due(product, day)
    if wanted is not None and newest < wanted:
        found = f"the newest step is {newest}; with a latency of {product.latency}, {wanted} is due on {day}"
        yield Alarm("a product is here when its latency is over", found, name)


def overdue(product: Product, newest: str, day: np.datetime64) -> int:
    """Give how many steps a product must have published by a day that are not here; 0 where no latency is stated.

    Parameters
    ----------
    newest : the last step that is here
    day : datetime64[D]
    """
    wanted = due(product, day)
    if wanted is None or newest >= wanted:
        return 0
    months = Span(np.datetime64(newest[:7], "M"), np.datetime64(wanted[:7], "M") + 1)
    return sum(newest < step <= wanted for step in steps_in(months, product.step))


def constant_field(field: npt.NDArray[np.floating], where: str) -> Iterator[Alarm]:
    """Give the alarm of a field whose least value is its largest: a file of one number. One value alone is no field."""
    there = field[np.isfinite(field)]
    if there.size > 1 and there.min() == there.max():
        found = f"all {there.size} cells are {float(there[0]):g}"
        yield Alarm("a field has more than one value", found, where)


def constant_series(values: Floats, where: str, floor: float = -np.inf) -> Iterator[Alarm]:
    """Give the alarm of a series that does not change any more, or never did.

    Parameters
    ----------
    values : (time,), NaN where missing
    floor : the least value that is possible: the last values may all be there (months without rain), not all values
    """
    there = values[np.isfinite(values)]
    last = there[-STUCK:]
    if there.size < STUCK or last.min() != last.max():
        return
    whole = there.min() == there.max()
    if whole or last[-1] > floor:
        found = f"{'all' if whole else 'the last'} {there.size if whole else last.size} values are {float(last[-1]):g}"
        yield Alarm("a series changes", found, where)


def outlying(values: Floats, starts: Times, where: str, sigma: float) -> Iterator[Alarm]:
    """Give the alarms of the newest month (of a yearly series: year) against all earlier years.

    A value is outlying that is outside of the range of the earlier values of its calendar month, and further from
    their median than so many standard deviations, estimated by their median absolute deviation: the modified z-score
    of Iglewicz and Hoaglin (1993). With fewer than `LEAST_YEARS` earlier years nothing is said.

    Parameters
    ----------
    values : (time,), NaN where missing
    starts : (time,), datetime64
    sigma : standard deviations
    """
    for index, past in _newest(values, starts):
        centre, spread = _robust(past)
        value = values[index]
        if past.min() <= value <= past.max() or abs(value - centre) <= sigma * spread:
            continue
        distance = f"{abs(value - centre) / spread:.1f} sigma" if spread else "any distance"
        found = (
            f"{value:.6g} on {str(starts[index])[:10]}, {distance} from the median {centre:.6g} of {past.size} earlier "
            f"values of its calendar month ({past.min():.6g} to {past.max():.6g})"
        )
        yield Alarm(f"a value is within {sigma:g} sigma of its history", found, where)


def thinning(coverage: Floats, starts: Times, where: str, sigma: float) -> Iterator[Alarm]:
    """Give the alarms of coverage that falls off: as `outlying`, downwards alone and by a tenth at least.

    Parameters
    ----------
    coverage : (time,), 1
    starts : (time,), datetime64
    sigma : standard deviations
    """
    for index, past in _newest(coverage, starts):
        centre, spread = _robust(past)
        value = coverage[index]
        if value < past.min() and centre - value > max(_FALL, sigma * spread):
            found = f"{value:.0%} on {str(starts[index])[:10]}; it was {centre:.0%} in the same month of other years"
            yield Alarm("coverage keeps its level", found, where)


def drifted(
    difference: Floats, starts: Times, where: str, *, tolerance: float, units: str, other: str
) -> Iterator[Alarm]:
    """Give the alarm of a series that goes away from another one of the same variable.

    The median difference of the last year is compared with that of all time before: a constant difference between two
    products is none.

    Parameters
    ----------
    difference : (time,), this series less the other one, NaN where one of them is missing
    starts : (time,), datetime64
    tolerance : in `units`
    other : the name of the other one
    """
    there = np.flatnonzero(np.isfinite(difference))
    at = starts[there].astype("datetime64[D]")
    last = at > (at[-1:] - _YEAR) if at.size else np.zeros(0, bool)
    rule = f"the difference from {other} stays within {tolerance:g} {units}"
    if not at.size or last.all() or at[-1] - at[0] < 2 * _YEAR:
        yield Alarm(rule, f"cannot be said: the two have {at.size} steps in common, and it takes two years", where)
        return
    now, before = float(np.median(difference[there][last])), float(np.median(difference[there][~last]))
    if abs(now - before) > tolerance:
        yield Alarm(rule, f"{now:+.4g} {units} in the last year, {before:+.4g} {units} before", where)


def _newest(values: Floats, starts: Times) -> Iterator[tuple[int, Floats]]:
    """Give the index of each value of the newest month, with the values of that month in earlier years."""
    months = starts.astype("datetime64[M]").astype(np.int64)
    there = np.isfinite(values)
    if not there.any():
        return
    newest = months[there][-1]
    past = there & (months < newest) & (months % 12 == newest % 12)
    if np.unique(months[past]).size >= LEAST_YEARS:
        for index in np.flatnonzero(there & (months == newest)):
            yield int(index), values[past]


def _robust(past: Floats) -> tuple[float, float]:
    """Give the median and the standard deviation that the median absolute deviation stands for."""
    centre = float(np.median(past))
    away = np.abs(past - centre)
    return centre, float(np.median(away)) * _CONSISTENT or float(away.mean()) * _CONSISTENT_MEAN
