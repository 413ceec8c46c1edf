"""The series that an indicator gets: the reductions of all parts joined, over every step of a span."""

from collections.abc import Hashable, Iterable
from pathlib import Path

import numpy as np
import xarray as xr

from eo import netcdf
from eo.canonical import spatial_dims
from eo.climatology import complete
from eo.config import Input, Run
from eo.coverage import monthly_mean
from eo.errors import StoreError
from eo.indicators import taken
from eo.loading import load
from eo.model import Part, Span
from eo.parts import reduction_path
from eo.steps import labels, steps_in
from eo.store import Store
from eo.zones import Zone

Series = tuple[xr.Dataset, ...]
"""One dataset for each input of a run, that of its product first."""


def open_series(run: Run, parts: Iterable[Part], store: Store) -> Series:
    """Give the joined reductions for each input of a run: in memory by zones, lazily by cells.

    Raises
    ------
    StoreError
        A reduction cannot be read, or lies on another grid.
    """
    parts = list(parts)
    return tuple(_joined(run, one, [part for part in parts if part.product == one.name], store) for one in run.inputs)


def _joined(run: Run, one: Input, parts: list[Part], store: Store) -> xr.Dataset:
    paths = load(store, [reduction_path(run, one, part, store) for part in parts])
    if run.reduction != "field":
        return _concatenated([netcdf.read(path) for path in paths])
    with netcdf.opened(paths[0]) as first:
        grid = first[_of_the_grid(first)].load()
    return _concatenated([_fields(path, grid) for path in paths]).assign_coords(grid.coords)


def _fields(path: Path, grid: xr.Dataset) -> xr.Dataset:
    """Give the fields of a file, which is closed again: they are read by their chunks, and an open one takes 1 MB."""
    with netcdf.opened(path) as found:
        if not found[_of_the_grid(found)].load().equals(grid):
            raise StoreError(f"{path} must lie on the grid of the others, and it does not; remove it and run again")
        times = found.drop_vars([name for name in grid.coords if name not in found.dims])
        return times.assign_coords({name: one.load() for name, one in times.coords.items()})


def _of_the_grid(found: xr.Dataset) -> list[Hashable]:
    return [name for name, one in found.coords.items() if "time" not in one.dims]


def _concatenated(pieces: list[xr.Dataset]) -> xr.Dataset:
    return xr.concat(
        pieces,
        dim="time",
        data_vars="minimal",
        coords="minimal",
        compat="equals",
        join="exact",
        combine_attrs="override",
    )


def stepped(series: xr.Dataset, run: Run, one: Input) -> xr.Dataset:
    """Give the series of an input at the step that the indicator of a run asks for; it says its units."""
    found = monthly_mean(series) if run.indicator.step == "month" else series
    units = one.product.variables[one.variable].units
    told = {name: found[name].assign_attrs(units=units) for name in ("mean", "total") if name in found}
    return found.assign(told)


def unbroken(run: Run, series: Series) -> Series:
    """Give series without the steps after the first hole beyond the period, where a product has no gaps.

    What comes after a step that is late is not used before that has come.
    """
    return tuple(_unbroken(run, one, each) for one, each in zip(run.inputs, series, strict=True))


def _unbroken(run: Run, one: Input, series: xr.Dataset) -> xr.Dataset:
    after, step = steps_in(Span(run.period.end, run.reached.end), one.product.step), one.product.step
    if one.product.gaps == "allowed" or not after:
        return series
    named = np.array(labels(series["time"].values, step))
    there = set(named.tolist())
    hole = next((each for each in after if each not in there), None)
    return series if hole is None else series.isel(time=np.flatnonzero(named < hole))


def around(series: list[xr.Dataset], run: Run) -> list[xr.Dataset]:
    """Give series over every step of the period and of the months around it that values reach to.

    They begin with the first step of these that one of them has, and end with the last one, or else with the period.
    """
    whole = [complete(one, run.reached, run.step) for one in series]
    time = whole[0]["time"].values
    month = time.astype("datetime64[M]")
    kept = (month >= run.period.start) & (month < run.period.end)
    for one in series:
        kept |= np.isin(time, one["time"].values)
    places = np.flatnonzero(kept)
    return [one.isel(time=slice(int(places[0]), int(places[-1]) + 1)) for one in whole]


def within(found: xr.Dataset, period: Span) -> xr.Dataset:
    """Give the steps of a result that start in a period, and years that have a part in it."""
    bounds = found["time_bounds"].values
    first, last = (one.astype("datetime64[M]") for one in (bounds[:, 0], bounds[:, 1] - np.timedelta64(1, "ns")))
    years = (last - first).astype(int) > 1
    begun = (first >= period.start) | (years & (last >= period.start))
    return found.isel(time=np.flatnonzero(begun & (first < period.end)))


def gathered(run: Run, cells: xr.Dataset, at: tuple[Zone, ...]) -> xr.Dataset:
    """Give the series of the region of a run whose indicator makes one of all its cells; other results as they are."""
    function = run.indicator.gather
    if function is None:
        return cells
    area = xr.DataArray(at[0].weights, dims=spatial_dims(cells))
    found: xr.Dataset = function(cells, area, **taken(function, run.parameters)).compute()
    named = found.expand_dims(region=[at[0].name])
    return named.assign_coords(time_bounds=cells["time_bounds"])
