"""Where the latest value stands among all: rank, ties, percentile, and a sentence that says so."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eo.errors import InputError
from eo.primitives.persistence import Floats

_WORDS = ("", "second ", "third ", "fourth ", "fifth ", "sixth ", "seventh ", "eighth ", "ninth ", "tenth ")
_TEENS = range(11, 14)


@dataclass(frozen=True)
class Rank:
    """Where a value stands among those that are there, itself included."""

    highest: int
    """1 for the highest; equal values share the better rank."""
    lowest: int
    """1 for the lowest."""
    others: int
    """How many other values are equal to it."""
    count: int
    percentile: float
    """Share below, and half of the share that is equal, itself included, in percent."""

    def sentence(self, since: str) -> str:
        """Give the rank from the nearer end: ``third highest since 1982``; ties are stated."""
        place, word = (self.highest, "highest") if self.highest <= self.lowest else (self.lowest, "lowest")
        tied = f", tied with {self.others} other{'s' * (self.others > 1)}" if self.others else ""
        return f"{_ordinal(place)}{word} since {since}{tied}"


def rank(values: Floats, resolution: float = 0.0) -> Rank:
    """Give the rank of the last value that is there.

    Parameters
    ----------
    values : (time,)
        In order; NaN is missing and counts nowhere.
    resolution : units of the values
        Values that round to the same multiple of it are equal; 0 compares them as they are.

    Raises
    ------
    InputError
        No value is there.
    """
    there = values[np.isfinite(values)]
    if not there.size:
        raise InputError("a rank is that of a value, and there is none")
    compared = np.round(there / resolution) if resolution > 0 else there
    last = compared[-1]
    above, below, same = ((compared > last).sum(), (compared < last).sum(), (compared == last).sum())
    return Rank(
        highest=int(above) + 1,
        lowest=int(below) + 1,
        others=int(same) - 1,
        count=int(there.size),
        percentile=float(100 * (below + same / 2) / there.size),
    )


def _ordinal(number: int) -> str:
    if number <= len(_WORDS):
        return _WORDS[number - 1]
    ending = "th" if number % 100 in _TEENS else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending} "


def standing(values: Floats, starts: npt.NDArray[np.datetime64], resolution: float = 0.0) -> dict[str, object]:
    """Give the latest value, the records, and the rank of the latest among all and in its calendar month.

    Parameters
    ----------
    values : (time,)
        NaN is missing.
    starts : (time,)
        Start of each step, in order.
    resolution : units of the values; see `rank`

    Returns
    -------
    standing : by name
        See `eo.primitives.summary.summary`.
    """
    there = np.flatnonzero(np.isfinite(values))
    if not there.size:
        return _NOTHING | _ranks("", None, "") | _ranks("month_", None, "")
    last = there[-1]
    months = starts.astype("datetime64[M]").astype(np.int64) % 12
    alike = there[months[there] == months[last]]
    places = {"latest": last, "highest": there[np.argmax(values[there])], "lowest": there[np.argmin(values[there])]}
    return {
        **{name: float(values[one]) for name, one in places.items()},
        **{f"{name}_time": starts[one] for name, one in places.items()},
        **_ranks("", rank(values, resolution), str(starts[there[0]])[:4]),
        **_ranks("month_", rank(values[alike], resolution), str(starts[alike[0]])[:4]),
    }


_NOTHING: dict[str, object] = {
    **dict.fromkeys(("latest", "highest", "lowest"), np.nan),
    **dict.fromkeys(("latest_time", "highest_time", "lowest_time"), np.datetime64("NaT", "ns")),
}


def _ranks(prefix: str, found: Rank | None, since: str) -> dict[str, object]:
    return {
        f"{prefix}rank": found.sentence(since) if found else "",
        f"{prefix}rank_highest": found.highest if found else 0,
        f"{prefix}rank_lowest": found.lowest if found else 0,
        f"{prefix}rank_ties": found.others if found else 0,
        f"{prefix}rank_count": found.count if found else 0,
        f"{prefix}percentile": found.percentile if found else np.nan,
    }
