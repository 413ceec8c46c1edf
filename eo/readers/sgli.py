"""GCOM-C SGLI level-3 maps: HDF5 whose groups carry the metadata, every attribute an array of one element.

A value counts only between Minimum_valid_DN and Maximum_valid_DN, is then scaled with Slope and Offset (both change
between versions), and `<name>_QA_flag` says why one is absent. In the file name A is the ascending pass, which is
night for GCOM-C, and D the descending one, day.

References
----------
JAXA, SGLI Higher Level Product Format Description; JAXA, GCOM-C product pages (algorithm and QA flag of each product).
"""

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.canonical import STATUS
from eo.errors import InputError
from eo.model import Product
from eo.readers import _hdf5, _jaxa
from eo.readers._options import options
from eo.record import Record

KINDS = ("HDF5",)

_PROJECTION = "Equal Rectangular"
_TIME = r"(?P<date>\d{8}) (?P<time>\d{2}:\d{2}:\d{2}(\.\d{1,9})?)"
_INTERVAL_DIGITS = 5e-5
"""Grid_interval has six significant digits."""

ALL_INVALID = 254
"""The QA flag where every input was refused; the one where there was none is the flag's own Error_DN."""
_LAND_BITS, _LAND, _WATER = 0b11, 3, 0
_NIGHT_BITS = 0b1100


class Options(Record):
    """Where the variable exists: what is land to the sea, and water to the land, is outside its domain."""

    domain: Literal["sea", "land", "everywhere"]


@dataclass(frozen=True)
class _Coding:
    """How one field is coded."""

    error: int
    lowest: int
    highest: int
    slope: float
    offset: float
    known_bits: int
    outside: int | None
    """The value of the land bits that says the variable does not exist there."""
    outside_code: int | None
    no_input: int
    """Error_DN of the QA flag, which is not that of the data: 255 in level 3, 1 in level-2 reflectance."""
    highest_flag: int
    where: str


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one SGLI map, decoded lazily under their canonical names.

    Parameters
    ----------
    path : a 3MSG file in equal rectangular projection
    product : its `marks` and `filename` are checked against what the file states of itself

    Raises
    ------
    InputError
        Another product, version, pass or period, a grid that contradicts its own geometry, an absent attribute;
        when computed, an unreadable chunk or a QA flag that the product does not know.
    """
    return _hdf5.published(path, partial(_content, path=path, product=product))


def _content(file: h5py.File, path: Path, product: Product) -> xr.Dataset:
    _jaxa.check_marks(file, product)
    stated = _hdf5.group(file, "Global_attributes")
    match = _jaxa.granule_name(str(_hdf5.attribute(stated, "Product_file_name")), path, product)
    version = str(_hdf5.attribute(stated, "Product_version"))
    if version != match["version"]:
        raise InputError(
            f"Product_version is the one in Product_file_name; they are {version!r} and {match['version']!r}"
        )
    _check_result(file)
    start = _jaxa.start_of_step(match, product)
    first, last = (_jaxa.moment(str(_hdf5.attribute(stated, f"Image_{end}_time")), _TIME) for end in ("start", "end"))
    _jaxa.check_period(first, last, start, product)
    coordinates = {"time": ("time", np.array([start]))} | _grid(file)
    image, chosen = _hdf5.group(file, "Image_data"), options(Options, product)
    fields: dict[str, xr.DataArray] = {}
    for name, variable in product.variables.items():
        values, status = _decoded(image, variable.source, chosen.domain, product, str(path))
        fields |= {name: values, f"{name}_status": status}
    return xr.Dataset(fields, coordinates, {"product_version": version})


def _check_result(file: h5py.File) -> None:
    """Refuse a granule that its own publisher marks as failed; Fair and Poor say little of single cells."""
    place, name = "Processing_attributes", "Processing_result"
    holder = file.get(place)
    if isinstance(holder, h5py.Group) and name in holder.attrs and str(_hdf5.attribute(holder, name)) == "NG":
        raise InputError(f"{place}/{name} of a granule is Good, Fair or Poor; it is 'NG', no good to its publisher")


def _grid(file: h5py.File) -> dict[str, tuple[Any, ...]]:
    """Give the axes from the corners that the file states, which must agree with its own interval and size."""
    image, geometry = _hdf5.group(file, "Image_data"), _hdf5.group(file, "Geometry_data")
    projection, unit = (str(_hdf5.attribute(image, name)) for name in ("Image_projection", "Grid_interval_unit"))
    if not projection.startswith(_PROJECTION) or not unit.startswith("deg"):
        raise InputError(
            f"an SGLI map is in {_PROJECTION!r} projection, in degrees; this one: {projection!r}, {unit!r}"
        )
    interval = _hdf5.number(image, "Grid_interval")
    found: dict[str, tuple[Any, ...]] = {}
    for name, word, size in (("lat", "latitude", "lines"), ("lon", "longitude", "pixels")):
        corners = [_hdf5.number(geometry, f"{corner}_{word}") for corner in ("Upper_left", "Lower_right")]
        count = _hdf5.number(image, f"Number_of_{size}")
        span = (corners[0] - corners[1]) * (1 if name == "lat" else -1)
        if count < 1 or count % 1 or abs(span - count * interval) > _INTERVAL_DIGITS * count * interval:
            raise InputError(
                f"the cells of an SGLI map fill the space between its corners; "
                f"{count:g} {size} of {interval} degrees and {word} {corners[0]} to {corners[1]}"
            )
        centres, bounds = _jaxa.axis(corners[0], corners[1], int(count))
        found |= {name: (name, centres), f"{name}_bounds": ((name, "nv"), bounds)}
    return found


def _decoded(
    image: h5py.Group, source: str, domain: str, product: Product, where: str
) -> tuple[xr.DataArray, xr.DataArray]:
    stored, flags = (_map(image, name) for name in (source, re.sub("_AVE$", "_QA_flag", source)))
    coding = _coding(stored, flags, domain, product, where)
    numbers, quality = (_hdf5.lazy(one, ("lat", "lon")) for one in (stored, flags))
    quality = quality.chunk(dict(zip(numbers.dims, numbers.chunks or (), strict=True)))
    status = xr.apply_ufunc(
        partial(_status, coding=coding), numbers, quality, dask="parallelized", output_dtypes=[np.int8]
    )
    values = xr.apply_ufunc(
        partial(_physical, coding=coding), numbers, status, dask="parallelized", output_dtypes=[np.float64]
    )
    return values.assign_attrs(units=_jaxa.units(str(_hdf5.attribute(stored, "Unit")))), status


def _map(image: h5py.Group, name: str) -> h5py.Dataset:
    found = _hdf5.dataset(image, name)
    shape = tuple(int(_hdf5.number(image, f"Number_of_{size}")) for size in ("lines", "pixels"))
    if found.dtype.kind != "u" or found.shape != shape:
        raise InputError(f"{found.name} has unsigned integers on {shape} cells; it has {found.dtype} on {found.shape}")
    return found


def _coding(stored: h5py.Dataset, flags: h5py.Dataset, domain: str, product: Product, where: str) -> _Coding:
    error, lowest, highest = (
        int(_hdf5.number(stored, f"{name}_DN")) for name in ("Error", "Minimum_valid", "Maximum_valid")
    )
    slope, offset = (_hdf5.number(stored, name) for name in ("Slope", "Offset"))
    if slope <= 0 or lowest > highest:
        raise InputError(f"{stored.name} has a slope above 0 and a valid range; they are {slope}, {lowest}..{highest}")
    is_sea_temperature = stored.name.endswith("/SST_AVE")
    has_land_bits = not is_sea_temperature or product.step == "day"
    return _Coding(
        error=error, lowest=lowest, highest=highest, slope=slope, offset=offset, where=where,
        known_bits=_known_bits(is_sea_temperature=is_sea_temperature, daily=product.step == "day"),
        outside={"sea": _LAND, "land": _WATER}.get(domain) if has_land_bits else None,
        outside_code=int(_hdf5.number(stored, "Land_DN")) if domain == "sea" and "Land_DN" in stored.attrs else None,
        no_input=int(_hdf5.number(flags, "Error_DN")), highest_flag=int(_hdf5.number(flags, "Maximum_valid_DN")),
    )  # fmt: skip


def _known_bits(*, is_sea_temperature: bool, daily: bool) -> int:
    """Give the QA bits that a product has; those of the 8-day and monthly SST are others, not public."""
    if not is_sea_temperature:
        return _LAND_BITS
    return _LAND_BITS | _NIGHT_BITS if daily else 0xFF


def _status(numbers: npt.NDArray[Any], quality: npt.NDArray[Any], coding: _Coding) -> npt.NDArray[np.int8]:
    flagged = (quality != ALL_INVALID) & (quality != coding.no_input)
    unknown_bits = quality & np.array(~coding.known_bits & 0xFF, quality.dtype) != 0
    strange = quality[flagged & (unknown_bits | (quality > coding.highest_flag))]
    if strange.size:
        raise InputError(
            f"{coding.where}: a QA flag of this product has the bits {coding.known_bits:#04x}, "
            f"or is {ALL_INVALID} or {coding.no_input}; there is {strange[0]}"
        )
    invalid = (numbers == coding.error) | (numbers < coding.lowest) | (numbers > coding.highest)
    status = np.where(invalid, STATUS["quality_masked"], STATUS["ok"]).astype(np.int8)
    if coding.outside is not None:
        status[invalid & flagged & (quality & _LAND_BITS == coding.outside)] = STATUS["outside_domain"]
    if coding.outside_code is not None:
        status[numbers == coding.outside_code] = STATUS["outside_domain"]
    status[quality == ALL_INVALID] = STATUS["quality_masked"]
    status[quality == coding.no_input] = STATUS["never_observed"]
    return status


def _physical(numbers: npt.NDArray[Any], status: npt.NDArray[np.int8], coding: _Coding) -> npt.NDArray[np.float64]:
    values = numbers * np.float64(coding.slope) + np.float64(coding.offset)
    return np.where(status == STATUS["ok"], values, np.nan)
