"""Synthetic GSMaP files as JAXA lays them out: flat binary, NetCDF of version 8, HDF5 of the Globe Portal System."""

import gzip
from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np

SYNTHETIC = "SYNTHETIC test data, not from JAXA"
FILL = -9999.9


def write_gsmap_binary(path: Path, *fields: np.ndarray, dtype: str = "<f4", extra: bytes = b"") -> Path:
    """Write fields (1200, 3600), row 0 north, column 0 east of Greenwich, one after the other, compressed.

    The format has no metadata; the gzip header carries the label.
    """
    content = b"".join(np.ascontiguousarray(field, dtype=dtype).tobytes() for field in fields) + extra
    with path.open("wb") as raw, gzip.GzipFile(SYNTHETIC, "wb", 1, raw, 0) as stream:
        stream.write(content)
    return path


def write_gsmap_netcdf(
    path: Path,
    rate: np.ndarray,
    calibrated: np.ndarray,
    *,
    two_dimensional: bool = False,
    attributes: dict[str, Any] | None = None,
) -> Path:
    """Write hourly rates (latitude, longitude) from 90 N, 0 E as NetCDF; with `two_dimensional` as the portal does."""
    rows, columns = rate.shape
    lat = (90 - (np.arange(rows) + 0.5) * 180 / rows).astype("f4")
    lon = ((np.arange(columns) + 0.5) * 360 / columns).astype("f4")
    dims: tuple[str, ...] = ("Latitude", "Longitude")
    with netCDF4.Dataset(path, "w") as file:
        file.comment = SYNTHETIC
        for name, size in (("Time", 1), ("Latitude", rows), ("Longitude", columns)):
            file.createDimension(name, size)
        time = file.createVariable("Time", "f8", ("Time",))
        time.units = "hours since 0000-00-00 00:00"  # no units of CF
        time[:] = 17742552
        if two_dimensional:
            dims = ("Longitude", "Latitude")
            file.createVariable("Latitude", "f4", dims)[:] = np.broadcast_to(lat, (columns, rows))
            file.createVariable("Longitude", "f4", dims)[:] = np.broadcast_to(lon[:, None], (columns, rows))
        else:
            file.createVariable("Latitude", "f4", ("Latitude",))[:] = lat
            file.createVariable("Longitude", "f4", ("Longitude",))[:] = lon
        for name, values in (("hourlyPrecipRate", rate), ("hourlyPrecipRateGC", calibrated)):
            whole = dims if two_dimensional else ("Time", *dims)
            variable = file.createVariable(name, "f4", whole, fill_value=FILL, zlib=True)
            variable.set_auto_maskandscale(False)
            variable.setncatts({"units": "mm/hr"} | (attributes or {}))
            variable[:] = values.T if two_dimensional else values[None]
    return path


def write_gsmap_hdf5(
    path: Path,
    fields: dict[str, np.ndarray],
    *,
    start: str = "2024-01-01T05:00:00.000Z",
    version: str = "05C",
    units: str | None = "mm/hr",
    header: str | None = None,
    group: str = "Grid",
) -> Path:
    """Write fields (latitude, longitude) from 90 S, 180 W as HDF5: transposed, 2-D coordinates, header text."""
    rows, columns = next(iter(fields.values())).shape
    lat = (-90 + (np.arange(rows) + 0.5) * 180 / rows).astype("f4")
    lon = (-180 + (np.arange(columns) + 0.5) * 360 / columns).astype("f4")
    text = header if header is not None else (
        f"AlgorithmID=3GSMAPH;\nFileName={path.name};\nStartGranuleDateTime={start};\nProductVersion={version};\n"
    )  # fmt: skip
    with h5py.File(path, "w") as file:
        file.attrs["FileHeader"] = np.bytes_(text)
        file.attrs["JAXAInfo"] = np.bytes_(f"Comment={SYNTHETIC};\n")
        grid = file.create_group(group)
        grid["Latitude"] = np.broadcast_to(lat, (columns, rows))
        grid["Longitude"] = np.broadcast_to(lon[:, None], (columns, rows))
        for name, values in fields.items():
            chunks = (max(1, columns // 4), rows)
            stored = grid.create_dataset(
                name, data=values.T.astype("<f4"), chunks=chunks, compression="gzip", compression_opts=4, shuffle=True
            )
            stored.attrs["_FillValue"] = np.float32(FILL)
            stored.attrs["CodeMissingValue"] = np.bytes_("-9999.9")
            if units is not None:
                stored.attrs["units"] = np.bytes_(units)
    return path
