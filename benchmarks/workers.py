"""The parts of a daily record made by one worker process and by two, side by side in one run. The ratio counts.

    python benchmarks/workers.py [parts] [rounds]

A part is a month of global 0.25 degree days, of which the first few are there as synthetic files. The workers are those
of a dask scheduler on this machine, as other machines would have them; each round makes all parts into a new root,
first with one worker, then with two. A worker has one thread and uses one core (`eo.workers`): what they share are the
disk, and the cores that scheduler and client take now and then.
"""

import shutil
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import yaml
from record import PRODUCT, REPOSITORY, write_granules

from eo import load_run, pipeline
from eo.config import Run
from eo.workers import workers

DAYS = 5
"""Days of a part; the other days of its month are missing, which its product allows."""


def write_configs(folder: Path, files: Path, parts: int) -> Run:
    """Write the product and a run over so many months, and give the run."""
    for part in ("publisher.yaml", "regions.yaml"):
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / "configs" / part, folder / part)
    product = PRODUCT | {"source": {"kind": "local", "path": f"{files}/*.nc"}, "gaps": "allowed"}
    last = np.datetime64("2001-01", "M") + parts - 1
    run = {
        "title": "SYNTHETIC regional means for timing",
        "summary": "Random fields for timing.",
        "indicator": "anomaly",
        "product": "bench",
        "variable": "sea_surface_temperature",
        "regions": ["nino34"],
        "period": f"2001-01/{last}",
        "baseline": f"2001-01/{last}",
    }
    for name, content in {"products/bench.yaml": product, "runs/bench.yaml": run}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(content))
    return load_run("bench", folder)


def seconds(run: Run, root: Path, processes: int) -> float:
    """Give the seconds that the workers need for all parts of a run, without their start."""
    from distributed import LocalCluster

    todo = pipeline.plan(run, root)
    with (
        LocalCluster(
            n_workers=processes, threads_per_worker=1, dashboard_address=None, silence_logs="ERROR"
        ) as cluster,
        workers(cluster.scheduler_address) as each,
    ):
        list(each(_imported, range(processes)))
        start = time.perf_counter()
        count = sum(1 for _ in each(partial(pipeline.prepare, todo.run, root=root), todo.missing))
        taken = time.perf_counter() - start
    assert count == len(todo.missing)  # noqa: S101 - a benchmark of nothing is none
    return taken


def _imported(number: int) -> None:
    """Import what a worker needs, so that this is not timed."""
    del number
    import eo.pipeline  # noqa: F401 - the import is the point


def main() -> None:
    """Print the seconds of each round and the median of the ratios."""
    parts, rounds = (int(sys.argv[number]) if len(sys.argv) > number else given for number, given in ((1, 120), (2, 3)))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "in").mkdir()
        firsts = np.datetime64("2001-01", "M") + np.arange(parts)
        write_granules(place / "in", (day for one in firsts for day in one.astype("datetime64[D]") + np.arange(DAYS)))
        run = write_configs(place / "configs", place / "in", parts)
        ratios = []
        for number in range(rounds):
            one, two = (seconds(run, place / f"root-{number}-{count}", count) for count in (1, 2))
            shutil.rmtree(place / f"root-{number}-1")
            shutil.rmtree(place / f"root-{number}-2")
            ratios.append(one / two)
            print(f"{parts} parts: one worker {one:.1f} s, two workers {two:.1f} s, ratio {one / two:.2f}")
        print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
