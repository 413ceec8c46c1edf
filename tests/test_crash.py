"""A build that is killed, at whatever moment, is finished by the next one; builds at once do not disturb each other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import SIGKILL

import pytest
from processes import Building, Ended, killed_at
from synthetic import RUN, configs, dump, months, write

from eo import lineage, netcdf

FILES = 10
"""Files that a build of two granules puts in place: 2 records, 2 parts, 2 reductions, 1 normal, 3 of the result."""
MOVES = FILES + 1
"""Its metrics go last: they are of a build, and a build that was killed before them has none."""

MOVED = ("os.link", "os.rename")
ANY_EVENT = ("open", "os.mkdir", "os.remove", "os.rmdir", *MOVED)


@dataclass(frozen=True)
class Inputs:
    """Two years of synthetic data, and the content of the result when nothing disturbs the build."""

    configs: Path
    content: str


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    folder = tmp_path_factory.mktemp("inputs")
    for year in (2001, 2002):
        write(folder / f"in/sst_{year}.nc", months(f"{year}-01", 12))
    there = configs(folder / "configs", folder / "in/*.nc")
    dump(there / "runs" / "other.yaml", RUN | {"title": "Other anomalies", "regions": ["west"]})
    ended = Building(there, folder / "r").end()
    assert (ended.code, ended.prepared) == (0, 2)
    return Inputs(there, ended.content)


def _files(root: Path) -> Iterator[Path]:
    aside = {root / "tmp", root / "locks", root / "metrics"}
    return (path for path in root.rglob("*") if path.is_file() and not aside & set(path.parents))


def _check_nothing_half_written(root: Path) -> None:
    for path in _files(root):
        if path.suffix == ".nc":
            netcdf.read(path)
        else:
            assert path.stat().st_size > 0


def _check_whole(root: Path, content: str) -> None:
    assert list((root / "tmp").iterdir()) == []
    assert len(list(_files(root))) == FILES
    assert lineage.load(root / "results" / "synthetic.nc")["content_digest"] == content


def _killed_then_built(inputs: Inputs, root: Path, number: int, events: tuple[str, ...]) -> int:
    """Give how the first build ended; the second one must end well."""
    first = Building(inputs.configs, root, prepare=partial(killed_at, number, root, events)).end()
    if first.code == 0:
        return first.code
    _check_nothing_half_written(root)
    second = Building(inputs.configs, root).end()
    assert (second.code, second.content) == (0, inputs.content)
    _check_whole(root, inputs.content)
    return first.code


def _at_each(inputs: Inputs, folder: Path, numbers: range, events: tuple[str, ...]) -> list[int]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda number: _killed_then_built(inputs, folder / str(number), number, events), numbers))


@pytest.mark.slow
def test_a_build_killed_before_any_of_its_files_is_in_place_is_finished_by_the_next(
    inputs: Inputs, tmp_path: Path
) -> None:
    codes = _at_each(inputs, tmp_path, range(MOVES + 1), MOVED)
    assert codes == [-SIGKILL] * MOVES + [0], "killed before each file was moved to its place, and at no other time"


@pytest.mark.slow
def test_a_build_killed_at_any_other_moment_is_finished_by_the_next(inputs: Inputs, tmp_path: Path) -> None:
    codes = _at_each(inputs, tmp_path, range(1, 82, 16), ANY_EVENT)
    assert codes == [-SIGKILL] * len(codes)


@pytest.mark.slow
def test_a_second_build_does_nothing(inputs: Inputs, tmp_path: Path) -> None:
    first = Building(inputs.configs, tmp_path).end()
    before = {path: path.stat().st_mtime_ns for path in _files(tmp_path)}
    assert Building(inputs.configs, tmp_path).end() == Ended(0, first.content, prepared=0)
    assert {path: path.stat().st_mtime_ns for path in _files(tmp_path)} == before


@pytest.mark.slow
def test_two_builds_of_a_run_at_once_share_the_work(inputs: Inputs, tmp_path: Path) -> None:
    both = [Building(inputs.configs, tmp_path) for _ in range(2)]
    ended = [one.end() for one in both]
    assert [(one.code, one.content) for one in ended] == [(0, inputs.content)] * 2
    assert sorted(one.prepared for one in ended) == [0, 2]
    _check_whole(tmp_path, inputs.content)


@pytest.mark.slow
def test_two_runs_of_a_product_at_once_do_not_disturb_each_other(inputs: Inputs, tmp_path: Path) -> None:
    alone = Building(inputs.configs, tmp_path / "alone", run="other").end()
    both = [Building(inputs.configs, tmp_path / "r", run=run) for run in ("synthetic", "other")]
    ended = [one.end() for one in both]
    assert [one.code for one in ended] == [0, 0], ended
    assert [one.content for one in ended] == [inputs.content, alone.content]
    assert list((tmp_path / "r" / "tmp").iterdir()) == []
