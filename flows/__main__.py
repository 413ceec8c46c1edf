"""``python -m flows RUN``: one run through the Prefect flow, with a temporary server where none is configured."""

import sys
from datetime import UTC, datetime
from typing import NoReturn

import click

from eo.errors import EoError, GateError, InputError, StoreError
from flows import environment, server


@click.command()
@click.argument("run", default="enso_ostia")
@click.option(
    "--root", default="data", show_default=True, help="Folder where everything is kept, or s3://bucket/folder."
)
@click.option("--configs", default="", help="Configs folder, where it is not the usual one.")
@click.option("--offline", is_flag=True, help="Ask no service: use what was fetched before.")
def main(run: str, root: str, configs: str, *, offline: bool) -> None:
    """Build RUN through the Prefect flow."""
    try:
        click.echo(_there(run, root, configs, offline=offline) or _flow(run, root, configs, offline=offline))
    except EoError as error:
        _stop(error)


def _there(run: str, root: str, configs: str, *, offline: bool) -> str:
    """Give what is said of a run that is done already; empty where there is work. Bad input ends here, at once."""
    import numpy as np

    from eo import load_run, pipeline
    from eo.fetching import lacks_inputs

    loaded = load_run(run, configs or None)
    if not offline and lacks_inputs(loaded, root, np.datetime64(datetime.now(UTC).date())):
        return ""
    plan = pipeline.plan(loaded, root)
    return pipeline.up_to_date(plan).report if plan.finished else ""


def _flow(run: str, root: str, configs: str, *, offline: bool) -> str:
    environment.prepare(root)
    from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL, get_current_settings, temporary_settings

    if PREFECT_API_URL.value():
        return _outcome(run, root, configs, offline=offline)
    click.echo("starting a temporary Prefect server: half a minute on a first start", err=True)
    address = server.start(get_current_settings().home)
    with temporary_settings({PREFECT_API_URL: address, PREFECT_UI_URL: ""}):
        return _outcome(run, root, configs, offline=offline)


def _outcome(run: str, root: str, configs: str, *, offline: bool) -> str:
    from flows.build import build
    from flows.outcome import REFUSED

    try:
        state = build(run, str(root), configs, offline=offline, return_state=True)
    except RuntimeError as error:  # Prefect's own, before the flow begins
        raise StoreError(f"the Prefect server must answer, and it does not: {error}") from None
    said = str(state.message or state.name)
    if state.is_completed():
        return said
    raise GateError(said) if state.name == REFUSED else InputError(said)


def _stop(error: EoError) -> NoReturn:
    click.echo(f"error: {' '.join(str(error).split())}", err=True)
    sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
