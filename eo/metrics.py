"""What a build did, in numbers: a text file for Prometheus, which its node exporter takes up from a folder."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from eo.store import Store, keep


@dataclass
class Clock:
    """How long each stage took, in seconds; a lap ends a stage."""

    seconds: dict[str, float] = field(default_factory=dict)
    since: float = field(default_factory=time.monotonic)

    def lap(self, stage: str) -> None:
        """Add the time since the last lap to a stage."""
        now = time.monotonic()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self.since
        self.since = now


@dataclass(frozen=True)
class Measured:
    """What one build did."""

    granules: int
    """Files that the result is made of."""
    size: int
    """Their bytes."""
    prepared: int
    present: int
    """Parts."""
    missing: Mapping[str, int] = field(default_factory=dict)
    """Granules that the services do not have, or did not give, by reason."""
    fetched: int = 0
    fetched_size: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    alarms: int | None = None
    late: int | None = None
    """Time steps that are due and not here. Both are None where no day was asked for."""
    quarantined: int = 0
    """Granules that came and were refused."""

    def after(self, clock: Clock, *, alarms: int | None = None, late: int | None = None) -> "Measured":
        """Give the same with the times of its stages, and the numbers of its alarms and of the steps that are late."""
        return replace(self, seconds=dict(clock.seconds), alarms=alarms, late=late)


def exposition(run: str, one: Measured, finished: float) -> str:
    """Give the metrics of a run in the text format of Prometheus.

    Parameters
    ----------
    run : its name, a label of each
    finished : when it ended well, seconds since 1970-01-01 UTC
    """
    registry = CollectorRegistry()

    def say(name: str, text: str, values: Mapping[str, float], label: str = "") -> None:
        labels = ["run", label] if label else ["run"]
        gauge = Gauge(f"eo_run_{name}", text, labels, registry=registry)
        for key, value in values.items():
            gauge.labels(run, *([key] if label else [])).set(value)

    say("granules", "Granules that the result is made of.", {"": one.granules})
    say("granules_bytes", "Size of the granules that the result is made of.", {"": one.size})
    say("fetched_granules", "Granules fetched by the last run.", {"": one.fetched})
    say("fetched_bytes", "Bytes fetched by the last run.", {"": one.fetched_size})
    say("parts", "Parts of the result, by what the last run did.", {"prepared": one.prepared, "present": one.present},
        "state")  # fmt: skip
    say("missing_granules", "Granules that services do not have or did not give.", one.missing, "reason")
    say("stage_seconds", "Duration of each stage of the last run.", one.seconds, "stage")
    say("finished_timestamp_seconds", "When the run last ended with a result.", {"": finished})
    say("quarantined_granules", "Granules that came and were refused.", {"": one.quarantined})
    if one.alarms is not None:
        say("alarms", "Alarms of the result.", {"": one.alarms})
    if one.late is not None:
        say("late_granules", "Time steps that are due and not here.", {"": one.late})
    return generate_latest(registry).decode()


def write_metrics(run: str, one: Measured, *, store: Store, work: Path) -> None:
    """Keep the metrics of a run, whole or not at all, in the place of those of the run before."""
    keep(store, store.metrics(run), exposition(run, one, time.time()), work)
