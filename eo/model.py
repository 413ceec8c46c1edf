"""The nouns: frozen records without input or output. Imports of `eo` what other records are made of."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from eo.origin import Source
from eo.record import Name, Record, Sentence

Step = Literal["hour", "day", "8day", "dekad", "halfmonth", "month"]
"""The time step of a product; `eo.steps` has the calendar of each."""


def _month(text: object) -> object:
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2]))?", text):
        msg = f"a month is written YYYY-MM (or a year YYYY), not {text!r}"
        raise ValueError(msg)
    return text


class Span(NamedTuple):
    """A half-open stretch of whole months: `start` <= month < `end`."""

    start: np.datetime64
    end: np.datetime64

    def __str__(self) -> str:
        """Give the span as it is written in a run: first and last month."""
        return f"{self.start}/{self.end - 1}"

    @property
    def months(self) -> int:
        """The number of months in the span."""
        return int((self.end - self.start).astype(int))


def span(text: str) -> Span:
    """Give the months of ``2006-04/2010-09``, ``2007/2009`` or ``2007``, last one included.

    Raises
    ------
    ValueError
        Not of that form, or the end before the start.
    """
    first, _, last = text.partition("/")
    _month(first)
    _month(last or first)
    start = np.datetime64(first, "M")
    end = np.datetime64(last or first, "Y" if len(last or first) == len("YYYY") else "M") + 1
    if end.astype("datetime64[M]") <= start:
        msg = f"a period ends after it starts, not {text!r}"
        raise ValueError(msg)
    return Span(start, end.astype("datetime64[M]"))


OPEN = "/.."
"""The end of a period that goes on: through the last whole month that is here."""


def _is_period(text: str) -> str:
    span(text.removesuffix(OPEN))
    return text


PeriodText = Annotated[str, AfterValidator(_is_period)]


def _is_span(text: str) -> str:
    span(text)
    return text


SpanText = Annotated[str, AfterValidator(_is_span)]


class Variable(Record):
    """One variable of a product: what it is called in the file and what it means."""

    source: str
    """Its name in the publisher's file."""
    units: str
    """Canonical (UDUNITS) units that the values are converted to."""
    long_name: Sentence
    standard_name: str | None = None
    anomaly_standard_name: str | None = None
    """CF has one for few variables."""
    difference: bool = False
    """True for a difference of two values (an anomaly): kelvin to degC then shifts nothing."""
    uncertainty: tuple[str, ...] = ()
    """Names in the file of its standard uncertainty, the first one found: producers have several for one thing."""
    plausible: tuple[float, float]
    """Physical range in canonical units; a granule with a value outside it is refused."""


class Product(Record):
    """One published data set: where it is, how it is read, whose it is."""

    title: Sentence
    summary: Sentence
    institution: Sentence
    platform: str
    version: str
    licence: Sentence
    citation: Sentence
    url: str
    doi: str | None = None
    source: Source
    reader: Name
    step: Step
    stamp: Literal["start", "middle", "end"] = "start"
    """Where in its step a file without time bounds puts its time stamp."""
    filename: str | None = None
    """A regular expression for the names of its files, with groups year, month, day, hour, version where they are."""
    marks: dict[str, str] = Field(default_factory=dict)
    """Attributes of the file and a regular expression for each: what tells this product by its content."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What its reader must know beside: the reader's own record checks them."""
    gaps: Literal["error", "allowed"] = "error"
    """What a missing step inside the period does to a run."""
    latency: str | None = Field(default=None, pattern=r"^P\d+[DWMY]$")
    """How long after its end a step is published, at the latest: an ISO 8601 duration such as P3D."""
    variables: dict[Name, Variable] = Field(min_length=1)

    def reading(self) -> dict[str, Any]:
        """Give what decides the numbers of a part, for its digest."""
        return self.model_dump(mode="json", include={"reader", "step", "stamp", "variables", "options"})


class Box(Record):
    """A box in degrees: `west` to `east` going east (so it may cross the antimeridian)."""

    west: float = Field(ge=-180, le=360)
    east: float = Field(ge=-180, le=360)
    south: float = Field(ge=-90, le=90)
    north: float = Field(ge=-90, le=90)

    @model_validator(mode="after")
    def _has_area(self) -> "Box":
        if self.south >= self.north or self.west == self.east or self.width <= 0:
            msg = f"a box has south < north and west != east, not {self.model_dump()}"
            raise ValueError(msg)
        return self

    @property
    def width(self) -> float:
        """Degrees of longitude from `west` going east to `east`."""
        span_ = self.east - self.west
        return span_ if 0 < span_ <= 360 else span_ % 360  # noqa: PLR2004 - a full circle


class Region(Record):
    """A named place: a box, or polygons in a GeoJSON file beside regions.yaml."""

    title: Sentence
    box: Box | None = None
    polygons: str | None = None
    reference: str = ""
    geometry: str = Field(default="", exclude=True)
    """The text of the GeoJSON file, put in when the region is loaded."""

    @property
    def globe_share(self) -> float:
        """The share of the degrees of the globe that a box has; of polygons nothing is known, and it is all of them."""
        return 1.0 if self.box is None else self.box.width * (self.box.north - self.box.south) / (360.0 * 180.0)

    @model_validator(mode="after")
    def _has_one_shape(self) -> "Region":
        if (self.box is None) == (self.polygons is None):
            msg = "a region has either a box or polygons"
            raise ValueError(msg)
        return self


@dataclass(frozen=True)
class Granule:
    """One file as an agency publishes it, as it was when it was taken in."""

    product: str
    path: Path
    origin: str
    sha256: str
    size: int
    modified: int
    """Modification time, ns: with `size` it shows that the file is still the one that was digested."""
    retrieved: str
    times: tuple[str, ...]
    """Name of each time step in the file, see `eo.steps.labels`."""
    grid: str
    """Size of the grid and digest of its cell bounds."""
    cells: int
    """Cells of the grid."""
    version: str
    """Version that the file states; empty where it states none."""
    beside: tuple[str, ...] = ()
    """Other files that it is made of, relative to its folder: the GeoTIFFs of a STAC item.

    `sha256`, `size` and `modified` are of all of them."""
    key: str = ""
    """Its name relative to the root, if it is kept there."""


@dataclass(frozen=True)
class Part:
    """The unit of work: a product over a year of months or a month of days."""

    product: str
    period: str
    """YYYY for a product by months, YYYY-MM for one of shorter steps."""
    digest: str
    granules: tuple[Granule, ...] = field(repr=False)


@dataclass(frozen=True)
class Check:
    """One rule of the gate that a file breaks."""

    rule: str
    found: str

    def __str__(self) -> str:
        """Give the rule and the value on one line."""
        return f"{self.rule}: {self.found}"
