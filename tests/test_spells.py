"""Marine heatwaves and cold spells. Expected numbers: worked by hand, from `hobday` (plain NumPy), or published."""

from pathlib import Path
from typing import Any

import dask
import hobday
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import days

from eo import references
from eo.coverage import FLAGS
from eo.primitives.day_of_year import LEAP, daily_climatology, on_every_day
from eo.primitives.spell_days import COUNTS, area_shares, day_counts
from eo.primitives.spells import Rule, event_table

HEAT, COLD = Rule(1), Rule(-1)
CATEGORIES = ("moderate", "strong", "severe", "extreme")


def flat(mean: float = 0.0, threshold: float = 1.0, regions: int = 1) -> xr.Dataset:
    """Give a climatology that is the same every day."""
    fields = {name: (("region", "day"), np.full((regions, LEAP), one))
              for name, one in (("climatology", mean), ("threshold", threshold))}  # fmt: skip
    return xr.Dataset(fields, {"day": np.arange(1, LEAP + 1)})


def daily(values: Any, start: str = "2001-01-01") -> xr.DataArray:  # noqa: ANN401 - whatever an array is made of
    wide = np.atleast_2d(np.asarray(values, float))
    return xr.DataArray(wide, {"region": [f"r{one}" for one in range(len(wide))], "time": days(wide.shape[1], start)},
                        ("region", "time"))  # fmt: skip


def counts(values: xr.DataArray, normal: xr.Dataset, rule: Rule = HEAT, **changed: Any) -> xr.Dataset:  # noqa: ANN401
    said: dict[str, Any] = {"step": "month", "min_coverage": 0.9} | changed
    return day_counts(values, values.notnull().astype(float), normal, rule, **said)


EXAMPLE = [0.0] * 3 + [1.5, 2.5, 3.5, 4.5, 9.5, 0.5, 1.0, 1.5, 1.5, 1.5, 1.5, 2.0] + [0.0] * 16
"""January: five days beyond 1, 2, 3, 4 and 9 times the limit, two days of gap, five days, the last one at 2 times."""


def test_an_event_worked_by_hand() -> None:
    found = event_table(daily(EXAMPLE), flat(), HEAT).isel(region=0, event=0)
    dates = [str(found[name].values)[:10] for name in ("start", "peak", "end")]
    assert dates == ["2001-01-04", "2001-01-08", "2001-01-15"]
    expected = {"duration": 12, "max_intensity": 9.5, "cumulative_intensity": 31.0, "mean_intensity": 31.0 / 12,
                "category": 4, "provisional": 0, "open_start": 0, "coverage": 1, "count": 1}  # fmt: skip
    assert {name: found[name].item() for name in expected} == expected


def test_the_days_of_a_month_worked_by_hand() -> None:
    found = counts(daily(EXAMPLE), flat()).isel(region=0, time=0)
    expected = {"days": 12, "moderate": 5, "strong": 2, "severe": 1, "extreme": 2, "cumulative_intensity": 31.0,
                "provisional_days": 0, "coverage": 1, "flag": 0}  # fmt: skip
    assert {name: found[name].item() for name in expected} == expected  # the gap of two days has no category


def test_cold_spells_are_the_mirror_of_heatwaves_and_their_intensity_is_negative() -> None:
    found = event_table(-daily(EXAMPLE), flat(threshold=-1.0), COLD).isel(region=0, event=0)
    assert found["max_intensity"].item() == -9.5
    assert found["cumulative_intensity"].item() == -31.0
    assert (found["duration"].item(), found["category"].item()) == (12, 4)
    cold = counts(-daily(EXAMPLE), flat(threshold=-1.0), COLD)
    warm = counts(daily(EXAMPLE), flat())
    xr.testing.assert_identical(cold.assign(cumulative_intensity=-cold["cumulative_intensity"]), warm)


def test_a_missing_day_is_not_beyond_the_threshold_and_is_bridged_as_a_gap() -> None:
    values = np.zeros(31)
    values[3:15] = 2.0
    values[8] = np.nan
    found = event_table(daily(values), flat(), HEAT).isel(region=0, event=0)
    assert (found["duration"].item(), found["cumulative_intensity"].item()) == (12, 22.0)
    assert (found["mean_intensity"].item(), found["coverage"].item()) == (2.0, 11 / 12)
    values[7] = values[9] = np.nan  # three days are too many, and of the two runs the first is too short
    again = event_table(daily(values), flat(), HEAT).isel(region=0)
    assert again["count"].item() == 1
    assert (str(again["start"].values[0])[:10], again["duration"].values[0]) == ("2001-01-11", 5)


def test_nothing_observed_is_no_zero() -> None:
    found = counts(daily(np.full((1, 59), np.nan)), flat())
    assert (found["flag"] == FLAGS["no_data"]).all()
    assert found[list(COUNTS)].to_dataarray().isnull().all()
    assert np.isnan(event_table(daily(np.full((1, 59), np.nan)), flat(), HEAT)["count"].item())


def test_a_day_without_a_threshold_is_said_to_lack_its_normal() -> None:
    found = counts(daily(np.full(31, 9.0)), flat(threshold=np.nan))
    assert found["flag"].values.tolist() == [[FLAGS["no_normal"]]]
    assert np.isnan(found["days"].item())
    assert np.isnan(event_table(daily(np.full(31, 9.0)), flat(threshold=np.nan), HEAT)["count"].item())


@pytest.mark.parametrize(("step", "flag"), [("month", "insufficient_coverage"), ("year", "insufficient_coverage")])
def test_a_part_of_a_month_or_year_never_passes_as_the_whole(step: str, flag: str) -> None:
    found = counts(daily(np.zeros(20)), flat(), step=step)
    assert found["flag"].values.tolist() == [[FLAGS[flag]]]
    assert found["coverage"].item() == 20 / (31 if step == "month" else 365)
    assert np.isnan(found["days"].item())


def test_a_year_has_the_days_of_its_months() -> None:
    values = daily(np.random.default_rng(1).normal(size=(2, 731)) * 3, "2003-01-01")
    month, year = counts(values, flat(regions=2)), counts(values, flat(regions=2), step="year")
    assert year["time"].values.astype("datetime64[D]").astype(str).tolist() == ["2003-01-01", "2004-01-01"]
    for name in COUNTS:
        np.testing.assert_allclose(month[name].values.reshape(2, 2, 12).sum(axis=2), year[name], rtol=1e-12)
    assert (year["time_bounds"].diff("nv").values.ravel() / np.timedelta64(1, "D")).tolist() == [365, 366]


def test_a_threshold_at_the_climatology_has_no_multiples() -> None:
    found = counts(daily(np.full(31, 5.0)), flat(mean=0.0, threshold=0.0)).isel(region=0, time=0)
    assert [found[one].item() for one in CATEGORIES] == [31, 0, 0, 0]


@pytest.fixture(scope="module")
def record() -> xr.DataArray:
    """Give twelve years of four regions of seasons and red noise, with some days missing."""
    drawn = np.random.default_rng(11)
    noise = drawn.normal(size=(4, 4383))
    for day in range(1, noise.shape[1]):
        noise[:, day] += 0.9 * noise[:, day - 1]
    noise[1, drawn.random(4383) < 0.02] = np.nan
    return daily(15 + 5 * np.sin(np.arange(4383) / 58.1) + noise, "2001-01-01")


@pytest.fixture(scope="module")
def normal(record: xr.DataArray) -> xr.Dataset:
    return daily_climatology(record, percentile=90)


def compared(table: xr.Dataset, expected: list[hobday.Event], *, peak_category: bool = True) -> None:
    found = table.isel(event=slice(int(table["count"].item())))
    for name, field in (("start", "start"), ("peak", "peak"), ("end", "end")):
        assert [str(one)[:10] for one in found[name].values] == [getattr(one, field) for one in expected]
    for name, field in (("duration", "days"), ("max_intensity", "largest"), ("mean_intensity", "mean"),
                        ("cumulative_intensity", "cumulative")):  # fmt: skip
        np.testing.assert_allclose(found[name], [getattr(one, field) for one in expected], rtol=0, atol=1e-9)
    at_peak = np.array([one.category for one in expected])
    assert (found["category"] >= at_peak).all()  # ours is the highest of all days, theirs that of the peak
    if peak_category:
        assert (found["category"] == at_peak).mean() > 0.9


@pytest.mark.parametrize("region", [0, 2, 3])
def test_events_are_those_of_an_independent_implementation(
    record: xr.DataArray, normal: xr.Dataset, region: int
) -> None:
    time = record["time"].values.astype("datetime64[D]")
    expected = hobday.events(time, record.values[region], ("2001-01-01", "2012-12-31"))
    found = event_table(record.isel(region=[region]), normal.isel(region=[region]), HEAT)
    assert len(expected) == found["count"].item() > 10
    compared(found.isel(region=0), expected)


@pytest.mark.slow
def test_updating_day_by_day_gives_the_events_of_one_batch(record: xr.DataArray, normal: xr.Dataset) -> None:
    final = event_table(record, normal, HEAT)
    fields = [name for name in final.data_vars if name not in {"provisional", "count"}]
    for length in range(4000, 4383):
        found = event_table(record.isel(time=slice(length)), normal, HEAT)
        for region in range(4):
            provisional = found["provisional"].values[region, : int(found["count"].values[region])]
            closed = np.flatnonzero(provisional == 0)
            assert closed.tolist() == list(range(closed.size))  # only the last one may be provisional
            for name in fields:
                np.testing.assert_array_equal(found[name].values[region, closed], final[name].values[region, closed])


@pytest.mark.parametrize("rule", [HEAT, COLD], ids=["heat", "cold"])
def test_day_by_day_over_the_turn_of_the_year_events_and_days_are_those_of_one_batch(
    record: xr.DataArray, rule: Rule
) -> None:
    """By regions and by cells: what is not provisional stays, and what comes was provisional."""
    normal = daily_climatology(record, percentile=50 + 20 * rule.sign)  # so that many days are beyond it
    late = record.sel(time=slice("2010-10-01", "2011-03-31")).copy()
    turn = int(np.flatnonzero(late["time"].values == np.datetime64("2011-01-01"))[0])
    late[0, turn - 8 : turn - 3], late[0, turn - 3 : turn + 4] = 15 - 30 * rule.sign, 15 + 30 * rule.sign
    final = event_table(late, normal, rule)
    grid = xr.Dataset({name: gridded(normal[name]) for name in ("climatology", "threshold")})
    months = counts(gridded(late), grid, rule, min_coverage=1e-9)
    seen = np.zeros(2, bool)
    for length in range(turn - 12, turn + 12):
        upto = late.isel(time=slice(length))
        found = event_table(upto, normal, rule)
        for region in range(4):
            closed = np.flatnonzero(found["provisional"].values[region, : int(found["count"].values[region])] == 0)
            for name in set(found.data_vars) - {"provisional", "count"}:
                np.testing.assert_array_equal(found[name].values[region, closed], final[name].values[region, closed])
        now = counts(gridded(upto), grid, rule, min_coverage=1e-9)
        whole = now["coverage"].isel(time=slice(None, -1))  # of the last month later days are to come
        gained = (months["days"] - now["days"]).sel(time=whole["time"])
        assert ((gained >= 0) & (gained <= now["provisional_days"].sel(time=whole["time"]))).all()
        seen |= [bool((found["provisional"] == 1).any()), bool((gained > 0).any())]
    assert seen.all(), "nothing was provisional, or no day of the old year came to an event in the new one"


def gridded(field: xr.DataArray) -> xr.DataArray:
    """Give four regions as cells of a grid."""
    wide = field.values.reshape(2, 2, -1)
    return xr.DataArray(wide, {field.dims[-1]: field[field.dims[-1]]}, ("lat", "lon", field.dims[-1]))


@settings(max_examples=20)
@given(hnp.arrays(np.float64, 45, elements=st.sampled_from([0.0, 2.0, np.nan])), st.integers(31, 44))
def test_settled_days_of_a_month_never_change(values: np.ndarray, known: int) -> None:
    before = counts(daily(values[:known]), flat(), min_coverage=1e-9)
    after = counts(daily(values), flat(), min_coverage=1e-9)
    gained = (after["days"] - before["days"]).fillna(0.0).values[0, 0]
    assert 0 <= gained <= before["provisional_days"].fillna(0.0).values[0, 0]


def test_neither_chunks_nor_schedulers_change_a_bit(record: xr.DataArray, normal: xr.Dataset) -> None:
    whole = counts(record, normal)
    for size, scheduler in ((1, "threads"), (3, "synchronous")):
        with dask.config.set(scheduler=scheduler):
            lazy = counts(record.chunk(region=size, time=500), normal.chunk(region=size))
            assert lazy["days"].chunks is not None
            xr.testing.assert_identical(lazy.compute(), whole)


def test_cells_of_a_grid_are_counted_as_regions_are(record: xr.DataArray, normal: xr.Dataset) -> None:
    grid = xr.Dataset({name: gridded(normal[name]) for name in ("climatology", "threshold")})
    cells = counts(gridded(record).transpose("time", "lat", "lon"), grid)
    whole = counts(record, normal)
    for name in ("days", "extreme", "coverage", "flag"):
        np.testing.assert_array_equal(cells[name].transpose("lat", "lon", "time").values.reshape(4, -1), whole[name])


def test_the_share_of_an_area_is_that_of_its_cells_by_area_and_day() -> None:
    hot, cold, land = np.zeros(31), np.zeros(31), np.full(31, np.nan)
    hot[:10] = 2.5
    row = np.stack([hot, cold, cold, land])
    values = xr.DataArray(row.reshape(2, 2, 31), {"time": days(31)}, ("lat", "lon", "time"))
    normal = flat(regions=1).isel(region=0)
    area = xr.DataArray([[3.0, 1.0], [2.0, 100.0]], dims=("lat", "lon"))
    found = area_shares(counts(values, normal), area, min_coverage=0.9).isel(time=0)
    assert found["days"].item() == found["strong"].item() == pytest.approx(3 * 10 / (6 * 31))
    assert (found["moderate"].item(), found["coverage"].item(), found["flag"].item()) == (0.0, 1.0, 0)
    half = values.copy()
    half[0, 1, 20:] = np.nan  # an area of one of six is not observed in full, and does not count
    less = area_shares(counts(half, normal), area, min_coverage=0.8).isel(time=0)
    assert less["days"].item() == pytest.approx(3 * 10 / (5 * 31))
    assert less["coverage"].item() == pytest.approx(5 / 6)
    assert np.isnan(area_shares(counts(half, normal), area, min_coverage=0.9)["days"].item())
    nothing = area_shares(counts(values * np.nan, normal), area, min_coverage=0.9)
    assert (nothing["flag"].item(), np.isnan(nothing["days"].item())) == (FLAGS["no_data"], True)


def test_the_days_of_categories_are_those_beyond_the_threshold_in_events(
    record: xr.DataArray, normal: xr.Dataset
) -> None:
    found = counts(record, normal, min_coverage=1e-9)
    by_category = sum(found[one] for one in CATEGORIES)
    assert (by_category <= found["days"]).all()
    table = event_table(record, normal, HEAT)
    np.testing.assert_array_equal(found["days"].sum("time"), table["duration"].sum("event"))
    np.testing.assert_allclose(found["cumulative_intensity"].sum("time"), table["cumulative_intensity"].sum("event"))


@pytest.fixture(scope="module")
def sst(real_data: Path) -> xr.DataArray:
    text = references.text_of(real_data / "heatwave" / "sst_WA.csv")
    series = references.table(text, "temp", "t").expand_dims(region=["wa"]).to_dataset(name="mean")
    return on_every_day(series)["mean"]


@pytest.fixture(scope="module")
def usual(sst: xr.DataArray) -> xr.Dataset:
    return daily_climatology(sst.sel(time=slice("1983-01-01", "2012-12-31")), percentile=90)


@pytest.mark.real
class TestWesternAustralia:
    def test_the_event_of_2011_has_its_published_values(self, sst: xr.DataArray, usual: xr.Dataset) -> None:
        table = event_table(sst, usual, HEAT).isel(region=0)
        assert table["count"].item() == 75
        found = table.isel(event=int(table["max_intensity"].argmax("event")))
        dates = [str(found[name].values)[:10] for name in ("start", "peak", "end")]
        assert dates == ["2011-02-06", "2011-02-28", "2011-04-06"]
        assert (found["duration"].item(), found["category"].item()) == (60, 4)
        assert found["max_intensity"].item() == pytest.approx(6.5065, abs=1e-4)
        assert found["mean_intensity"].item() == pytest.approx(3.2122, abs=1e-4)
        assert found["cumulative_intensity"].item() == pytest.approx(192.73, abs=0.005)

    def test_all_events_are_those_of_an_independent_implementation(self, sst: xr.DataArray, usual: xr.Dataset) -> None:
        time = sst["time"].values.astype("datetime64[D]")
        expected = hobday.events(time, sst.values[0], ("1983-01-01", "2012-12-31"))
        compared(event_table(sst, usual, HEAT).isel(region=0), expected)

    def test_the_year_2011_has_the_most_days_of_the_highest_categories(
        self, sst: xr.DataArray, usual: xr.Dataset
    ) -> None:
        found = counts(sst, usual, step="year").isel(region=0)
        assert str(found["time"].values[int(found["extreme"].argmax("time"))])[:4] == "2011"
        assert (found["flag"] == FLAGS["good"]).all()
