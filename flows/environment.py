"""The settings that Prefect runs with here; they must stand before Prefect is first imported."""

import os
from pathlib import Path


def prepare(root: str | Path) -> None:
    """Put Prefect's home inside the root folder and switch telemetry off.

    What a person set in the environment stays.
    """
    home = Path(root).absolute() / "prefect"
    settings = {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        "PREFECT_TASKS_DEFAULT_NO_CACHE": "true",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_CLI_PROMPT": "false",
        "NO_PROXY": os.environ.get("no_proxy", "127.0.0.1,localhost"),
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
