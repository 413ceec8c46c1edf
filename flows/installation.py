"""Putting work pool, limits, automations and deployments on a server. Doing it twice changes nothing."""

import importlib
import os
from typing import TYPE_CHECKING, Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.exceptions import ObjectNotFound
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from eo.store import Store
from flows import automations
from flows.deployments import POOL, Deployment, deployments, runs
from flows.limits import TIME_LIMITS, hours
from flows.notices import install_notices
from flows.providers import AT_ONCE, providers

if TYPE_CHECKING:
    from prefect import Flow

_ONE = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)


def install(configs: str | None, root: str, limit: int) -> list[str]:
    """Put everything on the server of the environment and give the names of the deployments.

    Parameters
    ----------
    configs : the configs folder, where it is not the usual one
    root : the folder where everything is kept
    limit : runs of the work pool at the same time

    Raises
    ------
    InputError
        The environment says something else than it may, see `flows.limits` and `flows.notices`.
    """
    hours(os.environ.get(TIME_LIMITS, ""))
    with get_client(sync_client=True) as client:
        _pool(client, limit)
        for name in sorted({each for run in runs(configs) for each in providers(run)}):
            client.upsert_global_concurrency_limit_by_name(name, AT_ONCE)
    automations.keep(automations.crashed())
    install_notices()
    wanted = deployments(configs, Store.of(root).address)
    return [_deployed(one) for one in wanted]


def _pool(client: SyncPrefectClient, limit: int) -> None:
    try:
        client.read_work_pool(POOL)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process", concurrency_limit=limit))
    else:
        client.update_work_pool(POOL, WorkPoolUpdate(concurrency_limit=limit))


def _deployed(one: Deployment) -> str:
    module, _, name = one.flow.partition(":")
    flow: Flow[Any, Any] = getattr(importlib.import_module(f"flows.{module}"), name)
    made: Any = flow.to_deployment(
        one.name,
        work_pool_name=POOL,
        entrypoint_type=EntrypointType.MODULE_PATH,
        parameters=one.parameters,
        description=one.description,
        tags=list(one.tags),
        schedule=Cron(one.cron, timezone=one.timezone) if one.cron else None,
        concurrency_limit=_ONE,
    )
    made.apply(work_pool_name=POOL)
    return f"{flow.name}/{one.name}"
