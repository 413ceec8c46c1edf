"""Notice to people: a webhook and a mail that the server sends for runs that went wrong, and when none runs at all."""

import os
from datetime import timedelta
from uuid import UUID

from eo.errors import InputError
from flows import automations

WEBHOOK = "EO_WEBHOOK"
"""The environment variable with the address; it may hold a secret, so it is shown nowhere."""
MAIL = "EO_MAIL"
"""The same of a mail: ``mailtos://user:password@host:port/to@example.org``, as Apprise has it."""
QUIET_HOURS = "EO_QUIET_HOURS"
_WEBHOOK_BLOCK, _MAIL_BLOCK = "eo-webhook", "eo-mail"
_HOURS = "48"


def install_notices() -> bool:
    """Put the notices on the server of the environment, or take them away where nobody is named.

    Returns
    -------
    there : whether somebody is told

    Raises
    ------
    InputError
        An address is of another kind, or the hours are no number.
    """
    webhook, mail = (os.environ.get(name, "").strip() for name in (WEBHOOK, MAIL))
    check(webhook, mail)
    within = quiet_time()
    for name in (automations.WRONG, automations.ALARM, automations.QUIET):
        automations.remove(name)
    if not webhook and not mail:
        return False
    desk = automations.Desk(_webhook(webhook) if webhook else None, _mail(mail) if mail else None)
    for one in (automations.went_wrong(desk), automations.of_alarms(desk), automations.quiet(desk, within)):
        automations.keep(one)
    return True


def check(webhook: str, mail: str) -> None:
    """Refuse addresses of another kind, without saying them; empty ones are none.

    Raises
    ------
    InputError
        Not of http, https, mailto or mailtos, or no mail that can be sent.
    """
    if webhook and not webhook.startswith(("http://", "https://")):
        raise InputError(f"{WEBHOOK} is an address that starts with http:// or https://; it is another")
    if not mail:
        return
    from apprise import Apprise

    made = Apprise()
    made.add(mail)
    if not mail.startswith(("mailto://", "mailtos://")) or not any(getattr(one, "targets", ()) for one in made):
        raise InputError(
            f"{MAIL} is an address of Apprise that starts with mailto:// or mailtos:// and names who gets the mail, "
            "such as mailtos://user:password@smtp.example.org/to@example.org; it is another"
        )


def _webhook(address: str) -> UUID:
    from prefect.blocks.webhook import Webhook

    headers = {"content-type": "application/json"}
    block = Webhook.model_validate({"method": "POST", "url": address, "headers": headers})
    return UUID(str(block.save(_WEBHOOK_BLOCK, overwrite=True)))


def _mail(address: str) -> UUID:
    from flows.mail import Mail

    block = Mail.model_validate({"url": address, "notify_type": "warning"})
    return UUID(str(block.save(_MAIL_BLOCK, overwrite=True)))


def quiet_time() -> timedelta:
    """Give how long no run may complete before people are told.

    Raises
    ------
    InputError
        Not a number of hours above 0.
    """
    said = os.environ.get(QUIET_HOURS, _HOURS)
    try:
        hours = float(said)
    except ValueError:
        hours = 0.0
    if not 0 < hours < float("inf"):
        raise InputError(f"{QUIET_HOURS} is a number of hours above 0, not {said!r}")
    return timedelta(hours=hours)
