"""Notice to people: a webhook that the server calls for runs that went wrong, and when none runs at all."""

import os
from datetime import timedelta
from uuid import UUID

from eo.errors import InputError
from flows import automations

WEBHOOK = "EO_WEBHOOK"
"""The environment variable with the address; it may hold a secret, so it is shown nowhere."""
QUIET_HOURS = "EO_QUIET_HOURS"
_BLOCK = "eo-webhook"
_HOURS = "48"


def install_notices(within: timedelta | None = None) -> bool:
    """Put the notices on the server of the environment, or take them away where no webhook is named.

    Parameters
    ----------
    within : how long no run may complete; what `QUIET_HOURS` says where it is not given

    Returns
    -------
    there : whether somebody is told

    Raises
    ------
    InputError
        The address is none of http or https, or the hours are no number.
    """
    address = os.environ.get(WEBHOOK, "").strip()
    for name in (automations.ALARM, automations.QUIET):
        automations.remove(name)
    if not address:
        return False
    _check(address)
    silence = within or quiet_time()
    from prefect.blocks.webhook import Webhook

    headers = {"content-type": "application/json"}
    block = Webhook.model_validate({"method": "POST", "url": address, "headers": headers})
    identity = UUID(str(block.save(_BLOCK, overwrite=True)))
    automations.keep(automations.alarm(identity))
    automations.keep(automations.quiet(identity, silence))
    return True


def _check(address: str) -> None:
    """Refuse an address of another kind, without saying it."""
    if not address.startswith(("http://", "https://")):
        raise InputError(f"{WEBHOOK} is an address that starts with http:// or https://; it is another")


def quiet_time() -> timedelta:
    """Give how long no run may complete before people are told.

    Raises
    ------
    InputError
        Not a number of hours from 1 on.
    """
    said = os.environ.get(QUIET_HOURS, _HOURS)
    if not said.isdecimal() or int(said) < 1:
        raise InputError(f"{QUIET_HOURS} is a number of hours from 1 on, not {said!r}")
    return timedelta(hours=int(said))
