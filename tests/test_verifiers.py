"""Verification in processes: a file that ends the process that reads it ends no other, and none waits for the last."""

import hashlib
import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import synthetic
from fixtures_fetch import NAME, fetched, product, quarantined, raw
from processes import wait_for
from twin.https import Fault, Twin, serve

from eo import transfer, verifiers
from eo.apart import Nursery
from eo.errors import StoreError
from eo.model import Product
from eo.sources import Kept
from eo.verification import Arrival, Examination
from eo.verifiers import Verifiers

DAYS = synthetic.days("2021-05-01", "2021-05-24")


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    folder = tmp_path_factory.mktemp("upstream")
    synthetic.write_each(folder, DAYS)
    with serve(folder) as server:
        yield server


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes be worth their start for any number of files, on any machine."""
    monkeypatch.setattr(verifiers, "_WORTH", 0)
    monkeypatch.setattr(verifiers, "_WAITING", 0)
    monkeypatch.setattr(verifiers, "_cores", lambda: 2)


def _product(twin: Twin, **limits: object) -> Product:
    return product({"kind": "https", "url": f"{twin.url}/", "listing": "html", "limits": limits})


@dataclass(frozen=True)
class Deadly(Examination):
    """Stands for a file that makes a library end its process."""

    day: str = ""
    once: Path | None = None
    """Only where this file is not there yet."""

    def __call__(self, arrival: Arrival) -> list[Kept]:
        if self.day in arrival.draft.remote.name and (self.once is None or not self.once.exists()):
            if self.once is not None:
                self.once.touch()
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().__call__(arrival)


def _deadly(monkeypatch: pytest.MonkeyPatch, day: str, once: Path | None = None) -> None:
    """Let one file end the process that verifies it; all but the first one are verified in other processes."""
    begin = Verifiers._begin_processes

    def begun(self: Verifiers) -> None:
        begin(self)
        wait_for(self._are_apart, 120)

    monkeypatch.setattr(Verifiers, "_begin_processes", begun)
    monkeypatch.setattr(transfer, "Examination", lambda *given: Deadly(*given, day, once))


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_file_that_ends_its_process_twice_is_refused_and_all_others_are_kept(
    twin: Twin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _deadly(monkeypatch, DAYS[-1])
    done = fetched(_product(twin), tmp_path, only=DAYS)
    name = f"sst_{DAYS[-1]}.nc"
    assert "ended the process that read it, twice: killed by SIGSEGV" in done.failures[name]
    assert set(raw(tmp_path)) == {f"sst_{day}.nc" for day in DAYS[:-1]}
    assert set(quarantined(tmp_path)) == {name}


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_file_whose_process_is_killed_is_verified_by_another(
    twin: Twin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _deadly(monkeypatch, DAYS[-1], tmp_path / "killed")
    assert not fetched(_product(twin), tmp_path / "r", only=DAYS).failures
    assert (tmp_path / "killed").exists()
    found = raw(tmp_path / "r")
    assert set(found) == {f"sst_{day}.nc" for day in DAYS}
    for name, path in found.items():
        said = json.loads(path.with_name(f"{name}.origin.json").read_text())
        assert said["sha256"] == hashlib.sha256((twin.folder / name).read_bytes()).hexdigest()
        assert said["times"] == [name[4:14]]


def _fetch_deadly(url: str, root: Path) -> None:
    """Fetch three granules in a process of its own, of which one ends each process that reads it."""
    transfer.Examination = lambda *given: Deadly(*given, DAYS[1])  # type: ignore[assignment, misc]
    done = fetched(product({"kind": "https", "url": f"{url}/", "listing": "html"}), root, only=DAYS[:3])
    assert list(done.failures) == [f"sst_{DAYS[1]}.nc"]


def _ended(url: str, root: Path) -> int | None:
    one = multiprocessing.get_context("spawn").Process(target=_fetch_deadly, args=(url, root))
    one.start()
    one.join(120)
    return one.exitcode


def test_a_file_that_ends_a_fetch_is_refused_by_the_next_one(
    twin: Twin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _ended(twin.url, tmp_path) == -signal.SIGSEGV
    with monkeypatch.context() as without:
        without.setattr(sys, "executable", "/bin/false")
        with pytest.raises(StoreError, match="none can be started"):
            fetched(_product(twin), tmp_path, only=DAYS[1:2])
    assert quarantined(tmp_path) == {}, "the file is not to blame"
    assert _ended(twin.url, tmp_path) == 0
    name = f"sst_{DAYS[1]}.nc"
    assert set(raw(tmp_path)) == {f"sst_{day}.nc" for day in (DAYS[0], DAYS[2])}
    assert "ended the process that read it, twice: killed by SIGSEGV" in quarantined(tmp_path)[name]


@pytest.mark.slow
def test_what_verification_needs_starts_no_thread_in_the_process_that_others_are_forked_from(twin: Twin) -> None:
    examination = Examination(_product(twin), frozenset(DAYS), 1 << 30, "")
    made: Nursery[Arrival, list[Kept]] = Nursery(examination, examination.prepare)
    try:
        wait_for(made.is_ready, 120)
        assert len(list(Path(f"/proc/{made._process.pid}/task").iterdir())) == 1
    finally:
        made.close()


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("program", ["/bin/false", "/nowhere"])
def test_where_no_process_can_be_started_files_are_verified_in_this_one(
    twin: Twin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    assert not fetched(_product(twin), tmp_path, only=DAYS).failures
    assert set(raw(tmp_path)) == {f"sst_{day}.nc" for day in DAYS}


def test_a_granule_is_in_its_place_while_another_one_still_comes(twin: Twin, tmp_path: Path) -> None:
    slow = f"sst_{DAYS[0]}.nc"
    twin.faults[f"/{slow}"] = [Fault(drip=0.01)]
    limits = {"deadline": 2.5, "attempts": 1}
    fetch = threading.Thread(target=fetched, args=(_product(twin, **limits), tmp_path), kwargs={"only": DAYS[:3]})
    fetch.start()
    wait_for(lambda: len(raw(tmp_path)) == 2)
    assert fetch.is_alive()
    draft = tmp_path / "quarantine" / NAME / f"{slow}.1" / slow
    assert 0 < draft.stat().st_size < (twin.folder / slow).stat().st_size
    fetch.join()
    assert slow not in raw(tmp_path)
