"""Credentials from the environment or the person's .netrc: read when they are used, never kept, never shown."""

import netrc
import os
from dataclasses import dataclass, field
from pathlib import Path

from eo.errors import InputError
from eo.origin import Credentials


@dataclass(frozen=True)
class Login:
    """A user and a password, which no text shows."""

    user: str = field(repr=False)
    password: str = field(repr=False)


def stated(name: str, what: str) -> str:
    """Give the value of an environment variable that must be set.

    Raises
    ------
    InputError
        It is not set.
    """
    value = os.environ.get(name, "") if name else ""
    if not value:
        raise InputError(f"{what} comes from the environment variable {name or '(none is named)'}, and it is not set")
    return value


def login(credentials: Credentials, host: str) -> Login | None:
    """Give the user and the password for a host; None where the source names none.

    Raises
    ------
    InputError
        A variable that is named is not set, or .netrc cannot be read or has no such host.
    """
    if credentials.netrc:
        return _of_netrc(host)
    if not credentials.user:
        return None
    return Login(
        stated(credentials.user, f"the user of {host}"), stated(credentials.password, f"the password of {host}")
    )


def _of_netrc(host: str) -> Login:
    path = Path(os.environ.get("NETRC") or "~/.netrc").expanduser()
    try:
        found = netrc.netrc(path).hosts.get(host)
    except (OSError, netrc.NetrcParseError):
        raise InputError(f"user and password of {host} come from {path}, which must be a readable netrc file") from None
    if found is None:
        raise InputError(f"user and password of {host} come from {path}, and it has no machine {host}")
    return Login(found[0], found[2] or "")


def without(text: object, *secrets: str) -> str:
    """Give a text of a service on one line, with stars for what must not be shown."""
    out = " ".join(str(text).split())
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        out = out.replace(secret, "***")
    return out
