"""What is here of a product that comes from a service: granules, what is missing and why, what is in quarantine."""

from collections.abc import Iterator

import numpy as np

from eo import quarantine, sources
from eo.loading import load_documents
from eo.missing import STATES, load_missing
from eo.model import Product
from eo.origin import is_remote
from eo.steps import end_of
from eo.store import Store


def lines(name: str, product: Product, store: Store, today: np.datetime64) -> Iterator[str]:
    """Give what is here, line by line, a reason each for what failed and what was refused."""
    if not is_remote(product.source):
        yield f"{name}: {product.source.kind} files, not fetched"
        return
    load_documents(store, store.raw(name))
    all_ = sources.kept(store.raw(name))
    present = sources.answering(product, all_)
    here, others = sources.newest(present), len(all_) - len(present)
    known = load_missing(store, name, product)
    states = [state for state, _ in known.values()]
    refused = list(quarantine.reasons(store, name))
    lacks = ", ".join(f"{states.count(one)} {one.replace('_', ' ')}" for one in STATES if one in states)
    size = sum(one.size for one in here) / (1 << 20)
    yield f"{name}: {len(here)} granules here, {size:.1f} MiB{_period(product, [one.times for one in here], today)}"
    if others:
        yield f"  not used: {others} granules of another request or name than the product has now"
    yield f"  missing: {lacks or 'nothing that was asked for'}"
    yield from (f"    {step} failed: {why}" for step, (state, why) in sorted(known.items()) if state == "failed")
    yield f"  in quarantine: {sum(bool(why) for _, why in refused)} refused, {sum(not why for _, why in refused)} begun"
    yield from (f"    {one}: {why}" for one, why in refused if why)


def _period(product: Product, times: list[tuple[str, ...]], today: np.datetime64) -> str:
    found = sorted(step for one in times for step in one)
    if not found:
        return ""
    end = end_of(np.array([np.datetime64(found[-1], "ns")]), product.step)[0].astype("datetime64[D]")
    return f", {found[0]} to {found[-1]}; the newest ended {int((today - end).astype(int))} days ago"
