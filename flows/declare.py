"""``python -m flows.declare`` (make deployments): prefect.yaml, for a server that is there already."""

import sys
from pathlib import Path
from typing import Any

import yaml

from flows.deployments import POOL, Deployment, deployments

_HEAD = "# Written by `make deployments` from flows/deployments.py and configs/: `prefect deploy --all` takes it.\n"


def declaration(configs: str | Path | None = None, root: str = "data") -> str:
    """Give the text of prefect.yaml."""
    content = {
        "name": "eo-climate-indicators",
        "pull": [],
        "deployments": [_entry(one) for one in deployments(configs, root)],
    }
    return _HEAD + yaml.safe_dump(content, sort_keys=False, width=120)


def _entry(one: Deployment) -> dict[str, Any]:
    schedules = [{"cron": one.cron, "timezone": one.timezone, "active": True}] if one.cron else []
    module, _, function = one.flow.partition(":")
    return {
        "name": one.name,
        "entrypoint": f"flows.{module}.{function}",
        "description": one.description,
        "parameters": dict(one.parameters),
        "tags": list(one.tags),
        "schedules": schedules,
        "concurrency_limit": {"limit": 1, "collision_strategy": "CANCEL_NEW"},
        "work_pool": {"name": POOL},
    }


if __name__ == "__main__":
    Path("prefect.yaml").write_text(declaration(), encoding="utf-8")
    sys.stdout.write("prefect.yaml\n")
