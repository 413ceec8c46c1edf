"""What holds for all indicators: how far around its own months a value reaches, and what lacks is never silent."""

from functools import lru_cache

import pytest
import xarray as xr
from every import PERIOD, Case, of

from eo import indicators
from eo.model import Span, span

BASELINE = span("2006/2015")


@lru_cache
def case(name: str) -> Case:
    return Case(name)


@lru_cache
def normal(name: str) -> xr.Dataset | None:
    return case(name).normal(BASELINE)


def by_time(found: xr.Dataset) -> xr.Dataset:
    """Leave out what is of the whole period: the trend of the sea level."""
    return found[[key for key, one in found.data_vars.items() if {"time", "event"} & set(one.dims)]]


@pytest.mark.parametrize("name", indicators.names())
def test_a_value_is_made_of_the_months_that_its_indicator_reaches_to_and_of_no_others(name: str) -> None:
    """To the last bit: so the first month of a run is what it is in a run that starts earlier."""
    one = case(name)
    before, after = one.indicator.reaches(one.parameters)
    reached = Span(PERIOD.start - before, PERIOD.end + after)
    ours = one.result([of(each, reached) for each in one.series], normal(name))
    xr.testing.assert_identical(by_time(ours), by_time(one.result(one.series, normal(name))))
    if before:
        alone = by_time(one.result([of(each, PERIOD) for each in one.series], normal(name)))
        assert not alone.identical(by_time(ours)), "what reaches further than it needs fetches in vain"
