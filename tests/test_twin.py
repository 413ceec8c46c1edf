"""The twin of all services: a product of each kind, from its service to its result, all labelled synthetic."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from twin import everything
from twin.runs import LABEL, NOTE, build, write_configs

from eo import netcdf
from eo.config import load_products

CONFIGS = Path(__file__).parents[1] / "configs"
PRODUCTS = load_products(CONFIGS)


def _one_of_each() -> list[str]:
    """Give a product of each way of getting bytes; of files that a person puts in place too."""
    found: dict[str, str] = {}
    for name, product in PRODUCTS.items():
        if product.reader != "gsmap_binary":  # the largest examples
            found.setdefault(product.source.kind, name)
    return sorted(found.values())


def test_every_kind_of_service_has_a_twin() -> None:
    kinds = {product.source.kind for product in PRODUCTS.values()} - {"local", "package"}
    assert kinds <= set(everything._KINDS)


@pytest.mark.slow
@pytest.mark.parametrize("name", _one_of_each())
def test_a_product_of_each_service_is_built_from_the_twin(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in (*everything.ACCOUNT, "TWIN_KEY"):
        monkeypatch.setenv(variable, os.environ.get(variable, ""))  # restored when the test ends
    alike = [one for one, product in PRODUCTS.items() if product.source.kind == PRODUCTS[name].source.kind]
    some = {one: PRODUCTS[one] for one in (name, alike[-1])}  # which do not disturb one another
    with everything.serve(tmp_path / "served", some) as twin:
        place = write_configs(tmp_path / "configs", some, twin)
        good, said = build(name, str(place), str(tmp_path / "root"), twin.environment.get(name))
    assert good, said
    result = netcdf.read(tmp_path / "root" / "results" / f"twin_{name}.nc")
    assert result.attrs["title"].startswith(LABEL)
    assert LABEL in result.attrs["source"]
    assert {result.attrs["summary"], result.attrs["license"], result.attrs["product_licence"]} == {NOTE}
    assert result.attrs["granules_failed"] == 0
    assert {path.name for path in (tmp_path / "root" / "raw").iterdir()} == {f"twin_{name}"}


@pytest.mark.served
def test_products_of_the_twin_go_through_the_flow_and_the_summary_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "twin", "run", "--only", "soil_moisture_passive_daily", "--root", str(tmp_path)]
    done = subprocess.run(  # noqa: S603 - the interpreter that runs the tests
        command, env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)}, cwd=CONFIGS.parent, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" ok     flow  ") == 2  # of the Climate Data Store and of CEDA
    assert "2 by the Prefect flow" in done.stdout.splitlines()[-1]
    with sqlite3.connect(tmp_path / "prefect" / "prefect.db") as database:
        names = {name for (name,) in database.execute("select name from flow_run where state_type = 'COMPLETED'")}
    assert names == {f"build twin_{one}_soil_moisture_passive_daily" for one in ("c3s", "esacci")}
