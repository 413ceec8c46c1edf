"""What the name of a file says by the pattern of its product: the date, the time step, the version."""

import re
from collections.abc import Mapping

import numpy as np

from eo.model import Product
from eo.steps import labels, start_of

_CENTURY = 70
_SHORTEST = {"month": len("YYYY-MM"), "hour": len("YYYY-MM-DDTHH")}


def groups(name: str, product: Product) -> dict[str, str] | None:
    """Give the groups of a name: year, month, day, hour, version, where the pattern has them; None for another name."""
    match = re.fullmatch(product.filename, name) if product.filename else None
    return None if match is None else match.groupdict(default="")


def full_year(year: str) -> str:
    """Give a year of four digits; one of two is from 1970 on."""
    return ("19" if int(year) >= _CENTURY else "20") + year if len(year) == len("YY") else year


def date_in(said: Mapping[str, str]) -> str:
    """Give the date that groups of a name say: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDTHH; empty where they do not.

    Day 00 stands for the whole month.
    """
    whole = dict(said) | ({"year": full_year(said["year"])} if said.get("year") else {})
    date = "-".join(whole[one] for one in ("year", "month", "day") if whole.get(one, "").strip("0"))
    return f"{date}T{said['hour']}" if date and said.get("hour") else date


def step_in(name: str, product: Product) -> str:
    """Give the time step (see `eo.steps.labels`) that a name is of; empty where it says none, or a span of several."""
    date = date_in(groups(name, product) or {})
    if len(date) < _SHORTEST.get(product.step, len("YYYY-MM-DD")):
        return ""
    try:
        return labels(start_of(np.array([np.datetime64(date, "ns")]), product.step), product.step)[0]
    except ValueError:
        return ""
