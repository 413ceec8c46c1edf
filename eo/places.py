"""Where and when the numbers of a result are: the regions of a series, the cells of a field, the steps of time."""

from typing import Any

import numpy as np
import xarray as xr

from eo.canonical import LAT_LON, spatial_dims
from eo.zones import Zone


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


def region_extents(at: tuple[Zone, ...]) -> dict[str, Any]:
    """Give the southern and northern, western and eastern limit of each region."""
    dims, latitudes = ("region", "nv"), np.array([[one.south, one.north] for one in at])
    return {
        "lat_range": (dims, latitudes, _horizontal("latitude", "degrees_north", "limits")),
        "lon_range": (dims, _longitude_ranges(at), _horizontal("longitude", "degrees_east", "limits")),
    }


def region_coordinates(at: tuple[Zone, ...]) -> dict[str, Any]:
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


def time_step(series: xr.Dataset) -> str:
    """Give the step of a time axis by its bounds: year, month, or that of a product."""
    bounds = series["time_bounds"].values.astype("datetime64[ns]")
    for step, unit in (("year", "Y"), ("month", "M"), ("day", "D"), ("hour", "h")):
        starts = bounds[:, 0].astype(f"datetime64[{unit}]")
        if np.array_equal(np.stack([starts, starts + 1], axis=1).astype("datetime64[ns]"), bounds):
            return step
    days = np.median((bounds[:, 1] - bounds[:, 0]) / np.timedelta64(1, "D"))
    lengths = {"8day": 8.0, "dekad": 10.0, "halfmonth": 15.0, "month": 30.0, "year": 365.0}
    return min(lengths.items(), key=lambda one: abs(one[1] - days))[0]


def grid_coordinates(computed: xr.Dataset) -> dict[str, Any]:
    """Give the cells of a result by cells: axes, bounds, area, and the projection where there is one."""
    kept = {"area", "crs", "lat", "lon", "lat_bounds", "lon_bounds"} | set(spatial_dims(computed))
    found: dict[str, Any] = {}
    for name in sorted(kept & set(map(str, computed.coords))):
        one = computed[name]
        found[name] = (
            one.dims,
            one.values,
            {key: one.attrs[key] for key in one.attrs if key in _KEPT or name == "crs"},
        )
    if spatial_dims(computed) == LAT_LON:
        for name in LAT_LON:
            found[name][2]["bounds"] = f"{name}_bounds"
    return found


_KEPT = ("standard_name", "long_name", "units", "axis")


def extent(at: tuple[Zone, ...]) -> dict[str, object]:
    """Give the ACDD attributes of the box that holds all regions."""
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
