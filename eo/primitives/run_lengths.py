"""Run lengths: runs of consecutive steps that meet a condition, by where they end."""

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


def running_length(condition: Bools) -> Counts:
    """Give how many steps in a row, up to and with each one, meet a condition: (..., time); 0 where it is not met."""
    place = np.arange(condition.shape[-1])
    last_not = np.maximum.accumulate(np.where(condition, -1, place), axis=-1)
    return np.asarray(np.where(condition, place - last_not, 0), np.int64)


def ended_length(condition: Bools) -> Counts:
    """Give the length of the spell at the step where it ends, 0 at all others: (..., time).

    A spell that runs to the last step has not ended: `running_length` of the last step has its length so far.
    """
    ends = np.zeros_like(condition)
    ends[..., :-1] = condition[..., :-1] & ~condition[..., 1:]
    return np.where(ends, running_length(condition), 0)
