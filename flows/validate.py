"""The flow that checks every published result anew: it is what was published, and it passes the gate."""

from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from eo import gate, lineage
from eo.errors import EoError
from eo.loading import load_latest, names
from eo.provenance import file_sha256
from eo.store import Store
from flows.limits import limited
from flows.parameters import Configs, Root


def findings(result: Path) -> list[str]:
    """Give what is wrong with a published result; empty where all is as it was published."""
    try:
        said = lineage.load(result)
        broken = [str(one) for one in gate.failures(result)]
        changed = [name for name, sha in said["files"].items() if _sha256(result.parent / name) != sha]
    except EoError as error:
        return [str(error)]
    return broken + [f"{name} is as it was published: its digest is another" for name in changed]


def _sha256(path: Path) -> str:
    return file_sha256(path) if path.is_file() else "no file"


def published(root: str) -> list[Path]:
    """Give the result files below a root, on this machine, with what was published beside them."""
    store = Store.of(root)
    folder = store.result("any", "nc").parent
    for path in (one for ending in (".json", ".png") for one in names(store, folder, ending)):
        load_latest(store, path)
    return [load_latest(store, path) for path in names(store, folder, ".nc")]


@task(name="check", task_run_name="check {result.stem}", cache_policy=NO_CACHE, persist_result=False)
def check(result: Path) -> State[Any]:
    """Check one result."""
    with limited("check", f"the check of a result ({result.stem})"):
        found = findings(result)
    return Failed(message="; ".join(found)) if found else Completed(message="as it was published")


@flow(name="validate", flow_run_name="validate results", persist_result=False, validate_parameters=True)
def validate(root: Root = "data", configs: Configs = "") -> State[Any]:
    """Check every published result below the root. The configs folder is not asked: flows are all started alike."""
    del configs
    results = published(root)
    states = {one.stem: check(one, return_state=True) for one in results}
    table = [{"run": name, "state": state.name, "found": state.message} for name, state in states.items()]
    create_table_artifact(key="validation", table=table, description="Every published result, checked anew.")
    broken = [name for name, state in states.items() if not state.is_completed()]
    get_run_logger().info("%d results checked, %d broken", len(results), len(broken))
    if broken:
        return Failed(
            message=f"{len(broken)} of {len(results)} results are not as they were published: {', '.join(broken)}"
        )
    return Completed(message=f"{len(results)} results are as they were published")
