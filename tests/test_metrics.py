"""Lines for logs and numbers for Prometheus: read by others' parsers, and none of them too many."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import synthetic
from commands import eo, succeeds
from prometheus_client.parser import text_string_to_metric_families

from eo.metrics import Measured, exposition

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LINE = re.compile(rf'{NAME}(\{{{NAME}="[^"\\\n]*"(,{NAME}="[^"\\\n]*")*\}})? [-+0-9.eEInfNa]+')


def there(folder: Path) -> Path:
    synthetic.write_each(folder / "in", synthetic.months("2001-01", 24))
    return synthetic.configs(folder / "configs", folder / "in/*.nc")


def values(text: str) -> dict[tuple[str, str], float]:
    """Give each sample by its name and what its labels say beside the run, as the client library reads it."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        for one in family.samples:
            assert one.labels.pop("run") == "synthetic"
            found[one.name, " ".join(one.labels.values())] = one.value
    return found


def test_metrics_are_of_the_text_format_line_by_line() -> None:
    """A HELP and a TYPE line once before the samples of each name, and a line feed at the end (Prometheus, 0.0.4)."""
    one = Measured(3, 99, 2, 1, {"failed": 4}, 5, 6, {"plan": 0.5, "finish": 1.5}, alarms=7, late=8, quarantined=9)
    text = exposition("synthetic", one, 1e9)
    assert text.endswith("\n")
    head: list[str] = []
    for line in text.splitlines():
        if line.startswith("#"):
            kind, name = line.split()[1:3]
            assert kind in {"HELP", "TYPE"}
            assert f"{kind} {name}" not in head
            head.append(f"{kind} {name}")
        else:
            assert LINE.fullmatch(line), line
            assert head[-2:] == [f"HELP {line.partition('{')[0]}", f"TYPE {line.partition('{')[0]}"]
    assert values(text) == {
        ("eo_run_granules", ""): 3,
        ("eo_run_granules_bytes", ""): 99,
        ("eo_run_fetched_granules", ""): 5,
        ("eo_run_fetched_bytes", ""): 6,
        ("eo_run_parts", "prepared"): 2,
        ("eo_run_parts", "present"): 1,
        ("eo_run_missing_granules", "failed"): 4,
        ("eo_run_stage_seconds", "plan"): 0.5,
        ("eo_run_stage_seconds", "finish"): 1.5,
        ("eo_run_finished_timestamp_seconds", ""): 1e9,
        ("eo_run_alarms", ""): 7,
        ("eo_run_late_granules", ""): 8,
        ("eo_run_quarantined_granules", ""): 9,
    }


def test_a_build_leaves_its_metrics_and_the_next_one_its_own(tmp_path: Path) -> None:
    configs = there(tmp_path)
    command = ("build", "synthetic", "--root", tmp_path / "r", "--configs", configs)
    file = tmp_path / "r/metrics/synthetic.prom"
    succeeds(*command)
    first = values(file.read_text())
    size = sum(path.stat().st_size for path in (tmp_path / "in").iterdir())
    assert (first["eo_run_granules", ""], first["eo_run_granules_bytes", ""]) == (24, size)
    assert (first["eo_run_parts", "prepared"], first["eo_run_parts", "present"]) == (2, 0)
    assert {key for name, key in first if name == "eo_run_stage_seconds"} == {"fetch", "plan", "prepare", "finish"}
    succeeds(*command)
    second = values(file.read_text())
    assert (second["eo_run_parts", "prepared"], second["eo_run_parts", "present"]) == (0, 2)
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.slow
def test_a_verbose_build_says_each_part_and_nothing_of_chunks(tmp_path: Path) -> None:
    done = eo("build", "synthetic", "-v", "--root", tmp_path / "r", "--configs", there(tmp_path))
    said = [re.sub(r"\d+\.\d", "N", line) for line in done.stderr.splitlines()]
    assert said == [
        "prepared synthetic_sst 2001 in N s",
        "prepared synthetic_sst 2002 in N s",
        "synthetic: 24 granules, 2 parts prepared; fetch N s, plan N s, prepare N s, finish N s",
    ]
    assert done.exit_code == 0


def test_json_lines_have_time_level_and_numbers_and_errors_are_lines_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EO_LOG", "json")
    command = ("build", "synthetic", "--root", tmp_path / "r", "--configs", there(tmp_path))
    lines = [json.loads(line) for line in eo(*command).stderr.splitlines()]
    assert [line["level"] for line in lines] == ["info"] * 3
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"]) for line in lines)
    part = lines[0]
    assert (part["product"], part["period"], part["granules"]) == ("synthetic_sst", "2001", 12)
    assert part["seconds"] >= 0
    (error,) = [json.loads(line) for line in eo("build", "nothing", *command[2:]).stderr.splitlines()]
    assert (error["level"], error["message"][:16]) == ("error", "no run 'nothing'")


@pytest.mark.slow
def test_lines_of_prefect_are_the_same_json(tmp_path: Path) -> None:
    code = (
        "from flows import environment; environment.prepare('.'); import logging; from eo import logs; "
        "from prefect.logging.configuration import setup_logging; setup_logging(); logs.listen(); "
        "logging.getLogger('prefect.worker').info('hello %s', 'you'); "
        "logging.getLogger('eo.pipeline').info('a part', extra=logs.numbers(seconds=1))"
    )
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code],
        env=os.environ | {"EO_LOG": "json", "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["level"], line["logger"], line["message"]) for line in lines] == [
        ("info", "prefect.worker", "hello you"),
        ("info", "eo.pipeline", "a part"),
    ]
    assert lines[1]["seconds"] == 1
