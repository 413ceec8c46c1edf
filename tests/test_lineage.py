"""From a value back to its files: the lineage beside a result, and `eo trace`."""

import hashlib
import json
import shutil
from importlib import metadata
from pathlib import Path

import netCDF4
import pytest
from commands import refusal, succeeds
from fixtures_run import Finished
from synthetic import configs, days, months, write, write_each

from eo.lineage import trace

SAMPLE = "iris_sample_data/sample_data/ostia_monthly.nc"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def lineage(enso: Finished) -> dict[str, object]:
    return json.loads(enso.result.with_suffix(".json").read_text(encoding="utf-8"))


def test_the_lineage_names_each_granule_with_its_digest_size_and_origin(lineage: dict[str, object]) -> None:
    sample = metadata.distribution("iris-sample-data")
    path = Path(str(sample.locate_file(SAMPLE)))
    (granule,) = lineage["granules"]
    assert granule["sha256"] == sha256(path)
    assert granule["size"] == path.stat().st_size
    assert granule["origin"] == f"pkg:pypi/iris-sample-data@{sample.version}#{SAMPLE}"
    assert granule["times"] == months("2006-04", 54)


def test_the_lineage_says_which_code_and_configuration_made_which_content(
    lineage: dict[str, object], enso: Finished
) -> None:
    with netCDF4.Dataset(enso.result) as file:
        for name in ("code_version", "config_digest", "input_digest", "content_digest"):
            assert lineage[name] == file.getncattr(name)
        assert [one["digest"] for one in lineage["parts"]] == file.part_digests.split()
        assert lineage["normal"]["digest"] == file.normal_digest
        assert lineage["validation"]["line"] == file.validation
    assert lineage["normal"]["months"] == months("2007-01", 36)
    assert lineage["config"]["run"]["regions"] == ["nino3", "nino34", "nino4"]


def test_the_lineage_has_the_digest_of_each_file_beside_it(lineage: dict[str, object], enso: Finished) -> None:
    folder = enso.result.parent
    assert lineage["files"] == {name: sha256(folder / name) for name in ("enso_ostia.nc", "enso_ostia.png")}


def test_trace_leads_from_a_value_to_the_digest_of_its_input(enso: Finished) -> None:
    said = succeeds("trace", enso.result, "--region", "nino34", "--time", "2009-12")
    path = Path(str(metadata.distribution("iris-sample-data").locate_file(SAMPLE)))
    with netCDF4.Dataset(enso.result) as file:
        value = float(file["sea_surface_temperature"][1, 12 * 3 + 8])
    assert said.startswith("nino34 2009-12  status: good\n")
    assert f"  sea_surface_temperature = {value:.6g} degC\n" in said
    assert said.count(f"sha256:{sha256(path)}  {path.stat().st_size} bytes") == 2, "the value and its normal"


def test_trace_gives_json_for_programs(enso: Finished) -> None:
    found = json.loads(succeeds("trace", enso.result, "--region", "nino3", "--time", "2006-04", "--json"))
    assert (found["place"], found["time"], found["status"]) == ("nino3", "2006-04", "good")
    assert found["granules"][0]["product"] == "ukmo_ostia_monthly"
    assert {"code_version", "config_digest", "content_digest"} <= found.keys()


def test_trace_names_the_one_file_of_a_month_and_the_files_of_its_normal(tmp_path: Path) -> None:
    write_each(tmp_path / "in", months("2001-01", 15))
    there = configs(tmp_path / "configs", tmp_path / "in/*.nc", run={"period": "2001-01/2002-03"})
    succeeds("build", "synthetic", "--root", tmp_path / "r", "--configs", there)
    found = trace(tmp_path / "r/results/synthetic.nc", "patch", "2002-02")
    assert [one["sha256"] for one in found.granules] == [sha256(tmp_path / "in/sst_2002-02.nc")]
    assert [one["sha256"] for one in found.baseline] == [sha256(tmp_path / "in/sst_2001-02.nc")]


@pytest.mark.slow
def test_trace_names_the_files_of_all_days_of_a_month(tmp_path: Path) -> None:
    write(tmp_path / "in/a.nc", days("2001-01-01", "2001-02-10"))
    write(tmp_path / "in/b.nc", days("2001-02-11", "2001-02-28"))
    there = configs(
        tmp_path / "configs",
        tmp_path / "in/*.nc",
        product={"step": "day"},
        run={"period": "2001-01/2001-02", "baseline": "2001-01"},
    )
    succeeds("build", "synthetic", "--root", tmp_path / "r", "--configs", there)
    result = tmp_path / "r/results/synthetic.nc"
    january, february = trace(result, "patch", "2001-01"), trace(result, "patch", "2001-02")
    first, second = sha256(tmp_path / "in/a.nc"), sha256(tmp_path / "in/b.nc")
    assert [one["sha256"] for one in january.granules] == [first]
    assert [one["sha256"] for one in february.granules] == [first, second]
    assert [one["sha256"] for one in february.baseline] == []
    assert february.status == "no_normal"


def test_an_unknown_region_is_refused_with_those_that_there_are(enso: Finished) -> None:
    said = refusal("trace", enso.result, "--region", "nino12", "--time", "2009-12")
    assert said == f"no region 'nino12' in {enso.result}; it has ['nino3', 'nino34', 'nino4']"


@pytest.mark.parametrize("time", ["2010-10", "2009", "2009-12-01", "soon"])
def test_an_unknown_time_is_refused_with_those_that_there_are(enso: Finished, time: str) -> None:
    said = refusal("trace", enso.result, "--region", "nino3", "--time", time)
    assert said == f"no time '{time}' in {enso.result}; it has 2006-04 to 2010-09, written YYYY-MM"


@pytest.fixture
def copied(enso: Finished, tmp_path: Path) -> Path:
    for ending in (".nc", ".json"):
        shutil.copy(enso.result.with_suffix(ending), tmp_path)
    return tmp_path / enso.result.name


def _traced(result: Path) -> tuple[str, ...]:
    return ("trace", str(result), "--region", "nino3", "--time", "2009-12")


def test_a_copied_result_can_be_traced(copied: Path) -> None:
    assert succeeds(*_traced(copied)).startswith("nino3 2009-12")


def test_a_value_that_was_changed_afterwards_is_not_traced(copied: Path) -> None:
    with netCDF4.Dataset(copied, "a") as file:
        file["sea_surface_temperature"][0, 0] += 0.5
    said = refusal(*_traced(copied))
    beside = copied.with_suffix(".json")
    assert said == f"{beside} must belong to {copied}; its content_digest is another. Run the build again"


@pytest.mark.parametrize("text", ['{"content_digest": "0"}', "[]", "{}"])
def test_a_lineage_of_another_state_is_not_believed(copied: Path, text: str) -> None:
    copied.with_suffix(".json").write_text(text)
    assert "must belong to" in refusal(*_traced(copied))


@pytest.mark.parametrize("text", [None, "", "{"])
def test_a_result_without_its_lineage_is_not_traced(copied: Path, text: str | None) -> None:
    beside = copied.with_suffix(".json")
    beside.unlink()
    if text is not None:
        beside.write_text(text)
    assert refusal(*_traced(copied)) == f"a result has its lineage beside it, and {beside} is not there or not JSON"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refusal(*_traced(tmp_path / "x.nc")) == f"{tmp_path / 'x.nc'} must be readable: No such file or directory"
