"""Buckets: listings of several pages, objects over HTTP, and services that fail. All data are synthetic."""

from hashlib import md5
from pathlib import Path

import httpx
import pytest
from granules.examples import write_example
from twin import https, s3
from twin.stac import hosts

from eo.config import load_product
from eo.errors import Absent, Denied, InputError, SourceError, Unavailable
from eo.granules import canonical_of
from eo.model import Product, span
from eo.origin import Limits, S3Source
from eo.sources import s3 as connector
from eo.sources._remote import Remote, Wanted

SST = "noaa_oisst_daily"
QUICK = Limits(wait=0.01, attempts=2, timeout=5)


def source(url: str, prefix: str = "data/{time:%Y%m}", bucket: str = "twin-bucket", **facts: object) -> S3Source:
    given = {"bucket": bucket, "endpoint": url, "prefix": prefix, "limits": QUICK} | facts
    return S3Source.model_validate({"kind": "s3", **given})


@pytest.fixture
def product() -> Product:
    return load_product(SST)


def test_objects_are_found_below_the_folders_of_a_span_and_read_by_their_reader(
    tmp_path: Path, product: Product
) -> None:
    path = write_example(SST, product, tmp_path / "granule")
    content = path.read_bytes()
    keys = [f"data/2021{month:02}/oisst-avhrr-v02r01.2021{month:02}01.nc" for month in (4, 5, 6)]
    others = ["data/202105/readme.txt", "data/202105/oisst-avhrr-v02r01.20210401.nc", "data/202105b/x.nc"]
    with s3.serve("twin-bucket", dict.fromkeys([*keys, *others], content)) as url:
        found = connector.find(source(url), Wanted(SST, product, span("2021-05")))
        assert [one.name for one in found] == ["oisst-avhrr-v02r01.20210501.nc"]
        (one,) = found
        assert (one.size, one.time) == (len(content), "2021-05-01")
        assert one.checksum == f"md5:{md5(content, usedforsecurity=False).hexdigest()}"
        assert one.etag
        assert one.modified.endswith("Z")
        draft = tmp_path / one.name
        counted: list[int] = []
        kept = connector.fetch(source(url), one, draft, counted.append)
        assert draft.read_bytes() == content
        assert (sum(counted), kept.etag) == (len(content), one.etag)
        with canonical_of(draft, product) as read:
            assert float(read["sea_surface_temperature"].max()) == pytest.approx(18.0)
        draft.write_bytes(content[:100])  # cut: gone on with by Range
        draft.with_name(f"{draft.name}.validator").write_text(httpx.head(one.url).headers["etag"])
        counted.clear()
        connector.fetch(source(url), one, draft, counted.append)
        assert (draft.read_bytes(), sum(counted)) == (content, len(content) - 100)
        with pytest.raises(Absent):
            connector.fetch(source(url), Remote("no.nc", f"{url}/twin-bucket/no.nc"), tmp_path / "no", counted.append)
        with pytest.raises(SourceError, match="404"):
            connector.find(source(url, bucket="another-bucket"), Wanted(SST, product, span("2021-05")))


def test_a_listing_of_more_than_a_page_is_read_to_its_end(product: Product) -> None:
    keys = [
        f"data/a{n:02}/oisst-avhrr-v02r01.2021{m:02}{d:02}.nc"
        for n in range(4)
        for m in range(1, 13)
        for d in range(1, 29)
    ]
    with s3.serve("twin-bucket", dict.fromkeys(keys, b"x")) as url:
        found = connector.find(source(url, prefix="data"), Wanted(SST, product, span("2021")))
        assert (len(keys), len(found)) == (1344, 336)
        assert sorted({one.name for one in found}) == [one.name for one in found]


def test_a_service_that_is_busy_is_asked_again_and_one_that_leads_away_is_not_followed(
    tmp_path: Path, product: Product
) -> None:
    asked = Wanted(SST, product, span("2021-05"))
    with https.serve(tmp_path) as twin, https.serve(tmp_path) as other:
        bucket = "/twin-bucket/"
        twin.faults[bucket] = [https.Fault(status=503)] * 2
        with pytest.raises(Unavailable, match="503"):
            connector.find(source(twin.url), asked)
        twin.faults[bucket] = [https.Fault(status=302, headers={"Location": f"{other.url}{bucket}"})]
        with pytest.raises(SourceError, match="must lead to"):
            connector.find(source(twin.url), asked)
        assert other.asked == []
        twin.faults[bucket] = [https.Fault(status=403, body=b"<Error><Code>AccessDenied</Code></Error>")]
        with pytest.raises(SourceError, match="refused: 403"):
            connector.find(source(twin.url), asked)
        assert hosts(twin.url) != hosts(other.url)


def test_a_page_that_fails_after_the_first_request_is_asked_for_again(tmp_path: Path, product: Product) -> None:
    inside = "<Name>twin-bucket</Name><IsTruncated>false</IsTruncated><KeyCount>0</KeyCount>"
    empty = f'<?xml version="1.0"?><ListBucketResult>{inside}</ListBucketResult>'.encode()
    answers = {"/twin-bucket/": empty, "/twin-bucket": empty}
    with https.serve(tmp_path, answers=lambda _m, path, _q, _b: (200, answers[path])) as twin:
        twin.faults["/twin-bucket"] = [https.Fault(status=503)]
        assert connector.find(source(twin.url), Wanted(SST, product, span("2021-05"))) == []
        assert twin.paths() == ["/twin-bucket/", "/twin-bucket", "/twin-bucket"]
        twin.faults["/twin-bucket"] = [https.Fault(status=500)] * 2
        with pytest.raises(Unavailable, match="must be listed to its end"):
            connector.find(source(twin.url), Wanted(SST, product, span("2021-05")))


def test_a_bucket_of_aws_has_its_own_host() -> None:
    aws = S3Source(kind="s3", bucket="noaa-cdr-x", region="us-west-2")
    assert connector._base(aws) == "https://noaa-cdr-x.s3.us-west-2.amazonaws.com"
    connector.check(aws)


def test_a_private_object_is_read_by_an_address_that_is_signed_and_kept_without_the_signature(
    tmp_path: Path, product: Product, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_example(SST, product, tmp_path / "granule")
    key, secret = "data/202105/oisst-avhrr-v02r01.20210501.nc", "of-the-twin-never-to-be-seen"
    monkeypatch.setenv("TWIN_USER", "AKTWIN")
    monkeypatch.setenv("TWIN_PASSWORD", secret)
    caplog.set_level(0)
    account = {"user": "TWIN_USER", "password": "TWIN_PASSWORD"}
    with s3.serve("twin-bucket", {key: path.read_bytes()}, private=[key]) as url:
        (one,) = connector.find(source(url, credentials=account), Wanted(SST, product, span("2021-05")))
        with pytest.raises(SourceError, match="403"):
            connector.fetch(source(url), one, tmp_path / one.name, lambda _: None)
        kept = connector.fetch(source(url, credentials=account), one, tmp_path / one.name, lambda _: None)
    assert (tmp_path / one.name).read_bytes() == path.read_bytes()
    assert kept.url == one.url == f"{url}/twin-bucket/{key}"
    assert not any(text in repr(kept) + caplog.text for text in ("AKTWIN", secret, "Signature"))


def test_a_key_that_is_not_there_or_not_accepted(
    tmp_path: Path, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = {"user": "TWIN_USER", "password": "TWIN_PASSWORD"}
    monkeypatch.delenv("TWIN_USER", raising=False)
    with pytest.raises(InputError, match="TWIN_USER, and it is not set"):
        connector.check(source("http://127.0.0.1:1", credentials=account))
    monkeypatch.setenv("TWIN_USER", "AKTWIN")
    monkeypatch.setenv("TWIN_PASSWORD", "stale-secret")
    with https.serve(tmp_path, {"/twin-bucket": [https.Fault(status=403, body=b"<Error/>")] * 3}) as twin:
        with pytest.raises(Denied, match="must accept the key of TWIN_USER") as raised:
            connector.find(source(twin.url, credentials=account), Wanted(SST, product, span("2021-05")))
        assert len(twin.asked) == 1
    assert not any(text in str(raised.value) for text in ("AKTWIN", "stale-secret"))
