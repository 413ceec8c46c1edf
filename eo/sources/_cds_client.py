"""The client of the Climate Data Store, with its key, and what goes wrong with it as errors of the service."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, cast

from eo.errors import Absent, Denied, EoError, InputError, SourceError, Unavailable
from eo.origin import CdsSource
from eo.sources._credentials import without

if TYPE_CHECKING:
    import requests
    from ecmwf import datastores

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
