"""Open services through the orchestrator: granules kept whole, or missing with the reason; nothing half-written.

Twins of JAXA Earth, a STAC API, a bucket and an OPeNDAP server serve synthetic granules, and misbehave.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
from granules.examples import write_example
from test_source_stac import scene
from twin import https, s3
from twin.opendap import Dap
from twin.stac import Api, Tree, jaxa_earth

from eo.config import load_product
from eo.errors import SourceError
from eo.fetching import Fetched, fetch
from eo.granules import take_in
from eo.model import Product, span
from eo.store import Store, opened

NDVI, SCENE, SST = "jaxa_earth_sgli_ndvi_day_monthly", "copernicus_sentinel2_ndvi", "noaa_oisst_daily"
LIMITS = {"wait": 0.01, "timeout": 3, "deadline": 20, "attempts": 3, "connections": 2}
TODAY = np.datetime64("2026-01-01")
SECRET = "never-to-be-seen"  # noqa: S105 - of the twin


@dataclass
class Service:
    """A twin with three granules of a product, and what of it may fail."""

    name: str
    product: Product
    months: str
    twin: https.Twin
    file: str
    """Path of a file of the second granule, without which it is none."""
    granules: list[Path]
    """What the second granule is at the service."""
    reissue: Callable[[], None]
    only: list[str] | None = None
    api: Any = field(default=None, repr=False)

    def fetched(self, root: Path, *, closely: bool = False) -> Fetched:
        return fetch(
            self.name, self.product, span(self.months), root=root, today=TODAY, only=self.only, closely=closely
        )


def _product(name: str, source: dict[str, Any]) -> Product:
    said = load_product(name).model_dump() | {"source": source | {"limits": LIMITS}, "gaps": "allowed"}
    return Product.model_validate(said)


def _path(folder: Path, file: Path) -> str:
    return f"/{file.relative_to(folder).as_posix()}"


def _jaxa_earth(folder: Path, twin: https.Twin) -> Service:
    plain = load_product(NDVI)
    dates = ["2021-04-01", "2021-05-01", "2021-06-01"]
    collection = jaxa_earth(folder, plain, dates)
    source = {
        "kind": "jaxa_earth", "collection": collection, "catalog": f"{twin.url}/stac/cog/v1/catalog.json", "hosts": [],
    }  # fmt: skip
    (tiff,) = folder.glob("cog/**/2021-05/0/E*/*.tiff")
    again = Tree(number=20000)
    return Service(
        NDVI, _product(NDVI, source), "2021-04/2021-06", twin, _path(folder, tiff),
        list(folder.glob("cog/**/2021-05/0/E*/S*.json")), lambda: void(jaxa_earth(folder, plain, dates[1:2], again)),
    )  # fmt: skip


def void(_: object) -> None:
    """Give nothing."""


def _stac(folder: Path, twin: https.Twin, api: Api) -> Service:
    days = ["2023-07-01", "2023-07-06", "2023-07-11"]
    api.items += [scene(folder, one) for one in days]
    api.base = twin.url
    source = {
        "kind": "stac", "url": f"{twin.url}/api", "collections": ["sentinel-2-l2a"], "assets": ["red", "nir", "scl"],
    }  # fmt: skip
    home = folder / "sentinel-2-l2a" / "S2A_31TFF_20230706_0_L2A"

    def again() -> None:
        api.items[1]["properties"]["updated"] = "2024-01-01T00:00:00Z"
        (home / "B04.tif").write_bytes(
            (folder / "sentinel-2-l2a" / "S2A_31TFF_20230701_0_L2A" / "B04.tif").read_bytes()
        )

    return Service(
        SCENE, _product(SCENE, source), "2023-07", twin, _path(folder, home / "B04.tif"), [home / "B04.tif"], again,
        only=days, api=api,
    )  # fmt: skip


def _opendap(folder: Path, twin: https.Twin) -> Service:
    plain = load_product(SST)
    days = ["2021-05-01", "2021-05-02", "2021-05-03"]
    paths = [write_example(SST, plain, folder / "served", one) for one in days]
    url = f"{twin.url}/dodsC/oisst-avhrr-v02r01.{{time:%Y%m%d}}.nc"
    source = {"kind": "opendap", "url": url, "variables": ["sst", "err"]}

    def again() -> None:
        with netCDF4.Dataset(paths[1], "a") as file:
            file.setncattr("date_modified", "2030-01-01")
            file["sst"][...] = file["sst"][...] + 1

    query = f"/dodsC/{paths[1].name}.dods"
    return Service(SST, _product(SST, source), "2021-05", twin, query, [paths[1]], again, only=days)


@pytest.fixture(params=["jaxa_earth", "stac", "opendap"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    folder = tmp_path / "upstream"
    folder.mkdir()
    api, dap = Api([]), Dap(folder / "served")
    answers = {"stac": api, "opendap": dap}.get(request.param)
    with https.serve(folder, answers=answers) as twin:
        make = {"jaxa_earth": _jaxa_earth, "opendap": _opendap}.get(request.param)
        yield make(folder, twin) if make else _stac(folder, twin, api)


def _kept(root: Path, service: Service) -> list[Path]:
    return [one for one in (root / "raw" / service.name).glob("*/*") if one.name.endswith(".origin.json")]


def _whole(root: Path, service: Service, number: int) -> None:
    """Each granule that is kept is taken in, says its origin, and nothing else is in raw/ or in the way."""
    assert len(_kept(root, service)) == number
    store = Store(root)
    with opened(root) as work:
        taken = take_in(service.name, service.product, store, work)
    assert len(taken) == number
    for one in taken:
        files = {one.path.name, *one.beside, f"{one.path.name}.origin.json"}
        assert {path.name for path in one.path.parent.iterdir()} == files
        assert one.origin.startswith(service.twin.url)
    assert list((root / "tmp").iterdir()) == []


def _refused(root: Path, service: Service) -> list[str]:
    return [json.loads(one.read_text())["reason"] for one in (root / "quarantine" / service.name).glob("*.reason.json")]


def test_granules_are_kept_once_and_a_re_issue_is_kept_beside_the_old_one(service: Service, tmp_path: Path) -> None:
    done = service.fetched(tmp_path)
    assert (len(done.new), done.failures, done.missing["failed"]) == (3, {}, 0)
    _whole(tmp_path, service, 3)
    service.twin.asked.clear()
    again = service.fetched(tmp_path, closely=True)
    assert (again.new, again.present) == ((), 3)
    assert not [one for how, one, _ in service.twin.asked if how == "GET" and one.endswith((".tif", ".tiff", ".dods"))]
    service.reissue()
    third = service.fetched(tmp_path, closely=True)
    assert (len(third.new), len(third.reissued), third.failures) == (1, 1, {})
    assert len(_kept(tmp_path, service)) == 4
    store = Store(tmp_path)
    with opened(tmp_path) as work:
        assert len(take_in(service.name, service.product, store, work)) == 3


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(https.Fault(status=429, headers={"Retry-After": "0"}), id="429 with Retry-After"),
        pytest.param(https.Fault(cut=100, reset=True), id="a reset in the middle"),
        pytest.param(https.Fault(status=503), id="503", marks=pytest.mark.slow),
        pytest.param(https.Fault(reset=True), id="a reset", marks=pytest.mark.slow),
        pytest.param(https.Fault(cut=100), id="a cut", marks=pytest.mark.slow),
    ],
)
def test_what_passes_is_waited_for_and_what_does_not_is_tried_by_the_next_fetch(
    service: Service, tmp_path: Path, fault: https.Fault
) -> None:
    service.twin.faults[service.file] = [fault] * 2
    done = service.fetched(tmp_path / "passes")
    assert (len(done.new), done.failures) == (3, {})
    _whole(tmp_path / "passes", service, 3)
    service.twin.faults[service.file] = [https.Fault(status=503)] * 3
    done = service.fetched(tmp_path / "stays")
    assert (len(done.new), len(done.failures), done.missing["failed"]) == (2, 1, 1)
    _whole(tmp_path / "stays", service, 2)
    done = service.fetched(tmp_path / "stays")
    assert (len(done.new), done.present, done.failures) == (1, 2, {})
    _whole(tmp_path / "stays", service, 3)
    assert _refused(tmp_path / "stays", service) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(https.HTML_ERROR, id="an HTML page"),
        pytest.param(b"x" * 48, id="a stub", marks=pytest.mark.slow),
        pytest.param(b"PK\x03\x04" + b"\0" * 60, id="a zip", marks=pytest.mark.slow),
    ],
)
def test_other_bytes_with_status_200_never_reach_raw(service: Service, tmp_path: Path, body: bytes) -> None:
    times = 3 if service.name == SST else 2  # DAP 2: asked for again, it may be a cut one; else HEAD, and then GET
    service.twin.faults[service.file] = [https.Fault(status=200, body=body)] * times
    done = service.fetched(tmp_path)
    assert (len(done.new), len(done.failures), done.missing["failed"]) == (2, 1, 1)
    _whole(tmp_path, service, 2)
    done = service.fetched(tmp_path)
    assert (len(done.new), done.failures) == (1, {})
    _whole(tmp_path, service, 3)


def test_a_granule_that_is_gone_is_missing_upstream(service: Service, tmp_path: Path) -> None:
    for one in service.granules:
        one.unlink()
    if service.api is not None:
        del service.api.items[1]
    done = service.fetched(tmp_path)
    assert (len(done.new), done.failures) == (2, {})
    assert done.missing == {"not_yet_published": 0, "missing_upstream": 1, "failed": 0}
    _whole(tmp_path, service, 2)


def test_a_file_that_leads_to_another_host_is_not_taken(service: Service, tmp_path: Path) -> None:
    with https.serve(tmp_path / "upstream") as other:
        away = https.Fault(status=302, headers={"Location": f"{other.url}{service.file}"})
        service.twin.faults[service.file] = [away] * 2
        done = service.fetched(tmp_path)
        assert other.asked == []
    (why,) = done.failures.values()
    assert "must lead to" in why
    assert (len(done.new), done.missing["failed"]) == (2, 1)
    _whole(tmp_path, service, 2)


@pytest.mark.parametrize("service", ["jaxa_earth", "stac"], indirect=True)
def test_a_catalog_that_fails_stops_the_fetch_before_a_file_is_asked_for(service: Service, tmp_path: Path) -> None:
    first = {NDVI: "/stac/cog/v1/catalog.json", SCENE: "/api"}[service.name]
    service.twin.faults[first] = [https.Fault(status=503)] * 3
    with pytest.raises(SourceError, match="503"):
        service.fetched(tmp_path)
    assert not (tmp_path / "raw" / service.name).exists()
    assert set(service.twin.paths()) == {first}


def test_signatures_that_are_over_fail_the_granules_and_stand_nowhere(tmp_path: Path) -> None:
    folder = tmp_path / "upstream"
    folder.mkdir()
    api = Api([], signed=SECRET, expiry=timedelta(minutes=-1))
    with https.serve(folder, answers=api) as twin:
        service = _stac(folder, twin, api)
        source = service.product.source.model_copy(update={"signing": f"{twin.url}/api/sign"})
        service.product = service.product.model_copy(update={"source": source})
        done = service.fetched(tmp_path)
        assert (done.new, len(done.failures), done.missing["failed"]) == ((), 3, 3)
        assert all("this one is over" in why for why in done.failures.values())
        api.expiry = timedelta(hours=1)
        good = service.fetched(tmp_path)
        assert (len(good.new), good.failures) == (3, {})
        _whole(tmp_path, service, 3)
    texts = [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file() and folder not in one.parents]
    assert texts
    assert not any(SECRET.encode() in one for one in texts)
    assert SECRET not in f"{done}{done!r}{good}{good!r}"


@pytest.mark.slow
def test_objects_of_a_bucket_are_kept_once_and_a_re_issue_is_noticed_by_the_listing(tmp_path: Path) -> None:
    plain = load_product(SST)
    days = ["2021-05-01", "2021-05-02"]
    paths = [write_example(SST, plain, tmp_path / "served", one) for one in days]
    keys, root = [f"data/202105/{one.name}" for one in paths], tmp_path / "root"
    with s3.serve("twin-bucket", {key: one.read_bytes() for key, one in zip(keys, paths, strict=True)}) as url:
        source = {"kind": "s3", "bucket": "twin-bucket", "endpoint": url, "prefix": "data/{time:%Y%m}"}

        def fetched() -> Fetched:
            return fetch(SST, _product(SST, source), span("2021-05"), root=root, today=TODAY, only=days)

        assert (len(fetched().new), fetched().present) == (2, 2)
        with netCDF4.Dataset(paths[1], "a") as file:
            file["sst"][...] = file["sst"][...] + 1
        s3.put("twin-bucket", keys[1], paths[1].read_bytes())
        third = fetched()
        assert (len(third.new), len(third.reissued), third.present) == (1, 1, 1)
        s3.put("twin-bucket", keys[0], paths[0].read_bytes()[:-100])  # of the size and checksum that the bucket states
        cut = fetched()
        assert (cut.new, len(cut.failures), cut.present) == ((), 1, 1)
    assert len(list((root / "raw" / SST).iterdir())) == 3
