"""Peak memory and chunks read for one global field of 0.05 degree (3600 x 7200, packed, chunks of 1 x 1800 x 3600).

Each reading runs in a process of its own; the file is synthetic. Printed: peak resident memory of the whole process, of
its imports alone, the seconds, and how many stored chunks were read of how many.

The reading `written` is the command `eo read`: the whole granule in canonical form on disk, and its summary.

    python benchmarks/memory.py
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent.parent
PRODUCT, NAME = "esacci_sst_l4_v3", "sea_surface_temperature"
REGION = {"lat": slice(-5, 5), "lon": slice(-170, -120)}
READINGS = ("imports", "region", "mean", "field", "written")
MIB = 1024


def peak() -> float:
    """Give the most memory that this process ever had, MiB; `ru_maxrss` would count the one that started it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / MIB


def write_global(path: Path) -> Path:
    """Write a global analysis at 0.05 degree: warm in the middle, with ripples and land."""
    sys.path.insert(0, str(HERE / "tests"))
    from granules.ghrsst import write_l4

    rows, columns = 3600, 7200
    latitude = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    ripple = (np.arange(columns, dtype=np.float32) % 50)[None, :] / 100
    kelvin = 300 - 28 * latitude**2 + ripple
    kelvin[:, 3000:3600] = np.nan
    return write_l4(path, kelvin, chunks=(1, 1800, 3600), absent=("analysed_sst_uncertainty",))


def measure(path: Path, reading: str) -> dict[str, float]:
    """Give what one reading took, MiB and seconds; in a process of its own or the peak is another's."""
    from eo.config import load_product
    from eo.granules import canonical_of
    from eo.readers import _lazy
    from eo.single import write_canonical

    reads = []
    original = _lazy._Source.__getitem__  # noqa: SLF001 - counts what is read from the file
    _lazy._Source.__getitem__ = lambda self, key: (reads.append(self.where), original(self, key))[1]  # noqa: SLF001
    product, start = load_product(PRODUCT, HERE / "configs"), time.perf_counter()
    imports = peak()
    value = 0.0
    if reading == "written":
        lines = write_canonical(path, PRODUCT, product, path.parent / "canonical.nc")
        value = float(next(line for line in lines if "max" in line).partition("max ")[2].partition(";")[0])
    elif reading != "imports":
        with canonical_of(path, product) as content:
            field = content[NAME]
            if reading == "region":
                value = float(field.sel(REGION).mean())
            elif reading == "mean":
                value = float(field.mean())
            else:
                value = float(field.values[0, 1800, 0])
    return {
        "peak": peak(),
        "imports": imports,
        "seconds": time.perf_counter() - start,
        "value": value,
        "chunks of the field": sum("analysed_sst'" in one for one in reads),
        "chunks of the mask": sum("mask'" in one for one in reads),
        "chunks of other variables": sum("analysed_sst'" not in one and "mask'" not in one for one in reads),
    }


def measured(path: Path, reading: str) -> dict[str, float]:
    """Give what one reading takes in a fresh process."""
    command = [sys.executable, __file__, str(path), reading]
    found = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE)  # noqa: S603 - our own file
    result: dict[str, float] = json.loads(found.stdout)
    return result


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_global(Path(folder) / "global.nc")
        print(f"{path.stat().st_size / 1e6:.0f} MB file")
        for reading in READINGS:
            found = measured(path, reading)
            print(f"{reading:8}", "  ".join(f"{name} {value:.5g}" for name, value in found.items()))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(Path(sys.argv[1]), sys.argv[2])))
    else:
        main()
