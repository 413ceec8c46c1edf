"""Chlorophyll of OC-CCI: means in log10 space, bias, the jump of version 5.0, and damage."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from damage import check_survives
from granules.occi import write_occi
from hypothesis import given
from hypothesis import strategies as st

from eo.canonical import STATUS
from eo.config import load_product
from eo.errors import InputError
from eo.granules import canonical_of

NAME = "log10_mass_concentration_of_chlorophyll_in_sea_water"
TRUTH = np.array([[0.1, 1.0, np.nan, 10.0], [0.01, 100.0, 0.1, 1.0]])
BIAS = np.array([[0.1, 0.0, np.nan, -0.2], [0.0, 0.0, 0.1, 0.3]])
RMSD = np.array([[0.26, 0.2, np.nan, 0.29], [0.3, 0.3, 0.05, 0.5]])
LOG = np.array([[-1.1, 0.0, np.nan, 1.2], [-2.0, 2.0, -1.1, -0.3]])
"""By hand: log10(0.1) - 0.1, log10(1), log10(10) + 0.2; ..."""


def content_of(path: Path, product: str = "esacci_chlorophyll_monthly", **options: Any) -> xr.Dataset:  # noqa: ANN401
    found = load_product(product)
    with canonical_of(path, found.model_copy(update={"options": options})) as content:
        return content.load()


def test_the_logarithm_less_its_bias_is_read(tmp_path: Path) -> None:
    content = content_of(write_occi(tmp_path / "a.nc", TRUTH, BIAS, RMSD))
    np.testing.assert_allclose(content[NAME].values[0], LOG[::-1], atol=1e-6)
    assert content[f"{NAME}_status"].values[0][::-1].tolist() == [[0, 0, STATUS["never_observed"], 0], [0] * 4]
    assert content[NAME].attrs["units"] == "1"


def test_means_are_geometric_and_not_of_the_concentration(tmp_path: Path) -> None:
    path = write_occi(
        tmp_path / "a.nc", TRUTH[1:, :2].repeat(2, 0), BIAS[1:, :2].repeat(2, 0), RMSD[1:, :2].repeat(2, 0)
    )
    with xr.open_dataset(path) as naive:
        assert float(naive["chlor_a"].mean()) == pytest.approx(50.005)
    assert 10 ** float(content_of(path)[NAME].mean()) == pytest.approx(1.0)  # by hand: sqrt(0.01 * 100)


def test_the_uncertainty_is_what_is_left_without_the_bias(tmp_path: Path) -> None:
    path = write_occi(tmp_path / "a.nc", TRUTH, BIAS, RMSD)
    spread = content_of(path)[f"{NAME}_uncertainty"].values[0][::-1]
    expected = [[0.24, 0.2, np.nan, 0.21], [0.3, 0.3, np.nan, 0.4]]  # by hand: 0.26^2 - 0.1^2 = 0.24^2; 0.05 < 0.1
    np.testing.assert_allclose(spread, expected, atol=1e-6)
    plain = content_of(path, remove_bias=False)
    np.testing.assert_allclose(plain[f"{NAME}_uncertainty"].values[0][::-1], RMSD, atol=1e-6)
    np.testing.assert_allclose(plain[NAME].values[0][::-1], np.log10(TRUTH), atol=1e-6)


def test_a_value_without_a_bias_is_masked_and_says_so(tmp_path: Path) -> None:
    content = content_of(write_occi(tmp_path / "a.nc", TRUTH, np.where(TRUTH == 10, np.nan, BIAS), RMSD))
    assert content[f"{NAME}_status"].values[0][-1, -1] == STATUS["quality_masked"]
    assert np.isnan(content[NAME].values[0][-1, -1])


@pytest.mark.parametrize(
    ("version", "date", "good"),
    [
        ("5.0", "2020-11-01", True),
        ("5.0", "2020-12-01", False),
        ("5.0", "2021-03-01", False),
        ("5.0.1", "2020-12-01", True),
        ("6.0", "2020-12-01", True),
        ("7.0", "2019-01-01", False),
        ("", "2019-01-01", False),
    ],
)
def test_version_5_is_refused_from_its_jump_on(tmp_path: Path, version: str, date: str, good: bool) -> None:  # noqa: FBT001
    path = write_occi(tmp_path / "a.nc", TRUTH, BIAS, RMSD, version=version, date=date)
    if good:
        assert content_of(path).attrs["product_version"] == version
    else:
        with pytest.raises(InputError, match=r"jumps in 2020-12|product_version is one of|'product_version' like"):
            content_of(path)


def test_units_are_read_and_not_believed(tmp_path: Path) -> None:
    path = write_occi(tmp_path / "a.nc", TRUTH * 1e-6, BIAS, RMSD, units="kg m-3")
    np.testing.assert_allclose(content_of(path)[NAME].values[0], LOG[::-1], atol=1e-5)
    with pytest.raises(InputError, match="units"):
        content_of(write_occi(tmp_path / "b.nc", TRUTH, BIAS, RMSD, units="kelvin"))


def test_a_concentration_of_zero_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = write_occi(tmp_path / "a.nc", np.where(TRUTH == 1, 0.0, TRUTH), BIAS, RMSD)
    with pytest.raises(InputError, match=r"a\.nc: 'chlor_a' is positive; it has 0"):
        content_of(path)


@pytest.mark.parametrize(
    ("date", "start", "end"),
    [
        ("2019-01-01", "2019-01-01", "2019-01-09"),
        ("2019-12-27", "2019-12-27", "2020-01-01"),
    ],
)
def test_eight_days_start_anew_each_year(tmp_path: Path, date: str, start: str, end: str) -> None:
    content = content_of(write_occi(tmp_path / "a.nc", TRUTH, BIAS, RMSD, date=date), "esacci_chlorophyll_8day")
    assert content["time_bounds"].values.astype("datetime64[D]").astype(str).tolist() == [[start, end]]


@pytest.mark.parametrize(("bias", "rmsd"), [(-4.5e30, 0.3), (6.0, 0.3), (0.1, -0.1), (0.1, 1e20)])
def test_a_bias_or_an_error_of_many_decades_is_refused(tmp_path: Path, bias: float, rmsd: float) -> None:
    path = write_occi(tmp_path / "a.nc", TRUTH, np.full(TRUTH.shape, bias), np.full(TRUTH.shape, rmsd))
    with pytest.raises(InputError, match=r"a\.nc: 'chlor_a_log10_\w+' lies in .* decades"):
        content_of(path)


@pytest.mark.slow
@given(data=st.data())
def test_damage_gives_an_error_or_values_in_range(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_occi(tmp_path_factory.mktemp("d") / "a.nc", TRUTH, BIAS, RMSD)
    check_survives(data, path, load_product("esacci_chlorophyll_monthly"), "chlor_a")
