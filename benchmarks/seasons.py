"""Growing seasons of many cells at once, and of the same cells one by one, side by side in one run. The ratio counts.

    python benchmarks/seasons.py [cells]

The cells are a year of synthetic dekads each. By threshold the same rule stands here for one cell in plain NumPy, and
both give the same numbers; the double logistic curve is fitted cell by cell either way, with the derivatives of the
curve and with differences in their place. On a machine with two cores that others used too, 5,000 and 200 cells:

    threshold        0.0688 s and 0.00965 s: ratio 7.1; apart by 0
    double_logistic  1.55 s and 0.915 s: ratio 1.7; apart by 3e-07
"""

import sys
import time
from collections.abc import Callable
from unittest import mock

import numpy as np

from eo.primitives import seasons
from eo.primitives.seasons import Floats, double_logistic, double_logistics, thresholds

SHARE, LEAST = 0.5, 0.1
MISSING = 0.1
"""Share of the values."""


def synthetic_years(cells: int) -> tuple[Floats, Floats]:
    """Give times and values (cell, dekad) of noisy seasons; a tenth of the values are missing."""
    drawn = np.random.default_rng(0)
    times = np.broadcast_to(np.arange(5.0, 365.0, 10.0), (cells, 36))
    start, end = drawn.uniform(80, 150, cells), drawn.uniform(220, 300, cells)
    curves = [double_logistic(times[0], [0.2, 0.5, s, 0.08, e, 0.06]) for s, e in zip(start, end, strict=True)]
    values = np.array(curves) + drawn.normal(0.0, 0.02, times.shape)
    values[drawn.random(values.shape) < MISSING] = np.nan
    return times, values


def one_by_one(times: Floats, values: Floats) -> Floats:
    """Give the season of each cell by the rule of `thresholds`, for cells that have one."""
    found = []
    for at, row in zip(times, values, strict=True):
        there = np.isfinite(row)
        days, index = at[there], row[there]
        top = int(np.argmax(index))
        before, after = index[: top + 1].min(), index[top:].min()
        rise, fall = before + SHARE * (index[top] - before), after + SHARE * (index[top] - after)
        first = int(np.flatnonzero(index[:top] < rise)[-1])
        last = top + int(np.flatnonzero(index[top:] < fall)[0]) - 1
        start, end = (
            days[place] + (level - index[place]) / (index[place + 1] - index[place]) * (days[place + 1] - days[place])
            for place, level in ((first, rise), (last, fall))
        )
        found.append([start, days[top], end, index[top] - (before + after) / 2])
    return np.array(found)


def seconds(function: Callable[[], Floats]) -> tuple[float, Floats]:
    """Give the least time of three, and what came of it."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        found = function()
        times.append(time.perf_counter() - start)
    return min(times), found


def by_differences(times: Floats, values: Floats) -> Floats:
    """Fit with the derivatives of the curve taken by differences."""
    plain = seasons.optimize.least_squares

    def without_slopes(*args: object, **more: object) -> object:
        del more["jac"]
        return plain(*args, **more)

    with mock.patch.object(seasons.optimize, "least_squares", without_slopes):
        return double_logistics(times, values, SHARE, LEAST)


def main(cells: int = 5000, fits: int = 200) -> None:
    """Print both times and their ratio."""
    times, values = synthetic_years(cells)
    some = times[:fits], values[:fits]
    pairs = {
        "threshold": (lambda: one_by_one(times, values), lambda: thresholds(times, values, SHARE, LEAST)),
        "double_logistic": (lambda: by_differences(*some), lambda: double_logistics(*some, SHARE, LEAST)),
    }
    for name, (slow, fast) in pairs.items():
        (before, theirs), (after, ours) = seconds(slow), seconds(fast)
        apart = np.nanmax(np.abs(ours - theirs))
        print(f"{name:16} {before:.3g} s and {after:.3g} s: ratio {before / after:.1f}; apart by {apart:.1g}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
