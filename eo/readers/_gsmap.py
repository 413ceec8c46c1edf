"""What the formats of GSMaP have in common: codes, grid, time."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.canonical import STATUS
from eo.errors import InputError
from eo.model import Step

HOURLY = {-4.0: "quality_masked", -8.0: "quality_masked", -99.0: "never_observed"}
"""Codes of an hour: sea ice and low temperature (no retrieval), no observation."""
AVERAGED = {-999.9: "never_observed"}
"""Code of a day or a month."""
_NEAR = 1e-3


def codes_of(step: Step, attributes: Mapping[str, Any]) -> dict[float, str]:
    """Give the codes of a step, with the missing values that a dataset states itself, as a number or as text."""
    said = [attributes[key] for key in ("_FillValue", "missing_value", "CodeMissingValue") if key in attributes]
    stated = [float(one.decode() if isinstance(one, bytes) else one) for many in said for one in np.ravel(many)]
    return dict(HOURLY if step == "hour" else AVERAGED) | dict.fromkeys(stated, "never_observed")


def decoded(raw: xr.DataArray, codes: Mapping[float, str], units: str, where: str) -> tuple[xr.DataArray, xr.DataArray]:
    """Give rain rates and their status; every value below zero is a code, and a code that is not known an error.

    Parameters
    ----------
    raw : any dims, as stored
    codes : the status of each code
    units : of the values, as published
    where : the file, for an error when computed

    Raises
    ------
    InputError
        When computed: a value below zero that is no code.

    References
    ----------
    GSMaP data format description, version 8.0000, JAXA/EORC 2024.
    """
    status = _blockwise(raw, lambda block: _status(block, codes, where), np.int8)
    values = _blockwise(raw, lambda block: _values(block, codes, where), np.float32)
    return values.assign_attrs(units=units), status


def _blockwise(
    raw: xr.DataArray, work: Callable[[npt.NDArray[Any]], npt.NDArray[Any]], dtype: npt.DTypeLike
) -> xr.DataArray:
    found: xr.DataArray = xr.apply_ufunc(work, raw, dask="parallelized", output_dtypes=[dtype], keep_attrs=False)
    return found


def _status(block: npt.NDArray[Any], codes: Mapping[float, str], where: str) -> npt.NDArray[np.int8]:
    status = np.zeros(block.shape, np.int8)
    low = ~((block >= 0) & np.isfinite(block))
    found = block[low].astype(np.float64)
    reasons = np.full(found.shape, -1, np.int8)
    for code, reason in codes.items():
        reasons[np.isclose(found, code, rtol=1e-6, atol=_NEAR)] = STATUS[reason]
    if (reasons < 0).any():
        strange = sorted({float(one) for one in found[reasons < 0]})[:3]
        raise InputError(f"{where}: a rain rate is not below zero but for codes {sorted(codes)}; there is {strange}")
    status[low] = reasons
    return status


def _values(block: npt.NDArray[Any], codes: Mapping[float, str], where: str) -> npt.NDArray[np.float32]:
    return np.where(_status(block, codes, where) == STATUS["ok"], block, np.nan).astype(np.float32)


Axes = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], tuple[str, str]]


def axes(latitude: npt.NDArray[Any], longitude: npt.NDArray[Any]) -> Axes:
    """Give latitude, longitude and the order of the two dims of a grid whose coordinates may be 2-D.

    Files of the Globe Portal System keep (longitude, latitude), with both coordinates on the whole grid.

    Raises
    ------
    InputError
        The grid is not one of latitude and longitude.
    """
    lat, lon = latitude.astype(np.float64), longitude.astype(np.float64)
    if lat.ndim == lon.ndim == 1:
        return _in_range(lat), _in_range(lon), ("lat", "lon")
    if lat.shape != lon.shape or lat.ndim != 2:  # noqa: PLR2004 - a plane
        raise InputError(f"coordinates are on one grid; latitude is {lat.shape}, longitude {lon.shape}")
    if np.allclose(lat, lat[:1], atol=_NEAR) and np.allclose(lon, lon[:, :1], atol=_NEAR):
        return _in_range(lat[0]), _in_range(lon[:, 0]), ("lon", "lat")
    if np.allclose(lat, lat[:, :1], atol=_NEAR) and np.allclose(lon, lon[:1], atol=_NEAR):
        return _in_range(lat[:, 0]), _in_range(lon[0]), ("lat", "lon")
    raise InputError("a latitude-longitude grid has one latitude in a row and one longitude in a column")


def _in_range(axis: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    steps = np.diff(axis)
    if not np.isfinite(axis).all() or np.abs(axis).max() > 360 or np.abs(steps - steps[:1]).max(initial=0) > _NEAR:  # noqa: PLR2004 - a full circle
        raise InputError(f"coordinates are evenly spaced degrees; they go from {axis[0]} to {axis[-1]}")
    return axis


def published(
    fields: Mapping[str, xr.DataArray], lat: npt.NDArray[Any], lon: npt.NDArray[Any], time: np.datetime64
) -> xr.Dataset:
    """Give fields of latitude and longitude of one time step as a reader gives them."""
    plain = {name: (field.dims, field.data, field.attrs) for name, field in fields.items()}
    return xr.Dataset(plain, {"lat": lat, "lon": lon, "time": [time.astype("datetime64[ns]")]})
