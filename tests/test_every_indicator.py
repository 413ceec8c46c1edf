"""What holds for all indicators: how far around its own months a value reaches, and what lacks is never silent."""

import re
from functools import lru_cache
from typing import get_args

import numpy as np
import pytest
import xarray as xr
from every import PERIOD, Case, of, without

from eo import indicators, listing
from eo.coverage import FLAGS
from eo.errors import InputError
from eo.model import Span, span
from eo.reductions import REDUCTIONS

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


@pytest.mark.parametrize("name", indicators.names())
def test_a_parameter_that_is_a_number_is_listed_with_its_unit(name: str) -> None:
    (line,) = (one for one in listing.lines("indicators") if one.startswith(f"{name}  "))
    known = indicators.load(name).parameters(REDUCTIONS[indicators.load(name).reduction])
    numbers = [each.name for each in known.values() if _is_number(each.annotation)]
    assert numbers
    assert [one for one in numbers if not re.search(rf"\b{one}=[^ ]+ \[[^]]+\]", line)] == []


def _is_number(annotation: object) -> bool:
    parts = get_args(annotation)
    return annotation in {int, float} or any(type(one) in {int, float} or _is_number(one) for one in parts)


def _lacks(one: Case, what: str) -> list[xr.Dataset]:
    """Give the series of an indicator without a day or a month of its first input: May 2012, or a day of it."""
    first, *others = one.series
    monthly = first["time"].values[1] - first["time"].values[0] > np.timedelta64(2, "D")
    if what == "month" or not monthly:
        hole = ("2012-05-01", "2012-05-31") if what == "month" else ("2012-05-10", "2012-05-10")
        gone = without(first, *hole)
        return [gone.assign(coverage=gone["coverage"].fillna(0.0)), *others]
    may = xr.DataArray(first["time"].values == np.datetime64("2012-05-01"), dims="time")
    return [first.assign(coverage=first["coverage"].where(~may, 30 / 31)), *others]


@pytest.mark.slow
@pytest.mark.parametrize("what", ["day", "month"])
@pytest.mark.parametrize("name", indicators.names())
def test_what_lacks_is_said_beside_each_number_that_it_is_part_of(name: str, what: str) -> None:
    """A number is as it would be without the gap, or its flag is another one, or its coverage is less."""
    one = case(name)
    whole, found = (one.result(series, normal(name)) for series in (one.series, _lacks(one, what)))
    told = (found["coverage"] < whole["coverage"] - 1e-12) | (found["flag"] != whole["flag"])
    assert told.any(), "nothing says that something is missing"
    for output in one.indicator.outputs:
        if set(found[output.key].dims) == set(found["flag"].dims):
            ours, theirs = (each[output.key].transpose(*found["flag"].dims) for each in (found, whole))
            other = ~((ours == theirs) | (ours.isnull() & theirs.isnull()))
            assert not (other & ~told).any(), output.key


@pytest.mark.parametrize("name", [name for name in indicators.names() if indicators.load(name).normal])
def test_a_baseline_of_two_years_is_an_error_or_stands_with_a_note(name: str) -> None:
    """Anomalies stand, and their result says of how many years their normal is; nothing else does."""
    one = case(name)
    try:
        found = one.result(one.series, one.normal(span("2006/2007")))
    except InputError as error:
        assert "2006-01/2007-12" in str(error)  # noqa: PT017 - either is right, and which one is that of the docstring
        assert "is an error" in one.docstring
        return
    if (found["flag"] == FLAGS["good"]).any():
        assert "30 years" in one.docstring
        assert "stands" in one.docstring
    else:
        assert "no_normal" in one.docstring
