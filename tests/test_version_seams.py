"""Where one version of a product ends and the next begins: what a plain reader joins, and what a run refuses to join.

Each record here is of one constant truth, which its second version states otherwise, as new algorithms do.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from granules.gsmap import write_gsmap_binary
from granules.sgli import write_sgli
from granules.soil_moisture import write_soil_moisture

from eo.config import load_product, load_run
from eo.errors import InputError
from eo.granules import canonical_of
from eo.origin import LocalSource
from eo.pipeline import plan

Writer = Callable[[Path, str, str, float], Path]
MONTHS = ("2021-11", "2021-12")


def _sgli(folder: Path, month: str, version: str, value: float) -> Path:
    numbers = np.full((6, 12), round((value + 10) / 0.0012), np.uint16)
    day = f"{month.replace('-', '')}01"
    return write_sgli(folder, numbers, np.zeros_like(numbers, np.uint8), day=day, period="01M", version=version)


def _soil(folder: Path, month: str, record: str, value: float) -> Path:
    return write_soil_moisture(folder, np.full((3, 4), value), step="MONTHLY", date=f"{month}-01", record=record)


def _gsmap(folder: Path, month: str, version: str, value: float) -> Path:
    name = f"gsmap_gauge.{month.replace('-', '')}.0.1d.monthly.v{version}.dat.gz"
    rate = np.full((1200, 3600), value / 24)
    return write_gsmap_binary(folder / name, rate, np.full_like(rate, 720))


SEAMS: dict[str, tuple[Writer, str, tuple[str, str], tuple[float, float]]] = {
    "SGLI, version 2 and 3": (_sgli, "jaxa_sgli_sst_day_monthly", ("2000", "3002"), (14.0, 14.3)),
    "C3S, climate and interim record": (_soil, "c3s_soil_moisture_combined_monthly", ("TCDR", "ICDR"), (0.25, 0.27)),
    "GSMaP, version 7 and 8": (_gsmap, "jaxa_gsmap_gauge_monthly", ("7.4112.0", "8.0000.0"), (2.4, 3.12)),
}
STATED = {"TCDR": "v202012", "ICDR": "v202012 ICDR"}


@pytest.mark.parametrize("seam", SEAMS)
def test_a_series_over_two_versions_is_refused_unless_its_run_allows_the_splice(seam: str, tmp_path: Path) -> None:
    write, name, versions, levels = SEAMS[seam]
    paths = [
        write(tmp_path, month, version, level)
        for month, version, level in zip(MONTHS, versions, levels, strict=True)
    ]  # fmt: skip
    original = load_product(name)
    variable = next(iter(original.variables))
    naive = []
    for path in paths:
        with canonical_of(path, original) as content:
            naive.append(float(content[variable].isel(time=0, lat=0).mean()))
    assert naive == pytest.approx(levels, rel=1e-4)  # joined, the step between two algorithms is a change of climate
    stated = [STATED.get(one, one) for one in versions]
    product = original.model_copy(update={"source": LocalSource(kind="local", path=f"{tmp_path}/*.*")})
    run = load_run("enso_ostia")
    period = "/".join(MONTHS)
    update = {"product": name, "variable": variable, "period": period, "baseline": period}
    refused = replace(run, product=product, config=run.config.model_copy(update=update))
    said = f"one product version unless.*'{stated[0]}': '2021-11', '{stated[1]}': '2021-12'"
    with pytest.raises(InputError, match=said):
        plan(refused, tmp_path / "root")
    allowed = replace(refused, config=refused.config.model_copy(update={"splice": "allowed"}))
    assert [one.version for part in plan(allowed, tmp_path / "root").parts for one in part.granules] == stated
