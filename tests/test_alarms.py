"""Alarms: late, degenerate, outlying, thinning and drifting data is told, and ordinary data is not."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic
import xarray as xr
import yaml
from commands import refusal

from eo import load_run, pipeline
from eo.alarmed import late_steps, load_alarms, of_drift, of_result
from eo.alarms import Alarm, constant_field, constant_series, drifted, due, late, outlying, overdue, thinning
from eo.config import AlarmRules, Drift
from eo.errors import InputError
from eo.model import Product
from eo.standing import Kept, News, Standing, after, load_standing, news, standing, told, write_standing
from eo.store import Store, opened


def product(step: str, latency: str | None) -> Product:
    source = {"source": {"kind": "local", "path": "none"}}
    return Product.model_validate(synthetic.PRODUCT | source | {"step": step, "latency": latency})


def months(count: int, first: str = "2001-01") -> np.ndarray:
    return (np.datetime64(first, "M") + np.arange(count)).astype("datetime64[ns]")


# Freshness


@pytest.mark.parametrize(
    ("step", "latency", "day", "expected"),
    [
        ("month", "P10D", "2001-06-10", "2001-04"),  # May ends on 1 June: it is due on 11 June
        ("month", "P10D", "2001-06-11", "2001-05"),
        ("day", "P3D", "2001-06-10", "2001-06-06"),  # that day ended with the start of the 7th
        ("day", "P0D", "2001-06-10", "2001-06-09"),
        ("dekad", "P5D", "2001-03-05", "2001-02-11"),
        ("dekad", "P5D", "2001-03-06", "2001-02-21"),
        ("8day", "P1D", "2001-01-10", "2001-01-01"),
        ("hour", "P1D", "2001-01-10", "2001-01-08T23"),
        ("month", None, "2001-06-10", None),
    ],
)
def test_a_step_is_due_when_its_latency_is_over(step: str, latency: str | None, day: str, expected: str | None) -> None:
    assert due(product(step, latency), np.datetime64(day)) == expected


def test_a_product_that_is_late_is_told_and_one_that_is_not_is_not() -> None:
    (found,) = late("sst", product("day", "P3D"), "2001-06-05", np.datetime64("2001-06-10"))
    assert str(found) == (
        "sst: a product is here when its latency is over: the newest step is 2001-06-05; with a latency of P3D, "
        "2001-06-06 is due on 2001-06-10"
    )
    assert list(late("sst", product("day", "P3D"), "2001-06-06", np.datetime64("2001-06-10"))) == []
    assert list(late("sst", product("day", None), "1999-01-01", np.datetime64("2001-06-10"))) == []


# Degenerate input


def test_a_field_of_one_number_is_told() -> None:
    (found,) = constant_field(np.array([[np.nan, 273.15], [273.15, 273.15]]), "sst on 2001-01")
    assert found.found == "all 3 cells are 273.15"
    assert list(constant_field(np.array([[np.nan, 1.0], [1.0, 2.0]]), "")) == []
    assert list(constant_field(np.full((2, 2), np.nan), "")) == []


def test_a_series_that_stands_still_is_told_but_not_where_nothing_less_is_possible() -> None:
    rain = np.array([3.0, 0.0, 0.0, 0.0, np.nan])
    assert [one.found for one in constant_series(rain, "")] == ["the last 3 values are 0"]
    assert list(constant_series(rain, "", floor=0.0)) == []
    assert [one.found for one in constant_series(rain[1:], "", floor=0.0)] == ["all 3 values are 0"]
    assert list(constant_series(np.array([1.0, 2.0, 2.0]), "")) == []
    assert list(constant_series(np.array([2.0, 2.0]), "")) == []


# History


def seasonal(years: int, noise: float, seed: int = 0) -> np.ndarray:
    season = 10 * np.sin(2 * np.pi * np.arange(12 * years) / 12)
    return season + np.random.default_rng(seed).normal(0, noise, season.size)


def test_a_value_far_from_its_calendar_month_is_told_though_it_is_ordinary_in_another() -> None:
    values = seasonal(21, 0.5)[: 12 * 20 + 1]
    values[-1] = 9.0  # a January like an April
    (found,) = outlying(values, months(values.size), "sst of patch", 5)
    past = values[:-1][::12]  # the Januaries of 20 years
    sigma = 1.4826022185 * np.median(np.abs(past - np.median(past)))
    assert f"{(9.0 - np.median(past)) / sigma:.1f} sigma" in found.found
    assert "of 20 earlier values" in found.found
    assert list(outlying(values, months(values.size), "", 100)) == []


def test_few_years_are_no_history() -> None:
    values = seasonal(10, 0.5)
    values[-1] = 99.0  # the tenth December: nine are earlier
    assert list(outlying(values, months(values.size), "", 5)) == []


def test_a_value_within_the_range_that_was_is_no_alarm_and_the_first_that_is_not_zero_is_one() -> None:
    zero = np.zeros(12 * 15)
    zero[11::24] = 4.0  # each other December
    december = zero.copy()
    december[-1] = 4.0
    assert list(outlying(december, months(december.size), "", 5)) == []
    zero[:] = 0.0
    zero[-1] = 1.0
    (found,) = outlying(zero, months(zero.size), "", 5)
    assert "any distance from the median 0 of 14 earlier" in found.found


@pytest.mark.parametrize("years", [11, 40])
def test_noise_raises_few_alarms(years: int) -> None:
    """White normal noise: a false alarm in less than one of two hundred new months, also with ten years of history."""
    told = sum(bool(list(outlying(seasonal(years, 1.0, seed), months(12 * years), "", 5))) for seed in range(600))
    assert told <= 3


def test_all_days_of_the_newest_month_are_asked_and_none_before() -> None:
    days = np.arange("2001-01-01", "2015-02-01", dtype="datetime64[D]").astype("datetime64[ns]")
    values = np.random.default_rng(1).normal(0, 1, days.size)
    values[[-1, -20, -40]] = 50.0
    found = [one.found[:16] for one in outlying(values, days, "", 5)]
    assert found == ["50 on 2015-01-12", "50 on 2015-01-31"]


def test_coverage_that_falls_off_is_told_and_the_night_of_winter_is_not() -> None:
    usual = np.tile([0.2, 0.5, 0.9, 0.95, 0.96, 0.97, 0.97, 0.96, 0.95, 0.9, 0.5, 0.2], 12)
    usual += np.random.default_rng(2).uniform(-0.02, 0.02, usual.size)
    assert list(thinning(usual, months(usual.size), "", 5)) == []
    june = usual[:-6].copy()
    june[-1] = 0.6
    (found,) = thinning(june, months(june.size), "coverage of patch", 5)
    assert found.found.startswith(f"60% on 2012-06-01; it was {np.median(june[5:-1:12]):.0%} in the same month")
    june[-1] = 0.9
    assert list(thinning(june, months(june.size), "", 5)) == []


# Drift


def test_a_constant_difference_is_no_drift_and_a_growing_one_is() -> None:
    limits = {"tolerance": 0.3, "units": "degC", "other": "other"}
    difference = np.full(60, 0.8)
    assert list(drifted(difference, months(60), "", **limits)) == []  # type: ignore[arg-type]
    difference[-12:] = 1.2
    (found,) = drifted(difference, months(60), "", **limits)  # type: ignore[arg-type]
    assert found.found == "+1.2 degC in the last year, +0.8 degC before"
    (found,) = drifted(difference[:20], months(20), "", **limits)  # type: ignore[arg-type]
    assert found.found == "cannot be said: the two have 20 steps in common, and it takes two years"
    (found,) = drifted(np.full(60, np.nan), months(60), "", **limits)  # type: ignore[arg-type]
    assert "0 steps in common" in found.found


def result(values: np.ndarray, region: str = "patch", units: str = "degC", coverage: float = 1.0) -> xr.Dataset:
    said = {"units": units, "valid_range": np.array([-2.5, 45.0])}
    quality = {"coverage_content_type": "qualityInformation"}
    return xr.Dataset(
        {
            "sst": (("region", "time"), values[None], said),
            "coverage": (("region", "time"), np.full((1, values.size), coverage), quality),
        },
        {"region": [region], "time": months(values.size)},
    )  # fmt: skip


def test_two_results_are_compared_where_they_have_region_time_and_units_in_common() -> None:
    rule = Drift(run="other", tolerance=0.3)
    one, two = seasonal(5, 0.01), seasonal(5, 0.01, 1)
    assert list(of_drift(result(one), result(two), rule)) == []
    two[-12:] -= 0.5
    (found,) = of_drift(result(one), result(two), rule)
    assert (found.rule, found.where) == ("the difference from other stays within 0.3 degC", "sst of patch")
    assert ["cannot be said" in each.found for each in of_drift(result(one), None, rule)] == [True]
    assert ["no region in common" in each.found for each in of_drift(result(one), result(two, "west"), rule)] == [True]
    (found,) = of_drift(result(one), result(two, units="K"), rule)
    assert found.found == "cannot be said: units are 'degC' and 'K'"


def test_an_ordinary_result_raises_none_and_a_rule_can_be_set_aside() -> None:
    assert list(of_result(result(seasonal(20, 0.5)), AlarmRules())) == []
    assert len(list(of_result(result(np.zeros(40)), AlarmRules()))) == 1
    assert list(of_result(result(np.zeros(40)), AlarmRules(constant="allowed"))) == []


def test_the_newest_field_of_a_result_by_cells_has_more_than_one_value_or_the_least_that_is_possible() -> None:
    fields = np.random.default_rng(3).normal(20, 1, (6, 2, 3)).astype(np.float32)
    dims = ("time", "lat", "lon")

    def told(last: float) -> list[str]:
        fields[-1] = last
        days = (dims, fields, {"valid_range": np.array([0.0, 31.0])})
        whole = xr.Dataset({"days": days, "coverage": (dims, np.ones(fields.shape))}, {"time": months(6)})
        return [str(one) for one in of_result(whole, AlarmRules())]

    assert told(12.0) == ["days on 2001-06-01: a field has more than one value: all 6 cells are 12"]
    assert told(0.0) == []
    no_number = xr.Dataset({"coverage": (dims, np.ones(fields.shape, np.int8))}, {"time": months(6)})
    assert list(of_result(no_number, AlarmRules())) == []


# Of a run


def built(folder: Path, values: np.ndarray | None = None, **run: object) -> pipeline.Plan:
    synthetic.write(folder / "in/sst.nc", synthetic.months("2001-01", 12), values=values)
    there = synthetic.configs(folder / "configs", folder / "in/*.nc", run={"period": "2001-01/.."} | run,
                              product={"latency": "P10D"})  # fmt: skip
    loaded = load_run("synthetic", there)
    pipeline.build(loaded, folder / "root")
    return pipeline.plan(loaded, folder / "root")


def asked(plan: pipeline.Plan, day: str) -> list[Alarm]:
    with opened(plan.store.root) as work:
        return load_alarms(plan.run, plan.parts, plan.newest, store=plan.store, work=work, day=np.datetime64(day))


def test_the_day_makes_a_result_late_and_nothing_else_of_it_changes(tmp_path: Path) -> None:
    plan = built(tmp_path)
    assert plan.finished
    assert plan.newest == {"synthetic_sst": "2001-12"}
    assert asked(plan, "2002-02-10") == []
    assert [one.where for one in asked(plan, "2002-02-11")] == ["synthetic_sst"]
    closed = replace(plan.run, config=plan.run.config.model_copy(update={"period": "2001"}))
    assert asked(replace(plan, run=closed), "2010-01-01") == []


def test_a_field_of_one_number_in_the_newest_input_is_told(tmp_path: Path) -> None:
    values = synthetic.kelvin(synthetic.months("2001-01", 12))
    values[7] = 290.0
    (found,) = asked(built(tmp_path, values), "2002-01-01")
    assert str(found) == "synthetic_sst on 2001-08-01: a field has more than one value: all 60 cells are 16.85"
    (tmp_path / "b").mkdir()
    assert asked(built(tmp_path / "b", values, alarms={"constant": "allowed"}), "2002-01-01") == []


def test_another_rule_for_alarms_makes_no_other_result(tmp_path: Path) -> None:
    plan = built(tmp_path)
    path = tmp_path / "configs/runs/synthetic.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"alarms": {"sigma": 3}}))
    again = pipeline.plan(load_run("synthetic", tmp_path / "configs"), tmp_path / "root")
    assert again.run.config.alarms.sigma == 3
    assert (again.input_digest, again.finished) == (plan.input_digest, True)


def test_a_drift_from_a_run_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    built(tmp_path)
    path = tmp_path / "configs/runs/synthetic.yaml"
    for other in ("nothing", "synthetic"):
        rules = {"alarms": {"drift": {"run": other, "tolerance": 0.3}}}
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | rules))
        said = refusal("plan", "synthetic", "--configs", tmp_path / "configs", "--root", tmp_path / "root")
        assert said.startswith(f"no other run '{other}' in 'alarms.drift' of ")
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"alarms": {"sigmas": 3}}))
    with pytest.raises(InputError, match=r"unknown key 'alarms.sigmas' \(did you mean 'sigma'"):
        load_run("synthetic", tmp_path / "configs")


def test_steps_that_are_due_and_not_here_are_counted(tmp_path: Path) -> None:
    daily = product("day", "P3D")
    assert overdue(daily, "2001-05-30", np.datetime64("2001-06-10")) == 7  # 31 May to 6 June
    assert overdue(daily, "2001-06-06", np.datetime64("2001-06-10")) == 0
    assert overdue(product("day", None), "1999-01-01", np.datetime64("2001-06-10")) == 0
    plan = built(tmp_path)
    assert [late_steps(plan.run, plan.newest, np.datetime64(day)) for day in ("2002-02-10", "2002-03-11")] == [0, 2]


# What people are told of alarms that last


def told_of(days: Iterable[tuple[str, str]], every: int = 7) -> list[str]:
    """Give what people are told over some days, on each of which alarms of some places are found."""
    kept, said = Kept(), []
    for day, places in days:
        now = standing([Alarm("a rule", f"seen on {day}", place) for place in places], kept, day)
        kept = after(now, kept, day)
        what = news(kept, every)
        groups = {"began": what.began, "lasting": what.lasting, "ended": what.ended}
        said += [f"{day[-2:]} {name} {one.alarm.where} {one.since[-2:]}" for name in groups for one in groups[name]]
        kept = told(kept, what)
    return said


def test_people_are_told_when_an_alarm_begins_when_it_ends_and_now_and_then_while_it_lasts() -> None:
    days = [(f"2003-02-{number:02}", "a") for number in range(1, 17)] + [("2003-02-17", "")]
    assert told_of(days) == ["01 began a 01", "08 lasting a 01", "15 lasting a 01", "17 ended a 01"]
    assert told_of(days, every=100) == ["01 began a 01", "17 ended a 01"]


def test_another_place_is_news_another_value_is_none_and_what_comes_back_begins_anew() -> None:
    days = [("2003-02-01", "a"), ("2003-02-02", "ab"), ("2003-02-03", "b"), ("2003-02-04", ""), ("2003-02-05", "b")]
    assert told_of(days) == ["01 began a 01", "02 began b 02", "03 ended a 01", "04 ended b 02", "05 began b 05"]


def test_what_nobody_was_told_is_told_by_the_next_run_that_can(tmp_path: Path) -> None:
    """Also after the process that told it died before it could keep that it had."""
    store = Store(tmp_path)
    one = Alarm("a rule", "a value", "a place")

    def kept_by(day: str, *found: Alarm) -> Kept:
        before = load_standing("run", store)
        kept = after(standing(found, before, day), before, day)
        with opened(tmp_path) as work:
            write_standing("run", kept, store=store, work=work)
        return load_standing("run", store)

    assert [each.since for each in news(kept_by("2003-02-01", one), 7).began] == ["2003-02-01"]
    second = kept_by("2003-02-02", one)
    assert [each.since for each in news(second, 7).began] == ["2003-02-01"]
    with opened(tmp_path) as work:
        write_standing("run", told(second, news(second, 7)), store=store, work=work)
    for day in ("2003-02-03", "2003-02-04"):
        over = kept_by(day)
        assert (over.alarms, [each.since for each in news(over, 7).ended]) == ((), ["2003-02-01"])
    again = kept_by("2003-02-05", one)
    assert (news(again, 7), again.alarms[0].since) == (News(), "2003-02-01")
    store.alarms("run").write_text("{")
    assert load_standing("run", store) == Kept()


def test_an_end_of_which_no_beginning_was_told_is_no_news() -> None:
    kept = after(standing([Alarm("a rule", "a value", "a place")], Kept(), "2003-02-01"), Kept(), "2003-02-01")
    assert news(after((), kept, "2003-02-02"), 7) == News()


def test_alarms_are_kept_in_a_file_of_their_own(tmp_path: Path) -> None:
    plan = built(tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "root/results").iterdir()}
    kept = Kept("2002-03-01", (Standing(Alarm("a rule", "a value", "a place"), "2002-02-27", "2002-02-28"),))
    with opened(plan.store.root) as work:
        write_standing("synthetic", kept, store=plan.store, work=work)
    assert json.loads((tmp_path / "root/alarms/synthetic.json").read_text()) == {
        "run": "synthetic",
        "day": "2002-03-01",
        "alarms": [
            {
                "rule": "a rule",
                "found": "a value",
                "where": "a place",
                "since": "2002-02-27",
                "told": "2002-02-28",
            }
        ],
        "ended": [],
    }
    assert load_standing("synthetic", plan.store) == kept
    assert {path.name: path.read_bytes() for path in (tmp_path / "root/results").iterdir()} == before
