"""LAI and FAPAR of C3S: time bounds from attributes, spelling of the variables, and damage."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from damage import check_survives
from granules.c3s_lai_fapar import write_c3s_vegetation
from hypothesis import given
from hypothesis import strategies as st

from eo.config import load_product
from eo.errors import InputError
from eo.granules import canonical_of

LAI = "leaf_area_index"
FAPAR = "fraction_of_surface_downwelling_photosynthetic_radiative_flux_absorbed_by_vegetation"
TRUTH = np.array([[0.5, 3.25, np.nan], [0.0, 6.1, 1.0]])


def content_of(path: Path, product: str) -> xr.Dataset:
    with canonical_of(path, load_product(product)) as content:
        return content.load()


def test_the_bounds_in_the_attributes_say_which_dekad(tmp_path: Path) -> None:
    path = write_c3s_vegetation(tmp_path / "a.nc", TRUTH)
    with xr.open_dataset(path) as naive:  # a stamp without bounds
        assert "time_bnds" not in naive
    content = content_of(path, "c3s_lai")
    np.testing.assert_allclose(content[LAI].values[0], TRUTH[::-1], atol=1e-6)
    np.testing.assert_allclose(np.nanmax(content[f"{LAI}_uncertainty"].values), 0.2, atol=1e-6)
    assert content["time_bounds"].values.astype("datetime64[D]").astype(str).tolist() == [["2002-01-01", "2002-01-11"]]
    assert content.attrs["product_version"] == "V1.0.1"


def test_fapar_is_spelled_with_a_small_f(tmp_path: Path) -> None:
    path = write_c3s_vegetation(tmp_path / "a.nc", TRUTH / 10, variable="fAPAR")
    np.testing.assert_allclose(content_of(path, "c3s_fapar")[FAPAR].values[0], TRUTH[::-1] / 10, atol=1e-6)
    other = write_c3s_vegetation(tmp_path / "b.nc", TRUTH / 10, variable="FAPAR")
    with pytest.raises(InputError, match="no variable 'fAPAR'"):
        content_of(other, "c3s_fapar")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"coverage": (None, "2002-01-10T23:59:59Z")}, "time_coverage is a time"),
        ({"date": "2002-02-10"}, "lies in its coverage"),
        ({"coverage": ("2001-12-20T00:00:00Z", "2002-01-20T23:59:59Z")}, "calendar dekad"),
    ],
)
def test_a_coverage_that_is_no_dekad_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        content_of(write_c3s_vegetation(tmp_path / "a.nc", TRUTH, **change), "c3s_lai")


@pytest.mark.slow
@given(data=st.data())
def test_damage_gives_an_error_or_values_in_range(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_c3s_vegetation(tmp_path_factory.mktemp("d") / "a.nc", TRUTH)
    check_survives(data, path, load_product("c3s_lai"), "LAI")
