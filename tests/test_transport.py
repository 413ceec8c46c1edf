"""Single requests by libcurl: where they go, what is taken of an answer, and that a person can stop one."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from twin import _answers, cmems
from twin._answers import Answer

from eo.errors import Absent, SourceError, Unavailable
from eo.origin import Credentials, Limits, host_of
from eo.sources import _transport
from eo.sources._http import Access, answer, once
from eo.sources._transport import Request

ENDLESS = b"x" * 65536


@contextmanager
def server(*says: bytes, endless: bool = False) -> Iterator[tuple[str, list[bytes]]]:
    """Give the address of one that says the same to each that comes, and what those asked."""
    asked: list[bytes] = []
    ended = threading.Event()

    def talk(line: socket.socket) -> None:
        with line, suppress(OSError):
            asked.append(line.recv(65536))
            for piece in says:
                line.sendall(piece)
                time.sleep(0.01)
            while endless:
                line.sendall(ENDLESS)

    def listen() -> None:
        with suppress(OSError):
            while not ended.is_set():
                threading.Thread(target=talk, args=[here.accept()[0]], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as here:
        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{here.getsockname()[1]}", asked
        ended.set()


def access(*hosts: str) -> Access:
    return Access(hosts, Limits(timeout=5), Credentials())


def test_what_goes_before_an_answer_and_after_it_is_not_taken_for_it() -> None:
    says = (
        b"HTTP/1.1 100 Continue\r\nETag: none\r\n\r\n",
        b"HTTP/1.1 200 All right then\r\nVary: a\r\nvary:b\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"3\r\nabc\r\n0\r\nETag: late\r\n\r\n",
    )
    content = bytearray()
    with server(*says) as (url, _):
        head = answer(access(host_of(url)), Request(url), lambda _: content.extend)
    assert (head.status, head.reason, bytes(content)) == (200, "All right then", b"abc")
    assert head.headers == {"vary": "a, b", "transfer-encoding": "chunked"}


@pytest.mark.parametrize(
    ("status", "error"), [(404, Absent), (503, Unavailable), (400, SourceError), (302, SourceError)]
)
def test_the_body_of_a_refusal_is_not_waited_for(status: int, error: type[Exception]) -> None:
    said = b"HTTP/1.1 %d No\r\nLocation: https://elsewhere.example/\r\n\r\n" % status
    with server(said, endless=True) as (url, _), pytest.raises(error):
        once(access(host_of(url)), url)


def test_a_document_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eo.sources._http._DOCUMENT", 1 << 20)
    with server(b"HTTP/1.1 200 OK\r\n\r\n", endless=True) as (url, _), pytest.raises(SourceError, match="at most"):
        once(access(host_of(url)), url)


def test_an_answer_that_is_none_is_told_with_what_libcurl_says() -> None:
    with server(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc") as (url, _):
        with pytest.raises(Unavailable, match=r"must be answered whole, and it is not: .*2 bytes"):
            once(access(host_of(url)), f"{url}/it?signature=secret")
        with pytest.raises(Unavailable) as told:
            once(access("127.0.0.1:9"), "http://127.0.0.1:9/it?signature=secret")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://data.example/a b?c=[0:1]", "data.example:443"),
        ("https://data.example:8443/", "data.example:8443"),
        ("https://other.example\\@data.example/", "data.example:443"),
        ("https://other.example#@data.example/", "other.example:443"),
        ("https://[2001:db8::1]/", "[2001:db8::1]:443"),
    ],
)
def test_an_address_leads_where_its_host_was_looked_at(
    address: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What two programs read of a strange address may differ: libcurl is given what the check of hosts has read."""
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    _forget()
    with server(b"HTTP/1.1 502 No\r\n\r\n") as (proxy, asked):
        monkeypatch.setenv("https_proxy", proxy)
        with pytest.raises(Unavailable):
            once(access("data.example", "data.example:8443", "other.example", "2001:db8::1"), address)
    _forget()
    assert asked[0].split(b"\r\n")[0] == f"CONNECT {host} HTTP/1.1".encode()


def test_what_an_address_must_not_hold_as_it_is_goes_quoted() -> None:
    with server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (url, asked):
        once(access(host_of(url)), f"{url}/a b/\u00e9%20?var[0:1]=<x>&y=z")
    assert asked[0].startswith(b"GET /a%20b/%C3%A9%20?var[0:1]=%3Cx%3E&y=z HTTP/1.1\r\n")


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the certificate of the one host that is behind a proxy."""
    certificate = tmp_path / "twin.pem"
    cmems._write_certificate(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with _answers.serve(lambda _: Answer(body=b"content"), tls=context) as proxy:
        for name in ("NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("https_proxy", proxy)
        _forget()
        yield certificate
        _forget()


def _forget() -> None:
    _transport._way.cache_clear()
    _transport._idle.clear()


def test_only_a_host_whose_certificate_holds_is_believed(secure: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = access(cmems.LOGIN, "other.example")
    with pytest.raises(Unavailable, match="certificate"):
        once(there, f"https://{cmems.LOGIN}/it")
    monkeypatch.setenv("SSL_CERT_FILE", str(secure))
    assert once(there, f"https://{cmems.LOGIN}/it") == b"content"
    with pytest.raises(Unavailable, match=r"other\.example"):
        once(there, "https://other.example/it")


STOPPED = """
import os, signal, sys, threading
from eo.origin import Credentials, Limits, host_of
from eo.sources._http import Access, once
url = sys.argv[1]
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
once(Access((host_of(url),), Limits(timeout=60), Credentials()), url)
"""


@pytest.mark.parametrize("says", [(), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",)])
def test_a_person_stops_a_request_that_nobody_answers(says: tuple[bytes, ...]) -> None:
    held = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as here:

        def hold() -> None:
            line, _ = here.accept()
            with line:
                for piece in says:
                    line.sendall(piece)
                held.wait(60)

        threading.Thread(target=hold, daemon=True).start()
        start = time.monotonic()
        command = [sys.executable, "-c", STOPPED, f"http://127.0.0.1:{here.getsockname()[1]}/"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=50, check=False)  # noqa: S603 - this interpreter
        held.set()
    assert done.returncode == -signal.SIGINT, done.stderr
    assert time.monotonic() - start < 30
