"""What is asked of the Climate Data Store: a request for each month, or year, that its constraints allow. Pure."""

import calendar
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from eo.errors import SourceError
from eo.model import Span
from eo.origin import CdsSource
from eo.sources._remote import Remote

Inputs = dict[str, Any]
Allowed = Mapping[str, list[str]]
"""One entry of the constraints: values of each input that may be had together."""


def requests(source: CdsSource, span: Span, constraints: Iterable[Allowed]) -> list[Remote]:
    """Give the requests that bring what the store has of a span, in order of time.

    Parameters
    ----------
    constraints : entries of constraints.json of the collection

    Raises
    ------
    SourceError
        A variant is not offered at any time: an input or a value is not called so (any more).
    """
    entries = list(constraints)
    found = []
    for variant in source.variants:
        fixed = source.request | variant
        offered = [one for one in entries if _allows(one, fixed)]
        if not offered:
            raise SourceError(
                f"{source.collection} must offer {json.dumps(fixed)}, and it offers {_values(entries, fixed)}"
            )
        found += [_remote(source, period, fixed | times) for period, times in _periods(source, span, offered)]
    return sorted(found, key=lambda one: one.name)


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _allows(entry: Allowed, inputs: Inputs) -> bool:
    """Tell whether an entry has all these values; it says nothing of inputs that are free."""
    return all(set(_texts(value)) <= set(entry[name]) for name, value in inputs.items() if name in entry)


def _values(entries: list[Allowed], fixed: Inputs) -> dict[str, list[str]]:
    return {name: sorted({value for one in entries for value in one.get(name, [])}) for name in fixed}


def _periods(source: CdsSource, span: Span, offered: list[Allowed]) -> list[tuple[str, Inputs]]:
    """Give each period that is offered with what a request says of it."""
    if source.batch == "all":
        return [("all", {})]
    months = [(str(one)[:4], str(one)[5:7]) for one in (span.start + number for number in range(span.months))]
    there = [(year, month) for year, month in months if any(_has(one, year, month) for one in offered)]
    if source.batch == "month":
        return [(f"{year}-{month}", _times(source, year, [month], offered)) for year, month in there]
    years = dict.fromkeys(year for year, _ in there)
    return [(year, _times(source, year, [one for at, one in there if at == year], offered)) for year in years]


def _has(entry: Allowed, year: str, month: str) -> bool:
    return year in entry.get("year", []) and month in entry.get("month", [])


def _times(source: CdsSource, year: str, months: list[str], offered: list[Allowed]) -> Inputs:
    inputs: Inputs = {"year": [year], "month": months}
    if source.days:
        entries = [one for one in offered for month in months if _has(one, year, month)]
        values = {day for one in entries for day in one.get(source.days, ())}
        last = max(calendar.monthrange(int(year), int(month))[1] for month in months)
        inputs[source.days] = sorted(day for day in values if int(day) <= last)
    return inputs


def _remote(source: CdsSource, period: str, inputs: Inputs) -> Remote:
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    fixed = {name: value for name, value in inputs.items() if name not in {"year", "month", source.days}}
    return Remote(
        name=f"{source.collection}-{period}-{_digest(json.dumps(fixed, sort_keys=True))}",
        url=f"{source.url.rstrip('/')}/retrieve/v1/processes/{source.collection}/execution?inputs={quote(text)}",
        etag=_digest(text),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def inputs_of(remote: Remote) -> Inputs:
    """Give the inputs that the address of a request holds."""
    inputs: Inputs = json.loads(parse_qs(urlsplit(remote.url).query)["inputs"][0])
    return inputs


def at(remote: Remote, location: str, size: int) -> Remote:
    """Give the file that a request led to."""
    return replace(remote, url=location, size=size)
