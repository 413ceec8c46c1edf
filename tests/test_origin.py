"""Where products come from: addresses that are allowed, templates, listings."""

import pytest
from pydantic import ValidationError

from eo.errors import SourceError
from eo.origin import Credentials, HttpsSource, allowed
from eo.sources._listing import of_html, of_thredds


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://data.example.org/a.nc", True),
        ("https://data.example.org:443/a.nc", True),
        ("http://data.example.org/a.nc", False),
        ("https://example.org/a.nc", False),
        ("https://data.example.org.evil.net/a.nc", False),
        ("https://evil.net/data.example.org", False),
        ("https://data.example.org@evil.net/a.nc", False),
        ("ftp://data.example.org/a.nc", False),
        ("file:///etc/passwd", False),
        ("https://data.example.org:99999/a.nc", False),
    ],
)
def test_an_address_is_https_on_a_known_host(url: str, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    assert allowed(url, ("data.example.org",)) is expected


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"])
def test_http_is_for_this_machine_alone(host: str) -> None:
    assert HttpsSource(kind="https", url=f"http://{host}/a.nc")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.nc",
        "https://me:secret@example.org/a.nc",
        "ftp://example.org/a.nc",
        "https://example.org/{time.year}",
        "https://example.org/{0}",
        "https://example.org/{day}",
        "https://example.org/{time!r}",
        "https://example.org/{time",
    ],
)
def test_other_addresses_and_templates_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        HttpsSource(kind="https", url=url)


@pytest.mark.parametrize("value", ["hunter2", "my-token", "$TOKEN"])
def test_credentials_are_names_of_variables(value: str) -> None:
    with pytest.raises(ValidationError):
        Credentials(token=value)


def test_a_listing_gives_the_files_that_it_links_to() -> None:
    page = """<a href="?C=N;O=D">Name</a> <a href="../">up</a> <A HREF='b%20c.nc'>b</A> <a href="a.nc#x">a</a>
              <a href="a.nc">again</a> <a name="nothing">no link</a> <a href="/files/d.nc">d</a> <a href="e/">e</a>"""
    found = of_html(page, "https://example.org/x/")
    assert [(one.name, one.url) for one in found] == [
        ("b c.nc", "https://example.org/x/b%20c.nc"),
        ("a.nc", "https://example.org/x/a.nc"),
        ("d.nc", "https://example.org/files/d.nc"),
    ]


BOMB = b"""<?xml version="1.0"?><!DOCTYPE catalog [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<catalog><service name="f" serviceType="HTTPServer" base="/f/"/><dataset name="&b;" urlPath="&b;.nc"/></catalog>"""


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (BOMB, "document type"),
        (b"<html><body>maintenance<br></body></html>", "is XML"),
        (b"", "is XML"),
        (b"<catalog/>", "HTTPServer"),
    ],
)
def test_a_catalog_with_entities_or_without_files_is_refused(text: bytes, word: str) -> None:
    with pytest.raises(SourceError, match=word):
        of_thredds(text, "https://example.org/catalog.xml")
