"""Single HTTP requests by libcurl, over connections that are kept, by the proxy that the environment names."""

import math
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import SplitResult, quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import pycurl

from eo import __version__
from eo.origin import is_loopback

_ALWAYS = {
    "User-Agent": f"eo-climate-indicators/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Content-Type": "",  # libcurl adds one to a body, and waits for leave to send a long one
    "Expect": "",
}
_KEPT = 32
"""Idle connections, at most."""
_IDLE_SECONDS = 15
_PIECE = 1 << 17
_PLAIN = "%/:=&?~#+!$,;'@()*[]"
"""What stands in an address as it is (RFC 3986)."""


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    at: str
    """An address as `eo.origin.allowed` lets it pass."""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    body: bytes | None = None


@dataclass(frozen=True)
class Head:
    """The beginning of an answer."""

    status: int
    reason: str
    headers: Mapping[str, str]
    """Name in small letters -> value."""


Begin = Callable[[Head], Callable[[bytes], object] | None]
"""Takes the beginning of an answer, and gives what takes the pieces of its body; None where nobody wants them."""


class NotWholeError(Exception):
    """The answer did not come, or not to its end; says why."""


def _proxy(scheme: str, host: str) -> str:
    """Give the proxy that the environment names for a host; one on this machine needs none."""
    if is_loopback(host) or proxy_bypass(host):
        return ""
    named = getproxies()
    found = named.get(scheme) or named.get("all", "")
    return found if "://" in found or not found else f"http://{found}"


@dataclass(frozen=True)
class _Way:
    """What requests have in common that can go over the same connection."""

    origin: str
    """Scheme, host and port as they are asked for: the host as Python reads it, so that libcurl reads no other one."""
    secure: bool
    proxy: str
    authorities: str
    seconds: float


@lru_cache(maxsize=256)
def _way(scheme: str, netloc: str, seconds: float, authorities: str) -> _Way:
    parts = urlsplit(f"{scheme}://{netloc}")
    name, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    host = f"[{name}]" if ":" in name else quote(name if name.isascii() else name.encode("idna"), safe="")
    return _Way(f"{scheme}://{host}{port}", scheme == "https", _proxy(scheme, f"{name}{port}"), authorities, seconds)


_idle: dict[_Way, list[pycurl.Curl]] = {}
"""Each with the connection that it has had last."""


@contextmanager
def _connection(way: _Way) -> Iterator[pycurl.Curl]:
    """Give what asks, the last used one first; it is not used again after an error."""
    waiting = _idle.setdefault(way, [])
    try:
        found = waiting.pop()
    except IndexError:
        found = _opened(way)
    try:
        yield found
    except BaseException:
        found.close()
        raise
    if len(waiting) < _KEPT:
        waiting.append(found)


def _opened(way: _Way) -> pycurl.Curl:
    curl = pycurl.Curl()
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTPS if way.secure else pycurl.PROTO_HTTP)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    curl.setopt(pycurl.PROXY, way.proxy)
    curl.setopt(pycurl.NOPROXY, "")
    curl.setopt(pycurl.CAINFO, way.authorities)
    if os.environ.get("SSL_CERT_DIR"):
        curl.setopt(pycurl.CAPATH, os.environ["SSL_CERT_DIR"])
    curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, round(way.seconds * 1000)))
    curl.setopt(pycurl.LOW_SPEED_LIMIT, 1)
    curl.setopt(pycurl.LOW_SPEED_TIME, max(1, math.ceil(way.seconds)))
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.XFERINFOFUNCTION, _look_up)
    curl.setopt(pycurl.BUFFERSIZE, _PIECE)
    curl.setopt(pycurl.MAXAGE_CONN, _IDLE_SECONDS)
    return curl


def _look_up(*_: object) -> int:
    """Let Python do what waits for it: a Ctrl-C is taken here."""
    return 0


@dataclass
class _Exchange:
    """An answer on its way, as libcurl calls for it: what is raised here is kept, as it cannot pass through there."""

    begin: Begin
    lines: list[bytes] = field(default_factory=list)
    head: Head | None = None
    take: Callable[[bytes], object] | None = None
    error: BaseException | None = None
    unwanted: bool = False

    def body(self, piece: bytes) -> int:
        try:
            if self.head is None:
                self.open()
            if self.take is None:
                self.unwanted = True
                return -1
            self.take(piece)
        except BaseException as error:  # noqa: BLE001 - raised again where the exchange ends
            self.error = error
            return -1
        return len(piece)

    def open(self) -> Head:
        """Give the beginning of the answer, once it is whole."""
        if self.head is None:
            self.head = _head(b"".join(self.lines).decode("iso-8859-1").rstrip())
            self.take = self.begin(self.head)
        return self.head


def _head(text: str) -> Head:
    """Give the last beginning of an answer: those before it only say to go on, or are of a proxy."""
    first, *rest = text.replace("\r\n", "\n").rpartition("\n\n")[2].split("\n")
    _, code, *reason = first.split(" ", 2)
    return Head(int(code), " ".join(reason), _joined(rest))


def _joined(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        found[key] = f"{found[key]}, {value.strip()}" if key in found else value.strip()
    return found


def ask(request: Request, seconds: float, begin: Begin) -> Head:
    """Ask once, hand the body of the answer on as it comes, and give the beginning of it, whatever it says.

    Parameters
    ----------
    seconds : to connect, and without a byte
    begin : see `Begin`; called once, in this thread, and so is what it gives

    Raises
    ------
    NotWholeError
        No answer, or none to its end.
    """
    exchange = _Exchange(begin)
    parts = urlsplit(request.at)
    way = _way(parts.scheme, parts.netloc, seconds, os.environ.get("SSL_CERT_FILE") or certifi.where())
    try:
        with _connection(way) as curl:
            curl.setopt(pycurl.URL, way.origin + _resource(parts))
            _describe(curl, request)
            curl.setopt(pycurl.HEADERFUNCTION, exchange.lines.append)
            curl.setopt(pycurl.WRITEFUNCTION, exchange.body)
            curl.perform()
    except pycurl.error as error:
        code, said = error.args[0], str(error.args[-1])
        if exchange.error is not None:
            raise exchange.error from None
        if not exchange.unwanted and code in {pycurl.E_ABORTED_BY_CALLBACK, pycurl.E_WRITE_ERROR}:
            raise KeyboardInterrupt from None  # what else could stop a function of this module before it began
        if not exchange.unwanted:
            raise NotWholeError(said) from None
    return exchange.open()


def _describe(curl: pycurl.Curl, request: Request) -> None:
    headers = _ALWAYS | {name.title(): value for name, value in request.headers.items()}
    curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}".rstrip() for name, value in headers.items()])
    if request.body is None:
        curl.setopt(pycurl.HTTPGET, 1)
    else:
        curl.setopt(pycurl.POSTFIELDS, request.body)
    curl.setopt(pycurl.CUSTOMREQUEST, request.method)
    curl.setopt(pycurl.NOBODY, request.method == "HEAD")
    curl.setopt(pycurl.NOPROGRESS, threading.current_thread() is not threading.main_thread())


def _resource(parts: SplitResult) -> str:
    query = f"?{quote(parts.query, safe=_PLAIN)}" if parts.query else ""
    return f"{quote(parts.path or '/', safe=_PLAIN)}{query}"
