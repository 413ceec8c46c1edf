"""Damage to a NetCDF file: flipped bytes, a cut, changed attributes or codes; and what a reader may make of it."""

from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr
from hypothesis import strategies as st

from eo.canonical import STATUS
from eo.errors import EoError
from eo.granules import canonical_of
from eo.model import Product

_TEXTS = ["", "x", "nan", "-1", "days since 1970-13-41", "0,-2", "DAY", "9.9"]
_NUMBERS = [0.0, -1.0, 1e30, -9999.0, np.nan, np.inf, 255.0]


def check_survives(data: st.DataObject, path: Path, product: Product, variable: str) -> None:
    """Damage a file in a way that `data` draws; reading gives an error of ours, or values in range or missing."""
    how = data.draw(st.sampled_from(["bytes", "attribute", "numbers"]), label="how")
    if how == "bytes":
        _spoil_bytes(data, path)
    elif how == "attribute":
        _spoil_attribute(data, path, variable)
    else:
        _spoil_numbers(data, path)
    said, content = _read(path, product)
    assert said or content is not None
    if content is None:
        return
    for name, one in product.variables.items():
        values = content[name].values
        there = np.isfinite(values)
        low, high = one.plausible
        assert ((values[there] >= low) & (values[there] <= high)).all()
        assert set(np.unique(content[f"{name}_status"].values)) <= set(STATUS.values())


def _read(path: Path, product: Product) -> tuple[str, xr.Dataset | None]:
    """Give what an error of ours says, or the content."""
    try:
        with canonical_of(path, product) as content:
            return "", content.load()
    except EoError as error:
        return str(error), None


def _spoil_bytes(data: st.DataObject, path: Path) -> None:
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans(), label="cut"):
        path.write_bytes(content[: data.draw(st.integers(1, len(content) - 1))])
        return
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=40)):
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)


def _spoil_numbers(data: st.DataObject, path: Path) -> None:
    """Change some numbers of one variable to any that its type has."""
    with netCDF4.Dataset(path, "a") as file:
        file.set_auto_maskandscale(False)
        one = file[data.draw(st.sampled_from(sorted(file.variables)), label="variable")]
        seed = data.draw(st.integers(0, 1 << 30))
        random = np.random.default_rng(seed)
        numbers = np.atleast_1d(np.asarray(one[...])).copy()
        noise = np.frombuffer(random.bytes(numbers.nbytes), numbers.dtype).reshape(numbers.shape)
        numbers = np.where(random.random(numbers.shape) < 0.3, noise, numbers)
        one[...] = numbers.reshape(one.shape)


def _spoil_attribute(data: st.DataObject, path: Path, variable: str) -> None:
    with netCDF4.Dataset(path, "a") as file:
        holders = [file, file[variable], *(file[name] for name in file.variables if file[name].ndim < 2)]
        holder = data.draw(st.sampled_from([one for one in holders if one.ncattrs()]), label="holder")
        name = data.draw(st.sampled_from([one for one in holder.ncattrs() if one != "_FillValue"] or ["x"]))
        how = data.draw(st.sampled_from(["drop", "text", "number"]))
        if name == "x" or (how == "drop" and holder is not None):
            if name in holder.ncattrs():
                holder.delncattr(name)
            return
        values = _TEXTS if how == "text" else _NUMBERS
        holder.setncattr(name, data.draw(st.sampled_from(values)))
