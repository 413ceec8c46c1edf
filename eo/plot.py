"""The bulletin plot of a result: one panel a region, anomalies as bars, warm red and cold blue."""

from pathlib import Path
from textwrap import fill
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from eo.canonical import spatial_dims
from eo.climatology import WMO_YEARS, baseline_years
from eo.config import Run
from eo.places import time_step

WARM, COLD, LINE, MUTED = "#b2182b", "#2166ac", "#222222", "#666666"
_SYMBOLS = {"degC": "°C", "1": ""}


def draw(result: xr.Dataset, run: Run, path: Path, note: str = "") -> None:
    """Draw a result to a PNG file: a panel a region, or a map of the latest step.

    Parameters
    ----------
    result : Dataset
        A result, (region, time) or by cells.
    run : its run, for titles and sources
    path : where the picture goes
    note : a line below the panels: the validation
    """
    series = "region" in result.dims
    panels = result.sizes["region"] if series else 1
    with mpl.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(11, 2.1 * panels + 2.1 if series else 6.5), dpi=130, layout="constrained")
        if series:
            _panels(figure, result, run)
        else:
            _map(figure, result, run)
        figure.suptitle(run.config.title, fontsize=14, fontweight="bold", x=0.01, ha="left")
        figure.supxlabel(_caption(run, note), fontsize=8, color=MUTED, x=0.01, ha="left")
        figure.savefig(path, format="png", metadata={"Title": run.config.title, "Source": run.product.citation})


def drawn(result: xr.Dataset, run: Run) -> str:
    """Give the name of the output that is drawn: the first difference (an anomaly) of full size, else the first one."""
    whole = set(result["status"].dims)
    names = {one.name.format(variable=run.config.variable): one for one in run.indicator.outputs}
    full = [name for name in names if set(result[name].dims) == whole]
    return next((name for name in full if names[name].difference), full[0])


def _panels(figure: Figure, result: xr.Dataset, run: Run) -> None:
    axes = figure.subplots(result.sizes["region"], 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for number, panel in enumerate(axes):
        _panel(panel, result.isel(region=number), run, str(result["region_title"].values[number]), drawn(result, run))
    axes[-1].xaxis.set_major_locator(AutoDateLocator())
    axes[-1].xaxis.set_major_formatter(ConciseDateFormatter(axes[-1].xaxis.get_major_locator()))


def _panel(panel: Axes, series: xr.Dataset, run: Run, title: str, name: str) -> None:
    units = str(series[name].attrs.get("units", ""))
    bounds = series["time_bounds"].values
    width = bounds[:, 1] - bounds[:, 0]
    time, values = bounds[:, 0] + width // 2, series[name].values.astype(np.float64)
    difference = any(
        one.difference and one.name.format(variable=run.config.variable) == name for one in run.indicator.outputs
    )
    if difference:
        panel.bar(time, values, width=width * 9 // 10, color=np.where(values >= 0, WARM, COLD))
        panel.axhline(0, color=LINE, linewidth=0.8)
    else:
        panel.plot(time, values, color=LINE, linewidth=1.4)
    panel.set_ylabel(f"{'anomaly, ' if name.endswith('_anomaly') else ''}{_SYMBOLS.get(units, units)}")
    panel.set_title(title, loc="left", fontsize=11)
    panel.set_title(_latest(series, values, units, signed=difference), loc="right", fontsize=9, color=MUTED)
    missing = ~np.isfinite(values)
    if missing.any():
        panel.plot(time[missing], np.zeros(int(missing.sum())), "x", color=MUTED, markersize=4, label="no value")
        panel.legend(loc="lower left", fontsize=8, frameon=False)
    panel.grid(axis="y", color="#dddddd", linewidth=0.6)
    panel.set_axisbelow(True)


def _map(figure: Figure, result: xr.Dataset, run: Run) -> None:
    """Draw the latest step that has a value; cells without one stay grey."""
    name = drawn(result, run)
    rows, columns = spatial_dims(result)
    seen = np.flatnonzero(np.isfinite(result[name].values).any(axis=(1, 2)))
    latest = result[name].isel(time=int(seen[-1]) if seen.size else -1)
    values = latest.transpose(rows, columns).values.astype(np.float64)
    limits: dict[str, Any] = {}
    if any(one.difference for one in run.indicator.outputs if one.name.format(variable=run.config.variable) == name):
        reach = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
        limits = {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach}
    panel = figure.subplots()
    panel.set_facecolor("#dddddd")
    drawn_ = panel.pcolormesh(latest[columns].values, latest[rows].values, values, shading="nearest", **limits)
    units = str(result[name].attrs.get("units", ""))
    figure.colorbar(drawn_, ax=panel, label=f"{result[name].attrs['long_name']} {_SYMBOLS.get(units, units)}".strip())
    panel.set_aspect("equal" if rows == "y" else 1.0)
    panel.set_title(str(latest["time"].values)[:10], loc="right", fontsize=9, color=MUTED)
    panel.set_title(next(iter(run.regions.values())).title, loc="left", fontsize=11)


def _latest(series: xr.Dataset, values: np.ndarray, units: str, *, signed: bool) -> str:
    there = np.flatnonzero(np.isfinite(values))
    if not there.size:
        return "no value"
    last = int(there[-1])
    unit: Literal["M", "D"] = "M" if time_step(series) in {"month", "year"} else "D"
    month = np.datetime_as_string(series["time"].values[last], unit=unit)
    return f"{month}: {values[last]:{'+' if signed else ''}.2f} {_SYMBOLS.get(units, units)}"


def _caption(run: Run, note: str) -> str:
    product = run.product
    lines = [f"Data: {product.title}, {product.institution}. Licence: {product.licence}."]
    if run.baseline is not None:
        years = baseline_years(run.baseline)
        short = f", {years} years, not the {WMO_YEARS} of a standard normal" if years < WMO_YEARS else ""
        lines.append(f"Anomalies are relative to {run.baseline.start} to {run.baseline.end - 1}{short}.")
    if note:
        lines.append(f"Check: {note}.")
    return "\n".join(fill(line, 150) for line in lines)
