"""Synthetic truth: fields over time with a level, a season, a trend, weather and events, the same whenever made."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]
_YEAR = 365.25


@dataclass(frozen=True)
class Event:
    """Something that lasts from a day to another, everywhere: a heatwave, a drought."""

    first: str
    last: str
    size: float
    """Added to the values, in their units."""


@dataclass(frozen=True)
class Climate:
    """What a synthetic variable does, in its units."""

    level: float
    season: float = 0.0
    """Amplitude of a cosine of the year."""
    peak: float = 210.0
    """Day of the year at which the cosine is greatest."""
    trend: float = 0.0
    """A year."""
    weather: float = 0.0
    """Standard deviation of what is drawn for each step, the same in all cells."""
    north: float = 0.0
    """From the last row to the first one: what makes cells differ."""
    east: float = 0.0
    """Standard deviation of a wave in longitude whose phase is drawn for each step."""
    events: Sequence[Event] = ()
    low: float = -np.inf
    seed: int = 0


def steps(first: str, last: str, unit: str) -> Times:
    """Give the days of months (``M``) or days (``D``) from one to another, both included."""
    return np.arange(np.datetime64(first, unit), np.datetime64(last, unit) + 1).astype("datetime64[D]")


def field(of: Climate, times: Times, shape: tuple[int, int]) -> Floats:
    """Give (time, row, column) values, the first row in the north."""
    drawn = np.random.default_rng(of.seed)
    days = (times - times[0]).astype(float)
    day_of_year = (times - times.astype("datetime64[Y]")).astype(float)
    series = of.level + of.season * np.cos(2 * np.pi * (day_of_year - of.peak) / _YEAR) + of.trend * days / _YEAR
    series = series + of.weather * drawn.normal(size=times.size)
    for one in of.events:
        series = series + one.size * ((times >= np.datetime64(one.first)) & (times <= np.datetime64(one.last)))
    rows = of.north * (0.5 - np.linspace(0, 1, shape[0]))
    turn = 2 * np.pi * (np.linspace(0, 1, shape[1], endpoint=False) + drawn.random(times.size)[:, None])
    wave = of.east * np.sqrt(2) * np.cos(turn)
    return np.maximum(series[:, None, None] + rows[:, None] + wave[:, None, :], of.low)


def rain(times: Times, shape: tuple[int, int], *, wettest: float = 20.0, seed: int = 0) -> Floats:
    """Give (time, row, column) daily amounts, mm: half of the days of the wet half of the year, few of the dry one."""
    drawn = np.random.default_rng(seed)
    day_of_year = (times - times.astype("datetime64[Y]")).astype(float)
    chance = 0.25 - 0.22 * np.cos(2 * np.pi * day_of_year / _YEAR)
    wet = drawn.random((times.size, *shape)) < chance[:, None, None]
    return np.where(wet, np.round(drawn.gamma(0.8, wettest / 2, (times.size, *shape)), 1), 0.0)


def ice(times: Times, size: int) -> npt.NDArray[np.uint8]:
    """Give (time, y, x) concentrations, %, of a square around the pole: a disk that grows until March and then melts.

    It shrinks from year to year, and its edge is 30 % over a few cells.
    """
    day_of_year = (times - times.astype("datetime64[Y]")).astype(float)
    years = (times - times[0]).astype(float) / _YEAR
    radius = size * (0.29 + 0.19 * np.cos(2 * np.pi * (day_of_year - 70) / _YEAR) - 0.01 * years)
    at = np.arange(size) - (size - 1) / 2
    apart = radius[:, None, None] - np.hypot(at[:, None], at)
    return np.where(apart > 3, 95, np.where(apart > 0, 30, 0)).astype(np.uint8)
