"""Writes docs/validation.md and docs/validation.png: ``make validate``. Ends with 1 if a check fails."""

import logging
import sys
from pathlib import Path

from validation import climate_operators, granules, ice, indices, ocean, rainfall, statistics
from validation.record import Check, Row, row
from validation.report import report, write_plot

CHECKS: tuple[Check, ...] = (
    *ocean.CHECKS,
    *indices.CHECKS,
    *ice.CHECKS,
    *rainfall.CHECKS,
    *statistics.CHECKS,
    *climate_operators.CHECKS,
    *granules.CHECKS,
)
DOCS = Path(__file__).parents[2] / "docs"


def main(folder: Path = DOCS, checks: tuple[Check, ...] = CHECKS) -> int:
    """Run the checks, write the report, and give the exit status."""
    rows: list[Row] = []
    for one in checks:
        found = row(one)
        rows.append(found)
        said = found.why or (f"{found.found.difference:.3g} of {one.tolerance:g} {one.units}" if found.found else "")
        print(f"{found.outcome:8} {one.about}: {one.name}: {said}", flush=True)  # noqa: T201 - what the command says
    text = report(tuple(rows))
    folder.mkdir(exist_ok=True)
    (folder / "validation.md").write_text(text, encoding="utf-8")
    write_plot(tuple(rows), folder / "validation.png")
    return int(any(one.outcome == "failed" for one in rows))


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # what other implementations say of their own work
    sys.exit(main())
