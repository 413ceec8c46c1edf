"""Files of an FTP server: folders that are listed, files that are gone on with where a connection broke."""

import ftplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import quote, unquote, urlsplit

from eo.errors import Absent, Denied, SourceError, Unavailable
from eo.origin import FtpSource
from eo.sources import _credentials
from eo.sources._connector import Tally
from eo.sources._drafts import begun, ended
from eo.sources._patience import patiently
from eo.sources._remote import Remote, Wanted
from eo.sources._times import folders, picked

T = TypeVar("T")

_BLOCK = 1 << 18
_REFUSED, _NOT_THERE = ("530",), ("550", "450", "501")
_UNKNOWN = ("500", "502", "504")
"""Replies to a command that a server does not have (RFC 959, 4.2.2)."""


def check(source: FtpSource) -> None:
    """Refuse a source whose user or password is not there.

    Raises
    ------
    InputError
        A variable that is named is not set, or .netrc has no such host.
    """
    _login(source)


def find(source: FtpSource, wanted: Wanted) -> list[Remote]:
    """Give the files of the span, folder by folder, by name; a folder that is not there has none.

    Raises
    ------
    SourceError
        The log-in is refused, or the server does not answer.
    """
    session = _Session(source)
    try:
        found = []
        for folder in folders(source.url, wanted):
            listed = patiently(session.host, source.limits, lambda folder=folder: session.list(folder, wanted))  # type: ignore[misc]
            found += sorted(listed, key=lambda one: one.name)
        return found
    finally:
        session.close()


def fetch(source: FtpSource, remote: Remote, draft: Path, tally: Tally) -> None:
    """Put the bytes of a file into the draft, from where it ends on if the server can.

    Raises
    ------
    Absent
        There is no such file.
    Unavailable
        The connection broke, or fewer bytes came than the server says that there are.
    SourceError
        The log-in is refused.
    """
    session = _Session(source)
    try:
        session.bring(remote, draft, tally)
    finally:
        session.close()


def _login(source: FtpSource) -> _credentials.Login:
    found = _credentials.login(source.credentials, str(urlsplit(source.url).hostname))
    return found or _credentials.Login("anonymous", "anonymous@")


class _Session:
    """A connection that is opened when it is needed, and anew after an error."""

    def __init__(self, source: FtpSource) -> None:
        parts = urlsplit(source.url)
        self.source, self.secure = source, parts.scheme == "ftps"
        self.host, self.port = str(parts.hostname), parts.port or ftplib.FTP_PORT
        self.base = f"{parts.scheme}://{parts.netloc}"
        self.login = _login(source)
        self.ftp: ftplib.FTP | None = None

    def close(self) -> None:
        if self.ftp is not None:
            self.ftp.close()
            self.ftp = None

    @contextmanager
    def speaking(self, what: str) -> Iterator[ftplib.FTP]:
        """Give the connection; what goes wrong on it is an error of the service, without user and password."""
        try:
            self.ftp = self.ftp or self._connected()
            yield self.ftp
        except (ftplib.Error, EOFError, OSError) as error:
            self.close()
            raise self._said(error, what) from None
        except BaseException:
            self.close()
            raise

    def _connected(self) -> ftplib.FTP:
        timeout = self.source.limits.timeout
        context = ssl.create_default_context() if self.secure else None
        ftp = ftplib.FTP_TLS(timeout=timeout, context=context) if context else ftplib.FTP(timeout=timeout)  # noqa: S321 - the services speak no other protocol
        try:
            ftp.connect(self.host, self.port)
            ftp.login(self.login.user, self.login.password)
            if isinstance(ftp, ftplib.FTP_TLS):
                ftp.prot_p()
            ftp.voidcmd("TYPE I")
        except BaseException:
            ftp.close()
            raise
        return ftp

    def _said(self, error: Exception, what: str) -> SourceError:
        text = _credentials.without(error, self.login.password, self.login.user) or type(error).__name__
        message = f"{self.host} must give {what}, and it said: {text}"
        if not isinstance(error, ftplib.error_perm):
            return Unavailable(message)
        if text.startswith(_REFUSED) and not any(word in text.lower() for word in ("many", "maximum", "limit")):
            return Denied(f"{self.host} must accept the user and the password, and it said: {text}")
        if text.startswith(_REFUSED):
            return Unavailable(message)
        refused = any(word in text.lower() for word in ("permission", "privilege", "denied"))
        return Absent(message) if text.startswith(_NOT_THERE) and not refused else SourceError(message)

    def list(self, folder: str, wanted: Wanted) -> list[Remote]:
        """Give the product's files of a folder."""
        path = unquote(urlsplit(folder).path)
        try:
            with self.speaking(f"the listing of {path}") as ftp:
                facts = _facts(ftp, path, lambda name: picked(name, wanted))
        except Absent:
            return []
        return [
            Remote(
                name=name,
                url=f"{self.base}{quote(str(PurePosixPath(path) / name))}",
                size=int(said["size"]) if said.get("size", "").isdigit() else None,
                modified=_iso(said.get("modify", "")),
            )
            for name, said in facts.items()
        ]

    def bring(self, remote: Remote, draft: Path, tally: Tally) -> None:
        """Put the rest of a file into the draft."""
        path, offset = unquote(urlsplit(remote.url).path), begun(draft, remote)
        with self.speaking(path) as ftp:
            size = _answer(lambda: ftp.size(path))
            if size is not None and remote.size is not None and size != remote.size:
                raise SourceError(f"{self.host}: {path} was listed with {remote.size} bytes, and now it has {size}")
            if size is None or offset < size:
                offset = self._receive(ftp, path, draft, offset, tally)
        if size is not None and offset != size:
            raise Unavailable(f"{self.host} must give {path} whole: it has {size} bytes, and {offset} came")
        ended(draft)

    def _receive(self, ftp: ftplib.FTP, path: str, draft: Path, offset: int, tally: Tally) -> int:
        try:
            connection = ftp.transfercmd(f"RETR {path}", rest=offset or None)
        except ftplib.error_perm as error:
            if not offset or not str(error).startswith(_UNKNOWN):
                raise
            offset = 0
            connection = ftp.transfercmd(f"RETR {path}")
        with connection, draft.open("r+b") as out:
            out.truncate(offset)
            out.seek(offset)
            while block := connection.recv(_BLOCK):
                out.write(block)
                offset += len(block)
                tally(len(block))
            if isinstance(connection, ssl.SSLSocket):
                connection.unwrap()
        ftp.voidresp()
        return offset


def _facts(ftp: ftplib.FTP, path: str, is_wanted: Callable[[str], bool]) -> dict[str, dict[str, str]]:
    """Give size and time of the files of a folder: by MLSD, or of a server without it by NLST, SIZE and MDTM."""
    try:
        listed = list(ftp.mlsd(path, facts=["type", "size", "modify"]))
        return {name: said for name, said in listed if said.get("type", "file") == "file" and is_wanted(name)}
    except ftplib.error_perm as error:
        if not str(error).startswith(_UNKNOWN):
            raise
    names = [PurePosixPath(one).name for one in ftp.nlst(path)]
    ftp.voidcmd("TYPE I")  # a listing leaves the type at ASCII, in which servers give no size
    return {name: _asked(ftp, f"{path.rstrip('/')}/{name}") for name in names if is_wanted(name)}


def _asked(ftp: ftplib.FTP, path: str) -> dict[str, str]:
    size = _answer(lambda: ftp.size(path))
    modified = _answer(lambda: ftp.voidcmd(f"MDTM {path}"))
    return {"size": "" if size is None else str(size), "modify": (modified or "").partition(" ")[2]}


def _answer(ask: Callable[[], T]) -> T | None:
    """Give what a command answers, None where the server does not have it."""
    try:
        return ask()
    except ftplib.error_perm as error:
        if str(error).startswith(_UNKNOWN):
            return None
        raise


def _iso(stamp: str) -> str:
    """Give a time of RFC 3659 (YYYYMMDDHHMMSS, UTC) as ISO 8601."""
    text = stamp[:14]
    if len(text) != len("YYYYMMDDHHMMSS") or not text.isdigit():
        return ""
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:14]}Z"
