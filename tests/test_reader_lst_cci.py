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
from eo.model import Box, Region
from eo.zones import zonal_mean, zones

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


@pytest.mark.parametrize("scales", [1, None])
def test_components_of_the_uncertainty_stay_apart(tmp_path: Path, scales: int | None) -> None:
    content = content_of(write_lst(tmp_path / "a.nc", TRUTH, scales=scales), DAY)
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


def test_a_component_that_is_one_number_of_the_file_is_there_where_the_temperature_is(tmp_path: Path) -> None:
    name, ok = f"{NAME}_uncertainty_systematic", STATUS["ok"]
    masked, never = STATUS["quality_masked"], STATUS["never_observed"]
    path = daily(tmp_path)
    with xr.open_dataset(path) as file:
        assert file["lst_unc_sys"].dims == ("time", "length_scale")
    content = content_of(path, DAILY)
    assert content[name].dims == content[NAME].dims
    np.testing.assert_allclose(content[name].values[0], [[0.5, np.nan, np.nan], [np.nan] * 3], atol=1e-6)
    assert content[f"{name}_status"].values[0].tolist() == [[ok, masked, never], [masked] * 3]


def test_a_component_that_is_one_number_and_missing_is_missing_everywhere(tmp_path: Path) -> None:
    name, never = f"{NAME}_uncertainty_systematic", STATUS["never_observed"]
    content = content_of(write_lst(tmp_path / "a.nc", TRUTH, components=COMPONENTS | {"lst_unc_sys": np.nan}), DAY)
    assert np.isfinite(content[NAME].values).sum() == 5
    assert not np.isfinite(content[name].values).any()  # and not zero
    assert set(content[f"{name}_status"].values.flat) == {never}


def test_a_component_of_several_length_scales_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'lst_unc_sys' has dims of time, .* it has also \{'length_scale': 2\}"):
        content_of(write_lst(tmp_path / "a.nc", TRUTH, scales=2), DAY)


@pytest.mark.parametrize("has_id", [True, False])
@pytest.mark.parametrize(("overpass", "good", "bad"), [("DAY", DAY, NIGHT), ("NIGHT", NIGHT, DAY)])
def test_day_and_night_are_never_joined(tmp_path: Path, overpass: str, good: str, bad: str, has_id: bool) -> None:  # noqa: FBT001
    path = write_lst(tmp_path / f"x_1MONTHLY_{overpass}-20180701.nc", TRUTH, overpass=overpass, has_id=has_id)
    assert content_of(path, good)[NAME].shape == (1, 2, 3)
    with pytest.raises(InputError, match=f"is of the {bad.rsplit('_', maxsplit=1)[-1]}; this one is"):
        content_of(path, bad)


def test_day_and_night_are_alike_to_a_plain_reader_which_makes_a_day_of_their_mean(tmp_path: Path) -> None:
    day, night = (
        write_lst(tmp_path / f"{one}.nc", TRUTH - 20 * (one == "NIGHT"), overpass=one) for one in ("DAY", "NIGHT")
    )
    with xr.open_dataset(day) as a, xr.open_dataset(night) as b:
        naive = xr.concat([a["lst"], b["lst"]], "time").mean("time")  # the same name, grid and time stamp
    assert naive.values[0, 0] == pytest.approx(290.0, abs=0.01)  # neither the day's 300 K nor the night's 280 K
    values = [float(content_of(*one)[NAME].values[0, 0, 0]) for one in ((day, DAY), (night, NIGHT))]
    assert values == pytest.approx([26.85, 6.85], abs=0.01)


def test_the_systematic_part_of_an_uncertainty_does_not_shrink_with_the_number_of_cells(tmp_path: Path) -> None:
    path = write_lst(tmp_path / "a.nc", np.full((20, 20), 300.0))
    with xr.open_dataset(path) as file:
        total = file["lst_uncertainty"].values
    naive = float(np.sqrt((total**2).sum()) / total.size)  # as if the errors of 400 cells were independent
    assert naive == pytest.approx(1.393 / 20, abs=1e-4)
    content = content_of(path, DAY)
    parts = {
        one: content[f"{NAME}_uncertainty_{one}"].values[0].astype(np.float64)
        for one in ("random", "local_atmosphere", "local_surface", "systematic")
    }
    # By hand: random errors 0.3 / sqrt(400) = 0.015; what is common to all cells stays as it is, 0.5.
    random = np.sqrt((parts["random"] ** 2).sum()) / parts["random"].size
    assert (random, parts["systematic"].mean()) == (pytest.approx(0.015, abs=1e-6), pytest.approx(0.5, abs=1e-6))
    assert np.hypot(random, parts["systematic"].mean()) > 7 * naive
    # And no mean of the project divides by the number of cells: over a zone it gives the components as they are.
    region = Region(title="all of it", box=Box(west=5, east=6, south=30, north=31))
    name = f"{NAME}_uncertainty_systematic"
    at = zones({"box": region}, content)
    found = zonal_mean(content[name], content[f"{name}_status"], at, STATUS["outside_domain"])
    assert float(found["mean"].values[0, 0]) == pytest.approx(0.5, abs=1e-6)


def test_a_file_that_does_not_say_day_or_night_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is of the day"):
        content_of(write_lst(tmp_path / "a.nc", TRUTH, has_id=False), DAY)


FLAGS = np.array([[0, 1, 0], [4, 2, 3]])
"""Bits of the writer: cloud_nearby 1, large_angle 2, water 4; a truth of five values, of which three have one."""


def daily(folder: Path, flags: np.ndarray = FLAGS, **facts: Any) -> Path:  # noqa: ANN401 - a fact of a granule
    return write_lst(folder / "a.nc", TRUTH, step="1DAILY", date="2018-07-09", flags=flags, **facts)


def test_daily_values_with_a_flag_are_masked_whatever_its_word(tmp_path: Path) -> None:
    path = daily(tmp_path)
    with xr.open_dataset(path) as naive:  # every value, flagged or not
        assert int(naive["lst"].count()) == 5
    content = content_of(path, DAILY)
    assert np.isfinite(content[NAME].values[0]).tolist() == [[True, False, False], [False, False, False]]
    masked, never = STATUS["quality_masked"], STATUS["never_observed"]
    assert content[f"{NAME}_status"].values[0].tolist() == [[0, masked, never], [masked] * 3]
    assert np.isnan(content[f"{NAME}_uncertainty"].values[0, 0, 1])


def test_flags_to_keep_are_those_of_the_file_by_their_words(tmp_path: Path) -> None:
    path = daily(tmp_path)
    content = content_of(path, DAILY, keep=["large_angle"])  # bit 2 alone, and not where 1 is raised too
    assert np.isfinite(content[NAME].values[0]).tolist() == [[True, False, False], [False, True, False]]
    other = {"flag_masks": np.array([1, 2, 4], "i2"), "flag_meanings": "large_angle cloud_nearby water"}
    moved = content_of(daily(tmp_path, flag_attributes=other), DAILY, keep=["large_angle"])  # now bit 1
    assert np.isfinite(moved[NAME].values[0]).tolist() == [[True, True, False], [False, False, False]]
    with pytest.raises(InputError, match="no meaning 'clouds' in qual_flag; it has"):
        content_of(path, DAILY, keep=["clouds"])


def test_values_of_flags_may_say_that_all_is_well(tmp_path: Path) -> None:
    said = {"flag_values": np.array([0, 1, 2], "i2"), "flag_meanings": "good cloudy bad", "_FillValue": np.int16(-1)}
    path = daily(tmp_path, np.array([[0, 1, 0], [-1, 2, 0]]), flag_attributes=said)
    # the fill value says nothing of its cell, and what nothing speaks for is not taken
    assert np.isfinite(content_of(path, DAILY)[NAME].values[0]).tolist() == [[True, False, False], [False, False, True]]


@pytest.mark.parametrize(
    ("flags", "facts", "said"),
    [
        (FLAGS + 8 * (FLAGS == 4), {}, r"a\.nc: 'qual_flag' has the codes \[1, 2, 4\]; it has 12"),
        (FLAGS, {"flag_attributes": {}}, "flags have flag_masks or flag_values and flag_meanings; 'qual_flag' has"),
        (None, {}, "no variable 'qual_flag'"),
    ],
)
def test_flags_that_the_file_does_not_explain_are_refused(
    tmp_path: Path, flags: np.ndarray, facts: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        content_of(daily(tmp_path, flags, **facts), DAILY)


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
    path, product = tmp_path_factory.mktemp("d"), data.draw(st.sampled_from([DAY, DAILY]))
    granule = daily(path, FLAGS % 2) if product == DAILY else write_lst(path / "a.nc", TRUTH)
    check_survives(data, granule, load_product(product), "lst")
