"""What is wanted of a service, and what it has."""

from dataclasses import dataclass

from eo.model import Product, Span


@dataclass(frozen=True)
class Wanted:
    """The granules of a product in a half-open span of months."""

    name: str
    """The product's."""
    product: Product
    span: Span
    closely: bool = False
    """Ask for the size and the ETag of each file too, where a listing does not say them: to notice what changed."""


@dataclass(frozen=True)
class Remote:
    """One file that a service has."""

    name: str
    """The plain file name that it is kept under."""
    url: str
    """Where it is; never a credential in it."""
    size: int | None = None
    etag: str = ""
    modified: str = ""
    """ISO 8601, UTC."""
    checksum: str = ""
    """``sha256:<hex>`` or ``md5:<hex>``."""
    version: str = ""
    beside: tuple["Remote", ...] = ()
    """Further files of the same granule, kept in one folder with it: the COGs of a STAC item."""
    time: str = ""
    """Name of the time step that it is of (see `eo.steps.labels`), where the service says so and the name does not."""
