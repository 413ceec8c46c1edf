"""Objects of a bucket: listed with obstore, read over HTTP; where it takes a key, by addresses that are signed with it.

A signature holds for a while alone, so it is made just before each request, and stands nowhere afterwards.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import numpy as np

from eo.errors import Denied, InputError, SourceError, Unavailable
from eo.filenames import step_in
from eo.origin import Credentials, S3Source, host_of
from eo.sources._connector import Tally
from eo.sources._credentials import login, without
from eo.sources._download import download
from eo.sources._http import Access, read
from eo.sources._patience import patiently
from eo.sources._remote import Remote, Wanted
from eo.steps import steps_in

if TYPE_CHECKING:
    from obstore.store import S3Store

_LATER = re.compile(r"status code: (408|429|5\d\d)|error sending request|timed out|operation timeout|connection")
_REFUSED = re.compile(
    r"status code: (401|403)|status: (401|403)|Forbidden|Unauthorized|PermissionDenied|Unauthenticated"
)
_MD5 = re.compile(r'"([0-9a-f]{32})"')


def check(source: S3Source) -> None:
    """Refuse a source whose client is not installed, or whose key is not there.

    Raises
    ------
    InputError
        Says what to install, or which environment variable is not set.
    """
    if find_spec("obstore") is None:
        raise InputError(
            f"bucket {source.bucket} is listed with obstore, which is not installed; install the extra: s3"
        )
    login(source.credentials, host_of(_base(source)))


def _base(source: S3Source) -> str:
    """Give the address of the bucket."""
    if source.endpoint:
        return f"{source.endpoint.rstrip('/')}/{source.bucket}"
    return f"https://{source.bucket}.s3.{source.region}.amazonaws.com"


def _access(source: S3Source) -> Access:
    return Access((host_of(_base(source)), *source.hosts), source.limits, Credentials())


def find(source: S3Source, wanted: Wanted) -> list[Remote]:
    """Give the objects of a span below the folders of its steps, by name.

    Raises
    ------
    SourceError
        There is no such bucket, or it is not open.
    """
    pattern = re.compile(wanted.product.filename or ".+")
    asked = steps_in(wanted.span, wanted.product.step)
    steps, found = {"", *asked}, {}
    for prefix in dict.fromkeys(source.prefix.format(time=np.datetime64(one, "s").item()) for one in asked):
        for one in _listed(source, prefix):
            step = step_in(one.name, wanted.product)
            if pattern.fullmatch(one.name) and step in steps:
                found[one.name] = Remote(one.name, one.url, one.size, one.etag, one.modified, one.checksum, time=step)
    return [found[name] for name in sorted(found)]


def _listed(source: S3Source, prefix: str) -> Iterator[Remote]:
    """Give the objects below a folder, page by page.

    The first request of an open bucket is made as any other: obstore says neither where it was redirected to nor how
    long to wait.
    """
    base, limits = _base(source), source.limits
    if not source.credentials.user:
        read(_access(source), f"{base}/?list-type=2&max-keys=1&prefix={quote(prefix, safe='')}")
    for one in patiently(host_of(base), limits, lambda: _pages(source, prefix)):
        key, etag = str(one["path"]), str(one["e_tag"] or "")
        whole = _MD5.fullmatch(etag)
        yield Remote(
            key.rpartition("/")[2],
            f"{base}/{quote(key)}",
            int(one["size"]),
            etag,
            f"{one['last_modified'].astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            f"md5:{whole[1]}" if whole else "",
        )


def _pages(source: S3Source, prefix: str) -> list[Any]:
    import obstore

    with _speaking(source):
        return [one for page in obstore.list(_store(source), prefix=prefix or None) for one in page]


@contextmanager
def _speaking(source: S3Source) -> Iterator[None]:
    """Give what goes wrong as an error of the service, without the key."""
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError) as error:
        found = login(source.credentials, host_of(_base(source)))
        said = without(str(error).partition("\n")[0], *((found.user, found.password) if found else ()))
        if found and _REFUSED.search(said):
            raise Denied(f"bucket {source.bucket} must accept the key of {source.credentials.user}: {said}") from None
        kind = Unavailable if _LATER.search(said) else SourceError
        raise kind(f"bucket {source.bucket} must be listed to its end, and it is not: {said}") from None


def _store(source: S3Source) -> "S3Store":
    from datetime import timedelta

    from obstore.store import S3Store

    found = login(source.credentials, host_of(_base(source)))
    key = {"access_key_id": found.user, "secret_access_key": found.password} if found else {"skip_signature": True}
    return S3Store(
        source.bucket,
        region=source.region,
        endpoint=source.endpoint,
        virtual_hosted_style_request=source.endpoint is None,
        client_options={
            "timeout": timedelta(seconds=source.limits.timeout),
            "allow_http": bool(source.endpoint and source.endpoint.startswith("http://")),
        },
        retry_config={"max_retries": 0},
        **key,
    )


def fetch(source: S3Source, remote: Remote, draft: Path, tally: Tally) -> Remote:
    """Put the bytes of an object into the draft, going on where it was cut off.

    Raises
    ------
    SourceError
        Unavailable, Absent, or what else the bucket answered.
    """
    there = download(_access(source), replace(remote, url=_signed(source, remote.url)), draft, tally)
    return replace(there, url=remote.url)


def _signed(source: S3Source, url: str) -> str:
    """Give the address of an object with a signature, where its bucket takes a key."""
    from datetime import timedelta

    import obstore

    if not source.credentials.user:
        return url
    key = unquote(url.removeprefix(f"{_base(source)}/"))
    return str(obstore.sign(_store(source), "GET", key, timedelta(seconds=source.limits.deadline)))
