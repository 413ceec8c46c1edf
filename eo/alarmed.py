"""The alarms of a result that is there: asked of its values, of its newest input and of the day.

They are asked anew each time, also where there was nothing to build: data that does not come raises one. So they stand
in a file of their own (`eo.standing`), not in the lineage, which is that of the numbers and is published with them.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from eo import netcdf
from eo.alarms import Alarm, constant_field, constant_series, drifted, late, outlying, overdue, thinning
from eo.config import AlarmRules, Drift, Run
from eo.judged import series_of
from eo.loading import load, load_latest, present
from eo.model import Part
from eo.store import Store


def load_alarms(
    run: Run, parts: Iterable[Part], newest: Mapping[str, str], *, store: Store, work: Path, day: np.datetime64
) -> list[Alarm]:
    """Give all alarms of the result of a run, in a fixed order.

    Parameters
    ----------
    run, parts : what the result was made of
    newest : product -> the last time step that is here
    store, work : where the result is; a folder of `eo.store.opened`
    day : datetime64[D], the day of the slot

    Raises
    ------
    StoreError
        The result, or a part, cannot be read.
    """
    rules = run.config.alarms
    result = load_latest(store, store.result(run.name, "nc"))
    with netcdf.opened(result) as file:
        found = list(of_freshness(run, newest, day)) + list(of_result(file, rules))
    if rules.constant == "alarm":
        found += _of_input(run, list(parts), store, work)
    if rules.drift is not None:
        other = load_latest(store, store.result(rules.drift.run, "nc"))
        mine = netcdf.read(result)
        found += of_drift(mine, netcdf.read(other) if other.exists() else None, rules.drift)
    return found


def of_freshness(run: Run, newest: Mapping[str, str], day: np.datetime64) -> Iterator[Alarm]:
    """Give the alarms of the products of a run that goes on; a closed period waits for nothing."""
    if run.is_open:
        for name, product in {one.name: one.product for one in run.inputs}.items():
            yield from late(name, product, newest[name], day)


def late_steps(run: Run, newest: Mapping[str, str], day: np.datetime64) -> int:
    """Give how many steps of the products of a run are due by a day and not here; a closed period waits for none."""
    products = {one.name: one.product for one in run.inputs} if run.is_open else {}
    return sum(overdue(one, newest[name], day) for name, one in products.items())


def of_result(file: xr.Dataset, rules: AlarmRules) -> Iterator[Alarm]:
    """Give the alarms of the values and the coverage of a result: by region, or of its newest field."""
    if "time" not in file.dims or "coverage" not in file:
        return
    starts = file["time"].values
    if "region" not in file.coverage.dims:
        yield from _of_field(file, rules)
        level = file["coverage"].mean([dim for dim in file["coverage"].dims if dim != "time"]).values
        yield from thinning(level, starts, "all cells", rules.sigma)
        return
    value = series_value(file)
    for number, region in enumerate(file["region"].values):
        if value is not None:
            series = value.isel(region=number).values
            where = f"{value.name} of {region}"
            if rules.constant == "alarm":
                yield from constant_series(series, where, _floor(value))
            yield from outlying(series, starts, where, rules.sigma)
        yield from thinning(file["coverage"].isel(region=number).values, starts, f"coverage of {region}", rules.sigma)


def series_value(file: xr.Dataset) -> xr.DataArray | None:
    """Give the first series of a result, which its indicator is named for; (region, time)."""
    names = series_of(file)
    return file[names[0]].transpose("region", "time") if names else None


def _floor(value: xr.DataArray) -> float:
    return float(np.atleast_1d(value.attrs.get("valid_range", -np.inf))[0])


def _of_field(file: xr.Dataset, rules: AlarmRules) -> Iterator[Alarm]:
    whole = file["coverage"].dims
    name = next((str(name) for name, one in file.data_vars.items() if one.dims == whole and one.dtype.kind == "f"), "")
    if not name:
        return
    last = file[name].isel(time=-1).values
    low = _floor(file[name])
    if rules.constant == "alarm" and not (last[np.isfinite(last)] == low).all():
        yield from constant_field(last, f"{name} on {str(file['time'].values[-1])[:10]}")


def of_drift(file: xr.Dataset, other: xr.Dataset | None, drift: Drift) -> Iterator[Alarm]:
    """Give the alarms of a result that goes away from another one, region by region."""
    rule = f"the difference from {drift.run} stays within {drift.tolerance:g}"
    mine, theirs = series_value(file), None if other is None else series_value(other)
    if mine is None or theirs is None:
        yield Alarm(rule, "cannot be said: one of the two has no series here", drift.run)
        return
    units = mine.attrs.get("units", "")
    if theirs.attrs.get("units", "") != units:
        yield Alarm(rule, f"cannot be said: units are {units!r} and {theirs.attrs.get('units', '')!r}", str(mine.name))
        return
    shared = [one for one in mine["region"].values if one in theirs["region"].values]
    if not shared:
        yield Alarm(rule, "cannot be said: the two have no region in common", str(mine.name))
    for region in shared:
        pair = xr.align(_plain(mine, region), _plain(theirs, region), join="inner")
        difference = pair[0].values - pair[1].values
        starts = pair[0]["time"].values
        where = f"{mine.name} of {region}"
        yield from drifted(difference, starts, where, tolerance=drift.tolerance, units=units, other=drift.run)


def _plain(series: xr.DataArray, region: object) -> xr.DataArray:
    return series.isel(region=series["region"].values.tolist().index(region)).reset_coords(drop=True)


def _of_input(run: Run, parts: list[Part], store: Store, work: Path) -> list[Alarm]:
    """Give the alarms of the fields of the newest part of each input, one field in memory at a time."""
    found: list[Alarm] = []
    for one in run.inputs:
        path = store.part(max((part for part in parts if part.product == one.name), key=lambda part: part.period))
        for here in load(store, present(store, [path]), place=partial(store.place, work=work)):
            found += _of_part(here, one.variable, one.name)
    return found


@netcdf.serial
def _of_part(path: Path, variable: str, name: str) -> list[Alarm]:
    with netcdf.opened(path) as content:
        field = content[variable]
        stamps = [str(one)[:13].removesuffix("T00") for one in field["time"].values]
        return [
            each
            for number, stamp in enumerate(stamps)
            for each in constant_field(field.isel(time=number).values, f"{name} on {stamp}")
        ]
