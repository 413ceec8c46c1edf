"""HTTP as every connector speaks it: to the configured hosts alone, with what a server may answer told apart."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from eo.errors import Absent, Denied, SourceError, Unavailable
from eo.origin import Credentials, Limits, allowed, host_of
from eo.sources._authorization import authorization
from eo.sources._connector import Tally
from eo.sources._patience import patiently
from eo.sources._remote import Remote
from eo.sources._transport import asked

_REDIRECTS = 5
_DOCUMENT = 64 << 20
"""Bytes of a listing or a search result, at most."""
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Access:
    """How a service is reached: the hosts that it may lead to, in order with its own one first."""

    hosts: tuple[str, ...]
    limits: Limits
    credentials: Credentials


def shown(url: str) -> str:
    """Give an address as it may stand in a message: without a query, which may hold a signature."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


@contextmanager
def answer(
    access: Access, url: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: bytes | None = None
) -> Iterator[httpx.Response]:
    """Give the answer to one request as it begins, after redirects within the hosts of the service.

    Raises
    ------
    SourceError
        Unavailable, Absent, Denied, or an address outside the hosts of the service.
    """
    try:
        with _followed(access, url, headers or {}, method, body) as found:
            _check_status(found, url, access)
            yield found
    except (httpx.TransportError, httpx.StreamError) as error:
        said = str(error) or type(error).__name__
        raise Unavailable(f"{shown(url)} must be answered whole, and it is not: {said}") from None


@contextmanager
def _followed(
    access: Access, url: str, headers: Mapping[str, str], method: str, body: bytes | None
) -> Iterator[httpx.Response]:
    at = url
    for _ in range(_REDIRECTS + 1):
        if not allowed(at, access.hosts):
            raise SourceError(f"{shown(url)} must lead to {list(access.hosts)} over https, and it leads to {shown(at)}")
        host = host_of(at)
        said = authorization(access.credentials, host) if host == access.hosts[0] else {}
        with closing(asked(at, method, {**headers, **said}, body, access.limits.timeout)) as found:
            if not found.has_redirect_location:
                yield found
                return
            at = urljoin(at, found.headers["location"])
    raise SourceError(f"{shown(url)} must lead somewhere, and it is redirected more than {_REDIRECTS} times")


def _check_status(found: httpx.Response, url: str, access: Access) -> None:
    code, said = found.status_code, f"{found.status_code} {found.reason_phrase}".strip()
    if code < 300 or code in {304, 416}:  # noqa: PLR2004 - the classes of status codes (RFC 9110)
        return
    if code in {404, 410}:
        raise Absent(f"{shown(url)} must be there, and it is not: {said}")
    if code in _LATER:
        raise Unavailable(f"{shown(url)} must be answered, and it is not now: {said}", _retry_after(found))
    if code == 401 or (code == 403 and access.credentials != Credentials()):  # noqa: PLR2004 - see above
        raise Denied(f"{shown(url)} must accept the credentials{_named(access.credentials)}, and it does not: {said}")
    raise SourceError(f"{shown(url)} must be answered, and it is refused: {said}")


def _named(credentials: Credentials) -> str:
    names = [one for one in (credentials.user, credentials.password, credentials.token) if one]
    return f" of {', '.join(names)}" if names else " (none are configured)"


def _retry_after(found: httpx.Response) -> float | None:
    said = found.headers.get("retry-after", "")
    if said.isdecimal():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def once(access: Access, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> bytes:
    """Give a whole document, asked for once: what a `fetch` needs, which is tried again as a whole.

    With a body, it is asked for with POST.

    Raises
    ------
    SourceError
        See `answer`; also a document that is too large.
    """
    content = bytearray()
    with answer(access, url, headers, "GET" if body is None else "POST", body) as found:
        for piece in found.iter_raw():
            content += piece
            if len(content) > _DOCUMENT:
                raise SourceError(f"{shown(url)} must have at most {_DOCUMENT} bytes, and it has more")
    return bytes(content)


def read(access: Access, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> bytes:
    """Give a whole document: a listing, a catalog, a search result. Tried again while the service is unavailable.

    Raises
    ------
    SourceError
        See `once`.
    """
    return patiently(host_of(url), access.limits, lambda: once(access, url, headers, body))


def stated(access: Access, remote: Remote) -> Remote:
    """Give a file with what the server says of it without sending it; as it was where the server does not say.

    Asked for once: what a `fetch` needs, which is tried again as a whole.

    Raises
    ------
    SourceError
        Unavailable, Absent or Denied.
    """
    try:
        with answer(access, remote.url, method="HEAD") as found:
            length = found.headers.get("content-length", "")
            return _as_said(remote, found, int(length) if length.isdecimal() else None)
    except (Unavailable, Absent, Denied):
        raise
    except SourceError:
        return remote


def described(access: Access, remote: Remote) -> Remote:
    """Give a file as `stated` does, or as it was where the server does not answer at all."""
    try:
        return patiently(host_of(remote.url), access.limits, lambda: stated(access, remote))
    except Absent:
        raise
    except SourceError:
        return remote


def _as_said(remote: Remote, found: httpx.Response, size: int | None = None) -> Remote:
    """Give a file with the ETag and the time of modification that an answer states, and its size where it is known."""
    modified = _moment(found.headers.get("last-modified", ""))
    return replace(
        remote,
        etag=found.headers.get("etag", "") or remote.etag,
        modified=modified or remote.modified,
        size=remote.size if size is None else size,
    )


def _moment(said: str) -> str:
    """Give the time of a header as it is kept: ISO 8601, UTC; empty where it is none."""
    try:
        return parsedate_to_datetime(said).astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (TypeError, ValueError):
        return ""


def download(access: Access, remote: Remote, draft: Path, tally: Tally) -> Remote:
    """Put the bytes of a file into the draft and give the file as the server described it.

    A draft that holds a beginning is gone on with where the server still has the same file: the validator of the
    bytes (a strong ETag, or else the time of modification) stands beside the draft, and If-Range says it.

    Raises
    ------
    SourceError
        See `answer`.
    """
    beside = draft.with_name(f"{draft.name}.validator")
    said = beside.read_text(encoding="utf-8") if beside.exists() else ""
    there = draft.stat().st_size if said and draft.exists() else 0
    headers = {"Range": f"bytes={there}-", "If-Range": said} if there else {}
    with answer(access, remote.url, headers) as found:
        if found.status_code == 416:  # noqa: PLR2004 - range not satisfiable (RFC 9110)
            if found.headers.get("content-range") == f"bytes */{there}":
                return _as_said(remote, found)
            draft.unlink(missing_ok=True)
            raise Unavailable(f"{shown(remote.url)} must go on at byte {there}, and it does not")
        going_on = bool(headers) and found.headers.get("content-range", "").startswith(f"bytes {there}-")
        if found.status_code == 206 and not going_on:  # noqa: PLR2004 - partial content (RFC 9110)
            draft.unlink(missing_ok=True)
            raise Unavailable(f"{shown(remote.url)} must give the bytes that were asked for, and it gives others")
        if said and not going_on:
            beside.unlink()
        size = _take(found, draft, tally, None if going_on else beside)
        return _as_said(remote, found, size + there if going_on else size)


def _take(found: httpx.Response, draft: Path, tally: Tally, beside: Path | None) -> int:
    """Put the bytes of an answer into the draft, and give their number.

    The validator of a draft that is begun stands beside it as soon as there are more to come.
    """
    size = 0
    with draft.open("ab" if beside is None else "wb", buffering=0) as stream:
        try:
            for number, piece in enumerate(found.iter_raw()):
                if number == 1 and beside is not None:
                    beside.write_text(_validator(found), encoding="utf-8")
                stream.write(piece)
                size += len(piece)
                tally(len(piece))
        except BaseException:
            if beside is not None:
                beside.write_text(_validator(found), encoding="utf-8")
            raise
    return size


def _validator(found: httpx.Response) -> str:
    etag: str = found.headers.get("etag", "")
    return etag if etag and not etag.startswith("W/") else str(found.headers.get("last-modified", ""))
