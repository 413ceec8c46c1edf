"""A folder of an S3 bucket as a root: objects are put whole, carry their SHA-256, and are checked when they are taken.

Who may read and write it, and where it is, comes from the environment, under the names that every S3 client knows:
``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_SESSION_TOKEN``, ``AWS_REGION``, ``AWS_ENDPOINT_URL``.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from eo.errors import InputError, StoreError
from eo.provenance import digest, file_sha256

if TYPE_CHECKING:
    from obstore.store import S3Store

SCHEME = "s3://"
_SHA256 = "sha256"
_PIECE = 1 << 22
_TIMEOUT, _CONNECT = timedelta(seconds=300), timedelta(seconds=10)
_PATIENCE, _RETRIES = timedelta(seconds=120), 5
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class Taken(StoreError):  # noqa: N818 - what befell it, beside the other errors
    """An object is there already, or is no longer the one that was to be replaced."""


@dataclass(frozen=True)
class Stored:
    """What a bucket says of an object."""

    key: str
    size: int
    modified: datetime
    etag: str

    @property
    def stamp(self) -> int:
        """What its copy gets as time of modification, ns: buckets tell whole seconds, the rest is of the ETag."""
        return int(self.modified.timestamp()) * 10**9 + int(digest(self.etag)[:8], 16) % 10**9


@dataclass(frozen=True)
class Bucket:
    """A folder of a bucket. Keys are relative to it."""

    name: str
    prefix: str

    @classmethod
    def of(cls, url: str) -> "Bucket":
        """Give the folder that an address ``s3://bucket/folder`` names.

        Raises
        ------
        InputError
            Not of that form, or the client is not installed.
        """
        at = urlsplit(url)
        if not url.startswith(SCHEME) or not _NAME.fullmatch(at.netloc) or at.query or at.fragment:
            raise InputError(f"a root in a bucket is written s3://bucket/folder, not {url!r}")
        if find_spec("obstore") is None:
            raise InputError(
                f"obstore must be installed for {url}, and it is not; the extra 's3' has it: "
                "pip install 'eo-climate-indicators[s3]'"
            )
        return cls(at.netloc, at.path.strip("/"))

    def url(self, key: str = "") -> str:
        """Give the address of an object, or of the folder."""
        return SCHEME + "/".join(one for one in (self.name, self.prefix, key) if one)

    def stored(self, key: str) -> Stored | None:
        """Give what the bucket says of an object; None where there is none.

        Raises
        ------
        StoreError
            The bucket does not answer, or refuses.
        """
        import obstore

        with self._explained(key):
            try:
                found = obstore.get(_client(self), key, options={"head": True})
            except FileNotFoundError:
                return None
            return _stored(found.meta)

    def listed(self, folder: str) -> Iterator[Stored]:
        """Give what the bucket says of each object below a folder, in no order.

        Raises
        ------
        StoreError
            See `stored`.
        """
        import obstore

        with self._explained(folder):
            for page in obstore.list(_client(self), f"{folder}/", chunk_size=1000):
                yield from map(_stored, page)

    def put(self, key: str, path: Path) -> None:
        """Put a file in the place of what may be there: whole or not at all, with its SHA-256.

        Raises
        ------
        StoreError
            See `stored`.
        """
        import obstore

        with self._explained(key):
            obstore.put(_client(self), key, path, attributes={_SHA256: file_sha256(path)})

    def take(self, key: str, path: Path) -> bool:
        """Take an object as a file, its bytes checked against the SHA-256 that it carries; False where there is none.

        Raises
        ------
        StoreError
            See `stored`; or its bytes are others.
        """
        import obstore

        with self._explained(key):
            try:
                found = obstore.get(_client(self), key)
            except FileNotFoundError:
                return False
            said, real = str(found.attributes.get(_SHA256, "")), hashlib.sha256()
            with path.open("wb") as stream:
                for piece in found.stream(min_chunk_size=_PIECE):
                    real.update(piece)
                    stream.write(piece)
        size = found.meta["size"]
        if path.stat().st_size != size or said not in {"", real.hexdigest()}:
            path.unlink()
            raise StoreError(
                f"{self.url(key)} must be the {size} bytes with SHA-256 {said or 'unsaid'} that were put there, and it "
                f"is not: {real.hexdigest()}"
            )
        stamp = _stored(found.meta).stamp
        os.utime(path, ns=(stamp, stamp))
        return True

    def text(self, key: str) -> tuple[str, str]:
        """Give a small object and its ETag; both empty where there is none.

        Raises
        ------
        StoreError
            See `stored`.
        """
        import obstore

        with self._explained(key):
            try:
                found = obstore.get(_client(self), key)
            except FileNotFoundError:
                return "", ""
            return bytes(found.bytes()).decode("utf-8", "replace"), str(found.meta["e_tag"])

    def mark(self, key: str, text: str, *, instead: str = "") -> str:
        """Put a small object if there is none, or in the place of that with an ETag; give the ETag of the new one.

        Raises
        ------
        Taken
            Another one was there first.
        StoreError
            See `stored`.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._explained(key):
            try:
                mode: Any = {"e_tag": instead} if instead else "create"
                return str(obstore.put(_client(self), key, text.encode(), mode=mode)["e_tag"])
            except (AlreadyExistsError, PreconditionError):
                raise Taken(f"{self.url(key)} is held by another process") from None

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        """Turn what the bucket refuses into one line. The client's own words end with the answer of the service."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            first = str(error).partition("\n")[0].partition(": <?xml")[0]
            code = re.search(r"<Code>(\w+)</Code>", str(error))
            said = f"{first[:200]}{f' ({code[1]})' if code else ''}"
            raise StoreError(f"{self.url(key)} must be there to read and to write, and it is not: {said}") from None


def _stored(meta: Any) -> Stored:  # noqa: ANN401 - a dict that obstore types for checkers alone
    return Stored(str(meta["path"]), int(meta["size"]), meta["last_modified"], str(meta["e_tag"] or ""))


def _client(bucket: Bucket) -> "S3Store":
    return _made(bucket, os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or "")


@lru_cache
def _made(bucket: Bucket, endpoint: str) -> "S3Store":
    """Give the client of a folder; without TLS it speaks to this machine alone."""
    from obstore.store import S3Store

    at = urlsplit(endpoint)
    here = at.scheme == "http" and at.hostname in {"127.0.0.1", "localhost", "::1"}
    return S3Store(
        bucket.name,
        prefix=bucket.prefix or None,
        endpoint=endpoint or None,
        client_options={"timeout": _TIMEOUT, "connect_timeout": _CONNECT, "allow_http": here},
        retry_config={"max_retries": _RETRIES, "retry_timeout": _PATIENCE},
    )
