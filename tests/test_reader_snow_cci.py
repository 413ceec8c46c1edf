"""Snow of Snow CCI: codes in unsigned and signed numbers, uncertainty, and damage."""

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray as xr
from damage import check_survives
from granules.snow_cci import write_snow_fraction, write_snow_water
from hypothesis import given
from hypothesis import strategies as st

from eo.canonical import STATUS
from eo.config import load_product
from eo.errors import InputError
from eo.granules import canonical_of

FRACTION, WATER = "surface_snow_area_fraction", "lwe_thickness_of_surface_snow_amount"
GROUND, SWE = "esacci_snow_scfg_avhrr_daily", "esacci_snow_swe_daily"
NUMBERS = np.array([[0, 100, 205, 206], [210, 215, 252, 253], [254, 255, 50, 7]])
SPREAD = np.array([[3, 10, 205, 206], [210, 215, 252, 253], [254, 255, 20, 1]])
OK, NEVER, QUALITY, OUTSIDE = (STATUS[one] for one in ("ok", "never_observed", "quality_masked", "outside_domain"))


def content_of(path: Path, product: str) -> xr.Dataset:
    with canonical_of(path, load_product(product)) as content:
        return content.load()


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("valid_range", ["0,-2", np.array([0, -2], "i1"), np.array([0, 254], "u1")])
def test_codes_are_told_from_per_cents_however_the_bytes_are_signed(
    tmp_path: Path,
    signed: bool,  # noqa: FBT001
    valid_range: Any,  # noqa: ANN401
) -> None:
    path = write_snow_fraction(tmp_path / "a.nc", NUMBERS, SPREAD, signed=signed, valid_range=valid_range)
    content = content_of(path, GROUND)
    expected = np.where(NUMBERS <= 100, NUMBERS / 100, np.nan)[::-1]
    np.testing.assert_allclose(content[FRACTION].values[0], expected, atol=1e-7)
    status = content[f"{FRACTION}_status"].values[0][::-1].tolist()
    assert status == [[OK, OK, QUALITY, NEVER], [OUTSIDE, OUTSIDE, QUALITY, QUALITY], [NEVER, NEVER, OK, OK]]
    errors = np.where(NUMBERS <= 100, SPREAD / 100, np.nan)[::-1]
    np.testing.assert_allclose(content[f"{FRACTION}_uncertainty"].values[0], errors, atol=1e-7)


def test_plain_reading_takes_cloud_for_snow(tmp_path: Path) -> None:
    path = write_snow_fraction(tmp_path / "a.nc", NUMBERS, SPREAD)
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        assert int(file["scfg"][0].min()) == -51  # 205 as a signed byte
    with xr.open_dataset(path) as naive:
        assert float(naive["scfg"].max()) == 254
    assert float(content_of(path, GROUND)[FRACTION].max()) == 1.0


@pytest.mark.parametrize("code", [101, 204, 207, 211, 251])
def test_a_code_that_the_table_does_not_know_is_an_error(tmp_path: Path, code: int) -> None:
    path = write_snow_fraction(tmp_path / "a.nc", np.where(NUMBERS == 50, code, NUMBERS), SPREAD)
    with pytest.raises(InputError, match=rf"a\.nc: 'scfg' is in 0..100 or a code of .*{code}"):
        content_of(path, GROUND)


def test_the_fraction_in_view_is_another_product(tmp_path: Path) -> None:
    path = write_snow_fraction(tmp_path / "a.nc", NUMBERS, SPREAD, variable="scfv")
    assert int(content_of(path, "esacci_snow_scfv_avhrr_daily")["viewable_snow_area_fraction"].count()) == 4
    with pytest.raises(InputError, match="no variable 'scfg'"):
        content_of(path, GROUND)


@pytest.mark.parametrize("dtype", ["i2", "f4"])
def test_snow_water_has_negative_codes_and_zero_is_no_snow(tmp_path: Path, dtype: str) -> None:
    numbers = np.array([[-30, -20, -10], [-1, 0, 120]])
    path = write_snow_water(tmp_path / "a.nc", numbers, np.where(numbers >= 0, 15, numbers), dtype=dtype)
    with xr.open_dataset(path) as naive:
        assert float(naive["swe"].mean()) < 11
    content = content_of(path, SWE)
    np.testing.assert_allclose(content[WATER].values[0], [[np.nan, 0, 120], [np.nan] * 3])
    assert content[f"{WATER}_status"].values[0].tolist() == [[NEVER, OK, OK], [OUTSIDE] * 3]
    np.testing.assert_allclose(content[f"{WATER}_uncertainty"].values[0], [[np.nan, 15, 15], [np.nan] * 3])


def test_snow_water_with_another_code_or_unit_is_refused(tmp_path: Path) -> None:
    odd = write_snow_water(tmp_path / "a.nc", np.array([[-2, 0], [1, 2]]), np.ones((2, 2)))
    with pytest.raises(InputError, match=r"'swe' is in 0..500 or a code of \[-30, -20, -10, -1\]"):
        content_of(odd, SWE)
    units = write_snow_water(tmp_path / "b.nc", np.array([[5, 0], [1, 2]]), np.ones((2, 2)), units="")
    with pytest.raises(InputError, match="states its units"):
        content_of(units, SWE)


@pytest.mark.slow
@given(data=st.data())
def test_damage_gives_an_error_or_values_in_range(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_snow_fraction(tmp_path_factory.mktemp("d") / "a.nc", NUMBERS, SPREAD)
    check_survives(data, path, load_product(GROUND), "scfg")
