"""Area by threshold over zones: sea-ice extent and area, snow-covered area, area below a percentile."""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr
from pydantic import Field

from eo.canonical import STATUS
from eo.zones import Zone, over_zone, row_sums

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_ROUNDING = 1e-6
"""15 % is 0.15 to this share, however a file packs it and single precision rounds it."""
_NAMES = ("extent", "total", "observed", "coverage")


def zonal_extent(
    field: xr.DataArray,
    status: xr.DataArray,
    at: tuple[Zone, ...],
    outside: int,
    *,
    threshold: float = 0.15,
    side: Literal["at_or_above", "below"] = "at_or_above",
    pole_hole: Annotated[float, Field(gt=0, lt=90)] | None = None,
) -> xr.Dataset:
    """Give the area of the cells of each zone that are on one side of a threshold.

    Parameters
    ----------
    field : (time, lat, lon) or (time, y, x), any units
        With its 1-D or 2-D coordinate `lat` where there is a pole hole.
    status : as the field, int8, see `eo.canonical.STATUS`
    at : zones on the grid of the field
    outside : the status of a cell where the variable does not exist (land, for sea ice): no part of the zone
    threshold : units of the field; a value that is the threshold but for rounding is at it
    side : which cells count
    pole_hole : degrees_north, or None
        Cells at or north of it that were never observed, on a step when other cells of the zone were, are taken to be
        covered: they count in the extent and as observed, and not in the total (the rule of the NSIDC Sea Ice Index).
        The holes of SMMR, SSM/I and SSMIS begin at 84.5, 87.2 and 89.18 degrees.

    Returns
    -------
    extent : (region, time), float64, m2
        Area of the cells that count; NaN where nothing was observed, never 0.
    total : (region, time), float64, m2 times the units of the field
        Sum of value times area over these cells: sea-ice area, for a concentration; NaN likewise.
    observed : (region, time), float64, m2
    coverage : (region, time), 1
        Observed area over that of the zone, without what lies outside the domain and without what lies beyond the
        grid: polar grids end where there never is sea ice. What was not observed counts as not covered, so that the
        extent is short by at most (1 - coverage) / coverage times the observed area.

    References
    ----------
    Fetterer et al. (2017): Sea Ice Index, Version 3, doi:10.7265/N5K072F8
    """
    hole = _hole(field, pole_hole)
    limit = threshold - abs(threshold) * _ROUNDING

    def counted(values: Floats) -> Bools:
        with np.errstate(invalid="ignore"):
            return np.asarray(values >= limit if side == "at_or_above" else values < limit)

    pieces = []
    for one in at:
        here = hole[one.rows][:, one.columns]
        pieces.append(
            over_zone(
                lambda values, codes, one=one, here=here: _extent(
                    values, codes == outside, counted(values), here & (codes == STATUS["never_observed"]), one
                ),
                len(_NAMES),
                one,
                (field, status),
            )
        )
    joined = xr.concat(pieces, dim="region").transpose("region", "time", "which")
    names = xr.DataArray(np.array([one.name for one in at]), dims="region")
    fields = {name: joined.isel(which=number, drop=True) for number, name in enumerate(_NAMES)}
    return xr.Dataset(fields).assign_coords(region=names)


def _hole(field: xr.DataArray, pole_hole: float | None) -> Bools:
    """Give the cells that may lie in the hole at the pole: (lat, lon) or (y, x)."""
    dims = field.dims[-2:]
    if pole_hole is None:
        return np.zeros([field.sizes[one] for one in dims], dtype=bool)
    latitude = field["lat"].broadcast_like(field.isel(time=0, drop=True)).transpose(*dims)
    return np.asarray(latitude.values >= pole_hole)


def _extent(values: Floats, outside: Bools, counted: Bools, hole: Bools, at: Zone) -> Floats:
    """Give [extent, total, observed, coverage] of (..., rows, columns) values."""
    wide = np.asarray(values, dtype=np.float64)
    seen = np.isfinite(wide)
    inside = at.weights > 0
    some = (seen & inside).any(axis=(-2, -1))
    filled = hole & np.asarray(some)[..., None, None]
    covered = counted & seen
    extent = row_sums(np.where(covered | filled, at.weights, 0.0))
    total = row_sums(np.where(covered, wide * at.weights, 0.0))
    observed = row_sums(np.where(seen | filled, at.weights, 0.0))
    domain = row_sums(np.where(outside & ~seen, 0.0, at.weights))
    with np.errstate(invalid="ignore", divide="ignore"):
        coverage = np.where(some, np.minimum(observed / domain, 1.0), 0.0)
    return np.stack([np.where(some, extent, np.nan), np.where(some, total, np.nan), observed, coverage], axis=-1)
