"""The twin of all services: a product of each kind, from its service to its result, all labelled synthetic."""

import os
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
    some = {name: PRODUCTS[name]}
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
