"""Values that are made of months around their own: the data around a period is used where there is any."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from commands import refusal, succeeds
from fixtures_fetch import QUICK
from synthetic import configs, days, months, write, write_each
from twin.https import Fault, serve

from eo import build, lineage, load_run, netcdf

ONI = {"indicator": "oceanic_nino_index", "period": "2002", "baseline": "2001"}
INSUFFICIENT, GOOD = 1, 0


def built(folder: Path, root: str, product: dict[str, object] | None = None, **run: object) -> xr.Dataset:
    there = configs(folder / f"configs_{root}", folder / "in/*.nc", product=product, run=ONI | run)
    return netcdf.read(build(load_run("synthetic", there), folder / root).path)


def test_the_first_and_last_values_of_a_run_are_those_of_a_run_that_starts_earlier_and_ends_later(
    tmp_path: Path,
) -> None:
    write_each(tmp_path / "in", months("2001-01", 30))
    short, long = built(tmp_path, "short"), built(tmp_path, "long", period="2001-06/2003-03")
    assert short["time"].values.astype("datetime64[M]").astype(str).tolist() == months("2002-01", 12)
    assert (short["status"] == GOOD).all()
    for name in ("oceanic_nino_index", "coverage", "status"):
        np.testing.assert_array_equal(short[name].values, long[name].sel(time="2002").values)


def test_where_the_data_goes_no_further_the_ends_are_missing_with_their_reason(tmp_path: Path) -> None:
    write_each(tmp_path / "in", months("2002-01", 12))
    found = built(tmp_path, "r", baseline="2002")
    missing = found["oceanic_nino_index"].isnull().values[0]
    assert missing.tolist() == [True, *[False] * 10, True]
    assert (found["status"].values[0] == np.where(missing, INSUFFICIENT, GOOD)).all()


@pytest.mark.slow
def test_a_month_that_comes_before_the_period_changes_the_first_value_and_is_traced(tmp_path: Path) -> None:
    write_each(tmp_path / "in", months("2002-01", 12))
    before = built(tmp_path, "r", baseline="2002")
    write_each(tmp_path / "in", ["2001-12"])
    after = built(tmp_path, "r", baseline="2002")
    changed = ~(before["oceanic_nino_index"] == after["oceanic_nino_index"]).values[0]
    assert changed.tolist() == [True, *[False] * 10, True]  # December has no value in either
    made_of = lineage.trace(tmp_path / "r/results/synthetic.nc", "patch", "2002-01").granules
    assert [one["times"] for one in made_of] == [["2001-12"], ["2002-01"], ["2002-02"]]


@pytest.mark.slow
def test_a_hole_before_the_period_is_refused_and_after_it_ends_the_series(tmp_path: Path) -> None:
    """Running means of five months: 2001-11 is here and 2001-12 is not, 2003-02 is here and 2003-01 is not."""
    write_each(tmp_path / "in", [*months("2002-01", 12), "2003-02"])
    run = {"baseline": "2002", "parameters": {"months": 5}}
    missing = built(tmp_path, "r", **run)["oceanic_nino_index"].isnull().values[0]
    assert np.flatnonzero(missing).tolist() == [0, 1, 10, 11]
    write_each(tmp_path / "in", ["2001-11"])
    there = configs(tmp_path / "configs_r", tmp_path / "in/*.nc", run=ONI | run)
    said = refusal("build", "synthetic", "--root", tmp_path / "r", "--configs", there)
    assert "of what its data has from 2001-11 on; 1 are missing: 2001-12 to 2001-12" in said
    allowed = built(tmp_path, "r", {"gaps": "allowed"}, **run)["oceanic_nino_index"].isnull().values[0]
    assert np.flatnonzero(allowed).tolist() == [0, 1, 10, 11]


def test_a_build_fetches_what_its_values_reach_to_once_and_goes_on_without_it(tmp_path: Path) -> None:
    write_each(tmp_path / "upstream", months("2001-12", 13))
    with serve(tmp_path / "upstream") as twin:
        source = {"kind": "https", "url": f"{twin.url}/", "listing": "html", "limits": QUICK}
        product = {"source": source, "filename": r"sst_(?P<year>\d{4})-(?P<month>\d{2})\.nc"}
        run = ONI | {"baseline": "2002", "parameters": {"months": 5}}
        place, root = configs(tmp_path / "configs", "", product=product, run=run), tmp_path / "r"
        arguments = ("build", "synthetic", "--root", root, "--configs", place)
        twin.faults["/sst_2001-12.nc"] = [Fault(status=503)] * 3
        assert "1 granules from 2001-12 to 2001-12 are not here" in refusal(*arguments)
        succeeds(*arguments)
        missing = netcdf.read(root / "results/synthetic.nc")["oceanic_nino_index"].isnull().values[0]
        assert np.flatnonzero(missing).tolist() == [0, 10, 11], "2001-11 is not there"
        twin.asked.clear()
        assert "nothing to do" in succeeds(*arguments)
        assert twin.asked == [], "the service is known not to have the other months"


@pytest.mark.slow
def test_a_period_that_goes_on_reaches_to_no_month_that_is_not_whole(tmp_path: Path) -> None:
    write(tmp_path / "in/days.nc", days("2001-01-01", "2001-05-20"))
    found = built(tmp_path, "r", {"step": "day"}, period="2001-02/..", baseline="2001-01/2001-04")
    assert str(found["time"].values[-1])[:7] == "2001-04"
    assert found["oceanic_nino_index"].notnull().values[0].tolist() == [True, True, False]
    assert {path.name[:7] for path in (tmp_path / "r/parts/synthetic_sst").glob("*.nc")} == set(months("2001-01", 4))
