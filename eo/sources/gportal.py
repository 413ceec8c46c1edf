"""Granules of JAXA's G-Portal: the catalogue says which there are, an SFTP server gives them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import numpy as np

from eo.errors import SourceError, Unavailable
from eo.origin import Credentials, GportalSource, host_of
from eo.sources import _credentials, _sftp
from eo.sources._connector import Tally
from eo.sources._http import Access, read
from eo.sources._remote import Remote, Wanted
from eo.sources._times import picked

_MARK = "/Standard/"
_DAY = np.timedelta64(1, "D")


def check(source: GportalSource) -> None:
    """Refuse a source without its user, its key or password, or the host key of its server.

    Raises
    ------
    InputError
        Says which variable is not set, or which file lacks what.
    """
    _sftp.check(_server(source))


def _server(source: GportalSource) -> _sftp.Server:
    host, _, port = source.server.partition(":")
    named = source.credentials
    by_key = source.login == "key"
    return _sftp.Server(
        host=host,
        port=int(port),
        known_hosts=Path(source.known_hosts).expanduser(),
        timeout=source.limits.timeout,
        user=_credentials.stated(named.user, f"the user of {host}"),
        key=Path(_credentials.stated(named.key, f"the key file of {host}")).expanduser() if by_key else None,
        password=None if by_key else _credentials.stated(named.password, f"the password of {host}"),
    )


def find(source: GportalSource, wanted: Wanted) -> list[Remote]:
    """Give the granules of the span that the catalogue has and that can be had, by name, the last issue of each.

    The size that the catalogue states is rounded to whole MiB: it is not used.

    Raises
    ------
    SourceError
        The catalogue does not answer, or what it answers is none.
    """
    found: dict[str, Remote] = {}
    for dataset in source.datasets:
        for record in _records(source, dataset, wanted):
            one = remote_of(record, source)
            if one is None or not picked(one.name, wanted):
                continue
            if one.name not in found or one.modified > found[one.name].modified:
                found[one.name] = one
    return [found[name] for name in sorted(found)]


def remote_of(record: dict[str, Any], source: GportalSource) -> Remote | None:
    """Give the file of a record of the catalogue; None where it has none, or one of another version.

    Raises
    ------
    SourceError
        The record is not of the form that the catalogue has.
    """
    try:
        said = record["properties"]
        product, more = said["product"], said.get("gpp", {})
        stated, version = str(product["fileName"]), str(product.get("version", ""))
    except (KeyError, TypeError, AttributeError):
        raise SourceError(f"a record of {source.catalogue} has properties.product.fileName; this one has not") from None
    if more.get("hasProduct", "true") != "true" or (source.version and version != source.version):
        return None
    path = path_of(stated, source.root)
    return Remote(
        name=PurePosixPath(path).name,
        url=f"sftp://{source.server}{quote(path)}",
        modified=str(said.get("processingDate", "")),
    )


def path_of(stated: str, root: str) -> str:
    """Give the path on the server of a file that the catalogue states: what follows /Standard/, below the root.

    Raises
    ------
    SourceError
        There is no /Standard/ in it, or it leads out of the root.
    """
    before, _, rest = stated.partition(_MARK)
    if not rest or not before or any(part in {"", ".", ".."} for part in rest.split("/")):
        raise SourceError(f"a file of G-Portal is stated as HOST:/products/Standard/..., not as {stated!r}")
    return f"{root.rstrip('/')}/{rest}"


def _records(source: GportalSource, dataset: str, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Give the records of a data set, page by page; the first has number 1."""
    start = 1
    while True:
        page = _page(source, dataset, wanted, start)
        try:
            features, matched = page["features"], int(page["properties"]["numberOfRecordsMatched"])
        except (KeyError, TypeError, ValueError):
            raise SourceError(f"{source.catalogue} answers with features and numberOfRecordsMatched; not now") from None
        yield from features
        start += len(features)
        if start > matched:
            return
        if not features:
            raise Unavailable(f"{source.catalogue} says that it has {matched} records, and ends after {start - 1}")


def _page(source: GportalSource, dataset: str, wanted: Wanted, start: int) -> dict[str, Any]:
    """Give one page; a granule may begin on the day before the one that it is named after."""
    first, last = (one.astype("datetime64[s]") for one in (wanted.span.start, wanted.span.end))
    query = {
        "service": "CSW",
        "version": "3.0.0",
        "request": "GetRecords",
        "outputFormat": "application/json",
        "datasetId": dataset,
        "startTime": f"{first - _DAY}Z",
        "endTime": f"{last + _DAY}Z",
        "count": source.page,
        "startIndex": start,
    }
    access = Access((host_of(source.catalogue), *source.hosts), source.limits, Credentials())
    text = read(access, f"{source.catalogue}?{urlencode(query)}")
    try:
        found = json.loads(text)
    except ValueError:
        raise SourceError(f"{source.catalogue} must answer in JSON, and it does not: {text[:60]!r}") from None
    if not isinstance(found, dict):
        raise SourceError(f"{source.catalogue} must answer with a FeatureCollection, and it does not")
    return found


def fetch(source: GportalSource, remote: Remote, draft: Path, tally: Tally) -> Remote:
    """Put the bytes of a granule into the draft, from where it ends on, and give it with its size.

    Raises
    ------
    SourceError
        See `eo.sources._sftp.bring`.
    """
    path = unquote(urlsplit(remote.url).path)
    return replace(remote, size=_sftp.bring(_server(source), path, remote, draft, tally))
