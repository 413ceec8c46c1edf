"""The bulletin plot of a result: one panel a region, differences (anomalies) as bars, warm red and cold blue."""

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
from eo.indicators import Output
from eo.places import time_step

WARM, COLD, LINE, MUTED = "#b2182b", "#2166ac", "#222222", "#666666"
_SYMBOLS = {"degC": "°C", "1": ""}
_FEW = 60
"""Steps that are marked one by one."""


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


def drawn(run: Run) -> Output:
    """Give the output that is drawn: the one that the indicator names, else its first."""
    outputs = run.indicator.outputs
    return next((one for one in outputs if one.key == run.indicator.drawn), outputs[0])


def _name(run: Run) -> str:
    return drawn(run).name.format(variable=run.config.variable)


def _panels(figure: Figure, result: xr.Dataset, run: Run) -> None:
    axes = figure.subplots(result.sizes["region"], 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for number, panel in enumerate(axes):
        _panel(panel, result.isel(region=number), run, str(result["region_title"].values[number]))
    figure.supylabel(_label(result[_name(run)]), fontsize=10)
    axes[-1].xaxis.set_major_locator(AutoDateLocator())
    axes[-1].xaxis.set_major_formatter(ConciseDateFormatter(axes[-1].xaxis.get_major_locator()))


def _label(field: xr.DataArray) -> str:
    """Give what a field is, and its units, in lines that fit a panel."""
    units = str(field.attrs.get("units", ""))
    known = _SYMBOLS.get(units, units)
    return fill(f"{field.attrs['long_name']}{f' ({known})' if known else ''}", 40)


def _panel(panel: Axes, series: xr.Dataset, run: Run, title: str) -> None:
    name, difference = _name(run), drawn(run).difference
    units = str(series[name].attrs.get("units", ""))
    bounds = series["time_bounds"].values
    width = bounds[:, 1] - bounds[:, 0]
    time, values = bounds[:, 0] + width // 2, series[name].values.astype(np.float64)
    if difference:
        panel.bar(time, values, width=width * 9 // 10, color=np.where(values >= 0, WARM, COLD))
        panel.axhline(0, color=LINE, linewidth=0.8)
    else:
        panel.plot(time, values, color=LINE, linewidth=1.4, marker="o" if time.size <= _FEW else "", markersize=4)
    panel.set_title(title, loc="left", fontsize=11)
    panel.set_title(_latest(series, values, units, signed=difference), loc="right", fontsize=9, color=MUTED)
    missing = ~np.isfinite(values)
    if missing.any():
        low = np.full(int(missing.sum()), 0.03)  # of the height: 0 may lie far from all values
        below = panel.get_xaxis_transform()
        panel.plot(time[missing], low, "x", color=MUTED, markersize=4, label="no value", transform=below)
        panel.legend(loc="upper left", fontsize=8, frameon=False)
    panel.grid(axis="y", color="#dddddd", linewidth=0.6)
    panel.set_axisbelow(True)


def _map(figure: Figure, result: xr.Dataset, run: Run) -> None:
    """Draw the latest step that has a value; cells without one stay grey."""
    name = _name(run)
    rows, columns = spatial_dims(result)
    steps = (result[name].isel(time=at).load() for at in reversed(range(result.sizes["time"])))
    latest = next((one for one in steps if np.isfinite(one.values).any()), result[name].isel(time=-1))
    values = latest.transpose(rows, columns).values.astype(np.float64)
    limits: dict[str, Any] = {}
    if drawn(run).difference:
        reach = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
        limits = {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach}
    panel = figure.subplots()
    panel.set_facecolor("#dddddd")
    drawn_ = panel.pcolormesh(latest[columns].values, latest[rows].values, values, shading="nearest", **limits)
    figure.colorbar(drawn_, ax=panel, label=_label(result[name]))
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
        lines.append(f"Baseline: {run.baseline.start} to {run.baseline.end - 1}{short}.")
    if note:
        lines.append(f"Check: {note}.")
    return "\n".join(fill(line, 150) for line in lines)
