"""Which product a file belongs to, and which time: by its name, or else by its content."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np

from eo import readers
from eo.errors import InputError
from eo.filenames import date_in, groups, step_in
from eo.granules import canonical_of
from eo.model import Product
from eo.netcdf import serial
from eo.sources import integrity
from eo.steps import labels


@dataclass(frozen=True)
class Identity:
    """What a file is."""

    product: str
    time: str
    """Start of its step, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDTHH, whichever day the name has; empty where none is said."""
    version: str
    by: str
    """name, content, or both."""


def from_name(name: str, products: Mapping[str, Product]) -> list[Identity]:
    """Give the products whose file names look like this one."""
    found = []
    for key, product in products.items():
        said = groups(name, product)
        if said is not None:
            found.append(Identity(key, step_in(name, product) or date_in(said), said.get("version", ""), "name"))
    return found


@serial
def attributes(path: Path, names: Collection[str] | None = None) -> dict[str, str]:
    """Give the attributes of a file, by name: of the root, and as ``group/name`` of the groups below it.

    Parameters
    ----------
    names : those that are wanted; None for all

    Raises
    ------
    InputError
        The file is empty or cannot be read; one that is neither NetCDF, HDF5 nor a STAC item has none.
    """
    kind = integrity.kind_of(path)
    try:
        if kind == "classic NetCDF":
            with netCDF4.Dataset(path) as file:
                return {name: str(file.getncattr(name)) for name in file.ncattrs() if names is None or name in names}
        if kind == "HDF5":
            with h5py.File(path) as file:
                return dict(_hdf5_attributes(file, names))
        if kind == "JSON":
            return _members(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} must be a whole file of kind {kind}: {error}") from None
    return {}


def _members(found: object) -> dict[str, str]:
    """Give the members of a STAC item, or of the first of an item collection, that are text."""
    features = found.get("features") if isinstance(found, dict) else None
    item = features[0] if isinstance(features, list) and features else found
    return {name: value for name, value in item.items() if isinstance(value, str)} if isinstance(item, dict) else {}


def _hdf5_attributes(file: h5py.File, names: Collection[str] | None) -> Iterator[tuple[str, str]]:
    places = list(file) if names is None else [one for one in {name.partition("/")[0] for name in names} if one in file]
    groups_ = {f"{place}/": one for place in places if isinstance(one := file[place], h5py.Group)}
    for place, holder in {"": file, **groups_}.items():
        for name in holder.attrs:
            if names is None or f"{place}{name}" in names:
                yield f"{place}{name}", _text(holder.attrs[name])


def _text(value: Any) -> str:  # noqa: ANN401 - an attribute is of any HDF5 type
    one = np.asarray(value).ravel()
    first = one[0] if one.size == 1 else value
    return first.decode("utf-8", "replace").rstrip("\0 ") if isinstance(first, bytes) else str(first)


def from_content(path: Path, products: Mapping[str, Product]) -> list[Identity]:
    """Give the products whose marks the attributes of a file all carry."""
    there = attributes(path, {"product_version", *(name for one in products.values() for name in one.marks)})
    return [
        Identity(key, "", there.get("product_version", ""), "content")
        for key, product in products.items()
        if product.marks and all(re.search(rule, there.get(name, "")) for name, rule in product.marks.items())
    ]


@serial
def identity(path: Path, products: Mapping[str, Product]) -> list[Identity]:
    """Give the products that a file may belong to: by its name where a product knows it, checked by its content.

    Raises
    ------
    InputError
        The name says one product and the content another or no file of its kind, or neither says any.
    """
    named = from_name(path.name, products)
    if named and path.is_file():
        integrity.check_kind(path, tuple(sorted({kind for one in named for kind in _kinds(products[one.product])})))
    inside = {one.product for one in from_content(path, products)} if path.is_file() else set()
    marked = {one.product for one in named if products[one.product].marks}
    if named and inside and marked and not marked & inside:
        raise InputError(
            f"a file is what its name says; {path.name} is named as {sorted(marked)}, and it is {sorted(inside)}"
        )
    if named and inside & marked:
        named = [replace(one, by="both") for one in named if one.product in inside]
    found = named or (from_content(path, products) if path.is_file() else [])
    if not found:
        raise InputError(f"no product of {len(products)} has files like {path.name}, by name or by content")
    return [_dated(one, path, products[one.product]) for one in found]


def _kinds(product: Product) -> tuple[str, ...]:
    return readers.kinds(product.reader)


def _dated(found: Identity, path: Path, product: Product) -> Identity:
    """Give an identity with its time: where the name does not say, that of the content."""
    if found.time or not path.is_file():
        return found
    with canonical_of(path, product) as content:
        steps = labels(content["time"].values, product.step)
    return replace(found, time=steps[0] if len(steps) == 1 else f"{steps[0]}/{steps[-1]}")


def only(path: Path, products: Mapping[str, Product]) -> str:
    """Give the one product that a file belongs to.

    Raises
    ------
    InputError
        None, or several: then the person says which.
    """
    found = sorted({one.product for one in identity(path, products)})
    if len(found) > 1:
        each = "; ".join(f"--product {one} ({products[one].title})" for one in found)
        raise InputError(f"{path.name} holds {len(found)} products, of which one is read at a time: {each}")
    return found[0]
