"""A global field of 0.05 degree is read in little memory, and a region of it without the rest.

Measured in processes of their own, on a synthetic file with the chunks of the real ones: benchmarks/memory.py.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

import memory

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return memory.write_global(tmp_path_factory.mktemp("global") / "global.nc")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says the peak of a process")
def test_a_global_field_is_read_in_less_than_600_mb(path: Path) -> None:
    found = memory.measured(path, "field")
    assert found["peak"] < 600
    assert found["chunks of the field"] == found["chunks of the mask"] == 4  # each one once
    assert found["value"] == pytest.approx(27, abs=0.5)  # 300 K at the equator, and up to 0.5 K of ripples


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says the peak of a process")
def test_a_global_granule_is_written_by_eo_read_in_less_than_600_mb(path: Path) -> None:
    found = memory.measured(path, "written")
    assert found["peak"] < 600
    assert found["chunks of the field"] == found["chunks of the mask"] == 4  # each one once
    assert found["value"] == pytest.approx(27, abs=0.5)  # the warmest cell of the summary


def test_a_region_is_read_without_the_rest(path: Path) -> None:
    found = memory.measured(path, "region")
    assert found["chunks of the field"] == 2  # a box across the equator, in the west
    assert found["chunks of other variables"] == 0
    assert found["peak"] < 400
