"""An HTTP server on loopback that answers by a function: what the twins of web services stand on."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Question:
    """A request."""

    method: str
    host: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What comes back; `cut` bytes of the body, and then the connection is dropped."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None


def as_json(document: object, status: int = 200, **headers: str) -> Answer:
    """Give a document as an answer."""
    return Answer(status, json.dumps(document).encode(), headers={k.replace("_", "-"): v for k, v in headers.items()})


def of_file(content: bytes, question: Question, *, cut: int | None = None) -> Answer:
    """Give a file, or the end of it that the question asks for."""
    asked = question.headers.get("Range", "")
    if not asked.startswith("bytes="):
        return Answer(body=content, kind="application/octet-stream", headers={"Accept-Ranges": "bytes"}, cut=cut)
    first, _, last = asked.removeprefix("bytes=").partition("-")
    start, end = int(first), min(int(last or len(content) - 1), len(content) - 1)
    if start >= len(content):
        return Answer(416, headers={"Content-Range": f"bytes */{len(content)}"})
    said = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {start}-{end}/{len(content)}"}
    return Answer(206, content[start : end + 1], "application/octet-stream", said, cut)


@contextmanager
def serve(answer: Callable[[Question], Answer], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on a free port, and give the address, without a slash at its end.

    As a proxy it answers for every host: for one of https where it has a certificate of it in `tls`.
    """

    class Handler(_Handler):
        reply = staticmethod(answer)
        context = tls

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a head and a body apart would wait for one another
    reply: Callable[[Question], Answer]
    context: ssl.SSLContext | None

    def do_CONNECT(self) -> None:
        if self.context is None:
            self.send_error(501)
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        self.connection = self.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.close_connection = False  # clients ask for the tunnel in HTTP/1.0

    def finish(self) -> None:
        super().finish()
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.close()

    def _go(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        host = parts.netloc or self.headers.get("Host", "")
        answer = self.reply(Question(self.command, host, parts.path, query, self.headers, body))
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: answer.cut])
        if answer.cut is not None and answer.cut < len(answer.body):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_HEAD = _go  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of http.server
        """Say nothing."""
