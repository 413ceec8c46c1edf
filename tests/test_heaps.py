"""A broken heap of an HDF5 file, through which the HDF5 library would go for ever."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from eo.errors import InputError
from eo.sources import integrity

HEAD = 16


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A synthetic file with texts of any length: objects of one heap."""
    path = tmp_path / "sound.h5"
    with h5py.File(path, "w") as file:
        for number in range(20):
            file.attrs[f"text {number}"] = np.array(["x" * number], dtype=h5py.string_dtype())
    return path


def test_sound_heaps_are_no_objection(sound: Path) -> None:
    assert sound.read_bytes().count(b"GCOL\x01") == 1
    integrity.check(sound)


@pytest.mark.parametrize("value", [0x08, 0x80, 0xFF])
def test_an_object_that_is_larger_than_its_heap_is_an_error(sound: Path, value: int) -> None:
    whole = bytearray(sound.read_bytes())
    heap = whole.index(b"GCOL")
    whole[heap + HEAD + 8 + 1] ^= value  # of the size of the first object
    sound.write_bytes(whole)
    with pytest.raises(InputError, match=f"its heap at byte {heap} is broken"):
        integrity.check(sound)


def test_a_heap_that_goes_on_beyond_the_file_is_an_error(sound: Path) -> None:
    whole = bytearray(sound.read_bytes())
    heap = whole.index(b"GCOL")
    whole[heap + 8 + 3] ^= 0x10
    sound.write_bytes(whole)
    with pytest.raises(InputError, match="is broken"):
        integrity.check(sound)
