"""The bulletin plot of a result: one panel a region, anomalies as bars, warm red and cold blue."""

from pathlib import Path
from textwrap import fill

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from eo.climatology import WMO_YEARS, baseline_years
from eo.config import Run

WARM, COLD, LINE, MUTED = "#b2182b", "#2166ac", "#222222", "#666666"
_BAR = np.timedelta64(27, "D")
_SYMBOLS = {"degC": "°C", "1": ""}


def draw(result: xr.Dataset, run: Run, path: Path, note: str = "") -> None:
    """Draw a result to a PNG file.

    Parameters
    ----------
    result : Dataset
        A result: ``<variable>`` (region, time) and, where it has one, ``<variable>_anomaly``.
    run : its run, for titles and sources
    path : where the picture goes
    note : a line below the panels: the validation
    """
    regions = [str(one) for one in result["region"].values]
    with mpl.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(11, 2.1 * len(regions) + 2.1), dpi=130, layout="constrained")
        axes = figure.subplots(len(regions), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        for number, (region, panel) in enumerate(zip(regions, axes, strict=True)):
            _panel(panel, result.isel(region=number), run, run.regions[region].title)
        axes[-1].xaxis.set_major_locator(AutoDateLocator())
        axes[-1].xaxis.set_major_formatter(ConciseDateFormatter(axes[-1].xaxis.get_major_locator()))
        figure.suptitle(run.config.title, fontsize=14, fontweight="bold", x=0.01, ha="left")
        figure.supxlabel(_caption(run, note), fontsize=8, color=MUTED, x=0.01, ha="left")
        figure.savefig(path, format="png", metadata={"Title": run.config.title, "Source": run.product.citation})


def _panel(panel: Axes, series: xr.Dataset, run: Run, title: str) -> None:
    name = run.config.variable
    units = run.product.variables[name].units
    time = series["time"].values + np.timedelta64(14, "D")
    anomaly = f"{name}_anomaly"
    if anomaly in series:
        values = series[anomaly].values
        panel.bar(time, values, width=_BAR, color=np.where(values >= 0, WARM, COLD))
        panel.axhline(0, color=LINE, linewidth=0.8)
    else:
        values = series[name].values
        panel.plot(time, values, color=LINE, linewidth=1.4)
    panel.set_ylabel(f"{'anomaly, ' if anomaly in series else ''}{_SYMBOLS.get(units, units)}")
    panel.set_title(title, loc="left", fontsize=11)
    panel.set_title(_latest(series, values, units), loc="right", fontsize=9, color=MUTED)
    missing = ~np.isfinite(values)
    if missing.any():
        panel.plot(time[missing], np.zeros(int(missing.sum())), "x", color=MUTED, markersize=4, label="no value")
        panel.legend(loc="lower left", fontsize=8, frameon=False)
    panel.grid(axis="y", color="#dddddd", linewidth=0.6)
    panel.set_axisbelow(True)


def _latest(series: xr.Dataset, values: np.ndarray, units: str) -> str:
    there = np.flatnonzero(np.isfinite(values))
    if not there.size:
        return "no value"
    last = int(there[-1])
    month = np.datetime_as_string(series["time"].values[last], unit="M")
    return f"{month}: {values[last]:+.2f} {_SYMBOLS.get(units, units)}"


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
