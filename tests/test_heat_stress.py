"""Degree heating weeks. Expected numbers are worked by hand, or come from plain loops and `numpy.polyfit`."""

import dask
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import days, series

from eo.coverage import FLAGS
from eo.errors import InputError
from eo.indicators.degree_heating_weeks import degree_heating_weeks, degree_heating_weeks_normal
from eo.model import span
from eo.primitives.heat_stress import ALERTS, alert_level, trailing_sum

NORMAL = xr.Dataset({"maximum": ("region", [28.0])})
GOOD, SHORT, NOTHING, LACKS = (FLAGS[one] for one in ("good", "insufficient_coverage", "no_data", "no_normal"))


def daily(values: np.ndarray, start: str = "2001-01-01") -> xr.Dataset:
    return series(values, np.isfinite(values).astype(float), days(values.shape[-1], start))


def weeks_of(values: np.ndarray) -> xr.Dataset:
    return degree_heating_weeks(daily(values), normal=NORMAL).isel(region=0)


def test_the_example_of_coral_reef_watch() -> None:
    """Four HotSpots in twelve weeks, 1.0, 2.0, 0.8 and 1.2: that of 0.8 does not count (Skirving et al. 2020)."""
    values = np.full(84, 27.0)
    values[[10, 30, 40, 60]] = [29.0, 30.0, 28.8, 29.2]
    found = weeks_of(values).isel(time=-1)
    assert found["weeks"].item() == pytest.approx(4.2 / 7, rel=1e-12)
    assert (found["hotspot"].item(), found["coverage"].item(), found["flag"].item()) == (0.0, 1.0, GOOD)


def test_stress_is_forgotten_after_twelve_weeks_to_the_last_bit() -> None:
    values = np.full(200, 27.0)
    values[:90] = 29.3
    found = weeks_of(values)["weeks"].values
    assert found[89] == pytest.approx(84 * 1.3 / 7, rel=1e-12)
    assert found[89 + 84] == 0.0
    assert found[89 + 83] == pytest.approx(1.3 / 7, rel=1e-12)


def test_a_missing_day_is_like_the_others_and_never_without_stress() -> None:
    values = np.full(90, 29.0)
    values[50:55] = np.nan
    found = weeks_of(values)
    assert found["weeks"].values[-1] == pytest.approx(12.0, rel=1e-12)
    assert found["coverage"].values[-1] == 79 / 84
    assert found["flag"].values[52] == NOTHING
    values[60:70] = np.nan
    again = weeks_of(values)
    assert (again["flag"].values[-1], np.isnan(again["weeks"].values[-1])) == (SHORT, True)


def test_the_first_weeks_have_no_value() -> None:
    found = weeks_of(np.full(90, 29.0))
    assert (found["flag"].values[:75] == SHORT).all()
    assert (found["flag"].values[75:] == GOOD).all()  # 76 of 84 days are 90 %
    assert (found["alert"].values[:75] == ALERTS["unknown"]).all()


def test_without_a_climatology_there_is_no_stress_to_speak_of() -> None:
    found = degree_heating_weeks(daily(np.full(90, 29.0)), normal=xr.Dataset({"maximum": ("region", [np.nan])}))
    assert (found["flag"].values[0, 75:] == LACKS).all()
    assert found["weeks"].isnull().all()


@pytest.mark.parametrize(
    ("hotspot", "weeks", "level"),
    [
        (-1.0, 9.0, "no_stress"), (0.0, 0.0, "no_stress"), (0.5, 9.0, "watch"), (1.0, 0.2, "warning"),
        (1.0, 3.99, "warning"), (1.0, 4.0, "alert_1"), (2.0, 8.0, "alert_2"), (2.0, 12.0, "alert_3"),
        (2.0, 16.0, "alert_4"), (2.0, 20.0, "alert_5"), (np.nan, 20.0, "unknown"), (2.0, np.nan, "unknown"),
    ],
)  # fmt: skip
def test_alert_levels_are_those_of_coral_reef_watch(hotspot: float, weeks: float, level: str) -> None:
    found = alert_level(xr.DataArray([hotspot]), xr.DataArray([weeks]))
    assert (found.item(), found.dtype) == (ALERTS[level], np.int8)


@given(hnp.arrays(np.float64, (2, 30), elements=st.floats(0, 5)), st.integers(1, 12), st.integers(1, 29))
def test_a_trailing_sum_is_that_of_a_loop_and_later_steps_change_nothing(
    values: np.ndarray, steps: int, known: int
) -> None:
    found = trailing_sum(values, steps)
    expected = [[row[max(0, at - steps + 1) : at + 1].sum() for at in range(row.size)] for row in values]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(trailing_sum(values[:, :known], steps), found[:, :known])


@pytest.fixture(scope="module")
def warming() -> xr.Dataset:
    """Give twelve years of days with a season, a trend and noise."""
    time = days(4383)
    year = (time - time[0]) / np.timedelta64(1, "D") / 365.25
    noise = np.random.default_rng(4).normal(size=(2, 4383))
    return daily(26 + 2 * np.sin(2 * np.pi * year) + 0.05 * year + 0.2 * noise)


def test_the_warmest_month_is_the_highest_mean_and_recentred_it_lies_on_the_line(warming: xr.Dataset) -> None:
    found = degree_heating_weeks_normal(warming, baseline=span("2001/2012"))
    moved = degree_heating_weeks_normal(warming, baseline=span("2001/2012"), recentred=2003.5)
    frame = warming["mean"].isel(region=1).to_series()
    means = frame.groupby([frame.index.month, frame.index.year]).mean().unstack()
    np.testing.assert_allclose(found["climatology"][1], means.mean(axis=1), rtol=0, atol=1e-12)
    assert found["maximum"][1].item() == found["climatology"][1].max().item()
    lines = [np.polyval(np.polyfit(np.arange(2001, 2013), row, 1), 2003.5) for row in means.to_numpy()]
    np.testing.assert_allclose(moved["climatology"][1], lines, rtol=0, atol=1e-9)


def test_a_climatology_that_lacks_a_month_has_no_warmest_one(warming: xr.Dataset) -> None:
    holes = warming.copy(deep=True)
    holes["mean"][0, holes["time"].dt.month.values == 6] = np.nan
    found = degree_heating_weeks_normal(holes, baseline=span("2001/2012"))
    assert np.isnan(found["climatology"].values[0, 5])
    assert np.isnan(found["maximum"].values).tolist() == [True, False]


def test_a_baseline_that_is_too_short_is_an_error(warming: xr.Dataset) -> None:
    with pytest.raises(InputError, match="need 10 baseline years; 2001-01/2009-12 has 9"):
        degree_heating_weeks_normal(warming, baseline=span("2001/2009"))


def test_neither_chunks_nor_what_is_appended_change_a_bit(warming: xr.Dataset) -> None:
    normal = degree_heating_weeks_normal(warming, baseline=span("2001/2012"))
    whole = degree_heating_weeks(warming, normal=normal)
    with dask.config.set(scheduler="synchronous"):
        lazy = degree_heating_weeks(warming.chunk(region=1, time=900), normal=normal).compute()
    xr.testing.assert_identical(lazy, whole)
    part = degree_heating_weeks(warming.isel(time=slice(1000)), normal=normal)
    xr.testing.assert_identical(part, whole.isel(time=slice(1000)))
