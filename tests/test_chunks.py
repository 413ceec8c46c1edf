"""Chunks read past the HDF5 library are what the library reads: h5py is the independent implementation."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eo.chunks import chunks
from eo.errors import InputError

WHOLE = (slice(None), slice(None))


def write(path: Path, values: np.ndarray, **options: Any) -> Path:  # noqa: ANN401 - what h5py takes
    with h5py.File(path, "w") as file:
        file.attrs["title"] = "SYNTHETIC test data"
        file.create_dataset("v", data=values, **options)
    return path


slices = st.builds(
    slice,
    st.none() | st.integers(-12, 12),
    st.none() | st.integers(-12, 12),
    st.none() | st.integers(1, 4) | st.integers(-4, -1),
)


@settings(max_examples=60)
@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 11)),
    chunk=st.tuples(st.integers(1, 5), st.integers(1, 6)),
    dtype=st.sampled_from(["i1", "u1", "i2", "u2", "i4", "f4", "f8"]),
    shuffle=st.booleans(),
    key=st.tuples(slices, slices),
)
def test_any_window_of_any_dataset_is_what_h5py_gives(
    tmp_path_factory: pytest.TempPathFactory,
    shape: tuple[int, int],
    chunk: tuple[int, int],
    dtype: str,
    key: tuple[slice, slice],
    *,
    shuffle: bool,
) -> None:
    values = np.random.default_rng(3).integers(0, 100, shape).astype(dtype)
    chunk = (min(chunk[0], shape[0]), min(chunk[1], shape[1]))
    path = write(tmp_path_factory.mktemp("h5") / "a.h5", values, chunks=chunk, compression="gzip", shuffle=shuffle)
    found = chunks(path, "v")
    assert found is not None
    assert found[key].dtype == values.dtype
    np.testing.assert_array_equal(found[key], values[key])


def test_a_chunk_that_was_never_written_is_fill(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        stored = file.create_dataset("v", (4, 4), "i2", chunks=(2, 2), compression="gzip", shuffle=True, fillvalue=-9)
        stored[:2, :2] = 7
    found = chunks(path, "v")
    assert found is not None
    assert found[WHOLE].tolist() == [[7, 7, -9, -9], [7, 7, -9, -9], [-9] * 4, [-9] * 4]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunks": (2, 2)},
        {"chunks": (2, 2), "compression": "lzf"},
        {"chunks": (2, 2), "compression": "gzip", "fletcher32": True},
        {"chunks": (2, 2), "compression": "gzip", "scaleoffset": 0},
    ],
)
def test_what_is_stored_otherwise_is_left_to_the_library(tmp_path: Path, options: dict[str, Any]) -> None:
    assert chunks(write(tmp_path / "a.h5", np.arange(16, dtype="i4").reshape(4, 4), **options), "v") is None


def test_big_endian_values_are_left_to_the_library(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", np.arange(16, dtype=">i4").reshape(4, 4), chunks=(2, 2), compression="gzip")
    assert chunks(path, "v") is None


def test_no_such_dataset_and_no_hdf5_file_are_left_to_the_library(tmp_path: Path) -> None:
    assert chunks(write(tmp_path / "a.h5", np.zeros((2, 2))), "w") is None
    (tmp_path / "b.nc").write_bytes(b"CDF\x01")
    assert chunks(tmp_path / "b.nc", "v") is None


def test_only_the_chunks_of_a_window_are_read(tmp_path: Path) -> None:
    values = np.arange(64, dtype="i4").reshape(8, 8)
    path = write(tmp_path / "a.h5", values, chunks=(4, 4), compression="gzip")
    found = chunks(path, "v")
    assert found is not None
    offset, size = found.where[(1, 1)]
    content = bytearray(path.read_bytes())
    content[offset : offset + size] = b"\0" * size
    path.write_bytes(content)
    np.testing.assert_array_equal(found[:4, :], values[:4])
    with pytest.raises(InputError, match=r"'v' must be readable to its end, and its chunk \(1, 1\) does not"):
        _ = found[WHOLE]


def test_a_flipped_bit_is_an_error_and_never_a_value(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(32, 32))
    path = write(tmp_path / "a.h5", values, chunks=(32, 32), compression="gzip", shuffle=True)
    found = chunks(path, "v")
    assert found is not None
    offset, size = found.where[(0, 0)]
    whole = path.read_bytes()
    for place in range(0, size, max(1, size // 40)):
        broken = bytearray(whole)
        broken[offset + place] ^= 0x10
        path.write_bytes(broken)
        with pytest.raises(InputError, match=r"must be readable to its end"):
            _ = found[WHOLE]
