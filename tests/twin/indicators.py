"""A run of every indicator on the twin: by regions and, where it has both, by cells; all of it labelled synthetic."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from twin import https
from twin.everything import LIMITS
from twin.forms import BOXES, FORMS, Form
from twin.runs import LABEL, NOTE, PUBLISHER, dump, synthetic

from eo import config, indicators
from eo.model import Product

CONFIGS = Path(__file__).parents[2] / "configs"
_NINO = ("nino34", "nino3", "nino4")
_STANDARD = "1991/2020"


@dataclass(frozen=True)
class Ready:
    """What a run of an indicator takes."""

    product: str
    """One of `twin.forms.FORMS`."""
    regions: tuple[str, ...]
    period: str
    baseline: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Role -> product of a further input."""


def _spells(**parameters: object) -> Ready:
    return Ready("sst_daily", ("small_sea",), "2012/2015", "2012/2014", {"min_years": 3, **parameters})


def _rain(baseline: str | None = None) -> Ready:
    return Ready("rain_daily", ("small_land",), "2012/2014", baseline)


def _ice(**parameters: object) -> Ready:
    return Ready("sea_ice_daily", ("northern_hemisphere",), "2018/2019", None, {"pole_hole": 87.2, **parameters})


def _condition(product: str) -> Ready:
    return Ready(product, ("sahel", "amazon"), "2018/2023", "2018/2022")


READY: dict[str, Ready] = {
    "anomaly": Ready("globe_sst_monthly", _NINO, _STANDARD, _STANDARD),
    "area_below_percentile": Ready("soil_moisture_monthly", ("soil_cells",), "2005/2016", "2005/2014"),
    "atlantic_multidecadal_oscillation": Ready("globe_sst_monthly", ("north_atlantic",), "1990/2020", _STANDARD),
    "cdd": _rain(),
    "chlorophyll": Ready("chlorophyll_monthly", ("green_sea",), "2016/2019", "2016/2018"),
    "cwd": _rain(),
    "degree_heating_weeks": _spells(),
    "dipole_mode_index": Ready(
        "globe_sst_monthly", ("iod_west", "iod_east", "indian_ocean_dipole"), "2001/2020", _STANDARD
    ),
    "growth_rate": Ready("xco2_monthly", ("gas_cells",), "2003/2009"),
    "ice_free_days": _ice(),
    "marine_cold_spell_area": _spells(),
    "marine_cold_spell_days": _spells(),
    "marine_cold_spell_events": _spells(),
    "marine_heatwave_area": _spells(),
    "marine_heatwave_days": _spells(step="year"),
    "marine_heatwave_events": _spells(),
    "oceanic_nino_index": Ready("globe_sst_monthly", _NINO, "2001/2020", _STANDARD),
    "phenology": Ready("ndvi_monthly", ("sahel", "amazon"), "2018/2023", "2018/2022"),
    "prcptot": _rain(),
    "precipitation_total": Ready("rain_monthly", ("small_land",), "2005/2016", "2005/2014"),
    "r10mm": _rain(),
    "r20mm": _rain(),
    "r95p": _rain("2012/2013"),
    "r99p": _rain("2012/2013"),
    "relative_nino_index": Ready("globe_sst_monthly", (*_NINO, "tropics"), "2001/2020", _STANDARD),
    "rx1day": _rain(),
    "rx5day": _rain(),
    "sdii": _rain(),
    "sea_ice_area": _ice(),
    "sea_ice_extent": _ice(),
    "sea_ice_extremes": _ice(),
    "sea_level": Ready("sea_level_monthly", ("level_cells",), "2011/2016", "2011/2015", {"min_years": 5}),
    "snow_cover_duration": Ready("snow_daily", ("small_alps",), "2001-10/2003-09"),
    "snow_covered_area": Ready("snow_daily", ("small_alps",), "2001-10/2003-09", None, {"threshold": 0}),
    "spi": Ready(
        "rain_monthly", ("small_land",), "2005/2016", "2005/2014", {"months": 3, "min_years": 10, "min_wet": 5}
    ),
    "ssi": Ready("soil_moisture_monthly", ("soil_cells",), "2005/2016", "2005/2014", {"min_years": 10}),
    "standardised_anomaly": Ready("soil_moisture_monthly", ("soil_cells",), "2005/2016", "2005/2014"),
    "tci": _condition("lst_monthly"),
    "vci": _condition("ndvi_monthly"),
    "vhi": Ready("ndvi_monthly", ("sahel", "amazon"), "2018/2023", "2018/2022", inputs={"temperature": "lst_monthly"}),
    "warm_pool_index": Ready("globe_sst_monthly", ("indo_pacific_warm_pool",), "2001/2020"),
}
"""Baselines are as short as an indicator lets them be, so that the runs are fast: what they give says nothing."""


@contextmanager
def serve(work: Path, configs: Path, some: Collection[str]) -> Iterator[dict[str, list[str]]]:
    """Serve what some indicators need over HTTP, and write configs there that lead to it.

    Gives the names of the runs that share products, under the name of one of these: they are built one after the
    other, so that each product is fetched once.

    Parameters
    ----------
    configs : the folder that is written
    some : names of indicators
    """
    used = {name for one in some for name in (READY[one].product, *READY[one].inputs.values())}
    products = {name: product_of(FORMS[name]) for name in used}
    for name, product in products.items():
        (work / name).mkdir(parents=True)
        FORMS[name].write(work / name, product)
    for folder in ("runs", "products"):
        (configs / folder).mkdir(parents=True)
    dump(configs / "publisher.yaml", PUBLISHER)
    dump(configs / "regions.yaml", _regions())
    with https.serve(work) as server:
        for name, product in products.items():
            source = {"kind": "https", "url": f"{server.url}/{name}/", "listing": "html", "limits": LIMITS}
            dump(configs / "products" / f"twin_{name}.yaml", synthetic(product) | {"source": source})
        beside = {further: one.product for one in READY.values() for further in one.inputs.values()}
        groups = defaultdict(list)
        for one in some:
            for name, run in runs_of(one, products).items():
                dump(configs / "runs" / f"{name}.yaml", run)
                groups[beside.get(READY[one].product, READY[one].product)].append(name)
        yield dict(groups)


def runs_of(indicator: str, products: Mapping[str, Product]) -> dict[str, dict[str, Any]]:
    """Give the runs of an indicator, each as a config has it: by the first that it goes by, and by the other."""
    ready, known = READY[indicator], indicators.load(indicator)
    found = {}
    for number, by in enumerate(known.by):
        name = f"twin_{indicator}" + f"_by_{by}" * (number > 0)
        found[name] = {
            "title": f"{LABEL}: {known.title}" + f", by {by}" * (len(known.by) > 1),
            "summary": NOTE,
            "keywords": ["synthetic"],
            "indicator": indicator,
            "product": f"twin_{ready.product}",
            "variable": next(iter(products[ready.product].variables)),
            "inputs": {
                role: {"product": f"twin_{one}", "variable": next(iter(products[one].variables))}
                for role, one in ready.inputs.items()
            },
            "by": by,
            "regions": list(ready.regions[: 1 if by == "cell" else None]),
            "period": ready.period,
            "baseline": ready.baseline,
            "parameters": dict(ready.parameters),
        }
    return found


def product_of(form: Form) -> Product:
    """Give a product of configs/products, but for what the files of a form have otherwise."""
    like = config.load_product(form.like, CONFIGS)
    return Product(**like.model_dump() | dict(form.changes))


def _regions() -> dict[str, Any]:
    known = yaml.safe_load((CONFIGS / "regions.yaml").read_text(encoding="utf-8"))
    return known | {name: {"title": name.replace("_", " "), "box": box} for name, box in BOXES.items()}
