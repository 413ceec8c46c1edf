"""JAXA Earth over HTTP: the grammar of its paths, and granules that its reader reads. All data are synthetic.

Paths are checked against addresses that public clients of the service use (see the names in the tests).
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from twin import https
from twin.stac import Tree, hosts, jaxa_earth

from eo.config import load_product
from eo.errors import Absent, InputError, SourceError, Unavailable
from eo.granules import canonical_of
from eo.model import Product, span
from eo.origin import JaxaEarthSource, Limits
from eo.sources import jaxa_earth as connector
from eo.sources._remote import Remote, Wanted
from eo.sources._tiles import files, folder_of, item_of

NDVI = "jaxa_earth_sgli_ndvi_day_monthly"
ICE = "jaxa_earth_amsr2_ic0_north_daily"
QUICK = Limits(wait=0.01, attempts=2, timeout=5)


def source(twin: https.Twin, collection: str, **facts: object) -> JaxaEarthSource:
    catalog = f"{twin.url}/stac/cog/v1/catalog.json"
    given = {"collection": collection, "catalog": catalog, "hosts": (), "limits": QUICK} | facts
    return JaxaEarthSource.model_validate({"kind": "jaxa_earth", **given})


def wanted(name: str, months: str, *, closely: bool = False) -> Wanted:
    return Wanted(name, load_product(name), span(months), closely)


def taken(origin: JaxaEarthSource, remote: Remote, folder: Path) -> Path:
    """Fetch a granule with the files beside it, as they are kept."""
    folder.mkdir(exist_ok=True)
    for one in (remote, *remote.beside):
        connector.fetch(origin, one, folder / one.name, lambda _: None)
    return folder / remote.name


@pytest.fixture
def product() -> Product:
    return load_product(NDVI)


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[https.Twin]:
    with https.serve(tmp_path) as found:
        yield found


def test_paths_are_those_that_public_clients_of_the_service_use() -> None:
    level0 = files(0, ["PRECIP"])
    assert level0 == [
        "W180.00-E000.00/W180.00-S90.00-E000.00-N90.00-PRECIP.tiff",
        "E000.00-E180.00/E000.00-S90.00-E180.00-N90.00-PRECIP.tiff",
    ]
    level1 = files(1, ["LST"])
    assert "E000.00-E090.00/E000.00-N00.00-E090.00-N90.00-LST.tiff" in level1
    assert (len(level1), len(files(2, ["LST"]))) == (8, 648)
    assert item_of(f"2026-09/29/0/{level0[1]}") == "2026-09/29/0/E000.00-E180.00/S90.00-N90.00.json"
    assert item_of("2026-09/29/0/all/IC0.tiff") is None


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((130, 30, 145, 45), 4),
        ((-180, -90, 180, 90), 648),
        ((0, -90, 360, 90), 648),
        ((175, 0, -175, 5), 2),  # over the antimeridian
        ((0, 0, 10, 10), 1),  # its edges are those of a tile
    ],
)
def test_a_box_takes_the_tiles_that_have_a_part_in_it(box: tuple[float, float, float, float], expected: int) -> None:
    assert len(files(2, ["LST"], box)) == expected


@pytest.mark.parametrize(
    ("form", "expected"), [("YYYY-MM", "2024-07"), ("YYYY-MM/DD", "2024-07/16"), ("YYYY-MM/DD-hh", "2024-07/16-05")]
)
def test_a_folder_is_named_as_its_collection_says(form: str, expected: str) -> None:
    assert folder_of(np.datetime64("2024-07-16T05", "s").item(), form) == expected


def test_a_collection_of_normals_is_refused() -> None:
    with pytest.raises(InputError, match="it has normals"):
        folder_of(np.datetime64("2024-07", "s").item(), "MM-DD")


def test_a_granule_is_found_by_two_requests_and_read_by_its_reader(
    twin: https.Twin, tmp_path: Path, product: Product
) -> None:
    collection = jaxa_earth(tmp_path, product, ["2021-05-01"])
    origin = source(twin, collection)
    (found,) = connector.find(origin, wanted(NDVI, "2021-05"))
    assert len(twin.asked) == 2
    assert found.name == f"{collection}-202105.json"
    assert (found.time, len(found.beside)) == ("2021-05", 2)
    with canonical_of(taken(origin, found, tmp_path / "raw"), product) as content:
        values = content["normalized_difference_vegetation_index"]
        assert values.shape == (1, 18, 36)
        assert float(values.max()) == pytest.approx(0.0, abs=1e-6)  # 25000 x 2 / 50000 - 1
        assert np.isnan(values.values).sum() == 4


def test_a_step_that_is_not_there_is_absent_and_so_is_one_without_a_tile(
    twin: https.Twin, tmp_path: Path, product: Product
) -> None:
    collection = jaxa_earth(tmp_path, product, ["2021-04-01"])
    origin = source(twin, collection)
    april, may = connector.find(origin, wanted(NDVI, "2021-04/2021-05"))
    with pytest.raises(Absent):
        taken(origin, may, tmp_path / "may")
    next(tmp_path.glob("cog/**/W180*/*.json")).unlink()
    with pytest.raises(Absent):
        taken(origin, april, tmp_path / "april")
    assert not any((tmp_path / one / f"{collection}-20210{n}.json").exists() for one, n in (("april", 4), ("may", 5)))


def test_around_a_pole_the_catalog_of_each_step_says_what_its_files_are(twin: https.Twin, tmp_path: Path) -> None:
    product = load_product(ICE)
    collection = jaxa_earth(tmp_path, product, ["2021-05-01", "2021-05-03"])
    origin = source(twin, collection)
    found = connector.find(origin, wanted(ICE, "2021-05"))
    assert [one.time for one in found] == ["2021-05-01", "2021-05-03"]
    with canonical_of(taken(origin, found[0], tmp_path / "raw"), product) as content:
        assert content["sea_ice_area_fraction"].dims == ("time", "y", "x")


def test_a_finer_level_has_more_tiles_and_another_name(twin: https.Twin, tmp_path: Path, product: Product) -> None:
    collection = jaxa_earth(tmp_path, product, ["2021-05-01"], Tree(level=1))
    origin = source(twin, collection, level=1)
    (found,) = connector.find(origin, wanted(NDVI, "2021-05"))
    assert found.name == f"{collection}-202105-level1.json"
    with canonical_of(taken(origin, found, tmp_path / "raw"), product) as content:
        assert content["normalized_difference_vegetation_index"].shape == (1, 18, 36)
    with pytest.raises(InputError, match="is 0 to 1; it is 2"):
        connector.find(source(twin, collection, level=2), wanted(NDVI, "2021-05"))


def test_a_step_after_the_end_of_a_collection_is_not_asked_for(
    twin: https.Twin, tmp_path: Path, product: Product
) -> None:
    collection = jaxa_earth(tmp_path, product, ["2021-05-01"])
    path = tmp_path / "cog" / "v1" / collection / "collection.json"
    said = json.loads(path.read_text())
    said["extent"]["temporal"]["interval"] = [["2018-01-01T00:00:00Z", "2021-05-31T23:59:59Z"]]
    path.write_text(json.dumps(said))
    found = connector.find(source(twin, collection), wanted(NDVI, "2021-04/2021-12"))
    assert [one.time for one in found] == ["2021-04", "2021-05"]


def test_a_re_issue_is_told_by_its_items_and_its_files(twin: https.Twin, tmp_path: Path, product: Product) -> None:
    collection = jaxa_earth(tmp_path, product, ["2021-05-01"])
    origin = source(twin, collection)
    asked = wanted(NDVI, "2021-05", closely=True)
    (first,) = connector.find(origin, asked)
    assert connector.find(origin, asked) == [first]
    assert all(one.etag and one.size for one in first.beside)
    kept = connector.fetch(origin, first, tmp_path / "draft", lambda _: None)
    assert kept.etag == first.etag
    item = next(tmp_path.glob("cog/**/E000*/S90*.json"))
    item.write_text(item.read_text().replace("SYNTHETIC", "SYNTHETIC, again", 1))
    tiff = next(tmp_path.glob("cog/**/E000*/*.tiff"))
    tiff.write_bytes(tiff.read_bytes() + b" ")
    (second,) = connector.find(origin, asked)
    assert second.etag != first.etag
    assert sum(a.etag != b.etag for a, b in zip(first.beside, second.beside, strict=True)) == 1


def test_a_collection_on_another_host_is_read_only_if_that_host_is_configured(
    twin: https.Twin, tmp_path: Path, product: Product
) -> None:
    with https.serve(tmp_path) as bucket:
        collection = jaxa_earth(tmp_path, product, ["2021-05-01"], Tree(bucket=f"{bucket.url}/cog/v1"))
        with pytest.raises(SourceError, match="must lead to"):
            connector.find(source(twin, collection), wanted(NDVI, "2021-05"))
        assert bucket.asked == []
        (found,) = connector.find(source(twin, collection, hosts=hosts(bucket.url)), wanted(NDVI, "2021-05"))
        assert all(one.url.startswith(bucket.url) for one in found.beside)


def test_an_item_with_other_files_than_the_grammar_says_is_refused(
    twin: https.Twin, tmp_path: Path, product: Product
) -> None:
    collection = jaxa_earth(tmp_path, product, ["2021-05-01"])
    (found,) = connector.find(source(twin, collection), wanted(NDVI, "2021-05"))
    item = next(tmp_path.glob("cog/**/E000*/S90*.json"))
    item.write_text(item.read_text().replace("./E000", "https://elsewhere.example/E000"))
    with pytest.raises(SourceError, match="must have the files"):
        connector.fetch(source(twin, collection), found, tmp_path / "draft", lambda _: None)
    assert not (tmp_path / "draft").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (https.HTML_ERROR, "must be a JSON object"),
        (b'{"links": []}', "must have a collection"),
        (b"[1]", "must be a JSON object"),
    ],
)
def test_a_catalog_that_is_none_is_refused(twin: https.Twin, tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "stac" / "cog" / "v1" / "catalog.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        connector.find(source(twin, "JAXA.none"), wanted(NDVI, "2021-05"))


def test_a_catalog_that_is_busy_is_asked_again(twin: https.Twin, tmp_path: Path, product: Product) -> None:
    collection = jaxa_earth(tmp_path, product, ["2021-05-01"])
    path = "/stac/cog/v1/catalog.json"
    twin.faults[path] = [https.Fault(status=503, headers={"Retry-After": "0"})]
    assert len(connector.find(source(twin, collection), wanted(NDVI, "2021-05"))) == 1
    twin.faults[path] = [https.Fault(status=503)] * 2
    with pytest.raises(Unavailable, match="503"):
        connector.find(source(twin, collection), wanted(NDVI, "2021-05"))
