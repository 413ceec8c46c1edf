"""From bytes to what the publisher meant, by the CF rules. Expected numbers are worked by hand from each rule."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import netCDF4
import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import product

from eo.canonical import STATUS, canonical
from eo.errors import InputError
from eo.model import Product
from eo.readers import cf
from eo.readers._packing import decoded

LETTERS = {"o": STATUS["ok"], "u": STATUS["never_observed"], "m": STATUS["quality_masked"]}
NAN = np.nan


def packed(values: list[float], dtype: str, **attributes: object) -> xr.DataArray:
    return xr.DataArray(np.array(values, dtype), dims="x", attrs={"units": "1"} | attributes, name="packed")


RULES: dict[str, tuple[xr.DataArray, list[float], str]] = {
    "plain integers are numbers": (packed([0, -1, 7], "i2"), [0, -1, 7], "ooo"),
    "scale, then offset": (
        packed([0, 100, -100], "i2", scale_factor=0.01, add_offset=273.15),
        [273.15, 274.15, 272.15],
        "ooo",
    ),
    "a scale alone": (packed([3], "u1", scale_factor=np.float32(0.5)), [1.5], "o"),
    "an offset alone": (packed([3], "i4", add_offset=np.int16(-3)), [0], "o"),
    "_FillValue is in packed units": (
        packed([-32768, 5], "i2", _FillValue=np.int16(-32768), scale_factor=0.1, add_offset=3276.8),
        [NAN, 3277.3],
        "uo",
    ),
    "a value that unpacks to the fill value stays": (
        packed([5, 50], "i2", _FillValue=np.int16(5), scale_factor=0.1),
        [NAN, 5],
        "uo",
    ),
    "missing_value beside _FillValue": (
        packed([1, 2, 3], "i2", _FillValue=np.int16(1), missing_value=np.int16(2)),
        [NAN, NAN, 3],
        "uuo",
    ),
    "several missing_value": (packed([1, 2, 3], "i2", missing_value=np.array([1, 3], "i2")), [NAN, 2, NAN], "uou"),
    "valid_min is in packed units and its own value valid": (
        packed([9, 10, 11], "i2", valid_min=np.int16(10), scale_factor=0.1),
        [NAN, 1, 1.1],
        "moo",
    ),
    "valid_max is in packed units and its own value valid": (
        packed([9, 10, 11], "i2", valid_max=np.int16(10), scale_factor=0.1),
        [0.9, 1, NAN],
        "oom",
    ),
    "valid_range is both": (packed([-1, 0, 5, 6], "i2", valid_range=np.array([0, 5], "i2")), [NAN, 0, 5, NAN], "moom"),
    "valid_range counts before valid_min": (
        packed([0, 5], "i2", valid_range=np.array([0, 5], "i2"), valid_min=np.int16(3)),
        [0, 5],
        "oo",
    ),
    "a fill value outside the range was never observed": (
        packed([-99, 0], "i2", _FillValue=np.int16(-99), valid_min=np.int16(0)),
        [NAN, 0],
        "uo",
    ),
    "signed bytes that are unsigned": (
        packed([0, 127, -128, -2], "i1", _Unsigned="true", scale_factor=0.5),
        [0, 63.5, 64, 127],
        "oooo",
    ),
    "the fill value of such bytes is signed as they are": (
        packed([-1, -2], "i1", _Unsigned="true", _FillValue=np.int8(-1)),
        [NAN, 254],
        "uo",
    ),
    "the range of such bytes is signed as they are": (
        packed([0, -3, -2, -1], "i1", _Unsigned="true", valid_range=np.array([0, -2], "i1")),
        [0, 253, 254, NAN],
        "ooom",
    ),
    "unsigned shorts that are signed": (
        packed([0, 65535, 32768], "u2", _Unsigned="false", _FillValue=np.uint16(32768)),
        [0, -1, NAN],
        "oou",
    ),
    "_Unsigned is text in any case": (packed([-1], "i1", _Unsigned="TRUE"), [255], "o"),
    "_Unsigned says nothing new of unsigned bytes": (packed([255], "u1", _Unsigned="true"), [255], "o"),
    "big-endian shorts": (packed([258, -2], ">i2", _Unsigned="true", _FillValue=np.int16(-2)), [258, NAN], "ou"),
    "a NaN fill value": (packed([NAN, 1], "f4", _FillValue=np.float32(NAN)), [NAN, 1], "uo"),
    "a NaN that no attribute speaks of": (packed([NAN, np.inf, 1], "f8"), [NAN, NAN, 1], "uuo"),
    "a fill value in single precision": (packed([1e20, 1], "f4", _FillValue=np.float32(1e20)), [NAN, 1], "uo"),
    "a fill value in double precision, of single-precision values": (
        packed([1e20, 1], "f4", _FillValue=1e20),
        [NAN, 1],
        "uo",
    ),
    "a limit in double precision, of single-precision values": (
        packed([0.1, 0.2], "f4", valid_max=0.1),
        [np.float32(0.1), NAN],
        "om",
    ),
    "scaled floats": (packed([-1, 10], "f4", scale_factor=0.1, _FillValue=np.float32(-1)), [NAN, 1], "uo"),
    "a fill value that no integer has is none": (
        packed([0, -1], "i2", missing_value=1e20, _FillValue=np.float32(NAN)),
        [0, -1],
        "oo",
    ),
    "a limit that no integer has limits nothing": (
        packed([0, 32767], "i2", valid_max=np.int32(40000)),
        [0, 32767],
        "oo",
    ),
    "a fill value beyond 2**53": (
        packed([2**62 + 1, 2**62], "i8", _FillValue=np.int64(2**62 + 1)),
        [NAN, 2.0**62],
        "uo",
    ),
    "limits of the type of the scale are in physical units": (
        packed([-1, 0, 100, 101], "i2", scale_factor=np.float32(0.5), valid_range=np.array([0, 50], "f4")),
        [NAN, 0, 50, NAN],
        "moom",
    ),
    "limits in physical units, of a negative scale": (
        packed([-1, 0, 100, 101], "i2", scale_factor=-0.5, valid_min=-50.0, valid_max=0.0),
        [NAN, 0, -50, NAN],
        "moom",
    ),
    "a range in text": (packed([0, -2, -1], "i1", _Unsigned="true", valid_range="0,-2"), [0, 254, NAN], "oom"),
}


@pytest.mark.parametrize("rule", RULES)
def test_by_the_rules_of_cf(rule: str) -> None:
    raw, values, status = RULES[rule]
    found, why = decoded(raw)
    np.testing.assert_allclose(found, values, rtol=1e-14, atol=1e-12)
    np.testing.assert_array_equal(why, [LETTERS[one] for one in status])
    assert why.dtype == np.int8
    assert (np.isnan(found) == (why != STATUS["ok"])).all()


@pytest.mark.parametrize("rule", RULES)
def test_lazily_as_at_once(rule: str) -> None:
    raw, _, _ = RULES[rule]
    for eager, lazy in zip(decoded(raw), decoded(raw.chunk({"x": 1})), strict=True):
        xr.testing.assert_identical(lazy.compute(), eager)


@given(
    hnp.arrays(np.int16, st.integers(1, 20)),
    st.sampled_from([0.01, 0.0001, np.float32(0.01), 2.5]),
    st.sampled_from([0.0, 273.15, np.float32(-40)]),
)
def test_packing_is_undone_in_double_precision(raw: npt.NDArray[np.int16], scale: float, offset: float) -> None:
    values, _ = decoded(xr.DataArray(raw, dims="x", attrs={"scale_factor": scale, "add_offset": offset}))
    assert values.dtype == np.float64
    np.testing.assert_array_equal(np.rint((values - np.float64(offset)) / np.float64(scale)), raw)


@given(hnp.arrays(np.float32, st.integers(1, 20), elements=st.floats(width=32, allow_infinity=False)))
def test_single_precision_that_is_not_packed_stays_as_it_is_bit_for_bit(raw: npt.NDArray[np.float32]) -> None:
    values, _ = decoded(xr.DataArray(raw, dims="x"))
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, raw)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"missing_value": "none"}, "missing_value of 'packed'"),
        ({"_FillValue": "-99"}, "_FillValue of 'packed'"),
        ({"valid_range": np.array([1], "i2")}, "valid_range of 'packed' has 2 numbers"),
        ({"valid_range": "low,high"}, "valid_range of 'packed'"),
        ({"valid_min": np.array([1, 2], "i2")}, "valid_min of 'packed' has 1 numbers"),
        ({"scale_factor": "0.1"}, "scale_factor of 'packed' is a finite number"),
        ({"scale_factor": NAN}, "scale_factor of 'packed' is a finite number"),
        ({"scale_factor": 0.0}, "not zero"),
        ({"add_offset": np.array([1.0, 2.0])}, "add_offset of 'packed' is a finite number"),
    ],
)
def test_an_attribute_that_says_no_number_is_refused(attributes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        decoded(packed([1, 2], "i2", **attributes))


def test_a_variable_that_is_not_numeric_is_refused() -> None:
    with pytest.raises(InputError, match="numeric, and 'packed' is <U1"):
        decoded(xr.DataArray(np.array(["a"]), dims="x", name="packed"))


PRODUCT = product("temperature", source="sst", units="degC", plausible=(-5, 45))

Change = Callable[[netCDF4.Dataset], object]


def write(path: Path, change: Change = lambda _: None, *, months: int = 2, form: str = "NETCDF4") -> Path:
    """Write a synthetic file as an agency might: packed, latitudes descending, time without bounds."""
    with netCDF4.Dataset(path, "w", format=form) as file:
        file.comment = "synthetic, written by a test"
        for name, size in {"time": months, "latitude": 2, "longitude": 4}.items():
            file.createDimension(name, size)
        time = file.createVariable("time", "f8", ("time",))
        time.units, time[:] = "days since 2001-01-01 00:00:00", [0, 31, 59, 90][:months]
        lat = file.createVariable("latitude", "f4", ("latitude",))
        lat.units, lat[:] = "degrees_north", [45, -45]
        lon = file.createVariable("longitude", "f4", ("longitude",))
        lon.units, lon[:] = "degrees_east", [45, 135, 225, 315]
        sst = file.createVariable("sst", "i2", ("time", "latitude", "longitude"), fill_value=-32768)
        sst.set_auto_maskandscale(False)
        sst.setncatts({"units": "kelvin", "scale_factor": 0.01, "add_offset": 273.15})
        sst[:] = np.arange(8 * months).reshape(months, 2, 4) * 100
        change(file)
    return path


def content(path: Path, of: Product = PRODUCT) -> xr.Dataset:
    with cf.read(path, of) as published:
        return canonical(published, of.variables, step=of.step, stamp=of.stamp).load()


@pytest.mark.parametrize("form", ["NETCDF4", "NETCDF4_CLASSIC", "NETCDF3_CLASSIC", "NETCDF3_64BIT_DATA"])
def test_a_file_of_any_netcdf_format_gives_the_same_content(tmp_path: Path, form: str) -> None:
    found = content(write(tmp_path / "a.nc", form=form))
    # By hand: packed 0, 100, ... are 0, 1, ... degC; the rows turn round, the columns begin at 225 E = 135 W.
    np.testing.assert_allclose(found["temperature"][0], [[6, 7, 4, 5], [2, 3, 0, 1]], atol=1e-5)
    assert [str(one)[:10] for one in found["time"].values] == ["2001-01-01", "2001-02-01"]


def test_a_reader_reads_no_value_before_it_is_asked_for(tmp_path: Path) -> None:
    def spoil(file: netCDF4.Dataset) -> None:
        file["sst"][0, 0, 0] = 30_000  # 573 K

    with cf.read(write(tmp_path / "a.nc", spoil), PRODUCT) as published:
        lazy = canonical(published, PRODUCT.variables, step="month")
        with pytest.raises(InputError, match=r"lies in -5\.\.45 degC"), dask.config.set(scheduler="synchronous"):
            lazy["temperature"].compute()


def packed_axes(file: netCDF4.Dataset) -> None:
    for name, values in {"latitude": [45, -45], "longitude": [45, 135, 225, 315]}.items():
        file.renameVariable(name, f"{name}_plain")
        file[f"{name}_plain"].delncattr("units")
        axis = file.createVariable(name, "i2", (name,))
        axis.set_auto_maskandscale(False)
        axis.setncatts({"units": f"degrees_{'north' if name == 'latitude' else 'east'}", "scale_factor": 0.5})
        axis[:] = np.array(values) * 2


def bounded_axes(file: netCDF4.Dataset) -> None:
    file.createDimension("nv", 2)
    for name, step in {"latitude": 45, "longitude": 45}.items():
        file[name].bounds = f"{name}_bnds"
        bounds = file.createVariable(f"{name}_bnds", "f4", (name, "nv"))
        bounds[:] = np.asarray(file[name][:])[:, None] + [-step, step]


def named_by_standard_name(file: netCDF4.Dataset) -> None:
    for old, new in {"latitude": "rows", "longitude": "columns", "time": "when"}.items():
        file.renameVariable(old, new)
        file[new].standard_name = old


def swapped(file: netCDF4.Dataset) -> None:
    file.renameVariable("sst", "other")
    old = file["other"]
    old.set_auto_maskandscale(False)
    sst = file.createVariable("sst", "i2", ("longitude", "time", "latitude"), fill_value=-32768)
    sst.set_auto_maskandscale(False)
    sst.setncatts({key: old.getncattr(key) for key in ("units", "scale_factor", "add_offset")})
    sst[:] = old[:].transpose(2, 0, 1)


@pytest.mark.parametrize("change", [packed_axes, bounded_axes, named_by_standard_name, swapped])
def test_the_habits_of_a_publisher_change_nothing(tmp_path: Path, change: Change) -> None:
    expected = content(write(tmp_path / "plain.nc"))
    xr.testing.assert_identical(content(write(tmp_path / "other.nc", change)), expected)


def test_bounds_of_a_packed_axis_are_packed_as_it_is(tmp_path: Path) -> None:
    def change(file: netCDF4.Dataset) -> None:
        packed_axes(file)
        file.createDimension("nv", 2)
        file["latitude"].bounds = "latitude_bnds"
        bounds = file.createVariable("latitude_bnds", "i2", ("latitude", "nv"))
        bounds[:] = [[180, 20], [20, -180]]  # in halves of a degree: uneven cells, their edge at 10 N

    found = content(write(tmp_path / "a.nc", change))
    np.testing.assert_array_equal(found["lat_bounds"], [[-90, 10], [10, 90]])


def test_time_bounds_of_the_file_count_before_its_stamps(tmp_path: Path) -> None:
    def change(file: netCDF4.Dataset) -> None:
        file.createDimension("nv", 2)
        file["time"].bounds = "time_bnds"
        file.createVariable("time_bnds", "f8", ("time", "nv"))[:] = [[-30.5, 0.5], [0.5, 31.5]]  # half a day late

    found = content(write(tmp_path / "a.nc", change))
    assert [str(one)[:10] for one in found["time"].values] == ["2000-12-01", "2001-01-01"]


def calendar(name: str) -> Change:
    return lambda file: file["time"].setncattr("calendar", name)


def no_longitude(file: netCDF4.Dataset) -> None:
    file.renameVariable("longitude", "place")
    file["place"].delncattr("units")


def latitude_with_a_gap(file: netCDF4.Dataset) -> None:
    file["latitude"][0] = 9.96921e36


DEFECTS: dict[str, tuple[Change, str]] = {
    "a 360-day calendar": (calendar("360_day"), "360_day"),
    "a calendar without leap days": (calendar("noleap"), "noleap"),
    "time without units": (lambda file: file["time"].delncattr("units"), "time"),
    "time that comes twice": (lambda file: file["time"].__setitem__(slice(None), [0, 10]), "2001-01-01 repeats"),
    "time that goes back": (lambda file: file["time"].__setitem__(slice(None), [59, 0]), "2001-01-01 repeats or goes"),
    "time that is missing": (lambda file: file["time"].__setitem__(1, NAN), "time"),
    "values without units": (lambda file: file["sst"].delncattr("units"), "states its units, and 'sst' does not"),
    "values in metres": (lambda file: file["sst"].setncattr("units", "m"), "must convert to 'degC', and 'm' does not"),
    "no such variable": (lambda file: file.renameVariable("sst", "tos"), "no variable 'sst'; it has .*'tos'"),
    "no longitude": (no_longitude, "one longitude coordinate; there is none"),
    "a latitude that is a fill value": (latitude_with_a_gap, "latitude"),
    "a value outside the range": (lambda file: file["sst"].__setitem__((1, 1, 1), 9000), r"lies in -5\.\.45 degC"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_file_is_refused_in_one_line_for(tmp_path: Path, defect: str) -> None:
    change, said = DEFECTS[defect]
    with pytest.raises(InputError, match=said) as refused:
        content(write(tmp_path / "a.nc", change))
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_netcdf_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "a.nc"
    page.write_text("<html>404</html>")
    with pytest.raises(InputError, match="must be a NetCDF file that opens"):
        content(page)


def test_a_stamp_at_the_end_of_its_month_is_that_month(tmp_path: Path) -> None:
    late: dict[str, Any] = {"stamp": "end"}
    found = content(write(tmp_path / "a.nc"), PRODUCT.model_copy(update=late))
    assert [str(one)[:10] for one in found["time"].values] == ["2000-12-01", "2001-01-01"]
