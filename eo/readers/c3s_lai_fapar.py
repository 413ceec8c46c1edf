"""LAI and FAPAR of the Copernicus Climate Change Service, 1 km, by dekads: time bounds are in attributes alone.

Sources
-------
C3S LAI/FAPAR product user guide and specification; variables are `LAI` and `fAPAR`.
"""

from pathlib import Path

import numpy as np
import xarray as xr

from eo.errors import InputError
from eo.model import Product
from eo.readers._latlon import Field, fields, opened, published
from eo.readers._options import options
from eo.readers._times import moment
from eo.record import Record


class Options(Record):
    """None."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one file, decoded lazily, with the time bounds that its attributes say.

    Raises
    ------
    InputError
        No coverage in the attributes, or a time that does not lie in it.
    """
    options(Options, product)
    with opened(path, product) as grid:
        said = (str(grid.file.attrs.get(f"time_coverage_{one}", "")) for one in ("start", "end"))
        start, end = (moment(text, "time_coverage") for text in said)
        stamps = grid.times()
        if stamps.size != 1 or not start <= stamps[0] <= end:
            raise InputError(f"the time of a file lies in its coverage, {start} to {end}; it is {stamps}")

        def field(name: str) -> Field:
            values, status = grid.decoded(name)
            return values.assign_attrs(units=str(values.attrs.get("units", "")).strip() or "1"), status

        bounds = np.array([[start, end]], "datetime64[ns]")
        return published(grid, fields(grid, product, field, field), stamps=stamps, bounds=bounds)
