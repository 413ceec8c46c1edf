"""An SFTP server on loopback: one user with a public key or a password, and a host key that can change."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncssh

Result = TypeVar("Result")


@dataclass
class SftpFaults:
    """What goes wrong; a test may change it while the server runs."""

    cut: int | None = None
    """The connection is dropped after so many bytes of the next file; once."""
    offsets: list[int] = field(default_factory=list)
    """Where each read of a client began."""


@dataclass
class SftpTwin:
    """A running server and what a client needs to reach it."""

    host: str
    port: int
    known_hosts: Path
    """Holds the host key that the server had when it started."""
    _server: "_Server"

    def change_host_key(self) -> None:
        """Start again on the same port, with another host key."""
        self._server.restart()


@contextmanager
def serve(
    folder: Path, work: Path, *, user: str, public_key: Path | None = None, password: str | None = None,
    misbehave: SftpFaults | None = None,
) -> Iterator[SftpTwin]:  # fmt: skip
    """Serve a folder for reading.

    Parameters
    ----------
    work : a folder for the file of known hosts
    public_key : the key that the user may log in with
    password : the password, where the server takes one
    """
    server = _Server(folder, user, public_key, password, misbehave or SftpFaults())
    known = work / "known_hosts"
    key = server.host_key.export_public_key("openssh").decode().strip()
    known.write_text(f"[127.0.0.1]:{server.port} {key}\n")
    try:
        yield SftpTwin("127.0.0.1", server.port, known, server)
    finally:
        server.close()


class _Server:
    def __init__(
        self, folder: Path, user: str, public_key: Path | None, password: str | None, faults: SftpFaults
    ) -> None:
        self.folder, self.user, self.public_key, self.password, self.faults = (
            folder, user, public_key, password, faults,
        )  # fmt: skip
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.port = 0
        self.acceptor = self._wait(self._listen())
        self.port = self.acceptor.get_port()

    def _wait(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        return await asyncssh.create_server(
            lambda: _Login(self.user, self.password), "127.0.0.1", self.port,
            server_host_keys=[self.host_key], sftp_factory=self._session, reuse_address=True,
            authorized_client_keys=None if self.public_key is None else str(self.public_key),
        )  # fmt: skip

    def _session(self, channel: asyncssh.SSHServerChannel) -> asyncssh.SFTPServer:
        return _Files(channel, self.folder, self.faults)

    async def _close(self) -> None:
        self.acceptor.close()
        await self.acceptor.wait_closed()

    def restart(self) -> None:
        self._wait(self._close())
        self.acceptor = self._wait(self._listen())

    def close(self) -> None:
        self._wait(self._close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class _Login(asyncssh.SSHServer):
    def __init__(self, user: str, password: str | None) -> None:
        self.user, self.password = user, password

    def password_auth_supported(self) -> bool:
        return self.password is not None

    def validate_password(self, username: str, password: str) -> bool:
        return username == self.user and password == self.password


class _Files(asyncssh.SFTPServer):
    def __init__(self, channel: asyncssh.SSHServerChannel, folder: Path, faults: SftpFaults) -> None:
        super().__init__(channel, chroot=str(folder).encode())
        self.faults, self.sent, self.channel_ = faults, 0, channel

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        self.faults.offsets.append(offset)
        data: bytes = super().read(file_obj, offset, size)
        if self.faults.cut is not None:
            rest = self.faults.cut - self.sent
            if rest <= 0:
                self.faults.cut = None
                self.channel_.get_connection().abort()
                raise asyncssh.SFTPConnectionLost("cut")
            data = data[:rest]
        self.sent += len(data)
        return data

    def write(self, file_obj: object, offset: int, data: bytes) -> int:  # noqa: ARG002 - the signature of asyncssh
        raise asyncssh.SFTPPermissionDenied("the twin is for reading")
