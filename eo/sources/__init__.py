"""The network rim: which granules there are and how each gets here, one module per way of getting bytes."""

from eo.model import Product
from eo.origin import HttpsSource, LocalSource, PackageSource, RemoteSource
from eo.sources import local, package
from eo.sources._connector import Connector, Tally
from eo.sources._found import Found
from eo.sources._remote import Remote, Wanted


def find(product: Product) -> list[Found]:
    """Give the files that a product's source has now, in a fixed order.

    Raises
    ------
    InputError
        The source has none.
    """
    match product.source:
        case LocalSource() as source:
            return local.find(source)
        case PackageSource() as source:
            return package.find(source)
        case _:
            return []


def connector(source: RemoteSource) -> Connector:
    """Give the module that speaks to the service of a source; its libraries are imported with it."""
    match source:
        case HttpsSource():
            from eo.sources import https

            return https


__all__ = ["Connector", "Found", "Remote", "Tally", "Wanted", "connector", "find"]
