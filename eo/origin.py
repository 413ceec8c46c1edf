"""Where a product comes from: one frozen record for each way of getting bytes. Nothing here reaches the network."""

import string
from functools import lru_cache
from ipaddress import ip_address
from typing import Annotated, Any, Literal, TypeGuard
from urllib.parse import SplitResult, urlsplit

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


@lru_cache
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
    except ValueError:
        return False
    return _is_allowed(parts.scheme, parts.netloc, hosts)


@lru_cache(maxsize=1024)
def _is_allowed(scheme: str, netloc: str, hosts: tuple[str, ...]) -> bool:
    parts = SplitResult(scheme, netloc, "", "", "")
    try:
        host, place = parts.hostname or "", f"{parts.hostname}:{parts.port}"
    except ValueError:
        return False
    known = host in hosts or place in hosts
    return known and (scheme == "https" or (scheme == "http" and is_loopback(host)))


def host_of(url: str) -> str:
    """Give the host of an address, with its port where it has one."""
    return _host(urlsplit(url).netloc)


@lru_cache(maxsize=1024)
def _host(netloc: str) -> str:
    parts = SplitResult("", netloc, "", "", "")
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


def _is_ftp(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"ftp", "ftps"} or not parts.hostname or "@" in parts.netloc:
        msg = "a folder of an FTP server is ftp://HOST/... or ftps://HOST/..., without a user or a password in it"
        raise ValueError(msg)
    return text


class FtpSource(Record):
    """Files of an FTP server, in folders that are looked through: the product's `filename` picks from them."""

    kind: Literal["ftp"]
    url: Annotated[Template, AfterValidator(_is_ftp)]
    """Of the folder of a time step, ftp:// or (with TLS) ftps://."""
    credentials: Credentials = Credentials()
    """Without any the log-in is anonymous."""
    limits: Limits = Limits(connections=2)


class GportalSource(Record):
    """Granules of JAXA's G-Portal: found in its catalogue (CSW), brought by SFTP."""

    kind: Literal["gportal"]
    datasets: tuple[Annotated[str, Field(pattern=r"^\d{8}$")], ...] = Field(min_length=1)
    """Identifiers in the catalogue; the product's `filename` picks from what they hold."""
    catalogue: Url = "https://csw.gportal.jaxa.jp/csw"
    version: str = ""
    """Of the granules to take, as the catalogue states it; empty takes every one."""
    page: int = Field(default=100, ge=1)
    """Records asked for at once."""
    server: str = Field(default="sftp.gportal.jaxa.jp:22", pattern=r"^[\w.-]+:\d+$")
    root: str = "/product/Standard/"
    """Folder of the server that stands for all up to /Standard/ in the catalogue."""
    login: Literal["key", "password"] = "key"
    """The host that ends in October 2026 takes a password; the one after it a public key alone."""
    known_hosts: str = "~/.ssh/known_hosts"
    credentials: Credentials = Credentials(user="GPORTAL_USER", password="GPORTAL_PASSWORD", key="GPORTAL_KEY_FILE")  # noqa: S106 - names of environment variables
    hosts: tuple[str, ...] = ()
    limits: Limits = Limits(connections=2)


class CdsSource(Record):
    """Answers of the Climate Data Store to requests: one for each month, each year, or one for all."""

    kind: Literal["cds"]
    collection: str
    request: dict[str, Any]
    """What every request says, beside year, month and day."""
    variants: tuple[dict[str, Any], ...] = ({},)
    """What a request says in addition, where the record is made of several: each that has the month is asked for."""
    batch: Literal["month", "year", "all"] = "month"
    days: str = ""
    """What the request calls its days (day, nominal_day); empty where it has none."""
    url: Url = "https://cds.climate.copernicus.eu/api"
    credentials: Credentials = Credentials(key="ECMWF_DATASTORES_KEY")
    """`key` names the variable that holds the key itself; without it the client's own file is read."""
    poll: float = Field(default=10, gt=0)
    """Seconds between two looks at a request that waits."""
    hosts: tuple[str, ...] = ("object-store.os-api.cci2.ecmwf.int:443", "object-store.os-api.cci2.ecmwf.int")
    """Where results lie."""
    limits: Limits = Limits(connections=2, deadline=6 * 3600)


class CmemsSource(Record):
    """Original files of the Copernicus Marine Service, by its toolbox."""

    kind: Literal["cmems"]
    dataset: str
    version: str = Field(pattern=r"^(\d{6}|default)$")
    """Version of the data set: a retired one is an error, never replaced by another.

    `default` is what the toolbox calls that of a data set that was never issued again, whose identifier ends in no
    YYYYMM: it is asked for as any other, and is not the newest of several.
    """
    part: str | None = None
    credentials: Credentials = Credentials(
        user="COPERNICUSMARINE_SERVICE_USERNAME",
        password="COPERNICUSMARINE_SERVICE_PASSWORD",  # noqa: S106 - names of environment variables
    )
    hosts: tuple[str, ...] = ()
    limits: Limits = Limits(connections=64, deadline=6 * 3600)
    """Files wait together, so that one log-in brings them; the toolbox opens one after the other."""


def _is_box(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    west, south, east, north = box
    if not (-180 <= west <= 360 and -180 <= east <= 360 and west != east and -90 <= south < north <= 90):  # noqa: PLR2004 - degrees
        msg = "a box is [west, south, east, north] in degrees, west to east going east"
        raise ValueError(msg)
    return box


LatLonBox = Annotated[tuple[float, float, float, float], AfterValidator(_is_box)]
"""West, south, east, north in degrees, from west to east going east."""


class StacSource(Record):
    """Items of a STAC API, or of a static STAC catalog, with the files of some of their assets."""

    kind: Literal["stac"]
    url: Url
    """Landing page of the API, or root of the static catalog."""
    static: bool = False
    """A static catalog has no search: all of it is walked through."""
    collections: tuple[str, ...] = Field(min_length=1)
    assets: tuple[str, ...] = Field(min_length=1)
    """Names of the assets that a granule is made of; what else an item has is left there."""
    box: LatLonBox | None = None
    query: dict[str, dict[str, str | float | bool]] = Field(default_factory=dict)
    """Of properties, as the query extension of the API has it: ``{"grid:code": {"eq": "MGRS-31TFF"}}``."""
    signing: Url | None = None
    """Asked, as ``?href=``, for the signed address of a file just before it is fetched (Planetary Computer)."""
    hosts: tuple[str, ...] = ()
    """Where items, assets and redirects may lead, beside the host of `url`."""
    limits: Limits = Limits()


class JaxaEarthSource(Record):
    """A collection of the static catalog JAXA Earth, whose items are addressed by the grammar of their paths."""

    kind: Literal["jaxa_earth"]
    collection: str = Field(pattern=r"^[\w.-]+$")
    level: int = Field(default=0, ge=0, le=3)
    """Of resolution: 5 pixels a degree at 0, then 40, 360 and 3600; the collection says how far it goes."""
    box: LatLonBox | None = None
    """The tiles that have a part in it alone; a finer level has too many for the globe."""
    catalog: Url = "https://data.earth.jaxa.jp/stac/cog/v1/catalog.json"
    hosts: tuple[str, ...] = ("s3.ap-northeast-1.wasabisys.com",)
    """Where collections, items and files may lead, beside the host of `catalog`."""
    limits: Limits = Limits()


class S3Source(Record):
    """Objects of a bucket: one that anyone may list and read, or one that takes an access key."""

    kind: Literal["s3"]
    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{2,62}$")
    region: str = Field(default="us-east-1", pattern=r"^[a-z0-9-]+$")
    endpoint: Url | None = None
    """Of a service other than AWS; the bucket is then the first part of the path."""
    prefix: Template = ""
    """The folder of a time step; the product's `filename` picks from all that lies below it."""
    credentials: Credentials = Credentials()
    """`user` names the variable with the identifier of an access key, `password` that with its secret."""
    hosts: tuple[str, ...] = ()
    """Where redirects may lead, beside the host of the bucket."""
    limits: Limits = Limits()


class OpendapSource(Record):
    """Files of an OPeNDAP server (DAP 2): whole, or some variables of them, or a box cut from their grid."""

    kind: Literal["opendap"]
    url: Annotated[Template, AfterValidator(_is_url)]
    """Of the data set of a time step, without .dds or .dods."""
    variables: tuple[str, ...] = ()
    """Taken with the coordinates of their dimensions; none are all. Bounds and grid mappings have to be named."""
    box: LatLonBox | None = None
    hosts: tuple[str, ...] = ()
    """Where redirects may lead, beside the host of `url`."""
    limits: Limits = Limits()


RemoteSource = (
    HttpsSource
    | FtpSource
    | GportalSource
    | CdsSource
    | CmemsSource
    | JaxaEarthSource
    | OpendapSource
    | S3Source
    | StacSource
)
"""A way of getting bytes from a service; `eo.fetching` keeps them under the root."""

Source = Annotated[LocalSource | PackageSource | RemoteSource, Field(discriminator="kind")]


def is_remote(source: Source) -> TypeGuard[RemoteSource]:
    """Tell whether files come from a service, and have to be fetched before they are used."""
    return not isinstance(source, LocalSource | PackageSource)
