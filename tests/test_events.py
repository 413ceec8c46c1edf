"""Runs above a threshold as events. Expected events are worked by hand or come from a loop over the steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eo.primitives.events import Events, events, inside, maxima, open_from, sums

ROWS = hnp.arrays(np.bool_, st.tuples(st.integers(1, 4), st.integers(1, 40)))
RULES = st.tuples(st.integers(1, 6), st.integers(0, 3))


def row_of(text: str) -> np.ndarray:
    """Give a row of steps, x where it holds."""
    return np.array([[one == "x" for one in text]])


def said(found: Events) -> list[tuple[int, int]]:
    return list(zip(found.start.tolist(), found.end.tolist(), strict=True))


def by_loop(row: list[bool], min_duration: int, max_gap: int) -> list[tuple[int, int]]:
    """Give the events of one row, step by step."""
    runs: list[list[int]] = []
    for step, holds in enumerate(row):
        if holds and runs and runs[-1][1] == step - 1:
            runs[-1][1] = step
        elif holds:
            runs.append([step, step])
    joined: list[list[int]] = []
    for one in runs:
        if one[1] - one[0] + 1 < min_duration:
            continue
        if joined and one[0] - joined[-1][1] - 1 <= max_gap:
            joined[-1][1] = one[1]
        else:
            joined.append(one)
    return [(start, end) for start, end in joined]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (".....", []),
        ("xxxx.", []),
        ("xxxxx", [(0, 4)]),
        (".xxxxx.", [(1, 5)]),
        ("xxxxx..xxxxx", [(0, 11)]),  # a gap of two is bridged
        ("xxxxx...xxxxx", [(0, 4), (8, 12)]),  # one of three is not
        ("xxxxx.xxxx", [(0, 4)]),  # a run that is too short joins nothing
        ("xxxx.xxxx", []),  # nor do two of them
        ("xxxxx..xxxxx..xxxxx", [(0, 18)]),
    ],
)
def test_events_have_five_steps_and_gaps_of_two(text: str, expected: list[tuple[int, int]]) -> None:
    assert said(events(row_of(text), min_duration=5, max_gap=2)) == expected


@given(ROWS, RULES)
def test_the_events_of_many_rows_are_those_of_a_loop_over_each(holds: np.ndarray, rule: tuple[int, int]) -> None:
    found = events(holds, min_duration=rule[0], max_gap=rule[1])
    expected = [(number, *one) for number, row in enumerate(holds.tolist()) for one in by_loop(row, *rule)]
    assert list(zip(found.row.tolist(), *zip(*said(found), strict=True), strict=True) if expected else []) == expected
    within = np.zeros(holds.shape, bool)
    for row, start, end in expected:
        within[row, start : end + 1] = True
    np.testing.assert_array_equal(inside(found, holds.shape), within)


@given(ROWS, RULES)
def test_sums_and_maxima_are_those_of_the_steps_of_each_event(holds: np.ndarray, rule: tuple[int, int]) -> None:
    found = events(holds, min_duration=rule[0], max_gap=rule[1])
    values = np.arange(holds.size, dtype=float).reshape(holds.shape) % 7 - 3
    pieces = [values[row, start : end + 1] for row, start, end in zip(*found, strict=True)]
    assert sums(values, found).tolist() == [one.sum() for one in pieces]
    assert maxima(values, found).tolist() == [one.max() for one in pieces]


@given(hnp.arrays(np.bool_, st.integers(1, 30)), hnp.arrays(np.bool_, st.integers(0, 12)), RULES)
def test_no_later_step_changes_what_is_settled(known: np.ndarray, later: np.ndarray, rule: tuple[int, int]) -> None:
    minimum, gap = rule
    before = events(known[None], min_duration=minimum, max_gap=gap)
    settled = int(open_from(known[None], before, max_gap=gap)[0])
    whole = np.concatenate([known, later])[None]
    after = events(whole, min_duration=minimum, max_gap=gap)
    first, second = inside(before, (1, known.size)), inside(after, whole.shape)
    np.testing.assert_array_equal(second[0, :settled], first[0, :settled])
    closed = [one for one in said(before) if one[1] < settled - 1]
    assert closed == [one for one in said(after) if one[1] < settled - 1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("xxxxx", 5),  # it goes on, and all of its steps are settled
        ("xxxxx..", 5),  # a run may yet begin on the next step and join
        ("xxxxx...", 8),  # too late
        ("xxxxx..xxx", 5),  # a run that may yet be long enough, near enough to join
        ("xxxxx...xxx", 8),  # and one that is not near
        (".....", 5),
        ("...xx", 3),
    ],
)
def test_what_may_yet_change_is_known(text: str, expected: int) -> None:
    holds = row_of(text)
    found = events(holds, min_duration=5, max_gap=2)
    assert open_from(holds, found, max_gap=2).tolist() == [expected]


@given(hnp.arrays(np.bool_, st.integers(1, 20)), RULES)
def test_what_is_said_to_be_open_can_change(known: np.ndarray, rule: tuple[int, int]) -> None:
    minimum, gap = rule
    before = events(known[None], min_duration=minimum, max_gap=gap)
    settled = int(open_from(known[None], before, max_gap=gap)[0])
    whole = np.concatenate([known, np.ones(minimum, bool)])[None]
    after = inside(events(whole, min_duration=minimum, max_gap=gap), whole.shape)
    assert after[0, settled : known.size].all()
