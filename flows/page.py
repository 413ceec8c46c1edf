"""What a person sees on the page of a run: the latest values, the picture, the check, what it is made of, the files."""

import base64
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from eo import netcdf
from eo.errors import InputError
from eo.judged import judged, series_of
from eo.metrics import Measured
from eo.standing import Standing
from eo.store import Store

FILES_URL = "EO_FILES_URL"
"""The environment variable with the address below which root/results is served; a browser opens no file of its machine
from a page of a server."""
_GRANULES = ("granules_not_yet_published", "granules_missing_upstream", "granules_failed")


def latest_values(file: xr.Dataset) -> list[dict[str, str]]:
    """Give a row for each region of a result: its latest value with its anomaly and its rank among all.

    A result by cells, or by steps that cannot be ranked, gives the rows without what it lacks.
    """
    names = series_of(file) if "region" in file.dims else ()
    if not names:
        return []
    value = names[0]
    anomaly = next((one for one in names if one.endswith("_anomaly")), None)
    ranks = _ranks(file, anomaly or value)
    return [
        _row(file.isel(region=number), value, anomaly, ranks.get(number, "")) for number in range(file.sizes["region"])
    ]


def _row(series: xr.Dataset, value: str, anomaly: str | None, rank: str) -> dict[str, str]:
    there = np.flatnonzero(np.isfinite(series[value].values))
    row = {"region": str(series["region"].values)}
    if not there.size:
        return row | {"time": "no value"}
    last = series.isel(time=int(there[-1]))
    row["time"] = str(last["time"].values)[:10]
    for label, name, form in (("value", value, ".3g"), ("anomaly", anomaly, "+.3g")):
        if name is not None and np.isfinite(last[name]):
            row[label] = f"{float(last[name]):{form}} {last[name].attrs.get('units', '')}".strip()
    return row | {"rank": rank, "coverage": f"{float(last['coverage']):.0%}"}


def _ranks(file: xr.Dataset, name: str) -> dict[int, str]:
    try:
        found = judged(file, name)
    except InputError:
        return {}
    return {number: str(text) for number, text in enumerate(found["rank"].values)}


def summary_text(
    file: Mapping[str, Any],
    said: Mapping[str, Any],
    folder: str,
    done: Measured,
    alarms: Iterable[Standing] = (),
) -> str:
    """Give the text of a run page, as Markdown.

    Parameters
    ----------
    file : global attributes of the result
    said : its lineage
    folder : address of where it lies
    done : what making it took, in numbers
    alarms : what of it is worth a look, and since when
    """
    granules = said["granules"]
    size = sum(one["size"] for one in granules) / (1 << 20)
    missing = [
        f"{int(file[name])} {name.removeprefix('granules_').replace('_', ' ')}" for name in _GRANULES if name in file
    ]
    counts = [
        f"{len(granules)} used ({size:.1f} MiB)",
        f"{done.fetched} new ({done.fetched_size / (1 << 20):.1f} MiB)",
        f"{done.late or 0} late",
        f"{done.quarantined} quarantined",
    ]
    lines = [
        f"# {file['title']}",
        f"{file['summary']}",
        *(f"- **alarm**: {one}" for one in alarms),
        f"- check: {file.get('validation', 'no published series to compare with')}",
        f"- granules: {', '.join(counts)}; missing: {', '.join(missing) or 'none that is known'}",
        f"- product: {file['input_product']}",
        f"- content: `{said['content_digest']}`",
        *(f"- file: [{name}]({link(name, folder)})" for name in said["files"]),
        f"- parts: {done.prepared} prepared, {done.present} already there",
        f"- took: {', '.join(f'{stage} {value:.1f} s' for stage, value in done.seconds.items())}",
    ]
    return "\n".join([lines[0], "", lines[1], "", *lines[2:]]) + "\n"


def link(name: str, folder: str) -> str:
    """Give the address of a published file: below `FILES_URL` where that is served, or in its folder."""
    return f"{os.environ.get(FILES_URL, '').rstrip('/') or folder}/{name}"


def card(file: Mapping[str, Any], done: Measured, alarms: int) -> str:
    """Give the line that stands on the run page before anything is opened."""
    said = f"{alarms} alarms" if alarms > 1 else "1 alarm" if alarms else "no alarm"
    granules = (
        f"granules: {done.granules} used, {done.fetched} new, {done.late or 0} late, {done.quarantined} quarantined"
    )
    return f"{said}; {granules}; {file.get('validation', 'no published series to compare with')}"


def publish_page(store: Store, run: str, done: Measured, alarms: Iterable[Standing] = ()) -> None:
    """Put the latest values, the picture and the text of a result on the page of the run that made it."""
    result, key = store.result(run, "nc"), run.replace("_", "-")
    folder = result.parent.absolute().as_uri() if store.bucket is None else store.url(result.parent)
    with netcdf.opened(result) as file:
        table = latest_values(file)
    said = json.loads(result.with_suffix(".json").read_text(encoding="utf-8"))
    if table:
        create_table_artifact(key=f"latest-{key}", table=table, description=f"Latest values of {file.attrs['title']}")
    picture = base64.b64encode(result.with_suffix(".png").read_bytes()).decode()
    # as Markdown: on the page of an image, Prefect shows its address in full, which is the picture
    shown = f"![{file.attrs['title']}](data:image/png;base64,{picture})\n"
    create_markdown_artifact(key=f"plot-{key}", markdown=shown, description=str(file.attrs["title"]))
    alarms = list(alarms)
    text = summary_text(file.attrs, said, folder, done, alarms)
    create_markdown_artifact(key=f"result-{key}", markdown=text, description=card(file.attrs, done, len(alarms)))
