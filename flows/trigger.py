"""``python -m flows.trigger RUN``: start the refresh of a run for a day, once, however often that is asked for.

For a cron of another machine, or a message of a service that says that a granule is there: both may come twice.
"""

import os
import sys
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import click

from eo.errors import EoError, InputError, StoreError

if TYPE_CHECKING:
    from prefect.exceptions import PrefectHTTPStatusError


_REFUSED = frozenset({409, 422})
"""What the server answers where a parameter has another form than its schema says."""


def key(run: str, day: str) -> str:
    """Give what names the refresh of a run for a day: the server makes one run of it."""
    return f"eo refresh {run} {day}"


def start(run: str, day: str, *, again: bool = False) -> tuple[UUID, str]:
    """Start the refresh of a run on the server of the environment, unless it was started for that day before.

    Parameters
    ----------
    run : a file in configs/runs, without its ending
    day : YYYY-MM-DD
    again : start another one, where the first one failed

    Returns
    -------
    run : its id on the server, and the name of its state now

    Raises
    ------
    InputError
        No such deployment, or the day is none.
    StoreError
        The server does not answer.
    """
    from httpx import HTTPError
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

    named = key(run, day) + (f" {uuid.uuid4()}" if again else "")
    try:
        with get_client(sync_client=True) as client:
            found = client.read_deployment_by_name(f"refresh/{run}")
            made = client.create_flow_run_from_deployment(found.id, parameters={"day": day}, idempotency_key=named)
            return made.id, str(made.state and made.state.name)
    except ObjectNotFound:
        raise InputError(f"a refresh that is deployed is started, and there is none of run {run!r}") from None
    except PrefectHTTPStatusError as error:
        if error.response.status_code not in _REFUSED:
            raise StoreError(f"the Prefect server must answer, and it does not: {error}") from None
        raise InputError(f"the server takes a day as YYYY-MM-DD, and refuses {day!r}: {_detail(error)}") from None
    except (HTTPError, RuntimeError, ValueError) as error:  # Prefect's own words for no server, no address
        raise StoreError(f"the Prefect server must answer, and it does not: {error}") from None


def _detail(error: "PrefectHTTPStatusError") -> str:
    try:
        return str(error.response.json().get("detail", ""))
    except ValueError:
        return error.response.reason_phrase


@click.command()
@click.argument("run")
@click.option("--day", default="", help="YYYY-MM-DD; today (UTC) where it is not said.")
@click.option("--again", is_flag=True, help="Also where it was started for that day before.")
def main(run: str, day: str, *, again: bool) -> None:
    """Start the refresh of RUN for a day, once."""
    for name, value in {"DO_NOT_TRACK": "1", "PREFECT_API_URL": "http://127.0.0.1:4200/api"}.items():
        os.environ.setdefault(name, value)
    try:
        identity, state = start(run, day or str(datetime.now(UTC).date()), again=again)
    except EoError as error:
        click.echo(f"error: {' '.join(str(error).split())}", err=True)
        sys.exit(error.exit_code)
    click.echo(f"{identity} {state}")


if __name__ == "__main__":
    main()
