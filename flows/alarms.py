"""Alarms as events of Prefect, which automations and other tools can listen to, and the news of them for people."""

from collections.abc import Iterable

from httpx import HTTPError
from prefect import get_run_logger, runtime
from prefect.client.orchestration import get_client
from prefect.events import Event, emit_event

from eo.standing import News, Standing

EVENT = "eo.alarm"
"""Of each alarm, at each run."""
BEGAN, LASTING, ENDED = "eo.alarm.began", "eo.alarm.lasting", "eo.alarm.ended"
"""Of all alarms of a run that people have to be told of now."""


def tell(run: str, now: Iterable[Standing]) -> None:
    """Emit an event for each alarm of the result of a run, and log it."""
    for one in now:
        get_run_logger().warning("%s", one)
        emit_event(EVENT, _resource(run), payload=one.document())


def tell_news(run: str, what: News, *, state: str) -> bool:
    """Put the news of the alarms of a run on the server, and give whether it has taken them.

    A run that was started by hand, of no deployment, tells nobody: the person who started it sees its state, and its
    server may be gone in a moment.

    Parameters
    ----------
    state : of the run
    """
    if not runtime.deployment.id:
        return False
    pairs = ((BEGAN, what.began), (LASTING, what.lasting), (ENDED, what.ended))
    events = [_event(run, name, alarms, state) for name, alarms in pairs if alarms]
    try:
        with get_client(sync_client=True) as client:
            if events:
                body = [one.model_dump(mode="json") for one in events]
                client.request("POST", "/events", json=body).raise_for_status()
    except (HTTPError, RuntimeError) as error:
        get_run_logger().warning("the server did not take the news of alarms, the next run tells them: %s", error)
        return False
    return True


def _event(run: str, name: str, alarms: Iterable[Standing], state: str) -> Event:
    alarms = list(alarms)
    said = {
        "run": str(runtime.flow_run.name),
        "state": state,
        "message": "\n".join(map(str, alarms)),
        "alarms": [one.document() for one in alarms],
    }
    return Event(event=name, resource=_resource(run), payload=said)


def _resource(run: str) -> dict[str, str]:
    return {"prefect.resource.id": f"eo.result.{run}", "prefect.resource.name": run}
