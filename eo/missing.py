"""Which granules are missing, and why: not yet published, missing upstream, or failed to come."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from eo.config import Run
from eo.errors import InputError
from eo.loading import load_latest
from eo.model import Part, Product, Span
from eo.origin import is_remote
from eo.sources import asked
from eo.steps import end_of, steps_in
from eo.store import Store, keep

State = Literal["not_yet_published", "missing_upstream", "failed"]
STATES: tuple[State, ...] = get_args(State)
_UNITS = {"D": 1, "W": 7, "M": 31, "Y": 366}
"""Days; of a month and a year the most that they have."""

Missing = dict[str, tuple[State, str]]
"""Time step -> the state, and what is known of it."""


def state_of(step: str, product: Product, today: np.datetime64) -> State:
    """Give why a step that a service does not have is missing: its latency may not be over yet.

    Parameters
    ----------
    today : datetime64[D]
    """
    end = end_of(np.array([np.datetime64(step, "ns")]), product.step)[0].astype("datetime64[D]")
    days = latency_days(product.latency or "P0D")
    return "not_yet_published" if today < end + np.timedelta64(days, "D") else "missing_upstream"


def latency_days(latency: str) -> int:
    """Give the days of a latency such as P3D or P1M; of a month the most that it has."""
    return int(latency[1:-1]) * _UNITS[latency[-1]]


def write_missing(
    store: Store, name: str, product: Product, steps: Iterable[str], found: Missing, *, work: Path
) -> None:
    """Keep what is missing of the steps that were asked for; what is known of other steps stays."""
    before, steps = load_missing(store, name, product), set(steps)
    whole = {step: one for step, one in before.items() if step not in steps} | found
    said = {"product": name, "request": asked(product), "steps": {step: list(whole[step]) for step in sorted(whole)}}
    keep(store, store.missing(name), json.dumps(said, indent=1) + "\n", work)


def load_missing(store: Store, name: str, product: Product) -> Missing:
    """Give what is known to be missing of a product, as it is configured now: of another request nothing is known.

    Raises
    ------
    InputError
        The record cannot be read.
    """
    path = load_latest(store, store.missing(name))
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        known = said["steps"] if said.get("request", "") == asked(product) else {}
        return {step: (state, why) for step, (state, why) in known.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} must say what is missing, and it cannot be read: {error}") from None


def needed(run: Run, product: Product, have: Iterable[str]) -> list[str]:
    """Give the steps that a run cannot do without, in order.

    These are all of its period and its baseline. Of the months before its period that its values reach to, those from
    the first step on that is here: a record begins somewhere, but what it has is whole. After its period none: they
    come late, and `eo.series.around` takes what has no hole before it.
    """
    there = set(have)
    before = steps_in(Span(run.reached.start, run.period.start), product.step)
    first = next((number for number, step in enumerate(before) if step in there), len(before))
    return sorted({step for one in spans(run) for step in steps_in(one, product.step)} | set(before[first:]))


def taken(run: Run, product: Product, have: Iterable[str]) -> Span:
    """Give the months whose parts a run takes: its period and, of what it reaches to, all but a month that has begun.

    An indicator by months has no use for that yet, and its part would be another one each day; one by days has.
    """
    there, after = set(have), np.arange(run.period.end, run.reached.end)
    over = [month for month in after if steps_in(Span(month, month + 1), product.step)[-1] in there]
    last = max(over, default=run.period.end - 1) if run.indicator.step == "month" else run.reached.end - 1
    return Span(run.reached.start, last + 1)


def counts(known: Mapping[str, tuple[State, str]], steps: Iterable[str]) -> dict[State, int]:
    """Give how many of the steps are missing for each reason."""
    states = [known[step][0] for step in steps if step in known]
    return {state: states.count(state) for state in STATES}


def spans(run: Run) -> list[Span]:
    """Give the spans of months that a run takes its inputs from."""
    return [run.period] if run.baseline is None else [run.period, run.baseline]


def to_ask(run: Run, product: Product, have: Iterable[str], known: Missing, today: np.datetime64) -> list[list[str]]:
    """Give the steps that a run wants of a service and that are not here, in order, for each span of months.

    Those that its values reach to outside of its period are asked for until the service is known not to have them.

    Parameters
    ----------
    today : datetime64[D]; no later month is asked for but those of the period itself
    """
    there = set(have)
    month = today.astype("datetime64[M]") + 1
    around = Span(run.reached.start, max(run.period.end, min(run.reached.end, month)))
    inside = {step for one in spans(run) for step in steps_in(one, product.step)}
    settled = {step for step, (state, _) in known.items() if state == "missing_upstream"} - inside
    found = []
    for one in [around, *spans(run)[1:]]:
        found.append([step for step in steps_in(one, product.step) if step not in there | settled])
        there |= set(found[-1])  # asked for once, where two spans overlap
    return found


def check_explained(run: Run, name: str, product: Product, have: Iterable[str], store: Store) -> None:
    """Refuse a run that lacks granules of a service without its being known that the service has none.

    Raises
    ------
    InputError
        Granules failed to come, or were never asked for: a series would be shorter, or have gaps, that are no fact.
    """
    if not is_remote(product.source):
        return
    known = load_missing(store, name, product)
    there = set(have)
    needs = [one for one in needed(run, product, there) if one not in there]
    failed = [one for one in sorted(known.keys() - there) if known[one][0] == "failed"]
    around = set(steps_in(run.reached, product.step))
    # of an open run the end is that of its data: what failed after it makes it shorter
    wants = [one for one in failed if one in around or (run.is_open and one >= str(run.period.end))]
    open_ = sorted({*wants, *(one for one in needs if known.get(one, ("failed", ""))[0] == "failed")})
    if open_:
        reason = next((known[step][1] for step in open_ if step in known), "they were never asked for")
        raise InputError(
            f"run {run.name!r} needs all that the service of {name!r} has; {len(open_)} granules from {open_[0]} to "
            f"{open_[-1]} are not here ({reason}): eo fetch {name} --from {open_[0][:7]} --to {open_[-1][:7]}"
        )


def attributes(run: Run, parts: Iterable[Part], store: Store) -> dict[str, np.int32]:
    """Give what a result says of the granules that its services did not have; nothing for files that were here."""
    parts = list(parts)
    total: dict[State, int] = dict.fromkeys(STATES, 0)
    services = {one.name: one.product for one in run.inputs if is_remote(one.product.source)}
    for name, product in services.items():
        have = {time for part in parts if part.product == name for one in part.granules for time in one.times}
        found = counts(load_missing(store, name, product), set(needed(run, product, have)) - have)
        total = {state: number + found[state] for state, number in total.items()}
    return {f"granules_{state}": np.int32(number) for state, number in total.items()} if services else {}
