"""Comparison of a result with a published series."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from eo import references
from eo.config import Reference, Run
from eo.errors import InputError, unknown
from eo.indicators import Output
from eo.model import Check
from eo.provenance import file_sha256
from eo.units import converted

_LEAST = 12


@dataclass(frozen=True)
class Validation:
    """How well a result agrees with a published series, and how well it must."""

    reference: Reference
    months: int
    correlation: float
    rmsd: float
    bias: float

    def __str__(self) -> str:
        """Give the validation line."""
        wanted = self.reference
        return (
            f"{wanted.region} {wanted.variable} against {wanted.title}: {self.months} months, "
            f"correlation {self.correlation:.4f} (> {wanted.correlation:g}), "
            f"root mean square difference {self.rmsd:.3f} {wanted.units} (< {wanted.rmsd:g}), "
            f"bias {self.bias:+.3f} {wanted.units}"
        )

    def failures(self) -> list[Check]:
        """Give the limits that are not held."""
        found = []
        if not self.correlation > self.reference.correlation:
            found.append(
                Check(
                    f"correlation with {self.reference.title} is > {self.reference.correlation:g}",
                    f"{self.correlation:.4f}",
                )
            )
        if not self.rmsd < self.reference.rmsd:
            found.append(
                Check(f"difference from {self.reference.title} is < {self.reference.rmsd:g}", f"{self.rmsd:.3f}")
            )
        return found


def path_of(run: Run) -> Path | None:
    """Give the table that a run is checked against, if it has one."""
    return run.folder / "references" / run.config.validation.file if run.config.validation else None


def digest_of(run: Run) -> str:
    """Give the SHA-256 of the table that a run is checked against; empty without one."""
    path = path_of(run)
    if path is None:
        return ""
    if not path.is_file():
        raise InputError(f"a validation has its table, and there is no {path}")
    return file_sha256(path)


def validation(run: Run, computed: xr.Dataset) -> Validation | None:
    """Give the agreement of what an indicator computed (region, time) with the run's reference; None without one.

    Raises
    ------
    InputError
        Fewer than 12 months in common, or units that do not convert.
    """
    reference, path = run.config.validation, path_of(run)
    if reference is None or path is None:
        return None
    if reference.region not in run.regions:
        raise unknown("region", reference.region, run.regions, f"validation of run {run.name!r}")
    theirs = references.table(references.text_of(path), reference.column, where=str(path))
    output = next(one for one in run.indicator.outputs if _name(run, one) == reference.variable)
    ours = computed[output.key].sel(region=reference.region, drop=True)
    common, at, there = np.intersect1d(ours["time"].values, theirs["time"].values, return_indices=True)
    units = output.units.format(units=run.product.variables[run.config.variable].units)
    mine = converted(ours.values[at], units, reference.units, difference=output.difference)
    other = theirs.values[there]
    both = np.isfinite(mine) & np.isfinite(other)
    if both.sum() < _LEAST:
        raise InputError(
            f"a validation has at least {_LEAST} months in common; with {reference.title} there are {int(both.sum())}"
        )
    return _agreement(reference, mine[both], other[both], int(common[both].size))


def _name(run: Run, output: Output) -> str:
    return output.name.format(variable=run.config.variable)


def _agreement(reference: Reference, mine: np.ndarray, other: np.ndarray, months: int) -> Validation:
    difference = mine - other
    correlation = float(np.corrcoef(mine, other)[0, 1])
    rmsd = float(np.sqrt(np.mean(difference**2)))
    return Validation(reference, months, correlation, rmsd, float(difference.mean()))
