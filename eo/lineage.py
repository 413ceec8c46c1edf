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

from eo import __version__, netcdf
from eo.config import Run
from eo.errors import InputError, unknown
from eo.model import Granule, Part
from eo.provenance import code_digest, digest
from eo.sources import integrity

_LIBRARIES = ("numpy", "xarray", "dask", "netCDF4", "shapely", "cf-units")


def code_version() -> str:
    """Give the version of the code and the digest of its source."""
    return f"{__version__}+{code_digest()[:12]}"


def config_digest(run: Run) -> str:
    """Give the digest of all that was configured for a run."""
    return digest(run.definition())


def _granule(one: Granule) -> dict[str, Any]:
    return {
        "product": one.product,
        "sha256": one.sha256,
        "size": one.size,
        "origin": one.origin,
        "path": str(one.path),
        "retrieved": one.retrieved,
        "times": list(one.times),
    }


def document(run: Run, parts: Iterable[Part], **said: object) -> str:
    """Give the text of the lineage file.

    Parameters
    ----------
    run : the deliverable
    parts : all parts that it was made of
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
        **said,
        "parts": [
            {"product": one.product, "period": one.period, "digest": one.digest,
             "granules": [granule.sha256 for granule in one.granules]}
            for one in parts
        ],
        "granules": [_granule(one) for one in sorted(granules.values(), key=lambda one: one.times)],
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

    region: str
    time: str
    values: dict[str, str]
    status: str
    granules: list[dict[str, Any]]
    """The input files of the value itself."""
    baseline: list[dict[str, Any]]
    """The input files of its normal; empty where it has none."""
    lineage: dict[str, Any]


def trace(path: Path, region: str, time: str) -> Trace:
    """Give the value of a region and month with the files that it was made of.

    Parameters
    ----------
    path : a result, with its lineage beside it
    region : a region of the result
    time : YYYY-MM

    Raises
    ------
    InputError
        No such file, region or time, or the lineage does not belong to the file.
    """
    said = load(path)
    file = netcdf.read(path)
    regions = [str(one) for one in file["region"].values]
    if region not in regions:
        raise unknown("region", region, regions, str(path))
    months = file["time"].values.astype("datetime64[M]").astype(str).tolist()
    if time not in months:
        raise InputError(f"no time {time!r} in {path}; it has {months[0]} to {months[-1]}, written YYYY-MM")
    row = file.isel(region=regions.index(region), time=months.index(time))
    dims = ("region", "time")
    shown = {
        str(name): f"{float(row[name]):.6g} {one.attrs.get('units', '')}".strip()
        for name, one in file.data_vars.items()
        if one.dims == dims and one.dtype.kind == "f"
    }
    meanings = str(file["status"].attrs["flag_meanings"]).split()
    known = np.atleast_1d(file["status"].attrs["flag_values"]).tolist()
    return Trace(
        region,
        time,
        shown,
        meanings[known.index(int(row["status"]))],
        _of_months(said, [time]),
        _baseline(said, time),
        said,
    )


def _of_months(said: Mapping[str, Any], months: Iterable[str]) -> list[dict[str, Any]]:
    wanted = set(months)
    used = {sha for part in said["parts"] for sha in part["granules"]}
    return [
        one
        for one in said["granules"]
        if one["sha256"] in used
        and any(time == month or time[: len("YYYY-MM")] == month for time in one["times"] for month in wanted)
    ]


def _baseline(said: Mapping[str, Any], time: str) -> list[dict[str, Any]]:
    """Give the files of the normal of a month: those of the same calendar month in the baseline years."""
    months = said.get("normal", {}).get("months", [])
    return _of_months(said, [one for one in months if one[-2:] == time[-2:]])
