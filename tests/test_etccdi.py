"""ETCCDI indices of precipitation against xclim, on synthetic rain, and by hand where definitions differ."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
import xclim.indices as xc
from rain import rates, synthetic_days
from xclim.indices import run_length

from eo.climatology import in_span
from eo.coverage import FLAGS
from eo.errors import InputError
from eo.indicators.cdd import cdd
from eo.indicators.cwd import cwd
from eo.indicators.prcptot import prcptot
from eo.indicators.r10mm import r10mm
from eo.indicators.r20mm import r20mm
from eo.indicators.r95p import r95p, r95p_normal
from eo.indicators.r99p import r99p, r99p_normal
from eo.indicators.rx1day import rx1day
from eo.indicators.rx5day import rx5day
from eo.indicators.sdii import sdii
from eo.model import span

pytestmark = pytest.mark.filterwarnings("ignore:The 'name' property is deprecated")  # how xclim asks pandas

AMOUNTS = synthetic_days("1991-01-01", "2004-12-31", seed=7)
AMOUNTS[-2:] = 5.0, 0.0  # no long spell goes on at the end, which xclim would count as ended
YEARS = 14
SERIES = rates(AMOUNTS, "1991-01-01")
PR = xr.DataArray(
    AMOUNTS,
    dims="time",
    coords={"time": SERIES["time"].values},
    attrs={"units": "mm/day", "standard_name": "lwe_precipitation_rate"},
)
BASELINE = span("1991/2000")

Index = Callable[..., xr.Dataset]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (rx1day, lambda: xc.max_1day_precipitation_amount(PR, freq="YS")),
        (rx5day, lambda: xc.max_n_day_precipitation_amount(PR, window=5, freq="YS")),
        (r10mm, lambda: xc.wetdays(PR, thresh="10 mm/day", freq="YS")),
        (r20mm, lambda: xc.wetdays(PR, thresh="20 mm/day", freq="YS")),
        (sdii, lambda: xc.daily_pr_intensity(PR, thresh="1 mm/day", freq="YS")),
        (prcptot, lambda: xc.prcptot(PR, thresh="1 mm/day", freq="YS")),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_yearly_index_is_that_of_xclim(index: Index, expected: Callable[[], xr.DataArray]) -> None:
    found = index(SERIES)
    assert (found["flag"] == FLAGS["good"]).all()
    np.testing.assert_allclose(found[index.__name__][0], expected(), rtol=1e-12)
    assert found["time"].values.astype("datetime64[D]").astype(str).tolist()[:2] == ["1991-01-01", "1992-01-01"]
    np.testing.assert_array_equal(found["time_bounds"][1:, 0], found["time_bounds"][:-1, 1])


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (rx1day, lambda: xc.max_1day_precipitation_amount(PR, freq="MS")),
        (rx5day, lambda: xc.max_n_day_precipitation_amount(PR, window=5, freq="MS")),
    ],
    ids=["rx1day", "rx5day"],
)
def test_a_monthly_index_is_that_of_xclim(index: Index, expected: Callable[[], xr.DataArray]) -> None:
    found = index(SERIES, step="month")[index.__name__][0]
    assert found.size == 12 * YEARS
    np.testing.assert_allclose(found, expected(), rtol=1e-12)


def spells_that_end_in_each_year(condition: xr.DataArray) -> xr.DataArray:
    """Give the longest spell by the last day of it, with the run lengths of xclim."""
    return run_length.rle(condition, index="last").resample(time="YS").max().fillna(0)


@pytest.mark.slow  # xclim compiles its run lengths first
@pytest.mark.parametrize(("index", "condition"), [(cdd, PR < 1), (cwd, PR >= 1)], ids=["cdd", "cwd"])
def test_a_spell_counts_to_the_year_that_it_ends_in_as_by_the_run_lengths_of_xclim(
    index: Index, condition: xr.DataArray
) -> None:
    """xclim's own indices give a spell to the year that it starts in, or cut it at the end of the year."""
    expected = spells_that_end_in_each_year(condition)
    np.testing.assert_array_equal(index(SERIES)[index.__name__][0], expected)


@pytest.mark.parametrize(
    ("index", "normal", "percent"), [(r95p, r95p_normal, 95), (r99p, r99p_normal, 99)], ids=["r95p", "r99p"]
)
def test_the_amount_of_very_wet_days_is_that_of_xclim_over_the_percentile_of_wet_days(
    index: Index, normal: Index, percent: int
) -> None:
    inside = PR.sel(time=slice("1991", "2000"))
    threshold = np.nanpercentile(inside.where(inside >= 1), percent, method="median_unbiased")
    kept = normal(in_span(SERIES, BASELINE), baseline=BASELINE)
    assert float(kept["threshold"][0]) == pytest.approx(threshold, rel=1e-12)
    expected = xc.prcptot(PR.where(threshold < PR, 0.0), thresh="0 mm/day", freq="YS")
    np.testing.assert_allclose(index(SERIES, normal=kept)[index.__name__][0], expected, rtol=1e-12)


def year_of(amounts: dict[str, float], first: str = "2001-01-01", last: str = "2001-12-31") -> xr.Dataset:
    """Give a dry series with some amounts on some days; NaN leaves a day out."""
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    values = np.zeros(days.size)
    for day, amount in amounts.items():
        values[days == np.datetime64(day)] = amount
    return rates(values, first)


def days_from(first: str, count: int, amount: float) -> dict[str, float]:
    return {str(np.datetime64(first) + number): amount for number in range(count)}


@pytest.mark.parametrize(("missing", "flag"), [(3, "good"), (4, "insufficient_coverage")])
def test_a_month_may_lack_three_days(missing: int, flag: str) -> None:
    found = rx1day(year_of(days_from("2001-03-05", missing, np.nan) | {"2001-03-20": 12.0}), step="month").isel(time=2)
    assert int(found["flag"][0]) == FLAGS[flag]
    np.testing.assert_array_equal(found["rx1day"][0], 12.0 if flag == "good" else np.nan)
    assert float(found["coverage"][0]) == pytest.approx((31 - missing) / 31)


@pytest.mark.parametrize(("missing", "flag"), [(15, "good"), (16, "insufficient_coverage")])
def test_a_year_may_lack_fifteen_days(missing: int, flag: str) -> None:
    spread = {f"2001-{1 + number % 12:02}-{10 + number // 12:02}": np.nan for number in range(missing)}
    found = prcptot(year_of(spread | {"2001-06-01": 5.0}))
    assert found["flag"].values.tolist() == [[FLAGS[flag]]]
    np.testing.assert_array_equal(found["prcptot"], [[5.0 if flag == "good" else np.nan]])


def test_a_year_with_a_month_that_lacks_four_days_has_no_value() -> None:
    found = prcptot(year_of(days_from("2001-03-05", 4, np.nan) | {"2001-06-01": 5.0}))
    assert found["flag"].values.tolist() == [[FLAGS["insufficient_coverage"]]]


def test_a_part_of_a_year_has_no_value() -> None:
    found = prcptot(year_of({"2001-06-01": 5.0}, last="2002-11-30"))
    assert found["flag"].values.tolist() == [[FLAGS["good"], FLAGS["insufficient_coverage"]]]
    np.testing.assert_array_equal(found["prcptot"], [[5.0, np.nan]])
    assert float(found["coverage"][0, 1]) == pytest.approx(334 / 365)


def test_a_day_observed_in_part_is_missing_by_the_coverage_that_is_asked() -> None:
    content = year_of({"2001-06-01": 5.0})
    content["coverage"][0, :20] = 0.85
    assert rx1day(content)["flag"].values.tolist() == [[FLAGS["insufficient_coverage"]]]
    assert rx1day(content, min_coverage=0.8)["flag"].values.tolist() == [[FLAGS["good"]]]


def test_a_year_without_data_is_flagged_so() -> None:
    found = rx1day(rates(np.full(365, np.nan), "2001-01-01"))
    assert found["flag"].values.tolist() == [[FLAGS["no_data"]]]
    assert np.isnan(found["rx1day"]).all()


def test_a_dry_year_has_no_mean_wet_day_and_a_total_of_zero() -> None:
    content = year_of({"2001-06-01": 0.9})
    assert sdii(content)["flag"].values.tolist() == [[FLAGS["undefined"]]]
    assert np.isnan(sdii(content)["sdii"]).all()
    assert prcptot(content)["prcptot"].values.tolist() == [[0.0]]
    assert cwd(content)["cwd"].values.tolist() == [[0.0]]


def test_one_millimetre_makes_a_wet_day() -> None:
    content = year_of({"2001-06-01": 1.0, "2001-06-02": 0.99})
    assert prcptot(content)["prcptot"].values.tolist() == [[1.0]]
    assert sdii(content)["sdii"].values.tolist() == [[1.0]]


def test_a_dry_spell_across_the_new_year_counts_to_the_year_that_it_ends_in() -> None:
    """Rain on 1 July of each year but on 1 March of the last: the spells are worked by hand."""
    found = cdd(year_of({"2001-07-01": 9.0, "2002-07-01": 9.0, "2003-03-01": 9.0}, last="2003-12-31"))
    assert found["cdd"].values[0, :2].tolist() == [181.0, 364.0]  # to 30 June; 2 July to 30 June
    # the one to 28 February has 242 days; that from 2 March has 305 so far, and is not over
    assert found["flag"].values.tolist() == [[0, 0, FLAGS["undefined"]]]
    assert np.isnan(found["cdd"][0, 2])


def test_days_that_follow_do_not_change_a_longest_spell_that_stands() -> None:
    whole = cdd(SERIES)
    for days in (400, 800, 1500, 3000):
        part = cdd(SERIES.isel(time=slice(days)))
        stands = np.flatnonzero(part["flag"][0] == FLAGS["good"])
        np.testing.assert_array_equal(part["cdd"][0, stands], whole["cdd"][0, stands])


def test_a_year_that_a_spell_runs_through_has_no_longest_spell() -> None:
    found = cdd(year_of({"2001-12-31": 9.0, "2003-02-01": 9.0}, last="2003-12-31"))
    assert found["flag"].values[0, 1] == FLAGS["undefined"]


def test_a_missing_day_ends_a_spell() -> None:
    wet = days_from("2001-05-01", 9, 5.0) | {"2001-05-04": np.nan}
    assert cwd(year_of(wet))["cwd"].values.tolist() == [[5.0]]


def test_five_days_count_to_the_month_that_they_end_in() -> None:
    found = rx5day(year_of(days_from("2001-03-29", 5, 10.0)), step="month")["rx5day"][0]
    assert found.values[2:5].tolist() == [30.0, 50.0, 0.0]  # the last five days to end in April end on 2 to 6 April
    assert found.values[3] == 50.0


def test_five_days_with_a_missing_one_do_not_count() -> None:
    wet = days_from("2001-03-10", 5, 10.0) | {"2001-03-12": np.nan}
    assert rx5day(year_of(wet))["rx5day"].values.tolist() == [[20.0]]


def test_an_amount_is_the_rate_times_the_length_of_the_step_whatever_the_units() -> None:
    content = year_of({"2001-06-01": 12.0})
    hourly = content.assign(mean=(content["mean"] / 24).assign_attrs(units="mm h-1"))
    metres = content.assign(mean=(content["mean"] / 86400e3).assign_attrs(units="m s-1"))
    mass = content.assign(mean=(content["mean"] / 86400).assign_attrs(units="kg m-2 s-1"))
    for one in (content, hourly, metres, mass):
        np.testing.assert_allclose(rx1day(one)["rx1day"], [[12.0]], rtol=1e-12)


@pytest.mark.parametrize("units", ["mm", "K", ""])
def test_units_of_no_rate_are_refused(units: str) -> None:
    content = year_of({})
    with pytest.raises(InputError, match="precipitation rate"):
        rx1day(content.assign(mean=content["mean"].assign_attrs(units=units)))


def test_steps_that_are_not_days_in_order_are_refused() -> None:
    for wrong in (year_of({}).isel(time=[0, 1, 3]), rates(np.ones(12), "2001-01", step="M")):
        with pytest.raises(InputError, match="every day in order"):
            rx1day(wrong)


def test_a_baseline_with_too_few_wet_days_for_a_percentile_gives_none() -> None:
    """The type 8 percentile of n values lies at n p + (p + 1) / 3: for 0.95 inside of 13, for 0.99 of 67."""
    for count, flag in ((13, "good"), (12, "no_normal")):
        content = year_of(days_from("2001-03-01", count, 2.0) | {"2001-03-05": 30.0})
        kept = r95p_normal(content, baseline=span("2001"))
        assert kept["wet_days"].values.tolist() == [count]
        assert r95p(content, normal=kept)["flag"].values.tolist() == [[FLAGS[flag]]]


def test_a_baseline_without_four_fifths_of_its_days_gives_no_percentile() -> None:
    content = year_of(days_from("2001-03-01", 40, 2.0))
    assert r95p_normal(content, baseline=span("2001"))["threshold"].notnull().all()
    assert r95p_normal(content, baseline=span("2001/2002"))["threshold"].isnull().all()
    nothing = rates(np.full(365, np.nan), "2001-01-01")  # a tile of sea
    assert r95p_normal(nothing, baseline=span("2001"))["threshold"].isnull().all()


@pytest.mark.parametrize("index", [rx1day, rx5day, r10mm, sdii, prcptot, cdd, cwd], ids=lambda one: one.__name__)
def test_cells_give_what_zones_give_also_lazily(index: Index) -> None:
    values = np.stack([synthetic_days("2001-01-01", "2002-12-31", seed=seed) for seed in range(4)])
    values[1, 100:120] = np.nan
    zones = rates(values, "2001-01-01")
    cells = xr.Dataset(
        {name: (("time", "lat", "lon"), zones[name].values.T.reshape(-1, 2, 2)) for name in ("mean", "coverage")},
        {"time": zones["time"], "time_bounds": zones["time_bounds"], "lat": [0.5, 1.5], "lon": [0.5, 1.5]},
    )
    cells["mean"].attrs = {"units": "mm day-1"}
    expected = index(zones)
    lazy = index(cells.chunk(lat=1, lon=1, time=-1))
    assert lazy[index.__name__].chunks is not None
    for name in (index.__name__, "flag", "coverage"):
        found = lazy[name].transpose("lat", "lon", "time").values.reshape(4, -1)
        np.testing.assert_array_equal(found, expected[name])
