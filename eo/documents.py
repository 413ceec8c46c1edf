"""YAML documents as records: loaded safely, and every typing error told by its place and what would be right."""

import difflib
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from eo.errors import InputError

Model = TypeVar("Model", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """YAML without duplicate keys, of which YAML would keep the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the signature of PyYAML
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = [key for number, key in enumerate(keys) if key in keys[:number]]
        if repeated:
            raise yaml.constructor.ConstructorError(None, None, f"key {repeated[0]!r} stands twice", node.start_mark)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return found


def read_document(path: Path) -> dict[str, Any]:
    """Read a YAML file that is a mapping.

    Raises
    ------
    InputError
        Unreadable, no YAML, or no mapping; or a key stands twice.
    """
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - _Loader is a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise InputError(f"{path}{line} must be YAML: {getattr(error, 'problem', error)}") from None
    except OSError as error:
        raise InputError(f"{path} must be readable: {error.strerror}") from None
    if not isinstance(found, dict):
        raise InputError(f"{path} must be a YAML mapping, and it is {type(found).__name__}")
    return found


def validated(model: type[Model], document: Mapping[str, Any], where: str) -> Model:
    """Give a document as a record.

    Raises
    ------
    InputError
        An unknown key, a missing one, or a value that breaks a rule: the first of these, with its place.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise InputError(f"{where}: {_first(error, model)}") from None


def _first(error: ValidationError, model: type[BaseModel]) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = _keys_at(model, first["loc"][:-1])
        close = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        return f"unknown key {place!r}{hint}; it takes {known}" if known else f"unknown key {place!r}"
    said = first["msg"].removeprefix("Value error, ")
    return f"{place!r}: {said}" if first["type"] == "missing" else f"{place!r}: {said}; it is {first['input']!r}"


def _keys_at(model: type[BaseModel], location: Iterable[int | str]) -> list[str]:
    """Give the keys that are known at a place in a document, as far as the place is a plain record."""
    schema = model.model_json_schema()
    definitions, at = schema.get("$defs", {}), schema
    for key in location:
        named = [*at.get("patternProperties", {}).values(), {}]
        at = at.get("properties", {}).get(key) or at.get("additionalProperties") or named[0]
        choices = [at, *at.get("anyOf", ()), *at.get("oneOf", ())]
        names = [str(one["$ref"]).rsplit("/", 1)[-1] for one in choices if "$ref" in one]
        if len(names) == 1:
            at = definitions[names[0]]
    return sorted(at.get("properties", {}))
