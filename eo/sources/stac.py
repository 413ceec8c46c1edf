"""STAC: items of an API (searched with pystac-client) or of a static catalog (walked with pystac), with their files.

A granule is one item with the files of some of its assets beside it. The item is kept as it is published but for the
links of these assets; every request goes through the one way of speaking HTTP, so that no link leads anywhere else.
"""

import re
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit

import numpy as np

from eo.errors import Absent, InputError, SourceError, Unavailable
from eo.model import Product
from eo.origin import Credentials, LatLonBox, StacSource, allowed, host_of
from eo.sources._catalogs import searched, walked
from eo.sources._connector import Tally
from eo.sources._download import download
from eo.sources._http import Access, described, once, stated
from eo.sources._items import Item, asset_url, etag_of, links, localized, parsed, text_of
from eo.sources._listing import last_of
from eo.sources._remote import Remote, Wanted
from eo.steps import labels, start_of, steps_in

_ITEM = ".json"
_PLAIN = re.compile(r"[\w.()+-]+")
_SHA256 = "1220"
"""How a multihash of SHA-256 begins (the file extension of STAC states checksums so)."""


def check(source: StacSource) -> None:
    """Refuse a source whose client is not installed.

    Raises
    ------
    InputError
        Says what to install.
    """
    if find_spec("pystac_client") is None:
        raise InputError(
            f"{source.url} is searched with pystac-client, which is not installed; install the extra: stac"
        )


def _access(source: StacSource) -> Access:
    return Access((host_of(source.url), *source.hosts), source.limits, Credentials())


def find(source: StacSource, wanted: Wanted) -> list[Remote]:
    """Give the items of a span, by name, each with the files of its assets.

    Raises
    ------
    SourceError
        The service does not answer, or leads out of the configured hosts.
    """
    access = _access(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what pystac has to say of a catalog is no concern of the person
        items = list(walked(access, source) if source.static else searched(access, source, wanted.span))
    steps = {"", *steps_in(wanted.span, wanted.product.step)}
    there = [one for one in (_remote(source, item, wanted.product) for item in items) if one is not None]
    found = {one.name: one for one in there if one.time in steps}
    chosen = [found[name] for name in sorted(found)]
    if not wanted.closely:
        return [replace(one, etag="") for one in chosen]
    with ThreadPoolExecutor(source.limits.connections) as pool:
        return list(pool.map(lambda one: _closely(access, source, one), chosen))


def _closely(access: Access, source: StacSource, found: Remote) -> Remote:
    """Give an item with what tells a re-issue of it or of its files."""
    try:
        beside = tuple(_told(described, access, source, one) for one in found.beside)
    except Absent:
        return found
    return replace(found, beside=beside, etag=etag_of(found.etag, beside))


def _told(ask: Callable[[Access, Remote], Remote], access: Access, source: StacSource, file: Remote) -> Remote:
    """Give a file as its server describes it, where its item does not; one that needs a signature as it is."""
    return file if file.checksum or source.signing or not allowed(file.url, access.hosts) else ask(access, file)


def _remote(source: StacSource, item: Item, product: Product) -> Remote | None:
    """Give an item as a granule; None for one of another collection, product or place."""
    name = f"{item.get('id')}{_ITEM}"
    if not _PLAIN.fullmatch(name) or name.startswith("."):
        raise SourceError(f"{source.url} must name items by letters, digits, dots and dashes; one is named {name!r}")
    if product.filename and not re.fullmatch(product.filename, name):
        return None
    if item.get("collection") not in source.collections or not _meets(item.get("bbox"), source.box):
        return None
    own = links(item, source.url, "self")
    if not own:
        raise SourceError(f"{source.url} must say where its items are, and {name} has no link of relation self")
    files: dict[str, Remote] = {}
    for asset in source.assets:
        url = asset_url(item, own[0], asset)
        plain = last_of(url) if last_of(url) not in files else f"{asset}-{last_of(url)}"
        files[plain] = _file(plain, url, item["assets"][asset])
    updated = str((item.get("properties") or {}).get("updated", ""))
    step, files_ = _step(item, product), tuple(files.values())
    return Remote(name, own[0], etag=_etag(item), modified=updated, beside=files_, time=step)


def _file(name: str, url: str, asset: Item) -> Remote:
    said, size = str(asset.get("file:checksum", "")), asset.get("file:size")
    checksum = f"sha256:{said.removeprefix(_SHA256)}" if said.startswith(_SHA256) else ""
    return Remote(name, url, size=size if isinstance(size, int) else None, checksum=checksum)


def _meets(one: object, box: LatLonBox | None) -> bool:
    """Tell whether the box of an item has a part in another; an item that states none, or a strange one, may."""
    if box is None or not isinstance(one, list) or len(one) != 4 or not all(isinstance(x, int | float) for x in one):  # noqa: PLR2004 - west, south, east, north
        return True
    (west, south, east, north), (left, bottom, right, top) = one, box
    along = (west - left) % 360 <= ((right - left) % 360 or 360) or (left - west) % 360 <= (east - west) % 360
    return bool(along) and south <= top and north >= bottom


def _step(item: Item, product: Product) -> str:
    """Give the time step of an item: of its time, or of the middle of the stretch that it states."""
    said = item.get("properties") or {}
    names = ("datetime",) if said.get("datetime") else ("start_datetime", "end_datetime")
    try:
        times = [datetime.fromisoformat(str(said[one])).astimezone(UTC).replace(tzinfo=None) for one in names]
    except (KeyError, ValueError):
        return ""
    middle = np.datetime64(times[0] + (times[-1] - times[0]) / 2, "ns")
    return labels(start_of(np.array([middle]), product.step), product.step)[0]


def _etag(item: Item) -> str:
    """Give the digest of what an item says."""
    said = {"properties": item.get("properties"), "assets": item.get("assets")}
    return f"sha256:{sha256(text_of([said]).encode()).hexdigest()}"


def fetch(source: StacSource, remote: Remote, draft: Path, tally: Tally) -> Remote:
    """Put an item, or the file of one of its assets, into the draft; a file is gone on with where it was cut.

    Raises
    ------
    SourceError
        Absent, Unavailable, an item whose assets are elsewhere now, or a signature that is over.
    """
    access = _access(source)
    if not remote.beside:
        there = download(access, replace(remote, url=_signed(access, source, remote.url)), draft, tally)
        return replace(there, url=remote.url)
    item = parsed(once(access, remote.url), remote.url)
    names = {one.url: one.name for one in remote.beside}
    gone = sorted(set(names) - {asset_url(item, remote.url, one) for one in source.assets})
    if gone:
        raise SourceError(f"{remote.url} must have the files that the search gave, and it has not {gone}")
    text = text_of([localized(item, remote.url, names)])
    beside = [_told(stated, access, source, one) for one in remote.beside]
    draft.write_text(text, encoding="utf-8")
    tally(len(text.encode()))
    updated = str((item.get("properties") or {}).get("updated", ""))
    return replace(remote, etag=etag_of(_etag(item), beside), modified=updated)


def _signed(access: Access, source: StacSource, url: str) -> str:
    """Give an address with the signature that the service gives for a while: it is asked for anew each time.

    Raises
    ------
    SourceError
        The signature is for another file; Unavailable where it is over already.
    """
    if source.signing is None:
        return url
    asked = replace(access, hosts=(host_of(source.signing), *access.hosts))
    said = parsed(once(asked, f"{source.signing}?href={quote(url, safe='')}"), source.signing)
    found = str(said.get("href", ""))
    if urlsplit(found)._replace(query="") != urlsplit(url)._replace(query=""):
        raise SourceError(f"{source.signing} must sign the address that it is given, and it gives another one")
    try:
        over = datetime.fromisoformat(str(said.get("msft:expiry", ""))) <= datetime.now(UTC)
    except (ValueError, TypeError):
        over = False
    if over:
        raise Unavailable(f"{source.signing} must give a signature that holds, and this one is over")
    return found
