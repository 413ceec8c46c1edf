"""The network rim: which granules there are and how each gets here, one module per way of getting bytes."""

from eo.model import LocalSource, PackageSource, Product
from eo.sources import local, package
from eo.sources._found import Found


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


__all__ = ["Found", "find"]
