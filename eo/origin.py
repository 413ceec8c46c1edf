"""Where a product comes from: one frozen record for each way of getting bytes. Nothing here reaches the network."""

import string
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from eo.record import Record

EnvironmentName = Annotated[str, Field(pattern=r"^([A-Z][A-Z0-9_]*)?$")]
"""The name of an environment variable; empty where there is none. A credential itself never stands in a config."""


class Limits(Record):
    """How a service is treated: politely, and never waited for without an end."""

    connections: int = Field(default=4, ge=1)
    """Open at once to one host."""
    per_minute: int | None = Field(default=None, ge=1)
    """Requests in a minute to one host; None leaves them uncounted."""
    timeout: float = Field(default=60, gt=0)
    """Seconds that any single wait for the service may take."""
    deadline: float = Field(default=3600, gt=0)
    """Seconds for one file with all its retries."""
    attempts: int = Field(default=5, ge=1)
    wait: float = Field(default=1, gt=0)
    """Seconds before the second attempt, about; it doubles with each one, up to a minute."""
    largest: int = Field(default=16 << 30, gt=0)
    """Bytes that one file may have, packed or unpacked."""


class Credentials(Record):
    """Names of the environment variables that hold credentials; never the credentials."""

    user: EnvironmentName = ""
    password: EnvironmentName = ""
    token: EnvironmentName = ""
    key: EnvironmentName = ""
    """Names the file of a private key."""
    netrc: bool = False
    """Take user and password of the host from the person's .netrc file."""


def is_loopback(host: str) -> bool:
    """Tell whether a host, with or without a port, is this machine."""
    host = host.rsplit(":", 1)[0] if host.count(":") == 1 else host
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def allowed(url: str, hosts: tuple[str, ...]) -> bool:
    """Tell whether an address is https, or http on this machine, on one of these hosts: HOST or HOST:PORT each."""
    try:
        parts = urlsplit(url)
        host, place = parts.hostname or "", f"{parts.hostname}:{parts.port}"
    except ValueError:
        return False
    known = host in hosts or place in hosts
    return known and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def host_of(url: str) -> str:
    """Give the host of an address, with its port where it has one."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname or "")


def _is_url(text: str) -> str:
    if not allowed(text, (host_of(text),)) or "@" in urlsplit(text).netloc:
        msg = "an address is https://HOST/... (http only on this machine), without a user or a password in it"
        raise ValueError(msg)
    return text


def _is_template(text: str) -> str:
    fields = [rest for _, *rest in string.Formatter().parse(text) if rest[0] is not None]
    if any(name != "time" or converted or not (form or "").startswith("%") for name, form, converted in fields):
        msg = "a template has fields of the form {time:%Y%m%d} alone"
        raise ValueError(msg)
    return text


Url = Annotated[str, AfterValidator(_is_url)]
"""An address: https, or http on this machine."""
Template = Annotated[str, AfterValidator(_is_template)]
"""Text with fields such as {time:%Y/%m}, filled in with the start of each time step of the product."""


class LocalSource(Record):
    """Files that are already on this machine."""

    kind: Literal["local"]
    path: str
    """A glob, relative to the folder that the command runs in."""


class PackageSource(Record):
    """A file that an installed Python distribution carries."""

    kind: Literal["package"]
    distribution: str
    path: str
    """Relative to the folder that the distribution is installed in."""
    extra: str
    """The extra of this project that installs the distribution."""


class HttpsSource(Record):
    """Files of a web server: an address for each time step, or folders whose listing is looked through."""

    kind: Literal["https"]
    url: Annotated[Template, AfterValidator(_is_url)]
    """Of the file of a time step; of the folder (html) or its catalog.xml (thredds) where there is a listing."""
    listing: Literal["none", "html", "thredds"] = "none"
    """How the server lists a folder; the product's `filename` picks from it."""
    hosts: tuple[str, ...] = ()
    """Where redirects and listed files may lead, beside the host of `url`."""
    credentials: Credentials = Credentials()
    limits: Limits = Limits()


RemoteSource = HttpsSource
"""A way of getting bytes from a service; `eo.fetching` keeps them under the root."""

Source = Annotated[LocalSource | PackageSource | RemoteSource, Field(discriminator="kind")]
