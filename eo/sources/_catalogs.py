"""STAC catalogs through the clients that the field keeps, which make their requests in the way of all connectors."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np

from eo.errors import SourceError
from eo.model import Span
from eo.origin import StacSource
from eo.sources._http import Access, read
from eo.sources._items import Item

if TYPE_CHECKING:
    from pystac_client.stac_api_io import StacApiIO

_PAGE = 100


def _client_io(access: Access) -> "StacApiIO":
    """Give what pystac-client makes its requests with: the HTTP of all connectors, and no local file."""
    from pystac.link import Link
    from pystac_client.stac_api_io import StacApiIO

    class Polite(StacApiIO):
        def read_text_from_href(self, href: str) -> str:
            return self.request(href)

        def read_text(self, source: Any, *args: Any, **kwargs: Any) -> str:  # noqa: ANN401 - the signature of pystac
            if isinstance(source, Link):
                return str(super().read_text(source, *args, **kwargs))
            return self.request(str(source), *args, **kwargs)

        def request(
            self,
            href: str,
            method: str | None = None,
            headers: dict[str, str] | None = None,
            parameters: dict[str, Any] | None = None,
        ) -> str:
            asked = parameters or {}
            if (method or "GET").upper() == "GET":
                url = f"{href}{'&' if '?' in href else '?'}{urlencode(asked)}" if asked else href
                return read(access, url, headers).decode("utf-8", "replace")
            said = {**(headers or {}), "Content-Type": "application/json"}
            return read(access, href, said, json.dumps(asked).encode()).decode("utf-8", "replace")

    return Polite()


def searched(access: Access, source: StacSource, span: Span) -> Iterator[Item]:
    """Give the items that an API finds in a span, as it gives them, page after page.

    Raises
    ------
    SourceError
        It is no API, has no search, or leads out of the configured hosts.
    """
    import pystac_client
    from pystac_client.errors import ClientTypeError
    from pystac_client.exceptions import APIError
    from pystac_client.warnings import DoesNotConformTo

    start, end = (np.datetime_as_string(one.astype("datetime64[s]"), timezone="UTC") for one in span)
    try:
        client = pystac_client.Client.open(source.url, stac_io=_client_io(access))
        search = client.search(
            collections=list(source.collections),
            datetime=f"{start}/{end}",
            bbox=source.box,
            query=source.query or None,
            limit=_PAGE,
        )
        yield from search.items_as_dicts()
    except (APIError, ClientTypeError, DoesNotConformTo, AttributeError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{source.url} must answer as a STAC API, and it does not: {error}") from None


def walked(access: Access, source: StacSource) -> Iterator[Item]:
    """Give the items of a static catalog with links to themselves, which its files may lack.

    Raises
    ------
    SourceError
        It is no catalog, or leads out of the configured hosts.
    """
    import pystac
    from pystac.stac_io import DefaultStacIO

    class Polite(DefaultStacIO):
        def read_text_from_href(self, href: str) -> str:
            return read(access, href).decode("utf-8", "replace")

    try:
        root = pystac.Catalog.from_file(source.url, stac_io=Polite())
        for item in root.get_items(recursive=True):
            yield item.to_dict(include_self_link=True, transform_hrefs=False)
    except (pystac.STACError, pystac.STACTypeError, AttributeError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{source.url} must be a STAC catalog, and it is not: {error}") from None
