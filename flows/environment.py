"""The settings that Prefect runs with here; they must stand before Prefect is first imported."""

import os
from pathlib import Path

from eo import logs
from eo.errors import InputError
from eo.store import Store

JSON_LINES = {
    "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "json",
    "PREFECT_LOGGING_FORMATTERS_JSON_CLASS": "eo.logs.JsonLines",
    "PREFECT_LOGGING_FORMATTERS_JSON_FORMAT": "%(message)s",
}
"""What makes the lines of Prefect the same JSON as ours."""


def prepare(root: str | Path) -> None:
    """Put Prefect's home inside the root folder (the scratch of a root in a bucket) and switch telemetry off.

    What a person set in the environment stays.
    """
    home = Store.of(root).root.absolute() / "prefect"
    settings = {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        "PREFECT_TASKS_DEFAULT_NO_CACHE": "true",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "eo",
        "NO_PROXY": os.environ.get("no_proxy", "127.0.0.1,localhost"),
    } | (JSON_LINES if logs.as_json() else {})
    for name, value in settings.items():
        os.environ.setdefault(name, value)


def served(root: str | Path, host: str, port: int, database: str = "") -> dict[str, str]:
    """Give the settings of a server on this machine, of its worker and of the runs that it starts.

    Parameters
    ----------
    root : the folder where everything is kept
    host, port : where the server listens
    database : ``postgresql://...``; SQLite below the root where there is none

    Raises
    ------
    InputError
        The database is of another kind.
    """
    prepare(root)
    settings = {
        "PREFECT_API_URL": f"http://{host}:{port}/api",
        "PREFECT_UI_URL": f"http://{host}:{port}",
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        # Prefect copies its page beside its code otherwise, which cannot be written to in a container
        "PREFECT_UI_STATIC_DIRECTORY": str(Path(root).absolute() / "prefect" / "ui"),
        # slots of a worker that was killed are freed, also after a restart of the server
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    }
    if database:
        scheme, found, rest = database.partition("://")
        if not found or scheme.partition("+")[0] not in {"postgresql", "postgres"}:
            raise InputError(
                f"the database is postgresql://user@host/name, or none for SQLite; it is of kind {scheme!r}"
            )
        settings["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = f"postgresql+asyncpg://{rest}"
    return settings
