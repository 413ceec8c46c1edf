"""The rows of `make validate`: the quick ones hold, and none passes that did not run."""

from pathlib import Path

import numpy as np
import pytest
from validation.__main__ import CHECKS, main
from validation.record import DATA, Check, Compared, row
from validation.report import report

DOCS = Path(__file__).parents[1] / "docs"
CHECK = Check("Nothing", "one is one", lambda _: Compared.numbers(1, 1), 0, "1", "counting", "no reason")


def differing(by: float) -> Check:
    return Check("Nothing", "one is more", lambda _: Compared.numbers(1 + by, 1), 0.5, "1", "counting", "no reason")


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(one, id=f"{one.about}: {one.name}", marks=[] if one.quick else pytest.mark.slow)
        for one in CHECKS
    ],
)  # fmt: skip
def test_our_number_is_that_of_the_other_within_its_tolerance(check: Check) -> None:
    found = row(check)
    if found.outcome == "not run":
        pytest.skip(found.why)
    assert found.outcome == "passed", found


def test_a_check_without_its_files_is_not_run_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    needing = [one for one in CHECKS if one.needs]
    monkeypatch.delenv(DATA, raising=False)
    assert {row(one).outcome for one in needing} == {"not run"}
    monkeypatch.setenv(DATA, str(tmp_path))
    assert all(row(one).why.startswith("there is no ") for one in needing)
    assert main(tmp_path, tuple(needing[:1])) == 0
    text = (tmp_path / "validation.md").read_text(encoding="utf-8")
    assert "0 passed, 0 failed, 1 not run" in text
    assert "not run: there is no" in text


@pytest.mark.parametrize("by", [0.6, np.nan])
def test_a_difference_beyond_its_tolerance_ends_with_1(tmp_path: Path, by: float) -> None:
    assert main(tmp_path, (CHECK, differing(0.4))) == 0
    assert main(tmp_path, (CHECK, differing(by))) == 1
    assert "**failed**" in (tmp_path / "validation.md").read_text(encoding="utf-8")
    assert (tmp_path / "validation.png").stat().st_size > 1000


def test_a_check_that_breaks_has_failed_with_its_reason() -> None:
    broken = Check("Nothing", "breaks", lambda data: Compared.numbers((data / "x").read_text(), 1), 1, "1", "a", "b")
    found = row(broken)
    assert found.outcome == "failed"
    assert "FileNotFoundError" in report((found,))


def test_numbers_with_other_gaps_or_none_at_all_never_agree() -> None:
    assert Compared.numbers([1, np.nan], [1, 1]).difference == np.inf
    assert Compared.numbers([1, 2], [1]).difference == np.inf
    assert Compared.numbers([], []).difference == np.inf
    assert Compared.numbers([np.nan], [np.nan]).difference == np.inf
    assert Compared.numbers([1, np.nan, 5], [2, np.nan, 5], ["a", "b", "c"]).of == "the largest of 2 at a"


def test_the_report_that_is_kept_has_every_check_and_no_failure() -> None:
    kept = (DOCS / "validation.md").read_text(encoding="utf-8")
    assert [one.name for one in CHECKS if f"| {one.name}" not in kept] == []
    assert "**failed**" not in kept
    assert "0 failed" in kept
