"""The `eo` command: everything without Prefect. Each command imports what it needs when it runs."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from eo import __version__, logs
from eo.errors import EoError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from eo.fetching import Fetched
    from eo.model import Part, Product

ROOT = click.option(
    "--root", default="data", show_default=True, help="Folder where everything is kept, or s3://bucket/folder."
)
CONFIGS = click.option("--configs", default=None, help="Configs folder, where it is not the usual one.")


class _Commands(click.Group):
    """Commands that end with one line and an exit code, never with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - the signature of click
        """Run a command; say what went wrong in one line."""
        with logs.shown():
            try:
                return super().invoke(ctx)
            except EoError as error:
                _stop(error)


def _stop(error: EoError) -> NoReturn:
    line = " ".join(str(error).split())
    if logs.as_json():
        logs.LOGGER.error("%s", line)
    else:
        click.echo(f"error: {line}", err=True)
    sys.exit(error.exit_code)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="eo")
def main() -> None:
    """Climate-indicator time series from public Earth-observation products."""


def _track(parts: "Iterable[Part]", count: int) -> "Iterable[Part]":
    """Give parts one by one, with a progress bar on a terminal and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield from parts
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(parts, description="preparing parts", total=count, console=Console(stderr=True))


@main.command()
@click.argument("run")
@ROOT
@CONFIGS
@click.option("--offline", is_flag=True, help="Ask no service: use what was fetched before.")
@click.option(
    "--dask", default="", help="Where parts are made: local (all cores), tcp://host:port; here where not said."
)
@click.option("-v", "--verbose", is_flag=True, help="Say each part as it is done; EO_LOG=json says it as JSON.")
def build(run: str, root: str, configs: str | None, dask: str, *, offline: bool, verbose: bool) -> None:
    """Make the result of RUN: whatever of it is not there yet. What it needs of services is fetched first."""
    from eo.config import load_run
    from eo.pipeline import build as build_run
    from eo.progress import watched

    loaded = load_run(run, configs)
    with logs.shown(verbose=verbose), watched(f"fetching for {run}") as watch:
        made = build_run(loaded, root, track=_track, today=None if offline else _today(), watch=watch, dask=dask)
    click.echo(made.report)


def _today() -> "np.datetime64":
    import numpy as np

    return np.datetime64(datetime.now(UTC).date())


@main.command()
@click.argument("product")
@click.option("--from", "first", required=True, help="The first month or day, YYYY-MM or YYYY-MM-DD.")
@click.option("--to", "last", required=True, help="The last month or day, included.")
@ROOT
@CONFIGS
def fetch(product: str, first: str, last: str, root: str, configs: str | None) -> None:
    """Fetch the granules of PRODUCT from its service; exit code 1 where one of them failed."""
    from eo import fetching
    from eo.config import folder, load_product
    from eo.progress import watched

    found = load_product(product, folder(configs))
    months, steps = fetching.steps_between(first, last, found.step)
    with watched(f"fetching {product}") as watch:
        done = fetching.fetch(product, found, months, root=root, today=_today(), only=steps, watch=watch)
    _report(done)


def _report(done: "Fetched") -> None:
    click.echo(str(done))
    for name, why in sorted(done.failures.items()):
        click.echo(f"failed: {name}: {why}", err=True)
    if done.failures:
        sys.exit(1)


def _remote(product: str | None, configs: str | None) -> "dict[str, Product]":
    from eo import config
    from eo.origin import is_remote

    if product is not None:
        return {product: config.load_product(product, config.folder(configs))}
    everything = config.load_products(config.folder(configs))
    return {name: one for name, one in everything.items() if is_remote(one.source)}


@main.command()
@click.argument("product", required=False)
@ROOT
@CONFIGS
def status(product: str | None, root: str, configs: str | None) -> None:
    """Say what is here of PRODUCT, or of all that come from services: missing, quarantined, how old is the newest."""
    from eo import holdings
    from eo.store import Store

    for name, one in _remote(product, configs).items():
        for line in holdings.lines(name, one, Store.of(root), _today()):
            click.echo(line)


@main.command()
@click.argument("product", required=False)
@ROOT
@CONFIGS
def refresh(product: str | None, root: str, configs: str | None) -> None:
    """Fetch what was re-issued of the granules of PRODUCT, or of all products, that are here."""
    from eo import fetching
    from eo.progress import watched

    for name, one in _remote(product, configs).items():
        with watched(f"asking about {name}") as watch:
            done = fetching.refresh(name, one, root=root, today=_today(), watch=watch)
        if done is not None:
            _report(done)
        elif product is not None:
            click.echo(f"{name}: nothing here to refresh")


@main.command()
@click.argument("run")
@ROOT
@CONFIGS
def plan(run: str, root: str, configs: str | None) -> None:
    """Say what building RUN would do: parts present and missing, bytes to read, predicted memory."""
    from eo.config import load_run
    from eo.pipeline import plan as plan_run

    found = plan_run(load_run(run, configs), root)
    missing = {part.digest for part in found.missing}
    for part in found.parts:
        state = "missing" if part.digest in missing else "present"
        click.echo(f"{state:8} {part.product} {part.period}  {len(part.granules)} granules  {part.digest[:16]}")
    click.echo(f"parts: {len(found.parts) - len(missing)} present, {len(missing)} missing")
    click.echo(f"to read: {_mib(found.bytes_to_read)}; predicted memory: {_mib(found.predicted_memory)}")
    click.echo(f"result: {'up to date' if found.finished else 'to be made'}")


def _mib(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB"


@main.command("list")
@click.argument("what", type=click.Choice(["products", "indicators", "regions", "runs"]))
@CONFIGS
def list_(what: str, configs: str | None) -> None:
    """List the products, indicators, regions or runs that there are."""
    from eo import listing

    for line in listing.lines(what, configs):
        click.echo(line)


@main.command()
@click.argument("indicator")
def describe(indicator: str) -> None:
    """Print what INDICATOR is: its definition, what it does with missing data, parameters, outputs, references."""
    from eo import listing

    for line in listing.description(indicator):
        click.echo(line)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--product", default=None, help="What the file is; without it, as `eo identify` says.")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="[default: FILE.canonical.nc here]")
@CONFIGS
def read(file: Path, product: str | None, out: Path | None, configs: str | None) -> None:
    """Write the granule FILE as a canonical CF NetCDF file, and print a summary."""
    from eo import config
    from eo.identify import only
    from eo.single import write_canonical

    place = config.folder(configs)
    name = product or only(file, config.load_products(place))
    target = out or Path(f"{file.name}.canonical.nc")
    lines = write_canonical(file, name, config.load_product(name, place), target)
    for line in (f"{file.name} as {name}", *lines, f"written: {target}"):
        click.echo(line)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@CONFIGS
def identify(file: Path, configs: str | None) -> None:
    """Say which product and date the name or the content of FILE belongs to."""
    from eo import config
    from eo.identify import identity

    for one in identity(file, config.load_products(config.folder(configs))):
        version = f"  version {one.version}" if one.version else ""
        click.echo(f"{one.product}  {one.time or 'date not in the name'}{version}  (by {one.by})")


@main.command()
@click.argument("file")
def check(file: str) -> None:
    """Put any NetCDF FILE through the gate; exit code 1 and the reasons where it fails."""
    from eo.gate import failures
    from eo.loading import load_result

    found = failures(load_result(file))
    for one in found:
        click.echo(f"{file}: {one}")
    count = f"breaks {len(found)} rule{'s' * (len(found) > 1)}"
    click.echo(f"{file}: {count if found else 'passes the gate'}")
    sys.exit(1 if found else 0)


@main.command()
@click.argument("file")
@click.option("--region", required=True, help="A region of the file; LAT,LON where it is by cells.")
@click.option("--time", required=True, help="A month, YYYY-MM; a day or a year where the file is by these.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def trace(file: str, region: str, time: str, *, as_json: bool) -> None:
    """Say which input files a value of FILE was made of, with their digests."""
    from eo import listing
    from eo.lineage import trace as trace_value
    from eo.loading import load_result

    found = trace_value(load_result(file), region, time)
    for line in listing.trace_json(found) if as_json else listing.trace_lines(found):
        click.echo(line)


@main.command()
@click.argument("file")
@click.option("--variable", default=None, help="A series of the file.  [default: its anomaly, or its first]")
@click.option("--confidence", default=0.95, show_default=True, type=click.FloatRange(0.5, 0.99))
@click.option("--season/--no-season", default=True, show_default=True, help="Take out a mean for each calendar month.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def trend(file: str, variable: str | None, confidence: float, *, season: bool, as_json: bool) -> None:
    """Say how each region of the result FILE changes, what its latest value ranks, and when its trend will show."""
    import json

    from eo import judged, netcdf
    from eo.loading import load_result

    found = judged.judged(netcdf.read(load_result(file)), variable, season=season, confidence=confidence)
    if as_json:
        click.echo(json.dumps(judged.document(found), indent=1))
        return
    for line in judged.lines(found, confidence):
        click.echo(line)


if __name__ == "__main__":
    main()
