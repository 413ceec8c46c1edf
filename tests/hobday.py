"""Marine heatwaves after Hobday et al. (2016) in plain NumPy: what a test compares with.

doi:10.1016/j.pocean.2015.12.014. Threshold: 90th percentile of all days within 5 days of a calendar day over the base
years, smoothed by a running mean of 31 days over the circle of 366 calendar days; 29 February takes the mean of its
neighbours. An event is at least 5 days above it; two events with a gap of at most 2 days are one.
"""

from typing import NamedTuple

import numpy as np

LEAP = 366
FEBRUARY_29 = 59


class Event(NamedTuple):
    start: str
    peak: str
    end: str
    days: int
    largest: float
    mean: float
    cumulative: float
    category: int


def calendar_days(days: np.ndarray) -> np.ndarray:
    """Give the day of a leap year, 0 to 365, so that 1 March is the same number every year."""
    year = days.astype("datetime64[Y]")
    leap = (year + 1).astype("datetime64[D]") - year.astype("datetime64[D]") == np.timedelta64(LEAP, "D")
    number = (days - year.astype("datetime64[D]")).astype(int)
    return np.where(~leap & (number >= FEBRUARY_29), number + 1, number)


def circle_mean(values: np.ndarray, width: int) -> np.ndarray:
    half = width // 2
    wrapped = np.concatenate([values[-half:], values, values[:half]])
    return np.convolve(wrapped, np.ones(width) / width, mode="valid")


def climatology(days: np.ndarray, values: np.ndarray, base: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Give the mean and the threshold of each calendar day."""
    inside = (days >= np.datetime64(base[0])) & (days <= np.datetime64(base[1]))
    number, positions = calendar_days(days), np.flatnonzero(inside)
    mean, threshold = np.full(LEAP, np.nan), np.full(LEAP, np.nan)
    for day in set(range(LEAP)) - {FEBRUARY_29}:
        centres = positions[number[positions] == day]
        near = (centres[:, None] + np.arange(-5, 6)[None]).ravel()
        near = near[(near >= positions[0]) & (near <= positions[-1])]
        mean[day], threshold[day] = np.nanmean(values[near]), np.nanpercentile(values[near], 90)
    for one in (mean, threshold):
        one[FEBRUARY_29] = (one[FEBRUARY_29 - 1] + one[FEBRUARY_29 + 1]) / 2
    return circle_mean(mean, 31)[number], circle_mean(threshold, 31)[number]


def runs(above: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], above.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), (edges[1::2] - 1).tolist(), strict=True))


def events(days: np.ndarray, values: np.ndarray, base: tuple[str, str]) -> list[Event]:
    mean, threshold = climatology(days, values, base)
    joined: list[tuple[int, int]] = []
    for start, end in (one for one in runs(values > threshold) if one[1] - one[0] + 1 >= 5):
        if joined and start - joined[-1][1] - 1 <= 2:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [_event(days, values - mean, threshold - mean, start, end) for start, end in joined]


def _event(days: np.ndarray, above: np.ndarray, limit: np.ndarray, start: int, end: int) -> Event:
    inside = above[start : end + 1]
    peak = start + int(np.argmax(inside))
    category = min(4, int(above[peak] / limit[peak]))
    dates = [str(days[one]) for one in (start, peak, end)]
    sums = float(inside.max()), float(inside.mean()), float(inside.sum())
    return Event(dates[0], dates[1], dates[2], end - start + 1, *sums, category)
