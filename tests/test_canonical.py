"""The waist: whatever a publisher's habits, one form. Granules are synthetic, their dates worked out by hand."""

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from strategies import FIELD, days, fields, made_canonical, months, published

from eo.canonical import STATUS
from eo.errors import InputError
from eo.grid import longitude_180
from eo.model import Step
from eo.steps import Stamp

LAT, LON = [-45.0, 45.0], [0.0, 90.0, 180.0, 270.0]
VALUES = np.arange(8, dtype=np.float32).reshape(1, 2, 4)


def dates(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[ns]")


def small(**said: object) -> xr.Dataset:
    return published(**{"values": VALUES, "lat": LAT, "lon": LON, **said})


def test_values_lie_where_the_coordinates_say_after_the_axes_are_put_in_order() -> None:
    found = made_canonical(small(lat=LAT[::-1]))["field"].isel(time=0)
    np.testing.assert_array_equal(found["lat"], [-45, 45])
    np.testing.assert_array_equal(found["lon"], [-180, -90, 0, 90])
    np.testing.assert_array_equal(found, [[6, 7, 4, 5], [2, 3, 0, 1]])  # by hand: rows swapped, columns turned by two


@given(fields(missing=True))
def test_the_canonical_form_of_a_canonical_form_is_itself(content: xr.Dataset) -> None:
    once = made_canonical(content)
    xr.testing.assert_identical(made_canonical(once), once)


@given(fields(missing=True), st.integers(1, 47))
def test_the_canonical_form_of_a_part_across_the_antimeridian_is_itself(content: xr.Dataset, shift: int) -> None:
    part = content.roll(lon=shift % content.sizes["lon"], roll_coords=True).isel(lon=slice(0, -1))
    once = made_canonical(part)
    xr.testing.assert_identical(made_canonical(once), once)


def test_the_canonical_form_of_an_uneven_grid_is_itself() -> None:
    lat, lat_bounds = [-60.1, 7 / 3, 50.0], [[-90.0, -31.7], [-31.7, 29.9], [29.9, 90.0]]
    once = made_canonical(small(values=np.ones((1, 3, 4), np.float32), lat=lat, lat_bounds=lat_bounds))
    xr.testing.assert_identical(made_canonical(once), once)
    np.testing.assert_allclose(once["lat_bounds"], lat_bounds, rtol=0, atol=1e-9)


@given(fields(missing=True), st.sampled_from([np.float32, np.float64]))
def test_orders_turns_and_precision_of_coordinates_make_no_difference(content: xr.Dataset, precision: type) -> None:
    expected = made_canonical(content)
    turned = content.assign_coords(lon=longitude_180(content["lon"].values))
    forms = (
        content.isel(lat=slice(None, None, -1)),
        turned,
        turned.sortby("lon"),
        content.roll(lon=1, roll_coords=True),
        content.transpose("lon", "time", "lat"),
    )
    for form in forms:
        axes = {name: form[name].values.astype(precision) for name in ("lat", "lon")}
        xr.testing.assert_identical(made_canonical(form.assign_coords(axes)), expected)


@given(fields(missing=True), st.integers(2, 9), st.sampled_from(["synchronous", "threads"]))
def test_chunks_and_schedulers_make_no_difference(content: xr.Dataset, size: int, scheduler: str) -> None:
    with dask.config.set(scheduler=scheduler):
        found = made_canonical(content.chunk({"time": 1, "lat": size, "lon": 2 * size}))
        assert isinstance(found["field"].data, da.Array)  # nothing is computed before it is asked for
        xr.testing.assert_identical(found.compute(), made_canonical(content))


def test_nothing_is_inherited_from_the_file() -> None:
    content = small().assign_attrs(history="made by hand", Conventions="none")
    content["field"].attrs |= {"comment": "of the file", "cell_methods": "none"}
    content["lat"].attrs["comment"] = "of the file"
    found = made_canonical(content)
    assert found.attrs == {}
    assert found["field"].attrs == {
        "long_name": "a field",
        "units": "K",
        "cell_measures": "area: area",
        "ancillary_variables": "field_status",
    }
    assert "comment" not in found["lat"].attrs


def test_each_value_has_a_status_and_a_cell_area() -> None:
    values = VALUES.copy()
    values[0, 0, 0] = np.nan
    found = made_canonical(small(values=values))
    assert found["field"].dtype == np.float32
    assert found["field_status"].dtype == np.int8
    assert found["field_status"].attrs["flag_meanings"].split() == list(STATUS)
    assert int((found["field_status"] != STATUS["ok"]).sum()) == 1
    assert found["area"].dims == ("lat", "lon")
    assert (found["area"] == found["area"][0, 0]).all()  # eight octants


def test_values_come_in_the_units_of_the_variable() -> None:
    celsius = FIELD.model_copy(update={"units": "degC"})
    values = np.full((1, 2, 4), 273.15 + 20)
    np.testing.assert_array_equal(made_canonical(small(values=values), celsius)["field"], np.float32(20))
    difference = celsius.model_copy(update={"difference": True})
    np.testing.assert_array_equal(made_canonical(small(values=VALUES), difference)["field"], VALUES[:, :, [2, 3, 0, 1]])


@pytest.mark.parametrize(("units", "said"), [("", "states its units"), ("m", "'m' does not"), ("warm", "UDUNITS")])
def test_units_that_are_absent_wrong_or_unknown_are_refused_before_any_value_is_read(units: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        made_canonical(small(units=units).chunk())


@pytest.mark.parametrize("value", [-1.5, 1e30, np.inf])
def test_a_value_outside_the_physical_range_is_refused_when_it_is_computed(value: float) -> None:
    values = VALUES.copy()
    values[0, 1, 2] = value
    narrow = FIELD.model_copy(update={"plausible": (-1.0, 50.0)})
    with pytest.raises(InputError, match=r"'published_field' lies in -1\.\.50 K; 1 values do not"):
        made_canonical(small(values=values, status=np.zeros(VALUES.shape)).chunk(), narrow).compute()


@pytest.mark.parametrize(
    ("step", "stamp", "written", "start", "end"),
    [
        ("month", "start", "2000-02-01", "2000-02-01", "2000-03-01"),
        ("month", "middle", "2000-02-15T12", "2000-02-01", "2000-03-01"),
        ("month", "end", "2000-03-01", "2000-02-01", "2000-03-01"),
        ("month", "end", "2000-02-29", "2000-02-01", "2000-03-01"),
        ("month", "end", "2001-01-01", "2000-12-01", "2001-01-01"),
        ("day", "start", "2000-02-29", "2000-02-29", "2000-03-01"),
        ("day", "middle", "2000-02-29T12", "2000-02-29", "2000-03-01"),
        ("day", "end", "2000-03-01", "2000-02-29", "2000-03-01"),
        ("hour", "start", "2000-02-29T23", "2000-02-29T23", "2000-03-01T00"),
        ("hour", "end", "2000-03-01T00", "2000-02-29T23", "2000-03-01T00"),
        ("8day", "start", "2000-12-26", "2000-12-26", "2001-01-01"),  # day 361 of a leap year: six days are left
        ("8day", "middle", "2000-01-12", "2000-01-09", "2000-01-17"),
        ("dekad", "start", "2000-02-21", "2000-02-21", "2000-03-01"),
        ("dekad", "end", "2000-02-21", "2000-02-11", "2000-02-21"),
        ("halfmonth", "middle", "2000-02-08", "2000-02-01", "2000-02-16"),
        ("halfmonth", "start", "2000-02-16", "2000-02-16", "2000-03-01"),
    ],
)
def test_a_stamp_stands_for_its_calendar_step(step: Step, stamp: Stamp, written: str, start: str, end: str) -> None:
    found = made_canonical(small(time=dates(written)), step=step, stamp=stamp)
    np.testing.assert_array_equal(found["time_bounds"], [dates(start, end)])
    np.testing.assert_array_equal(found["time"], dates(start))


@pytest.mark.parametrize(
    ("step", "begin", "finish", "start", "end"),
    [
        ("month", "2015-01-01", "2015-02-01", "2015-01-01", "2015-02-01"),
        ("month", "2014-12-31T12", "2015-01-31T12", "2015-01-01", "2015-02-01"),  # as C3S soil moisture is stamped
        ("month", "2015-01-01T12", "2015-02-01T12", "2015-01-01", "2015-02-01"),
        ("month", "2015-01-01", "2015-01-31T23:59:59", "2015-01-01", "2015-02-01"),
        ("day", "2015-01-01T00", "2015-01-02T00", "2015-01-01", "2015-01-02"),
        ("day", "2015-01-01T12", "2015-01-02T12", "2015-01-02", "2015-01-03"),  # noon to noon is the day it ends in
        ("day", "2015-01-01T03", "2015-01-02T03", "2015-01-01", "2015-01-02"),
    ],
)
def test_published_bounds_may_be_shifted_by_half_a_day(
    step: Step, begin: str, finish: str, start: str, end: str
) -> None:
    content = small(time=dates(begin), time_bounds=dates(begin, finish)[None])
    found = made_canonical(content, step=step, stamp="end")  # bounds count, not where the stamp is put
    np.testing.assert_array_equal(found["time_bounds"], [dates(start, end)])


@pytest.mark.parametrize(
    ("step", "begin", "finish"),
    [
        ("month", "2015-01-02", "2015-02-02"),
        ("month", "2015-01-01", "2015-04-01"),
        ("month", "2015-01-01", "2015-01-11"),
        ("month", "2015-01-01", "2015-01-01"),
        ("day", "2015-01-01", "2015-02-01"),
        ("day", "2014-12-31T12", "2015-01-02T12"),  # two days about one
        ("day", "2015-01-01T12", "2015-01-01T12"),
        ("hour", "2015-01-01", "2015-01-02"),
        ("day", "2015-01-02", "2015-01-01"),
    ],
)
def test_published_bounds_of_another_step_are_refused(step: Step, begin: str, finish: str) -> None:
    content = small(time=dates(begin), time_bounds=dates(begin, finish)[None])
    with pytest.raises(InputError, match=f"calendar {step} to within half a day"):
        made_canonical(content, step=step)


@pytest.mark.parametrize(
    "time", [("2000-01-01", "2000-01-20"), ("2000-01-01", "1999-12-01"), ("2000-02-01", "2000-02-01")]
)
def test_a_month_that_comes_twice_or_goes_back_is_refused(time: tuple[str, str]) -> None:
    with pytest.raises(InputError, match="repeats or goes back"):
        made_canonical(small(values=np.ones((2, 2, 4)), time=dates(*time)))


@pytest.mark.parametrize("bounds", [False, True])
def test_a_date_that_is_missing_is_refused(bounds: bool) -> None:  # noqa: FBT001 - a case
    time = dates("2000-01-01", "NaT")
    published_bounds = np.stack([time, dates("2000-02-01", "NaT")], axis=1) if bounds else None
    content = small(values=np.ones((2, 2, 4)), time=time, time_bounds=published_bounds)
    with pytest.raises(InputError, match="every time is a date; 1 are missing"):
        made_canonical(content)


def test_a_longitude_that_comes_twice_is_refused() -> None:
    content = small(values=np.ones((1, 2, 5)), lon=[0.0, 90.0, 180.0, 270.0, 360.0])
    with pytest.raises(InputError, match="360 repeats"):
        made_canonical(content)
    bounds = [[-45.0, 45.0], [45.0, 135.0], [135.0, 225.0], [225.0, 315.0], [315.0, 405.0]]
    with pytest.raises(InputError, match=r"lon values come once each; 0\.0 repeats"):
        made_canonical(content.assign_coords(lon_bounds=(("lon", "nv"), bounds)))


def test_an_axis_without_cells_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match=r"latitude lies in -90\.\.90; there is 95"):
        made_canonical(small(lat=[5.0, 95.0]))


def test_a_variable_with_another_dimension_is_refused() -> None:
    content = small()
    deep = content.assign(field=content["field"].expand_dims(depth=2))
    with pytest.raises(InputError, match=r"dims .*depth"):
        made_canonical(deep)


def test_a_field_without_time_is_that_of_the_only_step() -> None:
    content = small()
    still = content.assign({name: content[name].isel(time=0, drop=True) for name in ("field", "field_status")})
    xr.testing.assert_identical(made_canonical(still), made_canonical(content))


def test_an_uncertainty_is_a_difference_and_never_negative() -> None:
    content = small()
    content["field_uncertainty"] = content["field"].copy(data=np.full(VALUES.shape, 0.5))
    celsius = FIELD.model_copy(update={"units": "degC", "standard_name": "sea_surface_temperature"})
    found = made_canonical(content, celsius)
    np.testing.assert_array_equal(found["field_uncertainty"], np.float32(0.5))
    assert found["field_uncertainty"].attrs["standard_name"] == "sea_surface_temperature standard_error"
    assert found["field"].attrs["ancillary_variables"] == "field_status field_uncertainty"
    content["field_uncertainty"][0, 0, 0] = -0.1
    with pytest.raises(InputError, match="1 values do not, such as -0\\.1"):
        made_canonical(content, celsius)


def test_days_and_months_keep_their_own_calendar() -> None:
    leap = made_canonical(small(values=np.ones((60, 2, 4)), time=days(60, "2000-01-01")), step="day")
    assert str(leap["time"].values[-1])[:10] == "2000-02-29"
    year = made_canonical(small(values=np.ones((12, 2, 4)), time=months(12, "1999-01")))
    lengths = np.diff(year["time_bounds"], axis=1)[:, 0] / np.timedelta64(1, "D")
    assert lengths.tolist() == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
