"""Objects of a bucket that anyone may list and read: listed with obstore, read over HTTP."""

import re
from collections.abc import Iterator
from datetime import UTC
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from eo.errors import InputError, SourceError, Unavailable
from eo.filenames import step_in
from eo.origin import Credentials, S3Source, host_of
from eo.sources._connector import Tally
from eo.sources._http import Access, download, read
from eo.sources._patience import patiently
from eo.sources._remote import Remote, Wanted
from eo.steps import steps_in

if TYPE_CHECKING:
    from obstore.store import S3Store

_LATER = re.compile(r"status code: (408|429|5\d\d)|error sending request|timed out|operation timeout|connection")
_MD5 = re.compile(r'"([0-9a-f]{32})"')


def check(source: S3Source) -> None:
    """Refuse a source whose client is not installed.

    Raises
    ------
    InputError
        Says what to install.
    """
    if find_spec("obstore") is None:
        raise InputError(
            f"bucket {source.bucket} is listed with obstore, which is not installed; install the extra: s3"
        )


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

    The first request is made as any other: obstore says neither where it was redirected to nor how long to wait.
    """
    base, limits = _base(source), source.limits
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
    from obstore.exceptions import BaseError

    try:
        return [one for page in obstore.list(_store(source), prefix=prefix or None) for one in page]
    except (BaseError, OSError) as error:
        said = str(error).partition("\n")[0]
        kind = Unavailable if _LATER.search(said) else SourceError
        raise kind(f"bucket {source.bucket} must be listed to its end, and it is not: {said}") from None


def _store(source: S3Source) -> "S3Store":
    from datetime import timedelta

    from obstore.store import S3Store

    return S3Store(
        source.bucket,
        region=source.region,
        endpoint=source.endpoint,
        skip_signature=True,
        virtual_hosted_style_request=source.endpoint is None,
        client_options={
            "timeout": timedelta(seconds=source.limits.timeout),
            "allow_http": bool(source.endpoint and source.endpoint.startswith("http://")),
        },
        retry_config={"max_retries": 0},
    )


def fetch(source: S3Source, remote: Remote, draft: Path, tally: Tally) -> Remote:
    """Put the bytes of an object into the draft, going on where it was cut off.

    Raises
    ------
    SourceError
        Unavailable, Absent, or what else the bucket answered.
    """
    return download(_access(source), remote, draft, tally)
