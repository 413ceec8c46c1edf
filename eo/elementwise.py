"""A function of each value of a field, whether it is in memory or lazy."""

import uuid
from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
import xarray as xr


def elementwise(function: Callable[..., npt.NDArray[Any]], *fields: xr.Variable, dtype: npt.DTypeLike) -> xr.Variable:
    """Give a function of each value, without attributes: now where fields are in memory, else block by block.

    Parameters
    ----------
    function : takes an array of each field and gives one of the same shape
    fields : of the same dims, in the same blocks
    dtype : what the function gives
    """
    data, dims = [one.data for one in fields], fields[0].dims
    lazy = next((one for one in data if isinstance(one, da.Array)), None)
    if lazy is None:
        return xr.Variable(dims, function(*data))
    data = [one if isinstance(one, da.Array) else da.from_array(one, chunks=lazy.chunks) for one in data]  # type: ignore[no-untyped-call]
    # a name of its own: to make one from what the function holds takes dask longer than a small block takes to read
    name = f"{getattr(function, '__name__', 'block')}-{uuid.uuid4().hex}"
    meta = np.empty((0,) * len(dims), dtype)
    return xr.Variable(dims, da.map_blocks(function, *data, dtype=dtype, name=name, meta=meta))  # type: ignore[no-untyped-call]
