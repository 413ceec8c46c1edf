"""What is deployed: each flow under a name, with its parameters and its schedule. Pure but for `deploy`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eo import config
from eo.config import Run
from eo.missing import latency_days
from eo.model import Step

POOL = "eo"
"""The work pool that runs everything; of type process on one machine."""

_DAILY: frozenset[Step] = frozenset({"hour", "day", "8day", "dekad", "halfmonth"})
_LAST_SAFE_DAY = 28
"""The last day of the month that every month has."""


@dataclass(frozen=True)
class Deployment:
    """One flow that can be started by name."""

    flow: str
    """``module:function`` below `flows`."""
    name: str
    description: str
    parameters: dict[str, Any] = field(default_factory=dict)
    cron: str = ""
    """Empty where it is only started by hand."""
    timezone: str = "UTC"
    tags: tuple[str, ...] = ()


def deployments(configs: str | Path | None, root: str) -> list[Deployment]:
    """Give all deployments of a configs folder.

    Parameters
    ----------
    configs : the configs folder, where it is not the usual one
    root : the folder where everything is kept, as the flows get it

    Returns
    -------
    deployments : `build` and `backfill`, to start by hand; `validate`, each night; `refresh` on a schedule for each run
        whose period goes on
    """
    common: dict[str, Any] = {"root": root, "configs": str(configs or "")}
    by_hand = [
        Deployment("build:build", "build", "Build one run from what is here.", common, tags=("by hand",)),
        Deployment(
            "backfill:backfill", "backfill", "Fetch and build a long period in slices.", common, tags=("by hand",)
        ),
        Deployment("validate:validate", "validate", "Check every published result anew.", common, "30 3 * * *"),
    ]
    return by_hand + [_refresh(run, common) for run in runs(configs) if run.is_open]


def runs(configs: str | Path | None) -> list[Run]:
    """Give all runs of a configs folder."""
    place = config.folder(configs)
    return [config.load_run(name, place) for name in config.run_names(place)]


def _refresh(run: Run, common: dict[str, Any]) -> Deployment:
    return Deployment(
        flow="refresh:refresh",
        name=run.name,
        description=f"{run.config.title}: what is new upstream, and the result of it.",
        parameters={"run": run.name} | common,
        cron=run.config.schedule or cron(run.product.step, run.product.latency),
        timezone=run.config.timezone,
        tags=(run.config.product, run.product.step),
    )


def cron(step: Step, latency: str | None) -> str:
    """Give when a product is looked for: daily at 06:00; a monthly one on the day after its latency is over.

    Parameters
    ----------
    step : of the product
    latency : ISO 8601 duration, such as P5D, after the end of a step; None where none is stated
    """
    if step in _DAILY or latency is None:
        return "0 6 * * *"
    return f"0 6 {min(1 + latency_days(latency) % _LAST_SAFE_DAY, _LAST_SAFE_DAY)} * *"
