"""Masking by rule: a value goes and its reason stays."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from eo.canonical import STATUS
from eo.errors import InputError
from eo.readers._packing import decoded


def masked(
    values: xr.DataArray, status: xr.DataArray, by: xr.DataArray, reason: str
) -> tuple[xr.DataArray, xr.DataArray]:
    """Give values and status with the cells of `by` masked for a reason; a reason that stands already stays.

    Parameters
    ----------
    values : any dims
    status : same dims, int8, see `eo.canonical.STATUS`
    by : same dims or fewer, bool
    reason : a key of STATUS
    """
    kept = values.where(~by).assign_attrs(values.attrs)
    found = xr.where(by & (status == STATUS["ok"]), np.int8(STATUS[reason]), status).astype(np.int8)
    return kept, found.transpose(*status.dims)


def coded(packed: xr.DataArray, valid: tuple[float, float], codes: Mapping[int, str], path: Path) -> xr.DataArray:
    """Give the status of values of which some are codes, lazily.

    Parameters
    ----------
    packed : any dims, as stored, read without a sign where `_Unsigned` says so
    valid : least and largest packed value that is a value
    codes : what each other packed value means, a key of STATUS

    Raises
    ------
    InputError
        When computed: a packed value is neither a value nor a code that the table knows.
    """
    unsigned_ = str(packed.attrs.get("_Unsigned", "")).lower() == "true" and packed.dtype.kind == "i"

    def status(raw: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
        numbers = raw.view(raw.dtype.str.replace("i", "u")) if unsigned_ else raw
        out = np.full(raw.shape, STATUS["ok"], np.int8)
        beside = (numbers < valid[0]) | (numbers > valid[1])
        out[~np.isfinite(numbers)] = STATUS["never_observed"]
        for code, reason in codes.items():
            out[numbers == code] = STATUS[reason]
        strange = np.unique(numbers[beside & ~np.isin(numbers, list(codes))])
        if strange.size:
            raise InputError(
                f"{path}: {packed.name!r} is in {valid[0]:g}..{valid[1]:g} or a code of {sorted(codes)}; "
                f"it has also {strange[:5].tolist()}"
            )
        return out

    found: xr.DataArray = xr.apply_ufunc(status, packed, dask="parallelized", output_dtypes=[np.int8], keep_attrs=False)
    return found


def coded_field(
    packed: xr.DataArray, valid: tuple[float, float], codes: Mapping[int, str], path: Path
) -> tuple[xr.DataArray, xr.DataArray]:
    """Give physical values and status where some packed values are codes, see `coded`, whatever limits are stated."""
    limits = ("valid_min", "valid_max", "valid_range", "missing_value")
    plain = packed.copy(deep=False)
    plain.attrs = {key: value for key, value in packed.attrs.items() if key not in limits}
    status = coded(plain, valid, codes, path)
    values, _ = decoded(plain)
    return values.where(status == STATUS["ok"]).assign_attrs(values.attrs), status
