"""Share of a sea that is in marine cold spells, by month or year and by category."""

import xarray as xr

from eo.indicators import Indicator
from eo.primitives.marine_spells import (
    REFERENCE,
    Days,
    Gap,
    Share,
    Step,
    area_outputs,
    cold_spell_normal,
    spell_days,
    spell_reach,
)
from eo.primitives.spell_days import area_shares
from eo.primitives.spells import Rule


def marine_cold_spell_area(
    series: xr.Dataset,
    *,
    normal: xr.Dataset,
    step: Step = "month",
    min_duration: Days = 5,
    max_gap: Gap = 2,
    min_coverage: Share = 0.9,
) -> xr.Dataset:
    """Give the days in marine cold spells of each cell, of which the pipeline makes shares of the area of the region.

    Each cell has its own climatology and events (see `marine_cold_spell_days`): they are not those of the mean
    temperature. A cell of which less than `min_coverage` of a month or year was observed does not count in it, nor
    does one without a threshold; the share is of the others. Where these are less than `min_coverage` of the sea, as
    in a part of a month or year, there is no value. A missing day is not below the threshold. The months
    around the period tell whether its first and last days lie in an event.

    Parameters
    ----------
    series : Dataset
        Daily ``mean`` (time, lat, lon) or (time, y, x), units of the variable, and ``coverage``, 1.
    normal : Dataset
        ``climatology`` and ``threshold`` (..., day), units of the variable, see `marine_spells.cold_spell_normal`: a
        baseline of fewer than 10 years is an error, and a day of the year with too few values has no threshold.
    step : month or year
    min_duration, max_gap : days
    min_coverage : 1

    Returns
    -------
    days, moderate, strong, severe, extreme, provisional_days : (time, lat, lon) or (time, y, x), day
        In the result (region, time), 1: see `eo.primitives.spell_days.area_shares`.
    coverage, flag : likewise

    References
    ----------
    Hobday et al. (2018): Categorizing and naming marine heatwaves. doi:10.5670/oceanog.2018.205
    """
    return spell_days(series, normal, Rule(-1, min_duration, max_gap), step=step, min_coverage=min_coverage)


INDICATOR = Indicator(
    compute=marine_cold_spell_area,
    title="area in marine cold spells",
    reduction="field",
    step="native",
    normal=cold_spell_normal,
    reach=spell_reach,
    gather=area_shares,
    outputs=area_outputs("marine_cold_spell", "marine cold spell"),
    reference=REFERENCE,
)
