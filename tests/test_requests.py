"""What is asked of a service is part of what a granule is: of another request, it is not there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures_fetch import QUICK, TODAY
from granules.examples import write_example
from twin import https
from twin.opendap import Dap

from eo import sources
from eo.config import load_product
from eo.errors import InputError
from eo.fetching import Fetched, fetch
from eo.granules import canonical_of, take_in
from eo.holdings import lines
from eo.missing import load_missing
from eo.model import Product, span
from eo.store import Store, opened

SST = "noaa_oisst_daily"
ONE, ALL = {"variables": ["sst"]}, {"variables": ["sst", "err"]}
ASKED = {
    "opendap": ({"url": "https://a/x_{time:%Y}.nc"}, {"variables": ["sst"], "box": [0, 0, 10, 10]}),
    "cds": (
        {"collection": "a", "request": {"version": "v1"}},
        {"collection": "b", "request": {"version": "v2"}, "variants": [{"type_of_record": "cdr"}]},
    ),
    "cmems": ({"dataset": "a", "version": "202411"}, {"dataset": "b", "version": "202501", "part": "history"}),
    "stac": (
        {"url": "https://a/", "collections": ["a"], "assets": ["red"]},
        {"assets": ["nir"], "collections": ["b"], "box": [0, 0, 1, 1], "query": {"grid:code": {"eq": "MGRS-31TFF"}}},
    ),
    "jaxa_earth": ({"collection": "a"}, {"collection": "b", "level": 1, "box": [0, 0, 10, 10]}),
    "gportal": ({"datasets": ["10003026"]}, {"datasets": ["10003027"], "version": "3"}),
}  # fmt: skip
"""What a source of each kind says, and other values of what of it shapes what comes."""
PUBLISHED = {
    "https": {"url": "https://a/{time:%Y}/"},
    "ftp": {"url": "ftp://a/{time:%Y}/"},
    "s3": {"bucket": "a-bucket", "prefix": "{time:%Y}/"},
}
"""Sources of files that are what their names say."""


def of(kind: str, **source: object) -> Product:
    said = load_product(SST).model_dump() | {"source": {"kind": kind, "limits": QUICK} | source}
    return Product.model_validate(said)


@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind, (_, other) in ASKED.items() for field in other])
def test_another_request_is_another_text(kind: str, field: str) -> None:
    first, other = ASKED[kind]
    before, after = of(kind, **first), of(kind, **first | {field: other[field]})
    assert sources.asked(before)
    assert sources.asked(before) != sources.asked(after)
    assert sources.asked(before) == sources.asked(of(kind, **first, hosts=["b"]))


def test_bands_of_jaxa_earth_are_what_the_product_has_of_variables() -> None:
    product = load_product("jaxa_earth_sgli_sst_day_daily")
    other = {name: one.model_copy(update={"source": "OTHER"}) for name, one in product.variables.items()}
    assert sources.asked(product) != sources.asked(product.model_copy(update={"variables": other}))


@pytest.mark.parametrize("kind", PUBLISHED)
def test_a_published_file_is_what_its_name_says_wherever_it_lies(kind: str) -> None:
    assert sources.asked(of(kind, **PUBLISHED[kind])) == ""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[https.Twin]:
    write_example(SST, load_product(SST), tmp_path / "served")
    with https.serve(tmp_path, answers=Dap(tmp_path / "served")) as found:
        yield found


def dap(server: https.Twin, **asks: object) -> Product:
    return of("opendap", url=f"{server.url}/dodsC/oisst-avhrr-v02r01.{{time:%Y%m%d}}.nc", **asks)


def fetched(product: Product, root: Path) -> Fetched:
    return fetch(SST, product, span("2021-05"), root=root, today=TODAY, only=["2021-05-01", "2021-05-02"])


def taken(product: Product, root: Path) -> list[Path]:
    with opened(root) as work:
        return [one.path for one in take_in(SST, product, Store(root), work)]


def test_another_request_leads_to_a_new_fetch_and_what_came_by_the_old_one_is_kept_and_not_used(
    server: https.Twin, tmp_path: Path
) -> None:
    before, after, root = dap(server, **ONE), dap(server, **ALL), tmp_path / "root"
    assert len(fetched(before, root).new) == 1
    old = taken(before, root)
    with pytest.raises(InputError, match=r"1 granules of another request .* eo fetch noaa_oisst_daily --from"):
        taken(after, root)  # offline: never the file that lacks a variable
    assert load_missing(Store(root), SST, before)["2021-05-02"][0] == "missing_upstream"
    assert load_missing(Store(root), SST, after) == {}, "of what was not asked for nothing is known"
    done = fetched(after, root)
    assert (len(done.new), done.reissued, done.present) == (1, (), 0)
    new = taken(after, root)
    assert new != old
    assert len(sources.kept(root / "raw" / SST)) == 2
    with canonical_of(new[0], after) as content:
        assert "sea_surface_temperature_uncertainty" in content
    assert any("not used: 1 granules" in line for line in lines(SST, after, Store(root), TODAY))
    server.asked.clear()
    assert taken(before, root) == old
    assert fetched(before, root).present == 1  # back again: it is here
    assert not [path for path in server.paths() if path.endswith(".dods")]


def test_the_same_bytes_by_another_request_are_kept_once_and_count_for_the_one_that_brought_them_last(
    server: https.Twin, tmp_path: Path
) -> None:
    before, after = dap(server, **ONE), dap(server, variables=["sst", "sst"])  # said otherwise
    fetched(before, tmp_path)
    (old,) = taken(before, tmp_path)
    assert len(fetched(after, tmp_path).new) == 1
    assert taken(after, tmp_path) == [old]
    with pytest.raises(InputError, match="1 granules of another request"):
        taken(before, tmp_path)
    assert len(fetched(before, tmp_path).new) == 1
    assert taken(before, tmp_path) == [old]


def test_a_granule_of_which_the_request_is_not_known_is_fetched_anew(server: https.Twin, tmp_path: Path) -> None:
    product = dap(server, **ONE)
    fetched(product, tmp_path)
    (path,) = (tmp_path / "raw" / SST).glob("*/*.origin.json")
    said = json.loads(path.read_text())
    assert json.loads(said.pop("request")) == {"kind": "opendap", "variables": ["sst"], "box": None}
    path.write_text(json.dumps(said))
    assert sources.kept(tmp_path / "raw" / SST)[0].request is None
    assert sources.present(product, tmp_path / "raw" / SST) == []
    listed = of("https", **PUBLISHED["https"], listing="html")
    assert sources.present(listed, tmp_path / "raw" / SST)
    assert len(fetched(product, tmp_path).new) == 1
    assert len(taken(product, tmp_path)) == 1


def test_a_file_of_another_name_than_the_product_has_now_is_not_used(server: https.Twin, tmp_path: Path) -> None:
    product = dap(server, **ONE)
    fetched(product, tmp_path)
    later = product.model_copy(
        update={"filename": r"oisst-avhrr-v03r00\.(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)\.nc"}
    )
    with pytest.raises(InputError, match="of another request or name"):
        taken(later, tmp_path)
