"""Files of a web server."""

from pathlib import Path

from eo.origin import HttpsSource
from eo.sources._connector import Tally
from eo.sources._remote import Remote, Wanted


def check(source: HttpsSource) -> None:
    """Refuse a source whose credentials are not in the environment."""


def find(source: HttpsSource, wanted: Wanted) -> list[Remote]:
    """Give what the server has of a span."""
    raise NotImplementedError(source, wanted)


def fetch(source: HttpsSource, remote: Remote, draft: Path, tally: Tally) -> None:
    """Put the bytes of a file into the draft."""
    raise NotImplementedError(source, remote, draft, tally)
