"""Fetching from services with accounts, to the end: what is kept, what is refused and why, and that no secret stays."""

import io
import json
import multiprocessing
import signal
import socket
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import numpy as np
import pytest
from granules.examples import write_example
from processes import killed_at
from twin import cds, csw, ftp, sftp

from eo import sources
from eo.config import load_product
from eo.errors import Denied, SourceError, Unavailable
from eo.fetching import Fetched, fetch
from eo.model import Product, span

SECRET = "s3cret-of-the-twin"  # noqa: S105 - of servers on loopback
TODAY = np.datetime64("2022-01-01")
LIMITS = {"wait": 0.01, "timeout": 5, "deadline": 20, "attempts": 3, "connections": 2}
ACCOUNT = {"user": "TWIN_USER", "password": "TWIN_PASSWORD", "key": "TWIN_KEY"}


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_USER", "someone")
    monkeypatch.setenv("TWIN_PASSWORD", SECRET)
    monkeypatch.setenv("TWIN_KEY", SECRET)


def of(name: str, source: dict[str, Any]) -> Product:
    said = load_product(name).model_dump() | {"source": {"limits": LIMITS, "credentials": ACCOUNT} | source}
    return Product.model_validate(said)


def fetched(name: str, product: Product, root: Path, **more: Any) -> Fetched:  # noqa: ANN401 - goes on as it is
    return fetch(name, product, span("2021-05"), root=root, today=TODAY, **more)


def check_whole(root: Path, name: str, upstream: dict[str, bytes]) -> None:
    """Everything is kept byte for byte, nothing is left on its way, and no file holds the secret."""
    found = {one.name: one.path for one in sources.kept(root / "raw" / name)}
    assert {key: path.read_bytes() for key, path in found.items()} == upstream
    assert not list((root / "quarantine" / name).iterdir())
    check_secret(root)


def check_secret(root: Path, *shown: object) -> None:
    files = [path.read_bytes() for path in root.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in content for content in [*files, *(repr(one).encode() for one in shown)])


# FTP


@pytest.fixture(scope="module")
def rain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    name = "jaxa_gsmap_gauge_monthly"
    return write_example(name, load_product(name), tmp_path_factory.mktemp("rain"))


@pytest.fixture
def ftp_product(rain: Path, tmp_path: Path) -> Iterator[tuple[Product, ftp.FtpFaults, Path]]:
    folder, faults = tmp_path / "served" / "2021", ftp.FtpFaults()
    folder.mkdir(parents=True)
    (folder / rain.name).write_bytes(rain.read_bytes())
    with ftp.serve(folder.parent, users={"someone": SECRET}, misbehave=faults) as (host, port):
        source = {"kind": "ftp", "url": f"ftp://{host}:{port}/{{time:%Y}}/"}
        yield of("jaxa_gsmap_gauge_monthly", source), faults, folder / rain.name


def test_a_granule_of_an_ftp_server_is_kept_once(
    ftp_product: tuple[Product, ftp.FtpFaults, Path], tmp_path: Path
) -> None:
    product, faults, upstream = ftp_product
    faults.busy, faults.cut = 1, 20_000
    done = fetched("jaxa_gsmap_gauge_monthly", product, tmp_path / "root")
    assert (done.new, done.failures, done.missing["failed"]) == ((upstream.name,), {}, 0)
    check_whole(tmp_path / "root", "jaxa_gsmap_gauge_monthly", {upstream.name: upstream.read_bytes()})
    assert any(command.startswith("REST ") for command in faults.commands)
    assert fetched("jaxa_gsmap_gauge_monthly", product, tmp_path / "root").present == 1


def test_a_granule_of_an_ftp_server_that_is_cut_short_is_refused_with_its_reason(
    ftp_product: tuple[Product, ftp.FtpFaults, Path], tmp_path: Path
) -> None:
    product, _, upstream = ftp_product
    upstream.write_bytes(upstream.read_bytes()[:-100])
    done = fetched("jaxa_gsmap_gauge_monthly", product, tmp_path / "root")
    assert (done.new, done.missing["failed"]) == ((), 1)
    (reason,) = (tmp_path / "root/quarantine/jaxa_gsmap_gauge_monthly").glob("*.reason.json")
    assert json.loads(reason.read_text())["name"] == upstream.name
    assert not sources.kept(tmp_path / "root/raw/jaxa_gsmap_gauge_monthly")


def test_a_wrong_password_of_an_ftp_server_stops_the_fetch(
    ftp_product: tuple[Product, ftp.FtpFaults, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_PASSWORD", f"{SECRET}-of-yesterday")
    with pytest.raises(Denied) as raised:
        fetched("jaxa_gsmap_gauge_monthly", ftp_product[0], tmp_path / "root")
    check_secret(tmp_path / "root", raised.value)


# G-Portal

SST = "jaxa_sgli_sst_day_daily"


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("maps")
    return [write_example(SST, load_product(SST), folder / day, day) for day in ("2021-05-01", "2021-05-02")]


@pytest.fixture
def portal(
    maps: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Product, sftp.SftpTwin, sftp.SftpFaults]]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "key")
    key.write_public_key(tmp_path / "key.pub")
    monkeypatch.setenv("TWIN_KEY", str(tmp_path / "key"))
    folder, faults = "GCOM-C/GCOM-C.SGLI/L3.OCEAN.SST_/3/2021/05", sftp.SftpFaults()
    place = tmp_path / "served/product/Standard" / folder
    place.mkdir(parents=True)
    records = []
    for path in maps:
        (place / path.name).write_bytes(path.read_bytes())
        begin = f"{path.name[7:11]}-{path.name[11:13]}-{path.name[13:15]}T00:00:00Z"
        records.append(csw.Record(path.name, "10003026", begin, folder, size=1 << 20))
    with (
        sftp.serve(
            tmp_path / "served", tmp_path, user="someone", public_key=tmp_path / "key.pub", misbehave=faults
        ) as at,
        csw.serve(records) as catalogue,
    ):
        source = {
            "kind": "gportal", "datasets": ["10003026"], "catalogue": catalogue, "server": f"{at.host}:{at.port}",
            "known_hosts": str(at.known_hosts),
        }  # fmt: skip
        yield of(SST, source), at, faults


def test_granules_of_g_portal_are_kept_though_a_connection_broke(
    portal: tuple[Product, sftp.SftpTwin, sftp.SftpFaults], maps: list[Path], tmp_path: Path
) -> None:
    product, _, faults = portal
    faults.cut = 3000
    done = fetched(SST, product, tmp_path / "root")
    assert (len(done.new), done.failures) == (2, {})
    assert done.missing == {"not_yet_published": 0, "missing_upstream": 29, "failed": 0}
    check_whole(tmp_path / "root", SST, {path.name: path.read_bytes() for path in maps})
    assert fetched(SST, product, tmp_path / "root").present == 2


def test_a_changed_host_key_fails_every_granule_with_the_reason(
    portal: tuple[Product, sftp.SftpTwin, sftp.SftpFaults], tmp_path: Path
) -> None:
    product, server, _ = portal
    server.change_host_key()
    done = fetched(SST, product, tmp_path / "root")
    assert done.missing["failed"] == 2
    assert all("shows another" in why for why in done.failures.values())
    assert not sources.kept(tmp_path / "root" / "raw" / SST)


# Climate Data Store

SOIL = "c3s_soil_moisture_combined_daily"
OFFERED = [{"version": ["v202312"], "year": ["2021"], "month": ["05"], "day": ["01", "02"]}]


@pytest.fixture(scope="module")
def soil(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("soil")
    paths = [write_example(SOIL, load_product(SOIL), folder, f"2021-05-{day}") for day in ("01", "02")]
    return {path.name: path.read_bytes() for path in paths}


def as_zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def as_tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def store_product(url: str) -> Product:
    source = {
        "kind": "cds", "collection": "satellite-soil-moisture", "request": {"version": ["v202312"]}, "days": "day",
        "url": url, "poll": 0.01, "hosts": [], "credentials": {"key": "TWIN_KEY"},
    }  # fmt: skip
    return of(SOIL, source)


def served(body: bytes, faults: cds.CdsFaults) -> Any:  # noqa: ANN401 - a context manager
    return cds.serve(lambda _: body, OFFERED, key=SECRET, collection="satellite-soil-moisture", misbehave=faults)


@pytest.mark.parametrize("packed", [as_zip, as_tar])
def test_an_answer_of_the_climate_data_store_is_taken_apart_by_its_first_bytes(
    soil: dict[str, bytes], tmp_path: Path, packed: Callable[[dict[str, bytes]], bytes]
) -> None:
    faults = cds.CdsFaults(queue_full=1, cut=3000)
    with served(packed(soil), faults) as url:
        done = fetched(SOIL, store_product(url), tmp_path)
        again = fetched(SOIL, store_product(url), tmp_path)
    assert (done.new, done.failures) == (tuple(sorted(soil)), {})
    assert len(faults.submitted) == 2  # one was rejected; none was submitted for what broke off, or is here
    assert again.present == 1
    check_whole(tmp_path, SOIL, soil)


def test_a_fetch_after_a_crash_waits_for_the_request_that_the_first_one_submitted(
    soil: dict[str, bytes], tmp_path: Path
) -> None:
    faults = cds.CdsFaults(slow=10_000)
    with served(as_zip(soil), faults) as url:
        hasty = store_product(url)
        limits = hasty.source.limits.model_copy(update={"deadline": 0.2})
        hasty = hasty.model_copy(update={"source": hasty.source.model_copy(update={"limits": limits})})
        first = fetched(SOIL, hasty, tmp_path)
        faults.slow = 0
        second = fetched(SOIL, store_product(url), tmp_path)
    assert all("the next fetch goes on with it" in why for why in first.failures.values())
    assert len(first.failures) == len(faults.submitted) == 1
    assert second.new == tuple(sorted(soil))
    check_whole(tmp_path, SOIL, soil)


@pytest.mark.slow  # a process with all its libraries
def test_a_process_that_is_killed_while_it_waits_leaves_its_request_to_the_next(
    soil: dict[str, bytes], tmp_path: Path
) -> None:
    faults = cds.CdsFaults(slow=1_000_000)
    with served(as_zip(soil), faults) as url:
        process = multiprocessing.get_context("spawn").Process(
            target=fetched, args=(SOIL, store_product(url), tmp_path)
        )
        process.start()
        while not faults.submitted:
            process.join(0.02)
            assert process.exitcode is None
        process.kill()
        process.join()
        faults.slow = 0
        done = fetched(SOIL, store_product(url), tmp_path)
    assert done.new == tuple(sorted(soil))
    assert len(faults.submitted) == 1
    check_whole(tmp_path, SOIL, soil)


def _fetch_and_die(product: Product, root: Path) -> None:
    killed_at(1, root / "quarantine", ("os.rename",))  # after the intent, as the identifier is to be written
    fetched(SOIL, product, root)


@pytest.mark.slow  # a process with all its libraries
def test_a_process_that_is_killed_before_it_wrote_what_it_submitted_has_submitted_once(
    soil: dict[str, bytes], tmp_path: Path
) -> None:
    faults = cds.CdsFaults()
    with served(as_zip(soil), faults) as url:
        process = multiprocessing.get_context("spawn").Process(
            target=_fetch_and_die, args=(store_product(url), tmp_path)
        )
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
        (note,) = (tmp_path / "quarantine").glob("*/*/*.request")
        assert json.loads(note.read_text())["identity"] == ""
        assert len(faults.submitted) == 1
        done = fetched(SOIL, store_product(url), tmp_path)
    assert done.new == tuple(sorted(soil))
    assert len(faults.submitted) == 1
    check_whole(tmp_path, SOIL, soil)


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        (cds.CdsFaults(licence_missing=True), "must be accepted once"),
        (cds.CdsFaults(failed="no data"), "no data"),
        (cds.CdsFaults(queue_full=99), "limited to 200"),
        (cds.CdsFaults(wrong_size=True), "whole"),
    ],
)
def test_a_request_that_ends_without_an_answer_is_failed_with_its_reason(
    soil: dict[str, bytes], tmp_path: Path, faults: cds.CdsFaults, reason: str
) -> None:
    with served(as_zip(soil), faults) as url:
        done = fetched(SOIL, store_product(url), tmp_path)
    assert done.missing["failed"] == 31
    assert all(reason in why for why in done.failures.values())
    assert not sources.kept(tmp_path / "raw" / SOIL)
    check_secret(tmp_path, done)


@pytest.mark.parametrize("body", [b"PK\x03\x04 and then nothing", b"<html>maintenance</html>"])
def test_an_answer_that_is_no_archive_is_refused(tmp_path: Path, body: bytes) -> None:
    with served(body, cds.CdsFaults()) as url:
        done = fetched(SOIL, store_product(url), tmp_path)
    assert len(done.failures) == 1
    assert not sources.kept(tmp_path / "raw" / SOIL)


def test_a_key_that_the_store_does_not_know_stops_the_fetch(
    soil: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_KEY", f"{SECRET}-of-yesterday")
    with served(as_zip(soil), cds.CdsFaults()) as url, pytest.raises(SourceError) as raised:
        fetched(SOIL, store_product(url), tmp_path)
    assert isinstance(raised.value, Denied)
    check_secret(tmp_path, raised.value)


@pytest.mark.filterwarnings("ignore:HTTPConnectionPool:UserWarning")  # of the client that asks for messages first
@pytest.mark.parametrize("kind", ["ftp", "gportal", "cds"])
def test_a_server_that_says_nothing_is_not_waited_for_without_an_end(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        known = tmp_path / "known_hosts"
        key = asyncssh.generate_private_key("ssh-ed25519").export_public_key("openssh").decode()
        known.write_text(f"[127.0.0.1]:{port} {key}")
        source = {
            "ftp": {"url": f"ftp://127.0.0.1:{port}/"},
            "gportal": {"datasets": ["10003026"], "server": f"127.0.0.1:{port}", "known_hosts": str(known)},
            "cds": {
                "collection": "x",
                "request": {},
                "url": f"http://127.0.0.1:{port}",
                "credentials": {"key": "TWIN_KEY"},
            },
        }[kind]
        product = of(SST, source | {"kind": kind, "limits": LIMITS | {"timeout": 0.1}})
        connector = sources.connector(product.source)
        place = {"ftp": "ftp", "gportal": "sftp", "cds": "http"}[kind]
        remote = sources.Remote("a.h5", f"{place}://127.0.0.1:{port}/a.h5?inputs=%7B%7D")
        if kind == "gportal":
            asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "key")
            monkeypatch.setenv("TWIN_KEY", str(tmp_path / "key"))
        with pytest.raises(Unavailable):
            connector.fetch(product.source, remote, tmp_path / "draft", lambda _: None)
