"""Alarms as events of Prefect, which automations and other tools can listen to."""

from collections.abc import Iterable

from prefect import get_run_logger
from prefect.events import emit_event

from eo.alarms import Alarm

EVENT = "eo.alarm"


def tell(run: str, found: Iterable[Alarm]) -> None:
    """Emit an event for each alarm of the result of a run, and log it."""
    for one in found:
        get_run_logger().warning("%s", one)
        resource = {"prefect.resource.id": f"eo.result.{run}", "prefect.resource.name": run}
        emit_event(EVENT, resource, payload=one.document())
