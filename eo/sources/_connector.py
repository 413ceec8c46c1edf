"""What a module of `eo.sources` that reaches a service has: the same three functions, whatever the protocol."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from eo.sources._remote import Remote, Wanted

Tally = Callable[[int], None]
"""Takes the number of bytes that came, for a progress bar; raises SourceError where the file is too large or slow."""


class Connector(Protocol):
    """A module such as `eo.sources.https`; `source` is its own record of `eo.origin`."""

    def check(self, source: Any) -> None:  # noqa: ANN401 - each module takes its own record
        """Refuse, before any work and without the network, what lacks credentials, key files or optional packages."""

    def find(self, source: Any, wanted: Wanted) -> list[Remote]:  # noqa: ANN401 - each module takes its own record
        """Give what the service has of a span, in a fixed order."""

    def fetch(self, source: Any, remote: Remote, draft: Path, tally: Tally) -> Remote | None:  # noqa: ANN401 - each module takes its own record
        """Put the bytes into the draft; go on where it already holds a beginning, if the service can.

        Files beside the draft whose names begin with its own are the connector's: what it needs to go on.
        Gives the file as the service described it while it sent it (ETag, time, size), where it says more than `find`.
        """
