"""The FTP connector against a real FTP server on loopback, which misbehaves as it is told."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import ValidationError
from twin.ftp import FtpFaults, serve

from eo.config import load_product
from eo.errors import Absent, Denied, EoError, InputError, SourceError, Unavailable
from eo.model import span
from eo.origin import Credentials, FtpSource, Limits
from eo.sources import Remote, Wanted, connector, ftp
from eo.sources._times import folders

SECRET = "s3cret-of-the-twin"  # noqa: S105 - of a server on loopback
USERS = {"gsmap": SECRET}
ACCOUNT = Credentials(user="TWIN_USER", password="TWIN_PASSWORD")  # noqa: S106 - names of variables
QUICK = Limits(timeout=5, wait=0.01, attempts=3)
NAMES = [f"gsmap_gauge.2020{month:02d}.0.1d.monthly.v8.0000.1.dat.gz" for month in (1, 2, 3)]
PRODUCT = load_product("jaxa_gsmap_gauge_monthly")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A server's files: three months of one year, the year before, and what is none of the product's."""
    root = tmp_path / "served" / "standard" / "v8" / "monthly_G"
    (root / "2020").mkdir(parents=True)
    (root / "2019").mkdir()
    for name in NAMES:
        (root / "2020" / name).write_bytes(name.encode() * 20000)
        os.utime(root / "2020" / name, (1_600_000_000, 1_600_000_000))
    (root / "2019" / NAMES[0].replace("2020", "2019")).write_bytes(b"before")
    (root / "2020" / "README.txt").write_text("not a granule")
    (root / "2020" / "sub").mkdir()
    return tmp_path / "served"


@contextmanager
def served(
    folder: Path, *, users: dict[str, str] | None = None, faults: FtpFaults | None = None
) -> Iterator[FtpSource]:
    with serve(folder, users=users, misbehave=faults) as (host, port):
        yield FtpSource(
            kind="ftp",
            url=f"ftp://{host}:{port}/standard/v8/monthly_G/{{time:%Y}}/",
            credentials=ACCOUNT if users else Credentials(),
            limits=QUICK,
        )


def wanted(months: str) -> Wanted:
    return Wanted("jaxa_gsmap_gauge_monthly", PRODUCT, span(months))


def content(name: str) -> bytes:
    return name.encode() * 20000


def test_the_granules_of_a_span_are_found_with_size_and_time(folder: Path) -> None:
    with served(folder) as source:
        ftp.check(source)
        found = connector(source).find(source, wanted("2020-02/2020-03"))
    assert [one.name for one in found] == NAMES[1:]
    assert [one.size for one in found] == [len(content(name)) for name in NAMES[1:]]
    assert {one.modified for one in found} == {"2020-09-13T12:26:40Z"}  # 1 600 000 000 s after 1970, UTC
    assert all(one.url.endswith(f"/2020/{one.name}") for one in found)


def test_a_server_without_mlsd_is_listed_by_nlst_size_and_mdtm(folder: Path) -> None:
    with served(folder) as source:
        by_mlsd = ftp.find(source, wanted("2019/2020"))
    with served(folder, faults=FtpFaults(refused=frozenset({"MLSD"}))) as other:
        by_nlst = ftp.find(other, wanted("2019/2020"))
    told = [[(one.name, one.size, one.modified) for one in found] for found in (by_mlsd, by_nlst)]
    assert told[0] == told[1]
    assert len(by_mlsd) == 4


def test_a_folder_that_is_not_there_has_no_granules(folder: Path) -> None:
    with served(folder) as source:
        assert ftp.find(source, wanted("2015/2016")) == []


def test_a_folder_that_may_not_be_listed_is_an_error_and_not_an_empty_one(folder: Path) -> None:
    with served(folder, faults=FtpFaults(forbidden=frozenset({"MLSD"}))) as source:
        with pytest.raises(SourceError, match="Not enough privileges") as raised:
            ftp.find(source, wanted("2020"))
        assert not isinstance(raised.value, Absent | Unavailable)


@pytest.mark.parametrize("refused", [frozenset(), frozenset({"SIZE", "MDTM"})])
def test_a_file_comes_whole_and_every_byte_is_counted(folder: Path, tmp_path: Path, refused: frozenset[str]) -> None:
    draft, counted = tmp_path / "draft", []
    with served(folder, faults=FtpFaults(refused=refused)) as source:
        remote = ftp.find(source, wanted("2020-01"))[0]
        ftp.fetch(source, remote, draft, counted.append)
    assert draft.read_bytes() == content(NAMES[0])
    assert sum(counted) == len(content(NAMES[0]))
    assert [one.name for one in tmp_path.glob("draft*")] == ["draft"]


def test_a_file_that_broke_off_is_gone_on_with_from_where_it_ended(folder: Path, tmp_path: Path) -> None:
    faults, draft, counted = FtpFaults(cut=100_000), tmp_path / "draft", []
    with served(folder, faults=faults) as source:
        remote = ftp.find(source, wanted("2020-01"))[0]
        with pytest.raises(Unavailable):
            ftp.fetch(source, remote, draft, counted.append)
        assert 0 < draft.stat().st_size <= 100_000
        ftp.fetch(source, remote, draft, counted.append)
    assert hashlib.sha256(draft.read_bytes()).digest() == hashlib.sha256(content(NAMES[0])).digest()
    assert any(command.startswith("REST ") for command in faults.commands)
    assert sum(counted) == len(content(NAMES[0]))  # no byte came twice


def test_a_server_that_cannot_go_on_starts_again(folder: Path, tmp_path: Path) -> None:
    faults, draft = FtpFaults(cut=100_000, refused=frozenset({"REST"})), tmp_path / "draft"
    with served(folder, faults=faults) as source:
        remote = ftp.find(source, wanted("2020-01"))[0]
        with pytest.raises(Unavailable):
            ftp.fetch(source, remote, draft, lambda _: None)
        ftp.fetch(source, remote, draft, lambda _: None)
    assert draft.read_bytes() == content(NAMES[0])


def test_a_draft_of_another_issue_is_not_gone_on_with(folder: Path, tmp_path: Path) -> None:
    faults, draft = FtpFaults(cut=100_000), tmp_path / "draft"
    path = folder / "standard/v8/monthly_G/2020" / NAMES[0]
    with served(folder, faults=faults) as source:
        with pytest.raises(Unavailable):
            ftp.fetch(source, ftp.find(source, wanted("2020-01"))[0], draft, lambda _: None)
        path.write_bytes(content(NAMES[0])[::-1])  # as long as before
        ftp.fetch(source, ftp.find(source, wanted("2020-01"))[0], draft, lambda _: None)
    assert draft.read_bytes() == content(NAMES[0])[::-1]


def test_a_file_that_changed_since_it_was_listed_is_not_taken(folder: Path, tmp_path: Path) -> None:
    with served(folder) as source:
        remote = ftp.find(source, wanted("2020-01"))[0]
        (folder / "standard/v8/monthly_G/2020" / NAMES[0]).write_bytes(b"re-issued")
        with pytest.raises(SourceError, match="was listed with"):
            ftp.fetch(source, remote, tmp_path / "draft", lambda _: None)


def test_a_file_that_is_gone_is_absent(folder: Path, tmp_path: Path) -> None:
    with served(folder) as source:
        gone = Remote("x.dat.gz", source.url.replace("{time:%Y}/", "2020/x.dat.gz"))
        with pytest.raises(Absent):
            ftp.fetch(source, gone, tmp_path / "draft", lambda _: None)


def test_user_and_password_come_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_USER", "gsmap")
    monkeypatch.setenv("TWIN_PASSWORD", SECRET)
    with served(folder, users=USERS) as source:
        assert len(ftp.find(source, wanted("2020"))) == 3


def test_user_and_password_come_from_netrc(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "netrc"
    file.write_text(f"machine 127.0.0.1 login gsmap password {SECRET}\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    with served(folder, users=USERS) as source:
        own = source.model_copy(update={"credentials": Credentials(netrc=True)})
        ftp.check(own)
        assert len(ftp.find(own, wanted("2020"))) == 3
        file.write_text(f"machine elsewhere login gsmap password {SECRET}\n")
        with pytest.raises(InputError, match="no machine 127"):
            ftp.check(own)


def test_a_wrong_password_stops_at_once_and_is_never_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TWIN_USER", "gsmap")
    monkeypatch.setenv("TWIN_PASSWORD", "wr0ng-and-secret")
    faults = FtpFaults()
    caplog.set_level(0)
    with served(folder, users=USERS, faults=faults) as source:
        with pytest.raises(Denied, match="must accept the user and the password") as raised:
            ftp.find(source, wanted("2020"))
        shown = [str(raised.value), repr(raised.value), repr(source), caplog.text, *capfd.readouterr()]
        shown += [repr(raised.value.__cause__), repr(ftp._Session(source).login)]
    assert not any("wr0ng" in text for text in shown)
    assert faults.commands.count("PASS ***") == 1  # an account is locked by trying again


def test_a_variable_that_is_not_set_is_said_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWIN_USER", raising=False)
    source = FtpSource(kind="ftp", url="ftp://127.0.0.1:1/x/", credentials=Credentials(user="TWIN_USER"))
    with pytest.raises(InputError, match="TWIN_USER, and it is not set"):
        ftp.check(source)


def test_a_busy_server_is_asked_again(folder: Path) -> None:
    faults = FtpFaults(busy=2)
    with served(folder, faults=faults) as source:
        assert len(ftp.find(source, wanted("2020"))) == 3
    assert faults.busy == 0


def test_a_server_that_stays_busy_is_given_up(folder: Path) -> None:
    with served(folder, faults=FtpFaults(busy=9)) as source, pytest.raises(Unavailable, match="421"):
        ftp.find(source, wanted("2020"))


def test_a_server_that_is_not_there_is_unavailable(folder: Path) -> None:
    with served(folder) as source:
        pass
    with pytest.raises(Unavailable):
        ftp.find(source, wanted("2020"))


def test_a_tally_that_refuses_ends_the_download(folder: Path, tmp_path: Path) -> None:
    def refuse(_: int) -> None:
        raise SourceError("too large")

    with served(folder) as source, pytest.raises(EoError, match="too large"):
        ftp.fetch(source, ftp.find(source, wanted("2020-01"))[0], tmp_path / "draft", refuse)


@pytest.mark.parametrize("url", ["ftp://user:pw@host/x/", "http://host/x/", "ftp:///x/", "ftp://host/{date:%Y}/"])
def test_an_address_that_is_none_or_holds_a_password_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        FtpSource(kind="ftp", url=url)


@pytest.mark.parametrize(
    ("name", "folder"),
    [  # as the GSMaP data format document (JAXA/EORC, version 8) has them
        ("jaxa_gsmap_gauge_hourly", "hokusai.eorc.jaxa.jp/standard/v8/hourly_G/2021/05/01/"),
        ("jaxa_gsmap_mvk_hourly", "hokusai.eorc.jaxa.jp/standard/v8/hourly/2021/05/01/"),
        ("jaxa_gsmap_gauge_daily", "hokusai.eorc.jaxa.jp/standard/v8/daily_G/00Z-23Z/202105/"),
        ("jaxa_gsmap_mvk_monthly", "hokusai.eorc.jaxa.jp/standard/v8/monthly/2021/"),
        ("jaxa_gsmap_hourly_netcdf", "hokusai.eorc.jaxa.jp/standard/v8/netcdf/2021/05/01/"),
    ],
)
def test_a_product_is_looked_for_where_its_agency_puts_it(name: str, folder: str) -> None:
    product = load_product(name)
    assert isinstance(product.source, FtpSource)
    assert folders(product.source.url, Wanted(name, product, span("2021-05")))[0] == f"ftp://{folder}"
