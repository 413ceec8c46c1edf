"""``make twin``: the twin of all services, until it is stopped; ``twin_all``: every product from it, to its result.

``twin_indicators``: every indicator, over years of synthetic granules.
"""

import os
import sys
import tempfile
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import click
from granules.examples import DATE
from twin import everything, indicators
from twin.runs import build, build_each, write_configs

from eo import config
from eo.model import Product
from flows import environment, server

CONFIGS = Path(__file__).parents[2] / "configs"


@click.group()
def main() -> None:
    """The twin of the providers, on this machine alone. All that it serves is synthetic."""
    warnings.simplefilter("ignore")  # of what the examples are written with: no concern of a person here


@main.command()
@click.option("--configs", type=click.Path(path_type=Path), default=None, help="Where to write configs that lead here.")
def serve(configs: Path | None) -> None:
    """Start every service, print what is where, and serve until it is stopped."""
    products = config.load_products(CONFIGS)
    with tempfile.TemporaryDirectory() as work:
        place = configs or Path(work) / "configs"
        click.echo(f"writing a synthetic granule of each of {len(products)} products: a minute or two", err=True)
        with everything.serve(Path(work) / "served", products) as twin:
            write_configs(place, products, twin)
            for name, source in sorted(twin.sources.items()):
                at = source.get("url") or source.get("catalog") or source.get("endpoint") or source.get("server")
                click.echo(f"{source['kind']:<10} {name:<45} {at or 'its own toolbox, led here by its environment'}")
            names = [*everything.ACCOUNT, "TWIN_KEY"]
            click.echo("\n".join(f"export {name}={os.environ[name]}" for name in names))
            click.echo(f"eo build twin_PRODUCT --configs {place} --root SOMEWHERE  ({DATE[:7]} is here)")
            click.get_text_stream("stdin").read() if not sys.stdin.isatty() else click.pause("")


@main.command()
@click.option("--root", type=click.Path(path_type=Path), default=Path("data"), show_default=True)
@click.option("--only", default="", help="The products that have this in their name.")
@click.option("--workers", default=2, show_default=True)
def run(root: Path, only: str, workers: int) -> None:
    """Fetch and build a run of every product from the twin, and say what became of each.

    A product of each service of each agency goes through the Prefect flow, all the others through `eo build`.
    """
    products = {name: one for name, one in config.load_products(CONFIGS).items() if only in name}
    failed, flowing = [], _by_flow(products)
    environment.prepare(root)
    os.environ |= {"PREFECT_API_URL": server.start(root.absolute() / "prefect"), "PREFECT_LOGGING_LEVEL": "ERROR"}
    with tempfile.TemporaryDirectory() as work:
        click.echo(f"writing a synthetic granule of each of {len(products)} products", err=True)
        with (
            everything.serve(Path(work) / "served", products) as twin,
            ProcessPoolExecutor(workers, mp_context=get_context("forkserver")) as pool,
        ):
            place = write_configs(Path(work) / "configs", products, twin)
            futures = {
                pool.submit(build, name, str(place), str(root), twin.environment.get(name), flow=name in flowing): name
                for name in products
            }
            for number, future in enumerate(as_completed(futures), 1):
                good, said = future.result()
                kind = twin.sources[futures[future]]["kind"]
                way = "flow " if futures[future] in flowing else "build"
                click.echo(f"[{number}/{len(products)}] {'ok    ' if good else 'FAILED'} {way} {kind:<10} {said}")
                failed += [] if good else [futures[future]]
    click.echo(
        f"twin_all: {len(products) - len(failed)} of {len(products)} products built from the twin, all synthetic; "
        f"{len(flowing)} by the Prefect flow (one of each service of each agency), the others by eo build"
    )
    if failed:
        raise SystemExit(1)


def _by_flow(products: dict[str, Product]) -> set[str]:
    """Give a product of each way of getting bytes of each agency, which begins its name."""
    found: dict[tuple[str, str], str] = {}
    for name, product in products.items():
        found.setdefault((name.partition("_")[0], product.source.kind), name)
    return set(found.values())


@main.command(name="indicators")
@click.option("--root", type=click.Path(path_type=Path), default=Path("data"), show_default=True)
@click.option("--only", default="", help="The indicators that have this in their name.")
@click.option("--workers", default=2, show_default=True)
def build_indicators(root: Path, only: str, workers: int) -> None:
    """Fetch what every indicator needs from the twin, build its runs, and say what became of each."""
    some = [name for name in indicators.READY if only in name]
    failed, done = [], 0
    with tempfile.TemporaryDirectory() as work:
        click.echo(f"writing synthetic granules for {len(some)} indicators", err=True)
        configs = Path(work) / "configs"
        with (
            indicators.serve(Path(work) / "served", configs, some) as groups,
            ProcessPoolExecutor(workers, mp_context=get_context("forkserver")) as pool,
        ):
            largest_first = sorted(groups.values(), key=len, reverse=True)
            for future in as_completed(
                [pool.submit(build_each, names, str(configs), str(root)) for names in largest_first]
            ):
                for good, said in future.result():
                    done += 1
                    click.echo(f"[{done}] {'ok    ' if good else 'FAILED'} {said}")
                    failed += [] if good else [said]
    click.echo(f"twin_indicators: {done - len(failed)} of {done} runs of {len(some)} indicators built, all synthetic")
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
