"""JAXA Earth: a static STAC catalog of cloud-optimised GeoTIFFs, with items addressed by the grammar of their paths.

A granule is one time step: the items of all tiles of a level as one item collection, with the GeoTIFFs beside it. That
file is written here, from the items as they are published but for their links.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from eo.errors import Absent, InputError, SourceError
from eo.origin import Credentials, JaxaEarthSource, host_of
from eo.sources._connector import Tally
from eo.sources._download import download
from eo.sources._http import Access, described, once, read, stated
from eo.sources._items import Item, asset_url, etag_of, links, localized, parsed, text_of
from eo.sources._listing import last_of
from eo.sources._remote import Remote, Wanted
from eo.sources._tiles import files, folder_of, item_of
from eo.steps import steps_in

_GLOBAL = 4326
_ITEMS = ".json"
Ask = Callable[[str], bytes]
"""Gives the document at an address."""


def check(source: JaxaEarthSource) -> None:
    """Find nothing to refuse: the catalog is open to everyone."""


def _access(source: JaxaEarthSource) -> Access:
    return Access((host_of(source.catalog), *source.hosts), source.limits, Credentials())


def find(source: JaxaEarthSource, wanted: Wanted) -> list[Remote]:
    """Give the time steps of a span, each with the address of every file that the grammar gives it.

    Around a pole, tiles have names that the grammar does not say: there each step's catalog is read.

    Raises
    ------
    InputError
        The collection does not go to that level, or has normals in place of time steps.
    SourceError
        The catalog has no such collection, or cannot be read.
    """
    access = _access(source)
    url, collection = _collection(access, source)
    summaries = collection.get("summaries") or {}
    most = int(_only(summaries, "je:cog_level_max", "0"))
    if source.level > most:
        raise InputError(f"a level of {source.collection} is 0 to {most}; it is {source.level}")
    form = _only(summaries, "je:stac_date_format")
    bands = [one.source for one in wanted.product.variables.values()]
    epsg = _only(summaries, "je:epsg", _only(summaries, "proj:epsg", str(_GLOBAL)))

    def granule(step: str) -> Remote | None:
        folder = url.removesuffix("collection.json") + folder_of(np.datetime64(step, "s").item(), form)
        base = f"{folder}/{source.level}/"
        try:
            tiffs = _addressed(source, base, bands) if epsg == str(_GLOBAL) else _walked(access, base, bands)
            found = Remote(_name(source, step), f"{base}catalog.json", beside=tiffs, time=step)
            return _closely(access, found) if wanted.closely else found
        except Absent:
            return None

    steps = [one for one in steps_in(wanted.span, wanted.product.step) if _covers(collection, one)]
    with ThreadPoolExecutor(source.limits.connections) as pool:
        return [one for one in pool.map(granule, steps) if one is not None]


def _name(source: JaxaEarthSource, step: str) -> str:
    """Give what a granule is called: of another level or a box, it is another file."""
    cut = "" if source.box is None else "-" + "_".join(f"{one:g}" for one in source.box)
    level = f"-level{source.level}" if source.level else ""
    return f"{source.collection}-{step.replace('-', '').replace('T', '')}{level}{cut}{_ITEMS}"


def _collection(access: Access, source: JaxaEarthSource) -> tuple[str, dict[str, Any]]:
    """Give the collection and its address, which the root of the catalog says."""
    root = parsed(read(access, source.catalog), source.catalog)
    ending = f"/{source.collection}/collection.json"
    found = [one for one in links(root, source.catalog, "child") if one.endswith(ending)]
    if not found:
        raise SourceError(f"{source.catalog} must have a collection {source.collection}, and it has none of that name")
    return found[0], parsed(read(access, found[0]), found[0])


def _only(summaries: Item, name: str, default: str = "") -> str:
    """Give a summary, which the catalog writes as a value or as a list of one."""
    said = summaries.get(name)
    one = said[0] if isinstance(said, list) and said else said
    if one in {None, ""} and not default:
        raise SourceError(f"a collection of JAXA Earth states {name}, and this one does not")
    return default if one in {None, ""} else str(one)


def _covers(collection: Item, step: str) -> bool:
    """Tell whether a step starts before the end that a collection states; its beginning is wrong for some."""
    try:
        end = collection["extent"]["temporal"]["interval"][0][1]
    except (KeyError, IndexError, TypeError):
        return True
    return not isinstance(end, str) or step <= end[: len(step)]


def _addressed(source: JaxaEarthSource, base: str, bands: list[str]) -> tuple[Remote, ...]:
    return tuple(Remote(last_of(one), base + one) for one in files(source.level, bands, source.box))


def _walked(access: Access, base: str, bands: list[str]) -> tuple[Remote, ...]:
    found = _items(partial(read, access), f"{base}catalog.json")
    urls = [asset_url(item, at, band) for at, item in found for band in bands]
    return tuple(Remote(last_of(url), url) for url in urls)


def _items(ask: Ask, url: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the items below a catalog of one level, with their addresses, by name."""
    for band in sorted(links(parsed(ask(url), url), url, "child")):
        for one in sorted(links(parsed(ask(band), band), band, "item")):
            yield one, parsed(ask(one), one)


def _closely(access: Access, found: Remote) -> Remote:
    """Give a granule with what tells a re-issue."""
    beside = tuple(described(access, one) for one in found.beside)
    return replace(found, beside=beside, etag=etag_of(_granule(partial(read, access), found), beside))


def _granule(ask: Ask, remote: Remote) -> str:
    """Give the items of a time step as one text, their links leading to the files beside it.

    Raises
    ------
    Absent
        A tile is not there (yet): a granule is the whole globe or nothing.
    SourceError
        An item has other files than the grammar says.
    """
    names = {one.url: one.name for one in remote.beside}
    urls = dict.fromkeys(item_of(one) for one in names)
    known = ((url, parsed(ask(url), url)) for url in urls if url)
    pairs = _items(ask, remote.url) if None in urls else known
    found, used = [], set()
    for url, item in pairs:
        kept = localized(item, url, names)
        used |= {str(one.get("href")) for one in kept["assets"].values() if isinstance(one, dict)}
        found.append(kept)
    lacking = sorted(set(names.values()) - {one.removeprefix("./") for one in used})
    if lacking:
        raise SourceError(f"the items of {remote.url} must have the files {lacking}, and they have {sorted(used)}")
    return text_of(found)


def fetch(source: JaxaEarthSource, remote: Remote, draft: Path, tally: Tally) -> Remote:
    """Put the items of a time step, or one of its GeoTIFFs, into the draft; a GeoTIFF is gone on with where it was cut.

    Raises
    ------
    SourceError
        Absent where the step or one of its tiles is not there; or what else the server answered.
    """
    if not remote.name.endswith(_ITEMS):
        return download(_access(source), remote, draft, tally)
    access = _access(source)
    text = _granule(partial(once, access), remote)
    etag = etag_of(text, [stated(access, one) for one in remote.beside])
    draft.write_text(text, encoding="utf-8")
    tally(len(text.encode()))
    return replace(remote, etag=etag)
