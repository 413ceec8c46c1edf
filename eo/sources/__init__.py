"""The network rim: which granules there are and how each gets here, one module per way of getting bytes."""

from pathlib import Path

from eo.errors import InputError
from eo.model import Product
from eo.origin import (
    CdsSource,
    CmemsSource,
    FtpSource,
    GportalSource,
    HttpsSource,
    JaxaEarthSource,
    LocalSource,
    OpendapSource,
    PackageSource,
    RemoteSource,
    S3Source,
    StacSource,
)
from eo.sources import local, package
from eo.sources._asked import asked
from eo.sources._connector import Connector, Tally
from eo.sources._found import Found
from eo.sources._kept import Kept, answering, kept, newest, present
from eo.sources._remote import Remote, Wanted


def find(product: Product, raw: Path) -> list[Found]:
    """Give the files of a product that are on this machine now, in a fixed order. Never reaches the network.

    Parameters
    ----------
    raw : the folder that what is fetched of the product is kept in

    Raises
    ------
    InputError
        There is none.
    """
    match product.source:
        case LocalSource() as source:
            return local.find(source)
        case PackageSource() as source:
            return package.find(source)
        case _:
            return _fetched(product, raw)


def _fetched(product: Product, raw: Path) -> list[Found]:
    found = [Found(one.path.resolve(), one.origin) for one in newest(present(product, raw))]
    if not found:
        others = len(kept(raw))
        other = f" but {others} granules of another request or name than it has now" if others else ""
        raise InputError(
            f"a product of a service is fetched before it is used, and nothing of {raw.name!r} ({product.source.kind}) "
            f"is here{other}: eo fetch {raw.name} --from YYYY-MM --to YYYY-MM"
        )
    return found


def connector(source: RemoteSource) -> Connector:  # noqa: PLR0911 - one for each kind, so that mypy sees each module
    """Give the module that speaks to the service of a source; its libraries are imported with it."""
    match source:
        case HttpsSource():
            from eo.sources import https

            return https
        case FtpSource():
            from eo.sources import ftp

            return ftp
        case GportalSource():
            from eo.sources import gportal

            return gportal
        case CdsSource():
            from eo.sources import cds

            return cds
        case CmemsSource():
            from eo.sources import cmems

            return cmems
        case JaxaEarthSource():
            from eo.sources import jaxa_earth

            return jaxa_earth
        case OpendapSource():
            from eo.sources import opendap

            return opendap
        case S3Source():
            from eo.sources import s3

            return s3
        case StacSource():
            from eo.sources import stac

            return stac


__all__ = [
    "Connector",
    "Found",
    "Kept",
    "Remote",
    "Tally",
    "Wanted",
    "answering",
    "asked",
    "connector",
    "find",
    "kept",
    "newest",
    "present",
]
