"""Marine cold spells of zones as events, with their dates, intensities and categories."""

import xarray as xr

from eo.indicators import Indicator
from eo.model import Span
from eo.primitives.marine_spells import (
    REFERENCE,
    Days,
    Gap,
    Share,
    cold_spell_normal,
    event_outputs,
    event_reach,
    spell_events,
)
from eo.primitives.spells import Rule


def marine_cold_spell_events(
    series: xr.Dataset,
    *,
    normal: xr.Dataset,
    min_duration: Days = 5,
    max_gap: Gap = 2,
    min_coverage: Share = 0.9,
    period: Span | None = None,
) -> xr.Dataset:
    """Give the marine cold spells of each zone, and their days of each month.

    An event is at least `min_duration` days below the threshold; events with at most `max_gap` days between them are
    one. A missing day is not below it: it ends a run, and is bridged where it lies in a short gap. An event that later
    days may yet lengthen is `provisional`; all others are what they will be, whatever is appended. The events of a run
    are those that have a day in its period, each one whole: it is followed for a year back and a month on, as far as
    there is data, and one that may be older yet is `open_start`. A month of which less than `min_coverage` was
    observed, a part of one too, has no number of days; events stand with the share of their days that was observed.

    Parameters
    ----------
    series : Dataset
        Daily ``mean`` (region, time), units of the variable, and ``coverage`` (region, time), 1.
    normal : Dataset
        ``climatology`` and ``threshold`` (..., day), units of the variable, see `marine_spells.cold_spell_normal`: a
        baseline of fewer than 10 years is an error, and a day of the year with too few values has no threshold.
    min_duration, max_gap : days
    min_coverage : 1
        Least share of a zone on a day for its mean to stand, and of the days of a month for their sum.
    period : months; events without a day in them are left out

    Returns
    -------
    start, peak, end : (region, event), datetime64
    duration : (region, event), day
    mean_intensity, max_intensity : (region, event), units of the variable
        Value less climatology; that of cold is negative.
    cumulative_intensity : (region, event), units of the variable x day
    category : (region, event), 1 to 4 (moderate, strong, severe, extreme), 0 where there is no event
    provisional, open_start : (region, event), 1 where it may go on, or may have begun before the record
    event_coverage : (region, event), 1
    events : (region), their number
    days, provisional_days : (region, time), day, of each month
    coverage : (region, time), 1
    flag : (region, time), int8, see `eo.coverage.FLAGS`

    References
    ----------
    Hobday et al. (2016): A hierarchical approach to defining marine heatwaves. doi:10.1016/j.pocean.2015.12.014
    Hobday et al. (2018): Categorizing and naming marine heatwaves. doi:10.5670/oceanog.2018.205
    """
    return spell_events(series, normal, Rule(-1, min_duration, max_gap), min_coverage=min_coverage, period=period)


INDICATOR = Indicator(
    compute=marine_cold_spell_events,
    title="marine cold spells",
    reduction="zonal_mean",
    step="native",
    normal=cold_spell_normal,
    reach=event_reach,
    outputs=event_outputs("marine_cold_spell", "marine cold spell"),
    reference=REFERENCE,
)
