"""The connector of the Copernicus Marine Service: its own toolbox against the service on loopback.

The toolbox reads its environment when it is imported, so it runs in a process of its own, which does one thing for
each line that it is sent.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from granules.examples import write_example
from twin.cmems import CmemsFaults, serve

from eo import sources
from eo.config import load_product
from eo.errors import InputError
from eo.origin import CmemsSource, Credentials
from eo.sources import cmems

ROOT = Path(__file__).parents[1]
PASSWORD, WRONG = "s3cret-of-the-twin", "wr0ng-of-the-twin"
PRODUCT = "cmems_sea_level_global_daily"
DATASET, VERSION = "cmems_obs-sl_glo_phy-ssh_my_allsat-l4-duacs-0.125deg_P1D", "202411"
NAMES = [f"dt_global_allsat_phy_l4_2020{month:02d}15_20240501.nc" for month in (1, 2, 3)]
CONTENT = {f"2020/{name[28:30]}/{name}": name.encode() * 5000 for name in NAMES} | {"2020/01/index.txt": b"no granule"}

DAYS = ["2021-05-01", "2021-05-02", "2021-05-03"]

CHILD = """
import json, sys
from pathlib import Path
from eo.config import load_product
import numpy as np

from eo.errors import EoError
from eo.fetching import fetch
from eo.model import span
from eo.origin import CmemsSource
from eo.sources import Remote, Wanted, cmems

name = sys.argv[1]
product = load_product(name)
for line in sys.stdin:
    source, what, given = json.loads(line)
    source, counted = CmemsSource.model_validate(source), []
    try:
        if what == "find":
            found = cmems.find(source, Wanted(name, product, span(given)))
        elif what == "keep":
            here = product.model_copy(update={"source": source})
            done = fetch(name, here, span("2021-05"), root=given, today=np.datetime64("2022-01-01"))
            print(json.dumps({"new": done.new, "failures": done.failures}), flush=True)
            continue
        else:
            found = [cmems.fetch(source, Remote(**given["remote"]), Path(given["draft"]), counted.append)]
        said = {"found": [vars(one) for one in found], "counted": sum(counted)}
    except EoError as error:
        said = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(said), flush=True)
"""


@dataclass
class Child:
    """The process with the toolbox."""

    process: subprocess.Popen[str]
    faults: CmemsFaults
    errors: Path

    def do(self, what: str, given: object, **source: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the record
        record = {
            "kind": "cmems", "dataset": DATASET, "version": VERSION,
            "credentials": {"user": "TWIN_USER", "password": "TWIN_PASSWORD"},
            "limits": {"timeout": 5, "wait": 0.01, "attempts": 2, "connections": 64},
        } | source  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([record, what, given]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.errors.read_text()
        said: dict[str, Any] = json.loads(line)
        return said


@contextmanager
def toolbox(product: str, content: Mapping[str, bytes], work: Path, *, dataset: str, version: str) -> Iterator[Child]:
    """Serve a data set, its content and synthetic granules of a product, and run the toolbox in a process."""
    faults = CmemsFaults()
    granules = [write_example(product, load_product(product), work / "granules", day) for day in DAYS]
    content = {**content, **{f"2021/05/{one.name}": one.read_bytes() for one in granules}}
    with serve(
        content, work, dataset=dataset, version=version, users={"someone": PASSWORD}, misbehave=faults
    ) as service:
        own = {"TWIN_USER": "someone", "TWIN_PASSWORD": PASSWORD, "TWIN_WRONG": WRONG, "HOME": str(work)}
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "PYTHONHASHSEED") if name in os.environ}
        with (work / "errors").open("w") as errors, subprocess.Popen(  # noqa: S603 - the interpreter that runs the tests
            [sys.executable, "-c", CHILD, product], env=kept | own | service.environment | {"PYTHONPATH": str(ROOT)},
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
        ) as process:  # fmt: skip
            yield Child(process, faults, work / "errors")
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=20)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with toolbox(PRODUCT, CONTENT, tmp_path_factory.mktemp("cmems"), dataset=DATASET, version=VERSION) as found:
        yield found


@pytest.fixture
def child(running: Child) -> Iterator[Child]:
    """Give the process, with a service that behaves."""
    yield running
    vars(running.faults).update(vars(CmemsFaults()))


@pytest.mark.slow
def test_the_original_files_of_a_span_are_found_in_the_version_that_is_pinned(child: Child) -> None:
    found = child.do("find", "2020-01/2020-02")["found"]
    assert [one["name"] for one in found] == NAMES[:2]
    assert [one["size"] for one in found] == [len(NAMES[0]) * 5000] * 2
    assert {one["modified"] for one in found} == {"2026-01-02T03:04:05Z"}
    assert all(f"/{DATASET}_{VERSION}/" in one["url"] for one in found)
    assert all(one["etag"] for one in found)


def test_a_file_comes_whole_and_leaves_nothing_beside_it(child: Child, tmp_path: Path) -> None:
    remote = child.do("find", "2020-03")["found"][0]
    said = child.do("fetch", {"remote": remote, "draft": str(tmp_path / "draft")})
    assert (tmp_path / "draft").read_bytes() == NAMES[2].encode() * 5000
    assert said["counted"] == remote["size"]
    assert said["found"][0]["etag"] == remote["etag"]
    assert [one.name for one in tmp_path.iterdir()] == ["draft"]


@pytest.mark.slow
def test_granules_are_verified_and_kept_and_come_by_one_log_in(child: Child, tmp_path: Path) -> None:
    assert len(child.do("keep", str(tmp_path))["new"]) == len(DAYS)
    assert child.faults.logins == 2 * (1 + 1)  # one to see what there is, one for all files; each is two requests
    kept = sources.kept(tmp_path / "raw" / PRODUCT)
    assert sorted(one.times[0] for one in kept) == DAYS
    assert all(f"/{DATASET}_{VERSION}/" in one.origin for one in kept)
    assert not list((tmp_path / "quarantine" / PRODUCT).iterdir())
    files = [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(secret in text for text in files for secret in (PASSWORD, "someone"))


@pytest.mark.slow
def test_a_file_that_does_not_come_does_not_keep_the_others_from_coming(child: Child, tmp_path: Path) -> None:
    found = child.do("find", "2021-05")["found"]
    child.faults.refused = frozenset([found[1]["name"]])
    said = child.do("keep", str(tmp_path))
    assert said["new"] == [found[0]["name"], found[2]["name"]]
    assert "403" in said["failures"][found[1]["name"]]
    assert "asked for with others" not in said["failures"][found[1]["name"]]


@pytest.mark.parametrize("version", ["202112", "default"])
def test_a_version_that_is_not_there_is_an_error_and_never_replaced_by_another(child: Child, version: str) -> None:
    said = child.do("find", "2020", version=version)
    assert said["error"] == "SourceError"
    assert version in said["message"]
    assert "['202411']" in said["message"]


def test_a_data_set_that_was_never_issued_again_has_the_version_that_the_toolbox_calls_default(tmp_path: Path) -> None:
    name, place = "ukmo_ostia_daily", load_product("ukmo_ostia_daily").source
    assert isinstance(place, CmemsSource)
    assert place.version == "default"
    (tmp_path / "served").mkdir()
    with toolbox(name, {}, tmp_path / "served", dataset=place.dataset, version=place.version) as child:
        here = {"dataset": place.dataset, "version": place.version}
        done = child.do("keep", str(tmp_path / "root"), **here)
        assert (len(done["new"]), done["failures"]) == (len(DAYS), {})
        newer = child.do("find", "2021-05", **here | {"version": "202411"})
    kept = sources.kept(tmp_path / "root" / "raw" / name)
    assert sorted(one.times[0] for one in kept) == DAYS
    assert all(f"/{place.dataset}/2021/05/" in one.origin for one in kept)
    assert newer["error"] == "SourceError"
    assert "['default']" in newer["message"]


def test_a_data_set_that_is_not_there_is_an_error(child: Child) -> None:
    assert child.do("find", "2020", dataset="cmems_none")["error"] == "SourceError"


def test_a_wrong_password_is_denied_at_once(child: Child) -> None:
    said = child.do("find", "2020", credentials={"user": "TWIN_USER", "password": "TWIN_WRONG"})
    assert said["error"] == "Denied"
    assert child.faults.logins == 1


def test_a_log_in_that_is_down_is_unavailable(child: Child) -> None:
    child.faults.login_down = True
    assert child.do("find", "2020")["error"] == "Unavailable"


@pytest.mark.slow  # the toolbox tries each part of a file again and again
def test_a_file_that_breaks_off_is_unavailable_and_leaves_nothing(child: Child, tmp_path: Path) -> None:
    remote = child.do("find", "2020-03")["found"][0]
    child.faults.cut = 1000
    assert child.do("fetch", {"remote": remote, "draft": str(tmp_path / "draft")})["error"] == "Unavailable"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_changed_since_it_was_listed_says_so(child: Child, tmp_path: Path) -> None:
    remote = child.do("find", "2020-03")["found"][0]
    child.faults.swapped = True
    said = child.do("fetch", {"remote": remote, "draft": str(tmp_path / "draft")})
    assert said["found"][0]["etag"] != remote["etag"]


def test_a_file_that_is_gone_is_absent(child: Child, tmp_path: Path) -> None:
    gone = {"name": "x.nc", "url": "http://s3.twin.example/mdl-native-01/native/x/y/x.nc"}
    assert child.do("fetch", {"remote": gone, "draft": str(tmp_path / "draft")})["error"] == "Absent"
    assert list(tmp_path.iterdir()) == []


def test_user_and_password_are_never_shown(child: Child, tmp_path: Path) -> None:
    replies = [
        child.do("keep", str(tmp_path), credentials={"user": "TWIN_USER", "password": "TWIN_WRONG"}),
        child.do("find", "2020", credentials={"user": "TWIN_USER", "password": "TWIN_WRONG"}),
        child.do("find", "2020", version="202112"),
        child.do("find", "2020"),
    ]
    assert replies[0]["error"] == "Denied"
    shown = child.errors.read_text() + json.dumps(replies)
    shown += "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
    assert not any(secret in shown for secret in (PASSWORD, WRONG, "someone"))


def test_what_is_lacking_is_said_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TWIN_USER", "TWIN_PASSWORD", "COPERNICUSMARINE_CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    named = Credentials(user="TWIN_USER", password="TWIN_PASSWORD")  # noqa: S106 - names of variables
    source = CmemsSource(kind="cmems", dataset=DATASET, version=VERSION, credentials=named)
    with pytest.raises(InputError, match="they are in none"):
        cmems.check(source)
    monkeypatch.setenv("TWIN_USER", "someone")
    with pytest.raises(InputError, match="TWIN_PASSWORD is not set"):
        cmems.check(source)
    monkeypatch.delenv("TWIN_USER")
    own = tmp_path / ".copernicusmarine" / ".copernicusmarine-credentials"
    own.parent.mkdir()
    own.write_text("coded")
    cmems.check(source)


@pytest.mark.parametrize("version", ["", "latest", "defaults"])
def test_a_source_without_a_version_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="version"):
        CmemsSource(kind="cmems", dataset=DATASET, version=version)
