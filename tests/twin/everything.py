"""The twin of all services at once: every product of configs/products, by the protocol of the service it is from.

All that it serves is synthetic, made by `granules.examples`. A product whose files a person puts in place is served
over HTTP.
"""

import io
import json
import os
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncssh
import numpy as np
from granules.examples import DATE, write_example
from twin import cds, cmems, csw, ftp, https, s3, sftp
from twin.stac import Api, jaxa_earth

from eo.model import Product
from eo.origin import HttpsSource

Source = dict[str, Any]
LIMITS: Source = {"wait": 0.1, "timeout": 60, "deadline": 300, "attempts": 3, "connections": 2}
SECRET = "of-the-twin"  # noqa: S105 - what the servers on loopback accept
ACCOUNT = {"TWIN_USER": "someone", "TWIN_PASSWORD": SECRET, "TWIN_TOKEN": SECRET}
_MONTH = DATE[:7]


@dataclass
class Twin:
    """The services that run, and where each product is in them."""

    sources: dict[str, Source] = field(default_factory=dict)
    """Product -> its source, as a config has it."""
    environment: dict[str, dict[str, str]] = field(default_factory=dict)
    """Product -> environment variables that its client needs in a process of its own."""


@contextmanager
def serve(work: Path, products: Mapping[str, Product]) -> Iterator[Twin]:
    """Serve a granule of each product.

    Parameters
    ----------
    work : a folder for what is served; it may be large
    """
    twin = Twin()
    by_kind: dict[str, dict[str, Product]] = {kind: {} for kind in _KINDS}
    for name, product in products.items():
        kind = product.source.kind if product.source.kind in _KINDS else "https"
        by_kind[kind][name] = product
    os.environ.update(ACCOUNT)
    with ExitStack() as stack:
        for kind, some in by_kind.items():
            if some:
                stack.enter_context(_KINDS[kind](work / kind, some, twin))
        yield twin


def _written(folder: Path, products: Mapping[str, Product]) -> dict[str, list[Path]]:
    """Give the files of a granule of each product, written into a folder of its name."""
    found = {}
    for name, product in products.items():
        if not (folder / name).is_dir():
            write_example(name, product, folder / f".{name}")
            (folder / f".{name}").rename(folder / name)
        found[name] = sorted(path for path in (folder / name).iterdir() if path.is_file())
    return found


def _placed(folder: Path, files: list[Path], at: str) -> None:
    """Put files where a service has them, too: into a folder, or the one that there is at its address."""
    for one in files:
        place = folder / at.strip("/") / (one.name if at.endswith("/") else "")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.hardlink_to(one)


def _filled(template: str) -> str:
    return template.format(time=np.datetime64(DATE, "s").item())


@contextmanager
def _https(work: Path, products: Mapping[str, Product], twin: Twin) -> Iterator[None]:
    files = _written(work / "written", products)
    (work / "served").mkdir()
    with https.serve(work / "served") as server:
        for name, product in products.items():
            source: Source = {"kind": "https", "url": f"https://host/{name}/", "listing": "html"}
            if isinstance(product.source, HttpsSource):
                source = product.source.model_dump(mode="json")
            path = urlsplit(source["url"]).path  # as the service has it: only the host is another
            at = _filled(path).removeprefix(https.CATALOG.rstrip("/")).removesuffix("catalog.xml")
            _placed(work / "served", files[name], at)
            twin.sources[name] = source | {"url": server.url + path, "hosts": [], "credentials": {}}
        yield


@contextmanager
def _ftp(work: Path, products: Mapping[str, Product], twin: Twin) -> Iterator[None]:
    account = {"user": "TWIN_USER", "password": "TWIN_PASSWORD"}
    files = _written(work / "written", products)
    (work / "served").mkdir()
    with ftp.serve(work / "served", users={"someone": SECRET}) as (host, port):
        for name, product in products.items():
            said: Any = product.source
            path = urlsplit(said.url).path
            _placed(work / "served", files[name], _filled(path))
            twin.sources[name] = {"kind": "ftp", "url": f"ftp://{host}:{port}{path}", "credentials": account}
        yield


@contextmanager
def _gportal(work: Path, products: Mapping[str, Product], twin: Twin) -> Iterator[None]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    work.mkdir(parents=True, exist_ok=True)
    key.write_private_key(work / "key")
    key.write_public_key(work / "key.pub")
    os.environ["TWIN_KEY"] = str(work / "key")
    records = []
    for name, files in _written(work / "served/product/Standard", products).items():
        said: Any = products[name].source
        records += [
            csw.Record(one.name, said.datasets[0], f"{DATE}T00:00:00Z", name, one.stat().st_size, said.version or "3")
            for one in files
        ]
    with (
        sftp.serve(work / "served", work, user="someone", public_key=work / "key.pub") as server,
        csw.serve(records) as catalogue,
    ):
        for name, product in products.items():
            said = product.source
            twin.sources[name] = {
                "kind": "gportal", "datasets": list(said.datasets), "version": said.version, "catalogue": catalogue,
                "server": f"{server.host}:{server.port}", "known_hosts": str(server.known_hosts),
                "credentials": {"user": "TWIN_USER", "key": "TWIN_KEY"},
            }  # fmt: skip
        yield


@contextmanager
def _cds(work: Path, products: Mapping[str, Product], twin: Twin) -> Iterator[None]:
    with ExitStack() as stack:
        for name, files in _written(work, products).items():
            said: Any = products[name].source
            days = {said.days: [DATE[8:]]} if said.days else {}
            offered = [
                {key: _texts(value) for key, value in {**said.request, **one}.items()}
                | {"year": [DATE[:4]], "month": [DATE[5:7]]} | days
                for one in said.variants
            ]  # fmt: skip
            body = _zipped(files)
            url = stack.enter_context(
                cds.serve(partial(_always, body), offered, key=SECRET, collection=said.collection)
            )
            twin.sources[name] = said.model_dump(mode="json") | {
                "url": url, "poll": 0.1, "hosts": [], "credentials": {"key": "TWIN_TOKEN"},
            }  # fmt: skip
        yield


def _always(body: bytes, _inputs: object) -> bytes:
    return body


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _zipped(files: list[Path]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in files:
            archive.write(path, path.name)
    return out.getvalue()


@contextmanager
def _cmems(work: Path, products: Mapping[str, Product], twin: Twin) -> Iterator[None]:
    with ExitStack() as stack:
        for name, files in _written(work, products).items():
            said: Any = products[name].source
            content = {f"{_MONTH.replace('-', '/')}/{one.name}": one.read_bytes() for one in files}
            own = work / f"{name}-service"  # each has its own certificate
            own.mkdir()
            service = stack.enter_context(
                cmems.serve(content, own, dataset=said.dataset, version=said.version, users={"someone": SECRET})
            )
            account = {"user": "TWIN_USER", "password": "TWIN_PASSWORD"}
            twin.sources[name] = said.model_dump(mode="json") | {"credentials": account}
            twin.environment[name] = {**service.environment, "HOME": str(own)}
        yield


@contextmanager
def _jaxa_earth(work: Path, products: Mapping[str, Product], twin: Twin) -> Iterator[None]:
    shutil.rmtree(work, ignore_errors=True)
    collections = {name: jaxa_earth(work, product, [DATE]) for name, product in products.items()}
    with https.serve(work) as server:
        for name, collection in collections.items():
            catalog = f"{server.url}/stac/cog/v1/catalog.json"
            twin.sources[name] = {"kind": "jaxa_earth", "collection": collection, "catalog": catalog, "hosts": []}
        yield


@contextmanager
def _s3(work: Path, products: Mapping[str, Product], twin: Twin) -> Iterator[None]:
    files = _written(work, products)
    account = {"user": "TWIN_USER", "password": "TWIN_PASSWORD"}
    objects, private = {}, set()
    for name, product in products.items():
        said: Any = product.source
        some = {f"{_filled(said.prefix)}/{one.name}": one.read_bytes() for one in files[name]}
        objects |= some
        private |= set(some) if said.credentials.user else set()
    with s3.serve("twin", objects, private=private) as url:
        for name, product in products.items():
            said = product.source
            twin.sources[name] = {
                "kind": "s3", "bucket": "twin", "endpoint": url, "prefix": said.prefix,
                "credentials": account if said.credentials.user else {},
            }  # fmt: skip
        yield


@contextmanager
def _stac(work: Path, products: Mapping[str, Product], twin: Twin) -> Iterator[None]:
    items = [_item(name, files) for name, files in _written(work, products).items()]
    api = Api(items)
    with https.serve(work, answers=api) as server:
        api.base = server.url
        for name, product in products.items():
            said = product.source.model_dump(mode="json")
            twin.sources[name] = said | {"url": f"{server.url}/api", "query": {}, "box": None, "hosts": []}
        yield


def _item(name: str, files: list[Path]) -> dict[str, Any]:
    """Give the item of a granule as an API has it: its name is that of the file, its assets lie beside it."""
    (path,) = (one for one in files if one.suffix == ".json")
    item = json.loads(path.read_text(encoding="utf-8"))
    for one in item["assets"].values():
        one["href"] = f"BASE/{name}/{re.sub('^[.]/', '', one['href'])}"
    area = {"type": "Polygon", "coordinates": [[[0, 40], [4, 40], [4, 45], [0, 45], [0, 40]]]}
    return item | {"id": path.stem, "stac_version": "1.0.0", "bbox": [0, 40, 4, 45], "geometry": area}


_KINDS: dict[str, Callable[[Path, Mapping[str, Product], Twin], Any]] = {
    "https": _https,
    "ftp": _ftp,
    "gportal": _gportal,
    "cds": _cds,
    "cmems": _cmems,
    "jaxa_earth": _jaxa_earth,
    "s3": _s3,
    "stac": _stac,
}
