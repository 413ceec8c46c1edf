"""What a product's YAML tells its reader, checked by the reader's own record."""

from typing import TypeVar

from pydantic import ValidationError

from eo.errors import InputError
from eo.model import Product
from eo.record import Record

Options = TypeVar("Options", bound=Record)


def options(record: type[Options], product: Product) -> Options:
    """Give the options of a product as its reader knows them.

    Raises
    ------
    InputError
        An unknown key, or a value that breaks a rule.
    """
    try:
        return record.model_validate(product.options)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["options", *map(str, first["loc"])])
        known = sorted(record.model_fields)
        raise InputError(f"{place}: {first['msg']}; it is {first['input']!r}, and the reader takes {known}") from None
