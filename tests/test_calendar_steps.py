"""Statistics of a calendar step over the years of a baseline, by hand."""

import numpy as np
import pytest
import xarray as xr
from strategies import days, series

from eo.errors import InputError
from eo.model import Step, span
from eo.primitives.calendar_steps import at_calendar_step, calendar_step, check_years, enough_years, over_years
from eo.steps import bounds_of, place_in_year, start_of, step_of


def steps(step: Step, first: str, last: str) -> np.ndarray:
    """Give the bounds of all steps that start between two days."""
    return bounds_of(np.unique(start_of(np.arange(first, last, dtype="datetime64[D]"), step)), step, "start")


@pytest.mark.parametrize(
    ("step", "count"), [("day", 366), ("8day", 46), ("dekad", 36), ("halfmonth", 24), ("month", 12)]
)
def test_the_steps_of_a_leap_year_are_numbered_from_one(step: Step, count: int) -> None:
    bounds = steps(step, "2004-01-01", "2005-01-01")
    assert step_of(bounds) == step
    assert place_in_year(bounds[:, 0], step).tolist() == list(range(1, count + 1))


def test_the_first_of_march_has_one_number_in_all_years() -> None:
    starts = np.array(["2003-02-28", "2003-03-01", "2004-02-29", "2004-03-01", "2003-12-31"], "datetime64[ns]")
    assert place_in_year(starts, "day").tolist() == [59, 61, 60, 61, 366]


def test_bounds_of_no_calendar_step_are_refused_and_so_are_hours() -> None:
    weeks = np.arange("2001-01-01", "2001-03-01", 7, dtype="datetime64[D]").astype("datetime64[ns]")
    with pytest.raises(InputError, match="one of the steps"):
        step_of(np.stack([weeks[:-1], weeks[1:]], axis=1))
    with pytest.raises(InputError, match="not of hours"):
        place_in_year(weeks, "hour")


def test_a_statistic_is_of_all_years_of_a_calendar_step() -> None:
    content = series([np.arange(30.0), -np.arange(30.0)])
    found = over_years(lambda years: years.max(axis=-1), content["mean"], content["time_bounds"])
    assert found.dims == ("region", "calendar_step")
    assert found[0].values.tolist() == [24, 25, 26, 27, 28, 29, 18, 19, 20, 21, 22, 23]
    assert found[1].values.tolist() == [-float(month) for month in range(12)]
    several = over_years(
        lambda years: np.sort(years, axis=-1)[..., :2],
        content["mean"],
        content["time_bounds"],
        gives={"rank": np.array([1, 2])},
    )
    assert several.dims == ("region", "calendar_step", "rank")
    assert several[0, 7].values.tolist() == [7.0, 19.0]


def test_a_step_without_a_statistic_has_none() -> None:
    statistic = xr.DataArray([[5.0, 7.0]], dims=("region", "calendar_step"), coords={"calendar_step": [1, 3]})
    content = series(np.zeros(14))
    found = at_calendar_step(statistic, content["time_bounds"])
    np.testing.assert_array_equal(found[0], [5, np.nan, 7, *[np.nan] * 9, 5, np.nan])
    assert found.dims == ("region", "time")


def test_four_years_of_five_are_enough() -> None:
    values = np.ones((5, 12))
    values[0, 3] = values[:2, 4] = np.nan
    content = series(values.ravel())
    found = enough_years(content["mean"], content["time_bounds"], span("2001/2005"))
    assert found[0].values.tolist() == [month != 4 for month in range(12)]


def test_a_baseline_is_as_long_as_a_statistic_needs() -> None:
    check_years(span("2001/2002"), 2, "a sum")
    with pytest.raises(InputError, match="a sum needs a baseline of 3 years; 2001-01/2002-12 has 2"):
        check_years(span("2001/2002"), 3, "a sum")


def test_days_have_statistics_too() -> None:
    content = series(np.arange(730.0), time=days(730))
    assert calendar_step(content["time_bounds"])[-1] == 366
    found = over_years(lambda years: years.mean(axis=-1), content["mean"], content["time_bounds"])
    assert found.sizes["calendar_step"] == 365
