"""Ready runs of every indicator: one on the twin, which is built here, and one of a real product."""

import re
from pathlib import Path

import dask.callbacks
import numpy as np
import pytest
from granules import plain_cf, truth
from PIL import Image
from twin import indicators as twin
from twin.runs import LABEL, NOTE, build_each

from eo import gate, indicators, netcdf, plot
from eo.config import load_run, run_names
from eo.origin import is_remote
from eo.sources import Remote
from eo.verification import verified

CONFIGS = Path(__file__).parents[1] / "configs"
RUNS = {name: load_run(name, CONFIGS) for name in run_names(CONFIGS)}
QUICK = ("growth_rate", "precipitation_total")
_ACCOUNT = "its product needs an account of the Climate Data Store"
NOT_FETCHED = {"growth_rate": _ACCOUNT, "sea_level": _ACCOUNT}
"""Indicators whose runs of real products do not fetch by themselves without an account, and why not."""


def _fetches_without_account(name: str) -> bool:
    sources = [one.product.source for one in RUNS[name].inputs]
    accounts = [getattr(source, "credentials", None) for source in sources]
    free = all(one is None or not any(one.model_dump().values()) for one in accounts)
    return free and all(is_remote(source) or source.kind == "package" for source in sources)


def test_every_indicator_has_a_run_on_the_twin() -> None:
    assert set(twin.READY) == set(indicators.names())


def test_every_indicator_has_a_run_of_a_real_product() -> None:
    assert {run.config.indicator for run in RUNS.values()} == set(indicators.names())


def test_what_no_run_fetches_without_an_account_has_a_reason() -> None:
    fetched = {run.config.indicator for name, run in RUNS.items() if _fetches_without_account(name)}
    assert set(NOT_FETCHED) == set(indicators.names()) - fetched


def _check_built(tmp_path: Path, some: tuple[str, ...]) -> None:
    configs, root = tmp_path / "configs", tmp_path / "root"
    with twin.serve(tmp_path / "served", configs, some) as groups:
        names = [name for group in groups.values() for name in group]
        said = [one for group in groups.values() for one in build_each(group, str(configs), str(root))]
    assert [text for good, text in said if not good] == []
    for name in names:
        path = root / "results" / f"{name}.nc"
        assert gate.failures(path) == []
        _check_labelled(path)
        run, result = load_run(name, configs), netcdf.read(path)
        for output in run.indicator.outputs:  # a run that leaves an output empty tries nothing of it
            assert result[output.name.format(variable=run.config.variable)].notnull().any(), output.name
        assert (result["status"] == 0).any()
        drawn = plot.drawn(run).name.format(variable=run.config.variable)
        assert result[drawn].dims == result["status"].dims


def _check_labelled(path: Path) -> None:
    result = netcdf.read(path)
    assert result.attrs["title"].startswith(LABEL)
    assert LABEL in result.attrs["source"]
    assert {result.attrs["summary"], result.attrs["license"], result.attrs["product_licence"]} == {NOTE}
    with Image.open(path.with_suffix(".png")) as picture:
        assert str(picture.info["Title"]).startswith(LABEL)
        assert NOTE in str(picture.info["Source"])


@pytest.mark.slow
def test_some_indicators_are_built_from_the_twin(tmp_path: Path) -> None:
    _check_built(tmp_path, QUICK)


def _by_product() -> dict[str, tuple[str, ...]]:
    products = {one.product for one in twin.READY.values()}
    return {
        product: tuple(name for name, one in twin.READY.items() if one.product == product)
        for product in sorted(products)
    }


@pytest.mark.slow
@pytest.mark.parametrize("product", _by_product())
def test_every_indicator_is_built_from_the_twin(product: str, tmp_path: Path) -> None:
    _check_built(tmp_path, _by_product()[product])


def test_a_file_of_many_steps_is_verified_without_asking_for_each_step_anew(tmp_path: Path) -> None:
    """A graph of all steps that is made for each of them takes the square of their number."""
    days = truth.steps("2013-01-01", "2013-12-31", "D")
    form = twin.FORMS["rain_daily"]
    product = twin.product_of(form)
    path = plain_cf.write_series(
        tmp_path / "rain.2013.nc", truth.rain(days, (3, 4)), days, name="PRECIP", units="mm day-1", title="series",
        corner=(13, 0), cell=1,
    )  # fmt: skip
    asked: list[object] = []
    with dask.callbacks.Callback(start=asked.append):
        found = verified(path, product, Remote(path.name, ""), [str(np.datetime64("2013-06-01"))])
    assert len(found.times) == 365
    assert len(asked) < 10


@pytest.mark.parametrize("name", indicators.names())
def test_an_indicator_states_what_it_does_with_parts_of_periods_missing_data_and_a_short_baseline(name: str) -> None:
    """Words alone, which a person must find in `eo describe`; what they say is for the tests of each indicator."""
    known = indicators.load(name)
    said = " ".join((known.compute.__doc__ or "").split())
    assert re.search(r"\bparts?\b|\bpart-month", said)
    assert re.search(r"\b[Mm]issing\b|\bnot observed\b|less coverage than asked|was observed", said)
    assert re.search("[Bb]aseline of (fewer|less)" if known.normal else "No baseline", said)
