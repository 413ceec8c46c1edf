"""Runs of steps that meet a condition, by where they end."""

from itertools import groupby

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eo.primitives.run_lengths import ended_length, running_length


def test_a_spell_counts_where_it_ends_and_one_that_goes_on_has_not_ended() -> None:
    met = np.array([1, 1, 0, 1, 0, 0, 1, 1, 1], bool)
    assert running_length(met).tolist() == [1, 2, 0, 1, 0, 0, 1, 2, 3]
    assert ended_length(met).tolist() == [0, 2, 0, 1, 0, 0, 0, 0, 0]


@given(st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=1, max_size=3))
def test_spells_are_the_groups_of_equal_steps(rows: list[list[bool]]) -> None:
    expected = []
    for row in rows:
        lengths: list[int] = []
        for met, group in groupby(row):
            size = len(list(group))
            lengths += [0] * (size - 1) + [size if met else 0]
        expected.append([*lengths[:-1], 0])
    assert ended_length(np.array(rows)).tolist() == expected
