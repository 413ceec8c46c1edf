"""Alarms that stand: since which day, and what of them people are still to be told. Days are those of the slots.

People are told when an alarm begins, when it ends, and again after some days while it lasts; not at each run. They are
told first and it is kept afterwards that they were: a process that dies in between tells twice, never not at all.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eo.alarms import Alarm
from eo.loading import load_latest
from eo.store import Store, keep


@dataclass(frozen=True)
class Standing:
    """An alarm with the days that belong to it, YYYY-MM-DD."""

    alarm: Alarm
    since: str
    told: str = ""
    """When people were last told; empty where nobody was."""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it another alarm: its rule and its place, not the value that was found."""
        return self.alarm.rule, self.alarm.where

    def __str__(self) -> str:
        """Give the alarm in one line, with its first day."""
        return f"{self.alarm} (since {self.since})"

    def document(self) -> dict[str, str]:
        """Give it as JSON has it."""
        return self.alarm.document() | {"since": self.since, "told": self.told}


@dataclass(frozen=True)
class Kept:
    """What is kept of the alarms of a run."""

    day: str = ""
    alarms: tuple[Standing, ...] = ()
    ended: tuple[Standing, ...] = ()
    """Those that are over, of whose end nobody was told yet."""


@dataclass(frozen=True)
class News:
    """What people are to be told."""

    began: tuple[Standing, ...] = ()
    lasting: tuple[Standing, ...] = ()
    """Told once more."""
    ended: tuple[Standing, ...] = ()


def standing(found: Iterable[Alarm], before: Kept, day: str) -> tuple[Standing, ...]:
    """Give alarms with the days that are kept of them; a new one stands since this day."""
    known = {one.key: one for one in (*before.ended, *before.alarms)}
    new = [Standing(one, day) for one in found]
    return tuple(replace(known[one.key], alarm=one.alarm) if one.key in known else one for one in new)


def after(now: tuple[Standing, ...], before: Kept, day: str) -> Kept:
    """Give what is to be kept while nobody was told anything new."""
    keys = {one.key for one in now}
    over = {one.key: one for one in (*before.ended, *before.alarms) if one.told and one.key not in keys}
    return Kept(day, now, tuple(over.values()))


def news(kept: Kept, remind_days: int) -> News:
    """Give what people are to be told of what is kept.

    Parameters
    ----------
    remind_days : after so many days they are told again of an alarm that lasts
    """
    day, step = np.datetime64(kept.day), np.timedelta64(remind_days, "D")
    began = tuple(one for one in kept.alarms if not one.told)
    lasting = tuple(one for one in kept.alarms if one.told and day - np.datetime64(one.told) >= step)
    return News(began, lasting, kept.ended)


def told(kept: Kept, what: News) -> Kept:
    """Give what is to be kept when people were told."""
    new = {one.key for one in (*what.began, *what.lasting)}
    now = tuple(replace(one, told=kept.day) if one.key in new else one for one in kept.alarms)
    return Kept(kept.day, now)


def load_standing(run: str, store: Store) -> Kept:
    """Give what is kept of the alarms of a run; nothing where the file is not there, or cannot be read."""
    try:
        said = json.loads(load_latest(store, store.alarms(run)).read_text(encoding="utf-8"))
        day = str(np.datetime64(said["day"], "D"))
        return Kept(day, _each(said["alarms"], day), _each(said.get("ended", ()), day))
    except (OSError, ValueError, KeyError, TypeError):
        return Kept()


def _each(said: Iterable[Mapping[str, Any]], day: str) -> tuple[Standing, ...]:
    return tuple(
        Standing(Alarm(one["rule"], one["found"], one["where"]), one.get("since", day), one.get("told", ""))
        for one in said
    )


def write_standing(run: str, kept: Kept, *, store: Store, work: Path) -> None:
    """Keep the alarms of a run, in the place of those that were kept before; no alarm is kept, too."""
    said = {
        "run": run,
        "day": kept.day,
        "alarms": [one.document() for one in kept.alarms],
        "ended": [one.document() for one in kept.ended],
    }
    keep(store, store.alarms(run), json.dumps(said, indent=1, ensure_ascii=False) + "\n", work)
