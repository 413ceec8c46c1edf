"""The contract of every product in configs/products: its definition, its file names, and what it reads to.

A product is found by its file being there, and its example by `granules.examples`: a new product is held to all of
this without a line here, and a new reader without an example fails.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import compliance_checker
import netCDF4
import numpy as np
import pytest
import xarray as xr
from compliance_checker.runner import CheckSuite, ComplianceChecker
from granules.examples import DATE, EXAMPLE_READERS, one_of_each_reader, write_example

from eo import readers
from eo.canonical import STATUS, canonical, spatial_dims
from eo.config import load_product, product_names
from eo.granules import canonical_of
from eo.grid import EARTH_RADIUS
from eo.identify import from_content, from_name, identity, only
from eo.model import Product
from eo.readers._options import options
from eo.single import write_canonical
from eo.steps import end_of, start_of
from eo.units import convertible

PRODUCTS = {name: load_product(name) for name in product_names()}
NAMES = sorted(PRODUCTS)
GROUPS = {"year", "month", "day", "hour", "version", "consolidation"}
"""`consolidation` is the RT of Copernicus Global Land: the same dekad again, made of more observations."""
WHOLE_RECORD = {"c3s_xch4_monthly", "c3s_xco2_monthly", "noaa_ersst_v5_monthly", "ukmo_ostia_monthly"}
"""One file has all months, so that its name has no date."""
SEVERAL = {
    f"jaxa_amsr2_sst_multi_{rest}": {f"jaxa_amsr2_sst_{rest}", f"jaxa_amsr2_sst_multi_{rest}"}
    for rest in ("day_daily", "day_monthly", "night_daily", "night_monthly")
}
"""One file of AMSR2 from version 4 on has three temperatures, in three layers; two of them are products."""
LARGE, ROWS = 200_000, 48
"""Of a grid with more cells, the northern rows are looked at: there the examples have their gaps."""
DESCRIBED = {"long_name", "units", "standard_name", "cell_measures", "ancillary_variables", "grid_mapping"}
FLAGGED = {"long_name", "standard_name", "flag_values", "flag_meanings", "grid_mapping"}


def _standard_names() -> dict[str, str]:
    """Give the canonical units of each CF standard name; aliases are not among them."""
    table = Path(compliance_checker.__file__).parent / "data" / "cf-standard-name-table.xml"
    entries = ET.parse(table).getroot().iter("entry")  # noqa: S314 - a file of an installed package
    return {entry.attrib["id"]: entry.findtext("canonical_units") or "1" for entry in entries}


STANDARD_NAMES = _standard_names()


@dataclass(frozen=True)
class Read:
    """An example of a product, and what it reads to."""

    name: str
    product: Product
    path: Path
    content: xr.Dataset
    """Loaded; of a large grid, the northern rows."""
    whole: xr.Dataset
    """The coordinates of all of it."""


@contextmanager
def _read(name: str, folder: Path) -> Iterator[Read]:
    product = PRODUCTS[name]
    path = write_example(name, product, folder / name)
    with canonical_of(path, product) as found:
        large = found["area"].size > LARGE
        part = found.isel({spatial_dims(found)[0]: slice(-ROWS, None)}) if large else found
        yield Read(name, product, path, part.load(), found.coords.to_dataset())


@contextmanager
def _about(what: str) -> Iterator[None]:
    """Let an error say what it is about: one test goes through many."""
    try:
        yield
    except Exception as error:
        error.add_note(f"of {what}")
        raise


def test_every_reader_has_an_example_and_a_product() -> None:
    assert set(readers.names()) == EXAMPLE_READERS
    assert {one.reader for one in PRODUCTS.values()} == EXAMPLE_READERS


def a_product_says_whose_it_is_and_how_it_is_read(_: str, product: Product) -> None:
    assert product.reader in readers.names()
    assert options(readers.load(product.reader).Options, product) is not None  # type: ignore[attr-defined]
    for said in (product.title, product.institution, product.licence, product.citation, product.version):
        assert said.strip() == said != ""
    assert re.fullmatch(r"https?://[\w.-]+(/\S*)?", product.url)
    assert product.doi is None or re.fullmatch(r"10\.\d{4,9}/\S+", product.doi)


def a_product_is_told_by_the_names_of_its_files_or_by_marks(name: str, product: Product) -> None:
    assert product.filename or product.marks
    groups = set(re.compile(product.filename or "").groupindex)
    assert groups <= GROUPS
    if product.filename and name not in WHOLE_RECORD:
        assert {"hour": {"year", "month", "day", "hour"}, "month": {"year", "month"}}.get(
            product.step, {"year", "month", "day"}
        ) <= groups
    for rule in product.marks.values():
        re.compile(rule)


def a_variable_is_called_by_words_of_cf(_: str, product: Product) -> None:
    for key, variable in product.variables.items():
        assert re.fullmatch(r"[a-z][a-z0-9]+(_[a-z0-9]+)*", key)
        assert variable.plausible[0] < variable.plausible[1]
        assert convertible(variable.units, variable.units)
        for standard in filter(None, (variable.standard_name, variable.anomaly_standard_name)):
            assert standard in STANDARD_NAMES
            assert convertible(STANDARD_NAMES[standard], variable.units)


def an_example_is_told_by_its_name_or_its_content(example: Read) -> None:
    named = {one.product for one in from_name(example.path.name, PRODUCTS)}
    assert (example.name in named) == bool(example.product.filename)
    assert all(PRODUCTS[one].marks for one in named) or named == {example.name}
    if example.name in SEVERAL:
        assert {one.product for one in identity(example.path, PRODUCTS)} == SEVERAL[example.name]
    else:
        assert only(example.path, PRODUCTS) == example.name


def an_example_carries_the_marks_of_its_product(example: Read) -> None:
    found = {one.product for one in from_content(example.path, PRODUCTS)}
    assert (example.name in found) == bool(example.product.marks)


def the_name_says_the_date_of_the_content(example: Read) -> None:
    said = {one.time for one in from_name(example.path.name, PRODUCTS) if one.product == example.name}
    if not example.product.filename or example.name in WHOLE_RECORD:
        assert said <= {""}
        return
    (date,) = said
    assert len(date) == {"hour": len("YYYY-MM-DDTHH"), "month": len(date)}.get(example.product.step, len(DATE))
    starts = start_of(np.array([np.datetime64(date, "ns")]), example.product.step)
    assert starts.tolist() == example.content["time"].values.tolist()


def axes_are_canonical(example: Read) -> None:
    dims = spatial_dims(example.content)
    for key in example.product.variables:
        for suffix in ("", "_status"):
            assert example.content[f"{key}{suffix}"].dims == ("time", *dims)
    for dim in ("time", *dims):
        values = example.whole[dim].values
        assert values.ndim == 1
        assert (np.diff(values.astype(np.int64 if dim == "time" else np.float64)) > 0).all()
    for name, low, high in (("lat", -90, 90), ("lon", -180, 180)):
        values = example.whole[name].values
        there = values[np.isfinite(values)]
        assert there.size
        assert ((there >= low) & (there <= high)).all()
    assert not (example.whole["lon"].values == 180).any()


def a_value_is_missing_just_where_the_status_says_why(example: Read) -> None:
    for key, variable in example.product.variables.items():
        values, status = example.content[key].values, example.content[f"{key}_status"].values
        assert (values.dtype, status.dtype) == (np.float32, np.int8)
        np.testing.assert_array_equal(np.isnan(values), status != STATUS["ok"])
        there = values[~np.isnan(values)]
        assert there.size
        assert ((there >= variable.plausible[0]) & (there <= variable.plausible[1])).all()
        assert set(np.unique(status).tolist()) <= set(STATUS.values())
        spread = example.content.get(f"{key}_uncertainty")
        if spread is not None:
            assert spread.dtype == np.float32
            assert (spread.values[np.isfinite(spread.values)] >= 0).all()
            assert np.isnan(spread.values[np.isnan(values)]).all()
        assert there.size < values.size, "an example has a gap"


def attributes_are_those_described_and_no_others(example: Read) -> None:
    assert set(example.content.attrs) <= {"product_version"}
    expected = set(example.product.variables)
    for key, variable in example.product.variables.items():
        field = example.content[key]
        assert field.attrs.keys() <= DESCRIBED
        assert (field.attrs["units"], field.attrs["long_name"]) == (variable.units, variable.long_name)
        assert field.attrs.get("standard_name") == variable.standard_name
        beside = set(field.attrs["ancillary_variables"].split())
        assert f"{key}_status" in beside
        expected |= beside
        status = example.content[f"{key}_status"].attrs
        assert status.keys() <= FLAGGED
        assert status["flag_meanings"].split() == list(STATUS)
        assert status["flag_values"].tolist() == list(STATUS.values())
        assert status["flag_values"].dtype == np.int8
        if f"{key}_uncertainty" in beside:
            spread = example.content[f"{key}_uncertainty"].attrs
            assert spread.keys() <= DESCRIBED
            assert spread["units"] == variable.units
    assert set(map(str, example.content.data_vars)) == expected
    for coordinate in example.content.coords.values():
        assert not {"_FillValue", "scale_factor", "valid_range", "comment"} & coordinate.attrs.keys()


def a_file_covers_whole_steps(example: Read) -> None:
    bounds, starts = example.content["time_bounds"].values, example.content["time"].values
    assert bounds[:, 0].tolist() == starts.tolist() == start_of(starts, example.product.step).tolist()
    assert bounds[:, 1].tolist() == end_of(starts, example.product.step).tolist()
    assert str(starts[0]).startswith(DATE)


def cells_have_their_area_and_a_globe_closes(example: Read) -> None:
    area = example.whole["area"].values
    assert area.shape == tuple(example.whole.sizes[dim] for dim in spatial_dims(example.whole))
    if "x" in example.whole.dims:
        there = np.isfinite(example.whole["lat"].values)
        assert (area[there] > 0).all()
        assert not (area[~there] > 0).any()
        return
    assert (area > 0).all()
    height, width = (np.ptp(example.whole[f"{name}_bounds"].values) for name in ("lat", "lon"))
    if height == 180 and width == 360:
        assert area.sum() == pytest.approx(4 * np.pi * EARTH_RADIUS**2, rel=1e-9)


def the_canonical_form_of_the_canonical_form_is_itself(example: Read) -> None:
    product = example.product
    again = canonical(example.content, product.variables, step=product.step, stamp=product.stamp)
    xr.testing.assert_identical(again, example.content)
    for key, one in example.content.variables.items():
        assert again[key].dtype == one.dtype


DEFINITION: tuple[Callable[[str, Product], None], ...] = (
    a_product_says_whose_it_is_and_how_it_is_read,
    a_product_is_told_by_the_names_of_its_files_or_by_marks,
    a_variable_is_called_by_words_of_cf,
)
CONTRACT: tuple[Callable[[Read], None], ...] = (
    an_example_is_told_by_its_name_or_its_content,
    an_example_carries_the_marks_of_its_product,
    the_name_says_the_date_of_the_content,
    axes_are_canonical,
    a_value_is_missing_just_where_the_status_says_why,
    attributes_are_those_described_and_no_others,
    a_file_covers_whole_steps,
    cells_have_their_area_and_a_globe_closes,
    the_canonical_form_of_the_canonical_form_is_itself,
)


@pytest.mark.parametrize("rule", DEFINITION, ids=lambda rule: rule.__name__)
def test_every_product_is_well_defined(rule: Callable[[str, Product], None]) -> None:
    for name, product in PRODUCTS.items():
        with _about(name):
            rule(name, product)


QUICK = set(one_of_each_reader(PRODUCTS))


@pytest.mark.parametrize("name", [one if one in QUICK else pytest.param(one, marks=pytest.mark.slow) for one in NAMES])
def test_an_example_keeps_the_contract(name: str, tmp_path: Path) -> None:
    with _read(name, tmp_path) as example:
        for rule in CONTRACT:
            with _about(rule.__name__):
                rule(example)


@pytest.mark.slow
@pytest.mark.parametrize("name", one_of_each_reader(PRODUCTS))
def test_a_canonical_file_is_one_of_cf(name: str, tmp_path: Path) -> None:
    path = write_example(name, PRODUCTS[name], tmp_path / "granule")
    out, said = tmp_path / "canonical.nc", tmp_path / "said.json"
    summary = write_canonical(path, name, PRODUCTS[name], out)
    assert any("have a value" in line for line in summary)
    with netCDF4.Dataset(out) as file:
        assert set(PRODUCTS[name].variables) <= set(file.variables)
    CheckSuite.load_all_available_checkers()
    _, failed = ComplianceChecker.run_checker(
        str(out), ["cf:1.11"], 0, "strict", output_filename=str(said), output_format="json"
    )
    report = json.loads(said.read_text())["cf:1.11"]
    assert not failed
    assert [one for one in report["high_priorities"] if one["msgs"]] == []
