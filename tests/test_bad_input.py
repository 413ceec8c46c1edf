"""Bad input gets one line: the rule, the value, what there is. Exit code 2, nothing published, no traceback."""

# ruff: noqa: E501 - a case stands on a line

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np
import pytest
import rasterio
from commands import refusal, succeeds
from rasterio.transform import Affine
from synthetic import LABEL, LAT, LON, PRODUCT, configs, dump, kelvin, months, write

from eo import granules
from eo.errors import InputError
from eo.model import Product
from eo.sources import integrity

RUN = "runs/synthetic.yaml"
SST = "synthetic_sst"


class Place:
    """A folder with files, configs that name them, and a root."""

    def __init__(self, folder: Path) -> None:
        self.files, self.configs, self.root = folder / "in", folder / "configs", folder / "root"
        for year in (2001, 2002):
            write(self.files / f"sst_{year}.nc", months(f"{year}-01", 12))
        self.configure()

    def configure(self, **other: Any) -> None:  # noqa: ANN401 - entries of a product or run
        configs(self.configs, self.files / "*.nc", **other)

    def refusal(self, run: str = "synthetic") -> str:
        said = refusal("build", run, "--root", self.root, "--configs", self.configs)
        assert not (self.root / "results").exists()
        assert not (self.root / "tmp").exists() or list((self.root / "tmp").iterdir()) == []
        return (
            said.replace(f"{self.configs}/", "").replace(f"{self.files}/", "").replace(str(self.files.parent), "HERE")
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_place_is_good_before_it_is_spoilt(place: Place) -> None:
    assert "2 parts prepared" in succeeds("build", "synthetic", "--root", place.root, "--configs", place.configs)


# Names and values in YAML


def test_an_unknown_run(place: Place) -> None:
    assert place.refusal("sinthetic") == "no run 'sinthetic' in runs; it has ['enso_ostia', 'synthetic']"


VARIABLE = PRODUCT["variables"]["sea_surface_temperature"]


def _variable(**other: Any) -> dict[str, Any]:  # noqa: ANN401 - entries of a variable
    return {"product": {"variables": {"sea_surface_temperature": VARIABLE | other}}}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"run": {"product": "sst"}}, f"no product 'sst' in {RUN}; it has ['synthetic_sst', 'ukmo_ostia_monthly']"),
        ({"run": {"indicator": "anomoly"}}, f"no indicator 'anomoly' in {RUN}; it has ['anomaly"),
        ({"run": {"variable": "sst"}}, "no variable 'sst' in product 'synthetic_sst'; it has ['sea_surface_temperature']"),
        (
            {"run": {"regions": ["patch", "pacth"]}},
            "no region 'pacth' in regions.yaml; it has ['alps', ",
        ),
        ({"run": {"regions": ["patch", "patch"]}}, f"{RUN}: regions stand once each; they are ['patch', 'patch']"),
        ({"run": {"parameters": {"coverage": 0.5}}}, f"no parameter 'coverage' in {RUN}; it has ['min_coverage']"),
        (
            {"run": {"parameters": {"min_coverage": 1.5}}},
            f"{RUN}: parameter 'min_coverage': Input should be less than or equal to 1; it is 1.5",
        ),
        (
            {"run": {"parameters": {"min_coverage": "much"}}},
            f"{RUN}: parameter 'min_coverage': Input should be a valid number, unable to parse string as a number; it is 'much'",
        ),
        ({"run": {"regoins": ["patch"]}}, f"{RUN}: unknown key 'regoins' (did you mean 'regions'?); it takes ["),
        ({"run": {"period": None}}, f"{RUN}: 'period': Field required"),
        ({"run": {"regions": []}}, f"{RUN}: 'regions': Tuple should have at least 1 item after validation, not 0; it is []"),
        ({"run": {"regions": "patch"}}, f"{RUN}: 'regions': Input should be a valid tuple; it is 'patch'"),
        (
            {"run": {"period": "2001-13/2002-12"}},
            f"{RUN}: 'period': a month is written YYYY-MM (or a year YYYY), not '2001-13'; it is '2001-13/2002-12'",
        ),
        (
            {"run": {"period": "2002-01/2001-12"}},
            f"{RUN}: 'period': a period ends after it starts, not '2002-01/2001-12'; it is '2002-01/2001-12'",
        ),
        ({"run": {"period": "last year"}}, f"{RUN}: 'period': a month is written YYYY-MM (or a year YYYY), not 'last year'"),
        ({"run": {"period": 2001}}, f"{RUN}: 'period': Input should be a valid string; it is 2001"),
        ({"run": {"baseline": None}}, f"{RUN}: indicator 'anomaly' needs a baseline, and the run has none"),
        ({"product": {"step": "year"}}, f"products/{SST}.yaml: 'step': Input should be 'hour', 'day', "),
        ({"product": {"reader": "cff"}}, f"no reader 'cff' in products/{SST}.yaml; it has ['"),
        (
            {"product": {"source": {"kind": "pigeon", "path": "x"}}},
            f"products/{SST}.yaml: 'source': Input tag 'pigeon' found using 'kind' does not match any of the expected tags: ",
        ),
        (
            {"product": {"source": {"kind": "package", "distribution": "eo-nothing", "path": "x", "extra": "sample"}}},
            "package 'eo-nothing' must be installed, and it is not; the extra 'sample' has it: pip install ",
        ),
        (
            {"product": {"source": {"kind": "package", "distribution": "numpy", "path": "x.nc", "extra": "sample"}}},
            "package 'numpy' must have 'x.nc', and it has not",
        ),
        (
            {"product": {"source": {"kind": "local", "path": "/nowhere/*.nc"}}},
            "a local source matches at least one file, and '/nowhere/*.nc' matches none; there is no folder /nowhere",
        ),
        (_variable(units=None), f"products/{SST}.yaml: 'variables.sea_surface_temperature.units': Input should be a valid str"),
        (
            _variable(standardname="x"),
            f"products/{SST}.yaml: unknown key 'variables.sea_surface_temperature.standardname' (did you mean 'standard_name'?); it takes [",
        ),
        (_variable(plausible=[-2.5]), f"products/{SST}.yaml: 'variables.sea_surface_temperature.plausible.1': Field required"),
        (_variable(units="degreesK?"), "sst_2001.nc: units are words that UDUNITS knows, not 'degreesK?'"),
        (_variable(units="m"), "sst_2001.nc: units must convert to 'm', and 'K' does not"),
        (_variable(source="tos"), "sst_2001.nc: no variable 'tos'; it has ['"),
        (_variable(plausible=[45, -2.5]), f"products/{SST}.yaml: 'variables.sea_surface_temperature.plausible': a range is finite, the lower end first; it is [45.0, -2.5]"),
        (_variable(plausible=[-2.5, float("inf")]), f"products/{SST}.yaml: 'variables.sea_surface_temperature.plausible': a range is finite, the lower end first; it is [-2.5, inf]"),
        (_variable(plausible=[float("nan"), 45]), f"products/{SST}.yaml: 'variables.sea_surface_temperature.plausible': a range is finite, "),
        ({"product": {"marks": {"title": "(("}}}, f"products/{SST}.yaml: 'marks.title': a rule is a regular expression ("),
        ({"product": {"filename": "[a"}}, f"products/{SST}.yaml: 'filename': a rule is a regular expression ("),
        ({"product": {"gaps": "allowed"}, "run": {"period": "1500/2002"}}, f"{RUN}: 'period': a period lies in 1678-01 to 2261-12; it is '1500/2002'"),
        ({"product": {"gaps": "allowed"}, "run": {"baseline": "2001/9999"}}, f"{RUN}: 'baseline': a period lies in 1678-01 to 2261-12; it is '2001/9999'"),
        (_variable(plausible=[0, 20]), "sst_2001.nc: 'sst' lies in 0..20 degC; "),
    ],
)  # fmt: skip
def test_a_name_or_value_in_yaml(place: Place, other: dict[str, Any], said: str) -> None:
    place.configure(**other)
    assert place.refusal().startswith(said)


VALIDATION = {
    "title": "a table", "file": "table.csv", "column": "t", "region": "patch",
    "variable": "sea_surface_temperature", "units": "degC", "correlation": 0.9, "rmsd": 1.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("other", "table", "said"),
    [
        (
            {"region": "west"},
            "",
            "no region 'west' in the run that the validation of runs/synthetic.yaml compares; it has ['patch']",
        ),
        (
            {"variable": "sst"},
            "",
            "no variable 'sst' in the validation of runs/synthetic.yaml; it has ['sea_surface_temperature', ",
        ),
        ({"file": "no.csv"}, "", "a validation has its table, and there is no references/no.csv"),
        ({"column": "u"}, "time,t\n2001-01,25", "references/table.csv: no column 'u'; it has ['t', 'time']"),
        ({}, "time,t\n2001-01,25", "a validation has at least 12 months in common; with a table there are 1"),
        ({}, "time,t\n2001-01,warm", "references/table.csv: "),
        ({}, "time,t\n2001-01", "references/table.csv: "),
        ({}, "time,t\nsoon,25", "references/table.csv: "),
        ({}, "time,t\n2001-01,25\n2001-01,26", "references/table.csv: "),
        ({}, "", "references/table.csv: no column 'time'; it has []"),
        ({"units": "m"}, "time,t\n2001-01,25", "units must convert to 'm', and 'degC' does not"),
    ],
)
def test_a_validation(place: Place, other: dict[str, Any], table: str, said: str) -> None:
    place.configure(run={"validation": VALIDATION | other})
    (place.configs / "references/table.csv").write_text(table)
    assert place.refusal().startswith(said)


def test_a_validation_that_is_not_text(place: Place) -> None:
    place.configure(run={"validation": VALIDATION})
    (place.configs / "references/table.csv").write_bytes(b"time,t\n\xff\xfe")
    assert "references/table.csv" in place.refusal()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: one\ntitle: two\n", f"{RUN} line 1 must be YAML: key 'title' stands twice"),
        ("title: [one\nsummary: two\n", f"{RUN} line 2 must be YAML: "),
        ("\ttitle: one\n", f"{RUN} line 1 must be YAML: found character '\\t' that cannot start any token"),
        ("- title\n", f"{RUN} must be a YAML mapping, and it is list"),
        ("", f"{RUN} must be a YAML mapping, and it is NoneType"),
        (
            "title: !!python/object/apply:os.getcwd []\n",
            f"{RUN} line 1 must be YAML: could not determine a constructor",
        ),
        ("1: one\n", f"{RUN}: "),
        ("? [a, b]\n: one\n", f"{RUN} line 1 must be YAML: found unhashable key"),
    ],
)
def test_broken_yaml(place: Place, text: str, said: str) -> None:
    (place.configs / RUN).write_text(text)
    assert place.refusal().startswith(said)


def test_yaml_that_is_not_text(place: Place) -> None:
    (place.configs / RUN).write_bytes(b"title: \xff\xfe\n")
    assert place.refusal().startswith(f"{RUN} must be YAML: 'utf-8' codec can't decode")


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ({"box": {"west": 0, "east": 10, "south": 3, "north": -3}}, "regions.yaml: patch: 'box': a box has south < north"),
        ({"box": {"west": 0, "east": 10, "south": -3, "north": 95}}, "regions.yaml: patch: 'box.north': Input should be less than"),
        ({}, "regions.yaml: patch: '': a region has either a box or polygons"),
        ({"polygons": "no.geojson"}, "regions.yaml: polygons 'no.geojson' must be readable: No such file or directory"),
        ({"polygons": "publisher.yaml"}, "region 'patch' needs valid GeoJSON in 'publisher.yaml': "),
        ({"box": {"west": 20, "east": 30, "south": -3, "north": 3}},
         "a region lies at least in part on the grid, and 'patch' does not; the grid has latitude -3..3, longitude 0..10"),
    ],
)  # fmt: skip
def test_a_region(place: Place, shape: dict[str, Any], said: str) -> None:
    dump(place.configs / "regions.yaml", {"patch": {"title": "a patch", **shape}})
    assert place.refusal().startswith(said)


def test_polygons_that_are_not_text(place: Place) -> None:
    dump(place.configs / "regions.yaml", {"patch": {"title": "a patch", "polygons": "p.geojson"}})
    (place.configs / "p.geojson").write_bytes(b"\xff\xfe")
    assert place.refusal().startswith("regions.yaml: polygons 'p.geojson' must be readable: 'utf-8' codec")


def test_a_configs_folder_that_is_none(tmp_path: Path) -> None:
    said = refusal("list", "runs", "--configs", tmp_path)
    assert said == f"a configs folder has runs/, and {tmp_path} has not"


# Periods that the data does not have


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ({"period": "2011"}, "the period of a run lies in the data, and 2011-01/2011-12 does not; product 'synthetic_sst' has 2001-01 to 2002-12"),
        ({"baseline": "1981/2010"}, "run 'synthetic' needs every month of 2001-01/2002-12 and 1981-01/2010-12; 336 are missing: 1981-01 to 2010-12; the data of 'synthetic_sst' has 2001-01 to 2002-12"),
        ({"baseline": "1981/1990"}, "the baseline of a run lies in the data, and 1981-01/1990-12 does not; product 'synthetic_sst' has 2001-01 to 2002-12"),
        ({"period": "2000-12/2002-12"}, "run 'synthetic' needs every month of 2000-12/2002-12 and 2001-01/2001-12; 1 are missing: 2000-12 to 2000-12"),
    ],
)  # fmt: skip
def test_a_period_outside_the_data(place: Place, run: dict[str, str], said: str) -> None:
    place.configure(run=run)
    assert place.refusal().startswith(said)


def test_a_baseline_without_a_value(place: Place) -> None:
    write(place.files / "sst_2001.nc", months("2001-01", 12), values=np.full((12, LAT.size, LON.size), -999.0))
    assert place.refusal() == "a baseline has data, and 2001-01/2001-12 has none for the regions of the run"


def test_a_month_that_is_missing(place: Place) -> None:
    write(place.files / "sst_2002.nc", [month for month in months("2002-01", 12) if month != "2002-07"])
    assert "1 are missing: 2002-07 to 2002-07" in place.refusal()


# Files that are not what they should be

FORMATS = ("NETCDF4", "NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA")


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.97])
def test_a_truncated_file(place: Place, file_format: str, kept: float) -> None:
    path = write(place.files / "sst_2002.nc", months("2002-01", 12), file_format=file_format)
    size = path.stat().st_size
    os.truncate(path, int(kept * size))
    said = place.refusal()
    if kept > 0.1 or file_format == "NETCDF4":
        assert said == f"sst_2002.nc must be whole: its header asks for {size} bytes, and it has {int(kept * size)}"
    else:
        assert said == "sst_2002.nc must be a NetCDF file, and its header is broken"


@pytest.mark.parametrize("version", ["earliest", "v108", "v110", "latest"])
def test_an_hdf5_file_of_any_version_that_lacks_its_last_byte(tmp_path: Path, version: str) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver=version) as file:
        file["values"] = np.arange(1000)
    integrity.check(path)
    size = path.stat().st_size
    os.truncate(path, size - 1)
    with pytest.raises(InputError, match=f"its header asks for {size} bytes, and it has {size - 1}"):
        integrity.check(path)


TIFFS: dict[str, dict[str, Any]] = {
    "cloud-optimised": {"driver": "COG", "compress": "deflate", "blocksize": 128},
    "strips": {"driver": "GTiff", "compress": "lzw"},
    "tiles": {"driver": "GTiff", "tiled": True, "blockxsize": 64, "blockysize": 64},
    "BigTIFF": {"driver": "GTiff", "BIGTIFF": "YES"},
    "big endian": {"driver": "GTiff", "ENDIANNESS": "BIG"},
}


@pytest.mark.parametrize("form", TIFFS)
def test_a_tiff_file_that_lacks_its_last_byte(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.tif"
    shape = {"height": 200, "width": 300, "count": 1, "dtype": "uint16", "crs": "EPSG:4326"}
    with rasterio.open(path, "w", transform=Affine(1, 0, 0, 0, -1, 90), **shape, **TIFFS[form]) as file:
        file.update_tags(COMMENT=LABEL)
        file.write(np.arange(60000, dtype=np.uint16).reshape(200, 300), 1)
    integrity.check(path, ("TIFF",))
    size = path.stat().st_size
    for kept in (size - 1, size // 2, 20, 5):
        os.truncate(path, kept)
        with pytest.raises(InputError, match=f"must be whole: its header asks for .* bytes, and it has {kept}"):
            integrity.check(path, ("TIFF",))


@pytest.mark.parametrize("file_format", FORMATS[1:])
@pytest.mark.parametrize("unlimited", [True, False])
@pytest.mark.parametrize("kinds", [("i1",), ("i2",), ("f8",), ("i1", "i2"), ("f4", "i1", "f8")])
def test_a_classic_file_that_lacks_its_last_value(
    tmp_path: Path, file_format: str, kinds: tuple[str, ...], *, unlimited: bool
) -> None:
    """A record variable alone is not padded to 4 bytes, several are: 4 bytes less are a value less in any case."""
    path = tmp_path / "a.nc"
    with netCDF4.Dataset(path, "w", format=file_format) as file:
        file.setncatts({"comment": LABEL, "numbers": np.arange(3, dtype="i2")})
        file.createDimension("time", None if unlimited else 3)
        file.createDimension("lat", 3)
        file.createVariable("lat", "f4", ("lat",))[:] = [1, 2, 3]
        for number, kind in enumerate(kinds):
            file.createVariable(f"v{number}", kind, ("time", "lat"))[:] = np.ones((3, 3))
    integrity.check(path)
    size = path.stat().st_size
    os.truncate(path, size - 4)
    with pytest.raises(InputError, match=f"must be whole: its header asks for .* bytes, and it has {size - 4}"):
        integrity.check(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "must have content, and it is empty"),
        (
            b"<!DOCTYPE html>\n<html><title>404</title></html>",
            "must be a file of kind HDF5 or classic NetCDF, and it is of kind HTML",
        ),
        (
            b"  \n<?xml version='1.0'?><Error/>",
            "must be a file of kind HDF5 or classic NetCDF, and it is of kind HTML or XML",
        ),
        (b'{"error": "quota"}', "must be a file of kind HDF5 or classic NetCDF, and it is of kind JSON"),
        (gzip.compress(b"CDF", mtime=0), "must be a file of kind HDF5 or classic NetCDF, and it is of kind gzip"),
        (b"Not found", "must be a file of kind HDF5 or classic NetCDF, and it is of kind other"),
        (b"CDF\x01", "must be a NetCDF file, and its header is broken"),
        (b"CDF\x05" + b"\xff" * 60, "must be a NetCDF file, and its header is broken"),
    ],
)
def test_a_file_that_is_something_else(place: Place, content: bytes, said: str) -> None:
    (place.files / "sst_2002.nc").write_bytes(content)
    assert place.refusal().startswith(f"sst_2002.nc {said}")


@pytest.mark.parametrize("number", range(5))
def test_a_bit_flipped_in_a_compressed_chunk(place: Place, number: int) -> None:
    path = place.files / "sst_2002.nc"
    with h5py.File(path) as file:
        chunk = file["sst"].id.get_chunk_info(number)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset + chunk.size * (number + 1) // 6] ^= 1 << number
    path.write_bytes(content)
    said = place.refusal()
    assert said.startswith("sst_2002.nc")
    assert "must be readable to its end" in said


def test_a_file_that_is_spoilt_leaves_the_parts_of_the_others(place: Place) -> None:
    path = place.files / "sst_2002.nc"
    with h5py.File(path) as file:
        chunk = file["sst"].id.get_chunk_info(3)
    whole = path.read_bytes()
    content = bytearray(whole)
    content[chunk.byte_offset + 9] ^= 0xFF
    path.write_bytes(content)
    place.refusal()
    path.write_bytes(whole)
    assert "1 parts prepared, 1 already there" in succeeds(
        "build", "synthetic", "--root", place.root, "--configs", place.configs
    )


def test_a_file_of_another_grid(place: Place) -> None:
    values = kelvin(months("2002-01", 12))
    write(place.files / "sst_2002.nc", months("2002-01", 12), values=values, lon=LON + 0.5)
    said = place.refusal()
    assert said.startswith("all granules of a product lie on one grid, and those of 'synthetic_sst' do not: {")
    assert all(f"'{name}': '6 x 10 (" in said for name in ("sst_2001.nc", "sst_2002.nc"))


def test_two_files_with_the_same_month(place: Place) -> None:
    write(place.files / "again.nc", ["2002-05"])
    said = place.refusal()
    assert said == "each time step is in one granule; 2002-05 of 'synthetic_sst' is in ['sst_2002.nc', 'again.nc']"


def test_the_same_file_twice(place: Place) -> None:
    shutil.copy(place.files / "sst_2002.nc", place.files / "copy.nc")
    assert place.refusal().startswith("each time step is in one granule; 2002-01 of 'synthetic_sst' is in [")


def _changed(change: Callable[[netCDF4.Dataset], None]) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        with netCDF4.Dataset(path, "a") as file:
            change(file)

    return spoil


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda file: file["sst"].setncattr("units", "kg"), "units must convert to 'degC', and 'kg' does not"),
        (lambda file: file["sst"].setncattr("units", "warm"), "units are words that UDUNITS knows, not 'warm'"),
        (lambda file: file["sst"].delncattr("units"), "a variable states its units, and 'sst' does not"),
        (lambda file: file.renameVariable("sst", "tos"), "no variable 'sst'; it has ['"),
        (lambda file: file["time"].setncattr("units", "days since the flood"), ""),
        (lambda file: file["time"].setncattr("calendar", "360_day"), ""),
        (
            lambda file: file["time_bnds"].__setitem__(3, file["time_bnds"][2]),
            "time steps come once each, in order; 2002-03-01",
        ),
        (lambda file: file["lat"].__setitem__(3, file["lat"][2]), ""),
        (lambda file: file["time_bnds"].__setitem__((2, 1), 0.0), ""),
        (lambda file: file["sst"].__setitem__((4, 0, 0), 1e9), "'sst' lies in -2.5..45 degC; "),
    ],
    ids=["units", "no unit", "no units", "name", "epoch", "calendar", "time", "latitude", "bounds", "range"],
)
def test_a_file_that_breaks_a_rule(place: Place, spoil: Callable[[netCDF4.Dataset], None], said: str) -> None:
    _changed(spoil)(place.files / "sst_2002.nc")
    assert place.refusal().startswith(f"sst_2002.nc: {said}")


def test_a_file_that_changes_while_it_is_used(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    first = granules.canonical_of

    def changing(path: Path, product: Product) -> Any:  # noqa: ANN401 - what it changes before
        path.touch()
        return first(path, product)

    monkeypatch.setattr(granules, "canonical_of", changing)
    assert "must not change while it is used, and it did; run again" in place.refusal()
