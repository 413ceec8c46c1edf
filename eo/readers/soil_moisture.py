"""Surface soil moisture of ESA CCI (v02 on) and C3S: daily with flags, or means over dekads and months without.

Sources
-------
Dorigo, W., et al. (2017): ESA CCI Soil Moisture for improved Earth system understanding. Remote Sensing of
Environment, 203, 185-215. doi:10.1016/j.rse.2017.07.001. ESA CCI SM and C3S SM product user guides.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.canonical import STATUS
from eo.errors import InputError
from eo.model import Product, Step
from eo.readers._latlon import Field, GridFile, fields, opened, published
from eo.readers._options import options
from eo.readers._stored import StoredFile
from eo.readers._times import moment
from eo.record import Record
from eo.steps import end_of, start_of

_FILL = 127
_VALUES = 3
"""Until v02 a flag is one of 0 to 3 (snow or frost, dense vegetation, no convergence)."""
_BITS_SINCE = 3
_BARREN = 64
"""The only bit that advises: the value stays in the file (v08 on)."""
_SHIFT = np.timedelta64(12, "h")
"""The days of this family run from noon to noon: a day, dekad or month begins 12 hours before its stamp."""
_MINUTE = np.timedelta64(1, "m")


class Options(Record):
    """What a soil moisture product says beside its variables."""

    keep_barren: bool = False
    """Keep values flagged as barren ground, and only as that."""


def read(path: Path, product: Product) -> xr.Dataset:
    """Give the variables of a product from one file, decoded lazily, flagged values masked.

    The version of an interim record (ICDR) says so: it is another processing than the climate record before it.

    Raises
    ------
    InputError
        An unknown version, a time that does not agree with the coverage that the file states, no flag in a daily
        file; when computed: a flag that the version does not have.
    """
    chosen = options(Options, product)
    with opened(path, product) as grid:
        stamps = grid.times()
        _check_coverage(grid.file, stamps, product.step)
        version = str(grid.file.attrs.get("product_version", ""))
        bits = _has_bits(version)

        def field(name: str) -> Field:
            plain = grid.decoded(name)
            return _flagged(plain, grid, bits=bits, keep_barren=chosen.keep_barren) if product.step == "day" else plain

        interim = " ICDR" if "-ICDR-" in str(grid.file.attrs.get("id", "")) else ""
        return published(grid, fields(grid, product, field), version=version + interim)


def _has_bits(version: str) -> bool:
    """Tell whether the flags of a version are bits; `v202012` of C3S and `09.1` of CCI are versions."""
    match = re.fullmatch(r"v?(20(?:1[6-9]|[2-4]\d)\d\d|0?[2-9]\.\d+)(?:\.\d+)*", version)
    if match is None:
        raise InputError(f"product_version is vYYYYMM from 2016 on (C3S) or 02.x to 09.x (CCI); it is {version!r}")
    return float(match[1]) >= _BITS_SINCE


def _check_coverage(file: StoredFile, stamps: npt.NDArray[Any], step: Step) -> None:
    """Refuse a stamp that is not in the coverage of the file, or a mean over another period than its step."""
    said = [str(file.attrs.get(f"time_coverage_{end}", "")) for end in ("start", "end")]
    if step == "day" and not all(said):
        return
    begin, end = (moment(text, "time_coverage") + _SHIFT for text in said)
    if step == "day":  # v02 states the coverage of the whole record
        good = begin - 2 * _SHIFT <= stamps.min() and stamps.max() <= end + _SHIFT
    else:
        start = start_of(stamps, step)
        off = max(abs(begin - start[0]), abs(end - end_of(start, step)[0]))
        good = stamps.size == 1 and bool(off <= _MINUTE)
    if not good:
        raise InputError(f"a {step} covers itself less 12 hours; {stamps[0]} does not go with {said[0]} to {said[1]}")


def _flagged(plain: Field, grid: GridFile, *, bits: bool, keep_barren: bool) -> Field:
    """Give values and status with what the flag says; a flagged cell without a value was masked by the publisher."""
    values, status = plain
    flag = grid.stored("flag")
    where = f"{grid.path}: "

    def reason(raw: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
        known = (raw >= 0) & (raw <= (_FILL if bits else _VALUES)) | (raw == _FILL)
        if not known.all():
            table = "0 to 127" if bits else "0 to 3, and 127"
            raise InputError(f"{where}'flag' is {table} in this version; it has {np.unique(raw[~known])[:5].tolist()}")
        masked = (raw & ~np.asarray(_BARREN if keep_barren and bits else 0, raw.dtype)) != 0
        return np.where(raw == _FILL, STATUS["never_observed"], np.where(masked, STATUS["quality_masked"], 0)).astype(
            np.int8
        )

    if flag.dtype.kind not in "iu" or flag.dims != values.dims:
        raise InputError(f"'flag' has integers on the grid of the values; it has {flag.dtype} on {flag.dims}")
    said = xr.apply_ufunc(reason, flag, dask="parallelized", output_dtypes=[np.int8])
    kept = values.where(said == STATUS["ok"]).assign_attrs(values.attrs)
    return kept, xr.where(said == STATUS["ok"], status, said).astype(np.int8)
