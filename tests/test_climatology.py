"""Baseline normals, frozen and named by digest, and anomalies from them. Expected numbers are worked by hand."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dask
import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import baselines, months, series, values

from eo.climatology import at_each_step, baseline_years, in_span, monthly_normal
from eo.config import Run, load_run
from eo.coverage import FLAGS
from eo.errors import InputError
from eo.indicators.anomaly import anomaly
from eo.model import Span, span
from eo.normals import Normal, check_baseline, load_normal
from eo.store import Store

MONTHS_OF_THREE_YEARS = np.concatenate([np.full(12, 1.0), np.full(12, 2.0), np.full(12, 6.0)]) + np.tile(
    np.arange(12.0), 3
)
"""January: 1, 2, 6, with the mean 3; each later month is one more than the month before it."""


def normal_of(content: xr.Dataset, baseline: Span, minimum: float = 0.9) -> xr.Dataset:
    return monthly_normal(content, baseline=baseline, min_coverage=minimum)


def anomalies(content: xr.Dataset, baseline: Span, minimum: float = 0.9) -> xr.Dataset:
    return anomaly(content, normal=normal_of(content, baseline, minimum), min_coverage=minimum)


def test_a_normal_is_the_mean_of_each_calendar_month() -> None:
    found = normal_of(series(MONTHS_OF_THREE_YEARS), span("2001/2003"))
    assert found["normal"].dims == ("region", "month")
    assert found["normal"].values.tolist() == [[3.0 + month for month in range(12)]]
    assert found["years"].values.tolist() == [[3] * 12]
    assert found["month"].values.tolist() == list(range(1, 13))


def test_an_anomaly_is_the_value_less_the_normal_of_its_calendar_month() -> None:
    found = anomalies(series(MONTHS_OF_THREE_YEARS), span("2001/2003"))
    np.testing.assert_array_equal(found["anomaly"][0], np.repeat([-2.0, -1.0, 3.0], 12))
    assert (found["flag"] == FLAGS["good"]).all()


@given(baselines(missing=True))
def test_an_anomaly_over_its_own_baseline_has_mean_zero_in_each_calendar_month(drawn: tuple[xr.Dataset, Span]) -> None:
    content, baseline = drawn
    assume(np.isfinite(content["mean"]).any())
    found = anomalies(content, baseline)["anomaly"].groupby("time.month").mean(skipna=True)
    np.testing.assert_allclose(found.fillna(0.0), 0.0, rtol=0, atol=1e-12)  # of values below 400: some 1e-13


@given(st.floats(-400, 400), st.integers(1, 40))
def test_the_normal_of_a_constant_is_that_constant_and_its_anomaly_zero(constant: float, years: int) -> None:
    content, baseline = series([constant] * 12 * years), span(f"2001/{2000 + years}")
    np.testing.assert_array_equal(normal_of(content, baseline)["normal"], constant)
    np.testing.assert_array_equal(anomalies(content, baseline)["anomaly"], 0.0)


@given(baselines(), values((2, 24)))
def test_months_outside_the_baseline_do_not_move_the_normal(drawn: tuple[xr.Dataset, Span], later: np.ndarray) -> None:
    content, baseline = drawn
    mean = np.concatenate([content["mean"].values, later], axis=1)
    appended = series(mean)
    xr.testing.assert_identical(normal_of(appended, baseline), normal_of(content, baseline))
    kept = anomalies(appended, baseline).isel(time=slice(content.sizes["time"]))
    xr.testing.assert_identical(kept, anomalies(content, baseline).assign_coords(time=kept["time"]))


@pytest.mark.parametrize(("absent", "stands"), [(0, True), (6, True), (7, False)])
def test_a_normal_needs_24_of_30_years(absent: int, *, stands: bool) -> None:
    mean = np.ones((30, 12))
    mean[:absent, 0] = np.nan
    found = normal_of(series(mean.ravel(), np.where(np.isfinite(mean.ravel()), 1.0, 0.0)), span("2001/2030"))
    assert np.isfinite(found["normal"].values[0, 0]) == stands
    assert found["years"].values[0, 0] == 30 - absent
    assert np.isfinite(found["normal"].values[0, 1:]).all()


@pytest.mark.parametrize("years", range(1, 61))
def test_four_fifths_of_the_years_are_enough_and_one_less_is_not(years: int) -> None:
    least = -(-4 * years // 5)
    mean = np.full((years, 12), np.nan)
    mean[:least, 0], mean[: least - 1, 1] = 1.0, 1.0
    found = normal_of(series(mean.ravel(), np.where(np.isfinite(mean.ravel()), 1.0, 0.0)), span(f"2001/{2000 + years}"))
    assert np.isfinite(found["normal"].values[0]).tolist() == [True] + [False] * 11


def test_a_month_below_the_coverage_is_no_part_of_the_normal() -> None:
    coverage = np.ones(60)
    coverage[0] = 0.89
    found = normal_of(series(np.repeat([100.0, 1, 1, 1, 1], 12), coverage), span("2001/2005"))
    assert found["normal"].values[0, 0] == 1.0
    assert found["normal"].values[0, 1] == 104 / 5
    assert found["years"].values[0].tolist() == [4] + [5] * 11


@given(baselines(), st.data())
def test_a_month_that_goes_missing_never_changes_the_normal_in_silence(
    drawn: tuple[xr.Dataset, Span], data: st.DataObject
) -> None:
    content, baseline = drawn
    month = data.draw(st.integers(0, content.sizes["time"] - 1))
    gone = content.copy(deep=True)
    gone["mean"][0, month], gone["coverage"][0, month] = np.nan, 0.0
    before, after = normal_of(content, baseline), normal_of(gone, baseline)
    touched = np.zeros((2, 12), dtype=bool)
    touched[0, month % 12] = True
    np.testing.assert_array_equal(after["years"] < before["years"], touched)
    np.testing.assert_array_equal(after["normal"].values[~touched], before["normal"].values[~touched])
    found = anomalies(gone, baseline)
    assert np.isnan(found["value"].values[0, month])
    assert np.isnan(found["anomaly"].values[0, month])
    assert found["flag"].values[0, month] == FLAGS["no_data"]


def test_a_value_without_enough_coverage_is_nan_and_says_so() -> None:
    coverage = np.ones(36)
    coverage[[5, 6]] = 0.5, 0.0
    mean = MONTHS_OF_THREE_YEARS.copy()
    mean[6] = np.nan
    normal = normal_of(series(MONTHS_OF_THREE_YEARS), span("2001/2003"))
    found = anomaly(series(mean, coverage), normal=normal, min_coverage=0.6).isel(region=0)
    for name in ("value", "anomaly"):
        assert np.isfinite(found[name].values[[4, 5, 6, 7]]).tolist() == [True, False, False, True]
    assert np.isfinite(found["normal"]).all()
    assert found["flag"].values[[4, 5, 6, 7]].tolist() == [
        FLAGS[name] for name in ("good", "insufficient_coverage", "no_data", "good")
    ]
    assert found["coverage"].values[[4, 5, 6, 7]].tolist() == [1.0, 0.5, 0.0, 1.0]


def test_a_value_whose_month_has_no_normal_stands_without_an_anomaly() -> None:
    found = anomalies(series(MONTHS_OF_THREE_YEARS), span("2001-02/2001-12")).isel(region=0)
    assert found["value"].values[0] == 1.0
    assert np.isnan(found["anomaly"].values[0])
    assert found["flag"].values[[0, 1]].tolist() == [FLAGS["no_normal"], FLAGS["good"]]


def test_a_month_that_no_file_has_counts_as_no_data() -> None:
    full = series(MONTHS_OF_THREE_YEARS)
    coverage = full["coverage"].copy()
    coverage[0, 3] = np.nan
    mean = full["mean"].copy()
    mean[0, 3] = np.nan
    found = anomaly(
        full.assign(mean=mean, coverage=coverage), normal=normal_of(full, span("2001/2003")), min_coverage=0.9
    )
    assert found["flag"].values[0, 3] == FLAGS["no_data"]
    assert found["coverage"].values[0, 3] == 0.0


@pytest.mark.parametrize("baseline", ["1990/1999", "2004/2010"])
def test_a_baseline_without_data_is_an_error(baseline: str) -> None:
    with pytest.raises(InputError, match=f"{baseline[:4]}-01/.* has none"):
        check_baseline(in_span(series(MONTHS_OF_THREE_YEARS), span(baseline)), span(baseline))


def test_a_baseline_of_which_too_little_was_seen_gives_no_normal() -> None:
    assert normal_of(series([5.0] * 12, 0.1), span("2001"))["normal"].isnull().all()


@pytest.mark.parametrize(
    ("text", "years"), [("2001", 1), ("2001/2030", 30), ("2006-04/2010-09", 5), ("2001-12/2002-01", 2)]
)
def test_a_part_of_a_year_counts_as_a_year_of_the_baseline(text: str, years: int) -> None:
    assert baseline_years(span(text)) == years


def test_a_span_has_its_first_and_its_last_month_and_no_other() -> None:
    found = in_span(series(np.arange(36)), span("2001-12/2002-02"))
    assert found["mean"].values.tolist() == [[11.0, 12.0, 13.0]]


def test_each_step_gets_the_normal_of_its_calendar_month() -> None:
    normal = normal_of(series(np.arange(12)), span("2001"))["normal"]
    time = xr.DataArray(months(15, "2010-11"), dims="time", name="time")
    time = time.assign_coords(time=time)
    assert at_each_step(normal, time).values.tolist() == [[10, 11, *range(12), 0]]


@settings(max_examples=8)  # each builds a graph of some hundred tasks
@given(baselines(missing=True), st.sampled_from([5, 12, 36]), st.sampled_from(["synchronous", "threads"]))
def test_neither_chunks_nor_schedulers_change_a_bit(drawn: tuple[xr.Dataset, Span], size: int, scheduler: str) -> None:
    content, baseline = drawn
    assume(np.isfinite(content["mean"]).any())
    with dask.config.set(scheduler=scheduler):
        found = normal_of(content.chunk({"region": 1, "time": size}), baseline).compute()
    xr.testing.assert_identical(found, normal_of(content, baseline))


@given(baselines(missing=True))
def test_the_normal_of_a_region_does_not_depend_on_the_other_regions(drawn: tuple[xr.Dataset, Span]) -> None:
    content, baseline = drawn
    alone = content.isel(region=[1])
    assume(np.isfinite(alone["mean"]).any())
    xr.testing.assert_identical(normal_of(alone, baseline), normal_of(content, baseline).isel(region=[1]))


@pytest.fixture
def run() -> Run:
    found = load_run("enso_ostia")
    return replace(found, config=found.config.model_copy(update={"baseline": "2001/2003"}))


def frozen(run: Run, content: xr.Dataset, root: Path) -> Normal:
    assert run.baseline is not None
    return load_normal(run, (in_span(content, run.baseline),), Store(root), root)


def test_a_normal_is_kept_under_its_digest_and_read_back_as_it_was_made(run: Run, tmp_path: Path) -> None:
    content = series(MONTHS_OF_THREE_YEARS)
    found = frozen(run, content, tmp_path)
    path = Store(tmp_path).normal(found.digest)
    assert path.is_file()
    assert path.stem == found.digest[:16]
    assert found.content.attrs["normal_digest"] == found.digest
    assert found.months == tuple(f"{year}-{month:02}" for year in (2001, 2002, 2003) for month in range(1, 13))
    expected = normal_of(content, span("2001/2003"))
    np.testing.assert_array_equal(found.content["normal"], expected["normal"])
    np.testing.assert_array_equal(found.content["years"], expected["years"])


def test_a_normal_is_frozen_when_months_are_appended(run: Run, tmp_path: Path) -> None:
    first = frozen(run, series(MONTHS_OF_THREE_YEARS), tmp_path)
    path = Store(tmp_path).normal(first.digest)
    written = path.stat().st_mtime_ns
    again = frozen(run, series(np.append(MONTHS_OF_THREE_YEARS, [99.0] * 24)), tmp_path)
    assert again.digest == first.digest
    assert path.stat().st_mtime_ns == written
    assert len(list(path.parent.iterdir())) == 1
    xr.testing.assert_identical(again.content, first.content)


Change = Callable[[xr.Dataset], xr.Dataset]


def nudged(content: xr.Dataset) -> xr.Dataset:
    mean = content["mean"].copy()
    mean[0, 7] = np.nextafter(mean[0, 7], np.inf)
    return content.assign(mean=mean)


def lowered(content: xr.Dataset) -> xr.Dataset:
    coverage = content["coverage"].copy()
    coverage[0, 7] = np.nextafter(1.0, 0)
    return content.assign(coverage=coverage)


@pytest.mark.parametrize(
    "change",
    [
        nudged,
        lowered,
        lambda content: content.assign_coords(region=["elsewhere"]),
        lambda content: content.isel(time=slice(1, None)),
    ],
    ids=["a value, by its last bit", "a coverage, by its last bit", "a region", "a month less"],
)
def test_another_baseline_gives_another_digest_and_leaves_the_old_one(run: Run, tmp_path: Path, change: Change) -> None:
    content = series(MONTHS_OF_THREE_YEARS)
    first, other = frozen(run, content, tmp_path), frozen(run, change(content), tmp_path)
    assert first.digest != other.digest
    xr.testing.assert_identical(frozen(run, content, tmp_path).content, first.content)


def test_another_rule_gives_another_digest(run: Run, tmp_path: Path) -> None:
    content = series(MONTHS_OF_THREE_YEARS)
    stricter = replace(run, parameters={"min_coverage": 0.95})
    shorter = replace(run, config=run.config.model_copy(update={"baseline": "2001/2002"}))
    digests = {frozen(one, content, tmp_path).digest for one in (run, stricter, shorter)}
    assert len(digests) == 3


def test_the_digest_does_not_depend_on_the_order_of_dimensions(run: Run, tmp_path: Path) -> None:
    content = series([MONTHS_OF_THREE_YEARS, MONTHS_OF_THREE_YEARS + 1])
    assert frozen(run, content, tmp_path).digest == frozen(run, content.transpose("time", ...), tmp_path).digest


def test_a_run_without_a_baseline_has_no_normal(run: Run, tmp_path: Path) -> None:
    without = replace(run, config=run.config.model_copy(update={"baseline": None}))
    with pytest.raises(InputError, match="needs a baseline"):
        load_normal(without, (series(MONTHS_OF_THREE_YEARS),), Store(tmp_path), tmp_path)
