"""A lock in a bucket, which frees itself when its holder dies.

The holder writes it anew every few seconds. Whoever waits watches its ETag: one that has not changed for a minute, by
the clock of the one who waits, is of a holder that is dead, and is taken over. Clocks of machines are never compared.
That only one of two who try has it is up to the bucket, which writes an object only where it is as it was seen.
"""

import logging
import math
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from eo.bucket import Bucket, Taken
from eo.errors import StoreError

SECONDS = 60.0
"""How long a lock may stay as it is before its holder is taken for dead."""
_RENEWALS = 4
"""How often a holder renews it in that time."""
_FREE = "free"
_LOG = logging.getLogger(__name__)


@dataclass
class _Lease:
    """A lock that this process holds."""

    bucket: Bucket
    key: str
    owner: str
    etag: str
    renewed: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)

    def renew(self, text: str) -> None:
        self.etag = _marked(self.bucket, self.key, text, self.owner, self.etag)
        self.renewed = time.monotonic()


_HELD: dict[tuple[Bucket, str], _Lease] = {}


@contextmanager
def held(bucket: Bucket, key: str, seconds: float = SECONDS) -> Iterator[None]:
    """Wait until no other process holds a lock, and hold it.

    Raises
    ------
    StoreError
        The bucket does not answer, or refuses.
    """
    owner = uuid.uuid4().hex
    lease = _Lease(bucket, key, owner, _acquired(bucket, key, owner, seconds))
    _HELD[bucket, key] = lease
    renewing = threading.Thread(target=_renew, args=(lease, seconds), name=f"lease {key}", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        lease.ended.set()
        renewing.join()
        del _HELD[bucket, key]
        try:
            lease.renew(_FREE)
        except StoreError as error:
            _LOG.warning("%s", error)


def check(bucket: Bucket, key: str, seconds: float = SECONDS) -> None:
    """Refuse to go on with a lock that another process may have by now: this one was asleep for too long.

    Raises
    ------
    StoreError
        The lock was not renewed in time.
    """
    lease = _HELD.get((bucket, key))
    if lease is not None and time.monotonic() - lease.renewed > seconds:
        raise StoreError(
            f"{bucket.url(key)} must be renewed within {seconds:.0f} s, and it was not: another process may work on "
            "the same now. Run again"
        )


def _acquired(bucket: Bucket, key: str, owner: str, seconds: float) -> str:
    """Give the ETag of a lock as soon as this process has it."""
    seen, since = "", time.monotonic()
    while True:
        text, etag = bucket.text(key)
        if etag != seen:
            seen, since = etag, time.monotonic()
        if text in {"", _FREE} or time.monotonic() - since > seconds:
            with suppress(Taken):
                return _marked(bucket, key, f"{owner} 0", owner, etag)
        time.sleep(min(1.0, seconds / 10))


def _marked(bucket: Bucket, key: str, text: str, owner: str, etag: str) -> str:
    """Write a lock and give its ETag. An answer that was lost lets the second try find what the first one wrote."""
    try:
        return bucket.mark(key, text, instead=etag)
    except Taken:
        there, now = bucket.text(key)
        if there.partition(" ")[0] == owner:
            return now
        raise


def _renew(lease: _Lease, seconds: float) -> None:
    count = 0
    while not lease.ended.wait(seconds / _RENEWALS):
        count += 1
        try:
            lease.renew(f"{lease.owner} {count}")
        except Taken as error:
            lease.renewed = -math.inf
            _LOG.warning("%s", error)
            return
        except StoreError as error:  # the next renewal may succeed; `check` counts the time
            _LOG.warning("%s", error)
