"""Packed values to physical ones, by the CF rules: masks first, in packed units, then scale and offset."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.canonical import STATUS
from eo.elementwise import elementwise
from eo.errors import InputError

_MARKS = {"_FillValue": None, "missing_value": None, "valid_min": 1, "valid_max": 1, "valid_range": 2}
"""Attributes that mask values, and how many numbers each has."""


def _check_mark(variable: object, mark: str, value: npt.NDArray[Any], size: int | None) -> None:
    if value.dtype.kind not in "iuf" or size not in {None, value.size}:
        raise InputError(f"{mark} of {variable!r} has {size or 'one or more'} numbers; it is {value.tolist()!r}")


def _number(variable: object, attributes: Mapping[str, Any], key: str, default: float) -> float:
    found = np.asarray(attributes.get(key, default))
    if found.dtype.kind not in "iuf" or found.size != 1 or not np.isfinite(found).all():
        raise InputError(f"{key} of {variable!r} is a finite number; it is {found.tolist()!r}")
    return float(found.item())


def physical_attributes(name: object, dtype: np.dtype[Any], published: Mapping[str, Any]) -> dict[str, Any]:
    """Give the attributes of a variable with the limits of its values as numbers in packed units.

    A `valid_range` in text (``0,-2``) is read as two numbers of the packed type. Limits of the floating-point type
    of the packing, on packed integers, are in physical units (NetCDF Users Guide, appendix B, valid_range).
    """
    attributes = dict(published)
    said = attributes.get("valid_range")
    if isinstance(said, str) and re.fullmatch(r"\s*-?\d+\s*,\s*-?\d+\s*", said) and dtype.kind in "iu":
        attributes["valid_range"] = np.array([int(one) for one in said.split(",")]).astype(dtype)
    scale, offset = (_number(name, attributes, *one) for one in (("scale_factor", 1.0), ("add_offset", 0.0)))
    if scale == 0:
        raise InputError(f"scale_factor of {name!r} is not zero; it is")
    packing = {np.asarray(attributes[key]).dtype for key in ("scale_factor", "add_offset") if key in attributes}
    order = 1 if scale > 0 else -1
    turned = {"valid_min": "valid_max", "valid_max": "valid_min"} if scale < 0 else {}
    for key in ("valid_min", "valid_max", "valid_range"):
        limit = np.asarray(published.get(key, 0))
        if packing and dtype.kind in "iu" and limit.dtype.kind == "f" and limit.dtype == max(packing):
            with np.errstate(over="ignore"):  # a limit that overflows is infinite, and none
                found = np.round((limit.astype(np.float64) - offset) / scale, 3)
            attributes[turned.get(key, key)] = found[::order] if found.ndim else found
    return attributes


def _as_stored(raw: npt.NDArray[Any], attributes: Mapping[str, Any]) -> npt.NDArray[Any]:
    """Give integers as the sign that the file says they have (netCDF-3 has no unsigned types)."""
    said = str(attributes.get("_Unsigned", "")).lower()
    if said == "true" and raw.dtype.kind == "i":
        return raw.view(raw.dtype.str.replace("i", "u"))
    if said == "false" and raw.dtype.kind == "u":
        return raw.view(raw.dtype.str.replace("u", "i"))
    return raw


def _fills(attributes: Mapping[str, Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    found = [np.atleast_1d(attributes[key]) for key in ("_FillValue", "missing_value") if key in attributes]
    return np.concatenate([_as_type(_as_stored(one, attributes), dtype) for one in found] or [np.array([], dtype)])


def _as_type(marks: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Give the marks that values of a type can have: no integer is NaN or 1e20, and no cast may make it one."""
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return np.asarray(marks.astype(dtype))
    limits = np.iinfo(dtype)
    inside = np.isfinite(marks) & (marks >= limits.min) & (marks <= limits.max)
    return np.asarray(marks[inside].astype(dtype))


def _limits(attributes: Mapping[str, Any], dtype: np.dtype[Any]) -> tuple[Any, Any]:
    low, high = attributes.get("valid_min"), attributes.get("valid_max")
    if "valid_range" in attributes:
        low, high = np.asarray(attributes["valid_range"])
    return _limit(low, attributes, dtype), _limit(high, attributes, dtype)


def _limit(value: object, attributes: Mapping[str, Any], dtype: np.dtype[Any]) -> npt.NDArray[Any] | None:
    """Give a limit in the type of the values: only floating-point ones are rounded as the values were."""
    if value is None:
        return None
    limit = _as_stored(np.asarray(value), attributes)
    return _as_type(limit, dtype) if dtype.kind == "f" else limit


def _status(stored: npt.NDArray[Any], attributes: Mapping[str, Any]) -> npt.NDArray[np.int8]:
    raw = _as_stored(stored, attributes)
    low, high = _limits(attributes, raw.dtype)
    status = np.full(raw.shape, STATUS["ok"], np.int8)
    if low is not None:
        status[raw < low] = STATUS["quality_masked"]
    if high is not None:
        status[raw > high] = STATUS["quality_masked"]
    for fill in np.unique(_fills(attributes, raw.dtype)):
        status[raw == fill] = STATUS["never_observed"]
    if raw.dtype.kind == "f":
        status[~np.isfinite(raw)] = STATUS["never_observed"]
    return status


def _physical(
    stored: npt.NDArray[Any], status: npt.NDArray[np.int8], attributes: Mapping[str, Any]
) -> npt.NDArray[np.floating]:
    raw, plain = _as_stored(stored, attributes), _type_of(stored.dtype, attributes)
    scale = float(np.asarray(attributes.get("scale_factor", 1.0)).item())
    offset = float(np.asarray(attributes.get("add_offset", 0.0)).item())
    if raw.dtype.kind == "f" and (scale, offset) == (1.0, 0.0):
        values = raw.copy()
    else:
        with np.errstate(over="ignore"):  # what overflows is infinite, and not plausible
            values = np.asarray(raw * np.float64(scale) + np.float64(offset))
    values[status != STATUS["ok"]] = np.nan
    return values.astype(plain, copy=False)


def _checked(name: object, dtype: np.dtype[Any], published: Mapping[str, Any]) -> dict[str, Any]:
    """Give the attributes that pack and mask a variable, or refuse them."""
    if dtype.kind not in "iuf":
        raise InputError(f"a variable is numeric, and {name!r} is {dtype}")
    attributes = physical_attributes(name, dtype, published)
    for mark, size in _MARKS.items():
        if mark in attributes:
            _check_mark(name, mark, np.asarray(attributes[mark]), size)
    return attributes


def unpacked(raw: npt.NDArray[Any], published: Mapping[str, Any], name: object) -> npt.NDArray[np.floating]:
    """Give the physical values of an array in memory: those of `decoded`.

    Raises
    ------
    InputError
        See `decoded`.
    """
    attributes = _checked(name, raw.dtype, published)
    return _physical(raw, _status(raw, attributes), attributes)


def decoded(packed: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Give the physical values and the status of a variable opened with ``mask_and_scale=False``, lazily.

    Parameters
    ----------
    packed : any dims
        Raw values with the file's attributes: `_FillValue`, `missing_value`, `valid_min`, `valid_max`,
        `valid_range` (in packed units, or in physical ones by the rule of `physical_attributes`), `scale_factor`,
        `add_offset`, `_Unsigned`.

    Returns
    -------
    values : same dims, units of the file
        float64 where scaled, else as stored; NaN where status is not ok.
    status : same dims, int8, see `eo.canonical.STATUS`

    Raises
    ------
    InputError
        The variable is not numeric, or an attribute that packs or masks values is not.

    References
    ----------
    CF-1.11 sections 2.5.1 and 8.1.
    """
    attributes, raw = _checked(packed.name, packed.dtype, packed.attrs), packed.variable
    status = elementwise(lambda block: _status(block, attributes), raw, dtype=np.int8)
    values = elementwise(
        lambda block, why: _physical(block, why, attributes), raw, status, dtype=_type_of(packed.dtype, attributes)
    )
    said = {"units": str(attributes.get("units", ""))}
    return (
        xr.DataArray(values.data, packed.coords, packed.dims, packed.name, said),
        xr.DataArray(status.data, packed.coords, packed.dims, packed.name),
    )


def _type_of(dtype: np.dtype[Any], attributes: Mapping[str, Any]) -> type[np.floating]:
    """Give the type of physical values: single precision where it is published, and nothing is packed."""
    plain = dtype == np.float32 and "scale_factor" not in attributes and "add_offset" not in attributes
    return np.float32 if plain else np.float64
