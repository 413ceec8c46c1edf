"""Files of an SFTP server, whose host key must be the one that is known."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from eo.errors import Absent, Denied, InputError, SourceError, Unavailable
from eo.sources import _credentials
from eo.sources._connector import Tally
from eo.sources._drafts import begun, ended
from eo.sources._remote import Remote

if TYPE_CHECKING:
    import asyncssh

_BLOCK = 1 << 20
"""Asked for at once: the library splits it into requests that it does not wait for one by one."""


@dataclass(frozen=True)
class Server:
    """A server and who logs in there: with a key, or with a password."""

    host: str
    port: int
    known_hosts: Path
    timeout: float
    user: str = field(repr=False)
    key: Path | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Give host and port."""
        return f"{self.host}:{self.port}"


def check(server: Server) -> None:
    """Refuse, without the network, a server whose host key is not known, or a private key that cannot be read.

    Raises
    ------
    InputError
        Says which file lacks what.
    """
    try:
        import asyncssh
    except ImportError:
        raise InputError("SFTP needs the package asyncssh; the extra 'sftp' has it") from None
    _check_known(server)
    if server.key is None:
        return
    try:
        asyncssh.read_private_key(server.key)
    except (OSError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise InputError(
            f"the private key of {server} is readable and has no passphrase; of {server.key}: {error}"
        ) from None


def _check_known(server: Server) -> None:
    import asyncssh

    try:
        known = asyncssh.read_known_hosts(str(server.known_hosts))
        trusted = asyncssh.match_known_hosts(known, server.host, "", server.port)[0]
    except (OSError, ValueError) as error:
        raise InputError(f"{server.known_hosts} must be a readable file of known hosts: {error}") from None
    if not trusted:
        raise InputError(
            f"{server.known_hosts} must have the host key of {server}, and it has not: take it with "
            f"'ssh-keyscan -p {server.port} {server.host}' and compare it with what the service publishes"
        )


def bring(server: Server, path: str, remote: Remote, draft: Path, tally: Tally) -> int:
    """Put the bytes of a file into the draft, from where it ends on, and give the size of the file.

    Raises
    ------
    Absent
        There is no such file.
    Denied
        The user, the key or the password is refused.
    Unavailable
        The connection broke, or nothing came in time.
    SourceError
        The host key is not the one that is known.
    """
    logging.getLogger("asyncssh").setLevel(logging.WARNING)  # at INFO it writes the name of the user
    begun(draft, remote)
    with _speaking(server, path), draft.open("ab") as out:
        size = asyncio.run(_bring(server, path, out, tally))
    if draft.stat().st_size != size:
        raise Unavailable(f"{server} must give {path} whole: it has {size} bytes, and {draft.stat().st_size} came")
    ended(draft)
    return size


@contextmanager
def _speaking(server: Server, path: str) -> Iterator[None]:
    import asyncssh

    def said(error: Exception) -> str:
        text = _credentials.without(error, server.password or "", server.user)
        return text or type(error).__name__

    try:
        yield
    except asyncssh.HostKeyNotVerifiable:
        raise SourceError(
            f"{server} must show the host key of {server.known_hosts}, and it shows another: nothing was sent to it; "
            "ask the service whether it changed its key before you replace that line"
        ) from None
    except asyncssh.PermissionDenied as error:
        raise Denied(f"{server} must accept the user and the key or password, and it said: {said(error)}") from None
    except asyncssh.SFTPNoSuchFile:
        raise Absent(f"{server} must have {path}, and it has not") from None
    except (OSError, TimeoutError, asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost, asyncssh.SFTPFailure) as error:
        raise Unavailable(f"{server} must give {path}, and the connection broke: {said(error)}") from None
    except asyncssh.Error as error:
        raise SourceError(f"{server} must give {path}, and it said: {said(error)}") from None


async def _bring(server: Server, path: str, out: BinaryIO, tally: Tally) -> int:
    """Put the rest of a file behind what there is, and give the size of the file."""
    async with _connected(server) as sftp, asyncio.timeout(server.timeout) as patience:
        size, at = (await sftp.stat(path)).size or 0, out.tell()
        if at > size:
            at = out.truncate(0)
        async with sftp.open(path, "rb") as file:
            while at < size and (block := await file.read(_BLOCK, at)):
                out.write(cast("bytes", block))
                at += len(block)
                tally(len(block))
                patience.reschedule(asyncio.get_running_loop().time() + server.timeout)
        return size


@asynccontextmanager
async def _connected(server: Server) -> "AsyncIterator[asyncssh.SFTPClient]":
    import asyncssh

    options = {
        "username": server.user,
        "client_keys": None if server.key is None else [str(server.key)],
        "password": server.password,
        "preferred_auth": "publickey" if server.password is None else "password,keyboard-interactive",
    }
    async with (
        asyncssh.connect(
            server.host, server.port, known_hosts=str(server.known_hosts), config=None, agent_path=None,
            connect_timeout=server.timeout, login_timeout=server.timeout, **options,
        ) as connection,
        connection.start_sftp_client() as sftp,
    ):  # fmt: skip
        yield sftp
