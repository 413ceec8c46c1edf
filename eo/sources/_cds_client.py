"""The client of the Climate Data Store, with its key, and what goes wrong with it as errors of the service."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from eo.errors import Absent, Denied, EoError, InputError, SourceError, Unavailable
from eo.origin import CdsSource
from eo.sources._credentials import without

if TYPE_CHECKING:
    import requests
    from ecmwf import datastores

_PAGE = 100
_STANDS = frozenset({"accepted", "running", "successful"})
_CLOCKS = timedelta(minutes=10)
"""By how much the clock of the store may differ from the one here."""
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


def key_of(source: CdsSource) -> str:
    """Give the key: of the environment, or of the file that the client reads.

    Raises
    ------
    InputError
        It is in neither, or it is of the form of old; never what it is.
    """
    name = source.credentials.key
    file = Path(os.environ.get("ECMWF_DATASTORES_RC_FILE") or "~/.ecmwfdatastoresrc").expanduser()
    key = (os.environ.get(name, "") if name else "") or _key_in(file)
    if not key:
        raise InputError(f"the key of {source.url} is in {name} or as 'key: ...' in {file}, and it is in neither")
    if ":" in key or not key.isascii() or not key.isprintable():
        raise InputError(
            f"the key of {source.url} is a personal access token, without the user number and colon of old"
        )
    return key


def _key_in(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    said = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in said if name.strip() == "key"), "")


@contextmanager
def opened(source: CdsSource) -> Iterator["datastores.Client"]:
    """Give the client, which tries nothing again by itself: its own defaults block for 16 hours."""
    import requests
    from ecmwf import datastores

    with requests.Session() as session, speaking(source):
        yield datastores.Client(
            url=source.url, key=key_of(source), timeout=source.limits.timeout, progress=False, maximum_tries=1,
            retry_after=0, session=session,
        )  # fmt: skip


def submitted_since(
    client: "datastores.Client", collection: str, inputs: dict[str, Any], since: datetime
) -> "datastores.Remote | None":
    """Give the last request of the account with just these inputs, submitted since a time and not failed, if any."""
    page: datastores.Jobs | None = client.get_jobs(limit=_PAGE, sortby="-created")
    while page is not None and page.json["jobs"]:
        for job in page.json["jobs"]:
            if _time(job["created"]) < since - _CLOCKS:
                return None
            if job["processID"] == collection and job["status"] in _STANDS:
                found = client.get_remote(job["jobID"])
                if found.request == inputs:
                    return found
        page = page.next
    return None


def _time(said: str) -> datetime:
    """Give a time that the store states: in UTC, where it does not say of which zone."""
    found = datetime.fromisoformat(said)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@contextmanager
def speaking(source: CdsSource) -> Iterator[None]:
    """Give what goes wrong as an error of the service, without the key."""
    import requests

    try:
        yield
    except EoError:
        raise
    except requests.HTTPError as error:
        raise _said(source, error) from None
    except requests.RequestException as error:
        raise Unavailable(f"{source.url} must answer, and it does not: {without(error, key_of(source))}") from None
    except Exception as error:  # noqa: BLE001 - of an answer in another form the client raises whatever it stumbles on
        text = without(error, key_of(source)) or type(error).__name__
        raise SourceError(f"{source.url} must answer in the form that its client knows: {text}") from None


def _said(source: CdsSource, error: "requests.HTTPError") -> SourceError:
    answer = cast("requests.Response", error.response)
    code = answer.status_code
    text = without(error, key_of(source))
    if code in _LATER:
        after = answer.headers.get("Retry-After", "")
        return Unavailable(
            f"{source.url} must answer, and it said: {text}", float(after) if after.isdecimal() else None
        )
    if code == HTTPStatus.UNAUTHORIZED:
        return Denied(f"{source.url} must accept the key of {source.credentials.key or 'the client'}: it said {code}")
    if "licence" in text.lower():
        page = f"{source.url.removesuffix('/api')}/datasets/{source.collection}?tab=download#manage-licences"
        return SourceError(f"the licence of {source.collection} must be accepted once, by a person, at {page}")
    if code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return Absent(f"{source.url} has no such collection or request: {text}")
    return SourceError(f"{source.url} must accept the request, and it said: {text}")
