"""What the server watches by itself: runs that died, and notice to people."""

import json
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import CallWebhook, ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

HEARTBEAT_SECONDS = 30
"""How often a run says that it lives; the least that Prefect takes."""
SILENCE_SECONDS = 90
"""How long a run may say nothing before it is taken for dead: three heartbeats."""

CRASHED = "eo: mark runs that died"
ALARM = "eo: tell of runs that went wrong"
QUIET = "eo: tell when nothing runs"


def crashed() -> AutomationCore:
    """Give the automation that marks a run as crashed when its heartbeat stops, instead of running for ever."""
    return AutomationCore(
        name=CRASHED,
        description=f"A run without a heartbeat for {SILENCE_SECONDS} s is dead.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=SILENCE_SECONDS),
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED, name="Crashed", message=f"no heartbeat for {SILENCE_SECONDS} s", force=False
            )
        ],
    )


def alarm(webhook: UUID) -> AutomationCore:
    """Give the automation that calls a webhook for each run that failed, crashed, or ended degraded."""
    return AutomationCore(
        name=ALARM,
        description="A run that failed, crashed or ended degraded is told to the webhook.",
        trigger=EventTrigger(
            expect={f"prefect.flow-run.{state}" for state in TOLD},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            posture=Posture.Reactive,
            threshold=1,
        ),
        actions=[CallWebhook(block_document_id=webhook, payload=PAYLOAD)],
    )


def quiet(webhook: UUID, within: timedelta) -> AutomationCore:
    """Give the automation that calls a webhook when for some time no run completed: the dead man's switch."""
    return AutomationCore(
        name=QUIET,
        description=f"No run completed for {within}.",
        trigger=EventTrigger(
            expect={"prefect.flow-run.Completed", "prefect.flow-run.Degraded"},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[CallWebhook(block_document_id=webhook, payload=json.dumps(SILENCE | {"within": str(within)}))],
    )


TOLD = ("Failed", "Crashed", "Degraded", "Refused", "TimedOut")
"""States of a run that people are told of."""
PAYLOAD = (
    '{"event": {{ event.event | tojson }}, "run": {{ flow_run.name | tojson }}, '
    '"state": {{ flow_run.state.name | tojson }}, '
    '"message": {{ flow_run.state.message | default("", true) | tojson }}, '
    '"time": {{ event.occurred | string | tojson }}}'
)
"""What the webhook gets, as a template of the server: JSON."""
SILENCE = {"event": "eo.quiet", "text": "no run completed"}


def keep(wanted: AutomationCore) -> None:
    """Create an automation, unless one of that name is there."""
    with get_client(sync_client=True) as client:
        if not client.read_automations_by_name(wanted.name):
            client.create_automation(wanted)


def remove(name: str) -> None:
    """Take the automations of a name from the server."""
    with get_client(sync_client=True) as client:
        for one in client.read_automations_by_name(name):
            client.delete_automation(one.id)
