"""Files of a web server: an address for each time step, or listings of folders."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from eo.errors import Absent
from eo.filenames import step_in
from eo.origin import HttpsSource, allowed, host_of
from eo.sources._authorization import check_credentials
from eo.sources._connector import Tally
from eo.sources._download import download
from eo.sources._http import Access, described, read
from eo.sources._listing import Listed, last_of, of_html, of_thredds
from eo.sources._remote import Remote, Wanted
from eo.steps import steps_in


def check(source: HttpsSource) -> None:
    """Refuse a source whose credentials are not there.

    Raises
    ------
    InputError
        Says which environment variable is not set.
    """
    check_credentials(source.credentials)


def _access(source: HttpsSource) -> Access:
    return Access((host_of(source.url), *source.hosts), source.limits, source.credentials)


def find(source: HttpsSource, wanted: Wanted) -> list[Remote]:
    """Give what the server has of a span, by name; without a listing, the address of every step.

    A file of several steps, which may have grown, is always asked after.

    Raises
    ------
    SourceError
        A listing cannot be read.
    """
    found = _listed(source, wanted) if source.listing != "none" else _addressed(source, wanted)
    access = _access(source)
    return [_told(access, one) if wanted.closely or _grows(source, one) else one for one in found]


def _told(access: Access, remote: Remote) -> Remote:
    """Give a file as the server describes it; one that is not there as it is, so that fetching it says so."""
    try:
        return described(access, remote)
    except Absent:
        return remote


def _grows(source: HttpsSource, remote: Remote) -> bool:
    return source.listing == "none" and not remote.time


def _addresses(source: HttpsSource, wanted: Wanted) -> dict[str, list[str]]:
    """Give address -> the steps that it stands for."""
    found: dict[str, list[str]] = {}
    for step in steps_in(wanted.span, wanted.product.step):
        time = np.datetime64(step, "s").item()
        found.setdefault(source.url.format(time=time), []).append(step)
    return found


def _addressed(source: HttpsSource, wanted: Wanted) -> list[Remote]:
    return [
        Remote(last_of(url), url, time=steps[0] if len(steps) == 1 else "")
        for url, steps in _addresses(source, wanted).items()
    ]


def _listed(source: HttpsSource, wanted: Wanted) -> list[Remote]:
    asked, found = set(steps_in(wanted.span, wanted.product.step)), {}
    for one in _named(source, wanted):
        step = step_in(one.name, wanted.product)
        if not step or step in asked:
            found[one.name] = Remote(one.name, one.url, modified=one.modified, time=step)
    return [found[name] for name in sorted(found)]


def _named(source: HttpsSource, wanted: Wanted) -> Iterator[Listed]:
    """Give the files of the product in the folders of a span; a folder that is not there has none."""
    access, pattern = _access(source), re.compile(wanted.product.filename or ".+")
    for url in _addresses(source, wanted):
        try:
            text = read(access, url)
        except Absent:
            continue
        listed = of_thredds(text, url) if source.listing == "thredds" else of_html(text.decode("utf-8", "replace"), url)
        yield from (one for one in listed if pattern.fullmatch(one.name) and allowed(one.url, access.hosts))


def fetch(source: HttpsSource, remote: Remote, draft: Path, tally: Tally) -> Remote:
    """Put the bytes of a file into the draft, going on where it was cut off, and give the file as the server told.

    Raises
    ------
    SourceError
        Unavailable, Absent, Denied, or what else the server answered.
    """
    return download(_access(source), remote, draft, tally)
