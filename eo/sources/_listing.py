"""What a web server's listing of a folder names: an HTML page, or the catalog.xml of a THREDDS server. Pure."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from xml.parsers import expat

from eo.errors import SourceError


@dataclass(frozen=True)
class Listed:
    """A file that a listing names."""

    name: str
    url: str
    modified: str = ""
    """ISO 8601, UTC; empty where the listing does not say."""


def last_of(url: str) -> str:
    """Give the plain file name at the end of an address; empty for a folder."""
    return unquote(urlsplit(url).path.rsplit("/", 1)[-1])


class _Links(HTMLParser):
    """Collects where the links of a page lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def of_html(text: str, url: str) -> list[Listed]:
    """Give the files that the links of a page lead to, each once, in the order of the page."""
    parser = _Links()
    parser.feed(text)
    parser.close()
    addresses = dict.fromkeys(urldefrag(urljoin(url, href)).url for href in parser.found)
    return [Listed(last_of(one), one) for one in addresses if last_of(one) and not urlsplit(one).query]


@dataclass
class _Catalog:
    """A THREDDS catalog as its elements come by (Unidata: THREDDS client catalog specification 1.0)."""

    bases: list[str] = field(default_factory=list)
    """Of the services that give whole files."""
    paths: list[tuple[str, str]] = field(default_factory=list)
    modified: dict[int, str] = field(default_factory=dict)
    inside: list[int] = field(default_factory=list)
    """The number of the file of each open element `dataset`; -1 for a folder."""
    text: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rsplit(":", 1)[-1]
        if kind == "service" and attributes.get("serviceType", "").lower() == "httpserver":
            self.bases.append(attributes.get("base", ""))
        elif kind == "dataset":
            self.inside.append(len(self.paths) if "urlPath" in attributes else -1)
            if "urlPath" in attributes:
                self.paths.append((attributes.get("name", ""), attributes["urlPath"]))
        elif kind == "date" and attributes.get("type") == "modified":
            self.text = ""

    def data(self, text: str) -> None:
        if self.text is not None:
            self.text += text

    def end(self, tag: str) -> None:
        kind = tag.rsplit(":", 1)[-1]
        if kind == "date" and self.text is not None:
            if self.inside:
                self.modified[self.inside[-1]] = self.text.strip()
            self.text = None
        elif kind == "dataset":
            self.inside.pop()


def of_thredds(text: bytes, url: str) -> list[Listed]:
    """Give the files of a catalog.xml by the address of the service that gives them whole, in its order.

    Raises
    ------
    SourceError
        No XML, a document type (which entities would need), or no service that gives whole files.
    """
    catalog = _Catalog()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refused
    parser.StartElementHandler = catalog.start
    parser.CharacterDataHandler = catalog.data
    parser.EndElementHandler = catalog.end
    try:
        parser.Parse(text, True)  # noqa: FBT003 - the signature of expat
    except expat.ExpatError as error:
        raise SourceError(f"a THREDDS catalog is XML, and {url} is not: {error}") from None
    except _Doctype:
        raise SourceError(f"a THREDDS catalog has no document type, and {url} has one") from None
    if not catalog.bases:
        raise SourceError(f"a THREDDS catalog names a service of type HTTPServer, and {url} names none")
    base = catalog.bases[0]
    return [
        Listed(last_of(path) or name, urljoin(url, base + path), catalog.modified.get(number, ""))
        for number, (name, path) in enumerate(catalog.paths)
    ]


class _Doctype(Exception):  # noqa: N818 - never leaves this module
    """A document type, which could hold entities that expand without end."""


def _refused(*_: object) -> None:
    raise _Doctype
