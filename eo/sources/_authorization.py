"""The header that names who asks: from the environment or the person's .netrc, never in a message."""

import os
from base64 import b64encode
from netrc import NetrcParseError, netrc

from eo.errors import InputError
from eo.origin import Credentials


def check_credentials(credentials: Credentials) -> None:
    """Refuse credentials that are not in the environment.

    Raises
    ------
    InputError
        Says which variable is not set; never what one holds.
    """
    named = [one for one in (credentials.user, credentials.password, credentials.token, credentials.key) if one]
    lacking = [one for one in named if not os.environ.get(one)]
    if lacking:
        raise InputError(f"credentials are in environment variables, and {', '.join(lacking)} is not set")
    if bool(credentials.user) != bool(credentials.password) and not credentials.key:
        raise InputError("credentials have a user and a password, or a token; one of the two is not named")
    if credentials.netrc:
        _netrc()


def _netrc() -> netrc:
    try:
        return netrc(os.environ.get("NETRC"))
    except OSError:
        raise InputError("credentials are to be in ~/.netrc, and that file cannot be read") from None
    except NetrcParseError as error:
        raise InputError(f"~/.netrc must be well formed, and it is not: line {error.lineno}") from None


def authorization(credentials: Credentials, host: str) -> dict[str, str]:
    """Give the header that names who asks; none without credentials."""
    if credentials.token:
        return {"Authorization": f"Bearer {os.environ.get(credentials.token, '')}"}
    if credentials.user and credentials.password:
        return _basic(*(os.environ.get(one, "") for one in (credentials.user, credentials.password)))
    found = _netrc().authenticators(host.partition(":")[0]) if credentials.netrc else None
    return _basic(found[0], found[2] or "") if found else {}


def _basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}
