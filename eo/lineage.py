"""The lineage of a result: a JSON file beside it that says which files every number was made of."""

import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from eo import __version__, netcdf
from eo.canonical import spatial_dims
from eo.config import Run
from eo.errors import InputError, unknown
from eo.model import Granule, Part
from eo.places import time_step
from eo.provenance import code_digest, digest
from eo.sources import integrity
from eo.store import Store

_LIBRARIES = ("numpy", "xarray", "dask", "netCDF4", "shapely", "cf-units")


def code_version() -> str:
    """Give the version of the code and the digest of its source."""
    return f"{__version__}+{code_digest()[:12]}"


def config_digest(run: Run) -> str:
    """Give the digest of all that was configured for a run."""
    return digest(run.definition())


def _granule(one: Granule, store: Store) -> dict[str, Any]:
    return {
        "product": one.product,
        "sha256": one.sha256,
        "size": one.size,
        "origin": one.origin,
        "path": store.url(one.path) if one.key else str(one.path),
        "retrieved": one.retrieved,
        "times": list(one.times),
    }


def document(run: Run, parts: Iterable[Part], store: Store, **said: object) -> str:
    """Give the text of the lineage file.

    Parameters
    ----------
    run : the deliverable
    parts : all parts that it was made of
    store : where they are
    said : further entries: `content_digest`, `input_digest`, `normal`, `validation`, `files`
    """
    parts = list(parts)
    granules = {one.sha256: one for part in parts for one in part.granules}
    content = {
        "run": run.name,
        "title": run.config.title,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": code_version(),
        "config_digest": config_digest(run),
        "environment": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in _LIBRARIES},
        },
        "reach": run.reach,
        **said,
        "parts": [
            {"product": one.product, "period": one.period, "digest": one.digest,
             "granules": [granule.sha256 for granule in one.granules]}
            for one in parts
        ],
        "granules": [_granule(one, store) for one in sorted(granules.values(), key=lambda one: one.times)],
        "config": run.definition(),
    }  # fmt: skip
    return json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n"


def load(path: Path) -> dict[str, Any]:
    """Give the lineage that belongs to a result.

    Raises
    ------
    InputError
        There is none beside it, or it belongs to another state of the file.
    """
    beside = path.with_suffix(".json")
    integrity.check(path)
    try:
        found = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(f"a result has its lineage beside it, and {beside} is not there or not JSON") from None
    if not isinstance(found, dict) or found.get("content_digest") != netcdf.content(path):
        raise InputError(f"{beside} must belong to {path}; its content_digest is another. Run the build again")
    return found


@dataclass(frozen=True)
class Trace:
    """Where one value comes from."""

    place: str
    time: str
    values: dict[str, str]
    status: str
    granules: list[dict[str, Any]]
    """The input files of the value itself."""
    baseline: list[dict[str, Any]]
    """The input files of its normal; empty where it has none."""
    lineage: dict[str, Any]


def trace(path: Path, place: str, time: str) -> Trace:
    """Give the value of a region or a cell at one time with the files that it was made of.

    Parameters
    ----------
    path : a result, with its lineage beside it
    place : a region of the result; for one by cells ``LAT,LON`` in degrees, which stands for the cell nearest to it
    time : YYYY-MM of a monthly result, YYYY-MM-DD of one by shorter steps, YYYY of a yearly one

    Raises
    ------
    InputError
        No such file, place or time, or the lineage does not belong to the file.
    """
    said = load(path)
    with netcdf.opened(path) as file:
        return _traced(file, said, path, place, time)


def _traced(file: xr.Dataset, said: dict[str, Any], path: Path, place: str, time: str) -> Trace:
    unit = _UNITS.get(time_step(file), "D")
    times = file["time"].values.astype(f"datetime64[{unit}]").astype(str).tolist()
    at = _place(file, place, path)
    if time not in times:
        form = {"Y": "YYYY", "M": "YYYY-MM", "D": "YYYY-MM-DD"}[unit]
        raise InputError(f"no time {time!r} in {path}; it has {times[0]} to {times[-1]}, written {form}")
    row = file.isel({**at, "time": times.index(time)})
    whole = file["status"].dims
    shown = {
        str(name): f"{float(row[name]):.6g} {one.attrs.get('units', '')}".strip()
        for name, one in file.data_vars.items()
        if one.dims == whole and one.dtype.kind == "f"
    }
    meanings = str(file["status"].attrs["flag_meanings"]).split()
    known = np.atleast_1d(file["status"].attrs["flag_values"]).tolist()
    own = _own_months(file["time_bounds"].values[times.index(time)], said.get("reach", (0, 0)))
    return Trace(
        place,
        time,
        shown,
        meanings[known.index(int(row["status"]))],
        _of_months(said, own),
        _baseline(said, own),
        said,
    )


_UNITS = {"year": "Y", "month": "M"}


def _own_months(bounds: np.ndarray, reach: Iterable[int]) -> list[str]:
    """Give the months that a value is made of: those of its bounds, and as many before and after as it reaches to."""
    before, after = reach
    first = bounds[0].astype("datetime64[M]") - before
    last = (bounds[1] - np.timedelta64(1, "ns")).astype("datetime64[M]") + after
    return [str(one) for one in np.arange(first, last + 1)]


def _place(file: xr.Dataset, place: str, path: Path) -> dict[str, int]:
    """Give the index of a region, or of the cell nearest to a point."""
    if "region" in file.dims:
        regions = [str(one) for one in file["region"].values]
        if place not in regions:
            raise unknown("region", place, regions, str(path))
        return {"region": regions.index(place)}
    try:
        latitude, longitude = (float(one) for one in place.split(","))
    except ValueError:
        raise InputError(f"a cell of {path} is written LAT,LON in degrees, not {place!r}") from None
    dims = spatial_dims(file)
    north, east = (one.transpose(*dims).values for one in xr.broadcast(file["lat"], file["lon"]))
    turn = (east - longitude + 180.0) % 360.0 - 180.0
    distance = (north - latitude) ** 2 + (turn * np.cos(np.deg2rad(latitude))) ** 2
    row, column = np.unravel_index(int(np.argmin(distance)), distance.shape)
    return {dims[0]: int(row), dims[1]: int(column)}


def _of_months(said: Mapping[str, Any], months: Iterable[str]) -> list[dict[str, Any]]:
    wanted = set(months)
    used = {sha for part in said["parts"] for sha in part["granules"]}
    return [
        one
        for one in said["granules"]
        if one["sha256"] in used
        and any(time == month or time[: len("YYYY-MM")] == month for time in one["times"] for month in wanted)
    ]


def _baseline(said: Mapping[str, Any], own: Iterable[str]) -> list[dict[str, Any]]:
    """Give the files of the normal of some months: those of the same calendar months in the baseline years."""
    calendar = {one[-2:] for one in own}
    months = said.get("normal", {}).get("months", [])
    return _of_months(said, [one for one in months if one[-2:] in calendar])
