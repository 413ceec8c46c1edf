"""Parts made in other processes: the same content, and a worker that dies costs only what it was making."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import synthetic
from commands import refusal, succeeds
from twin import s3

from eo import load_run, pipeline
from eo.config import Run
from eo.errors import StoreError
from eo.workers import workers

pytestmark = pytest.mark.served


@pytest.fixture
def run(tmp_path: Path) -> Run:
    synthetic.write_each(tmp_path / "in", synthetic.days("2001-01-01", "2001-03-31"))
    period = {"period": "2001-01/2001-03", "baseline": "2001-01/2001-03"}
    there = synthetic.configs(tmp_path / "configs", tmp_path / "in" / "*.nc", product={"step": "day"}, run=period)
    return load_run("synthetic", there)


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """A scheduler with two worker processes, as on other machines: they know nothing of Prefect."""
    file = tmp_path / "scheduler.json"
    listening = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard"]
    working = [sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-dashboard"]
    started = [
        subprocess.Popen(  # noqa: S603 - this interpreter
            [*command, "--host", "127.0.0.1", "--scheduler-file", file],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "EO_SCRATCH": str(tmp_path / f"disk {number}")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for number, command in enumerate((listening, working, working))
    ]
    from distributed import Client

    with Client(scheduler_file=str(file), timeout=60, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        address = client.scheduler.address
    yield address
    for one in started:
        one.terminate()
    for one in started:
        one.wait(20)


def test_parts_of_two_workers_give_the_same_content(run: Run, scheduler: str, tmp_path: Path) -> None:
    here = pipeline.build(run, tmp_path / "here")
    there = pipeline.build(run, tmp_path / "there", dask=scheduler)
    assert there.content_digest == here.content_digest
    assert there.prepared == 3


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bucket, and an environment that leads to it: of this process, and of the workers that it starts."""
    with s3.serve("climate-office", {}) as url:
        for name, value in {
            "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1", "EO_SCRATCH": str(tmp_path / "disk of this one"),
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield


def test_workers_that_share_no_disk_give_the_same_content_through_a_bucket(
    run: Run, environment: None, scheduler: str, tmp_path: Path
) -> None:
    del environment  # is there before the workers are
    here = pipeline.build(run, tmp_path / "here")
    there = pipeline.build(run, "s3://climate-office/root", dask=scheduler)
    assert (there.content_digest, there.prepared) == (here.content_digest, 3)
    assert sorted(path.name for path in tmp_path.glob("disk *")) == ["disk 1", "disk 2", "disk of this one"]


def flow(run: Run, root: Path, dask: str) -> subprocess.Popen[str]:
    """Start the flow of a run as a person does, with a temporary Prefect server; the workers know nothing of it."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
    return subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "flows", "synthetic", "--root", root, "--configs", str(run.folder)],
        env=plain | {"EO_DASK": dask},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_one_at_work(scheduler: str, doing: subprocess.Popen[str]) -> None:
    """Kill a worker that is certainly in the middle of a part: it is stopped, and has not said that it is done."""
    from distributed import Client

    with Client(scheduler, set_as_default=False) as client:
        pids = client.run(os.getpid)
        while doing.poll() is None:
            for worker, keys in client.processing().items():
                if not keys:
                    time.sleep(0.02)
                    continue
                os.kill(pids[worker], signal.SIGSTOP)
                time.sleep(0.5)
                if set(keys) & set(client.processing()[worker]):
                    os.kill(pids[worker], signal.SIGKILL)
                    return
                os.kill(pids[worker], signal.SIGCONT)
    raise AssertionError(doing.communicate())


def test_a_flow_on_two_workers_of_which_one_is_killed_gives_the_same_content(scheduler: str, tmp_path: Path) -> None:
    synthetic.write_each(tmp_path / "in", synthetic.days("2001-01-01", "2001-04-30"))
    period = {"period": "2001-01/2001-04", "baseline": "2001-01/2001-04"}
    there = synthetic.configs(tmp_path / "configs", tmp_path / "in" / "*.nc", product={"step": "day"}, run=period)
    run = load_run("synthetic", there)
    doing = flow(run, tmp_path / "flow", scheduler)
    kill_one_at_work(scheduler, doing)
    out, said = doing.communicate(timeout=180)
    assert doing.returncode == 0, said
    assert "4 parts prepared" in out
    assert "distributed" not in said  # no flood of connections
    here, made = pipeline.build(run, tmp_path / "here"), pipeline.build(run, tmp_path / "flow")
    assert (made.up_to_date, made.content_digest) == (True, here.content_digest)


def test_processes_of_this_machine_give_the_same_content(run: Run, tmp_path: Path) -> None:
    succeeds("build", "synthetic", "--root", tmp_path / "r", "--configs", run.folder, "--dask", "local")
    here = pipeline.build(run, tmp_path / "here")
    assert pipeline.build(run, tmp_path / "r").content_digest == here.content_digest


def deadly(item: Path) -> None:
    """Kill the process that makes it, the first time."""
    if not item.exists():
        item.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed_costs_only_what_it_was_making(scheduler: str, tmp_path: Path) -> None:
    with workers(scheduler) as each:
        items = [tmp_path / "a"]
        assert list(each(deadly, items)) == items


def failing(item: Path) -> None:
    """Refuse, and say that it was tried."""
    with item.open("a") as stream:
        stream.write("tried\n")
    raise StoreError("no")


def test_an_item_that_is_refused_is_tried_once(scheduler: str, tmp_path: Path) -> None:
    with workers(scheduler) as each, pytest.raises(StoreError, match="no"):
        list(each(failing, [tmp_path / "a"]))
    assert (tmp_path / "a").read_text() == "tried\n"


def threads_of(item: Path) -> None:
    import dask

    item.write_text(f"{dask.config.get('scheduler')} {dask.config.get('num_workers')}")


def test_a_worker_of_one_thread_uses_one_core(scheduler: str, tmp_path: Path) -> None:
    with workers(scheduler) as each:
        list(each(threads_of, [tmp_path / "a"]))
    assert (tmp_path / "a").read_text() == "synchronous 1"


def always_deadly(item: int) -> None:
    del item
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_kills_every_worker_is_an_error_and_does_not_go_on_for_ever() -> None:
    with workers("local") as each, pytest.raises(StoreError, match="must not end its worker"):
        list(each(always_deadly, [1]))


def test_an_error_of_a_part_is_told_as_it_is_here(run: Run, scheduler: str, tmp_path: Path) -> None:
    todo = pipeline.plan(run, tmp_path / "r")
    spoilt = todo.missing[1].granules[3].path
    spoilt.write_bytes(spoilt.read_bytes()[:-100])
    said = refusal("build", "synthetic", "--root", tmp_path / "r2", "--configs", run.folder, "--dask", scheduler)
    assert str(spoilt) in said


def test_a_scheduler_that_is_not_there_or_a_word_that_is_none_is_refused(run: Run, tmp_path: Path) -> None:
    command = ("build", "synthetic", "--root", tmp_path / "r", "--configs", run.folder, "--dask")
    assert "'local', or at tcp://host:port; not at 'everywhere'" in refusal(*command, "everywhere")
