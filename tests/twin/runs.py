"""Runs of products that are in the twin: configs that lead there, all labelled synthetic, and how each is built."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import yaml
from click.testing import CliRunner
from granules.examples import DATE
from twin import everything

from eo.__main__ import main as eo
from eo.model import Product

LABEL = "SYNTHETIC"
PERIOD = f"{DATE[:7]}/{DATE[:7]}"
NOTE = "Synthetic numbers from the twin of the providers, to try the pipeline: no observation, no result."
PUBLISHER = {
    "name": f"{LABEL}: nobody", "email": "nobody@example.org", "url": "https://example.org/synthetic",
    "institution": f"{LABEL}: no institution", "naming_authority": "org.example.synthetic", "licence": NOTE,
}  # fmt: skip


def build_each(runs: list[str], configs: str, root: str) -> list[tuple[bool, str]]:
    """Build some runs, one after the other, see `build`."""
    return [build(name.removeprefix("twin_"), configs, root, None) for name in runs]


def build(
    name: str, configs: str, root: str, environment: dict[str, str] | None, *, flow: bool = False
) -> tuple[bool, str]:
    """Build a run as a person does, and give whether it ended well and what it said.

    Parameters
    ----------
    environment : what the process needs that builds it, where it has to be one of its own
    flow : build it by the Prefect flow, as `make pipeline` does, with the server that the environment names
    """
    command = [f"twin_{name}", "--configs", configs, "--root", root]
    if environment is not None:  # a client that reads its environment when it is imported
        done = subprocess.run(  # noqa: S603 - this interpreter
            [sys.executable, "-m", *(["flows"] if flow else ["eo", "build"]), *command],
            env=_kept() | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        good, out, rest = done.returncode == 0, done.stdout, done.stderr
    else:
        result = CliRunner().invoke(_flows(), command) if flow else CliRunner().invoke(eo, ["build", *command])
        good, out, rest = result.exit_code == 0, result.stdout, result.stderr or repr(result.exception)
    lines = (out if good else out or rest).strip().splitlines() or [""]
    return good, f"{name}: {lines[0 if good else -1]}"


def _flows() -> click.Command:
    from flows.__main__ import main  # it imports Prefect, whose settings stand in the environment by then

    return main


def _kept() -> dict[str, str]:
    """Give what a process needs of the environment here: nothing of proxies and certificates, which lead elsewhere."""
    needed = ("PATH", "TMPDIR", "PYTHONPATH", "PYTHONHASHSEED", *everything.ACCOUNT)
    needed += tuple(name for name in os.environ if name.startswith("PREFECT_"))
    return {name: os.environ[name] for name in needed if name in os.environ}


def write_configs(place: Path, products: dict[str, Product], twin: everything.Twin) -> Path:
    """Write configs whose products are in the twin, with a run for each; all of it says that it is synthetic."""
    for folder in ("products", "runs"):
        (place / folder).mkdir(parents=True, exist_ok=True)
    regions = {"everywhere": {"title": "the whole grid", "box": {"west": -180, "east": 180, "south": -90, "north": 90}}}
    dump(place / "regions.yaml", regions)
    dump(place / "publisher.yaml", PUBLISHER)
    for name, product in products.items():
        source = twin.sources[name] | {"limits": everything.LIMITS}
        dump(place / "products" / f"twin_{name}.yaml", synthetic(product) | {"gaps": "allowed", "source": source})
        dump(place / "runs" / f"twin_{name}.yaml", _run(name, product))
    return place


def synthetic(product: Product) -> dict[str, Any]:
    """Give what a config says of a product whose files are in the twin: that it is none of those it has the form of."""
    own = {
        "institution": f"{LABEL}, in the form of {product.institution}", "licence": NOTE,
        "title": f"{LABEL} {product.title}", "summary": f"{NOTE} {product.summary}",
        "citation": f"{NOTE} In the form of: {product.citation}",
    }  # fmt: skip
    return product.model_dump(mode="json", exclude_defaults=True) | own


def _run(name: str, product: Product) -> dict[str, Any]:
    return {
        "title": f"{LABEL}: {product.title}",
        "summary": NOTE,
        "keywords": ["synthetic"],
        "indicator": "anomaly",
        "product": f"twin_{name}",  # never beside granules of the service in a root
        "variable": next(iter(product.variables)),
        "regions": ["everywhere"],
        "period": PERIOD,
        "baseline": PERIOD,
        "parameters": {"min_coverage": 1e-15},  # an example is a few cells of the globe, on one day
    }


def dump(path: Path, document: Mapping[str, Any]) -> None:
    """Write a config."""
    path.write_text(yaml.safe_dump(dict(document), sort_keys=False), encoding="utf-8")
