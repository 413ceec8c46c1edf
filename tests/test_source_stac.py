"""STAC: an API and a static catalog through the clients of the field, granules that the reader reads. All synthetic."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from granules.cog import write_sentinel2
from twin import https
from twin.stac import Api, hosts, static

from eo.config import load_product
from eo.errors import Absent, SourceError, Unavailable
from eo.granules import canonical_of
from eo.model import Product, span
from eo.origin import Limits, StacSource
from eo.sources import stac as connector
from eo.sources._remote import Remote, Wanted

NDVI = "copernicus_sentinel2_ndvi"
QUICK = Limits(wait=0.01, attempts=2, timeout=5)
BOX = [2.1, 40.5, 3.5, 41.5]
AREA = {"type": "Polygon", "coordinates": [[[2.1, 40.5], [3.5, 40.5], [3.5, 41.5], [2.1, 41.5], [2.1, 40.5]]]}
COLLECTION = "sentinel-2-l2a"
SECRET = "not-to-be-seen"  # noqa: S105 - of the twin


def scene(folder: Path, day: str) -> dict[str, Any]:
    """Write the files of a scene into a folder of their own, and give its item as an API has it."""
    name = f"S2A_31TFF_{day.replace('-', '')}_0_L2A"
    home = folder / COLLECTION / name
    home.mkdir(parents=True)
    red, nir = (np.full((12, 12), number, np.uint16) for number in (1000, 4000))
    path = write_sentinel2(
        home, red, nir, np.full((6, 6), 4, np.uint8), time=f"{day}T10:46:30.262000Z",
        properties={"grid:code": "MGRS-31TFF", "eo:cloud_cover": 7.0, "updated": f"{day}T20:00:00Z"},
    )  # fmt: skip
    item = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    for one in item["assets"].values():
        one["href"] = f"BASE/{COLLECTION}/{name}/{one['href'].removeprefix('./')}"
    return item | {"id": name, "stac_version": "1.0.0", "bbox": BOX, "geometry": AREA}


@pytest.fixture
def product() -> Product:
    return load_product(NDVI)


@pytest.fixture
def api(tmp_path: Path) -> Api:
    days = ["2023-06-30", "2023-07-01", "2023-07-06", "2023-07-11", "2023-07-31", "2023-08-01"]
    return Api([scene(tmp_path, one) for one in days])


@pytest.fixture
def twin(api: Api, tmp_path: Path) -> Iterator[https.Twin]:
    with https.serve(tmp_path, answers=api) as found:
        api.base = found.url
        yield found


def source(twin: https.Twin, **facts: object) -> StacSource:
    given = {"url": f"{twin.url}/api", "collections": [COLLECTION], "assets": ["red", "nir", "scl"], "limits": QUICK}
    return StacSource.model_validate({"kind": "stac"} | given | facts)


def july(product: Product, *, closely: bool = False) -> Wanted:
    return Wanted(NDVI, product, span("2023-07"), closely)


def taken(origin: StacSource, remote: Remote, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for one in (remote, *remote.beside):
        connector.fetch(origin, one, folder / one.name, lambda _: None)
    return folder / remote.name


def test_a_search_is_paged_to_its_end_and_its_granules_are_read(
    twin: https.Twin, api: Api, tmp_path: Path, product: Product
) -> None:
    origin = source(twin, box=[2.5, 41, 2.6, 41.1], query={"grid:code": {"eq": "MGRS-31TFF"}})
    found = connector.find(origin, july(product))
    assert [one.time for one in found] == ["2023-07-01", "2023-07-06", "2023-07-11", "2023-07-31"]
    assert len(api.searches) == 2
    assert api.searches[0]["collections"] == [COLLECTION]
    assert api.searches[0]["bbox"] == [2.5, 41, 2.6, 41.1]
    assert api.searches[0]["query"] == {"grid:code": {"eq": "MGRS-31TFF"}}
    path = taken(origin, found[0], tmp_path / "raw")
    assert path.name == "S2A_31TFF_20230701_0_L2A.json"
    with canonical_of(path, product) as content:
        values = content["normalized_difference_vegetation_index"]
        assert float(values.mean()) == pytest.approx((4000 - 1000) / (4000 + 1000))
    kept = json.loads(path.read_text())
    assert [one["href"] for one in kept["assets"].values()] == ["./B08.tif", "./B04.tif", "./SCL.tif"]
    assert kept["properties"]["comment"].startswith("SYNTHETIC")


def test_another_place_or_property_finds_nothing(twin: https.Twin, product: Product) -> None:
    assert connector.find(source(twin, box=[100, 0, 101, 1]), july(product)) == []
    assert connector.find(source(twin, query={"eo:cloud_cover": {"lt": 5}}), july(product)) == []


def test_a_static_catalog_is_walked(tmp_path: Path, api: Api, product: Product) -> None:
    for one in api.items:
        for asset in one["assets"].values():
            asset["href"] = f"./{asset['href'].rsplit('/', 1)[1]}"
    static(tmp_path, api.items)
    with https.serve(tmp_path) as twin:
        origin = source(twin, url=f"{twin.url}/catalog.json", static=True, box=[2.5, 41, 2.6, 41.1])
        found = connector.find(origin, july(product))
        assert [one.time for one in found] == ["2023-07-01", "2023-07-06", "2023-07-11", "2023-07-31"]
        with canonical_of(taken(origin, found[0], tmp_path / "raw"), product) as content:
            assert float(content["normalized_difference_vegetation_index"].mean()) == pytest.approx(0.6)
        away = source(twin, url=f"{twin.url}/catalog.json", static=True, box=[100, 0, 101, 1])
        assert connector.find(away, july(product)) == []


def test_a_re_issue_is_told_by_when_it_was_updated_and_by_its_files(
    twin: https.Twin, api: Api, tmp_path: Path, product: Product
) -> None:
    first = connector.find(source(twin), july(product, closely=True))
    assert connector.find(source(twin), july(product, closely=True)) == first
    assert all(file.etag and file.size for one in first for file in one.beside)
    assert {one.etag for one in connector.find(source(twin), july(product))} == {""}
    api.items[1]["properties"]["updated"] = "2024-01-01T00:00:00Z"
    second = connector.find(source(twin), july(product, closely=True))
    assert [a.etag == b.etag for a, b in zip(first, second, strict=True)] == [False, True, True, True]
    assert connector.fetch(source(twin), second[0], tmp_path / "x", lambda _: None).etag == second[0].etag


def test_a_checksum_that_an_item_states_is_taken(twin: https.Twin, api: Api, product: Product) -> None:
    api.items[1]["assets"]["red"] |= {"file:checksum": f"1220{'ab' * 32}", "file:size": 5}
    red = next(one for one in connector.find(source(twin), july(product))[0].beside if one.name == "B04.tif")
    assert (red.checksum, red.size) == (f"sha256:{'ab' * 32}", 5)


@pytest.mark.parametrize("where", ["https://elsewhere.example/B04.tif", "s3://bucket/B04.tif", "file:///etc/passwd"])
def test_an_asset_that_leaves_the_configured_hosts_or_scheme_is_not_fetched(
    twin: https.Twin, api: Api, tmp_path: Path, product: Product, where: str
) -> None:
    api.items[1]["assets"]["red"]["href"] = where
    found = connector.find(source(twin), july(product))
    with pytest.raises(SourceError, match="must lead to"):
        taken(source(twin), found[0], tmp_path / "raw")
    assert taken(source(twin), found[1], tmp_path / "other").is_file()


def test_an_asset_on_a_host_that_is_configured_is_fetched(
    twin: https.Twin, api: Api, tmp_path: Path, product: Product
) -> None:
    with https.serve(tmp_path) as bucket:
        for one in api.items[1]["assets"].values():
            one["href"] = one["href"].replace("BASE", bucket.url)
        origin = source(twin, hosts=hosts(bucket.url))
        found = connector.find(origin, july(product))
        assert taken(origin, found[0], tmp_path / "raw").is_file()
        assert [how for how, *_ in bucket.asked].count("GET") == 3


def test_a_next_page_on_another_host_is_not_asked_for(
    twin: https.Twin, api: Api, tmp_path: Path, product: Product
) -> None:
    with https.serve(tmp_path) as other:
        api.elsewhere = other.url
        with pytest.raises(SourceError, match="must lead to"):
            connector.find(source(twin), july(product))
        assert other.asked == []


def test_a_redirect_of_the_search_that_leads_away_is_not_followed(
    twin: https.Twin, tmp_path: Path, product: Product
) -> None:
    with https.serve(tmp_path) as other:
        twin.faults["/api/search"] = [https.Fault(status=302, headers={"Location": f"{other.url}/api/search"})]
        with pytest.raises(SourceError, match="must lead to"):
            connector.find(source(twin), july(product))
        assert other.asked == []


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (https.Fault(status=503, headers={"Retry-After": "0"}), Unavailable, "503"),
        (https.Fault(status=429, headers={"Retry-After": "0"}), Unavailable, "429"),
        (https.Fault(reset=True), Unavailable, "must be answered whole"),
        (https.Fault(cut=20), Unavailable, "must be answered whole"),
        (https.Fault(status=200, body=https.HTML_ERROR), SourceError, "must answer as a STAC API"),
        (https.Fault(status=200, body=b"{}"), SourceError, "must answer as a STAC API"),
        (https.Fault(status=403), SourceError, "refused: 403"),
    ],
)
def test_a_service_that_fails_is_asked_again_or_named(
    twin: https.Twin, product: Product, fault: https.Fault, kind: type[Exception], message: str
) -> None:
    twin.faults["/api"] = [fault] * 2
    with pytest.raises(kind, match=message):
        connector.find(source(twin), july(product))
    if kind is Unavailable:
        twin.faults["/api/search"] = [fault]
        assert len(connector.find(source(twin), july(product))) == 4


def test_an_api_without_search_says_so(twin: https.Twin, api: Api, product: Product) -> None:
    api.conformance = ["https://api.stacspec.org/v1.0.0/core"]
    with pytest.raises(SourceError, match="must answer as a STAC API"):
        connector.find(source(twin), july(product))


def test_an_item_that_is_gone_or_has_other_files_now_is_named(
    twin: https.Twin, api: Api, tmp_path: Path, product: Product
) -> None:
    first, second, *_ = connector.find(source(twin), july(product))
    api.items[2]["assets"]["red"]["href"] = "BASE/other/B04.tif"
    with pytest.raises(SourceError, match="must have the files"):
        connector.fetch(source(twin), second, tmp_path / "draft", lambda _: None)
    del api.items[1]
    with pytest.raises(Absent):
        connector.fetch(source(twin), first, tmp_path / "draft", lambda _: None)
    assert not (tmp_path / "draft").exists()


def test_a_name_that_is_no_plain_file_name_is_refused(twin: https.Twin, api: Api, product: Product) -> None:
    api.items[1]["id"] = "../S2A"
    with pytest.raises(SourceError, match="must name items"):
        connector.find(source(twin), july(product))


def test_files_are_signed_when_they_are_fetched_and_the_signature_is_never_shown(
    twin: https.Twin, api: Api, tmp_path: Path, product: Product, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.signed = SECRET
    with pytest.raises(SourceError, match="refused: 403"):
        taken(source(twin), connector.find(source(twin), july(product))[0], tmp_path / "unsigned")
    origin = source(twin, signing=f"{twin.url}/api/sign")
    first, *_ = connector.find(origin, july(product))
    path = taken(origin, first, tmp_path / "raw")
    red = first.beside[0]
    kept = connector.fetch(origin, red, tmp_path / "red", lambda _: None)
    assert kept.url == red.url
    assert SECRET not in path.read_text() + repr(kept) + caplog.text
    draft = tmp_path / "cut"
    whole = (tmp_path / "red").read_bytes()
    told = httpx.head(f"{red.url}?sig={SECRET}").headers["etag"]
    draft.with_name("cut.validator").write_text(told)
    draft.write_bytes(whole[:100])
    counted: list[int] = []
    connector.fetch(origin, red, draft, counted.append)
    assert (draft.read_bytes(), sum(counted)) == (whole, len(whole) - 100)


def test_a_signature_that_is_over_or_for_another_file_is_not_used(
    twin: https.Twin, api: Api, tmp_path: Path, product: Product
) -> None:
    api.signed, api.expiry = SECRET, timedelta(minutes=-1)
    origin = source(twin, signing=f"{twin.url}/api/sign")
    red = connector.find(origin, july(product))[0].beside[0]
    with pytest.raises(Unavailable, match="this one is over") as caught:
        connector.fetch(origin, red, tmp_path / "red", lambda _: None)
    assert SECRET not in str(caught.value)
    other = json.dumps({"href": f"{twin.url}/another.tif?sig={SECRET}"}).encode()
    twin.faults["/api/sign"] = [https.Fault(status=200, body=other)]
    with pytest.raises(SourceError, match="must sign the address") as caught:
        connector.fetch(origin, red, tmp_path / "red", lambda _: None)
    assert SECRET not in str(caught.value)
    assert not (tmp_path / "red").exists()
