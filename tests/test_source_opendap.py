"""OPeNDAP: what comes through DAP 2 has the numbers and attributes of the file; a cut answer is never read.

Expected values are those of the files that the server has, read by the NetCDF library.
"""

from collections.abc import Iterator
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr
from granules.examples import write_example
from twin import https
from twin.dap2 import answer
from twin.opendap import Dap

from eo.config import load_product
from eo.errors import Absent, InputError, SourceError, Unavailable
from eo.granules import canonical_of
from eo.model import span
from eo.origin import Limits, OpendapSource
from eo.sources import opendap as connector
from eo.sources._dap2 import axes, check_whole, constraint, declared, slab
from eo.sources._remote import Remote, Wanted

SST = "noaa_oisst_daily"
QUICK = Limits(wait=0.01, attempts=2, timeout=5)
SAME = ("noaa_oisst_daily", "osisaf_450a_nh", "esacci_sst_l4_v3", "esacci_snow_scfg_avhrr_daily")
"""Packed integers, bytes with and without a sign, scalars, two-dimensional coordinates."""


@pytest.fixture
def dap(tmp_path: Path) -> Dap:
    return Dap(tmp_path / "served")


@pytest.fixture
def twin(dap: Dap, tmp_path: Path) -> Iterator[https.Twin]:
    with https.serve(tmp_path, answers=dap) as found:
        yield found


def source(twin: https.Twin, file: str = "oisst-avhrr-v02r01.{time:%Y%m%d}.nc", **facts: object) -> OpendapSource:
    return OpendapSource.model_validate({"kind": "opendap", "url": f"{twin.url}/dodsC/{file}", "limits": QUICK} | facts)


def _stated(one: netCDF4.Dataset | netCDF4.Variable) -> dict[str, object]:
    """Give attributes, but for the one that says whether a byte has a sign, which DAP 2 adds."""
    return {name: np.asarray(one.getncattr(name)).tolist() for name in one.ncattrs() if name != "_Unsigned"}


def fetched(origin: OpendapSource, name: str, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    connector.fetch(origin, Remote(name, origin.url), folder / name, lambda _: None)
    return folder / name


@pytest.mark.parametrize("name", SAME)
def test_a_whole_file_has_the_numbers_and_attributes_of_the_published_one(
    twin: https.Twin, dap: Dap, tmp_path: Path, name: str
) -> None:
    product = load_product(name)
    path = write_example(name, product, dap.folder)
    draft = fetched(source(twin, path.name), path.name, tmp_path / "a draft")
    with netCDF4.Dataset(path) as here, netCDF4.Dataset(draft) as there:
        assert set(here.variables) == set(there.variables)
        for key, one in here.variables.items():
            other = there[key]
            one.set_auto_maskandscale(False)
            other.set_auto_maskandscale(False)
            assert (one.dimensions, one.dtype) == (other.dimensions, other.dtype)
            np.testing.assert_array_equal(one[...], other[...])
            assert _stated(one) == _stated(other)
        assert there.getncattr("opendap_request").endswith(f"/dodsC/{path.name}")
        assert _stated(here).items() <= _stated(there).items()
    with canonical_of(path, product) as expected, canonical_of(draft, product) as found:
        xr.testing.assert_identical(found.load().drop_attrs(deep=False), expected.load().drop_attrs(deep=False))
    assert [one.name for one in draft.parent.iterdir()] == [path.name]


def test_a_subset_has_the_variables_and_the_box_alone(twin: https.Twin, dap: Dap, tmp_path: Path) -> None:
    product = load_product(SST)
    path = write_example(SST, product, dap.folder)
    origin = source(twin, path.name, variables=["sst", "err"], box=[50, 0.5, 70, 0.7])
    draft = fetched(origin, path.name, tmp_path / "raw")
    with netCDF4.Dataset(path) as here, netCDF4.Dataset(draft) as there:
        assert set(there.variables) == {"time", "zlev", "lat", "lon", "sst", "err"}
        lat, lon = here["lat"][:], here["lon"][:]
        rows = slice(int(np.searchsorted(lat, 0.25)), int(np.searchsorted(lat, 0.95)))
        columns = slice(1, 4)  # of 30 degrees: 30.125 to 90.125 are within one of the box
        np.testing.assert_array_equal(there["lat"][:], lat[rows])
        np.testing.assert_array_equal(there["lon"][:], lon[columns])
        np.testing.assert_array_equal(there["sst"][:], here["sst"][..., rows, columns])
        assert there.getncattr("opendap_request").endswith(dap.asked[-1])
        assert not any("." in name for name in there.ncattrs())
        assert "ice" not in dap.asked[-1]
    with canonical_of(draft, product) as content:
        assert float(content["sea_surface_temperature"].max()) == pytest.approx(18.0)


def test_a_box_over_the_seam_of_the_file_takes_all_between_its_ends() -> None:
    centres = np.arange(0.5, 360)
    assert slab(centres, 10, 20, circle=True) == (9, 20)
    assert slab(centres, -20, -10, circle=True) == (339, 350)
    assert slab(centres - 180, 160, -150, circle=True) == (0, 359)  # across the antimeridian
    assert slab(centres, -10, 10, circle=True) == (0, 359)
    assert slab(centres, -180, 180, circle=True) == (0, 359)
    assert slab(np.arange(89.5, -90, -1), -5, 5) == (84, 95)
    with pytest.raises(InputError, match="a box lies on the grid"):
        slab(np.arange(50.5, 60), -5, 5)


def test_a_variable_or_an_axis_that_is_not_there_is_named(twin: https.Twin, dap: Dap, tmp_path: Path) -> None:
    path = write_example(SST, load_product(SST), dap.folder)
    with pytest.raises(InputError, match="no variable 'sss' in the data set"):
        fetched(source(twin, path.name, variables=["sss"]), path.name, tmp_path / "raw")
    ice = write_example("osisaf_450a_nh", load_product("osisaf_450a_nh"), dap.folder)
    with pytest.raises(InputError, match="axes of latitude and longitude"):
        fetched(source(twin, ice.name, box=[0, 60, 10, 70]), ice.name, tmp_path / "raw")
    assert list((tmp_path / "raw").iterdir()) == []


def test_steps_are_addressed_and_a_re_issue_is_told_by_its_attributes(twin: https.Twin, dap: Dap) -> None:
    product = load_product(SST)
    path = write_example(SST, product, dap.folder)
    origin, asked = source(twin), Wanted(SST, product, span("2021-05"))
    found = connector.find(origin, asked)
    assert twin.asked == []
    assert (len(found), found[0].name, found[0].time) == (31, path.name, "2021-05-01")
    asked = Wanted(SST, product, span("2021-05"), closely=True)
    first, second = connector.find(origin, asked)[:2]
    assert first.etag
    assert not second.etag  # not there: fetching it says so
    with netCDF4.Dataset(path, "a") as file:
        file.setncattr("date_modified", "2030-01-01")
    assert connector.find(origin, asked)[0].etag != first.etag


def test_a_file_that_is_not_there_is_absent(twin: https.Twin, tmp_path: Path) -> None:
    with pytest.raises(Absent):
        fetched(source(twin, "none.nc"), "none.nc", tmp_path / "raw")
    assert list((tmp_path / "raw").iterdir()) == []


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_an_answer_that_is_cut_is_never_read(twin: https.Twin, dap: Dap, tmp_path: Path, share: float) -> None:
    path = write_example(SST, load_product(SST), dap.folder)
    whole = answer(path, "dods")
    target = f"/dodsC/{path.name}.dods"
    twin.faults[target] = [https.Fault(status=200, body=whole[: int(share * len(whole))])]
    with pytest.raises(Unavailable):
        fetched(source(twin, path.name), path.name, tmp_path / "raw")
    assert list((tmp_path / "raw").iterdir()) == []
    twin.faults[target] = [https.Fault(cut=int(share * len(whole)))]  # the connection is closed
    with pytest.raises(Unavailable):
        fetched(source(twin, path.name), path.name, tmp_path / "raw")
    assert not (tmp_path / "raw" / path.name).exists()
    assert fetched(source(twin, path.name), path.name, tmp_path / "raw").is_file()
    assert [one.name for one in (tmp_path / "raw").iterdir()] == [path.name]


def test_the_netcdf_library_alone_takes_a_cut_answer_for_numbers(dap: Dap, tmp_path: Path) -> None:
    path = write_example(SST, load_product(SST), dap.folder)
    whole = answer(path, "dods", "sst,lon")
    for ending, content in (
        ("das", answer(path, "das")),
        ("dds", answer(path, "dds", "sst,lon")),
        ("dods", whole[:-4]),
    ):
        (tmp_path / f"cut.{ending}").write_bytes(content)
    check_whole(whole)
    with pytest.raises(Unavailable, match="as many bytes as it declares"):
        check_whole(whole[:-4])
    with netCDF4.Dataset(f"file://{tmp_path}/cut") as naive, netCDF4.Dataset(path) as file:
        assert naive["lon"][:].shape == file["lon"][:].shape  # no error: 48 bytes are asked for, 44 are there


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one: one.replace(b"Dataset {", b"Error {", 1), "starts with"),
        (lambda one: one.replace(b"[lat = 6]", b"[lat = 7]"), "the length it declares"),
        (lambda one: one + b"\0\0\0\0", "as many bytes as it declares"),
        (lambda _: https.HTML_ERROR, "has a structure and then data"),
    ],
)
def test_an_answer_that_is_not_what_it_declares_is_refused(dap: Dap, change: "object", message: str) -> None:
    path = write_example(SST, load_product(SST), dap.folder)
    with pytest.raises((Unavailable, InputError, SourceError), match=message):
        check_whole(change(answer(path, "dods")))  # type: ignore[operator]


def test_what_a_structure_declares_is_read_in_the_order_of_its_bytes() -> None:
    text = (
        "Dataset {\n  Int32 crs;\n  Grid {\n   ARRAY:\n    Int16 sst[time = 1][lat = 2];\n   MAPS:\n"
        "    Float64 time[time = 1];\n    Float32 lat[lat = 2];\n  } sst;\n  Float32 lat[lat = 2];\n"
        "  Float32 lon[lon = 3];\n  String label[2];\n} x;\n"
    )
    found = declared(text)
    assert [one.name for one in found] == ["crs", "sst", "time", "lat", "lat", "lon", "label"]
    assert found[1].dims == (("time", 1), ("lat", 2))
    assert axes(found) == ("lat", "lon")
    assert constraint(found, ("sst",), {"lat": (0, 1)}) == "time,lat[0:1:1],sst[0:1:0][0:1:1]"
    with pytest.raises(InputError, match="structures or sequences"):
        declared("Dataset {\n  Sequence {\n    Int32 a;\n  } s;\n} x;")


def test_a_busy_server_and_a_redirect_that_leads_away(twin: https.Twin, dap: Dap, tmp_path: Path) -> None:
    path = write_example(SST, load_product(SST), dap.folder)
    target = f"/dodsC/{path.name}.das"
    twin.faults[target] = [https.Fault(status=429, headers={"Retry-After": "7"})]
    with pytest.raises(Unavailable, match="429") as caught:
        fetched(source(twin, path.name), path.name, tmp_path / "raw")
    assert caught.value.retry_after == 7
    assert fetched(source(twin, path.name), path.name, tmp_path / "raw").is_file()
    with https.serve(tmp_path) as other:
        twin.faults[target] = [https.Fault(status=302, headers={"Location": f"{other.url}/x"})]
        with pytest.raises(SourceError, match="must lead to"):
            fetched(source(twin, path.name), path.name, tmp_path / "raw")
        assert other.asked == []
