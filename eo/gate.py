"""The gate: the rules that a result keeps before it is published. Works on any NetCDF file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.coverage import FLAGS
from eo.errors import InputError
from eo.grid import EARTH_RADIUS
from eo.model import Check
from eo.netcdf import serial
from eo.provenance import content_digest
from eo.sources import integrity
from eo.units import convertible

_ACDD = ("title", "summary", "keywords", "id", "license", "institution", "source", "creator_name", "date_created",
         "time_coverage_start", "time_coverage_end", "standard_name_vocabulary", "processing_level")  # fmt: skip
_SPHERE = 4 * np.pi * EARTH_RADIUS**2
_CLOSURE = 1e-9
_BLOCK = 1 << 22
"""Values that are looked at together."""


@serial
def failures(path: Path) -> list[Check]:
    """Give the rules that a NetCDF file breaks, in a fixed order; empty for a file that may be published.

    Raises
    ------
    InputError
        Not a NetCDF file at all.
    """
    integrity.check(path)
    try:
        with xr.open_dataset(path, engine="netcdf4", decode_coords=False) as file:
            return [check for rule in _RULES for check in _kept(rule, file)] + _digest(path, file)
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path} must be a NetCDF file that can be read to its end: {error}") from None
    except (ValueError, TypeError, LookupError) as error:
        return [Check("a file decodes by the rules of CF", _first_line(error))]


def _kept(rule: Callable[[xr.Dataset], Iterator[Check]], file: xr.Dataset) -> list[Check]:
    """Give what breaks a rule; a file that the rule cannot be asked of does not pass either."""
    try:
        return list(rule(file))
    except (ValueError, TypeError, LookupError) as error:
        return [Check("attributes are of the type that CF gives them", _first_line(error))]


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _digest(path: Path, file: xr.Dataset) -> list[Check]:
    stated = file.attrs.get("content_digest")
    if stated is None:
        return []
    found = content_digest(path)
    rule = "the content is what was published (content_digest)"
    return [] if found == stated else [Check(rule, f"{found[:16]}..., not {str(stated)[:16]}...")]


def _global_attributes(file: xr.Dataset) -> Iterator[Check]:
    conventions = str(file.attrs.get("Conventions", ""))
    if "CF-1." not in conventions:
        yield Check("Conventions names CF-1.x", repr(conventions))
    missing = [name for name in _ACDD if not str(file.attrs.get(name, "")).strip()]
    if missing:
        yield Check("the global attributes of ACDD-1.3 are there", f"without {missing}")


def _fields(file: xr.Dataset) -> dict[str, xr.DataArray]:
    """Give the data variables: not coordinates, bounds, flags or labels."""
    roles = ("bounds", "climatology", "grid_mapping", "coordinates")
    helpers = {name for one in file.variables.values() for role in roles for name in _words(one, role)}
    return {
        str(name): one
        for name, one in file.data_vars.items()
        if str(name) not in helpers and one.dtype.kind in "iuf" and one.ndim and "flag_values" not in one.attrs
    }


def _words(variable: xr.Variable, role: str) -> list[str]:
    return str(variable.attrs.get(role) or variable.encoding.get(role) or "").split()


def _described(file: xr.Dataset) -> Iterator[Check]:
    fields = _fields(file)
    if not fields:
        yield Check("a file has at least one data variable", f"only {sorted(map(str, file.variables))}")
    for name, one in fields.items():
        units = one.attrs.get("units")
        if units is None:
            yield Check("a data variable has units", f"{name} has none")
        elif not _known(str(units)):
            yield Check("units are words that UDUNITS knows", f"{name} has {units!r}")
        if not ({"standard_name", "long_name"} & one.attrs.keys()):
            yield Check("a data variable has a standard_name or long_name", f"{name} has neither")


def _known(units: str) -> bool:
    try:
        return convertible(units, units)
    except InputError:
        return False


def _time_axis(file: xr.Dataset) -> Iterator[Check]:
    if "time" not in file.variables or file["time"].ndim != 1:
        return
    time = file["time"].values
    if time.dtype.kind == "M" and np.isnat(time).any():
        yield Check("every time is a date", f"{int(np.isnat(time).sum())} are missing")
        return
    back = np.flatnonzero(time[1:] <= time[:-1])
    if back.size:
        yield Check("time is strictly increasing", f"{_date(time[back[0] + 1])} follows {_date(time[back[0]])}")
    name = next(iter(_words(file["time"].variable, "bounds")), None)
    if name is None or name not in file.variables:
        yield Check("time has bounds", "none")
        return
    bounds = file[name].values
    if bounds.shape != (time.size, 2):
        yield Check("time has bounds, a start and an end for each time", f"{name} has shape {bounds.shape}")
        return
    holes = np.flatnonzero(bounds[1:, 0] != bounds[:-1, 1])
    if holes.size:
        end, start = bounds[holes[0], 1], bounds[holes[0] + 1, 0]
        yield Check(
            "the time axis is complete", f"a step ends at {_date(end)} and the next one starts at {_date(start)}"
        )
    if ((time < bounds[:, 0]) | (time > bounds[:, 1])).any():
        yield Check("each time lies in its bounds", "one does not")


def _date(time: object) -> str:
    return str(time).removesuffix(".000000000").removesuffix("T00:00:00")


def _values(file: xr.Dataset) -> Iterator[Check]:
    for name, one in _fields(file).items():
        infinite = sum(int(np.isinf(values).sum()) for values in _pieces(one))
        if infinite:
            yield Check("values are finite or missing", f"{name} has {infinite} infinite values")
        if "event" not in one.dims and not any(np.isfinite(values).any() for values in _pieces(one)):
            yield Check("a variable has at least one value", f"{name} has none")
        try:
            low, high = _valid_range(one)
        except (ValueError, TypeError):
            yield Check("valid_range is two numbers", f"{name} has {one.attrs['valid_range']!r}")
            continue
        outside = [values[(values < low) | (values > high)] for values in _pieces(one)]
        count, some = sum(each.size for each in outside), next((each[0] for each in outside if each.size), np.nan)
        if count:
            yield Check(f"{name} lies in {low:g}..{high:g}", f"{count} values do not, such as {float(some):g}")


def _pieces(one: xr.DataArray) -> Iterator[npt.NDArray[Any]]:
    """Give the values a bounded stretch of the first axis at a time: a grid over all time is not held."""
    if not one.ndim:
        yield one.values
        return
    rows = max(1, _BLOCK // max(1, one.size // max(1, one.shape[0])))
    for start in range(0, one.shape[0], rows):
        yield one[start : start + rows].values


def _valid_range(one: xr.DataArray) -> tuple[float, float]:
    """Give the valid range of unpacked values; that of packed values is in packed units and left alone."""
    if "scale_factor" in one.encoding or "valid_range" not in one.attrs:
        return -np.inf, np.inf
    low, high = np.asarray(one.attrs["valid_range"], dtype=np.float64)
    return float(low), float(high)


def _flags(file: xr.Dataset) -> Iterator[Check]:
    for name, one in file.variables.items():
        if "flag_values" not in one.attrs:
            continue
        known = np.atleast_1d(one.attrs["flag_values"])
        meanings = one.attrs.get("flag_meanings", "")
        count = len(str(meanings).split()) if isinstance(meanings, str) else len(meanings)
        if count != known.size:
            yield Check("flag_values and flag_meanings are as many", f"{name} has {known.size} and {count}")
        each = (values[np.isfinite(values)] if values.dtype.kind == "f" else values for values in _pieces(file[name]))
        strange = np.unique(np.concatenate([np.setdiff1d(values, known) for values in each] or [known[:0]]))
        if strange.size:
            yield Check("flags are among flag_values", f"{name} has {strange[:5].tolist()}")


_STANDING = ("good", "no_normal", "undefined")
"""Flags with which a value may stand: where another output of the result has none (an area of 0 has no mean)."""


def _missing_data(file: xr.Dataset) -> Iterator[Check]:
    """A value stands only where its status is good, and a missing one has a reason."""
    if "status" not in file or str(file["status"].attrs.get("flag_meanings")) != " ".join(FLAGS):
        return
    status = file["status"]
    for name, one in _fields(file).items():
        if "status" not in str(one.attrs.get("ancillary_variables", "")).split() or name.endswith("_normal"):
            continue
        if one.dims != status.dims:
            yield Check("a value has a status", f"{name} has {one.dims} and status {status.dims}")
            continue
        hidden = silent = 0
        for values, why in zip(_pieces(one), _pieces(status), strict=True):
            there = np.isfinite(values)
            hidden += int((there & ~np.isin(why, [FLAGS[flag] for flag in _STANDING])).sum())
            silent += int((~there & (why == FLAGS["good"])).sum())
        if hidden:
            yield Check("a value without enough coverage is missing", f"{name} has {hidden} such values")
        if silent:
            yield Check("a missing value has a reason in status", f"{name} has {silent} without")


def _area(file: xr.Dataset) -> Iterator[Check]:
    areas = [one for one in file.variables.values() if one.attrs.get("standard_name") == "cell_area"]
    for one in areas:
        values = one.values
        if not (values > 0).all():
            yield Check("a cell has an area", f"{int((~(values > 0)).sum())} have none")
        total = float(values.sum(dtype=np.float64))
        if total > _SPHERE * (1 + _CLOSURE):
            yield Check("cells cover the sphere at most once", f"they cover {total / _SPHERE:.6f} of it")


_RULES = (_global_attributes, _described, _time_axis, _values, _flags, _missing_data, _area)
