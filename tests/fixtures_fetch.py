"""What tests of fetching share: a product of synthetic days that a twin serves, and what is left after a fetch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import synthetic

from eo.fetching import Fetched, fetch
from eo.model import Product, span

TODAY = np.datetime64("2021-07-01")
QUICK = {"wait": 0.01, "timeout": 3, "deadline": 20, "attempts": 3, "connections": 3}
NAME = "synthetic_daily"
FILENAME = r"sst_(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\.nc"


def product(source: Mapping[str, Any], **other: object) -> Product:
    """Give a product of daily files; its source is polite but in a hurry."""
    limits = QUICK | dict(source.get("limits", {}))
    said = {"step": "day", "filename": FILENAME, "source": {**source, "limits": limits}}
    return Product.model_validate(synthetic.PRODUCT | said | other)


def fetched(one: Product, root: Path, *, months: str = "2021-05", **other: Any) -> Fetched:  # noqa: ANN401 - goes on as it is
    """Fetch the days of some months."""
    return fetch(NAME, one, span(months), root=root, today=other.pop("today", TODAY), **other)


def raw(root: Path) -> dict[str, Path]:
    """Give name -> path of the granules that are kept."""
    return {path.name: path for path in (root / "raw" / NAME).glob("*/*") if not path.name.endswith(".json")}


def quarantined(root: Path) -> dict[str, str]:
    """Give name -> reason of what was refused."""
    found = [json.loads(path.read_text()) for path in (root / "quarantine" / NAME).glob("*.reason.json")]
    return {one["name"]: one["reason"] for one in found}
