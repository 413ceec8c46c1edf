"""What 40 years of daily 0.05 degree fields take: costs measured here on SYNTHETIC granules, and what follows.

    python benchmarks/sizing.py [--granules 4] [--bandwidth 20] [--core-hour PRICE] [--gb-month PRICE]

Each stage runs in a process of its own, which says its seconds and its peak memory. What is predicted is arithmetic on
that; what is not measured here (the rate of a service, prices, how much of a core a further worker is worth) is an
option. The prices that are given by default are no provider's: replace them.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import click
import cloudpickle
import numpy as np
import yaml

HERE = Path(__file__).resolve().parent.parent
GRANULES, PARTS = 14_610, 480
"""Days and months of 40 years."""
RECORD = 240
"""Parts of the record that shows what plan and finish take for each: its fields are small, their number counts."""
GB = 1e9
MIB = 1 << 20


def write_granules(folder: Path, count: int) -> None:
    """Write global daily analyses in the layout of the producers, with noise as fine as their packing."""
    sys.path.insert(0, str(HERE / "tests"))
    from granules.ghrsst import write_l4

    rows, columns = 3600, 7200
    folder.mkdir(parents=True)
    latitude = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    random = np.random.default_rng(1)
    for number in range(count):
        day = str(np.datetime64("2001-01-01") + number)
        kelvin = 300 - 28 * latitude**2 + random.normal(scale=0.05, size=(rows, columns)).astype(np.float32)
        kelvin[:, 3000:5100] = np.nan  # as much as there is land
        name = f"{day.replace('-', '')}120000-ESACCI-L4_GHRSST-SSTdepth-OSTIA-GLOB_CDR3.0-v02.0-fv01.0.nc"
        write_l4(folder / name, kelvin, day=day, chunks=(1, 1200, 2400))


def write_configs(folder: Path, port: int) -> None:
    """Write a product that is fetched from this machine, and a run of it."""
    for part in ("publisher.yaml", "regions.yaml"):
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        (folder / part).write_bytes((HERE / "configs" / part).read_bytes())
    product = yaml.safe_load((HERE / "configs/products/esacci_sst_l4_v3.yaml").read_text(encoding="utf-8"))
    name = str(product["source"]["url"]).rpartition("/")[2]
    source = {"kind": "https", "url": f"http://127.0.0.1:{port}/{name}"}
    _dump(folder / "products/fine.yaml", product | {"source": source, "gaps": "allowed"})
    _dump(folder / "runs/fine.yaml", _run("fine", "2001-01", ["nino34", "globe"]))


def _run(product: str, period: str, regions: list[str]) -> dict[str, object]:
    return {
        "title": "SYNTHETIC regional means for sizing",
        "keywords": ["synthetic"],
        "summary": "Random fields for sizing.",
        "indicator": "anomaly",
        "product": product,
        "variable": "sea_surface_temperature",
        "regions": regions,
        "period": period,
        "baseline": period,
        "parameters": {"min_coverage": 0.01},  # a few days of each month are there
    }


def _dump(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def served(folder: Path) -> ThreadingHTTPServer:
    """Serve the granules on this machine, as a service does."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *said: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    return server


# The stages, each in a process of its own


def fetch(place: Path) -> None:
    """Fetch and verify the granules."""
    from eo.config import load_product
    from eo.fetching import fetch as fetch_product
    from eo.model import span

    product = load_product("fine", place / "configs")
    done = fetch_product("fine", product, span("2001-01"), root=place / "root", today=np.datetime64("2001-03-01"))
    assert not done.failures, done.failures  # noqa: S101 - a benchmark of nothing is none


def plan(place: Path) -> None:
    """Take the granules in: looked at and digested once."""
    from eo import load_run, pipeline

    pipeline.plan(load_run("fine", place / "configs"), place / "root")


def canonical(place: Path) -> None:
    """Write the canonical part."""
    from eo import load_run, pipeline
    from eo.parts import write_part
    from eo.store import opened

    todo = pipeline.plan(load_run("fine", place / "configs"), place / "root")
    with opened(todo.store.root) as work:
        write_part(todo.missing[0], todo.run.product, todo.store, work)


def reduce(place: Path) -> None:
    """Reduce the part."""
    from eo import load_run, pipeline

    run = load_run("fine", place / "configs")
    pipeline.prepare(run, pipeline.plan(run, place / "root").missing[0], place / "root")


def finish(place: Path) -> None:
    """Make the result."""
    from eo import load_run, pipeline

    pipeline.finish(pipeline.plan(load_run("fine", place / "configs"), place / "root"))


STAGES: dict[str, Callable[[Path], None]] = {
    "fetch": fetch,
    "plan": plan,
    "canonical": canonical,
    "reduce": reduce,
    "finish": finish,
}


def peak() -> float:
    """Give the most memory that this process ever had, bytes; `ru_maxrss` would count the one that started it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 1024


def cpu() -> float:
    """Give the seconds of processor that this process and those that it started and that ended have had."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def stage(name: str, place: Path) -> dict[str, float]:
    """Give what a stage takes in this process, parts as a worker makes them; the imports are not timed."""
    import dask

    import eo.fetching
    import eo.pipeline
    import eo.readers.ghrsst  # noqa: F401

    of_worker = {"scheduler": "synchronous"} if name in {"canonical", "reduce"} else {}
    with dask.config.set(of_worker):  # a worker has one thread, see `eo.workers`
        start, busy = time.perf_counter(), cpu()
        STAGES[name](place)
    return {
        "seconds": time.perf_counter() - start,
        "core seconds": cpu() - busy,
        "peak": peak(),
    }


def measured(name: str, place: Path) -> dict[str, float]:
    """Give what a stage takes in a fresh process."""
    command = [sys.executable, __file__, "--stage", name, "--place", str(place)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=HERE)  # noqa: S603 - our own file
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def of_fine_fields(place: Path, count: int) -> dict[str, dict[str, float]]:
    """Give what each stage takes for so many granules, and the bytes of what is kept."""
    write_granules(place / "in", count)
    server = served(place / "in")
    write_configs(place / "configs", server.server_address[1])
    found = {name: measured(name, place) for name in STAGES}
    server.shutdown()
    kept = {
        "raw": sum(path.stat().st_size for path in (place / "root/raw").rglob("*.nc")),
        "part": sum(path.stat().st_size for path in (place / "root/parts/fine").glob("*.nc")),
        "reduction": sum(path.stat().st_size for path in (place / "root/parts/fine").glob("*/*.nc")),
    }
    return found | {"bytes": {name: size / count for name, size in kept.items()}}


def of_a_record(place: Path) -> dict[str, float]:
    """Give what plan and finish take for each granule and each part of a long record, and how large a part is sent."""
    sys.path.insert(0, str(HERE / "tests"))
    import synthetic

    from eo import load_run, pipeline

    months = np.datetime64("1981-01", "M") + np.arange(RECORD)
    days = [str(month.astype("datetime64[D]") + number) for month in months for number in (0, 1)]
    synthetic.write_each(place / "in", days)
    period = f"1981-01/{months[-1]}"
    run = {"period": period, "baseline": period, "parameters": {"min_coverage": 0.01}}
    product = {"step": "day", "gaps": "allowed"}
    configs = synthetic.configs(place / "configs", place / "in/*.nc", product=product, run=run)
    loaded = load_run("synthetic", configs)
    start = time.perf_counter()
    pipeline.plan(loaded, place / "root")
    first = time.perf_counter()
    todo = pipeline.plan(loaded, place / "root")
    again = time.perf_counter()
    for part in todo.missing:
        pipeline.prepare(loaded, part, place / "root")
    prepared = time.perf_counter()
    pipeline.finish(todo)
    finished = time.perf_counter()
    return {
        "plan a granule": (first - start) / len(days),
        "plan a known granule": (again - first) / len(days),
        "prepare a small part": (prepared - again) / RECORD,
        "finish a part": (finished - prepared) / RECORD,
        "sent a granule": len(cloudpickle.dumps(todo.missing[0])) / len(todo.missing[0].granules),
    }


def predicted(  # noqa: PLR0913 - each is an input of its own
    fine: dict[str, dict[str, float]],
    record: dict[str, float],
    count: int,
    workers: int,
    *,
    bandwidth: float,
    efficiency: float,
    core_hour: float,
    gb_month: float,
    requests: float,
) -> dict[str, float]:
    """Give what the whole record takes with so many workers: hours, GB, requests, money."""
    size = {name: one * GRANULES / GB for name, one in fine["bytes"].items()}
    of_fetch = max(fine["fetch"]["seconds"] / count, fine["bytes"]["raw"] / (bandwidth * 1e6))
    of_part = (fine["canonical"]["seconds"] + fine["reduce"]["seconds"]) / count
    worth = 1 + (workers - 1) * efficiency
    taken = (fine["plan"]["seconds"] / count - record["plan a granule"]) * GRANULES
    hours = {
        "fetch": of_fetch * GRANULES / 3600,
        "plan": (taken + record["plan a granule"] * GRANULES) / 3600,
        "prepare": of_part * GRANULES / worth / 3600,
        "finish": (fine["finish"]["seconds"] + record["finish a part"] * PARTS) / 3600,
    }
    asked = GRANULES * 4 + PARTS * 6
    total = sum(hours.values())
    others = {"fetch": GRANULES / count, "plan": GRANULES / count, "finish": 1.0}
    spent = sum(fine[name]["core seconds"] * times for name, times in others.items()) / 3600
    core_hours = hours["prepare"] * workers + spent
    return {
        **{f"hours: {name}": value for name, value in hours.items()},
        "hours: total": total,
        "core hours": core_hours,
        "GB kept": sum(size.values()),
        "GB over the network, remote root": 2 * size["raw"] + 2 * size["part"] + 2 * size["reduction"] + size["raw"],
        "requests to the store, remote root": asked,
        "money: cores": core_hours * core_hour,
        "money: a month of what is kept": sum(size.values()) * gb_month,
        "money: requests": asked / 1e6 * requests,
    }


@click.command()
@click.option("--granules", default=4, show_default=True, help="SYNTHETIC granules of 3600 x 7200 that are measured.")
@click.option("--bandwidth", default=20.0, show_default=True, help="What the service gives, MB/s.")
@click.option("--efficiency", default=0.9, show_default=True, help="What each further worker is worth (workers.py).")
@click.option("--core-hour", default=0.05, show_default=True, help="Price of a core for an hour; assumed.")
@click.option("--gb-month", default=0.02, show_default=True, help="Price of a GB for a month; assumed.")
@click.option("--requests", default=5.0, show_default=True, help="Price of a million requests; assumed.")
@click.option("--stage", "only", default="", hidden=True)
@click.option("--place", default="", hidden=True)
def main(granules: int, only: str, place: str, **given: float) -> None:
    """Print what was measured, and what follows for 40 years."""
    if only:
        print(json.dumps(stage(only, Path(place))))
        return
    with tempfile.TemporaryDirectory() as folder:
        fine = of_fine_fields(Path(folder) / "fine", granules)
        record = of_a_record(Path(folder) / "record")
    print(f"measured on {granules} SYNTHETIC granules of 3600 x 7200")
    for name in STAGES:
        one = fine[name]
        each, busy = one["seconds"] / granules, one["core seconds"] / granules
        print(f"  {name:10} {each:7.2f} s a granule   {busy:6.2f} core s   peak {one['peak'] / MIB:6.0f} MiB")
    for name, size in fine["bytes"].items():
        print(f"  {name:10} {size / MIB:9.3f} MiB a granule")
    print(f"measured on a record of {RECORD} small parts")
    for name, value in record.items():
        print(f"  {name:21} {value:9.5g} {'bytes' if name.startswith('sent') else 's'}")
    from flows.preparing import MOST_TASKS

    size = -(-PARTS // MOST_TASKS)
    print(f"predicted for {GRANULES} granules: {PARTS} parts, {-(-PARTS // size)} Prefect tasks, {PARTS} dask tasks")
    print(f"  scheduler: {record['sent a granule'] * GRANULES / MIB:.1f} MiB of arguments, all parts at once")
    table = {workers: predicted(fine, record, granules, workers, **given) for workers in (1, 8, 32)}
    print(f"  {'workers':36}" + "".join(f"{workers:>12}" for workers in table))
    for name in table[1]:
        print(f"  {name:36}" + "".join(f"{one[name]:12.4g}" for one in table.values()))


if __name__ == "__main__":
    main()
