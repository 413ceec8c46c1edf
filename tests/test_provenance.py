"""Digests: equal for equal content however it is written, different for any difference."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from eo import netcdf, provenance
from eo.provenance import code_digest, content_digest, digest, file_sha256

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)


def backwards(value: object) -> object:
    """Give a JSON-like value with the keys of all its mappings in the opposite order."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(one) for one in value] if isinstance(value, list) else value


@pytest.mark.slow
@given(JSON)
def test_a_digest_does_not_depend_on_the_order_of_keys(value: object) -> None:
    assert digest(backwards(value)) == digest(value)


@given(JSON, JSON)
def test_different_values_have_different_digests(one: object, other: object) -> None:
    assert (digest(one) == digest(other)) == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


@pytest.mark.parametrize(("one", "other"), [([1, 2], [2, 1]), (1, 1.0), (1, "1"), (1, True), ([], {}), ("a b", "ab")])
def test_what_looks_alike_is_told_apart(one: object, other: object) -> None:
    assert digest(one) != digest(other)


def test_a_digest_is_the_same_on_every_machine_and_in_every_year() -> None:
    text = b'{"a":[1,"\\u00fc"],"b":null}'  # worked by hand: sorted keys, no blanks, ASCII
    assert digest({"b": None, "a": [1, "ü"]}) == hashlib.sha256(text).hexdigest()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_json_cannot_say_has_no_digest(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        digest({"value": value})


def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "granule"
    path.write_bytes(b"abc")
    assert file_sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    (tmp_path / "readers").mkdir()
    for name in ("provenance", "units", "readers/cf"):
        (tmp_path / f"{name}.py").write_bytes(f"# {name}\n".encode())
    return tmp_path


def test_a_changed_module_has_another_digest_and_others_do_not(source: Path) -> None:
    fresh = code_digest.__wrapped__  # type: ignore[attr-defined]
    before = fresh("units"), fresh("readers/cf"), fresh()
    (source / "units.py").write_bytes(b"# another rule\n")
    after = fresh("units"), fresh("readers/cf"), fresh()
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True, False]


def test_line_ends_are_no_change_of_code(source: Path) -> None:
    fresh = code_digest.__wrapped__  # type: ignore[attr-defined]
    before = fresh("units")
    (source / "units.py").write_bytes(b"# units\r\n")
    assert fresh("units") == before


def result(**changes: object) -> xr.Dataset:
    values = np.array([[1.0, np.nan, 3.0], [4.0, 5.0, 6.0]])
    fields = {
        "value": (("region", "time"), values, {"units": "K", "valid_range": np.array([0.0, 9.0])}),
        "status": (("region", "time"), np.array([[0, 1, 0], [0, 0, 0]], np.int8), {"long_name": "status"}),
    }
    coordinates = {"region": ["a", "bc"], "time": np.array(["2001-01", "2001-02", "2001-03"], "datetime64[ns]")}
    return xr.Dataset(fields, coordinates, {"title": "a result"}).assign(changes)


def written(path: Path, content: xr.Dataset | None = None) -> Path:
    netcdf.write(result() if content is None else content, path)
    return path


def copied(path: Path, source: Path, order: Callable[[list[str]], list[str]], **how: object) -> Path:
    """Write the content of a file anew with netCDF4, variables in another order, stored in another way."""
    with netCDF4.Dataset(source) as old, netCDF4.Dataset(path, "w") as new:
        for file in (old, new):
            file.set_auto_maskandscale(False)
        for name in order(list(old.dimensions)):
            new.createDimension(name, len(old.dimensions[name]))
        for name in order(list(old.variables)):
            variable = old[name]
            said = {key: variable.getncattr(key) for key in variable.ncattrs()}
            stored = how if variable.dtype.kind in "iuf" else {}
            dtype = variable.dtype.newbyteorder(">") if stored.get("endian") == "big" else variable.dtype
            made = new.createVariable(
                name, dtype, variable.dimensions, fill_value=said.pop("_FillValue", None), **stored
            )
            made.set_auto_maskandscale(False)
            made.setncatts({key: said[key] for key in order(list(said))})
            made[...] = variable[...]
        new.setncatts({key: old.getncattr(key) for key in order(old.ncattrs())})
    return path


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"zlib": True, "complevel": 9, "shuffle": False},
        {"contiguous": True},
        {"chunksizes": None, "fletcher32": True},
        {"endian": "big"},
    ],
    ids=str,
)
@pytest.mark.parametrize("order", [sorted, lambda names: sorted(names, reverse=True)], ids=["a to z", "z to a"])
def test_how_content_is_stored_does_not_count(
    tmp_path: Path, how: dict[str, object], order: Callable[[list[str]], list[str]]
) -> None:
    source = written(tmp_path / "source.nc")
    assert content_digest(copied(tmp_path / "copy.nc", source, order, **how)) == content_digest(source)


@given(st.integers(1, 2), st.integers(1, 3))
def test_chunks_do_not_count(tmp_path_factory: pytest.TempPathFactory, rows: int, columns: int) -> None:
    folder = tmp_path_factory.mktemp("chunks")
    content = result()
    for one in content.data_vars.values():
        one.encoding["chunksizes"] = (rows, columns)
    content.to_netcdf(folder / "a.nc", engine="netcdf4")
    for one in content.data_vars.values():
        one.encoding["chunksizes"] = (2, 3)
    content.to_netcdf(folder / "b.nc", engine="netcdf4")
    assert content_digest(folder / "a.nc") == content_digest(folder / "b.nc")


def test_when_a_file_was_written_does_not_count(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nc")
    before = content_digest(path)
    with netCDF4.Dataset(path, "a") as file:
        file.setncatts({"history": "today", "date_created": "2026-01-01", "date_modified": "2026-01-02"})
    assert content_digest(path) == before


def test_a_seal_holds_and_does_not_count(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nc")
    before = content_digest(path)
    assert netcdf.seal(path) == before == content_digest(path)
    assert netcdf.read(path).attrs["content_digest"] == before


def test_the_bits_of_a_missing_value_do_not_count(tmp_path: Path) -> None:
    other = result()
    other["value"].values.view(np.uint64)[0, 1] |= 1  # still NaN
    assert np.isnan(other["value"].values[0, 1])
    assert content_digest(written(tmp_path / "a.nc", other)) == content_digest(written(tmp_path / "b.nc"))


def changed_value(row: int, column: int) -> Callable[[netCDF4.Dataset], None]:
    def change(file: netCDF4.Dataset) -> None:
        old = file["value"][row, column]
        file["value"][row, column] = 2.0 if np.ma.is_masked(old) or np.isnan(old) else np.nextafter(old, np.inf)

    return change


def renamed_dimension(file: netCDF4.Dataset) -> None:
    file.renameDimension("region", "place")


def renamed_variable(file: netCDF4.Dataset) -> None:
    file.renameVariable("status", "state")


def another_variable(file: netCDF4.Dataset) -> None:
    file.createVariable("crs", "i4", ())[...] = 0


CHANGES: dict[str, Callable[[netCDF4.Dataset], object]] = {
    **{f"value {row}, {column}": changed_value(row, column) for row in range(2) for column in range(3)},
    "a value of another variable": lambda file: file["status"].__setitem__((1, 2), 1),
    "a letter of a label": lambda file: file["region"].__setitem__(1, "bd"),
    "a date": lambda file: file["time"].__setitem__(0, file["time"][0] - 1),
    "an attribute": lambda file: file["value"].setncattr("units", "degC"),
    "a number in an attribute": lambda file: file["value"].setncattr("valid_range", np.array([0.0, 9.5])),
    "the type of an attribute": lambda file: file["value"].setncattr("valid_range", np.array([0.0, 9.0], np.float32)),
    "an attribute more": lambda file: file["status"].setncattr("comment", ""),
    "an attribute less": lambda file: file["value"].delncattr("units"),
    "a global attribute": lambda file: file.setncattr("title", "another result"),
    "the name of a dimension": renamed_dimension,
    "a dimension more": lambda file: file.createDimension("nv", 2),
    "the name of a variable": renamed_variable,
    "a variable more": another_variable,
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_difference_counts(tmp_path: Path, change: str) -> None:
    path = written(tmp_path / "a.nc")
    before = content_digest(path)
    with netCDF4.Dataset(path, "a") as file:
        CHANGES[change](file)
    assert content_digest(path) != before


def test_the_type_of_values_counts(tmp_path: Path) -> None:
    narrow = result(value=result()["value"].astype(np.float32))
    assert content_digest(written(tmp_path / "a.nc", narrow)) != content_digest(written(tmp_path / "b.nc"))


def test_values_that_change_places_count(tmp_path: Path) -> None:
    swapped = result(value=result()["value"].copy(data=result()["value"].values[::-1]))
    assert content_digest(written(tmp_path / "a.nc", swapped)) != content_digest(written(tmp_path / "b.nc"))


def test_values_beyond_one_block_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "BLOCK", 1)  # 16 bytes at a time: a row of three numbers is a block of its own
    path = written(tmp_path / "a.nc")
    small = content_digest(path)
    monkeypatch.undo()
    assert content_digest(path) == small
    with netCDF4.Dataset(path, "a") as file:
        changed_value(1, 2)(file)
    assert content_digest(path) != small


def test_text_of_any_length_counts_to_its_end(tmp_path: Path) -> None:
    digests = set()
    for number, words in enumerate((["ab", "c"], ["a", "bc"], ["abc", ""], ["ab", "c "])):
        path = tmp_path / f"{number}.nc"
        with netCDF4.Dataset(path, "w") as file:
            file.createDimension("n", 2)
            file.createVariable("words", str, ("n",))[:] = np.array(words, object)
        digests.add(content_digest(path))
    assert len(digests) == 4


def test_ragged_rows_count_to_their_end(tmp_path: Path) -> None:
    digests = set()
    for last in (0, 1):
        path = tmp_path / f"{last}.nc"
        with netCDF4.Dataset(path, "w") as file:
            file.createDimension("n", 1)
            ragged = file.createVLType(np.int32, "ragged")
            file.createVariable("rows", ragged, ("n",))[0] = np.array([0] * 5000 + [last] + [0] * 5000, np.int32)
        digests.add(content_digest(path))
    assert len(digests) == 2
