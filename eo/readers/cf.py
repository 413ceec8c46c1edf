"""CF NetCDF on a latitude-longitude grid: dims (time,) latitude, longitude, found by their CF attributes."""

from pathlib import Path

import xarray as xr

from eo.model import Product
from eo.readers._latlon import fields, opened, published
from eo.readers._options import options
from eo.record import Record


class Options(Record):
    """None: a file that needs any has a reader of its own."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one CF file, decoded lazily under their canonical names.

    Parameters
    ----------
    path : a NetCDF file (any format that netCDF4 reads)
    product : says which variables of the file, and what they are called

    Raises
    ------
    InputError
        No such variable or coordinate, a calendar that is not the real one, values that are not numeric.
    """
    options(Options, product)
    with opened(path, product, regular=False) as grid:
        return published(grid, fields(grid, product))
