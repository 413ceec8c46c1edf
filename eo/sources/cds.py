"""Answers of the Climate Data Store: a request is submitted once, and waited for by its identifier.

Beside the draft stands what is submitted, before it is, and its identifier, before the wait begins: a process that
comes after a crash goes on with the request that runs. Where the identifier was not written any more, or the answer to
the submission never came, the request is looked for among those of the account, and only submitted if it is not there.
"""

import importlib.util
import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from eo.errors import Absent, InputError, SourceError, Unavailable
from eo.origin import CdsSource, Credentials, host_of
from eo.sources import _cds_requests
from eo.sources._cds_client import key_of, opened, speaking, submitted_since
from eo.sources._connector import Tally
from eo.sources._credentials import without
from eo.sources._download import download
from eo.sources._http import Access
from eo.sources._patience import patiently
from eo.sources._remote import Remote, Wanted

if TYPE_CHECKING:
    from ecmwf import datastores

_WAITING = frozenset({"accepted", "running"})
_CROWDED = ("queued requests", "too many", "limited to", "temporarily")
"""Words of a rejection that another try later may mend."""


def check(source: CdsSource) -> None:
    """Refuse a source whose client or key is not there.

    Raises
    ------
    InputError
        Says what is lacking; never the key.
    """
    if importlib.util.find_spec("ecmwf") is None or importlib.util.find_spec("ecmwf.datastores") is None:
        raise InputError("the Climate Data Store needs the package ecmwf-datastores-client; the extra 'cds' has it")
    key_of(source)


def find(source: CdsSource, wanted: Wanted) -> list[Remote]:
    """Give a request for each month (or year) of the span that the store has, by time.

    A month with more days than before is a request with another `etag`.

    Raises
    ------
    SourceError
        The store does not answer, or it does not offer what the source asks for at any time.
    """

    def constraints() -> list[dict[str, list[str]]]:
        with opened(source) as client:
            found: list[dict[str, list[str]]] = client.get_collection(source.collection).constraints
            return found

    offered = patiently(host_of(source.url), source.limits, constraints)
    return _cds_requests.requests(source, wanted.span, offered)


def fetch(source: CdsSource, remote: Remote, draft: Path, tally: Tally) -> Remote:
    """Wait for the answer to a request, submitted now or by an earlier attempt, and put it into the draft.

    Raises
    ------
    Denied
        The key is refused.
    Unavailable
        The store is busy, its queue is full, the answer expired, or it broke off.
    SourceError
        The licence is not accepted, the request is too large, it failed, or it takes longer than `limits.deadline`.
    """
    with opened(source) as client:
        job = _submitted(source, client, remote, draft)
        place = _cds_requests.at(remote, *_result(source, job, draft))
    access = Access((host_of(source.url), *source.hosts), source.limits, Credentials())
    try:
        download(access, place, draft, tally)
    except Absent:
        _forget(draft)
        raise Unavailable(f"{source.url}: the answer to {remote.name} expired, and is asked for again") from None
    if draft.stat().st_size != place.size:
        raise Unavailable(
            f"{source.url} must give {remote.name} whole: {place.size} bytes, and {draft.stat().st_size} came"
        )
    _forget(draft)
    return replace(remote, size=place.size)


def _note(draft: Path) -> Path:
    return draft.with_name(f"{draft.name}.request")


def _forget(draft: Path) -> None:
    _note(draft).unlink(missing_ok=True)


def _submitted(source: CdsSource, client: "datastores.Client", remote: Remote, draft: Path) -> "datastores.Remote":
    """Give the request that an earlier attempt submitted, if it is still there, or submit it."""
    note = _note(draft)
    job = _earlier(source, client, remote, note)
    if job is None:
        draft.unlink(missing_ok=True)
        job = _submit(source, client, remote, note)
    _write(note, remote, identity=job.request_id)
    return job


def _earlier(source: CdsSource, client: "datastores.Client", remote: Remote, note: Path) -> "datastores.Remote | None":
    """Give the request that a note tells of, if there is one and the store still has it."""
    try:
        said = json.loads(note.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    if said["url"] != remote.url:
        return None
    try:
        with speaking(source):
            if said["identity"]:
                return client.get_remote(said["identity"])
            since = datetime.fromisoformat(said["written"])
            return submitted_since(client, source.collection, _cds_requests.inputs_of(remote), since)
    except Absent:
        return None


def _submit(source: CdsSource, client: "datastores.Client", remote: Remote, note: Path) -> "datastores.Remote":
    inputs = _cds_requests.inputs_of(remote)
    try:
        with speaking(source):
            _check_costs(source, client.estimate_costs(source.collection, inputs))
            _write(note, remote)
            return client.submit(source.collection, inputs)
    except Unavailable:  # it may have been submitted all the same
        raise
    except Absent as error:  # of the collection: no month is missing because of it
        note.unlink(missing_ok=True)
        raise SourceError(str(error)) from None
    except SourceError:
        note.unlink(missing_ok=True)
        raise


def _write(note: Path, remote: Remote, identity: str = "") -> None:
    """Write the note so that it is there whole, whatever happens next."""
    whole = note.with_name(f"{note.name}.new")
    said = {"url": remote.url, "identity": identity, "written": datetime.now(UTC).isoformat()}
    with whole.open("w", encoding="utf-8") as out:
        json.dump(said, out)
        out.flush()
        os.fsync(out.fileno())
    whole.rename(note)


def _check_costs(source: CdsSource, said: dict[str, object]) -> None:
    cost, limit = said.get("cost"), said.get("limit")
    if isinstance(cost, int | float) and isinstance(limit, int | float) and cost > limit:
        raise SourceError(
            f"a request to {source.collection} costs at most {limit:g}, and this one costs {cost:g}: "
            f"batch is {source.batch!r}"
        )


def _result(source: CdsSource, job: "datastores.Remote", draft: Path) -> tuple[str, int]:
    """Give address and size of the answer, when it is there."""
    end = time.monotonic() + source.limits.deadline
    try:
        with speaking(source):
            while (status := job.status) in _WAITING:
                if time.monotonic() + source.poll > end:
                    raise SourceError(
                        f"{source.collection} must answer within {source.limits.deadline:g} s, and request "
                        f"{job.request_id} is {status}: it is kept, and the next fetch goes on with it"
                    )
                time.sleep(source.poll)
            if status == "successful":
                results = job.get_results()
                return results.location, results.content_length
    except Absent:
        _forget(draft)
        raise Unavailable(f"{source.url}: the answer to request {job.request_id} expired") from None
    _forget(draft)
    raise _ended(source, job, status)


def _ended(source: CdsSource, job: "datastores.Remote", status: str) -> SourceError:
    """Give why a request ended without an answer."""
    import requests
    from ecmwf.datastores.processing import ProcessingFailedError

    text = ""
    try:
        job.results_ready  # noqa: B018 - of a request that failed the client raises the reason
    except (ProcessingFailedError, requests.HTTPError) as error:
        text = without(error, key_of(source))
    kind = Unavailable if any(word in text.lower() for word in _CROWDED) else SourceError
    return kind(f"{source.collection} must answer request {job.request_id}, and it is {status}: {text}")
