"""Single HTTP requests over connections that are kept, by the proxy that the environment names."""

import atexit
import logging
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from eo import __version__
from eo.origin import host_of, is_loopback

_ALWAYS = {"User-Agent": f"eo-climate-indicators/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}


@lru_cache
def _proxy(scheme: str, host: str) -> str:
    """Give the proxy that the environment names for a host; one on this machine needs none."""
    if is_loopback(host) or proxy_bypass(host):
        return ""
    named = getproxies()
    found = named.get(scheme) or named.get("all", "")
    return found if "://" in found or not found else f"http://{found}"


@lru_cache
def _transport(proxy: str, *, secure: bool) -> httpx.HTTPTransport:
    """Give what all requests that go one way share, so that connections are kept.

    A client of httpx does more for each request (cookies, redirects, hooks), and takes half as long again.
    """
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)  # below that, they log addresses with their signatures
    found = httpx.HTTPTransport(
        verify=secure,  # what is not, is http on this machine: it has no certificate
        proxy=proxy or None,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=32, keepalive_expiry=15),
    )
    atexit.register(found.close)
    return found


def asked(at: str, method: str, headers: Mapping[str, str], body: bytes | None, seconds: float) -> httpx.Response:
    """Give the answer to one request as it begins, whatever it is."""
    parts = urlsplit(at)
    transport = _transport(_proxy(parts.scheme, host_of(at)), secure=parts.scheme == "https")
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
    return transport.handle_request(
        httpx.Request(method, at, headers={**_ALWAYS, **headers}, content=body, extensions={"timeout": timeout})
    )
