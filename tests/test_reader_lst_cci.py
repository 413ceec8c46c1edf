"""Land surface temperature of LST CCI: components of the uncertainty, day and night, flags, and damage."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from damage import check_survives
from granules.lst_cci import COMPONENTS, write_lst
from hypothesis import given
from hypothesis import strategies as st

from eo.canonical import STATUS
from eo.config import load_product
from eo.errors import InputError
from eo.granules import canonical_of

NAME = "land_surface_temperature"
DAY, NIGHT, DAILY = (f"esacci_lst_modis_aqua_{one}" for one in ("monthly_day", "monthly_night", "daily_day"))
TRUTH = np.array([[300.0, 310.25, np.nan], [273.15, 250.0, 320.5]])


def content_of(path: Path, product: str, **options: Any) -> xr.Dataset:  # noqa: ANN401 - an option
    found = load_product(product)
    with canonical_of(path, found.model_copy(update={"options": found.options | options})) as content:
        return content.load()


def test_temperatures_and_their_uncertainty_are_read(tmp_path: Path) -> None:
    content = content_of(write_lst(tmp_path / "a.nc", TRUTH), DAY)
    np.testing.assert_allclose(content[NAME].values[0], TRUTH - 273.15, atol=1e-4)
    assert content[NAME].attrs["units"] == "degC"
    total = content[f"{NAME}_uncertainty"].values[0]
    np.testing.assert_allclose(total, np.where(np.isfinite(TRUTH), 1.393, np.nan), atol=1e-6)  # kelvin of difference
    assert np.nanmax(content["observation_time_offset"].values) == 1_000_000
    assert str(content["time_bounds"].values[0, 1])[:10] == "2018-08-01"


def test_components_of_the_uncertainty_stay_apart(tmp_path: Path) -> None:
    content = content_of(write_lst(tmp_path / "a.nc", TRUTH), DAY)
    names = {
        "lst_unc_ran": "random",
        "lst_unc_loc_atm": "local_atmosphere",
        "lst_unc_loc_sfc": "local_surface",
        "lst_unc_sys": "systematic",
    }
    found = {source: float(np.nanmax(content[f"{NAME}_uncertainty_{name}"])) for source, name in names.items()}
    assert found == pytest.approx(COMPONENTS, abs=1e-6)  # naive degC conversion: 273 below
    assert np.sqrt(sum(one**2 for one in found.values())) == pytest.approx(1.393, abs=1e-3)
    assert content[f"{NAME}_uncertainty_systematic"].attrs["units"] == "K"


@pytest.mark.parametrize("has_id", [True, False])
@pytest.mark.parametrize(("overpass", "good", "bad"), [("DAY", DAY, NIGHT), ("NIGHT", NIGHT, DAY)])
def test_day_and_night_are_never_joined(tmp_path: Path, overpass: str, good: str, bad: str, has_id: bool) -> None:  # noqa: FBT001
    path = write_lst(tmp_path / f"x_1MONTHLY_{overpass}-20180701.nc", TRUTH, overpass=overpass, has_id=has_id)
    assert content_of(path, good)[NAME].shape == (1, 2, 3)
    with pytest.raises(InputError, match=f"is of the {bad.rsplit('_', maxsplit=1)[-1]}; this one is"):
        content_of(path, bad)


def test_a_file_that_does_not_say_day_or_night_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is of the day"):
        content_of(write_lst(tmp_path / "a.nc", TRUTH, has_id=False), DAY)


def test_daily_values_are_rejected_by_the_meaning_of_their_flags(tmp_path: Path) -> None:
    flags = np.array([[0, 1, 0], [4, 2, 3]])
    path = write_lst(tmp_path / "a.nc", TRUTH, step="1DAILY", date="2018-07-09", flags=flags)
    assert int(content_of(path, DAILY)[NAME].count()) == 5
    content = content_of(path, DAILY, reject=["cloud_nearby", "water"])
    assert np.isfinite(content[NAME].values[0]).tolist() == [[True, False, False], [False, True, False]]
    assert content[f"{NAME}_status"].values[0, 1, 0] == STATUS["quality_masked"]
    assert np.isnan(content[f"{NAME}_uncertainty"].values[0, 1, 0])
    with pytest.raises(InputError, match="no meaning 'clouds' in qual_flag"):
        content_of(path, DAILY, reject=["clouds"])
    monthly = write_lst(tmp_path / "b.nc", TRUTH)
    with pytest.raises(InputError, match="no variable 'qual_flag'"):
        content_of(monthly, DAY, reject=["water"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lst_attributes": {"units": "degC"}}, "lies in -90..90"),
        ({"lst_attributes": {"add_offset": 0.0}}, "lies in -90..90"),
        ({"lst_attributes": {"units": "m"}}, "units must convert"),
    ],
)
def test_what_the_file_says_is_used(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        content_of(write_lst(tmp_path / "a.nc", TRUTH, **change), DAY)


def test_a_component_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    path = write_lst(tmp_path / "x_DAY-.nc", TRUTH)
    with pytest.raises(InputError, match="no variable 'lst_unc_loc_cor'"):
        content_of(path, "esacci_lst_ircdr_monthly_day")


@pytest.mark.slow
@given(data=st.data())
def test_damage_gives_an_error_or_values_in_range(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_lst(tmp_path_factory.mktemp("d") / "a.nc", TRUTH)
    check_survives(data, path, load_product(DAY), "lst")
