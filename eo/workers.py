"""Where parts are made: in this process, in processes of this machine, or on the workers of a dask scheduler.

A part is made by the same function with the same arguments wherever that is, and named by what it is made of: who made
it cannot be seen in it. Workers need this library and the root folder, and nothing of Prefect.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import dask

from eo.errors import InputError, StoreError

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"
Item = TypeVar("Item")
Make = Callable[[Item], object]
Each = Callable[[Make[Any], Iterable[Any]], Iterator[Any]]
"""Does something with each of some items, and gives each item when it is done."""


@contextmanager
def workers(where: str) -> Iterator[Each]:
    """Give what does something with each of some items, for as long as it is needed.

    Parameters
    ----------
    where : empty for this process; ``local`` for one process for each core of this machine; ``tcp://host:port`` for the
        workers of a dask scheduler

    Raises
    ------
    InputError
        Another word, or dask.distributed is not installed.
    StoreError
        The scheduler does not answer, or an item ended its workers again and again.
    """
    if not where:
        yield _one_by_one
        return
    with _client(where) as client:
        yield lambda make, items: _spread(client, make, items)


def _one_by_one(make: Make[Item], items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        make(item)
        yield item


@contextmanager
def _client(where: str) -> "Iterator[Client]":
    if where != LOCAL and "://" not in where:
        raise InputError(f"parts are made here (nothing said), 'local', or at tcp://host:port; not at {where!r}")
    logging.getLogger("distributed").setLevel(logging.WARNING)  # it says each connection, to every handler of the root
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError(
            "dask.distributed must be installed to use several processes, and it is not; "
            "the extra 'distributed' has it: pip install 'eo-climate-indicators[distributed]'"
        ) from None
    if where == LOCAL:
        with (
            LocalCluster(threads_per_worker=1, dashboard_address=None, silence_logs="ERROR") as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(where, timeout=30, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise StoreError(f"the dask scheduler at {where} must answer, and it does not: {error}") from None
    with client:
        yield client


def _spread(client: "Client", make: Make[Item], items: Iterable[Item]) -> Iterator[Item]:
    from distributed import KilledWorker, as_completed

    futures = {client.submit(_alone, make, item, pure=False): item for item in items}
    try:
        for future in as_completed(list(futures), loop=client.loop):
            future.result()
            yield futures[future]
    except KilledWorker as error:
        raise StoreError(f"a part must not end its worker, and one did again and again: {error}") from None
    finally:
        client.cancel(list(futures))


def _alone(make: Make[Item], item: Item) -> None:
    """Do it with the threads of this worker and no more: with one thread it uses one core, as its machine was told."""
    from distributed import get_worker

    threads = get_worker().state.nthreads
    with dask.config.set(scheduler="threads" if threads > 1 else "synchronous", num_workers=threads):
        make(item)
