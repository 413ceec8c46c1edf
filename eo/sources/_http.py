"""HTTP as every connector speaks it: to the configured hosts alone, with what a server may answer told apart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from eo.errors import Absent, Denied, SourceError, Unavailable
from eo.origin import Credentials, Limits, allowed, host_of
from eo.sources._authorization import authorization
from eo.sources._patience import patiently
from eo.sources._remote import Remote
from eo.sources._transport import Begin, Head, NotWholeError, Request, ask

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


def answer(access: Access, request: Request, begin: Begin = lambda _: None) -> Head:
    """Ask for an address, after redirects within the hosts of the service, and give the beginning of the answer.

    Parameters
    ----------
    begin : takes the beginning of an answer that is no refusal, and gives what takes its body

    Raises
    ------
    SourceError
        Unavailable, Absent, Denied, or an address outside the hosts of the service.
    """

    def accepted(head: Head) -> Callable[[bytes], object] | None:
        return begin(head) if _is_accepted(head) else None

    try:
        found = _followed(access, request, accepted)
    except NotWholeError as error:
        raise Unavailable(f"{shown(request.at)} must be answered whole, and it is not: {error}") from None
    _check_status(found, request.at, access)
    return found


def _followed(access: Access, request: Request, begin: Begin) -> Head:
    at, url = request.at, shown(request.at)
    for _ in range(_REDIRECTS + 1):
        if not allowed(at, access.hosts):
            raise SourceError(f"{url} must lead to {list(access.hosts)} over https, and it leads to {shown(at)}")
        host = host_of(at)
        said = authorization(access.credentials, host) if host == access.hosts[0] else {}
        one = Request(at, {**request.headers, **said}, request.method, request.body)
        found = ask(one, access.limits.timeout, begin)
        if not _is_redirect(found):
            return found
        at = urljoin(at, found.headers["location"])
    raise SourceError(f"{url} must lead somewhere, and it is redirected more than {_REDIRECTS} times")


def _is_redirect(found: Head) -> bool:
    return found.status in {301, 302, 303, 307, 308} and "location" in found.headers


def _is_accepted(found: Head) -> bool:
    """Tell whether an answer is the one that was asked for, or says that there is no more of it (RFC 9110)."""
    return (found.status < 300 or found.status in {304, 416}) and not _is_redirect(found)  # noqa: PLR2004 - see above


def _check_status(found: Head, url: str, access: Access) -> None:
    code, said = found.status, f"{found.status} {found.reason}".strip()
    if _is_accepted(found):
        return
    if code in {404, 410}:
        raise Absent(f"{shown(url)} must be there, and it is not: {said}")
    if code in _LATER:
        raise Unavailable(f"{shown(url)} must be answered, and it is not now: {said}", _retry_after(found))
    if code == 401 or (code == 403 and access.credentials != Credentials()):  # noqa: PLR2004 - the codes of RFC 9110
        raise Denied(f"{shown(url)} must accept the credentials{_named(access.credentials)}, and it does not: {said}")
    raise SourceError(f"{shown(url)} must be answered, and it is refused: {said}")


def _named(credentials: Credentials) -> str:
    names = [one for one in (credentials.user, credentials.password, credentials.token) if one]
    return f" of {', '.join(names)}" if names else " (none are configured)"


def _retry_after(found: Head) -> float | None:
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

    def take(piece: bytes) -> None:
        content.extend(piece)
        if len(content) > _DOCUMENT:
            raise SourceError(f"{shown(url)} must have at most {_DOCUMENT} bytes, and it has more")

    answer(access, Request(url, headers or {}, "GET" if body is None else "POST", body), lambda _: take)
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
        found = answer(access, Request(remote.url, method="HEAD"))
        length = found.headers.get("content-length", "")
        return as_said(remote, found, int(length) if length.isdecimal() else None)
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


def as_said(remote: Remote, found: Head, size: int | None = None) -> Remote:
    """Give a file with the ETag and the time of modification that an answer states, and its size where it is known."""
    modified = _moment(found.headers.get("last-modified", ""))
    return replace(
        remote,
        etag=found.headers.get("etag", "") or remote.etag,
        modified=modified or remote.modified,
        size=remote.size if size is None else size,
    )


@lru_cache(maxsize=1024)
def _moment(said: str) -> str:
    """Give the time of a header as it is kept: ISO 8601, UTC; empty where it is none."""
    try:
        return parsedate_to_datetime(said).astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (TypeError, ValueError):
        return ""
