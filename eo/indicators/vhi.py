"""Vegetation health index."""

from typing import Annotated

import xarray as xr
from pydantic import Field

from eo.coverage import standing
from eo.indicators import Indicator, Output
from eo.model import Span
from eo.primitives.condition import Share, Years, extremes_of_years, place_in_range


def vhi(
    series: xr.Dataset,
    temperature: xr.Dataset,
    *,
    normal: xr.Dataset,
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.5,
    min_coverage: Share = 0.9,
) -> xr.Dataset:
    """Give the vegetation health index of each month: `alpha` VCI + (1 - `alpha`) TCI.

    The ranges are those of the frozen baseline, so a month beyond all baseline years may lie below 0 or above 100. A
    month, or a part of one, is missing where either input was observed under `min_coverage`. A calendar month that the
    baseline gives no range has no value (``no_normal``), nor has one whose baseline years are all equal
    (``undefined``). A baseline of fewer years than `min_years` is an error.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (..., time) of a vegetation index, and ``coverage`` (..., time), 1.
    temperature : Dataset
        The same of land surface temperature, of the same zones or on the same grid.
    normal : Dataset
        Of `vhi_normal`.
    alpha : 1
        Weight of the vegetation; Kogan's is 0.5, as the share of each is not known.
    min_coverage : 1
        Least share of a zone or cell, and of the days of a month, that must be observed for a month to be there.

    Returns
    -------
    vhi, vci, tci : (..., time), %
    coverage : (..., time), 1
        The lesser one of both inputs.
    flag : (..., time), int8, see `eo.coverage.FLAGS`

    References
    ----------
    Kogan, F. N. (1997): Global drought watch from space. Bulletin of the American Meteorological Society, 78, 621-636.
    doi:10.1175/1520-0477(1997)078<0621:GDWFS>2.0.CO;2
    """
    with xr.set_options(arithmetic_join="exact"):
        vci, green = place_in_range(series, _of(normal, "vegetation"), min_coverage)
        heat, warm = place_in_range(temperature, _of(normal, "temperature"), min_coverage)
        tci = 100.0 - heat
        both = (series["coverage"].fillna(0.0), temperature["coverage"].fillna(0.0))
        coverage = xr.where(both[0] < both[1], both[0], both[1])
        there = coverage >= min_coverage
        found = {"vhi": alpha * vci + (1.0 - alpha) * tci, "vci": vci, "tci": tci}
        return standing(found, coverage, there=there, known=green & warm)


def vhi_normal(
    series: xr.Dataset,
    temperature: xr.Dataset,
    *,
    baseline: Span,
    min_coverage: Share = 0.9,
    min_years: Years = 5,
) -> xr.Dataset:
    """Give the ranges of both inputs over the baseline years, see `eo.primitives.condition.extremes_of_years`.

    Parameters
    ----------
    series, temperature, min_coverage : see `vhi`; of the baseline alone
    baseline : months
    min_years : years; least number of the baseline
    """
    pieces = [
        extremes_of_years(one, baseline, min_coverage, min_years).rename(
            {key: f"{role}_{key}" for key in ("least", "greatest")}
        )
        for role, one in (("vegetation", series), ("temperature", temperature))
    ]
    return xr.merge(pieces, join="exact", compat="equals")


def _of(normal: xr.Dataset, role: str) -> xr.Dataset:
    return xr.Dataset({key: normal[f"{role}_{key}"] for key in ("least", "greatest")})


_MEAN, _RANGE = "area: mean time: mean", (-1e4, 1e4)

INDICATOR = Indicator(
    compute=vhi,
    title="vegetation health index",
    reduction="zonal_mean",
    by=("region", "cell"),
    normal=vhi_normal,
    outputs=(
        Output("vhi", "vhi", "vegetation health index", _MEAN, units="%", range=_RANGE),
        Output("vci", "vci", "vegetation condition index", _MEAN, units="%", range=_RANGE),
        Output("tci", "tci", "temperature condition index", _MEAN, units="%", range=_RANGE),
    ),
    reference="Kogan (1997), doi:10.1175/1520-0477(1997)078<0621:GDWFS>2.0.CO;2",
)
