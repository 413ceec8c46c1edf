"""What the server watches by itself: runs that died, and notice to people."""

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, CallWebhook, ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from flows.alarms import BEGAN, ENDED, LASTING

HEARTBEAT_SECONDS = 30
"""How often a run says that it lives; the least that Prefect takes."""
SILENCE_SECONDS = 90
"""How long a run may say nothing before it is taken for dead: three heartbeats."""

CRASHED = "eo: mark runs that died"
WRONG = "eo: tell of runs that went wrong"
ALARM = "eo: tell of alarms"
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


@dataclass(frozen=True)
class Text:
    """What people are sent, as templates of the server: JSON for a webhook, subject and body for a mail."""

    payload: str
    subject: str
    body: str


@dataclass(frozen=True)
class Desk:
    """Where people are told: blocks of the server, by their ids."""

    webhook: UUID | None = None
    mail: UUID | None = None

    def actions(self, text: Text) -> list[ActionTypes]:
        """Give what sends a text there."""
        found: list[ActionTypes] = []
        if self.webhook is not None:
            found.append(CallWebhook(block_document_id=self.webhook, payload=text.payload))
        if self.mail is not None:
            found.append(SendNotification(block_document_id=self.mail, subject=text.subject, body=text.body))
        return found


TOLD = ("Failed", "Crashed", "Refused", "TimedOut")
"""States of a run that people are told of each time."""
OF_RUN = Text(
    payload='{"event": {{ event.event | tojson }}, "run": {{ flow_run.name | tojson }}, '
    '"state": {{ flow_run.state.name | tojson }}, '
    '"message": {{ flow_run.state.message | default("", true) | tojson }}, '
    '"time": {{ event.occurred | string | tojson }}}',
    subject="{{ flow_run.name }}: {{ flow_run.state.name }}",
    body='{{ flow_run.state.message | default("", true) }}\n\n{{ flow_run.name }}, {{ event.occurred | string }}',
)
OF_NEWS = Text(
    payload='{"event": {{ event.event | tojson }}, "run": {{ event.payload.run | tojson }}, '
    '"state": {{ event.payload.state | tojson }}, "message": {{ event.payload.message | tojson }}, '
    '"time": {{ event.occurred | string | tojson }}}',
    subject="{{ event.payload.run }}: {{ event.event }}",
    body="{{ event.payload.message }}\n\n{{ event.payload.run }}, now {{ event.payload.state }}, "
    "{{ event.occurred | string }}",
)


def _silence(within: timedelta) -> Text:
    said = {"event": "eo.quiet", "text": "no run completed", "within": str(within)}
    return Text(json.dumps(said), "eo.quiet: no run completed", f"No run completed within {within}.")


def went_wrong(desk: Desk) -> AutomationCore:
    """Give the automation that tells of each run that failed, crashed, was refused or took too long."""
    return AutomationCore(
        name=WRONG,
        description=f"A run that ended {', '.join(TOLD)} is told.",
        trigger=EventTrigger(
            expect={f"prefect.flow-run.{state}" for state in TOLD},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            posture=Posture.Reactive,
            threshold=1,
        ),
        actions=desk.actions(OF_RUN),
    )


def of_alarms(desk: Desk) -> AutomationCore:
    """Give the automation that tells of alarms that begin, that end, and that last; not of each degraded run."""
    return AutomationCore(
        name=ALARM,
        description="Alarms that begin, end, or last are told.",
        trigger=EventTrigger(
            expect={BEGAN, LASTING, ENDED},
            match=ResourceSpecification({"prefect.resource.id": ["eo.result.*"]}),
            posture=Posture.Reactive,
            threshold=1,
        ),
        actions=desk.actions(OF_NEWS),
    )


def quiet(desk: Desk, within: timedelta) -> AutomationCore:
    """Give the automation that tells when for some time no run completed: the dead man's switch."""
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
        actions=desk.actions(_silence(within)),
    )


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
