"""Snow of ESA Snow CCI: snow cover fraction (SCFG on the ground, SCFV viewable) and snow water equivalent (SWE).

Sources
-------
ESA Snow CCI product user guide. Fractions are unsigned bytes stored as signed ones; their `valid_range` includes the
codes, so the table of codes is here.
"""

from pathlib import Path
from typing import Literal

import xarray as xr

from eo.model import Product
from eo.readers._latlon import Field, fields, opened, published
from eo.readers._masks import coded_field
from eo.readers._options import options
from eo.record import Record

_FRACTION = {
    205: "quality_masked",  # cloud
    206: "never_observed",  # polar night
    210: "outside_domain",  # water
    215: "outside_domain",  # permanent snow and ice
    252: "quality_masked",  # classification failed
    253: "quality_masked",  # error in the input
    254: "never_observed",  # no acquisition
    255: "never_observed",
}
_WATER_EQUIVALENT = {
    -30: "outside_domain",  # glacier
    -20: "outside_domain",  # mountain
    -10: "outside_domain",  # water
    -1: "never_observed",
}
_TABLES = {"fraction": ((0, 100), _FRACTION), "water_equivalent": ((0, 500), _WATER_EQUIVALENT)}


class Options(Record):
    """What a snow product says beside its variables."""

    content: Literal["fraction", "water_equivalent"]
    """Which table of codes its variables have."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one file, decoded lazily, codes masked with their reasons.

    Raises
    ------
    InputError
        When computed: a value that is neither in the range of the variable nor a code of its table.
    """
    valid, codes = _TABLES[options(Options, product).content]
    with opened(path, product) as grid:

        def field(name: str) -> Field:
            return coded_field(grid.stored(name), valid, codes, grid.path)

        return published(grid, fields(grid, product, field, field))
