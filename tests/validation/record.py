"""What a check is, and what it found."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

DATA = "EO_REAL_DATA"
"""The environment variable that names the folder of files as the agencies publish them."""

Outcome = Literal["passed", "failed", "not run"]


@dataclass(frozen=True)
class Compared:
    """Our number and theirs; of many numbers those that lie farthest apart."""

    ours: str
    theirs: str
    difference: float
    of: str = ""
    """How many numbers were compared, and which is shown."""

    @classmethod
    def numbers(cls, ours: npt.ArrayLike, theirs: npt.ArrayLike, labels: npt.ArrayLike | None = None) -> "Compared":
        """Give the largest difference of numbers that stand at the same places; both must have the same gaps."""
        mine, other = (np.asarray(one, np.float64).ravel() for one in (ours, theirs))
        same_gaps = mine.shape == other.shape and np.array_equal(np.isfinite(mine), np.isfinite(other))
        if not same_gaps or not np.isfinite(mine).any():
            return cls(f"{np.isfinite(mine).sum()} numbers", f"{np.isfinite(other).sum()} numbers", np.inf)
        apart = np.where(np.isfinite(mine), np.abs(mine - other), -1.0)
        worst = int(np.argmax(apart))
        named = "" if labels is None else f" at {np.asarray(labels).ravel()[worst]}"
        count = int(np.isfinite(mine).sum())
        shown = f"the largest of {count}{named}" if count > 1 else ""
        return cls(f"{mine[worst]:.6g}", f"{other[worst]:.6g}", float(apart[worst]), shown)


@dataclass(frozen=True)
class Check:
    """One comparison of a number of ours with that of another."""

    about: str
    name: str
    compare: Callable[[Path], Compared]
    """Takes the folder of published files; a check that `needs` none is given one that has nothing."""
    tolerance: float
    units: str
    source: str
    reason: str
    """Why the two differ, or may."""
    needs: tuple[str, ...] = ()
    """Files or folders in the folder of published files."""
    quick: bool = True


@dataclass(frozen=True)
class Row:
    """A check and what it found."""

    check: Check
    outcome: Outcome
    found: Compared | None = None
    why: str = field(default="")
    """Why it did not run, or failed without a number."""


def row(check: Check) -> Row:
    """Give what a check finds; a check whose files are not there does not run, and one that breaks has failed."""
    folder = os.environ.get(DATA, "")
    if check.needs and not folder:
        return Row(check, "not run", why=f"{DATA} names no folder")
    missing = [one for one in check.needs if not (Path(folder) / one).exists()]
    if missing:
        return Row(check, "not run", why=f"there is no {missing[0]} in the folder that {DATA} names")
    try:
        found = check.compare(Path(folder))
    except Exception as error:  # noqa: BLE001 - whatever breaks a check, the others run and this one has failed
        return Row(check, "failed", why=f"{type(error).__name__}: {' '.join(str(error).split())}")
    return Row(check, "passed" if found.difference <= check.tolerance else "failed", found)
