"""The trends and ranks of a result that is there, and what the command line shows of them."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from eo.errors import InputError, unknown
from eo.primitives.summary import summary

_WHY = {
    "no_data": "no value is there",
    "too_short": "fewer than 30 years or 60 months have a value, or fewer than half of the steps",
    "too_persistent": "the values follow one another too closely to be judged in a series of this length",
}
_LINES = {
    "trend": ("least squares", "trend_low", "trend_high", "trend_p_value"),
    "sen_slope": ("Theil-Sen, Mann-Kendall", "sen_slope_low", "sen_slope_high", "mann_kendall_p_value"),
    "acceleration": ("acceleration", "acceleration_low", "acceleration_high", "acceleration_p_value"),
}


def series_of(file: xr.Dataset) -> tuple[str, ...]:
    """Give the names of the series of a result: numbers by region and time, but for normals and coverage."""
    return tuple(
        str(name)
        for name, one in file.data_vars.items()
        if set(one.dims) == {"region", "time"}
        and one.dtype.kind == "f"
        and one.attrs.get("coverage_content_type") != "qualityInformation"
        and not str(name).endswith("_normal")
    )


def judged(file: xr.Dataset, name: str | None = None, *, season: bool = True, confidence: float = 0.95) -> xr.Dataset:
    """Give the trends and ranks of a series of a result, for each region.

    Parameters
    ----------
    file : a result, with `time_bounds`
    name : of the series; without it the anomaly, where there is one, or the first
    season, confidence : see `eo.primitives.summary.summary`

    Returns
    -------
    summary : Dataset
        See `eo.primitives.summary.summary`; its attribute ``variable`` is the name.

    Raises
    ------
    InputError
        No such series, or steps that are no calendar months or years.
    """
    there = series_of(file)
    if not there or "time_bounds" not in file:
        raise InputError(
            f"a trend is that of a series by region and time with bounds; there is {sorted(map(str, file))}"
        )
    chosen = name or next((one for one in there if one.endswith("_anomaly")), there[0])
    if chosen not in there:
        raise unknown("series", chosen, there)
    bounds = file["time_bounds"].values.astype("datetime64[ns]")
    return summary(file[chosen], bounds, season=season, confidence=confidence).assign_attrs(variable=chosen)


def lines(found: xr.Dataset, confidence: float = 0.95) -> Iterator[str]:
    """Give trends and ranks as text for a person."""
    flags = str(found["trend_flag"].attrs["flag_meanings"]).split()
    for number, region in enumerate(found["region"].values):
        one = found.isel(region=number)
        yield f"{region}  {found.attrs['variable']}"
        yield from _standing(one)
        flag = flags[int(one["trend_flag"])]
        yield from _trends(one, confidence) if flag == "good" else [_line("trend", f"none: {_WHY[flag]} ({flag})")]


def _line(label: str, text: str) -> str:
    return f"  {label:36}{text}"


def _standing(one: xr.Dataset) -> Iterator[str]:
    if not int(one["rank_count"]):
        return
    for name in ("latest", "highest", "lowest"):
        month = np.datetime_as_string(one[f"{name}_time"].values, unit="M")
        yield _line(name, f"{float(one[name]):.6g} {one[name].attrs['units']}, {month}")
    for name, said in (("rank", "of all"), ("month_rank", "in its month of the year")):
        of = f"of {int(one[f'{name}_count'])}, percentile {float(one[name.replace('rank', 'percentile')]):.0f}"
        yield _line(f"the latest {said}", f"{one[name].item()} ({of})")


def _trends(one: xr.Dataset, confidence: float) -> Iterator[str]:
    for name, (label, low, high, p_value) in _LINES.items():
        limits = f"{100 * confidence:g} % from {float(one[low]):.4g} to {float(one[high]):.4g}"
        units = one[name].attrs["units"]
        yield _line(label, f"{float(one[name]):+.4g} {units}, {limits}, p {_p_value(float(one[p_value]))}")
    size, lag = float(one["effective_size"]), float(one["lag1_autocorrelation"])
    noise = f"{float(one['noise']):.4g} {one['noise'].attrs['units']}"
    yield _line("noise", f"{noise}, lag-1 autocorrelation {lag:.2f}: {size:.0f} independent values")
    years, low_years, high_years = (float(one[f"detection_years{end}"]) for end in ("", "_low", "_high"))
    shows = f"{years:.0f} years of record ({low_years:.0f} to {high_years:.0f})" if np.isfinite(years) else "no time"
    yield _line("shows in", shows)


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"  # noqa: PLR2004 - as tables print it


def document(found: xr.Dataset) -> dict[str, object]:
    """Give trends and ranks as JSON has them: for each region a name, its value and its units; missing is null.

    Numbers have nine digits: sums differ beyond these from machine to machine.
    """
    content = {
        str(region): {str(name): _entry(one.isel(region=number)) for name, one in found.data_vars.items()}
        for number, region in enumerate(found["region"].values)
    }
    return {"variable": found.attrs["variable"], "regions": content}


def judgement(result: xr.Dataset) -> dict[str, object]:
    """Give the trends and ranks of a result as its lineage has them; nothing where it is not by months or years."""
    try:
        return document(judged(result))
    except InputError:
        return {}


def _entry(one: xr.DataArray) -> dict[str, object]:
    units = {"units": one.attrs["units"]} if "units" in one.attrs else {}
    if one.dtype.kind == "M":
        return {"value": None if np.isnat(one.values) else np.datetime_as_string(one.values, unit="D"), **units}
    if "flag_meanings" in one.attrs:
        return {"value": str(one.attrs["flag_meanings"]).split()[int(one)]}
    value = one.item()
    if isinstance(value, float):
        value = float(f"{value:.9g}") if np.isfinite(value) else None
    return {"value": value, **units}
