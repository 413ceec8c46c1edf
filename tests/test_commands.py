"""The `eo` command as a person uses it: what it lists, plans, builds and says; and the library without Prefect."""

import inspect
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import eo, refusal, succeeds
from fixtures_run import Finished
from synthetic import CONFIGS, configs, months, write

from eo import __version__, config, indicators


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    for year in (2001, 2002):
        write(folder / f"in/sst_{year}.nc", months(f"{year}-01", 12))
    return configs(folder / "configs", folder / "in/*.nc")


def test_help_answers_within_half_a_second() -> None:
    took = []
    for _ in range(5):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "eo", "--help"], check=True, capture_output=True, text=True)
        took.append(time.perf_counter() - start)
    assert all(name in done.stdout for name in ("build", "plan", "list", "check", "trace", "trend", "describe"))
    assert min(took) < 0.5


def test_the_version_is_that_of_the_package() -> None:
    assert succeeds("--version") == f"eo, version {__version__}\n"


@pytest.mark.parametrize("what", ["products", "indicators", "regions", "runs"])
def test_list_has_a_line_for_each_thing_that_there_is(what: str) -> None:
    there = {
        "products": config.product_names(CONFIGS),
        "indicators": indicators.names(),
        "regions": config.load_regions(CONFIGS),
        "runs": config.run_names(CONFIGS),
    }[what]
    lines = succeeds("list", what, "--configs", CONFIGS).splitlines()
    assert [line.split("  ")[0] for line in lines] == list(there)
    assert all(len(line.split("  ", 1)[1]) > 10 for line in lines)


def test_list_says_what_a_person_must_know_to_choose(there: Path) -> None:
    product = "Synthetic sea surface temperature; Nobody at all; by month; sea_surface_temperature [degC]"
    assert f"synthetic_sst  {product}\n" in succeeds("list", "products", "--configs", there)
    assert "west  the western half; 0..5 E, -3..3 N\n" in succeeds("list", "regions", "--configs", there)
    run = "synthetic  Synthetic anomalies; anomaly of synthetic_sst; 2001-01/2002-12\n"
    assert run in succeeds("list", "runs", "--configs", there)
    said = succeeds("list", "indicators", "--configs", there)
    assert (
        "anomaly  mean and anomaly; by region or cell; needs zonal mean and a baseline; min_coverage=0.9 [1]; " in said
    )


def test_describe_says_all_that_an_indicator_says_of_itself() -> None:
    said = succeeds("describe", "anomaly")
    assert (inspect.getdoc(indicators.load("anomaly").compute) or "missing") in said
    assert "Of the baseline\n" in said
    assert "{variable}_anomaly [{units}]  anomaly of {long_name}\n" in said
    assert said.endswith("A run may set\n-------------\nmin_coverage=0.9 [1]\n")
    assert "no indicator 'anomalie'" in refusal("describe", "anomalie")


def test_the_configs_folder_may_come_from_the_environment(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EO_CONFIGS", str(there))
    assert "synthetic  " in succeeds("list", "runs")


def test_plan_says_what_a_build_would_do_and_does_nothing_of_it(there: Path, tmp_path: Path) -> None:
    size = sum(path.stat().st_size for path in (there.parent / "in").iterdir())
    plan = ("plan", "synthetic", "--root", tmp_path, "--configs", there)
    before = succeeds(*plan).splitlines()
    assert [line[:36] for line in before[:2]] == [f"missing  synthetic_sst {year}  1 granu" for year in (2001, 2002)]
    assert before[2:] == [
        "parts: 0 present, 2 missing",
        f"to read: {size / 2**20:.1f} MiB; predicted memory: 300.0 MiB",
        "result: to be made",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw", "tmp"]

    build = succeeds("build", "synthetic", "--root", tmp_path, "--configs", there)
    assert "2 parts prepared, 0 already there" in build
    after = succeeds(*plan).splitlines()
    assert after[0].startswith("present  synthetic_sst 2001")
    assert after[2:] == [
        "parts: 2 present, 0 missing",
        "to read: 0.0 MiB; predicted memory: 300.0 MiB",
        "result: up to date",
    ]


def test_a_second_build_says_that_there_is_nothing_to_do(enso: Finished) -> None:
    said = succeeds("build", "enso_ostia", "--root", enso.root, "--configs", CONFIGS).splitlines()
    assert said[0] == f"{enso.result} is up to date: nothing to do"
    assert said[1:] == enso.said.splitlines()[1:], "the validation line"


def test_a_result_of_other_parameters_is_made_anew_from_the_parts_that_are_there(tmp_path: Path) -> None:
    write(tmp_path / "in/sst.nc", months("2001-01", 24))
    files = tmp_path / "in/*.nc"
    build = ("build", "synthetic", "--root", tmp_path / "r", "--configs", tmp_path / "configs")
    configs(tmp_path / "configs", files)
    succeeds(*build)
    configs(tmp_path / "configs", files, run={"parameters": {"min_coverage": 0.5}, "title": "Other words"})
    assert "0 parts prepared, 2 already there" in succeeds(*build)
    configs(tmp_path / "configs", files, run={"regions": ["west"]})
    assert "2 parts prepared, 0 already there" in succeeds(*build)


def test_a_command_without_its_argument_says_how_it_is_used() -> None:
    said = eo("build")
    assert said.exit_code == 2
    assert "Missing argument 'RUN'" in said.stderr


@pytest.mark.slow
def test_progress_is_shown_on_a_terminal_and_only_there(there: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "eo", "build", "synthetic", "--root", tmp_path, "--configs", there]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:  # noqa: S603 - ourselves
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        said = process.stdout.read()
    os.close(ours)
    assert process.returncode == 0
    assert b"preparing parts" in shown
    assert b"100%" in shown
    assert said.count("\n") == 1
    assert "2 parts prepared" in said


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that nobody holds the other end
        return b""


WITHOUT_PREFECT = """
import sys
sys.modules["prefect"] = None
from eo import build, load_run
built = build(load_run("synthetic", sys.argv[1]), sys.argv[2])
print(built.prepared, built.content_digest)
assert not [name for name in sys.modules if name.startswith("prefect.") or name == "flows"]
"""


@pytest.mark.slow
def test_the_library_works_where_prefect_is_not_installed(there: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_PREFECT, there, tmp_path]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - ourselves
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("2 ")


def test_the_package_says_what_it_has() -> None:
    import eo as package

    assert set(package.__all__) == {"__version__", "build", "load_run"}
    with pytest.raises(AttributeError, match="module 'eo' has no attribute 'bild'"):
        _ = package.bild
