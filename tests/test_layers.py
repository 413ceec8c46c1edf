"""The shape of the code: which module may import which, and what every file of a registry folder has."""

import ast
import inspect
import subprocess
import sys
from fnmatch import fnmatchcase
from functools import lru_cache
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

from eo import indicators, readers
from eo.indicators import Indicator

ROOT = Path(__file__).parents[1]

LAYERS: tuple[tuple[str, ...], ...] = (
    ("eo", "eo.apart", "eo.errors", "eo.logs", "eo.primitives"),
    ("eo.record",),
    ("eo.origin",),
    ("eo.primitives.persistence",),
    ("eo.primitives.trend", "eo.primitives.ranks", "eo.documents"),
    ("eo.primitives.kendall",),
    ("eo.primitives.summary",),
    ("eo.model", "eo.grid", "eo.units", "eo.projection", "eo.provenance", "eo.coverage", "eo.chunks", "eo.references"),
    ("eo.steps", "eo.netcdf", "eo.bucket"),
    ("eo.filenames", "eo.elementwise"),
    ("eo.sources._*",),
    ("eo.sources.integrity",),
    ("eo.lease",),
    ("eo.store", "eo.workers", "eo.climatology", "eo.archives", "eo.projected_zones", "eo.indicators", "eo.sources.*"),
    ("eo.primitives.bases", "eo.primitives.harmonics", "eo.primitives.running"),
    ("eo.primitives.anomalies",),
    ("eo.primitives.events", "eo.primitives.day_of_year"),
    ("eo.primitives.spells",),
    ("eo.primitives.spell_days",),
    ("eo.primitives.marine_spells", "eo.primitives.sea_ice", "eo.primitives.heat_stress"),
    (
        "eo.primitives.calendar_steps",
        "eo.primitives.accumulation",
        "eo.primitives.empirical",
        "eo.primitives.gamma",
        "eo.primitives.run_lengths",
        "eo.primitives.etccdi",
    ),
    ("eo.primitives.condition", "eo.primitives.precipitation", "eo.primitives.seasons", "eo.primitives.snow"),
    ("eo.canonical", "eo.indicators.*", "eo.sources", "eo.readers"),
    ("eo.zones",),
    ("eo.extent",),
    ("eo.reductions", "eo.places"),
    ("eo.config",),
    ("eo.readers._*",),
    ("eo.readers.*",),
    ("eo.loading",),
    ("eo.missing",),
    (
        "eo.alarms",
        "eo.granules",
        "eo.describe",
        "eo.gate",
        "eo.judged",
        "eo.lineage",
        "eo.normals",
        "eo.quarantine",
        "eo.plot",
        "eo.validation",
    ),
    ("eo.alarmed", "eo.standing", "eo.parts", "eo.results", "eo.identify", "eo.single", "eo.listing"),
    ("eo.metrics", "eo.series", "eo.tiles"),
    ("eo.verification",),
    ("eo.verifiers",),
    ("eo.transfer",),
    ("eo.fetching",),
    ("eo.pipeline", "eo.holdings", "eo.progress"),
    ("eo.__main__",),
)
"""Lowest first. A module imports only what stands in a lower layer."""

FRIENDS = ("eo.readers._*", "eo.sources._*")
"""What readers, or sources, share: these may import one another, though never in a circle."""

FACADE = {"eo.config", "eo.pipeline"}
"""What `eo` gives on first use: it names them for type checkers and imports them late."""

NETWORK = {
    "aiohttp",
    "asyncssh",
    "boto3",
    "botocore",
    "copernicusmarine",
    "ecmwf",
    "fsspec",
    "ftplib",
    "http",
    "httpx",
    "obstore",
    "paramiko",
    "pystac_client",
    "requests",
    "s3fs",
    "socket",
    "urllib",
    "urllib3",
}


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted((ROOT / "eo").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def layer_of(module: str) -> int:
    """Give the layer of a module: of all patterns that match, that with the most letters."""
    matches = [(len(one), number) for number, layer in enumerate(LAYERS) for one in layer if fnmatchcase(module, one)]
    return max(matches, default=(0, -1))[1]


@lru_cache
def imported(module: str) -> frozenset[str]:
    """Give the names of all that a module imports, anywhere in it; modules of eo by their own name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by a relative name"
            below = {one.name: f"{node.module}.{one.name}" for one in node.names}
            found |= {name if name in MODULES else str(node.module) for name in below.values()}
    return frozenset(found)


def of_eo(module: str) -> set[str]:
    return {one for one in imported(module) if one.split(".")[0] == "eo"} - (FACADE if module == "eo" else set())


def test_every_module_has_a_layer() -> None:
    assert [module for module in MODULES if layer_of(module) < 0] == []


def test_every_layer_has_modules() -> None:
    assert [one for layer in LAYERS for one in layer if not any(fnmatchcase(name, one) for name in MODULES)] == []


def friends(module: str) -> set[str]:
    """Give what a module imports of those that it shares a folder of shared code with."""
    return {
        one for one in of_eo(module) for shared in FRIENDS if fnmatchcase(one, shared) and fnmatchcase(module, shared)
    }


def test_a_module_imports_only_from_lower_layers() -> None:
    wrong = {
        module: [one for one in sorted(of_eo(module) - friends(module)) if layer_of(one) >= layer_of(module)]
        for module in MODULES
    }
    assert {module: found for module, found in wrong.items() if found} == {}


def test_no_modules_import_in_a_circle() -> None:
    list(TopologicalSorter({module: of_eo(module) for module in MODULES}).static_order())


def test_the_nouns_import_nothing_of_eo_but_what_they_are_made_of() -> None:
    assert of_eo("eo.model") <= {"eo.errors", "eo.origin", "eo.record"}
    assert of_eo("eo.origin") <= {"eo.errors", "eo.record"}
    assert of_eo("eo.errors") == of_eo("eo.record") == set()


def test_the_library_knows_nothing_of_prefect_and_flows() -> None:
    wrong = {name: {one.split(".")[0] for one in imported(name)} & {"prefect", "flows"} for name in MODULES}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_only_sources_and_a_root_in_a_bucket_reach_the_network() -> None:
    inland = [name for name in MODULES if not name.startswith(("eo.sources", "eo.bucket"))]
    wrong = {
        name: {one for one in imported(name) if one.split(".")[0] in NETWORK and one != "urllib.parse"}
        for name in inland
    }
    assert {name: found for name, found in wrong.items() if found} == {}


def test_the_package_imports_nothing_until_it_is_asked() -> None:
    code = "import eo, sys; print(sorted({'numpy', 'xarray', 'pydantic', 'prefect', 'dask'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - the interpreter that runs the tests
    assert found.stdout.strip() == "[]"


def files(folder: str) -> list[str]:
    return [path.stem for path in sorted((ROOT / "eo" / folder).glob("*.py")) if not path.name.startswith("_")]


def test_every_file_of_a_registry_is_in_it() -> None:
    assert files("indicators") == list(indicators.names())
    assert files("readers") == list(readers.names())


@pytest.mark.parametrize("name", files("indicators"))
def test_an_indicator_is_a_function_of_the_name_of_its_file_with_a_record_beside_it(name: str) -> None:
    module = import_module(f"eo.indicators.{name}")
    record = module.INDICATOR
    assert isinstance(record, Indicator)
    assert record.compute is getattr(module, name)
    assert record.compute.__module__ == module.__name__
    assert indicators.load(name) is record


@pytest.mark.parametrize("name", files("indicators"))
def test_an_indicator_says_what_it_takes_what_it_gives_and_who_says_so(name: str) -> None:
    text = inspect.getdoc(indicators.load(name).compute) or ""
    for heading in ("Parameters", "Returns", "References"):
        assert f"\n{heading}\n{'-' * len(heading)}\n" in text
    assert text.splitlines()[0].endswith(".")
    assert indicators.load(name).reference


@pytest.mark.parametrize("name", files("indicators"))
def test_the_parameters_of_an_indicator_are_keyword_only_annotated_and_valid_as_they_stand(name: str) -> None:
    record = indicators.load(name)
    for one in inspect.signature(record.compute, eval_str=True).parameters.values():
        assert one.annotation is not one.empty
        assert one.kind in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY}
    assert all(one.default is not one.empty for one in record.parameters().values())
    assert record.checked({}, "a test") == {key: one.default for key, one in record.parameters().items()}
    assert (record.normal is not None) == ("normal" in inspect.signature(record.compute).parameters)


@pytest.mark.parametrize("name", files("indicators"))
def test_the_outputs_of_an_indicator_have_names_of_their_own(name: str) -> None:
    outputs = indicators.load(name).outputs
    names = [one.name.format(variable="sst") for one in outputs]
    assert outputs
    assert len(set(names)) == len(names)
    assert len({one.key for one in outputs}) == len(outputs)
    assert not {"coverage", "status", "lat_range", "lon_range"} & set(names)  # a result has these beside them


@pytest.mark.parametrize("name", files("readers"))
def test_a_reader_has_one_function_that_takes_a_path_and_a_product(name: str) -> None:
    module = import_module(f"eo.readers.{name}")
    assert list(inspect.signature(module.read).parameters) == ["path", "product"]
    assert module.read.__module__ == module.__name__
    assert "\nRaises\n------\n" in (inspect.getdoc(module.read) or "")
    assert module.__doc__
    assert readers.load(name) is module
