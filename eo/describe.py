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


def _output_attributes(output: Output, run: Run, variable: Variable) -> dict[str, object]:
    words = {
        "long_name": variable.long_name,
        "standard_name": variable.standard_name or "",
        "anomaly_standard_name": variable.anomaly_standard_name or "",
    }
    difference = output.difference or variable.difference
    standard = output.standard_name.format(**words)
    named = {"standard_name": standard} if standard else {}
    low, high = variable.plausible
    width = high - low
    limits = np.array([-width, width] if output.difference else [low, high])
    return {
        **named,
        "long_name": output.long_name.format(**words),
        "units": variable.units,
        **_temperature(variable.units, difference=difference),
        "cell_methods": output.cell_methods,
        "ancillary_variables": _ANCILLARY,
        "valid_range": limits,
        "coverage_content_type": "physicalMeasurement",
        "source": f"{run.product.title} ({run.product.institution}), version {run.product.version}",
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


def _horizontal(standard_name: str, units: str, what: str) -> dict[str, object]:
    return {
        "standard_name": standard_name,
        "long_name": f"{standard_name}, {what} of the region",
        "units": units,
    }


def _longitude_ranges(at: tuple[Zone, ...]) -> np.ndarray:
    """Give (region, [west, east]) in the turn of the circle where the extent of all regions is one stretch."""
    first = _arc([(one.west, one.east - one.west) for one in at])[0]
    turns = np.array([np.ceil((first - one.west) / 360.0) for one in at])
    return np.array([[one.west, one.east] for one in at]) + 360.0 * turns[:, None]


def _region_extents(at: tuple[Zone, ...]) -> dict[str, Any]:
    """Give the southern and northern, western and eastern limit of each region."""
    dims, latitudes = ("region", "nv"), np.array([[one.south, one.north] for one in at])
    return {
        "lat_range": (dims, latitudes, _horizontal("latitude", "degrees_north", "limits")),
        "lon_range": (dims, _longitude_ranges(at), _horizontal("longitude", "degrees_east", "limits")),
    }


def _region_coordinates(at: tuple[Zone, ...]) -> dict[str, Any]:
    """Give the label, the name, a representative point and the extent of each region."""
    label = {"long_name": "region", "cf_role": "timeseries_id"}
    lat = _horizontal("latitude", "degrees_north", "representative point") | {"axis": "Y"}
    lon = _horizontal("longitude", "degrees_east", "representative point") | {"axis": "X"}
    west = _longitude_ranges(at)[:, 0]
    longitude = np.array([one.longitude for one in at])
    return {
        "region": ("region", np.array([one.name for one in at]), label),
        "region_title": ("region", np.array([one.title for one in at]), {"long_name": "name of the region"}),
        "lat": ("region", np.array([one.latitude for one in at]), lat),
        "lon": ("region", west + (longitude - west) % 360.0, lon),
        "height": (
            (),
            0.0,
            {
                "standard_name": "height",
                "long_name": "height above the surface",
                "units": "m",
                "positive": "up",
                "axis": "Z",
            },
        ),
    }


def _time_coordinates(series: xr.Dataset) -> dict[str, Any]:
    time = {
        "standard_name": "time",
        "long_name": "start of the month",
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
        What the indicator returned: its outputs, ``coverage`` and ``flag``, all (region, time), and `time_bounds`.
    run : the deliverable
    at : its zones
    lineage : global attributes that say where the numbers come from
    """
    variable = run.product.variables[run.config.variable]
    dims = ("region", "time")
    fields: dict[str, Any] = {}
    for output in run.indicator.outputs:
        values = computed[output.key].transpose(*dims).values.astype(np.float64)
        fields[output.name.format(variable=run.config.variable)] = (
            dims,
            values,
            _output_attributes(output, run, variable),
        )
    fields["coverage"] = (dims, computed["coverage"].transpose(*dims).values.astype(np.float64), _COVERAGE)
    fields["status"] = (dims, computed["flag"].transpose(*dims).values.astype(np.int8), _STATUS)
    fields |= _region_extents(at)
    coordinates = _region_coordinates(at) | _time_coordinates(computed)
    return xr.Dataset(fields, coordinates, _global(computed, run, at) | dict(lineage))


def _global(computed: xr.Dataset, run: Run, at: tuple[Zone, ...]) -> dict[str, object]:
    publisher, product = run.publisher, run.product
    start, end = computed["time"].values[0], computed["time"].values[-1]
    who = {
        "name": publisher.name,
        "email": publisher.email,
        "url": publisher.url,
        "institution": publisher.institution,
    }
    return {
        "Conventions": CONVENTIONS,
        "featureType": "timeSeries",
        "cdm_data_type": "Station",
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
        "time_coverage_start": _iso(start),
        "time_coverage_end": _iso(end),
        "time_coverage_duration": f"P{computed.sizes['time']}M",
        "time_coverage_resolution": "P1M",
        **_extent(at),
    }


def _iso(time: np.datetime64) -> str:
    return f"{np.datetime_as_string(time, unit='s')}Z"


def _extent(at: tuple[Zone, ...]) -> dict[str, object]:
    south, north = min(one.south for one in at), max(one.north for one in at)
    west, east = _arc([(one.west, one.east - one.west) for one in at])
    return {
        "geospatial_lat_min": south,
        "geospatial_lat_max": north,
        "geospatial_lat_units": "degrees_north",
        "geospatial_lon_min": west,
        "geospatial_lon_max": east,
        "geospatial_lon_units": "degrees_east",
        "geospatial_bounds_crs": "EPSG:4326",
        "geospatial_bounds": _polygon(south, north, west, east),
        "geospatial_bounds_vertical_crs": "EPSG:5829",
        "geospatial_vertical_min": 0.0,
        "geospatial_vertical_max": 0.0,
        "geospatial_vertical_positive": "up",
        "geospatial_vertical_units": "m",
    }


def _polygon(south: float, north: float, west: float, east: float) -> str:
    corners = [(south, west), (south, east), (north, east), (north, west), (south, west)]
    return "POLYGON ((" + ", ".join(f"{lat:g} {lon:g}" for lat, lon in corners) + "))"


def _arc(arcs: list[tuple[float, float]]) -> tuple[float, float]:
    """Give the shortest stretch of longitude that holds all (west, width) stretches; may run past 180."""
    choices = []
    for west, _ in arcs:
        reach = max((start - west) % 360.0 + width for start, width in arcs)
        choices.append((reach, west))
    reach, west = min(choices)
    return west, west + min(reach, 360.0)


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
