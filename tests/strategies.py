"""Data sets as a reader gives them, and strategies that draw them: axes, grids, fields, zones, series, baselines."""

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eo.canonical import STATUS, canonical
from eo.model import Box, Product, Region, Span, Step, Variable, span
from eo.steps import Stamp
from eo.zones import Zone, zonal_mean, zones

FIELD = Variable(source="published_field", units="K", long_name="a field", plausible=(-1e9, 1e9))
"""A variable whose values pass as they are."""

Floats = npt.NDArray[np.float64]


def product(name: str, step: Step = "month", **variable: Any) -> Product:  # noqa: ANN401 - the keys of a variable
    """Give a synthetic product with one variable, read by the rules of CF."""
    words = dict.fromkeys(
        ("title", "summary", "institution", "platform", "version", "licence", "citation"), "synthetic"
    )
    said = {"long_name": "a synthetic field", "plausible": (-1e9, 1e9)} | variable
    return Product.model_validate(
        words
        | {"url": "https://example.org", "source": {"kind": "local", "path": "*.nc"}, "reader": "cf", "step": step}
        | {"variables": {name: said}}
    )


def months(count: int, start: str = "2001-01") -> npt.NDArray[np.datetime64]:
    return (np.datetime64(start, "M") + np.arange(count)).astype("datetime64[ns]")


def days(count: int, start: str = "2001-01-01") -> npt.NDArray[np.datetime64]:
    return (np.datetime64(start, "D") + np.arange(count)).astype("datetime64[ns]")


def published(  # noqa: PLR0913 - what a file may say
    values: npt.ArrayLike,
    lat: npt.ArrayLike,
    lon: npt.ArrayLike,
    time: npt.NDArray[np.datetime64] | None = None,
    *,
    lat_bounds: npt.ArrayLike | None = None,
    lon_bounds: npt.ArrayLike | None = None,
    time_bounds: npt.NDArray[np.datetime64] | None = None,
    status: npt.ArrayLike | None = None,
    units: str = "K",
) -> xr.Dataset:
    """Give (time, lat, lon) values as a reader does: status beside them, and the bounds that are published."""
    data = np.asarray(values)
    reason = np.where(np.isfinite(data), STATUS["ok"], STATUS["never_observed"]) if status is None else status
    dims = ("time", "lat", "lon")
    coordinates: dict[str, Any] = {
        "time": ("time", months(data.shape[0]) if time is None else time),
        "lat": ("lat", np.asarray(lat)),
        "lon": ("lon", np.asarray(lon)),
    }
    for name, bounds in {"lat": lat_bounds, "lon": lon_bounds, "time": time_bounds}.items():
        if bounds is not None:
            coordinates[f"{name}_bounds"] = ((name, "nv"), np.asarray(bounds))
    return xr.Dataset(
        {"field": (dims, data, {"units": units}), "field_status": (dims, np.asarray(reason, np.int8))}, coordinates
    )


def made_canonical(
    content: xr.Dataset, variable: Variable = FIELD, *, step: Step = "month", stamp: Stamp = "start"
) -> xr.Dataset:
    return canonical(content, {"field": variable}, step=step, stamp=stamp)


def box(west: float, east: float, south: float, north: float) -> Region:
    return Region(title="a box", box=Box(west=west, east=east, south=south, north=north))


def zone_of(region: Region, content: xr.Dataset) -> Zone:
    return zones({"a": region}, content)[0]


def mean_over(region: Region, content: xr.Dataset) -> xr.Dataset:
    """Give the zonal mean of the field of a canonical dataset."""
    return zonal_mean(
        content["field"], content["field_status"], zones({"a": region}, content), STATUS["outside_domain"]
    )


def series(
    mean: npt.ArrayLike, coverage: npt.ArrayLike = 1.0, time: npt.NDArray[np.datetime64] | None = None
) -> xr.Dataset:
    """Give (region, time) means and coverages as a zonal mean does; by months, or by days where `time` says so."""
    values = np.atleast_2d(np.asarray(mean, np.float64))
    share = np.broadcast_to(np.asarray(coverage, np.float64), values.shape).copy()
    start = months(values.shape[1]) if time is None else time
    unit = "M" if time is None else "D"
    end = (start.astype(f"datetime64[{unit}]") + 1).astype("datetime64[ns]")
    return xr.Dataset(
        {"mean": (("region", "time"), values), "coverage": (("region", "time"), share)},
        {
            "region": [f"r{number}" for number in range(values.shape[0])],
            "time": start,
            "time_bounds": (("time", "nv"), np.stack([start, end], axis=1)),
        },
    )


@st.composite
def regular_axes(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Draw the latitudes (ascending) and longitudes (0..360) of a regular grid that covers the sphere."""
    rows, columns = draw(st.integers(2, 24)), draw(st.integers(3, 48))
    phase = draw(st.sampled_from([0.0, 0.5]))  # a cell has its centre or its edge on the Greenwich meridian
    return (np.arange(rows) + 0.5) * 180.0 / rows - 90.0, (np.arange(columns) + phase) * 360.0 / columns


@st.composite
def edges(draw: st.DrawFn, low: float, high: float) -> Floats:
    """Draw the edges of cells of uneven widths that share a stretch without a gap."""
    widths = draw(st.lists(st.integers(1, 20), min_size=3, max_size=16))
    ends = np.concatenate([[0], np.cumsum(widths)]) / sum(widths)
    return low + (high - low) * ends


def cells_between(ends: Floats) -> tuple[Floats, Floats]:
    """Give the centres and bounds of the cells between edges."""
    bounds = np.stack([ends[:-1], ends[1:]], axis=1)
    return bounds.mean(axis=1), bounds


@st.composite
def values(draw: st.DrawFn, shape: tuple[int, ...], *, missing: bool = False) -> npt.NDArray[np.float32]:
    """Draw temperatures as agencies give them, hundredths of a kelvin in single precision; some may be missing."""
    packed = draw(hnp.arrays(np.int16, shape, elements=st.integers(-5000, 32000)))
    there = draw(hnp.arrays(np.bool_, shape, fill=st.just(True))) if missing else True  # noqa: FBT003 - a drawn value
    return np.where(there, packed / 100, np.nan).astype(np.float32)


@st.composite
def fields(draw: st.DrawFn, *, missing: bool = False, steps: int = 2) -> xr.Dataset:
    """Draw a published dataset of a regular global grid, by months."""
    lat, lon = draw(regular_axes())
    return published(draw(values((steps, lat.size, lon.size), missing=missing)), lat, lon)


@st.composite
def boxes(draw: st.DrawFn) -> Region:
    """Draw a box of whole tenths of a degree, of any width but the whole circle; it may cross the antimeridian."""
    west, width = draw(st.integers(-1800, 1799)) / 10, draw(st.integers(5, 3599)) / 10
    south = draw(st.integers(-900, 890)) / 10
    north = draw(st.integers(int(south * 10) + 5, 900)) / 10
    east = west + width
    return box(west, round(east - 360 if east > 360 else east, 1), south, north)


@st.composite
def baselines(draw: st.DrawFn, *, missing: bool = False) -> tuple[xr.Dataset, Span]:
    """Draw a monthly series of two regions over whole years, and the span of all its years."""
    years = draw(st.integers(1, 4))
    mean = draw(values((2, 12 * years), missing=missing)).astype(np.float64)
    return series(mean, np.where(np.isfinite(mean), 1.0, 0.0)), span(f"2001/{2000 + years}")
