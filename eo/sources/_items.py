"""STAC items as they are kept: with links to the files beside them in place of those to a service. Pure."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin

from eo.errors import SourceError
from eo.sources._remote import Remote

Item = Mapping[str, Any]


def parsed(text: bytes, url: str) -> dict[str, Any]:
    """Give the object that a JSON document holds.

    Raises
    ------
    SourceError
        It is none: an HTML page, say.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SourceError(f"{url} must be a JSON object, and it starts with {text[:40]!r}")
    return found


def links(document: Item, url: str, *relations: str) -> list[str]:
    """Give the addresses that the links of a document with these relations lead to, in its order."""
    said = document.get("links")
    found = said if isinstance(said, list) else []
    return [
        urljoin(url, one["href"])
        for one in found
        if isinstance(one, dict) and one.get("rel") in relations and isinstance(one.get("href"), str)
    ]


def asset_url(item: Item, url: str, name: str) -> str:
    """Give the address of an asset of an item that is at an address.

    Raises
    ------
    SourceError
        The item has no such asset, or the asset no link.
    """
    assets = item.get("assets")
    there = assets if isinstance(assets, dict) else {}
    found = there.get(name)
    if not isinstance(found, dict) or not isinstance(found.get("href"), str):
        raise SourceError(f"{url} must have an asset {name!r}, and it has {sorted(map(str, there))}")
    return urljoin(url, str(found["href"]))


def localized(item: Item, url: str, names: Mapping[str, str]) -> dict[str, Any]:
    """Give an item whose assets at known addresses have links to the files beside it; all others are left as they are.

    Parameters
    ----------
    url : of the item
    names : address of an asset -> name of the file beside the item
    """
    found = {}
    for name, one in item.get("assets", {}).items():
        href = one.get("href") if isinstance(one, dict) else None
        local = names.get(urljoin(url, href)) if isinstance(href, str) else None
        found[name] = {**one, "href": f"./{local}"} if local else one
    return {**item, "assets": found}


def text_of(items: Iterable[Item]) -> str:
    """Give one item, or several as an item collection, as the same text each time."""
    found = list(items)
    whole = found[0] if len(found) == 1 else {"type": "FeatureCollection", "features": found}
    return json.dumps(whole, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def etag_of(said: str, files: Iterable[Remote]) -> str:
    """Give what changes with a granule: with what its items say, or with any of the files beside them."""
    parts = [f"{one.name} {one.checksum or one.etag or one.modified} {one.size}" for one in files]
    return f"sha256:{sha256(chr(10).join([said, *parts]).encode()).hexdigest()}"
