"""What is asked of a service, beside the names of files: of another request, what came is another granule. Pure."""

import json
from typing import Any

from eo.model import Product
from eo.origin import JaxaEarthSource

_WAY = {
    "batch", "catalog", "catalogue", "credentials", "days", "endpoint", "hosts", "limits", "listing", "login",
    "known_hosts", "page", "poll", "prefix", "region", "root", "server", "signing", "static", "url", "bucket", "path",
}  # fmt: skip
"""Fields of sources that say how files are reached: a published file is what its name says, wherever it lies."""


def asked(product: Product) -> str:
    """Give what the source of a product asks for (variables, a box, a version ...) as JSON, the same text each time.

    Empty where it asks for published files by their names alone.
    """
    said: dict[str, Any] = product.source.model_dump(mode="json", exclude=_WAY)
    kind = said.pop("kind")
    if isinstance(product.source, JaxaEarthSource):
        said["bands"] = [one.source for one in product.variables.values()]
    return json.dumps({"kind": kind, **said}, sort_keys=True) if said else ""
