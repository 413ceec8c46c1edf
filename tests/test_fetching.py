"""Fetching from a web server that misbehaves in every way: it ends well, or with the reason; never half-written."""

import hashlib
import io
import json
import multiprocessing
import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from signal import SIGKILL

import h5py
import numpy as np
import pytest
import synthetic
from fixtures_fetch import NAME, TODAY, fetched, product, quarantined, raw
from processes import killed_at
from twin.https import HTML_ERROR, Fault, Twin, serve

from eo.errors import Denied, InputError, SourceError
from eo.fetching import fetch
from eo.granules import take_in
from eo.missing import load_missing
from eo.model import Product, span
from eo.store import Store, opened

DAYS = synthetic.days("2021-05-01", "2021-05-04")
FILE = "sst_2021-05-02.nc"
RIGHT, STALE = "right-secret", "stale-secret"
ONLY = [f"2021-05-{day:02d}" for day in range(1, 5)]


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("upstream")
    synthetic.write_each(folder, DAYS)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def twin(tmp_path: Path, upstream: dict[str, bytes]) -> Iterator[Twin]:
    folder = tmp_path / "upstream"
    folder.mkdir()
    for name, content in upstream.items():
        (folder / name).write_bytes(content)
    with serve(folder) as server:
        yield server


def _product(twin: Twin, **source: object) -> Product:
    return product({"kind": "https", "url": f"{twin.url}/", "listing": "html"} | source)


def _check_kept(root: Path, upstream: dict[str, bytes], names: set[str]) -> None:
    """Each granule is there byte for byte, says where it is from, and nothing is left on its way."""
    found = raw(root)
    assert set(found) == names
    for name, path in found.items():
        digest = hashlib.sha256(upstream[name]).hexdigest()
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
        said = json.loads(path.with_name(f"{name}.origin.json").read_text())
        assert (said["sha256"], said["size"]) == (digest, len(upstream[name]))
        assert path.parent.name == digest[:16]
    assert list((root / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"url": "{twin}/thredds/catalog/catalog.xml", "listing": "thredds"},
        {"url": "{twin}/sst_{{time:%Y-%m-%d}}.nc", "listing": "none"},
    ],
    ids=["an HTML listing", "a THREDDS catalog", "a template"],
)
def test_granules_are_found_and_kept_once(
    twin: Twin, upstream: dict[str, bytes], tmp_path: Path, source: dict[str, str]
) -> None:
    given = {key: text.format(twin=twin.url) for key, text in source.items()}
    done = fetched(_product(twin, **given), tmp_path, only=ONLY)
    assert (len(done.new), done.present, done.failures) == (4, 0, {})
    _check_kept(tmp_path, upstream, set(upstream))
    twin.asked.clear()
    again = fetched(_product(twin, **given), tmp_path, only=ONLY)
    assert (again.new, again.present) == ((), 4)
    assert not [path for path in twin.paths() if path.endswith(".nc")]


PASSING = {
    "429 with Retry-After": Fault(status=429, headers={"Retry-After": "0"}),
    "500": Fault(status=500),
    "503 with Retry-After as a date": Fault(status=503, headers={"Retry-After": "Mon, 03 May 2021 00:00:00 GMT"}),
    "a reset connection": Fault(reset=True),
    "a reset connection in the middle": Fault(reset=True, cut=5000),
    "a cut after some bytes": Fault(cut=5000),
    "a cut before the first byte": Fault(cut=0),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_waited_for(twin: Twin, upstream: dict[str, bytes], tmp_path: Path, name: str) -> None:
    twin.faults[f"/{FILE}"] = [PASSING[name]] * 2
    done = fetched(_product(twin), tmp_path, only=ONLY)
    assert (len(done.new), done.failures) == (4, {})
    assert twin.paths().count(f"/{FILE}") == 3
    _check_kept(tmp_path, upstream, set(upstream))
    assert not list((tmp_path / "quarantine" / NAME).iterdir())


@pytest.mark.parametrize("name", PASSING)
def test_what_does_not_pass_is_failed_and_tried_again_by_the_next_fetch(
    twin: Twin, upstream: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    fault = PASSING[name]
    twin.faults[f"/{FILE}"] = [replace(fault, cut=fault.cut and 50)] * 9  # libcurl asks again where a kept one is reset
    done = fetched(_product(twin), tmp_path, only=ONLY)
    twin.faults.clear()
    assert set(done.failures) == {FILE}
    assert done.missing == {"not_yet_published": 0, "missing_upstream": 0, "failed": 1}
    _check_kept(tmp_path, upstream, set(upstream) - {FILE})
    assert fetched(_product(twin), tmp_path, only=ONLY).missing["failed"] == 0
    _check_kept(tmp_path, upstream, set(upstream))


@pytest.mark.parametrize("error", [10, -10])
def test_a_wrong_content_length_does_no_harm(
    twin: Twin, upstream: dict[str, bytes], tmp_path: Path, error: int
) -> None:
    twin.faults[f"/{FILE}"] = [Fault(length=error)]
    done = fetched(_product(twin), tmp_path, only=ONLY)
    assert (FILE in quarantined(tmp_path)) == (error < 0) == bool(done.failures), "too short a file is refused"
    assert not fetched(_product(twin), tmp_path, only=ONLY).failures
    _check_kept(tmp_path, upstream, set(upstream))


def test_a_download_that_was_cut_off_goes_on_where_it_was(twin: Twin, tmp_path: Path) -> None:
    twin.faults[f"/{FILE}"] = [Fault(cut=5000)]
    assert not fetched(_product(twin), tmp_path, only=ONLY).failures
    (again,) = [said for _, path, said in twin.asked if path == f"/{FILE}" and "Range" in said]
    assert again["Range"] == "bytes=5000-"
    assert again["If-Range"].startswith('"')


def test_a_later_fetch_goes_on_with_what_an_earlier_one_left(twin: Twin, tmp_path: Path) -> None:
    twin.faults[f"/{FILE}"] = [Fault(cut=5000), Fault(status=500), Fault(status=500)]
    assert fetched(_product(twin), tmp_path, only=ONLY).failures
    twin.asked.clear()
    assert not fetched(_product(twin), tmp_path, only=ONLY).failures
    assert [said.get("Range") for _, path, said in twin.asked if path == f"/{FILE}"] == ["bytes=5000-"]


def test_a_file_that_changed_meanwhile_is_begun_anew(twin: Twin, upstream: dict[str, bytes], tmp_path: Path) -> None:
    twin.faults[f"/{FILE}"] = [Fault(cut=5000), Fault(status=500), Fault(status=500)]
    assert fetched(_product(twin), tmp_path, only=ONLY).failures
    os.utime(twin.folder / FILE, (1, 1))  # another ETag
    assert not fetched(_product(twin), tmp_path, only=ONLY).failures
    _check_kept(tmp_path, upstream, set(upstream))


def test_a_service_that_asks_for_more_patience_than_there_is_is_not_asked_again(twin: Twin, tmp_path: Path) -> None:
    twin.faults[f"/{FILE}"] = [Fault(status=429, headers={"Retry-After": "3600"})] * 3
    done = fetched(_product(twin), tmp_path, only=ONLY)
    assert "429" in done.failures[FILE]
    assert twin.paths().count(f"/{FILE}") == 1


def test_a_slow_drip_ends_at_the_deadline(twin: Twin, tmp_path: Path) -> None:
    twin.faults[f"/{FILE}"] = [Fault(drip=0.02)] * 3
    done = fetched(_product(twin, limits={"deadline": 0.5}), tmp_path, only=ONLY)
    assert set(done.failures) == {FILE}
    assert "within 0.5 s" in done.failures[FILE]
    assert FILE not in raw(tmp_path)


def test_a_file_that_is_too_large_is_refused(twin: Twin, tmp_path: Path) -> None:
    done = fetched(_product(twin, limits={"largest": 5000}), tmp_path, only=ONLY)
    assert len(done.failures) == 4
    assert raw(tmp_path) == {}
    assert all("at most 5000 bytes" in reason for reason in quarantined(tmp_path).values())


def _zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _refused(upstream: dict[str, bytes]) -> dict[str, tuple[bytes, str]]:
    """Give what a server may send as a file, and a word of the reason that it is refused for."""
    good = upstream[FILE]
    return {
        "an HTML page with status 200": (HTML_ERROR, "kind HTML"),
        "a stub of 48 bytes": (good[:48], "whole"),
        "nothing": (b"", "empty"),
        "the first half": (good[: len(good) // 2], "whole"),
        "another day": (upstream["sst_2021-05-03.nc"], "content is of 2021-05-03"),
        "a truncated zip": (_zipped({FILE: good})[:-100], "whole archive"),
        "a zip without the file": (_zipped({"README": b"?"}), "must hold a file named"),
        "a zip that leads out": (_zipped({f"../{FILE}": good}), "leads out"),
        "a zip of another day": (_zipped({FILE: upstream["sst_2021-05-03.nc"]}), "content is of 2021-05-03"),
    }


@pytest.mark.parametrize("number", range(9))
def test_what_is_not_the_file_stays_in_quarantine_with_its_reason(
    twin: Twin, upstream: dict[str, bytes], tmp_path: Path, number: int
) -> None:
    content, word = list(_refused(upstream).values())[number]
    (twin.folder / FILE).write_bytes(content)
    for _ in range(2):  # the same bytes again are not kept twice
        done = fetched(_product(twin), tmp_path, only=ONLY)
        assert word in done.failures[FILE]
        assert set(quarantined(tmp_path)) == {FILE}
        assert word in quarantined(tmp_path)[FILE]
        assert len(list((tmp_path / "quarantine" / NAME).iterdir())) == 2
        _check_kept(tmp_path, upstream, set(upstream) - {FILE})
    (twin.folder / FILE).write_bytes(upstream[FILE])
    assert not fetched(_product(twin), tmp_path, only=ONLY).failures
    _check_kept(tmp_path, upstream, set(upstream))


def test_a_damaged_chunk_is_found_before_the_file_is_kept(
    twin: Twin, upstream: dict[str, bytes], tmp_path: Path
) -> None:
    with h5py.File(twin.folder / FILE) as file:
        chunk = file["sst"].id.get_chunk_info(0)
    content = bytearray(upstream[FILE])
    content[chunk.byte_offset + 10] ^= 0xFF
    (twin.folder / FILE).write_bytes(bytes(content))
    done = fetched(_product(twin), tmp_path, only=ONLY)
    assert set(done.failures) == {FILE} == set(quarantined(tmp_path))


def test_a_zip_instead_of_the_file_is_taken_apart(twin: Twin, upstream: dict[str, bytes], tmp_path: Path) -> None:
    (twin.folder / FILE).write_bytes(_zipped({f"in/{FILE}": upstream[FILE], "in/README": b"?"}))
    assert not fetched(_product(twin), tmp_path, only=ONLY).failures
    _check_kept(tmp_path, upstream, set(upstream))


def test_a_re_issue_is_noticed_kept_beside_the_old_one_and_used(
    twin: Twin, upstream: dict[str, bytes], tmp_path: Path
) -> None:
    one, store = _product(twin), Store(tmp_path)
    fetched(one, tmp_path, only=ONLY)
    with opened(tmp_path) as work:
        before = {granule.times: granule.sha256 for granule in take_in(NAME, one, store, work)}
    day = FILE[4:14]
    synthetic.write(twin.folder / FILE, [day], values=synthetic.kelvin([day]) + 1)
    os.utime(twin.folder / FILE, (5, 5))
    assert fetched(one, tmp_path, only=ONLY).new == (), "the listing does not say that it changed"
    done = fetched(one, tmp_path, only=ONLY, closely=True)
    assert (done.new, done.reissued) == ((FILE,), (FILE,))
    assert len(list((tmp_path / "raw" / NAME).glob(f"*/{FILE}"))) == 2
    with opened(tmp_path) as work:
        after = {granule.times: granule.sha256 for granule in take_in(NAME, one, store, work)}
    assert {times for times in before if before[times] != after[times]} == {(day,)}
    assert fetched(one, tmp_path, only=ONLY, closely=True).new == ()
    (twin.folder / FILE).write_bytes(upstream[FILE])  # taken back
    assert fetched(one, tmp_path, only=ONLY, closely=True).new == (FILE,)
    with opened(tmp_path) as work:
        assert {granule.times: granule.sha256 for granule in take_in(NAME, one, store, work)} == before


def test_the_same_bytes_with_another_etag_are_no_new_granule(twin: Twin, tmp_path: Path) -> None:
    fetched(_product(twin), tmp_path, only=ONLY)
    os.utime(twin.folder / FILE, (5, 5))
    assert fetched(_product(twin), tmp_path, only=ONLY, closely=True).new == (FILE,)
    assert len(raw(tmp_path)) == 4
    assert fetched(_product(twin), tmp_path, only=ONLY, closely=True).new == ()


def test_a_file_of_all_steps_is_fetched_anew_when_it_has_grown(twin: Twin, tmp_path: Path) -> None:
    one = _product(twin, url=f"{twin.url}/all.nc", listing="none").model_copy(update={"filename": r"all\.nc"})
    synthetic.write(twin.folder / "all.nc", DAYS[:2])
    assert fetched(one, tmp_path, only=DAYS[:2]).new == ("all.nc",)
    synthetic.write(twin.folder / "all.nc", DAYS)
    assert fetched(one, tmp_path, only=DAYS[2:]).missing == {"not_yet_published": 0, "missing_upstream": 0, "failed": 0}
    with opened(tmp_path) as work:
        (granule,) = take_in(NAME, one, Store(tmp_path), work)
    assert list(granule.times) == DAYS
    (twin.folder / "all.nc").unlink()
    assert fetched(one, tmp_path, only=["2021-05-05"]).missing["missing_upstream"] == 1


def test_a_file_that_is_gone_upstream_does_not_keep_others_from_being_refreshed(twin: Twin, tmp_path: Path) -> None:
    one = _product(twin, url=f"{twin.url}/sst_{{time:%Y-%m-%d}}.nc", listing="none")
    fetched(one, tmp_path, only=ONLY)
    (twin.folder / FILE).unlink()
    os.utime(twin.folder / "sst_2021-05-03.nc", (5, 5))
    done = fetched(one, tmp_path, only=ONLY, closely=True)
    assert done.new == ("sst_2021-05-03.nc",)
    assert set(raw(tmp_path)) == {f"sst_{day}.nc" for day in DAYS}


@pytest.mark.parametrize(
    ("today", "latency", "state"),
    [
        ("2021-05-05", "P3D", "not_yet_published"),
        ("2021-05-08", "P3D", "missing_upstream"),
        ("2021-05-05", None, "missing_upstream"),
        ("2021-05-04", None, "not_yet_published"),
    ],
)
def test_a_day_is_not_yet_published_until_its_latency_is_over(
    twin: Twin, tmp_path: Path, today: str, latency: str | None, state: str
) -> None:
    (twin.folder / "sst_2021-05-04.nc").unlink()
    one = _product(twin).model_copy(update={"latency": latency})
    done = fetched(one, tmp_path, only=ONLY, today=np.datetime64(today))
    assert {why for why, number in done.missing.items() if number} == {state}


def test_a_missing_month_is_missing_upstream(twin: Twin, tmp_path: Path) -> None:
    url = f"{twin.url}/{{time:%Y/%m}}/"
    (twin.folder / "2021/05").mkdir(parents=True)
    for name in DAYS:
        (twin.folder / f"sst_{name}.nc").rename(twin.folder / f"2021/05/sst_{name}.nc")
    done = fetched(_product(twin, url=url), tmp_path, months="2021-05/2021-06", today=np.datetime64("2022-01-01"))
    assert len(done.new) == 4
    assert done.missing == {"not_yet_published": 0, "missing_upstream": 27 + 30, "failed": 0}


def test_expired_credentials_stop_the_fetch_and_are_told_nowhere(
    tmp_path: Path, upstream: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "upstream"
    folder.mkdir()
    for name, content in upstream.items():
        (folder / name).write_bytes(content)
    with serve(folder, token=RIGHT) as twin:
        one = product(
            {"kind": "https", "url": f"{twin.url}/", "listing": "html", "credentials": {"token": "EO_TEST_TOKEN"}}
        )
        with pytest.raises(InputError, match="EO_TEST_TOKEN is not set"):
            fetched(one, tmp_path / "r", only=ONLY)
        assert twin.asked == []
        monkeypatch.setenv("EO_TEST_TOKEN", STALE)
        with pytest.raises(Denied, match="EO_TEST_TOKEN") as caught:
            fetched(one, tmp_path / "r", only=ONLY)
        assert "secret" not in str(caught.value) + repr(caught.value)
        assert len(twin.asked) == 1
        monkeypatch.setenv("EO_TEST_TOKEN", RIGHT)
        assert len(fetched(one, tmp_path / "r", only=ONLY).new) == 4
    for path in (tmp_path / "r").rglob("*"):
        assert not path.is_file() or b"secret" not in path.read_bytes()


def test_credentials_that_expire_on_the_way_stop_the_fetch(twin: Twin, tmp_path: Path) -> None:
    for name in DAYS[1:]:
        twin.faults[f"/sst_{name}.nc"] = [Fault(status=401)] * 9
    with pytest.raises(Denied, match="401"):
        fetched(_product(twin, limits={"connections": 1}), tmp_path, only=ONLY)
    assert set(raw(tmp_path)) == {"sst_2021-05-01.nc"}
    assert len([path for path in twin.paths() if path.endswith(".nc")]) == 2


def test_a_redirect_is_followed_to_a_configured_host_alone(
    twin: Twin, upstream: dict[str, bytes], tmp_path: Path
) -> None:
    with serve(twin.folder) as other:
        away = Fault(status=302, headers={"Location": f"{other.url}/{FILE}"})
        twin.faults[f"/{FILE}"] = [away, away]
        done = fetched(_product(twin), tmp_path / "refused", only=ONLY)
        assert "leads to" in done.failures[FILE]
        assert other.asked == []
        hosts = [other.url.removeprefix("http://")]
        done = fetched(_product(twin, hosts=hosts), tmp_path / "followed", only=ONLY)
        assert not done.failures
        assert "Authorization" not in other.asked[0][2]
    _check_kept(tmp_path / "followed", upstream, set(upstream))


def test_a_file_that_the_listing_names_elsewhere_is_not_asked_for(twin: Twin, tmp_path: Path) -> None:
    page = f'<a href="http://example.org/{FILE}">{FILE}</a> <a href="file:///etc/{FILE}">{FILE}</a>'
    twin.faults["/"] = [Fault(status=200, body=page.encode())]
    done = fetched(_product(twin), tmp_path, only=ONLY)
    assert (done.new, done.missing["missing_upstream"]) == ((), 4)


def test_a_service_that_goes_down_is_not_asked_for_every_file(twin: Twin, tmp_path: Path) -> None:
    one = _product(twin, url=f"{twin.url}/sst_{{time:%Y-%m-%d}}.nc", listing="none", limits={"connections": 1})
    for day in range(2, 32):
        twin.faults[f"/sst_2021-05-{day:02d}.nc"] = [Fault(status=503)] * 3
    with pytest.raises(SourceError, match="10 files in a row did not come"):
        fetched(one, tmp_path)
    assert len(twin.asked) == 1 + 3 * 10
    assert set(raw(tmp_path)) == {"sst_2021-05-01.nc"}
    assert len(load_missing(Store(tmp_path), NAME, one)) == 30
    assert {state for state, _ in load_missing(Store(tmp_path), NAME, one).values()} == {"failed"}


def test_a_service_that_does_not_answer_is_an_error_that_says_so(tmp_path: Path) -> None:
    one = product({"kind": "https", "url": "http://127.0.0.1:9/", "listing": "html"})
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:9"):
        fetched(one, tmp_path)


def test_a_local_product_is_not_fetched(tmp_path: Path) -> None:
    local = Product.model_validate(synthetic.PRODUCT | {"source": {"kind": "local", "path": "x"}})
    with pytest.raises(InputError, match="is local"):
        fetch("it", local, span("2021"), root=tmp_path, today=TODAY)


def _fetch_and_die(one: Product, root: Path, number: int) -> None:
    killed_at(number, root / "quarantine", ("open", "os.mkdir", "os.rename", "os.rmdir", "os.remove"))
    fetched(one, root, only=ONLY)


@pytest.mark.slow
def test_a_fetch_killed_at_any_moment_is_finished_by_the_next(
    twin: Twin, upstream: dict[str, bytes], tmp_path: Path
) -> None:
    one, context = _product(twin), multiprocessing.get_context("forkserver")
    codes = []
    for number in (0, 1, 3, 7, 12, 18, 25, 33, 40, 46, 52):
        root = tmp_path / str(number)
        process = context.Process(target=_fetch_and_die, args=(one, root, number))
        process.start()
        process.join(60)
        codes.append(process.exitcode)
        for name, path in raw(root).items():
            assert path.read_bytes() == upstream[name]
            assert path.with_name(f"{name}.origin.json").stat().st_size
        assert not fetched(one, root, only=ONLY).failures
        _check_kept(root, upstream, set(upstream))
        assert not list((root / "quarantine" / NAME).iterdir())
    assert codes.count(-SIGKILL) >= len(codes) - 2
