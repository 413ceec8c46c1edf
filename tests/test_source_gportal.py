"""The G-Portal connector against a catalogue and an SFTP server on loopback, which misbehave as they are told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest
from twin import csw, sftp
from twin.csw import CswFaults, Record
from twin.sftp import SftpFaults, SftpTwin

from eo.config import load_product
from eo.errors import Absent, Denied, InputError, SourceError, Unavailable
from eo.model import span
from eo.origin import Credentials, GportalSource, Limits
from eo.sources import Remote, Wanted, gportal

ACCOUNT = Credentials(user="TWIN_USER", key="TWIN_KEY", password="TWIN_PASSWORD")  # noqa: S106 - names of variables
QUICK = Limits(timeout=5, wait=0.01, attempts=3)
PASSWORD = "s3cret-of-the-twin"  # noqa: S105 - of a server on loopback
PRODUCT = load_product("jaxa_sgli_sst_day_daily")
CONTENT = bytes(range(256)) * 12_000  # more than the library asks for at once


def granule(date: str, *, day: bool = True, version: str = "3000") -> Record:
    name = f"GC1SG1_{date}{'D' if day else 'A'}01D_D0000_3MSG_SST_F_{version}.h5"
    folder = f"GCOM-C/GCOM-C.SGLI/L3.OCEAN.SST_/{version[0]}/{date[:4]}/{date[4:6]}/{date[6:]}"
    begin = f"{date[:4]}-{date[4:6]}-{date[6:]}T00:00:00Z"
    return Record(name, "10003026", begin, folder, size=3 << 20, version=version[0])


APRIL = [granule(f"202004{day:02d}") for day in range(1, 31)]
RECORDS = [*APRIL, granule("20200331"), granule("20200501"), granule("20200410", day=False)]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two key pairs: `mine`, which the server knows, and `other`."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("mine", "other"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(folder / name)
        key.write_public_key(folder / f"{name}.pub")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the server has, where the new portal has it."""
    for record in APRIL[:2]:
        path = tmp_path / "served" / "product" / "Standard" / record.folder
        path.mkdir(parents=True)
        (path / record.name).write_bytes(CONTENT)
    return tmp_path / "served"


@contextmanager
def portal(
    folder: Path, keys: Path, monkeypatch: pytest.MonkeyPatch, *, faults: SftpFaults | None = None, key: str = "mine",
    password: str | None = None, catalogue: CswFaults | None = None,
) -> Iterator[tuple[GportalSource, SftpTwin]]:  # fmt: skip
    monkeypatch.setenv("TWIN_USER", "someone")
    monkeypatch.setenv("TWIN_KEY", str(keys / key))
    monkeypatch.setenv("TWIN_PASSWORD", PASSWORD)
    login = {"public_key": keys / "mine.pub"} if password is None else {"password": password}
    with (
        sftp.serve(folder, folder.parent, user="someone", misbehave=faults, **login) as server,
        csw.serve(RECORDS, misbehave=catalogue) as address,
    ):
        source = GportalSource(
            kind="gportal",
            datasets=("10003026",),
            catalogue=address,
            page=7,
            server=f"{server.host}:{server.port}",
            login="key" if password is None else "password",
            known_hosts=str(server.known_hosts),
            credentials=ACCOUNT,
            limits=QUICK,
        )
        yield source, server


def wanted(months: str) -> Wanted:
    return Wanted("jaxa_sgli_sst_day_daily", PRODUCT, span(months))


def of(source: GportalSource, record: Record) -> Remote:
    feature = csw._feature(record)
    found = gportal.remote_of(feature, source)
    assert found is not None
    return found


def source_at(address: str, **more: object) -> GportalSource:
    return GportalSource(kind="gportal", datasets=("10003026",), catalogue=address, limits=QUICK, page=7, **more)


def test_every_page_is_asked_for_from_record_1_on() -> None:
    faults = CswFaults()
    with csw.serve(RECORDS, misbehave=faults) as address:
        found = gportal.find(source_at(address), wanted("2020-04"))
    assert [one.name for one in found] == [record.name for record in APRIL]
    assert faults.starts == [1, 8, 15, 22, 29]  # 33 records of one day around the month, by seven
    assert {one.size for one in found} == {None}  # the catalogue states whole MiB


def test_a_catalogue_without_records_is_an_empty_month() -> None:
    with csw.serve(RECORDS) as address:
        assert gportal.find(source_at(address), wanted("2021-01")) == []


def test_only_the_version_that_is_asked_for_is_taken() -> None:
    records = [granule("20200401", version="2000"), granule("20200401")]
    with csw.serve(records) as address:
        both = gportal.find(source_at(address), wanted("2020-04"))
        third = gportal.find(source_at(address, version="3"), wanted("2020-04"))
    assert [one.name for one in both] == [record.name for record in records]
    assert [one.name for one in third] == [records[1].name]


def test_of_two_issues_of_a_granule_the_last_is_taken() -> None:
    old = replace(APRIL[0], processed="2020-05-01T00:00:00.00Z")
    with csw.serve([APRIL[0], old]) as address:
        assert [one.modified for one in gportal.find(source_at(address), wanted("2020-04"))] == [APRIL[0].processed]


def test_a_record_whose_file_cannot_be_had_is_left_out() -> None:
    with csw.serve([replace(APRIL[0], has_product=False)]) as address:
        assert gportal.find(source_at(address), wanted("2020-04")) == []


def test_a_busy_catalogue_is_asked_again() -> None:
    with csw.serve(RECORDS, misbehave=CswFaults(unavailable=2)) as address:
        assert len(gportal.find(source_at(address), wanted("2020-04"))) == 30


@pytest.mark.parametrize(
    "faults", [CswFaults(page="<html>maintenance</html>"), CswFaults(exception="no such data set")]
)
def test_what_is_no_answer_is_an_error_and_never_an_empty_month(faults: CswFaults) -> None:
    with csw.serve(RECORDS, misbehave=faults) as address, pytest.raises(SourceError):
        gportal.find(source_at(address), wanted("2020-04"))


@pytest.mark.real
def test_the_files_of_a_real_answer_get_the_path_that_the_server_has(real_data: Path) -> None:
    document = json.loads((real_data / "jaxa" / "csw_rsrf_sample.json").read_text(encoding="utf-8"))
    found = [gportal.remote_of(one, source_at("http://127.0.0.1:1/csw")) for one in document["features"]]
    # what the server calls the file of the first record, as its documentation of access has it
    assert found[0] is not None
    assert found[0].url == (
        "sftp://sftp.gportal.jaxa.jp:22/product/Standard/GCOM-C/GCOM-C.SGLI/L2.LAND.RSRF/3/2024/04/09/"
        "GC1SG1_20240409D01D_T0528_L2SG_RSRFQ_3002.h5"
    )
    assert [one and "/RSRF/3/20" in one.url.replace("L2.LAND.", "") for one in found] == [True] * 4


@pytest.mark.parametrize(
    "stated", ["x:/products/Research/a.h5", "x:/products/Standard/../../etc/passwd", "/Standard/a.h5", "x:/Standard/"]
)
def test_a_file_that_would_lie_elsewhere_is_refused(stated: str) -> None:
    with pytest.raises(SourceError, match="is stated as"):
        gportal.path_of(stated, "/product/Standard/")


def test_a_granule_comes_by_public_key(
    folder: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    with portal(folder, keys, monkeypatch) as (source, _):
        gportal.check(source)
        remote = gportal.find(source, wanted("2020-04"))[0]
        got = gportal.fetch(source, remote, tmp_path / "draft", counted.append)
    assert (tmp_path / "draft").read_bytes() == CONTENT
    assert got.size == sum(counted) == len(CONTENT)
    assert [one.name for one in tmp_path.glob("draft*")] == ["draft"]


def test_the_old_host_takes_a_password(
    folder: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portal(folder, keys, monkeypatch, password=PASSWORD) as (source, _):
        gportal.check(source)
        gportal.fetch(source, of(source, APRIL[0]), tmp_path / "draft", lambda _: None)
    assert (tmp_path / "draft").read_bytes() == CONTENT


def test_a_granule_that_broke_off_is_gone_on_with(
    folder: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults, draft = SftpFaults(cut=1_500_000), tmp_path / "draft"
    with portal(folder, keys, monkeypatch, faults=faults) as (source, _):
        remote = of(source, APRIL[0])
        with pytest.raises(Unavailable):
            gportal.fetch(source, remote, draft, lambda _: None)
        there = draft.stat().st_size
        faults.offsets.clear()
        gportal.fetch(source, remote, draft, lambda _: None)
    assert there > 0
    assert min(faults.offsets) == there
    assert draft.read_bytes() == CONTENT


def test_a_changed_host_key_stops_before_anything_is_sent(
    folder: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portal(folder, keys, monkeypatch, password=PASSWORD) as (source, server):
        server.change_host_key()
        with pytest.raises(SourceError, match="shows another") as raised:
            gportal.fetch(source, of(source, APRIL[0]), tmp_path / "draft", lambda _: None)
    assert not isinstance(raised.value, Unavailable)
    assert (tmp_path / "draft").read_bytes() == b""


def test_a_key_that_the_server_does_not_know_is_denied(
    folder: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portal(folder, keys, monkeypatch, key="other") as (source, _), pytest.raises(Denied):
        gportal.fetch(source, of(source, APRIL[0]), tmp_path / "draft", lambda _: None)


def test_a_wrong_password_is_denied_and_never_shown(
    folder: Path, keys: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(0)
    with portal(folder, keys, monkeypatch, password="another") as (source, _):  # noqa: S106 - of a server on loopback
        with pytest.raises(Denied) as raised:
            gportal.fetch(source, of(source, APRIL[0]), folder.parent / "draft", lambda _: None)
        shown = [str(raised.value), repr(raised.value), repr(gportal._server(source)), caplog.text, *capfd.readouterr()]
    assert not any(PASSWORD in text or "someone" in text for text in shown)


def test_a_granule_that_is_gone_is_absent(
    folder: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portal(folder, keys, monkeypatch) as (source, _), pytest.raises(Absent):
        gportal.fetch(source, of(source, APRIL[5]), tmp_path / "draft", lambda _: None)


def test_a_server_that_is_not_there_is_unavailable(
    folder: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portal(folder, keys, monkeypatch) as (source, _):
        pass
    with pytest.raises(Unavailable):
        gportal.fetch(source, of(source, APRIL[0]), tmp_path / "draft", lambda _: None)


def test_what_is_lacking_is_said_before_any_work(
    folder: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portal(folder, keys, monkeypatch) as (source, _):
        pass
    unknown = source.model_copy(update={"server": "elsewhere.example:22"})
    with pytest.raises(InputError, match=r"ssh-keyscan -p 22 elsewhere\.example"):
        gportal.check(unknown)
    with pytest.raises(InputError, match="readable file of known hosts"):
        gportal.check(source.model_copy(update={"known_hosts": str(tmp_path / "none")}))
    locked = tmp_path / "locked"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(locked, "pkcs8-pem", passphrase="words")  # noqa: S106 - of a test
    monkeypatch.setenv("TWIN_KEY", str(locked))
    with pytest.raises(InputError, match="has no passphrase"):
        gportal.check(source)
    monkeypatch.setenv("TWIN_KEY", str(tmp_path / "none"))
    with pytest.raises(InputError, match="No such file"):
        gportal.check(source)
    monkeypatch.delenv("TWIN_USER")
    with pytest.raises(InputError, match="TWIN_USER, and it is not set"):
        gportal.check(source)


@pytest.mark.parametrize(
    ("name", "datasets"),
    [  # identifiers of the catalogue, as the G-Portal client gportal 0.4.0 lists them
        ("jaxa_sgli_sst_day_daily", {"10003026", "10003027"}),
        ("jaxa_sgli_ndvi_monthly", {"10003106", "10003107"}),
        ("jaxa_amsr2_sst_day_daily", {"11003036", "11003037"}),
        ("jaxa_amsr2_sst_01deg_day_daily", {"11003006", "11003007"}),
        ("jaxa_amsr2_sic_north_day_daily", {"11003040", "11003041"}),
        ("jaxa_amsr2_smc_day_monthly", {"11003044", "11003045"}),
    ],
)
def test_a_product_is_looked_for_in_its_data_sets(name: str, datasets: set[str]) -> None:
    source = load_product(name).source
    assert isinstance(source, GportalSource)
    assert set(source.datasets) == datasets
