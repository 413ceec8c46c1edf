"""The root folder: what cannot be written leaves nothing behind, and what was damaged is noticed."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
from commands import refusal, succeeds
from processes import Building, no_file_above, without_privileges
from synthetic import configs, months, write

from eo import netcdf
from eo.errors import StoreError
from eo.store import Store, one_at_a_time, opened, publish_once, publish_together, write_whole


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the configs folder of a product of two years."""
    folder = tmp_path_factory.mktemp("inputs")
    for year in (2001, 2002):
        write(folder / f"in/sst_{year}.nc", months(f"{year}-01", 12))
    return configs(folder / "configs", folder / "in/*.nc")


@pytest.fixture(scope="module")
def finished(there: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a root where the run is built; tests take copies of it."""
    root = tmp_path_factory.mktemp("finished")
    succeeds("build", "synthetic", "--root", root, "--configs", there)
    return root


@pytest.fixture
def root(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "root"))


def _digest(root: Path) -> str:
    return str(json.loads((root / "results/synthetic.json").read_text())["content_digest"])


def _left_behind(root: Path) -> list[Path]:
    return list((root / "tmp").iterdir()) if (root / "tmp").is_dir() else []


# What cannot be written


def test_a_root_below_a_file_is_refused(there: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    root = tmp_path / "file" / "root"
    said = refusal("build", "synthetic", "--root", root, "--configs", there)
    assert said == f"{root} must be writable, and it is not: Not a directory"


def test_a_root_where_only_the_kernel_writes_is_refused(there: Path) -> None:
    said = refusal("plan", "synthetic", "--root", "/proc/eo", "--configs", there)
    assert said.startswith("/proc/eo must be writable, and it is not: ")
    assert "full" not in said


@pytest.mark.slow
def test_a_root_without_permission_is_refused(there: Path) -> None:
    root = Path(tempfile.mkdtemp())  # pytest's own folders are closed to others
    root.chmod(0o555)
    try:
        ended = Building(there, root, prepare=without_privileges).end()
    finally:
        root.rmdir()
    assert ended.code == 2
    assert ended.error == f"{root} must be writable, and it is not: Permission denied"


@pytest.mark.slow
@pytest.mark.parametrize("size", [100, 1_000, 15_000, 30_000])
def test_where_no_file_may_grow_nothing_half_written_stays(
    there: Path, finished: Path, tmp_path: Path, size: int
) -> None:
    ended = Building(there, tmp_path, prepare=partial(no_file_above, size)).end()
    assert ended.code == 2
    assert str(tmp_path) in ended.error
    assert _left_behind(tmp_path) == []
    for path in tmp_path.rglob("*.nc"):
        netcdf.read(path)
    again = Building(there, tmp_path).end()
    assert (again.code, again.content) == (0, _digest(finished))


def _system(command: str, *arguments: str | Path) -> bool:
    """Run a command of the system, and tell whether it is there and does what it is asked."""
    path = shutil.which(command)
    done = path and subprocess.run([path, *arguments], check=False, capture_output=True)  # noqa: S603 - mount, umount
    return bool(done and done.returncode == 0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if not _system("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", tmp_path):
        pytest.skip("no permission to mount a small disk")
    yield tmp_path
    assert _system("umount", tmp_path)


@pytest.mark.slow
def test_on_a_full_disk_nothing_half_written_stays(there: Path, finished: Path, small_disk: Path) -> None:
    root = small_disk / "root"
    for size in ("16k", "48k", "110k", "180k"):
        assert _system("mount", "-o", f"remount,size={size}", small_disk)
        ended = Building(there, root).end()
        assert ended.code == 2
        assert "needs room, and the disk is full (or over its quota); nothing half-written was left" in ended.error
        assert _left_behind(root) == []
        for path in root.rglob("*.nc"):
            netcdf.read(path)
    assert _system("mount", "-o", "remount,size=10m", small_disk)
    ended = Building(there, root).end()
    assert (ended.code, ended.content) == (0, _digest(finished))


def test_what_was_there_stays_where_writing_fails(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("old")

    def fails(draft: Path) -> None:
        draft.write_text("half")
        raise OSError(28, "No space left on device")

    with opened(tmp_path) as work:
        with pytest.raises(StoreError, match="second needs room"):
            publish_together(
                Store(tmp_path), {first: lambda draft: draft.write_text("new"), second: fails}, work, "run"
            )
        assert list(work.iterdir()) == []
    assert first.read_text() == "old"
    assert not second.exists()


def test_files_are_moved_to_their_places_in_order(tmp_path: Path) -> None:
    seen = []

    def writes(name: str, draft: Path) -> None:
        seen.append((name, [(tmp_path / one).exists() for one in "ab"]))
        draft.write_text(name)

    with opened(tmp_path) as work:
        publish_together(Store(tmp_path), {tmp_path / name: partial(writes, name) for name in "ab"}, work, "run")
    assert seen == [("a", [False, False]), ("b", [False, False])]
    assert [(tmp_path / name).read_text() for name in "ab"] == ["a", "b"]


def _no_links(*_: object) -> None:
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("links", [True, False], ids=["with hard links", "without"])
def test_a_file_that_never_changes_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", _no_links)
    place = tmp_path / "x"
    with opened(tmp_path) as work:
        publish_once(Store(tmp_path), place, lambda draft: draft.write_text("first"), work)
        first = place.stat()
        publish_once(Store(tmp_path), place, lambda draft: draft.write_text("second"), work)
        assert list(work.iterdir()) == []
    assert place.read_text() == "first"
    assert (place.stat().st_ino, place.stat().st_nlink) == (first.st_ino, 1)


def test_the_work_of_a_killed_run_is_swept_and_that_of_a_running_one_is_not(tmp_path: Path) -> None:
    dead = tmp_path / "tmp" / "dead"
    dead.mkdir(parents=True)
    (dead / "half.nc").touch()
    dead.with_suffix(".lock").touch()
    with opened(tmp_path) as running:
        assert not dead.exists()
        with opened(tmp_path) as other:
            assert running.is_dir()
            write_whole(tmp_path / "x", lambda draft: draft.write_text("x"), other)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_lock_of_a_run_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), one_at_a_time(Store(tmp_path), "run"):
        raise RuntimeError
    with one_at_a_time(Store(tmp_path), "run"):
        pass


# What was damaged


def _reductions(root: Path) -> list[Path]:
    return sorted((root / "parts/synthetic_sst/zonal_mean").glob("*.nc"))


def _parts(root: Path) -> list[Path]:
    return sorted((root / "parts/synthetic_sst").glob("*.nc"))


def _cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.slow
@pytest.mark.parametrize("which", [_reductions, _parts, lambda root: sorted((root / "normals").iterdir())])
def test_a_truncated_file_of_the_store_is_noticed_and_made_again(there: Path, root: Path, which: object) -> None:
    content = _digest(root)
    (root / "results/synthetic.nc").unlink()
    if which is _parts:
        _reductions(root)[0].unlink()
    path = which(root)[0]  # type: ignore[operator]
    _cut(path)
    said = refusal("build", "synthetic", "--root", root, "--configs", there)
    assert said.startswith(f"{path} must be readable, and it is not (")
    assert said.endswith("); remove it and run again")
    assert not (root / "results/synthetic.nc").exists()

    path.unlink()
    succeeds("build", "synthetic", "--root", root, "--configs", there)
    assert _digest(root) == content


def test_a_spoilt_chunk_of_a_part_is_noticed(there: Path, root: Path) -> None:
    path = _parts(root)[0]
    _reductions(root)[0].unlink()
    with h5py.File(path) as file:
        chunk = file["sea_surface_temperature"].id.get_chunk_info(7)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset + chunk.size // 2] ^= 0x10
    path.write_bytes(content)
    said = refusal("build", "synthetic", "--root", root, "--configs", there)
    assert said.startswith(f"{path}")
    assert said.endswith("; remove it and run again")


@pytest.mark.slow
def test_a_flipped_byte_never_gives_a_wrong_number(finished: Path, tmp_path: Path) -> None:
    """Every byte of a reduction in turn would take minutes; 150 of them, at steps that share no factor with 4 or 8."""
    path = _reductions(finished)[0]
    whole, good = path.read_bytes(), netcdf.read(path)
    damaged = tmp_path / "damaged.nc"
    refused = 0
    for number in range(0, len(whole), len(whole) // 150 | 1):
        content = bytearray(whole)
        content[number] ^= 0xFF
        damaged.write_bytes(content)
        try:
            found = netcdf.read(damaged)
        except StoreError:
            refused += 1
            continue
        assert found.identical(good), number
    assert refused > 0


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["nc", "png", "json"])
def test_a_damaged_or_missing_result_is_made_again(there: Path, root: Path, ending: str) -> None:
    content, path = _digest(root), root / f"results/synthetic.{ending}"
    _cut(path)
    assert "already there" in succeeds("build", "synthetic", "--root", root, "--configs", there)
    path.unlink()
    assert "0 parts prepared, 2 already there" in succeeds("build", "synthetic", "--root", root, "--configs", there)
    assert _digest(root) == content
    assert "nothing to do" in succeeds("build", "synthetic", "--root", root, "--configs", there)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"path": 1, "times": []}', '{"size": 0, "modified": 0}'])
def test_a_damaged_record_of_a_granule_is_made_again(there: Path, root: Path, text: str) -> None:
    records = sorted((root / "raw/synthetic_sst").iterdir())
    before = [json.loads(path.read_text()) | {"retrieved": ""} for path in records]
    for path in records:
        path.write_text(text)
    assert "nothing to do" in succeeds("build", "synthetic", "--root", root, "--configs", there)
    assert [json.loads(path.read_text()) | {"retrieved": ""} for path in records] == before


def test_canonical_parts_that_were_removed_are_made_again_where_they_are_needed(there: Path, root: Path) -> None:
    content = _digest(root)
    for path in [*_parts(root), root / "results/synthetic.nc"]:
        path.unlink()
    succeeds("build", "synthetic", "--root", root, "--configs", there)
    assert _digest(root) == content


def test_a_file_of_the_store_is_given_back_as_it_was_written(finished: Path) -> None:
    found = netcdf.read(_reductions(finished)[0])
    assert found["time"].dtype == np.dtype("datetime64[ns]")
    assert found["mean"].dtype == np.float64
    assert found["region"].values.tolist() == ["patch"]
