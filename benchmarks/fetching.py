"""Throughput of fetching beside that of curl: the same files, from the twin of a web server in a process of its own.

``python benchmarks/fetching.py`` fetches 1,000 small granules and some large ones over as many connections as a product
has that says nothing else: on bare loopback, and by a line that takes some time to the server and back and that has a
bandwidth. Three numbers are compared with curl: the bytes alone; the bytes of a fetch that verifies each granule as it
comes; and the whole of that fetch, after which each granule was read to its last chunk, digested, flushed to the disk
and moved to its place.

Reading a NetCDF file of a few cells takes a processor some milliseconds, and curl does nothing of the kind: on bare
loopback, where a file comes in half a millisecond, the whole is bound by the processor. By a line as those to real
services are, it is bound by the line, as curl is.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from statistics import median

import click
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import synthetic  # noqa: E402 - after the path to it

from eo.fetching import fetch  # noqa: E402 - after the path to it
from eo.model import Product, span  # noqa: E402 - after the path to it
from eo.origin import HttpsSource, Limits  # noqa: E402 - after the path to it
from eo.sources import Remote, Wanted, https  # noqa: E402 - after the path to it
from eo.transfer import Unwatched  # noqa: E402 - after the path to it

CONNECTIONS = Limits().connections
LINES = ((0.0, 0.0), (30.0, 500.0))
"""Milliseconds to the server and back, and Mbit/s; 0 where there is no limit."""
SERVER = "import sys; from pathlib import Path; from twin.https import serve\nwith serve(Path(sys.argv[1]), latency=float(sys.argv[2]) / 1e3, rate=float(sys.argv[3]) * 125e3) as twin: print(twin.url, flush=True); sys.stdin.read()"  # fmt: skip  # noqa: E501 - one program


@contextmanager
def server(folder: Path, latency: float, rate: float = 0) -> Iterator[str]:
    """Serve a folder from another process, and give the address."""
    command = [sys.executable, "-c", SERVER, str(folder), str(latency), str(rate)]
    with subprocess.Popen(  # noqa: S603 - this interpreter
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
    ) as process:
        said, hold = process.stdout, process.stdin
        if said is not None and hold is not None:  # pipes were asked for
            yield said.readline().strip()
            hold.close()


def write(folder: Path, number: int, *, rows: int) -> list[str]:
    """Write days of synthetic granules."""
    lat, lon = np.linspace(-89, 89, rows), np.linspace(-179, 179, 2 * rows)
    days = [str(np.datetime64("2001-01-01") + day) for day in range(number)]
    noise = np.random.default_rng(0).normal(290, 3, (1, rows, 2 * rows)).astype(np.float32)
    for day in days:
        synthetic.write(folder / f"sst_{day}.nc", [day], values=noise, lat=lat, lon=lon)
    return days


def product(url: str) -> Product:
    """Give a product of the days that a server lists."""
    source = {"kind": "https", "url": f"{url}/", "listing": "html", "limits": {"connections": CONNECTIONS}}
    name = r"sst_(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\.nc"
    return Product.model_validate(synthetic.PRODUCT | {"step": "day", "filename": name, "source": source})


def curl(url: str, days: list[str], place: Path) -> None:
    """Let curl download the files."""
    place.mkdir()
    lines = "".join(f'url = "{url}/sst_{day}.nc"\noutput = "{place}/sst_{day}.nc"\n' for day in days)
    command = ["curl", "-sS", "--fail", "--parallel", "--parallel-max", str(CONNECTIONS), "--config", "-"]
    subprocess.run(command, input=lines, text=True, check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - curl, of this machine


@lru_cache
def offered(url: str, last: str) -> tuple[HttpsSource, list[Remote]]:
    """Give what the server lists: curl is told, so this is no part of what is timed of the bytes alone."""
    one = product(url)
    source = one.source
    assert isinstance(source, HttpsSource)  # noqa: S101 - as made above
    return source, https.find(source, Wanted("it", one, span(f"2001-01/{last[:7]}")))


def bytes_alone(url: str, days: list[str], place: Path) -> None:
    """Download the files as a fetch does, and leave them where they are."""
    place.mkdir()
    source, found = offered(url, days[-1])
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(lambda remote: https.fetch(source, remote, place / remote.name, lambda _: None), found))


class Arrivals(Unwatched):
    """Knows when the last bytes came."""

    last = 0.0

    def tally(self, size: int) -> None:
        """Take the time."""
        del size
        self.last = time.perf_counter()


def whole(url: str, days: list[str], place: Path) -> float:
    """Fetch the granules, each verified and on the disk, and give when the last bytes of them came."""
    watch = Arrivals()
    done = fetch("it", product(url), span(f"2001-01/{days[-1][:7]}"), root=place, today=np.datetime64("2010-01-01"), only=days, watch=watch)  # fmt: skip  # noqa: E501 - one call
    assert len(done.new) == len(days)  # noqa: S101 - or the time means nothing
    return watch.last


def cpu() -> float:
    """Give the seconds of processor that this process and those that it started and that ended have had."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def measure(url: str, days: list[str], work: Path, rounds: int) -> dict[str, tuple[float, float]]:
    """Give the median of seconds, and of seconds of processor, of each way; in turns: other load hits all alike.

    Nothing is removed until the end: a file system gives no inode anew that was removed some seconds ago, and to look
    for another one takes a multiple of the time.
    """
    work.mkdir()
    offered(url, days[-1])
    taken: dict[str, list[tuple[float, float]]] = {}
    for turn in range(rounds):
        for way in (curl, bytes_alone, whole):
            place, start, busy = work / f"{way.__name__}-{turn}", time.perf_counter(), cpu()
            came = way(url, days, place)
            taken.setdefault(way.__name__, []).append((time.perf_counter() - start, cpu() - busy))
            if came is not None:
                taken.setdefault("bytes of it", []).append((came - start, 0.0))
    return {name: (median(one for one, _ in some), median(one for _, one in some)) for name, some in taken.items()}


@click.command()
@click.option("--small", default=1000, show_default=True, help="Granules of 24 x 48 cells.")
@click.option("--large", default=48, show_default=True, help="Granules of 1800 x 3600 cells.")
@click.option("--rounds", default=3, show_default=True)
def main(small: int, large: int, rounds: int) -> None:
    """Print seconds, rates, shares of what curl gets, and the work of the processor for each file."""
    for what, number, rows in (("small", small, 24), ("large", large, 1800)):
        with tempfile.TemporaryDirectory() as name:
            work = Path(name)
            days = write(work / "served", number, rows=rows) if number else []
            size = sum(path.stat().st_size for path in work.glob("served/*")) / 1e6
            for latency, rate in LINES if number else ():
                by = f"{latency:g} ms and {rate:g} Mbit/s to the server" if rate else "bare loopback"
                print(f"{number} {what} files, {size:.0f} MB, {by}, {CONNECTIONS} connections")
                with server(work / "served", latency, rate) as url:
                    found = measure(url, days, work / f"{rate}", rounds)
                for way, (seconds, busy) in found.items():
                    share = found["curl"][0] / seconds
                    spent = f"{busy / number * 1000:8.2f} ms of processor a file" if busy else ""
                    print(f"  {way:12} {seconds:7.2f} s {size / seconds:8.1f} MB/s {share:6.0%} of curl {spent}")


if __name__ == "__main__":
    main()
