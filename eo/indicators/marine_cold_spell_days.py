"""Days in marine cold spells, by month or year and by category, over zones or in each cell."""

import xarray as xr

from eo.indicators import Indicator
from eo.primitives.marine_spells import (
    REFERENCE,
    Days,
    Gap,
    Share,
    Step,
    cold_spell_normal,
    day_outputs,
    spell_days,
    spell_reach,
)
from eo.primitives.spells import Rule


def marine_cold_spell_days(
    series: xr.Dataset,
    *,
    normal: xr.Dataset,
    step: Step = "month",
    min_duration: Days = 5,
    max_gap: Gap = 2,
    min_coverage: Share = 0.9,
) -> xr.Dataset:
    """Give the days in marine cold spells of each calendar month or year, in all and by category.

    An event is at least `min_duration` days below the threshold; events with at most `max_gap` days between them are
    one, and these days count; those of the months around the period tell whether its first and last days lie in one. A
    missing day is not below it. A month or year of which less than `min_coverage` was observed, a part of one too, has
    no value; one whose days lack a threshold is flagged `no_normal`.

    Parameters
    ----------
    series : Dataset
        Daily ``mean`` (..., time), units of the variable, and ``coverage`` (..., time), 1.
    normal : Dataset
        ``climatology`` and ``threshold`` (..., day), units of the variable, see `marine_spells.cold_spell_normal`: a
        baseline of fewer than 10 years is an error, and a day of the year with too few values has no threshold.
    step : month or year
    min_duration, max_gap : days
    min_coverage : 1
        Least share of a zone on a day for its mean to stand, and of the days of a month or year for their sum.

    Returns
    -------
    days, moderate, strong, severe, extreme : (..., time), day
        The days of gaps have no category, so that the four may add up to less than all.
    cumulative_intensity : (..., time), units of the variable x day
    provisional_days : (..., time), day
        Days at the end of the record that later days may yet make part of an event; they count as none so far.
    coverage : (..., time), 1
    flag : (..., time), int8, see `eo.coverage.FLAGS`

    References
    ----------
    Hobday et al. (2016): A hierarchical approach to defining marine heatwaves. doi:10.1016/j.pocean.2015.12.014
    Hobday et al. (2018): Categorizing and naming marine heatwaves. doi:10.5670/oceanog.2018.205
    """
    return spell_days(series, normal, Rule(-1, min_duration, max_gap), step=step, min_coverage=min_coverage)


INDICATOR = Indicator(
    compute=marine_cold_spell_days,
    title="days in marine cold spells",
    reduction="zonal_mean",
    by=("region", "cell"),
    step="native",
    normal=cold_spell_normal,
    reach=spell_reach,
    outputs=day_outputs("marine_cold_spell", "marine cold spell"),
    reference=REFERENCE,
)
