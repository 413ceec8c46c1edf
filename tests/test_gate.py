"""The gate: each of its rules is broken by a file that breaks nothing else, and any NetCDF file can be put to it."""

import re
import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import h5py
import netCDF4
import numpy as np
import pytest
from commands import eo, refusal, succeeds
from fixtures_run import Finished
from synthetic import LABEL, configs, kelvin, months, write

from eo import gate

Break = Callable[[netCDF4.Dataset], None]
SST = "sea_surface_temperature"


def _without(name: str, *, of: str = "") -> Break:
    return lambda file: (file[of] if of else file).delncattr(name)


def _with(name: str, value: object, *, of: str = "") -> Break:
    return lambda file: (file[of] if of else file).setncattr(name, value)


def _values(name: str, where: object, value: object) -> Break:
    def spoil(file: netCDF4.Dataset) -> None:
        file[name].set_auto_mask(False)
        file[name][where] = value

    return spoil


def _both(*breaks: Break) -> Break:
    def spoil(file: netCDF4.Dataset) -> None:
        for one in breaks:
            one(file)

    return spoil


def _area(values: list[float]) -> Break:
    def spoil(file: netCDF4.Dataset) -> None:
        file.createDimension("cell", len(values))
        area = file.createVariable("area", "f8", ("cell",))
        area.setncatts({"standard_name": "cell_area", "units": "m2"})
        area[:] = values

    return spoil


def _flag(values: list[int], meanings: str) -> Break:
    def spoil(file: netCDF4.Dataset) -> None:
        quality = file.createVariable("quality", "i1", ("region",))
        quality.setncatts({"flag_values": np.array([0, 1], "i1"), "flag_meanings": meanings})
        quality[:] = values

    return spoil


def _not_observed(where: object) -> tuple[Break, Break]:
    return _values("status", where, 2), _values(f"{SST}_anomaly", where, np.nan)


DESCRIBED = _both(_with("units", "d", of="time_bounds"), _with("long_name", "bounds", of="time_bounds"))
"""Makes bounds that no coordinate names pass as data."""

BROKEN: dict[str, tuple[Break, str]] = {
    "Conventions names CF-1.x": (_with("Conventions", "COARDS"), "'COARDS'"),
    "the global attributes of ACDD-1.3 are there": (_without("license"), "without ['license']"),
    "a data variable has units": (_without("units", of="coverage"), "coverage has none"),
    "units are words that UDUNITS knows": (_with("units", "furlong?", of="coverage"), "coverage has 'furlong?'"),
    "a data variable has a standard_name or long_name": (
        _both(_without("standard_name", of="coverage"), _without("long_name", of="coverage")),
        "coverage has neither",
    ),
    "every time is a date": (
        _both(_with("missing_value", np.int32(-1), of="time"), _values("time", 5, -1)),
        "1 are missing",
    ),
    "time is strictly increasing": (_values("time", 2, 13330), "2006-07-01 follows 2006-07-01"),
    "time has bounds": (_both(_without("bounds", of="time"), DESCRIBED), "none"),
    "time has bounds, a start and an end for each time": (
        _both(_with("bounds", "lat_range", of="time"), DESCRIBED),
        "lat_range has shape (3, 2)",
    ),
    "the time axis is complete": (
        _values("time_bounds", (7, 1), 13482),
        "a step ends at 2006-11-30 and the next one starts at 2006-12-01",
    ),
    "each time lies in its bounds": (_values("time", 0, 13238), "one does not"),
    "values are finite or missing": (
        _both(_without("valid_range", of=SST), _values(SST, (0, 0), np.inf), *_not_observed((0, 0))),
        f"{SST} has 1 infinite values",
    ),
    "a variable has at least one value": (
        _both(_values(SST, slice(None), np.nan), *_not_observed(slice(None))),
        f"{SST} has none",
    ),
    f"{SST} lies in -2.5..45": (_values(SST, (1, 2), 45.5), "1 values do not, such as 45.5"),
    "valid_range is two numbers": (_with("valid_range", np.arange(3.0), of=SST), f"{SST} has array([0., 1., 2.])"),
    "flag_values and flag_meanings are as many": (_flag([0, 1, 1], "good bad ugly"), "quality has 2 and 3"),
    "flags are among flag_values": (_flag([0, 1, 7], "good bad"), "quality has [7]"),
    "a value without enough coverage is missing": (_values("status", (0, 0), 1), f"{SST} has 1 such values"),
    "a missing value has a reason in status": (_values(SST, (0, 0), np.nan), f"{SST} has 1 without"),
    "a value has a status": (_with("ancillary_variables", "status", of="lat_range"), "lat_range has ('region', 'nv')"),
    "a cell has an area": (_area([1e6, 0.0]), "1 have none"),
    "cells cover the sphere at most once": (_area([5.2e14]), "they cover 1.019"),
    "attributes are of the type that CF gives them": (_with("bounds", np.arange(2), of="coverage"), ""),
}


@pytest.fixture
def result(enso: Finished, tmp_path: Path) -> Path:
    """Give a copy of the real result that does not state its content, so that it may be changed."""
    path = Path(shutil.copy(enso.result, tmp_path))
    with netCDF4.Dataset(path, "a") as file:
        file.delncattr("content_digest")
    return path


def test_the_result_passes(result: Path) -> None:
    assert gate.failures(result) == []
    assert succeeds("check", result) == f"{result}: passes the gate\n"


@pytest.mark.parametrize("rule", BROKEN)
def test_a_rule_is_broken_by_a_file_that_breaks_just_that(result: Path, rule: str) -> None:
    spoil, found = BROKEN[rule]
    with netCDF4.Dataset(result, "a") as file:
        spoil(file)
    broken = gate.failures(result)
    assert {one.rule for one in broken} == {rule}
    assert broken[0].found.startswith(found)

    said = eo("check", result)
    assert (said.exit_code, said.stderr) == (1, "")
    assert said.stdout.splitlines()[0].startswith(f"{result}: {rule}: {found}")
    assert said.stdout.splitlines()[-1] == f"{result}: breaks {len(broken)} rule" + "s" * (len(broken) > 1)


def test_content_that_was_changed_after_publication_is_noticed(enso: Finished, tmp_path: Path) -> None:
    path = Path(shutil.copy(enso.result, tmp_path))
    assert gate.failures(path) == []
    with netCDF4.Dataset(path, "a") as file:
        file[SST][0, 0] += 1e-6
    (broken,) = gate.failures(path)
    assert broken.rule == "the content is what was published (content_digest)"


def test_a_file_without_data_does_not_pass(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "empty.nc", "w") as file:
        file.setncatts({"title": LABEL, "Conventions": "CF-1.11"})
    assert "a file has at least one data variable" in {one.rule for one in gate.failures(tmp_path / "empty.nc")}


def test_times_that_do_not_decode_are_said(result: Path) -> None:
    with netCDF4.Dataset(result, "a") as file:
        file["time"].units = "days since the flood"
    (broken,) = gate.failures(result)
    assert broken.rule == "a file decodes by the rules of CF"


def test_each_rule_of_the_gate_is_broken_here() -> None:
    source = Path(gate.__file__).read_text(encoding="utf-8")
    rules = set(re.findall(r'Check\(\s*"([^"]+)"', source)) | set(re.findall(r'rule = "([^"]+)"', source))
    elsewhere = {
        "the content is what was published (content_digest)",
        "a file has at least one data variable",
        "a file decodes by the rules of CF",
    }
    assert len(rules) > 15
    assert rules == (BROKEN.keys() - {f"{SST} lies in -2.5..45"}) | elsewhere


# Files of others


def test_the_sample_as_its_publisher_made_it_gets_reasons() -> None:
    path = metadata.distribution("iris-sample-data").locate_file("iris_sample_data/sample_data/ostia_monthly.nc")
    said = eo("check", path)
    assert said.exit_code == 1
    assert "the global attributes of ACDD-1.3 are there: without" in said.stdout


@pytest.mark.parametrize(
    "file_format", ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA", "NETCDF4_CLASSIC"]
)
def test_files_of_other_formats_are_looked_at_alike(tmp_path: Path, file_format: str) -> None:
    path = write(tmp_path / "a.nc", months("2001-01", 3), file_format=file_format)
    assert [one.rule for one in gate.failures(path)] == ["the global attributes of ACDD-1.3 are there"]


def test_a_valid_range_in_packed_units_is_not_held_against_the_values(result: Path) -> None:
    with netCDF4.Dataset(result, "a") as file:
        packed = file.createVariable("packed", "i2", ("region",))
        packed.setncatts({"units": "K", "long_name": LABEL, "scale_factor": 0.01, "add_offset": 273.15})
        packed.setncattr("valid_range", np.array([0, 3000], "i2"))
        packed[:] = [280.0, 290.0, 300.0]
    assert gate.failures(result) == []


def test_another_calendar_passes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nc", months("2001-01", 2))
    with netCDF4.Dataset(path, "a") as file:
        file["time"].calendar = "360_day"
        file["time"][:] = [0, 30]
        file["time_bnds"][:] = [[0, 30], [30, 60]]
    assert [one.rule for one in gate.failures(path)] == ["the global attributes of ACDD-1.3 are there"]


def test_a_flag_given_as_text_is_said(result: Path) -> None:
    with netCDF4.Dataset(result, "a") as file:
        file["status"].flag_values = "0b, 1b, 2b, 3b"
    assert "flag_values and flag_meanings are as many" in {one.rule for one in gate.failures(result)}


def test_hdf5_that_is_not_netcdf_gets_reasons(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file["group/values"] = np.zeros(3)
    assert eo("check", tmp_path / "a.nc").exit_code == 1


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("empty.nc", b"", "must have content, and it is empty"),
        ("page.nc", b"<!DOCTYPE html><html>404</html>", "and it is of kind HTML or XML"),
        ("archive.nc", b"PK\x03\x04....", "of kind zip: an archive, whose members are the files to read"),
        ("text.nc", b"no such granule", "and it is of kind other"),
    ],
)
def test_what_is_no_netcdf_at_all_is_refused(tmp_path: Path, name: str, content: bytes, found: str) -> None:
    (tmp_path / name).write_bytes(content)
    said = refusal("check", tmp_path / name)
    assert said.startswith(f"{tmp_path / name} must")
    assert said.endswith(found)


def test_a_truncated_file_is_refused(result: Path) -> None:
    content = result.read_bytes()
    result.write_bytes(content[: len(content) // 2])
    assert refusal("check", result).startswith(f"{result} must be whole: its header asks for {len(content)} bytes")


# What the gate keeps


def _build(there: Path, root: Path) -> tuple[str | Path, ...]:
    return ("build", "synthetic", "--root", root, "--configs", there)


def test_the_last_good_result_is_kept_where_the_gate_refuses(tmp_path: Path) -> None:
    write(tmp_path / "in/sst_2001.nc", months("2001-01", 12))
    table = tmp_path / "configs/references/table.csv"
    limits = {"title": "a table", "file": table.name, "column": "t", "region": "patch",
              "variable": SST, "units": "degC", "correlation": 0.9, "rmsd": 1.0}  # fmt: skip
    one_year = {"period": "2001", "validation": limits}
    there = configs(tmp_path / "configs", tmp_path / "in/*.nc", run=one_year)
    celsius = kelvin(months("2001-01", 12)).mean(axis=(1, 2)) - 273.15
    rows = [f"{month},{value + 0.01:.3f}" for month, value in zip(months("2001-01", 12), celsius, strict=True)]
    table.write_text("\n".join(["time,t", *rows]))
    assert "correlation 1.0000 (> 0.9)" in succeeds(*_build(there, tmp_path / "r"))
    good = {path.name: path.read_bytes() for path in (tmp_path / "r/results").iterdir()}
    assert len(good) == 3

    configs(there, tmp_path / "in/*.nc", run=one_year | {"validation": limits | {"rmsd": 0.001}})
    said = refusal(*_build(there, tmp_path / "r"), code=1)
    assert said == ("result 'synthetic' is not published; it breaks 1 rule: difference from a table is < 0.001: 0.010")
    assert {path.name: path.read_bytes() for path in (tmp_path / "r/results").iterdir()} == good
    assert list((tmp_path / "r/tmp").iterdir()) == []

    table.write_text("\n".join(["time,t", *reversed([row.replace(",", ",-") for row in rows])]))
    configs(there, tmp_path / "in/*.nc", run=one_year | {"validation": limits | {"rmsd": 100.0}})
    said = refusal(*_build(there, tmp_path / "r"), code=1)
    assert said.endswith("correlation with a table is > 0.9: -1.0000")
    assert {path.name: path.read_bytes() for path in (tmp_path / "r/results").iterdir()} == good


def test_a_result_of_which_nothing_stands_is_not_published(tmp_path: Path) -> None:
    """The grid ends at 10 degrees east: half of a region to 20 is never observed, and 90 % must be."""
    write(tmp_path / "in/sst_2001.nc", months("2001-01", 12))
    there = configs(tmp_path / "configs", tmp_path / "in/*.nc", run={"period": "2001", "baseline": "2001"})
    text = (there / "regions.yaml").read_text().replace("east: 10,", "east: 20,").replace("east: 10\n", "east: 20\n")
    (there / "regions.yaml").write_text(text)
    said = refusal(*_build(there, tmp_path / "r"))
    assert "a baseline has data enough for a normal, and 2001-01/2001-12 has none" in said
    assert not (tmp_path / "r/results").exists()
