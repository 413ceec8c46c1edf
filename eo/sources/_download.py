"""The bytes of a file by HTTP, gone on with where they broke off."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from eo.errors import Unavailable
from eo.sources._connector import Tally
from eo.sources._http import Access, answer, as_said, shown
from eo.sources._remote import Remote
from eo.sources._transport import Head, Request

_WORTH = 1 << 20
"""Bytes that are worth to be gone on with after a process that was killed; after an error, any are."""


def download(access: Access, remote: Remote, draft: Path, tally: Tally) -> Remote:
    """Put the bytes of a file into the draft and give the file as the server described it.

    A draft that holds a beginning is gone on with where the server still has the same file: the validator of the
    bytes (a strong ETag, or else the time of modification) stands beside the draft, and If-Range says it.

    Raises
    ------
    SourceError
        See `eo.sources._http.answer`.
    """
    beside = draft.with_name(f"{draft.name}.validator")
    said = _text(beside) if draft.exists() else ""
    there = draft.stat().st_size if said else 0
    headers = {"Range": f"bytes={there}-", "If-Range": said} if there else {}
    with ExitStack() as files:
        body = _Body(remote, draft, beside, bool(said), there, tally, files)
        try:
            found = answer(access, Request(remote.url, headers), body.begin)
        except BaseException:
            body.leave()
            raise
    if found.status == 416:  # noqa: PLR2004 - range not satisfiable (RFC 9110)
        if found.headers.get("content-range") == f"bytes */{there}":
            return as_said(remote, found)
        draft.unlink(missing_ok=True)
        raise Unavailable(f"{shown(remote.url)} must go on at byte {there}, and it does not")
    return as_said(remote, found, body.size)


@dataclass
class _Body:
    """The bytes of an answer on their way into the draft: at its end, or in the place of what it holds."""

    remote: Remote
    draft: Path
    beside: Path
    begun: bool
    """Something stands beside it."""
    there: int
    tally: Tally
    files: ExitStack
    size: int = 0
    validator: str = ""
    """Of bytes that none stands beside yet."""
    write: Callable[[bytes], object] = field(init=False)

    def begin(self, found: Head) -> Callable[[bytes], None] | None:
        """Take the beginning of an answer, and give what takes its bytes."""
        if found.status == 416:  # noqa: PLR2004 - range not satisfiable (RFC 9110)
            return None
        going_on = self.there > 0 and found.headers.get("content-range", "").startswith(f"bytes {self.there}-")
        if found.status == 206 and not going_on:  # noqa: PLR2004 - partial content (RFC 9110)
            self.draft.unlink(missing_ok=True)
            raise Unavailable(f"{shown(self.remote.url)} must give the bytes that were asked for, and it gives others")
        if self.begun and not going_on:
            self.beside.unlink()
        self.size, self.validator = (self.there, "") if going_on else (0, _validator(found))
        self.write = self.files.enter_context(self.draft.open("ab" if going_on else "wb", buffering=0)).write
        return self._take

    def _take(self, piece: bytes) -> None:
        self.write(piece)
        self.size += len(piece)
        if self.size > _WORTH:
            self.leave()
        self.tally(len(piece))

    def leave(self) -> None:
        """Let the validator of what is in the draft stand beside it, so that it can be gone on with."""
        if self.validator:
            self.beside.write_text(self.validator, encoding="utf-8")
            self.validator = ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _validator(found: Head) -> str:
    etag = found.headers.get("etag", "")
    return etag if etag and not etag.startswith("W/") else found.headers.get("last-modified", "")
