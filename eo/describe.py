"""The description of a result: CF-1.11 and ACDD-1.3, written afresh from what is known, inherited from nothing."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from eo import __version__
from eo.climatology import WMO_YEARS, baseline_years
from eo.config import Run
from eo.coverage import FLAGS
from eo.indicators import Output
from eo.model import Variable
from eo.places import extent, grid_coordinates, region_coordinates, region_extents, time_step
from eo.zones import Zone

CONVENTIONS = "CF-1.11, ACDD-1.3"
VOCABULARY = "CF Standard Name Table v93"
_ANCILLARY = "coverage status"


def _temperature(units: str, *, difference: bool) -> dict[str, str]:
    """Give the attribute that CF-1.11 (section 3.1.2) asks of temperatures."""
    scales = {"K", "kelvin", "degC", "degree_Celsius", "Celsius", "celsius"}
    if units not in scales:
        return {}
    return {"units_metadata": "temperature: difference" if difference else "temperature: on_scale"}


def output_attributes(output: Output, run: Run, *, beside: bool) -> dict[str, object]:
    """Give the attributes of one output of an indicator.

    Parameters
    ----------
    beside : whether coverage and status lie beside it, number by number
    """
    variable = run.product.variables[run.config.variable]
    words = {
        "variable": run.config.variable,
        "long_name": variable.long_name,
        "standard_name": variable.standard_name or "",
        "anomaly_standard_name": variable.anomaly_standard_name or "",
        "units": variable.units,
    }
    standard = output.standard_name.format(**words)
    said: dict[str, object] = {"standard_name": standard} if standard else {}
    said["long_name"] = output.long_name.format(**words)
    if output.flags:
        said |= {"flag_values": np.array(list(output.flags.values()), np.int8), "flag_meanings": " ".join(output.flags)}
    else:
        said |= _measured(output, variable, output.units.format(**words))
    return {
        **said,
        "cell_methods": output.cell_methods,
        **({"ancillary_variables": _ANCILLARY} if beside else {}),
        "coverage_content_type": "physicalMeasurement",
        "source": f"{run.product.title} ({run.product.institution}), version {run.product.version}",
    }


def _measured(output: Output, variable: Variable, units: str) -> dict[str, object]:
    """Give the units and the range of an output that is a number."""
    difference = output.difference or variable.difference
    low, high = variable.plausible
    inherited = units == variable.units
    limits = output.range or ((low - high, high - low) if output.difference else (low, high))
    return {
        "units": units,
        **_temperature(units, difference=difference),
        **({"valid_range": np.array(limits, np.float64)} if output.range or inherited else {}),
    }


_STATUS = {
    "long_name": "why a value is there or not",
    "standard_name": "status_flag",
    "flag_values": np.array(list(FLAGS.values()), dtype=np.int8),
    "flag_meanings": " ".join(FLAGS),
    "coverage_content_type": "qualityInformation",
}
_COVERAGE = {
    "standard_name": "area_fraction",
    "long_name": "share of the region, and of the days of the month, that was observed",
    "units": "1",
    "valid_range": np.array([0.0, 1.0]),
    "coverage_content_type": "qualityInformation",
}


_TIMES = {"month": "start of the month", "year": "start of the year"}
_RESOLUTIONS = {
    "hour": "PT1H",
    "day": "P1D",
    "8day": "P8D",
    "dekad": "P10D",
    "halfmonth": "P15D",
    "month": "P1M",
    "year": "P1Y",
}


def _time_coordinates(series: xr.Dataset) -> dict[str, Any]:
    time = {
        "standard_name": "time",
        "long_name": _TIMES.get(time_step(series), "start of the time step"),
        "axis": "T",
        "bounds": "time_bounds",
        "units_metadata": "leap_seconds: none",
    }
    return {
        "time": ("time", series["time"].values, time),
        "time_bounds": (("time", "nv"), series["time_bounds"].values),
    }


def described(computed: xr.Dataset, run: Run, at: tuple[Zone, ...], lineage: Mapping[str, object]) -> xr.Dataset:
    """Give what an indicator computed as a result: names, coordinates and attributes.

    Parameters
    ----------
    computed : Dataset
        What the indicator returned: its outputs, ``coverage`` and ``flag``, with `time_bounds`; (region, time), or by
        cells (time, lat, lon) or (time, y, x). An output may lack dims of these, or have one of its own, such as
        ``event``.
    run : the deliverable
    at : its zones
    lineage : global attributes that say where the numbers come from
    """
    wide = "region" not in computed.dims
    named = [] if wide else [str(one) for one in computed["region"].values]
    shown = at if wide else tuple(next(one for one in at if one.name == name) for name in named)
    whole = set(computed["flag"].dims)
    fields: dict[str, Any] = {}
    for output in run.indicator.outputs:
        attributes = output_attributes(output, run, beside=set(computed[output.key].dims) == whole)
        fields[output.name.format(variable=run.config.variable)] = _field(computed[output.key], attributes)
    coverage = _COVERAGE | ({"long_name": "share of the time that was observed"} if wide else {})
    fields["coverage"] = _field(computed["coverage"], coverage)
    fields["status"] = _field(computed["flag"].astype(np.int8), _STATUS)
    if wide:
        places = grid_coordinates(computed)
        if "crs" in computed.coords:
            fields = {
                name: (dims, values, said | {"grid_mapping": "crs"}) for name, (dims, values, said) in fields.items()
            }
    else:
        fields |= region_extents(shown)
        places = region_coordinates(shown)
    coordinates = places | (_time_coordinates(computed) if "time" in computed.dims else {})
    coordinates |= {str(name): _field(computed[name], {"long_name": str(name)}) for name in sorted(_own(computed))}
    return xr.Dataset(fields, coordinates, _global(computed, run, shown) | dict(lineage))


def _own(computed: xr.Dataset) -> set[str]:
    """Give the dims of a result that are its indicator's own and have coordinates."""
    return {str(dim) for dim in computed.dims if dim in computed.coords} - {"region", "time", "lat", "lon", "y", "x"}


def _field(values: xr.DataArray, attributes: Mapping[str, object]) -> tuple[tuple[str, ...], Any, dict[str, object]]:
    """Give a variable of a result: by region first, then time, then space; series in float64, fields in float32.

    What is lazy stays lazy.
    """
    dims = sorted(map(str, values.dims), key=lambda dim: _ORDER.index(dim) if dim in _ORDER else len(_ORDER) - 5)
    array = values.transpose(*dims).data
    if array.dtype.kind == "M":
        days = (array.astype("datetime64[ns]") - np.datetime64(0, "ns")) / np.timedelta64(1, "D")
        return tuple(dims), np.where(np.isnat(array), np.nan, days), dict(attributes)
    if array.dtype.kind == "f":
        array = array.astype(np.float64 if "region" in dims else np.float32)
    return tuple(dims), array, dict(attributes)


_ORDER = ("region", "time", "lat", "lon", "y", "x")


def _global(computed: xr.Dataset, run: Run, at: tuple[Zone, ...]) -> dict[str, object]:
    publisher, product = run.publisher, run.product
    who = {
        "name": publisher.name,
        "email": publisher.email,
        "url": publisher.url,
        "institution": publisher.institution,
    }
    return {
        "Conventions": CONVENTIONS,
        **_KIND["region" in computed.dims],
        "title": run.config.title,
        "summary": run.config.summary,
        "keywords": ", ".join(run.config.keywords),
        "id": run.name,
        "naming_authority": publisher.naming_authority,
        "institution": publisher.institution,
        "project": "eo climate indicators",
        "program": "eo climate indicators",
        **{f"creator_{key}": value for key, value in who.items()},
        "creator_type": "institution",
        **{f"publisher_{key}": value for key, value in who.items()},
        "publisher_type": "institution",
        "license": publisher.licence,
        "acknowledgement": product.citation,
        "source": f"{product.title}; {product.platform}",
        "platform": product.platform,
        "references": run.indicator.reference,
        "processing_level": "Level 4 climate indicator",
        "standard_name_vocabulary": VOCABULARY,
        "product_version": __version__,
        "comment": f"{run.indicator.title} of {run.product.title}. Values without enough coverage are NaN; see status.",
        **_time_coverage(computed),
        **extent(at),
    }


_KIND: dict[bool, dict[str, object]] = {
    True: {"featureType": "timeSeries", "cdm_data_type": "Station"},
    False: {"cdm_data_type": "Grid"},
}


def _time_coverage(computed: xr.Dataset) -> dict[str, object]:
    time, step = computed["time"].values, time_step(computed)
    months = (computed["time_bounds"].values[-1, 1].astype("datetime64[M]") - time[0].astype("datetime64[M]")).astype(
        int
    )
    return {
        "time_coverage_start": _iso(time[0]),
        "time_coverage_end": _iso(time[-1]),
        "time_coverage_duration": f"P{months}M",
        "time_coverage_resolution": _RESOLUTIONS[step],
    }


def _iso(time: np.datetime64) -> str:
    return f"{np.datetime_as_string(time, unit='s')}Z"


def baseline_attributes(run: Run) -> dict[str, object]:
    """Give what a result says of its baseline, and of a baseline that is shorter than a standard normal."""
    if run.baseline is None:
        return {}
    years = baseline_years(run.baseline)
    said: dict[str, object] = {"baseline": str(run.baseline), "baseline_years": np.int32(years)}
    if years < WMO_YEARS:
        said["baseline_note"] = (
            f"The normal is made of {years} years ({run.baseline}), not of the {WMO_YEARS} years of a WMO "
            "climatological standard normal: anomalies are not comparable with those from a standard normal."
        )
    return said
