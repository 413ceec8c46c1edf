"""STAC items: what a JSON file beside cloud-optimised GeoTIFFs says about them."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from eo.errors import InputError, unknown

Item = Mapping[str, Any]
Model = TypeVar("Model", bound=BaseModel)


class Stated(BaseModel):
    """A part of an item that a reader needs; what else is there is left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


def items(path: Path, marks: Mapping[str, str]) -> list[Item]:
    """Give the items of a granule: one item, or the features of an item collection (the answer of a STAC search).

    Parameters
    ----------
    path : GeoJSON
    marks : members of an item, such as `collection`, and a regular expression for each

    Raises
    ------
    InputError
        No JSON of that form, no item, or an item of another product.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"must be a whole JSON file: {error}") from None
    kind = found.get("type") if isinstance(found, dict) else None
    features = found.get("features") if kind == "FeatureCollection" else [found]
    if kind not in {"Feature", "FeatureCollection"} or not isinstance(features, list) or not features:
        raise InputError(f"a granule is a STAC item or a collection of items; its type is {kind!r}")
    for item in features:
        _check(item, marks)
    return features


def _check(item: object, marks: Mapping[str, str]) -> None:
    if not isinstance(item, dict) or not isinstance(item.get("assets"), dict):
        raise InputError("a STAC item has assets, and this one has none")
    for name, rule in marks.items():
        if not re.search(rule, str(item.get(name, ""))):
            raise InputError(f"an item of this product has {name} {rule}; it has {item.get(name)!r}")


def part(model: type[Model], said: object, what: str) -> Model:
    """Give a part of an item as the record that it must be.

    Raises
    ------
    InputError
        Something is absent or of another kind.
    """
    try:
        return model.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"{what} states {place}: {first['msg'].lower()}") from None


def asset(item: Item, name: str) -> Mapping[str, Any]:
    """Give an asset of an item by its name.

    Raises
    ------
    InputError
        There is none.
    """
    found = item["assets"].get(name)
    if not isinstance(found, dict):
        raise unknown("asset", name, map(str, item["assets"]), str(item.get("id", "the item")))
    return found


def file_of(path: Path, item: Item, name: str) -> Path:
    """Give the file of an asset, which lies beside the granule or in a folder there.

    Raises
    ------
    InputError
        The link leads elsewhere, or there is no such file.
    """
    href = asset(item, name).get("href")
    parts = PurePosixPath(href).parts if isinstance(href, str) else ()
    if not parts or parts[0] == "/" or ".." in parts or ":" in parts[0] or "\0" in str(href):
        raise InputError(f"asset {name!r} lies beside its item, under a relative link; its link is {href!r}")
    found = path.parent.joinpath(*parts)
    if not found.is_file():
        raise InputError(f"asset {name!r} lies beside its item, and there is no {href}")
    return found


def links(path: Path, items_: list[Item], names: Iterable[str]) -> tuple[str, ...]:
    """Give the files of the assets of these names, relative to the folder of their granule, each once."""
    found = {file_of(path, item, name).relative_to(path.parent).as_posix() for item in items_ for name in names}
    return tuple(sorted(found))


def time_of(item: Item) -> np.datetime64:
    """Give the middle of the time that an item covers, datetime64[ns]: its start may lie minutes before its step.

    Raises
    ------
    InputError
        It states no time, or one that is none.
    """
    said = item.get("properties")
    stated = said if isinstance(said, dict) else {}
    names = ("datetime",) if stated.get("datetime") else ("start_datetime", "end_datetime")
    times = [_instant(stated, name) for name in names]
    if times[-1] < times[0]:
        raise InputError(f"an item ends after it starts; it is from {times[0]} to {times[-1]}")
    middle = times[0] + (times[-1] - times[0]) / 2
    return np.datetime64(middle.replace(tzinfo=None), "ns")


def _instant(stated: Mapping[str, Any], name: str) -> datetime:
    try:
        found = datetime.fromisoformat(str(stated[name]))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        raise InputError(f"an item states {name} as a date and time; it is {stated.get(name)!r}") from None
