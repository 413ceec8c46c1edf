"""Vegetation of CLMS: the traps of the format (codes, dates, pixels, consolidations), and damage."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from damage import check_survives
from granules.clms import write_clms
from hypothesis import given
from hypothesis import strategies as st

from eo.canonical import STATUS
from eo.config import load_product
from eo.errors import InputError
from eo.granules import canonical_of, check_versions
from eo.model import Granule, Part
from eo.readers._clms_name import identifier
from eo.steps import start_of

NDVI, LAI = "normalized_difference_vegetation_index", "leaf_area_index"
FAPAR = "fraction_of_surface_downwelling_photosynthetic_radiative_flux_absorbed_by_vegetation"
NUMBERS = np.array([[0, 250, 254, 255], [20, 145, 200, 70], [1, 2, 254, 249]])
TRUTH = np.where(NUMBERS <= 250, NUMBERS * 0.004 - 0.08, np.nan)
"""By hand: 0 is -0.08, 250 is 0.92, 20 is 0."""
V1 = np.array([[251, 252, 253, 254], [255, 145, 200, 70], [1, 2, 254, 249]])
LAI_FACTS: dict[str, Any] = {"layer": "LAI300", "variable": "LAI", "scale": 1 / 30, "offset": 0.0, "version": "1.1.2"}
FAPAR_FACTS: dict[str, Any] = {"layer": "FAPAR300", "variable": "FAPAR", "offset": 0.0, "version": "1.1.2"}
PLANTS = np.array([[0, 210, 254, 255], [30, 60, 90, 120]])


def content_of(path: Path, product: str, **options: Any) -> xr.Dataset:  # noqa: ANN401 - an option
    found = load_product(product)
    with canonical_of(path, found.model_copy(update={"options": found.options | options})) as content:
        return content.load()


def test_codes_above_the_valid_range_are_not_greenness(tmp_path: Path) -> None:
    path = write_clms(tmp_path / "a.nc", NUMBERS)
    with xr.open_dataset(path) as naive:  # only _FillValue is masked: sea becomes 254 * 0.004 - 0.08
        assert float(naive["NDVI"].max()) == pytest.approx(0.936)
    content = content_of(path, "clms_ndvi_300m_v2")
    np.testing.assert_allclose(content[NDVI].values[0], TRUTH[::-1], atol=1e-6)
    status = content[f"{NDVI}_status"].values[0][::-1]
    assert status.tolist() == [[0, 0, 4, 1], [0, 0, 0, 0], [0, 0, 4, 0]]


@pytest.mark.parametrize("product", ["clms_ndvi_300m_v1", "clms_ndvi_1km_v2"])
def test_version_1_has_five_codes_each_with_its_reason(tmp_path: Path, product: str) -> None:
    facts: dict[str, Any] = {"version": "1.0.1", "time": None}
    if "1km" in product:
        facts = {"version": "2.2.1", "layer": "NDVI", "pixels": 112}
    path = write_clms(tmp_path / "a.nc", V1, fill=None, **facts)
    content = content_of(path, product)
    never, quality, outside = (STATUS[one] for one in ("never_observed", "quality_masked", "outside_domain"))
    status = content[f"{NDVI}_status"].values[0][::-1]
    assert status[0].tolist() == [never, quality, quality, outside]
    assert status[1].tolist() == [never, 0, 0, 0]


def test_a_code_that_the_table_does_not_know_is_an_error(tmp_path: Path) -> None:
    path = write_clms(tmp_path / "a.nc", V1)
    with pytest.raises(InputError, match=r"a\.nc: 'NDVI' is in 0..250 or a code of \[254, 255\].*251, 252, 253"):
        content_of(path, "clms_ndvi_300m_v2")


def test_signed_codes_of_the_uncertainty_are_not_negative_errors(tmp_path: Path) -> None:
    errors = np.array([[12, 30, -2, -1], [12, -1, -2, 12], [12, 12, -2, 12]], "i2")
    path = write_clms(
        tmp_path / "a.nc", NUMBERS, layer="NDVI", version="3.0.1", pixels=112, spread=("NDVI_unc", errors)
    )
    with xr.open_dataset(path) as naive:  # -2 is -0.002
        assert float(naive["NDVI_unc"].min()) < 0
    content = content_of(path, "clms_ndvi_1km_v3")
    expected = np.where((errors > 0) & np.isfinite(TRUTH), errors / 1000, np.nan)[::-1]
    np.testing.assert_allclose(content[f"{NDVI}_uncertainty"].values[0], expected, atol=1e-6)
    bad = write_clms(
        tmp_path / "b.nc",
        NUMBERS,
        layer="NDVI",
        version="3.0.1",
        pixels=112,
        spread=("NDVI_unc", np.full((3, 4), -7, "i2")),
    )
    with pytest.raises(InputError, match=r"'NDVI_unc' is in .*-7"):
        content_of(bad, "clms_ndvi_1km_v3")


def test_ndvi_is_dated_by_the_start_and_fapar_by_the_end_of_the_same_dekad(tmp_path: Path) -> None:
    ndvi = content_of(write_clms(tmp_path / "a.nc", NUMBERS, date="20210211"), "clms_ndvi_300m_v2")
    path = write_clms(tmp_path / "b.nc", PLANTS % 236, date="20210220", consolidation="RT6", **FAPAR_FACTS)
    fapar = content_of(path, "clms_fapar_300m_v1")
    naive = [np.datetime64(f"2021-02-{day}") for day in ("11", "20")]  # the dates of both names
    assert naive[1] - naive[0] == np.timedelta64(9, "D")
    assert ndvi["time_bounds"].values.tolist() == fapar["time_bounds"].values.tolist()
    assert str(fapar["time"].values[0])[:10] == "2021-02-11"
    assert str(fapar["time_bounds"].values[0, 1])[:10] == "2021-02-21"


@pytest.mark.parametrize(
    ("date", "start"), [("20210228", "2021-02-21"), ("20240229", "2024-02-21"), ("20210131", "2021-01-21")]
)
def test_the_last_dekad_ends_with_its_month(tmp_path: Path, date: str, start: str) -> None:
    path = write_clms(tmp_path / "a.nc", PLANTS, date=date, consolidation="RT6", **LAI_FACTS)
    assert str(content_of(path, "clms_lai_300m_v1")["time"].values[0])[:10] == start


@pytest.mark.parametrize(
    ("date", "product", "facts"),
    [
        ("20210120", "clms_ndvi_300m_v2", {}),
        ("20210111", "clms_lai_300m_v1", LAI_FACTS | {"consolidation": "RT6"}),
    ],
)
def test_a_date_of_the_other_convention_is_refused(
    tmp_path: Path, date: str, product: str, facts: dict[str, Any]
) -> None:
    path = write_clms(tmp_path / "a.nc", np.zeros((3, 4)), date=date, **facts)
    naive = start_of(np.array([np.datetime64(f"2021-01-{date[-2:]}")]), "dekad")[0]
    assert str(naive)[:10] == "2021-01-11"  # of either date a plain reader makes the same dekad, and goes on
    with pytest.raises(InputError, match=r"dated by the (start|end) of its dekad"):
        content_of(path, product)


def test_consolidations_are_read_where_asked_and_do_not_join(tmp_path: Path) -> None:
    versions = {}
    for number, consolidation in enumerate(["RT0", "RT6", ""]):
        path = write_clms(tmp_path / f"{number}.nc", PLANTS, date="20210110", consolidation=consolidation, **LAI_FACTS)
        if consolidation == "RT0":
            with pytest.raises(InputError, match=r"of consolidation \['final', 'RT6'\]; this one is RT0"):
                content_of(path, "clms_lai_300m_v1")
        content = content_of(path, "clms_lai_300m_v1", consolidations=["RT0", "RT6", "final"])
        versions[consolidation] = content.attrs["product_version"]
    assert versions == {"RT0": "V1.1.2 RT0", "RT6": "V1.1.2 RT6", "": "V1.1.2"}
    plain = {"product": "x", "path": tmp_path, "origin": "", "sha256": "", "size": 0, "modified": 0, "retrieved": ""}
    granules = tuple(
        Granule(**plain, times=(f"2021-01-{day}",), grid="", cells=1, version=version)
        for day, version in (("01", versions["RT6"]), ("11", versions["RT0"]))
    )
    with pytest.raises(InputError, match="one product version"):
        check_versions("x", [Part("x", "2021-01", "", granules)])


def test_leaf_area_index_by_hand_with_its_uncertainty(tmp_path: Path) -> None:
    errors = np.array([[0, 3, 254, 255], [6, 9, 12, 15]], "u1")
    path = write_clms(tmp_path / "a.nc", PLANTS, date="20210110", spread=("RMSE", errors), **LAI_FACTS)
    content = content_of(path, "clms_lai_300m_v1")
    np.testing.assert_allclose(content[LAI].values[0], [[1, 2, 3, 4], [0, 7, np.nan, np.nan]], atol=1e-6)
    np.testing.assert_allclose(
        content[f"{LAI}_uncertainty"].values[0], [[0.2, 0.3, 0.4, 0.5], [0, 0.1, np.nan, np.nan]], atol=1e-6
    )


def test_coordinates_are_centres_so_that_the_first_pixel_reaches_over_the_antimeridian(tmp_path: Path) -> None:
    path = write_clms(tmp_path / "a.nc", NUMBERS, row=0, column=0)
    content = content_of(path, "clms_ndvi_300m_v2")
    assert float(content["lon"][0]) == -180.0
    assert content["lon_bounds"].values[0].tolist() == pytest.approx([-180 - 1 / 672, -180 + 1 / 672], abs=1e-12)
    assert float(content["lat"][-1]) == 80.0
    assert float(content["lat_bounds"].max()) == pytest.approx(80 + 1 / 672, abs=1e-12)  # naive upper left: 80


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shift": 0.5}, "whole multiples of 1/336 degree"),
        ({"pixels": 112}, "whole multiples of 1/336 degree"),
        ({"scale": None}, "integers with a scale_factor"),
        ({"time": "2021-03-11"}, "lies in its dekad"),
        ({"layer": "FAPAR300"}, "has 'identifier' like"),
        ({"version": "1.0.1"}, "has 'identifier' like"),
        ({"variable": "FAPAR"}, "no variable 'NDVI'"),
        ({"attributes": {"identifier": "x:NDVI300_202113110000_GLOBE_OLCI_V2.0.1"}}, "an identifier ends in"),
    ],
)
def test_what_the_file_must_say_is_asked_for(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = write_clms(tmp_path / "a.nc", NUMBERS, **change)
    with pytest.raises(InputError, match=said):
        content_of(path, "clms_ndvi_300m_v2")


def test_a_window_that_is_not_where_its_geotransform_says_is_refused(tmp_path: Path) -> None:
    path = write_clms(tmp_path / "a.nc", NUMBERS, row=500, shift=3)
    with pytest.raises(InputError, match="half a pixel from the corner"):
        content_of(path, "clms_ndvi_300m_v2")


def test_values_are_rejected_by_the_meaning_of_their_flags_whatever_the_bit(tmp_path: Path) -> None:
    flags = np.array([[0, 4, 0, 0], [2, 6, 0, 4]], "u2")
    words = "Land EBF Interpolated_missing_dekad"
    path = write_clms(tmp_path / "a.nc", PLANTS, date="20210110", quality=(flags, [1, 2, 4], words), **LAI_FACTS)
    content = content_of(path, "clms_lai_300m_v1", reject=["Interpolated_missing_dekad"])
    assert np.isfinite(content[LAI].values[0]).tolist() == [[True, False, True, False], [True, False, False, False]]
    with pytest.raises(InputError, match="no meaning 'Missing_dekad_interpolated' in QFLAG"):
        content_of(path, "clms_lai_300m_v1", reject=["Missing_dekad_interpolated"])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("c_gls_NDVI300_201706010000_GLOBE_PROBAV_V1.0.1.nc", ("NDVI300", "final", "2017-06-01", "V1.0.1")),
        ("c_gls_LSWT_201611010000_GLOBE_SLSTRA_v1.0.2.nc", ("LSWT", "final", "2016-11-01", "V1.0.2")),
        (
            "urn:cgls:global:fapar300_v1_333m:FAPAR300-RT6_202206200000_GLOBE_OLCI_V1.1.2",
            ("FAPAR300", "RT6", "2022-06-20", "V1.1.2"),
        ),
    ],
)
def test_identifiers_as_published_are_taken_apart(text: str, parts: tuple[str, str, str, str]) -> None:
    found = identifier(text)
    assert (found.layer, found.consolidation, str(found.date)[:10], found.version) == parts


@pytest.mark.slow
@given(data=st.data())
def test_damage_gives_an_error_or_values_in_range(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_clms(tmp_path_factory.mktemp("d") / "a.nc", NUMBERS)
    check_survives(data, path, load_product("clms_ndvi_300m_v2"), "NDVI")
