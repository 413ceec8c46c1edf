"""A web server on loopback: Range, ETag, HTML listings and THREDDS catalogs of a folder; it misbehaves as told."""

import html
import socket
import struct
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

CATALOG, FILES = "/thredds/catalog/", "/thredds/fileServer/"
_PIECE = 1 << 16
HTML_ERROR = b"<!DOCTYPE html><html><body><h1>Service temporarily unavailable</h1></body></html>"


Answers = Callable[[str, str, str, bytes], tuple[int, bytes] | None]


@dataclass(frozen=True)
class Fault:
    """What a server does once instead of what it should."""

    status: int = 0
    """Answer with this status and the body."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    """Close the connection after so many bytes."""
    reset: bool = False
    """Reset the connection (RST) instead of answering, or after `cut` bytes."""
    length: int = 0
    """State a Content-Length that is wrong by so many bytes."""
    drip: float = 0
    """Seconds before each byte."""


@dataclass
class Twin:
    """A server that runs."""

    url: str
    folder: Path
    faults: dict[str, list[Fault]]
    """Path -> what is done, in turn, to requests of it; then it behaves."""
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path and headers of each request."""

    def paths(self) -> list[str]:
        """Give the paths that were asked for."""
        return [path for _, path, _ in self.asked]


@contextmanager
def serve(
    folder: Path, misbehave: Mapping[str, Sequence[Fault]] | None = None, *, login: tuple[str, str] | None = None,
    token: str = "", answers: Answers | None = None, latency: float = 0, rate: float = 0,
) -> Iterator[Twin]:  # fmt: skip
    """Serve the files of a folder: as they are, listed, and as a THREDDS server has them.

    Parameters
    ----------
    misbehave : path -> what goes wrong with it, request by request
    login, token : what a request must carry
    latency : seconds before each answer, as of a network
    rate : bytes of files a second on all connections together, as of a network; 0 for as many as there can be
    answers : what the server has beside files: given method, path, query and body, status and content, or None
    """
    allowed = {f"Basic {b64encode(':'.join(login).encode()).decode()}"} if login else set()
    allowed |= {f"Bearer {token}"} if token else set()
    server = _Server(("127.0.0.1", 0), _Handler)
    twin = Twin(
        f"http://127.0.0.1:{server.server_address[1]}", folder, {k: list(v) for k, v in (misbehave or {}).items()}
    )
    server.twin, server.allowed, server.answers = twin, allowed, answers
    server.latency, server.line = latency, _Line(rate)
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield twin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Line:
    """What all connections share: bytes are sent one after the other, so many in a second."""

    def __init__(self, rate: float) -> None:
        self.rate, self.free, self.lock = rate, 0.0, threading.Lock()

    def wait(self, size: int) -> None:
        """Wait for the line, and take it for some bytes."""
        with self.lock:
            self.free = max(self.free, time.monotonic()) + size / self.rate
            until = self.free
        time.sleep(max(0.0, until - time.monotonic()))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    twin: Twin
    allowed: set[str]
    answers: Answers | None
    latency: float
    line: _Line

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that goes away is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    timeout = 30

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    do_POST = do_GET  # noqa: N815 - the name that http.server calls

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(self.server.latency)
        self.server.twin.asked.append((self.command, path, dict(self.headers.items())))
        if self.server.allowed and self.headers.get("Authorization", "") not in self.server.allowed:
            self._send(401, b"", {"WWW-Authenticate": "Basic"})
            return
        waiting = self.server.twin.faults.get(path, [])
        fault = waiting.pop(0) if waiting and (body or waiting[0].status) else Fault()
        if fault.reset and fault.cut is None:
            self._reset()
        elif fault.status:
            self._send(fault.status, fault.body, dict(fault.headers), fault)
        elif not self._answered(path, content, fault):
            self._resource(path, fault, body=body)

    def _answered(self, path: str, content: bytes, fault: Fault) -> bool:
        """Answer from what the server has beside files, and tell whether it has it."""
        if self.server.answers is None:
            return False
        found = self.server.answers(self.command, path, unquote(urlsplit(self.path).query), content)
        if found is None:
            return False
        self._send(found[0], found[1], {"Content-Type": "application/octet-stream"}, fault)
        return True

    def _resource(self, path: str, fault: Fault, *, body: bool) -> None:
        folder = self.server.twin.folder
        inner = path.removeprefix(FILES if path.startswith(FILES) else CATALOG if path.startswith(CATALOG) else "/")
        target = folder / inner
        if path.startswith(CATALOG) and target.name == "catalog.xml" and target.parent.is_dir():
            self._send(200, catalog(target.parent, folder), {"Content-Type": "application/xml"}, fault)
        elif target.is_dir() and path.endswith("/"):
            self._send(200, listing(target), {"Content-Type": "text/html"}, fault)
        elif target.is_file():
            self._file(target, fault, body=body)
        else:
            self._send(404, b"<html>not found</html>", {"Content-Type": "text/html"})

    def _file(self, path: Path, fault: Fault, *, body: bool) -> None:
        content, state = path.read_bytes(), path.stat()
        etag = f'"{state.st_mtime_ns:x}-{state.st_size:x}"'
        said = {"ETag": etag, "Last-Modified": formatdate(state.st_mtime, usegmt=True), "Accept-Ranges": "bytes"}
        start = self._start(etag)
        if start is None:
            self._send(200, content, said, fault, body=body)
        elif start >= len(content):
            self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        else:
            where = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._send(206, content[start:], said | {"Content-Range": where}, fault, body=body)

    def _start(self, etag: str) -> int | None:
        """Give the byte that a request wants the file from; None for all of it."""
        asked, condition = self.headers.get("Range", ""), self.headers.get("If-Range", etag)
        return int(asked[6:-1]) if asked.startswith("bytes=") and asked.endswith("-") and condition == etag else None

    def _send(
        self, status: int, content: bytes, said: Mapping[str, str], fault: Fault | None = None, *, body: bool = True
    ) -> None:
        fault = fault or Fault()
        self.send_response(status)
        for name, value in said.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) + fault.length))
        self.end_headers()
        if not body or self.command == "HEAD":
            return
        if fault.drip:
            for number in range(len(content)):
                time.sleep(fault.drip)
                self.wfile.write(content[number : number + 1])
                self.wfile.flush()
            return
        self._whole(content if fault.cut is None else content[: fault.cut])
        self.wfile.flush()
        if fault.reset:
            self._reset()
        elif fault.cut is not None or fault.length:
            self.close_connection = True

    def _whole(self, content: bytes) -> None:
        if not self.server.line.rate:
            self.wfile.write(content)
            return
        for start in range(0, len(content), _PIECE):
            piece = content[start : start + _PIECE]
            self.server.line.wait(len(piece))
            self.wfile.write(piece)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


def listing(folder: Path) -> bytes:
    """Give the page of a folder, as web servers make it: a link to the folder above, links that sort, the files."""
    rows = [
        f'<tr><td><a href="{quote(one.name)}{"/" * one.is_dir()}">{html.escape(one.name)}</a></td>'
        f"<td>{formatdate(one.stat().st_mtime)}</td><td>{one.stat().st_size}</td></tr>"
        for one in sorted(folder.iterdir())
    ]
    head = '<tr><th><a href="?C=N;O=D">Name</a></th></tr><tr><td><a href="../">Parent Directory</a></td></tr>'
    return f"<!DOCTYPE html><html><body><table>{head}{''.join(rows)}</table></body></html>".encode()


def _iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def catalog(folder: Path, root: Path) -> bytes:
    """Give the catalog.xml of a folder, as a THREDDS server makes it."""
    files = "".join(
        f'<dataset name="{html.escape(one.name)}" ID="{one.name}" urlPath="{one.relative_to(root)}">'
        f'<dataSize units="Mbytes">{one.stat().st_size / 1e6:.3f}</dataSize>'
        f'<date type="modified">{_iso(one.stat().st_mtime)}</date></dataset>'
        for one in sorted(folder.iterdir())
        if one.is_file()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><catalog name="twin" version="1.2" '
        'xmlns="http://www.unidata.ucar.edu/namespaces/thredds/InvCatalog/v1.0">'
        '<service name="all" serviceType="Compound" base=""><service name="odap" serviceType="OPENDAP" '
        f'base="/thredds/dodsC/" /><service name="http" serviceType="HTTPServer" base="{FILES}" /></service>'
        f'<dataset name="{folder.name}"><metadata inherited="true"><serviceName>all</serviceName></metadata>'
        f"{files}</dataset></catalog>"
    ).encode()
