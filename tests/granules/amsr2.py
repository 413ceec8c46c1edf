"""Synthetic AMSR2 level-3 maps, laid out as JAXA's: all at the root, names with spaces, attributes as text."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

LABEL = "SYNTHETIC test data, not an observation"
SHAPES = {
    "EQL": (720, 1440),
    "EQH": (1800, 3600),
    "PNL": (448, 304),
    "PSL": (332, 316),
    "PNH": (1120, 760),
    "PSH": (830, 790),
}
CONTENT: dict[str, tuple[str, str, float, str, str]] = {
    "SST": ("Sea Surface Temperature", "O", 0.01, "C", "B"),
    "SSW": ("Sea Surface Wind Speed", "O", 0.01, "m/s", "E"),
    "TPW": ("Total Precipitable Water", "M", 0.01, "Kg/m2", "A"),
    "CLW": ("Cloud Liquid Water", "M", 0.001, "Kg/m2", "A"),
    "PRC": ("Precipitation", "M", 0.01, "mm/h", "A"),
    "SIC": ("Sea Ice Concentration", "M", 0.1, "%", "C"),
    "SND": ("Snow Depth", "M", 0.1, "cm", "G"),
    "SMC": ("Soil Moisture Content", "M", 0.1, "%", "F"),
}
"""Geophysical name, M or O of the file name, scale factor, unit, developer's letter. Those of SSW, TPW, CLW and PRC are
not known from public files."""

MISSING, NO_RETRIEVAL = -32768, -32767


def granule_of(
    content: str,
    date: str,
    *,
    area: str = "EQ",
    orbit: str = "A",
    resolution: str = "L",
    version: str = "3300300",
    instrument: str = "GW1AM2",
) -> str:
    """Give the granule id: ``GW1AM2_20230101_01D_PNMA_L3SGSICLC3300300``; a month has day 00."""
    _, mean, _, _, letter = CONTENT[content]
    period = "01M" if date.endswith("00") else "01D"
    return f"{instrument}_{date}_{period}_{area}{mean}{orbit}_L3SG{content}{resolution}{letter}{version}"


def write_amsr2(  # noqa: PLR0913 - what a granule may say
    folder: Path,
    numbers: npt.NDArray[np.int16],
    *,
    content: str = "SST",
    date: str = "20200401",
    area: str = "EQ",
    orbit: str = "A",
    resolution: str = "L",
    version: str = "3300300",
    instrument: str = "GW1AM2",
    units: tuple[str, ...] | None = None,
    minutes: npt.NDArray[np.int16] | None = None,
    chunks: tuple[int, int, int] | None = None,
    compression: int = 9,
    **defects: Any,  # noqa: ANN401 - attributes by name, None to leave one out
) -> Path:
    """Write a granule with these packed numbers, row 0 in the north (or at the top), and give its path.

    Parameters
    ----------
    numbers : (line, pixel, layer)
    minutes : (line, pixel), the `Time Information`; 45 everywhere where not given
    units : UNIT, one or one of each layer, where it is not the usual one
    defects : another value for an attribute, or None for none at all
    """
    granule = granule_of(
        content, date, area=area, orbit=orbit, resolution=resolution, version=version, instrument=instrument
    )
    name, _, scale, unit, _ = CONTENT[content]
    month = f"{date[:4]}-{date[4:6]}"
    end = str((np.datetime64(month) + 1).astype("datetime64[D]") - 1) if date.endswith("00") else f"{month}-{date[6:]}"
    begin = f"{month}-01" if date.endswith("00") else end
    sensor, platform = ("AMSR2", "GCOM-W1") if instrument == "GW1AM2" else ("AMSR-E", "EOS-PM1")
    root = {
        "AlgorithmVersion": version[1:4],
        "AncillaryDataInformation": LABEL,
        "AutomaticQAFlag": "Good",
        "ContactOrganizationName": "JAXA GCOM Project",
        "ECSDataModel": "B.0",
        "GeophysicalName": name,
        "GranuleID": granule,
        "ObservationEndDateTime": f"{end}T23:58:24.247Z",
        "ObservationStartDateTime": f"{begin}T00:00:38.028Z",
        "OrbitDirection": {"A": "Ascending", "D": "Descending"}[orbit],
        "ParameterVersion": version[4:],
        "PlatformShortName": platform,
        "ProcessingCenter": "JAXA GCOM Project",
        "ProductName": f"{sensor}-L3",
        "ProductVersion": version[0],
        "ProductionDateTime": "2021-01-01T00:00:00.000Z",
        "ProductSize_MByte": "6.4",
        "SensorShortName": sensor,
    }
    line = np.int16(45) if minutes is None else minutes
    path = folder / defects.pop("called", f"{granule}.h5")
    path.unlink(missing_ok=True)
    with h5py.File(path, "w") as file:
        for key, value in (root | {key: defects[key] for key in root if key in defects}).items():
            if value is not None:
                file.attrs.create(key, np.array([value], object), dtype=h5py.string_dtype("ascii"))
        about = {"SCALE FACTOR": np.array([scale], np.float32), "UNIT": units or (unit,)}
        about |= {key: defects[key] for key in about if key in defects}
        rows = chunks or (min(72, numbers.shape[0]), *numbers.shape[1:])
        packed = {"compression": "gzip", "compression_opts": compression}
        _describe(file.create_dataset("Geophysical Data", data=numbers, chunks=rows, **packed), about)
        shape = defects.get("time_shape", numbers.shape[:2])
        minute = {"SCALE FACTOR": np.array([1], np.float32), "UNIT": ("min",)}
        _describe(file.create_dataset("Time Information", data=np.broadcast_to(line, shape), **packed), minute)
    return path


def _describe(stored: h5py.Dataset, about: dict[str, Any]) -> None:
    for key, value in about.items():
        if key == "UNIT" and value is not None:
            stored.attrs.create(key, np.array(value, object), dtype=h5py.string_dtype("ascii"))
        elif value is not None:
            stored.attrs[key] = value
