"""GHRSST GDS2 sea surface temperature on a latitude-longitude grid: L4 analyses and L3 observations.

Packings, fill values and the meanings of flags are those that each file states: producers differ in all of them.
The time of a file is nominal (12:00, or 00:00 for a night) and stands for its day; `sst_dtime` is not added to it.

References
----------
GHRSST Science Team (2012): The Recommended GHRSST Data Specification (GDS) 2.0, revision 5. doi:10.5281/zenodo.4700466
Merchant, C. J., et al. (2019): Satellite-based time-series of sea-surface temperature since 1981 for climate
applications. Scientific Data, 6, 223. doi:10.1038/s41597-019-0236-x
"""

from pathlib import Path
from typing import Literal

import xarray as xr
from pydantic import Field

from eo.model import Product, Variable
from eo.readers._coordinates import check_named
from eo.readers._ghrsst_grid import axes
from eo.readers._ghrsst_masks import is_sea_ice, lat_lon, of_quality, on_sea, surface
from eo.readers._netcdf import opened
from eo.readers._options import options
from eo.readers._packing import decoded
from eo.readers._stored import StoredFile, check_packing, stored
from eo.record import Record

_SST, _BIAS = "sea_surface_temperature", "sses_bias"


class Options(Record):
    """What a GHRSST product says to its reader."""

    kind: Literal["analysis", "observation"] = "analysis"
    """An analysis (L4) is without gaps: its fill value is land. Observations (L3) have a quality for each value."""
    mask: bool = True
    """Whether the files of an analysis have a `mask`."""
    sea_ice: Literal["masked", "kept"] = "masked"
    """What is done with the temperature under sea ice. Climate use is that of ice-free ocean, `mask` == 1 (Merchant
    et al. 2019, table 6): the cell is then outside the domain, for there is no sea surface."""
    quality: int | None = Field(default=4, ge=1, le=5)
    """The lowest `quality_level` of an observation that is used; 4 and 5 are for climate (Merchant et al. 2019)."""
    bias: Literal["subtracted", "kept"] = "subtracted"
    """What is done with `sses_bias` of an observed `sea_surface_temperature`: GDS 2.0 leaves it to the user to
    subtract."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one GHRSST file, decoded lazily under their canonical names.

    Raises
    ------
    InputError
        Another product, no such variable, packing or flags that the file does not explain, a grid that is not even
        or not where the file says; when computed: a chunk that cannot be read, or an unknown flag.
    """
    said = options(Options, product)
    with opened(path, product) as file:
        coordinates = axes(file)
        check_named(path, product, coordinates["time"][1])
        fields = _fields(file, path, product, said)
        version = file.attrs.get("product_version")
        found = xr.Dataset(fields, coordinates, {} if version is None else {"product_version": str(version)})
        found.set_close(file.close)
        return found


def _fields(file: StoredFile, path: Path, product: Product, said: Options) -> dict[str, xr.DataArray]:
    below = surface(file, path, said.kind, mask=said.mask)
    fields: dict[str, xr.DataArray] = {}
    for name, variable in product.variables.items():
        values, status = _decoded(file, path, variable.source)
        if said.kind == "observation":
            if variable.source == _SST and said.bias == "subtracted":
                values = _unbiased(values, file, path)
            values, status = of_quality(values, status, file, path, said.quality)
        keep_ice = said.sea_ice == "kept" or is_sea_ice(variable)
        fields[name], fields[f"{name}_status"] = on_sea(
            values, status, below, without_gaps=said.kind == "analysis", keep_ice=keep_ice
        )
        spread = _uncertainty(file, path, variable)
        if spread is not None:
            fields[f"{name}_uncertainty"] = spread.where(fields[name].notnull()).assign_attrs(spread.attrs)
    return fields


def _decoded(file: StoredFile, path: Path, name: str) -> tuple[xr.DataArray, xr.DataArray]:
    packed = check_packing(stored(file, name, path), ("scale_factor", "add_offset", "_FillValue"))
    return decoded(xr.DataArray(packed.data, dims=lat_lon(packed.dims), attrs=packed.attrs, name=packed.name))


def _unbiased(values: xr.DataArray, file: StoredFile, path: Path) -> xr.DataArray:
    """Give the temperatures less their single sensor error statistic bias; none where the bias is missing."""
    bias, _ = _decoded(file, path, _BIAS)
    return (values - bias).assign_attrs(values.attrs)


def _uncertainty(file: StoredFile, path: Path, variable: Variable) -> xr.DataArray | None:
    name = next((one for one in variable.uncertainty if one in file.variables), None)
    return None if name is None else _decoded(file, path, name)[0]
