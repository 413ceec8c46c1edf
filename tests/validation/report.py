"""The report of a validation: a table as Markdown, and a picture."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from validation.record import DATA, Row

PASSED, FAILED, ABSENT = "#2166ac", "#b2182b", "#999999"
_HEADER = (
    "| check | ours | theirs | difference | tolerance | units | outcome | source | why they differ |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)


def report(rows: tuple[Row, ...]) -> str:
    """Give the report as Markdown."""
    count = {one: sum(row.outcome == one for row in rows) for one in ("passed", "failed", "not run")}
    lines = [
        "# Validation",
        "",
        "Written by `make validate`: our numbers beside those of others. Each check states how far the two may lie",
        "apart, and why they differ at all. A check whose published files are missing is *not run*, which is no pass:",
        f"they are looked for in the folder that `{DATA}` names. The others need nothing but the test dependencies.",
        "",
        f"**{count['passed']} passed, {count['failed']} failed, {count['not run']} not run.**",
        "",
        "![Difference of each check, as a share of its tolerance](validation.png)",
    ]
    for about in dict.fromkeys(row.check.about for row in rows):
        lines += ["", f"## {about}", "", _HEADER + "\n".join(_line(row) for row in rows if row.check.about == about)]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    check, found = row.check, row.found
    name = f"{check.name} ({found.of})" if found and found.of else check.name
    numbers = (found.ours, found.theirs, f"{found.difference:.2g}") if found else ("", "", "")
    said = f"**{row.outcome}**" if row.outcome == "failed" else row.outcome
    outcome = f"{said}: {row.why}" if row.why else said
    cells = (name, *numbers, f"{check.tolerance:g}", check.units, outcome, check.source, check.reason)
    return "| " + " | ".join(one.replace("|", "/") for one in cells) + " |"


def write_plot(rows: tuple[Row, ...], path: Path) -> None:
    """Write a bar for each check: how much of its tolerance the difference takes."""
    shares = [_share(row) for row in rows]
    colours = [{"passed": PASSED, "failed": FAILED, "not run": ABSENT}[row.outcome] for row in rows]
    with mpl.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(11, 0.24 * len(rows) + 1.4), dpi=120, layout="constrained")
        panel = figure.subplots()
        panel.barh(np.arange(len(rows)), shares, color=colours)
        panel.set_yticks(np.arange(len(rows)), [f"{row.check.about}: {row.check.name}" for row in rows])
        for place, row in enumerate(rows):
            label = f"{row.found.difference:.2g} {row.check.units.removeprefix('1')}" if row.found else row.outcome
            panel.text(min(shares[place], 1.0) + 0.01, place, label, va="center", fontsize=7, color="#444444")
        panel.axvline(1, color="#222222", linewidth=1)
        panel.set_xlim(0, 1.25)
        panel.set_ylim(len(rows) - 0.4, -0.6)
        panel.set_xlabel("difference as a share of the tolerance; the line is the tolerance itself")
        figure.suptitle("Our numbers and those of others", fontsize=13, fontweight="bold", x=0.01, ha="left")
        figure.savefig(path, format="png", metadata={"Title": "Validation", "Software": None})


def _share(row: Row) -> float:
    if row.found is None:
        return 0.0
    if row.check.tolerance == 0:
        return 0.0 if row.found.difference == 0 else 1.25
    return float(min(row.found.difference / row.check.tolerance, 1.25))
