"""A root in a bucket: real S3 on loopback. Locks that free themselves, bytes that are checked, and the same results."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import synthetic
import xarray as xr
from commands import eo, refusal, succeeds
from fixtures_fetch import QUICK
from processes import Building, Ended, killed_at
from synthetic import configs, months
from twin import s3
from twin.https import serve

from eo import lease, load_run, netcdf, pipeline
from eo.bucket import Bucket
from eo.errors import InputError, StoreError
from eo.loading import load, load_documents, load_latest
from eo.store import Store, keep, one_at_a_time, opened, publish_together

ROOT = "s3://climate-office/some/where"
SECRET = "the-secret-of-the-bucket"  # noqa: S105 - of a bucket on this machine
SHORT = 0.6


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket that is there, and an environment that leads to it."""
    with s3.serve("climate-office", {}) as url:
        for name, value in {
            "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1", "EO_SCRATCH": str(tmp_path / "scratch"),
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield ROOT


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Path]:
    """Configs of a product of two years that a service has, as long as it is there."""
    synthetic.write_each(tmp_path / "upstream", months("2001-01", 24))
    with serve(tmp_path / "upstream") as twin:
        source = {"kind": "https", "url": f"{twin.url}/", "listing": "html", "limits": QUICK}
        remote = {"source": source, "filename": r"sst_(?P<year>\d{4})-(?P<month>\d{2})\.nc"}
        yield configs(tmp_path / "configs", "", product=remote)


def fetched(address: str, there: Path) -> None:
    succeeds("fetch", "synthetic_sst", "--from", "2001-01", "--to", "2002-12", "--root", address, "--configs", there)


@pytest.fixture
def bucket(address: str) -> Bucket:
    return Bucket.of(address)


def keys(bucket: Bucket) -> list[str]:
    folders = ("raw", "parts", "normals", "results", "missing", "quarantine")
    return sorted(one.key for folder in folders for one in bucket.listed(folder))


# The same results


@pytest.mark.slow
def test_a_root_in_a_bucket_gives_the_content_of_one_on_disk_and_every_machine_goes_on_from_it(
    address: str, bucket: Bucket, there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_bucket, on_disk = ("--root", address, "--configs", there), ("--root", tmp_path / "disk", "--configs", there)
    succeeds("build", "synthetic", *on_disk)
    assert "2 parts prepared" in succeeds("build", "synthetic", *in_bucket)
    monkeypatch.setenv("EO_SCRATCH", str(tmp_path / "another machine"))
    assert succeeds("build", "synthetic", *in_bucket).startswith(f"{address}/results/synthetic.nc is up to date")
    assert "24 granules here" in succeeds("status", "synthetic_sst", *in_bucket)
    part = next(one for one in keys(bucket) if one.startswith("parts/synthetic_sst/zonal_mean/2002"))
    s3.remove("climate-office", f"some/where/{part}")
    monkeypatch.setenv("EO_SCRATCH", str(tmp_path / "a third one"))
    said = succeeds("build", "synthetic", "--offline", *in_bucket)
    assert "1 parts prepared, 1 already there" in said
    assert list((tmp_path / "a third one").rglob("sst_*.nc")) == []  # of its canonical part: no granule was taken
    result = f"{address}/results/synthetic.nc"
    assert "passes the gate" in succeeds("check", result)
    assert "sst_2002-03.nc" in eo("trace", result, "--region", "patch", "--time", "2002-03").stdout
    assert f'"path": "{address}/raw/synthetic_sst/' in bucket.text("results/synthetic.json")[0]
    store = Store.of(address)
    there_, here = netcdf.read(store.result("synthetic", "nc")), netcdf.read(tmp_path / "disk/results/synthetic.nc")
    assert there_.attrs["content_digest"] == here.attrs["content_digest"]
    xr.testing.assert_identical(there_.drop_attrs(), here.drop_attrs())


@pytest.mark.slow
def test_a_part_is_made_where_nothing_but_the_bucket_is(
    address: str, there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched(address, there)
    run = load_run("synthetic", there)
    todo = pipeline.plan(run, address)
    shutil.rmtree(tmp_path / "scratch")
    monkeypatch.setenv("EO_SCRATCH", str(tmp_path / "worker"))
    for part in todo.missing:
        pipeline.prepare(run, part, address)
    left = [path for path in (tmp_path / "worker").rglob("*") if path.is_file() and path.suffix != ".json"]
    assert {path.parent.name for path in left} == {"zonal_mean"}  # granules and parts went with the work
    monkeypatch.setenv("EO_SCRATCH", str(tmp_path / "scheduler"))
    made = pipeline.build(run, address)
    assert (made.prepared, made.present) == (0, 2)


@pytest.mark.slow
def test_a_granule_with_other_bytes_than_were_taken_in_is_refused(
    address: str, bucket: Bucket, there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched(address, there)
    arguments = ("--root", address, "--configs", there)
    succeeds("plan", "synthetic", *arguments)
    first, second = [one for one in keys(bucket) if one.endswith(".nc")][:2]
    other = tmp_path / "other.nc"
    bucket.take(second, other)
    bucket.put(first, other)
    monkeypatch.setenv("EO_SCRATCH", str(tmp_path / "worker"))
    said = refusal("build", "synthetic", "--offline", *arguments)
    assert f"{bucket.url(first)} must be the file that was taken in" in said


def killed_elsewhere(number: int, scratch: Path, environment: dict[str, str]) -> None:
    """Be another machine, that is killed at a moment."""
    os.environ.update(environment | {"EO_SCRATCH": str(scratch)})
    killed_at(number, scratch, ("os.link", "os.rename"))


@pytest.mark.slow
def test_a_build_that_is_killed_again_and_again_is_finished_by_other_machines(
    address: str, bucket: Bucket, there: Path, tmp_path: Path
) -> None:
    fetched(address, there)
    whole = pipeline.build(load_run("synthetic", there), tmp_path / "disk", today=np.datetime64("2010-01-01"))
    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    ended = Ended(-9)
    codes = []
    while ended.code == -9:
        scratch = tmp_path / f"machine {len(codes)}"
        prepare = partial(killed_elsewhere, 20 + 14 * len(codes), scratch, environment)
        ended = Building(there, address, prepare=prepare).end()
        codes.append(ended.code)
        s3.remove("climate-office", "some/where/locks/synthetic.lock")  # or else it is waited for, a minute
        assert len(codes) < 9, "each goes on where the one before was killed"
    assert (ended.code, ended.content) == (0, whole.content_digest), ended
    assert len(codes) > 2
    assert {one.key.rpartition(".")[2] for one in bucket.listed("results")} == {"nc", "png", "json"}


# What a bucket may do


def test_bytes_that_are_not_those_that_were_put_are_refused(bucket: Bucket, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.write_bytes(b"0123456789")
    bucket.put("parts/x.nc", whole)
    s3.spoil("climate-office", "some/where/parts/x.nc", b"0123456780")
    with pytest.raises(StoreError, match="must be the 10 bytes with SHA-256"):
        bucket.take("parts/x.nc", tmp_path / "taken")
    assert not (tmp_path / "taken").exists()


def test_a_bucket_that_does_not_answer_is_one_line_without_its_secret(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "NoSuchBucket" in refusal("build", "enso_ostia", "--root", "s3://no-such-bucket/x")
    monkeypatch.setattr("eo.bucket._RETRIES", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    said = refusal("build", "enso_ostia", "--root", address)
    assert said.startswith(f"{address}/locks/enso_ostia.lock must be there to read and to write")
    assert SECRET not in said


@pytest.mark.parametrize("root", ["s3://", "s3://b", "s3:///x", "s3://Name/x", "s3://name/x?y=z"])
def test_an_address_that_is_none_is_refused(root: str) -> None:
    with pytest.raises(InputError, match="is written s3://bucket/folder"):
        Store.of(root)


def test_documents_are_as_they_are_in_the_bucket_now(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Store.of(address)
    monkeypatch.setenv("EO_SCRATCH", str(tmp_path / "another machine"))
    other = Store.of(address)
    for store, text in ((here, "1"), (other, "2"), (here, "3")):  # of one size, in one second
        with opened(store.root) as work:
            keep(store, store.missing("sst"), text, work)
    assert load_latest(other, other.missing("sst")).read_text() == "3"
    load_documents(other, other.root / "missing")
    assert other.missing("sst").read_text() == "3"
    s3.remove("climate-office", "some/where/missing/sst.json")
    load_documents(other, other.root / "missing")
    assert not other.missing("sst").exists()
    assert not load_latest(here, here.missing("sst")).exists()
    with pytest.raises(StoreError, match="must be there, and it is not"):
        load(here, [here.root / "parts/sst/2001.nc"])


# Locks


def test_a_lock_in_a_bucket_is_held_by_one_at_a_time_and_free_after_an_error(bucket: Bucket) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with lease.held(bucket, "locks/run", SHORT):
            inside += 1
            most = max(most, inside)
            time.sleep(0.05)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert most == 1
    with pytest.raises(RuntimeError), lease.held(bucket, "locks/run"):
        raise RuntimeError
    with lease.held(bucket, "locks/run"):
        pass


def test_a_lock_that_is_renewed_is_waited_for_and_that_of_a_dead_holder_is_taken_over(bucket: Bucket) -> None:
    with lease.held(bucket, "locks/run", SHORT):
        time.sleep(SHORT * 1.5)  # longer than a dead holder would have
        lease.check(bucket, "locks/run", SHORT)
    bucket.mark("locks/dead", "somebody 7")
    start = time.monotonic()
    with lease.held(bucket, "locks/dead", SHORT):
        assert time.monotonic() - start > SHORT


def test_who_lost_its_lock_publishes_nothing(address: str, bucket: Bucket) -> None:
    store = Store.of(address)
    place = store.result("run", "nc")
    with one_at_a_time(store, "run"), opened(store.root) as work:
        publish_together(store, {place: lambda draft: draft.write_text("first")}, work, "run")
        held = lease._HELD[bucket, "locks/run.lock"]
        held.etag = bucket.mark("locks/run.lock", "another 0", instead=held.etag)
        held.etag = '"of another"'
        with pytest.raises(StoreError, match="is held by another process"):
            held.renew(f"{held.owner} 1")
        held.renewed -= lease.SECONDS
        with pytest.raises(StoreError, match="must be renewed within 60 s"):
            publish_together(store, {place: lambda draft: draft.write_text("second")}, work, "run")
    assert (place.read_text(), bucket.text("results/run.nc")[0]) == ("first", "first")
    assert bucket.text("locks/run.lock")[0] == "another 0"


def test_a_renewal_whose_answer_was_lost_is_found_to_be_ones_own(bucket: Bucket) -> None:
    with lease.held(bucket, "locks/run"):
        held = lease._HELD[bucket, "locks/run"]
        bucket.mark("locks/run", f"{held.owner} 1", instead=held.etag)  # it came, and the client never knew
        held.renew(f"{held.owner} 1")
        lease.check(bucket, "locks/run")
