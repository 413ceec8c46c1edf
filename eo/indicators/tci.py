"""Temperature condition index."""

import xarray as xr

from eo.coverage import standing
from eo.indicators import Indicator, Output
from eo.model import Span
from eo.primitives.condition import Share, Years, extremes_of_years, place_in_range


def tci(series: xr.Dataset, *, normal: xr.Dataset, min_coverage: Share = 0.9) -> xr.Dataset:
    """Give the temperature condition index of each month: 0 at the hottest and 100 at the coldest of the baseline.

    The range is that of the frozen baseline, so a month beyond all baseline years lies below 0 or above 100; where the
    range is of all years, with the month itself among them, it stops there. A month observed in part under
    `min_coverage` is missing. A calendar month that the baseline gives no range has no value (``no_normal``), nor has
    one whose baseline years are all equal (``undefined``). A baseline of fewer years than `min_years` is an error.

    Parameters
    ----------
    series : Dataset
        Monthly ``mean`` (..., time) of land surface temperature, and ``coverage`` (..., time), 1. Of a
        zone it is the index of the mean over the zone, not the mean of the index.
    normal : Dataset
        Of `tci_normal`.
    min_coverage : 1
        Least share of a zone or cell, and of the days of a month, that must be observed for a month to be there.

    Returns
    -------
    tci : (..., time), %
    coverage : (..., time), 1
    flag : (..., time), int8, see `eo.coverage.FLAGS`

    References
    ----------
    Kogan, F. N. (1995): Application of vegetation index and brightness temperature for drought detection. Advances in
    Space Research, 15, 91-100. doi:10.1016/0273-1177(95)00079-T
    """
    place, known = place_in_range(series, normal, min_coverage)
    there = series["coverage"] >= min_coverage
    return standing({"tci": 100.0 - place}, series["coverage"], there=there, known=known)


def tci_normal(series: xr.Dataset, *, baseline: Span, min_coverage: Share = 0.9, min_years: Years = 5) -> xr.Dataset:
    """Give the range of each calendar month over the baseline years, see `condition.extremes_of_years`.

    Parameters
    ----------
    series, min_coverage : see `tci`; of the baseline alone
    baseline : months
    min_years : years; least number of the baseline
    """
    return extremes_of_years(series, baseline, min_coverage, min_years)


INDICATOR = Indicator(
    compute=tci,
    title="temperature condition index",
    reduction="zonal_mean",
    by=("region", "cell"),
    normal=tci_normal,
    outputs=(
        Output("tci", "tci", "temperature condition index", "area: mean time: mean", units="%", range=(-1e4, 1e4)),
    ),
    reference="Kogan (1995), doi:10.1016/0273-1177(95)00079-T",
)
