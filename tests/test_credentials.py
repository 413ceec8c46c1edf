"""Credentials that are wrong or lacking, through the whole of a command: said before any work, and shown nowhere.

What the Copernicus Marine toolbox does with them is in `test_source_cmems`: it needs a process of its own.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import asyncssh
import numpy as np
import pytest
import synthetic
from commands import eo, refusal
from fixtures_fetch import QUICK
from granules.examples import DATE
from twin import everything, https
from twin.runs import write_configs

from eo.config import load_product, load_products
from eo.errors import Denied
from eo.fetching import fetch
from eo.model import span
from eo.origin import Credentials

CONFIGS = Path(__file__).parents[1] / "configs"
WRONG = "wr0ng-and-never-to-be-seen"
OF_KIND = {
    "ftp": "esacci_chlorophyll_8day",
    "gportal": "jaxa_amsre_sst_day_monthly",
    "cds": "c3s_soil_moisture_active_monthly",
}


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put wrong credentials into the environment, and give what of them must be seen nowhere."""
    key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    (tmp_path / "wrong.key").write_text(key)
    wrong = {"TWIN_USER": "someone", "TWIN_PASSWORD": WRONG, "TWIN_TOKEN": WRONG, "TWIN_KEY": f"{tmp_path}/wrong.key"}
    for name in wrong:
        monkeypatch.setenv(name, os.environ.get(name, ""))  # restored when the test ends: the twin sets them, too
    os.environ |= wrong
    return [WRONG, *(line for line in key.splitlines() if not line.startswith("-"))]


@contextmanager
def refusing(kind: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Serve a product of a kind, and give its name and configs that lead to it."""
    if kind == "https":
        synthetic.write_each(folder / "served", ["2021-05-01"])
        with https.serve(folder / "served", token="the-right-one") as twin:  # noqa: S106 - of a server on loopback
            source = {"kind": "https", "url": f"{twin.url}/", "listing": "html", "credentials": {"token": "TWIN_TOKEN"}}
            said = {"source": source | {"limits": QUICK}, "step": "day", "filename": r"sst_(?P<year>\d{4})-.*\.nc"}
            yield "synthetic_sst", synthetic.configs(folder / "configs", "", product=said)
        return
    name = OF_KIND[kind]
    some = {name: load_product(name, CONFIGS)}
    wrong = {one: os.environ[one] for one in (*everything.ACCOUNT, "TWIN_KEY")}
    with everything.serve(folder / "served", some) as twin:
        os.environ |= wrong
        yield f"twin_{name}", write_configs(folder / "configs", some, twin)


def chain(error: BaseException | None) -> list[str]:
    """Give what an error says, and all that it came of, shown or not."""
    found = []
    while error is not None:
        found += [str(error), repr(error), repr(error.args)]
        error = error.__cause__ or error.__context__
    return found


@pytest.mark.parametrize("kind", ["https", *OF_KIND])
def test_wrong_credentials_are_seen_nowhere(
    kind: str, secrets: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    root = tmp_path / "root"
    with refusing(kind, tmp_path) as (name, place):
        arguments = ("--from", DATE, "--to", DATE, "--root", root, "--configs", place)
        done = eo("fetch", name, *arguments)
        product = load_product(name, place)
        with pytest.raises(Denied) as raised:
            fetch(name, product, span(DATE[:7]), root=root, today=np.datetime64("2022-01-01"))
        status = eo("status", name, "--root", root, "--configs", place)
    assert done.exit_code != 0
    assert done.stderr.startswith("error: ")
    shown = [done.output, status.output, repr(product), *chain(raised.value), caplog.text, *capfd.readouterr()]
    shown += [path.read_bytes().decode("latin-1") for path in root.rglob("*") if path.is_file()]
    assert not [text for text in shown for secret in secrets if secret in text]
    assert "DEBUG" in caplog.text  # whatever is logged at all is looked at


def test_what_is_lacking_for_one_input_is_said_before_another_is_fetched(tmp_path: Path) -> None:
    os.environ.pop("TWIN_LACKING", None)
    synthetic.write_each(tmp_path / "served", synthetic.months("2001-01", 2))
    with https.serve(tmp_path / "served") as twin:
        open_ = {"kind": "https", "url": f"{twin.url}/", "listing": "html", "limits": QUICK}
        beside = {"temperature": {"product": "second", "variable": "sea_surface_temperature"}}
        place = synthetic.configs(
            tmp_path / "configs", "", product={"source": open_}, run={"indicator": "vhi", "inputs": beside}
        )
        second = synthetic.PRODUCT | {"source": open_ | {"credentials": {"token": "TWIN_LACKING"}}}
        synthetic.dump(place / "products" / "second.yaml", second)
        said = refusal("build", "synthetic", "--root", tmp_path / "root", "--configs", place)
    assert "TWIN_LACKING is not set" in said
    assert twin.asked == []
    assert not (tmp_path / "root" / "raw").exists()


@pytest.mark.served
def test_wrong_credentials_are_nowhere_in_what_prefect_keeps(secrets: list[str], tmp_path: Path) -> None:
    root = tmp_path / "root"
    with refusing("https", tmp_path) as (_, place):
        command = [sys.executable, "-m", "flows", "synthetic", "--root", str(root), "--configs", str(place)]
        done = subprocess.run(  # noqa: S603 - the interpreter that runs the tests
            command, env=os.environ | {"EO_LOG": "json"}, cwd=CONFIGS.parent, check=False, capture_output=True,
        )  # fmt: skip
    assert done.returncode != 0
    assert b"TWIN_TOKEN" in done.stderr
    assert (root / "prefect" / "prefect.db").is_file()
    kept = [path.read_bytes() for path in root.rglob("*") if path.is_file()]
    assert not [one for one in (done.stdout, done.stderr, *kept) for secret in secrets if secret.encode() in one]


def test_the_variables_that_products_name_are_listed_each_with_its_products() -> None:
    page = (CONFIGS.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.partition("## Accounts")[2].partition("\n## ")[0]
    rows = [
        [re.findall("`([^`]+)`", cell) for cell in line.split("|")[1:4]] for line in table.splitlines() if "| `" in line
    ]
    listed = [(set(names), tuple(products)) for names, _, products in rows]
    for name, product in load_products(CONFIGS).items():
        told: Credentials = getattr(product.source, "credentials", Credentials())
        named = {one for one in (told.user, told.password, told.token, told.key) if one}
        found = [names for names, products in listed if any(fnmatchcase(name, one) for one in products)]
        assert found == ([named] if named else []), name
