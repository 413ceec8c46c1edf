"""A record that grows: appending gives what a rebuild gives, at the cost of what came; and a part-month is no month."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from commands import refusal, succeeds
from synthetic import configs, days, kelvin, months, write, write_each

from eo import build, load_run
from eo.pipeline import Built


class Record:
    """A folder of files, and builds of a run of them under roots of their own."""

    def __init__(self, folder: Path, **other: dict[str, Any]) -> None:
        self.folder, self.other = folder, other

    def add(self, *times: str) -> None:
        """Write a file for each month or day."""
        write_each(self.folder / "in", times)

    def add_together(self, times: list[str]) -> None:
        """Write one file with all of them."""
        write(self.folder / f"in/sst_{times[0]}_{times[-1]}.nc", times)

    def build(self, root: str, **run: Any) -> Built:  # noqa: ANN401 - entries of a run
        other = {**self.other, "run": self.other.get("run", {}) | run}
        there = configs(self.folder / "configs", self.folder / "in/*.nc", **other)
        return build(load_run("synthetic", there), self.folder / root)

    def parts(self, root: str) -> set[str]:
        return {path.name for path in (self.folder / root / "parts").rglob("*.nc")}

    def normals(self, root: str) -> dict[str, tuple[bytes, int]]:
        normals = (self.folder / root / "normals").iterdir()
        return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in normals}

    def result(self, root: str) -> xr.Dataset:
        with xr.open_dataset(self.folder / root / "results/synthetic.nc") as file:
            return file.load()


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Record]:
    return lambda **other: Record(tmp_path, **other)


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(12, id="the first of a year", marks=pytest.mark.slow),
        pytest.param(20, id="in the year that has begun"),
    ],
)
def test_an_appended_month_equals_a_rebuild(record: Callable[..., Record], count: int) -> None:
    ours = record()
    ours.add_together(months("2001-01", 12))
    ours.add(*months("2002-01", count - 12))
    before = ours.build("r", period=f"2001-01/{months('2001-01', count)[-1]}")
    normals, parts = ours.normals("r"), ours.parts("r")

    ours.add(months("2001-01", count + 1)[-1])
    period = f"2001-01/{months('2001-01', count + 1)[-1]}"
    appended = ours.build("r", period=period)
    rebuilt = ours.build("fresh", period=period)

    assert (before.prepared, appended.prepared, appended.present, rebuilt.prepared) == (1 + (count > 12), 1, 1, 2)
    assert appended.content_digest == rebuilt.content_digest != before.content_digest
    assert (before.months, appended.months) == (count, count + 1)
    assert ours.normals("r") == normals, "the normal of the baseline does not move"
    assert parts < ours.parts("r"), "what was there stays"
    assert {name[:4] for name in ours.parts("r") - parts} == {"2002"}


@pytest.mark.slow
def test_a_month_that_comes_late_fills_its_gap(record: Callable[..., Record]) -> None:
    ours = record(product={"gaps": "allowed"})
    ours.add_together(months("2001-01", 16))
    ours.add_together(months("2002-06", 7))
    ours.build("r")
    result = ours.result("r").sel(time="2002-05")
    assert np.isnan(result["sea_surface_temperature"]).all()
    assert (result["status"] == 2).all()
    assert (result["coverage"] == 0).all()

    ours.add("2002-05")
    appended = ours.build("r")
    assert appended.prepared == 1
    assert appended.content_digest == ours.build("fresh").content_digest
    assert appended.good == 24


@pytest.mark.slow
def test_a_granule_that_is_issued_again_gives_a_new_part_and_the_old_one_stays(record: Callable[..., Record]) -> None:
    ours = record()
    ours.add_together(months("2001-01", 18))
    ours.add(*months("2002-07", 6))
    before = ours.build("r")
    parts = ours.parts("r")
    write(ours.folder / "in/sst_2002-07.nc", ["2002-07"], values=kelvin(["2002-07"]) + np.float32(1))
    after = ours.build("r")
    assert (after.prepared, after.present) == (1, 1)
    assert parts < ours.parts("r")
    assert after.content_digest == ours.build("fresh").content_digest != before.content_digest


@pytest.mark.slow
def test_months_in_one_file_or_in_many_are_the_same_numbers(tmp_path: Path) -> None:
    one, many = Record(tmp_path / "one"), Record(tmp_path / "many")
    write(tmp_path / "one/in/all.nc", months("2001-01", 24))
    many.add(*months("2001-01", 24))
    one.build("r")
    many.build("r")
    for name in ("sea_surface_temperature", "sea_surface_temperature_normal", "sea_surface_temperature_anomaly"):
        np.testing.assert_array_equal(one.result("r")[name].values, many.result("r")[name].values)


def test_the_numbers_are_those_of_the_formula(record: Callable[..., Record]) -> None:
    """Over the whole grid the slopes in latitude cancel and the mean longitude is 5: 0.05 * 5 = 0.25 K."""
    ours = record()
    ours.add_together(months("2001-01", 24))
    ours.build("r")
    result = ours.result("r").sel(region="patch")
    month = np.arange(24) % 12
    season = 298.0 - 273.15 + 0.25 + 2.0 * np.sin(2 * np.pi * month / 12)
    year = np.arange(24) // 12
    np.testing.assert_allclose(result["sea_surface_temperature"], season + 0.3 * year, rtol=0, atol=5e-5)
    np.testing.assert_allclose(result["sea_surface_temperature_normal"], season, rtol=0, atol=5e-5)
    np.testing.assert_allclose(result["sea_surface_temperature_anomaly"], 0.3 * year, rtol=0, atol=5e-5)
    assert (result["coverage"] == 1).all()


DAILY = {"product": {"step": "day"}, "run": {"period": "2001-01/2001-02", "baseline": "2001"}}


@pytest.mark.slow
def test_an_appended_month_of_days_equals_a_rebuild(record: Callable[..., Record]) -> None:
    ours = record(**DAILY | {"product": {"step": "day", "gaps": "allowed"}})
    ours.add_together(days("2001-01-01", "2001-01-31"))
    before = ours.build("r")
    parts = ours.parts("r")
    ours.add_together(days("2001-02-01", "2001-02-20"))
    ours.add(*days("2001-02-21", "2001-02-28"))
    appended = ours.build("r")
    assert (before.prepared, appended.prepared, appended.present) == (1, 1, 1)
    assert {name[:7] for name in ours.parts("r") - parts} == {"2001-02"}
    assert appended.content_digest == ours.build("fresh").content_digest


@pytest.mark.slow
def test_a_part_month_does_not_pass_as_a_month(record: Callable[..., Record]) -> None:
    ours = record(product={"step": "day", "gaps": "allowed"}, run=DAILY["run"])
    ours.add_together(days("2001-01-01", "2001-02-24"))
    assert ours.build("r").good == 1
    february = ours.result("r").sel(time="2001-02").squeeze("time")
    np.testing.assert_allclose(february["coverage"], 24 / 28, rtol=0, atol=1e-12)
    assert (february["status"] == 1).all(), "insufficient coverage"
    for name in ("sea_surface_temperature", "sea_surface_temperature_anomaly"):
        assert np.isnan(february[name]).all()

    ours.add("2001-02-25", "2001-02-26")  # 26 of 28 days are 93 %, more than the 90 % that the indicator asks for
    assert ours.build("r").good == 1 + 1


def test_a_part_month_is_refused_where_the_product_has_no_gaps(tmp_path: Path) -> None:
    write(tmp_path / "in/first.nc", days("2001-01-01", "2001-02-26"))
    there = configs(
        tmp_path / "configs", tmp_path / "in/*.nc", **DAILY | {"run": DAILY["run"] | {"baseline": "2001-01"}}
    )
    said = refusal("build", "synthetic", "--root", tmp_path / "r", "--configs", there)
    assert "needs every day of 2001-01/2001-02" in said
    assert "2 are missing: 2001-02-27 to 2001-02-28" in said
    write_each(tmp_path / "in", ["2001-02-27", "2001-02-28"])
    assert "2 parts prepared" in succeeds("build", "synthetic", "--root", tmp_path / "r", "--configs", there)


@pytest.mark.slow
def test_a_folder_of_files_of_any_cf_kind_needs_only_its_yaml(tmp_path: Path) -> None:
    """NetCDF-3 of three kinds and NetCDF-4 beside each other, degC and K packed as the files say."""
    kinds = ("NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA", "NETCDF4")
    for number, month in enumerate(months("2001-01", 24)):
        celsius = {"units": "degC", "values": kelvin([month]) - np.float32(273.15)} if number % 2 else {}
        write(tmp_path / f"in/{month[:4]}/sst_{month}.nc", [month], file_format=kinds[number % 4], **celsius)
    there = configs(tmp_path / "configs", tmp_path / "in/**/*.nc")
    succeeds("build", "synthetic", "--root", tmp_path / "r", "--configs", there)
    with xr.open_dataset(tmp_path / "r/results/synthetic.nc") as result:
        np.testing.assert_allclose(result["sea_surface_temperature_anomaly"][:, 12:], 0.3, rtol=0, atol=5e-5)
