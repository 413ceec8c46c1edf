"""STAC on loopback: the static tree of JAXA Earth, a static catalog, and a searchable API; all of it synthetic."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
from granules.cog import SYNTHETIC, jaxa_earth_item, tile_name
from granules.examples import raster

from eo.model import Product
from eo.steps import end_of

CONFORMANCE = [
    f"https://api.stacspec.org/v1.0.0/{one}" for one in ("core", "collections", "item-search", "item-search#query")
]
POLAR = 2.0**23
_FORMS = {"month": "%Y-%m", "day": "%Y-%m/%d", "halfmonth": "%Y-%m/%d"}


def put(path: Path, document: object) -> Path:
    """Write a JSON document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def link(relation: str, href: str) -> dict[str, str]:
    """Give a link of a document."""
    return {"rel": relation, "href": href, "type": "application/json"}


@dataclass(frozen=True)
class Tree:
    """What a collection of JAXA Earth is to be like."""

    level: int = 0
    """0 has a tile for each half of the globe, 1 one for each of eight parts."""
    number: int = 25000
    """The digital number of every pixel but two."""
    summaries: Mapping[str, Any] = field(default_factory=dict)
    """Of the collection, that are to be other than they should."""
    bucket: str = ""
    """Address of the folder of collections, where it is not here."""


def jaxa_earth(folder: Path, product: Product, dates: Iterable[str], tree: Tree | None = None) -> str:
    """Write the tree of a collection of JAXA Earth as its catalog has it, and give the name of the collection.

    Parameters
    ----------
    dates : the first day of each time step, YYYY-MM-DD
    """
    tree = tree or Tree()
    collection = product.marks["collection"].strip("^$").replace("[.]", ".")
    home = folder / "cog" / "v1" / collection
    polar = re.search("_(north|south)_", collection)
    form = {"month": "YYYY-MM"}.get(product.step, "YYYY-MM/DD")
    said = {"je:stac_date_format": [form], "je:epsg": [3995 if polar else 4326], "je:cog_level_max": tree.level}
    summaries = {"summaries": said | dict(tree.summaries)}
    put(home / "collection.json", _collection(collection, [], "2000-03-01T00:00:00Z") | summaries)
    root = folder / "stac" / "cog" / "v1" / "catalog.json"
    known = json.loads(root.read_text(encoding="utf-8"))["links"] if root.is_file() else []
    links = [*known, link("child", f"{tree.bucket or '../../../cog/v1'}/{collection}/collection.json")]
    put(root, _catalog("je", links))
    for date in dates:
        at = home / datetime.fromisoformat(date).strftime(_FORMS[product.step]) / str(tree.level)
        facts = _facts(product, date)
        if polar:
            _polar(at, collection, tree, facts)
        else:
            _parts(at, collection, tree, facts)
    return collection


def _collection(name: str, links: list[dict[str, str]], start: str | None = None) -> dict[str, Any]:
    return {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": name,
        "description": SYNTHETIC,
        "license": "other",
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[start, None]]}},
        "links": links,
    }


def _catalog(name: str, links: list[dict[str, str]]) -> dict[str, Any]:
    return {"type": "Catalog", "id": name, "stac_version": "1.0.0", "description": SYNTHETIC, "links": links}


def _facts(product: Product, date: str) -> dict[str, Any]:
    end = end_of(np.array([np.datetime64(date)]), product.step)[0].astype("datetime64[s]")
    (variable,) = product.variables.values()
    return {
        "band": variable.source, "raster": raster(variable), "start": f"{date}T00:00:00.000000Z",
        "end": f"{end}.000000Z",
    }  # fmt: skip


def _parts(at: Path, collection: str, tree: Tree, facts: dict[str, Any]) -> None:
    size = {0: 180, 1: 90}[tree.level]
    numbers = _numbers(size // 10, tree)
    for north in range(90, -90, -size):
        for west in range(-180, 180, size):
            names = tile_name(west, north - size, west + size, north).split("-")
            band = at / f"{names[0]}-{names[2]}"
            band.mkdir(parents=True, exist_ok=True)
            item = jaxa_earth_item(band, collection, numbers=numbers, corner=(west, north), step=10.0, **facts)
            put(band / f"{names[1]}-{names[3]}.json", item)


def _numbers(size: int, tree: Tree) -> np.ndarray:
    found = np.full((size, size), tree.number, np.uint16)
    found[0, :2] = 65535, 65534
    return found


def _polar(at: Path, collection: str, tree: Tree, facts: dict[str, Any]) -> None:
    band = at / "all"
    band.mkdir(parents=True)
    crs = "EPSG:3995" if "_north_" in collection else "EPSG:3031"
    corner = (-POLAR, POLAR)
    item = jaxa_earth_item(
        band, collection, numbers=_numbers(16, tree), corner=corner, step=POLAR / 8, crs=crs, **facts
    )
    put(band / "tile.json", item)
    put(band / "catalog.json", _catalog("all", [link("item", "./tile.json")]))
    put(at / "catalog.json", _catalog("level", [link("child", "./all/catalog.json")]))


def static(folder: Path, items: Sequence[dict[str, Any]]) -> None:
    """Write a static catalog of one collection; each item into a folder of its name, where its files are to be."""
    name = items[0]["collection"]
    above = [link("root", "../../catalog.json"), link("parent", "../collection.json")]
    for item in items:
        links = [*above, link("collection", "../collection.json")]
        put(folder / name / item["id"] / f"{item['id']}.json", item | {"links": links})
    inner = [link("item", f"./{one['id']}/{one['id']}.json") for one in items]
    put(folder / name / "collection.json", _collection(name, [link("root", "../catalog.json"), *inner]))
    put(folder / "catalog.json", _catalog("static", [link("child", f"./{name}/collection.json")]))


@dataclass
class Api:
    """A STAC API over items, for `twin.https.serve`; its files lie in the folder that is served."""

    items: list[dict[str, Any]]
    page: int = 2
    """Items in an answer of the search."""
    conformance: Sequence[str] = tuple(CONFORMANCE)
    base: str = ""
    """The address of the server, which is known when it runs."""
    elsewhere: str = ""
    """Where the next page is, in place of here."""
    signed: str = ""
    """The signature that a file needs, given by /sign; empty: none."""
    expiry: timedelta = timedelta(hours=1)
    searches: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, method: str, path: str, query: str, body: bytes) -> tuple[int, bytes] | None:
        """Answer a request, or leave it to the files."""
        if self.signed and path.endswith(".tif") and query != f"sig={self.signed}":
            return 403, b"signature"
        parts = path.strip("/").split("/")
        match parts:
            case ["api"]:
                return _json(self._landing())
            case ["api", "search"]:
                asked = json.loads(body) if method == "POST" else {key: one[0] for key, one in parse_qs(query).items()}
                return _json(self._search(asked))
            case ["api", "collections", _, "items", name]:
                found = [self._own(one) for one in self.items if one["id"] == name]
                return _json(found[0]) if found else (404, b"{}")
            case ["api", "sign"]:
                href = query.removeprefix("href=")
                over = datetime.now(UTC) + self.expiry
                return _json({"href": f"{href}?sig={quote(self.signed)}", "msft:expiry": f"{over:%Y-%m-%dT%H:%M:%SZ}"})
        return None

    def _landing(self) -> dict[str, Any]:
        search = {"rel": "search", "href": f"{self.base}/api/search", "type": "application/geo+json"}
        own = [link("self", f"{self.base}/api"), link("root", f"{self.base}/api")]
        ways = [search | {"method": one} for one in ("GET", "POST")]
        return _catalog("twin", [*own, *ways]) | {"conformsTo": list(self.conformance)}

    def _own(self, item: dict[str, Any]) -> dict[str, Any]:
        own = f"{self.base}/api/collections/{item['collection']}/items/{item['id']}"
        assets = {name: one | {"href": one["href"].replace("BASE", self.base)} for name, one in item["assets"].items()}
        return item | {"links": [link("self", own)], "assets": assets}

    def _search(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.searches.append(asked)
        found = [one for one in self.items if _matches(one, asked)]
        start = int(asked.get("token", 0))
        answer = {"type": "FeatureCollection", "features": [self._own(one) for one in found[start : start + self.page]]}
        if start + self.page < len(found):
            after = {"rel": "next", "href": f"{self.elsewhere or self.base}/api/search", "method": "POST"}
            answer["links"] = [after | {"body": asked | {"token": start + self.page}}]
        return answer


def _json(document: object) -> tuple[int, bytes]:
    return 200, json.dumps(document).encode()


def _matches(item: dict[str, Any], asked: dict[str, Any]) -> bool:
    start, _, end = asked["datetime"].partition("/")
    time = item["properties"]["datetime"][:19]
    within = start[:19] <= time <= end[:19] and item["collection"] in asked["collections"]
    rules = asked.get("query", {})
    compare: dict[str, Callable[[Any, Any], bool]] = {"eq": lambda a, b: a == b, "lt": lambda a, b: a < b}
    meets = all(compare[how](item["properties"][name], to) for name, rule in rules.items() for how, to in rule.items())
    box = asked.get("bbox")
    west, south, east, north = item["bbox"]
    return within and meets and (not box or (west <= box[2] and east >= box[0] and south <= box[3] and north >= box[1]))


def hosts(*urls: str) -> tuple[str, ...]:
    """Give the hosts of addresses, with their ports."""
    return tuple(urlsplit(one).netloc for one in urls)
