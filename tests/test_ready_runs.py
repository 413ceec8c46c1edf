"""Ready runs that need no account: what each needs comes from where its own config says, on the twin of that service.

Of the config the host alone is another; of the run, the months are those that the twin has and its regions the whole
grid, because an example is a few cells of the globe on one day.
"""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import succeeds
from twin import everything
from twin.runs import LABEL, PERIOD, dump, write_configs

from eo import netcdf
from eo.config import load_product, load_run

CONFIGS = Path(__file__).parents[1] / "configs"
SMALL = {
    "soil_moisture_esacci": "dap.ceda.ac.uk",
    "jaxa_earth_ndvi": "data.earth.jaxa.jp",
    "enso_oisst": "noaa-cdr-sea-surface-temp-optimum-interpolation-pds",
    "ndvi_sentinel2_toulouse": "earth-search.aws.element84.com",
    "precipitation_gpcp": "www.ncei.noaa.gov",
    "tropical_atlantic_ersst": "downloads.psl.noaa.gov",
}
"""A run that a day gives a value of, and the service that it asks; `make pipeline RUN=twin_all` has every product."""
QUICK = ("soil_moisture_esacci",)


def _cut(name: str) -> dict[str, Any]:
    """Give what a run says, but for its months and its regions."""
    said = yaml.safe_load((CONFIGS / "runs" / f"{name}.yaml").read_text(encoding="utf-8"))
    short = {"period": PERIOD, "regions": ["everywhere"], "title": f"{LABEL}: {said['title']}"}
    if "baseline" in said:
        short["baseline"] = PERIOD
    parameters = {"min_coverage": 1e-15} if "min_coverage" in load_run(name, CONFIGS).parameters else {}
    return said | short | {"product": f"twin_{said['product']}", "parameters": said.get("parameters", {}) | parameters}


@pytest.mark.parametrize("name", [one if one in QUICK else pytest.param(one, marks=pytest.mark.slow) for one in SMALL])
def test_a_run_without_an_account_is_built_from_the_twin_of_its_service(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in (*everything.ACCOUNT, "TWIN_KEY"):
        monkeypatch.setenv(variable, os.environ.get(variable, ""))  # restored when the test ends
    product = load_run(name, CONFIGS).config.product
    some = {product: load_product(product, CONFIGS)}
    assert SMALL[name] in yaml.safe_dump(some[product].source.model_dump(mode="json"))
    with everything.serve(tmp_path / "served", some) as twin:
        place = write_configs(tmp_path / "configs", some, twin)
        dump(place / "runs" / f"{name}.yaml", _cut(name))
        succeeds("build", name, "--configs", place, "--root", tmp_path / "root")
    result = netcdf.read(tmp_path / "root" / "results" / f"{name}.nc")
    assert LABEL in result.attrs["source"]
    assert result.attrs["granules_failed"] == 0


def test_the_months_that_a_run_of_scenes_asks_for_are_few() -> None:
    run = load_run("ndvi_sentinel2_toulouse", CONFIGS)
    assert run.baseline is not None
    assert run.period.months + run.baseline.months == 2
