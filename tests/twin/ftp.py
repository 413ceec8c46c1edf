"""An FTP server on loopback with a folder of files, which misbehaves as it is told."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # pyftpdlib stands on asyncore, which Python 3.12 has no more
    from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
    from pyftpdlib.handlers import DTPHandler, FTPHandler
    from pyftpdlib.servers import FTPServer


@dataclass
class FtpFaults:
    """What goes wrong; a test may change it while the server runs."""

    cut: int | None = None
    """Both connections are dropped after so many bytes of the next file; once."""
    refused: frozenset[str] = frozenset()
    """Commands that the server does not know: MLSD, SIZE, MDTM, REST."""
    forbidden: frozenset[str] = frozenset()
    """Commands that the user may not give."""
    busy: int = 0
    """So many log-ins are answered with 421."""
    commands: list[str] = field(default_factory=list)
    """What clients sent, without what followed PASS."""


@contextmanager
def serve(
    folder: Path, *, users: dict[str, str] | None = None, misbehave: FtpFaults | None = None
) -> Iterator[tuple[str, int]]:
    """Serve a folder for reading, and give host and port.

    Parameters
    ----------
    users : password of each; without any the server is anonymous
    """
    faults = misbehave or FtpFaults()
    server = FTPServer(("127.0.0.1", 0), _handler(folder, users or {}, faults))
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            server.ioloop.loop(timeout=0.02, blocking=False)
        server.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield server.address[0], server.address[1]
    finally:
        stop.set()
        thread.join()


def _handler(folder: Path, users: dict[str, str], faults: FtpFaults) -> type:
    """Give the class that answers one client; the library takes classes, not objects."""

    class Handler(_Handler):
        authorizer = _authorizer(folder, users, faults)
        dtp_handler = _Transfer

    Handler.faults = faults
    return Handler


def _authorizer(folder: Path, users: dict[str, str], faults: FtpFaults) -> DummyAuthorizer:
    authorizer = _Authorizer()
    authorizer.faults = faults
    if not users:
        authorizer.add_anonymous(str(folder))
    for name, password in users.items():
        authorizer.add_user(name, password, str(folder))
    return authorizer


class _Authorizer(DummyAuthorizer):
    faults: FtpFaults

    def validate_authentication(self, name: str, password: str, handler: "_Handler") -> None:
        if self.faults.busy:
            self.faults.busy -= 1
            handler.respond("421 Too many connections, try again later.")
            handler.close_when_done()
            raise AuthenticationFailed("busy")
        super().validate_authentication(name, password, handler)


class _Transfer(DTPHandler):
    sent = 0

    def send(self, data: bytes) -> int:
        faults = self.cmd_channel.faults
        if faults.cut is None or self.cmd_channel.transfer_of != "RETR":
            return int(super().send(data))
        rest = faults.cut - self.sent
        done = int(super().send(data[:rest])) if rest else 0
        self.sent += done
        if self.sent >= faults.cut:
            faults.cut = None
            self.close()
            self.cmd_channel.close()
        return done


class _Handler(FTPHandler):
    faults: FtpFaults
    transfer_of = ""
    use_sendfile = False
    auth_failed_timeout = 0
    banner = "twin of the providers, synthetic"

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        self.faults.commands.append("PASS ***" if cmd == "PASS" else line)
        if cmd in self.faults.refused:
            self.respond(f"502 Command {cmd} not implemented.")
            return
        if cmd in self.faults.forbidden:
            self.respond("550 Not enough privileges.")
            return
        if cmd in {"RETR", "MLSD", "NLST", "LIST"}:
            self.transfer_of = cmd
        super().pre_process_command(line, cmd, arg)

    def log(self, *_: object, **__: object) -> None:
        """Say nothing."""

    logline = logerror = log
