"""A run of a product that a service has: fetched first, built, and honest about what is missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import xarray as xr
from commands import eo, refusal, succeeds
from fixtures_fetch import QUICK
from synthetic import RUN, configs, days, dump, kelvin, months, write, write_each
from twin.https import Fault, Twin, serve

from eo import netcdf

MONTHS = months("2001-01", 24)
FILENAME = r"sst_(?P<year>\d{4})-(?P<month>\d{2})\.nc"


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    write_each(tmp_path / "upstream", MONTHS)
    with serve(tmp_path / "upstream") as server:
        yield server


def _configs(folder: Path, twin: Twin, **product: object) -> Path:
    source = {"kind": "https", "url": f"{twin.url}/", "listing": "html", "limits": QUICK}
    return configs(folder, "", product={"source": source, "filename": FILENAME} | product)


def _build(root: Path, place: Path, *more: str) -> xr.Dataset:
    succeeds("build", "synthetic", "--root", root, "--configs", place, *more)
    return netcdf.read(root / "results" / "synthetic.nc")


def _missing(result: xr.Dataset) -> dict[str, int]:
    return {name[9:]: int(value) for name, value in result.attrs.items() if name.startswith("granules_")}


def test_a_run_fetches_what_it_needs_and_gives_what_local_files_give(twin: Twin, tmp_path: Path) -> None:
    remote = _build(tmp_path / "r", _configs(tmp_path / "configs", twin))
    local = _build(tmp_path / "l", configs(tmp_path / "local", twin.folder / "*.nc"))
    xr.testing.assert_equal(remote, local)
    assert _missing(remote) == {"not_yet_published": 0, "missing_upstream": 0, "failed": 0}
    assert _missing(local) == {}


@pytest.mark.slow
def test_a_run_of_which_everything_is_here_asks_no_service(twin: Twin, tmp_path: Path) -> None:
    place = _configs(tmp_path / "configs", twin)
    _build(tmp_path / "r", place)
    twin.asked.clear()
    assert "nothing to do" in succeeds("build", "synthetic", "--root", tmp_path / "r", "--configs", place)
    assert twin.asked == []


def test_offline_a_run_says_what_to_fetch(twin: Twin, tmp_path: Path) -> None:
    place = _configs(tmp_path / "configs", twin)
    said = refusal("build", "synthetic", "--offline", "--root", tmp_path / "r", "--configs", place)
    assert "eo fetch synthetic_sst --from" in said
    assert twin.asked == []
    arguments = ("--root", tmp_path / "r", "--configs", place)
    succeeds("fetch", "synthetic_sst", "--from", "2001-01", "--to", "2001-11", *arguments)
    said = refusal("build", "synthetic", "--offline", *arguments)
    assert "13 granules from 2001-12 to 2002-12" in said
    assert "never asked for" in said


@pytest.mark.slow
@pytest.mark.parametrize("gaps", ["allowed", "error"])
def test_a_month_that_the_service_does_not_have_is_counted_or_an_error(twin: Twin, tmp_path: Path, gaps: str) -> None:
    for name in ("2002-03", "2002-04"):
        (twin.folder / f"sst_{name}.nc").unlink()
    place = _configs(tmp_path / "configs", twin, gaps=gaps)
    if gaps == "error":
        said = refusal("build", "synthetic", "--root", tmp_path / "r", "--configs", place)
        assert "2 are missing: 2002-03 to 2002-04" in said
        return
    result = _build(tmp_path / "r", place)
    assert _missing(result) == {"not_yet_published": 0, "missing_upstream": 2, "failed": 0}
    gone = result["sea_surface_temperature_anomaly"].sel(time=slice("2002-03-01", "2002-04-30"))
    assert gone.sizes["time"] == 2
    assert gone.isnull().all()
    write(twin.folder / "sst_2002-03.nc", ["2002-03"])
    assert _missing(_build(tmp_path / "r", place))["missing_upstream"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Fault(status=503), Fault(status=200, body=b"<html>maintenance</html>")])
def test_a_granule_that_failed_stops_the_run_even_where_gaps_are_allowed(
    twin: Twin, tmp_path: Path, fault: Fault
) -> None:
    place = _configs(tmp_path / "configs", twin, gaps="allowed")
    twin.faults["/sst_2002-03.nc"] = [fault] * 3
    said = refusal("build", "synthetic", "--root", tmp_path / "r", "--configs", place)
    assert "1 granules from 2002-03 to 2002-03 are not here (sst_2002-03.nc: " in said
    assert not (tmp_path / "r" / "results").exists()
    twin.faults.clear()
    assert _missing(_build(tmp_path / "r", place)) == {"not_yet_published": 0, "missing_upstream": 0, "failed": 0}


@pytest.mark.slow
def test_an_open_run_goes_on_to_the_newest_month_and_is_not_cut_short_by_one_that_failed(
    twin: Twin, tmp_path: Path
) -> None:
    for name in ("2002-11", "2002-12"):
        (twin.folder / f"sst_{name}.nc").unlink()
    place = _configs(tmp_path / "configs", twin)
    dump(place / "runs" / "synthetic.yaml", RUN | {"period": "2001-01/.."})
    assert _build(tmp_path / "r", place)["time"].values[-1].astype(str)[:7] == "2002-10"
    write(twin.folder / "sst_2002-11.nc", ["2002-11"])
    twin.faults["/sst_2002-11.nc"] = [Fault(status=503)] * 3
    said = refusal("build", "synthetic", "--root", tmp_path / "r", "--configs", place)
    assert "1 granules from 2002-11 to 2002-11 are not here" in said
    assert _build(tmp_path / "r", place)["time"].values[-1].astype(str)[:7] == "2002-11"


@pytest.mark.slow
def test_a_re_issue_leads_to_new_parts_and_another_result(twin: Twin, tmp_path: Path) -> None:
    place, arguments = _configs(tmp_path / "configs", twin), ("--root", tmp_path / "r")
    before = _build(tmp_path / "r", place)
    write(twin.folder / "sst_2002-03.nc", ["2002-03"], values=kelvin(["2002-03"]) + 1)
    said = succeeds("refresh", "synthetic_sst", *arguments, "--configs", place)
    assert "1 granules fetched (1 re-issued)" in said
    after = _build(tmp_path / "r", place)
    names = {name: (before.attrs[name], after.attrs[name]) for name in ("part_digests", "content_digest")}
    assert all(old != new for old, new in names.values())
    changed = (before["sea_surface_temperature_anomaly"] != after["sea_surface_temperature_anomaly"]).squeeze()
    assert changed["time"].values[changed.values].astype("datetime64[M]").astype(str).tolist() == ["2002-03"]


def test_fetch_and_status_say_what_is_here_missing_and_refused(twin: Twin, tmp_path: Path) -> None:
    place = _configs(tmp_path / "configs", twin, latency="P400Y")
    (twin.folder / "sst_2001-02.nc").unlink()
    (twin.folder / "sst_2001-03.nc").write_bytes(b"<html>gone</html>")
    arguments = ("--root", tmp_path / "r", "--configs", place)
    done = eo("fetch", "synthetic_sst", "--from", "2001-01", "--to", "2001-04-15", *arguments)
    assert (done.exit_code, done.stdout.count("\n")) == (1, 1)
    assert "2 granules fetched" in done.stdout
    assert "1 not yet published, 1 failed" in done.stdout
    assert "failed: sst_2001-03.nc: sst_2001-03.nc must be a file of kind" in done.stderr
    said = succeeds("status", "synthetic_sst", *arguments)
    assert "2 granules here" in said
    assert "2001-01 to 2001-04; the newest ended" in said
    assert "missing: 1 not yet published, 1 failed" in said
    assert "in quarantine: 1 refused, 0 begun" in said
    assert said == succeeds("status", *arguments)


@pytest.mark.parametrize(("first", "last"), [("2001", "2002"), ("2001-02", "2001-01"), ("soon", "later")])
def test_a_span_that_is_none_is_refused(twin: Twin, tmp_path: Path, first: str, last: str) -> None:
    place = _configs(tmp_path / "configs", twin)
    said = refusal("fetch", "synthetic_sst", "--from", first, "--to", last, "--root", tmp_path, "--configs", place)
    assert "YYYY-MM" in said


def test_days_are_fetched_from_day_to_day(tmp_path: Path) -> None:
    write_each(tmp_path / "upstream", days("2001-01-28", "2001-02-05"))
    with serve(tmp_path / "upstream") as server:
        name = FILENAME.replace(r"\.nc", r"-(?P<day>\d{2})\.nc")
        place = _configs(tmp_path / "configs", server, step="day", filename=name)
        arguments = ("--root", tmp_path / "r", "--configs", place)
        succeeds("fetch", "synthetic_sst", "--from", "2001-01-30", "--to", "2001-02-02", *arguments)
        assert sorted(path[5:15] for path in server.paths() if path.endswith(".nc")) == days("2001-01-30", "2001-02-02")
