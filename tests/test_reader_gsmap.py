"""GSMaP: codes never become rain, rows and columns lie where they belong, a gap never lowers a monthly mean.

Expected numbers are worked by hand, or by plain numpy and gzip, which know nothing of the reader.
"""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np
import pytest
import xarray as xr
from granules.gsmap import write_gsmap_binary, write_gsmap_hdf5, write_gsmap_netcdf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eo import readers
from eo.canonical import STATUS, canonical
from eo.config import load_product, product_names
from eo.errors import EoError, InputError
from eo.identify import from_name

HOUR = "gsmap_mvk.20240110.0500.v8.0000.0.dat.gz"
DAY = "gsmap_gauge.20240110.0.1d.daily.00Z-23Z.v8.0000.1.dat.gz"
MONTH = "gsmap_gauge.202402.0.1d.monthly.v8.0000.1.dat.gz"
RATE = "lwe_precipitation_rate"


@contextmanager
def opened(path: Path, name: str) -> Iterator[xr.Dataset]:
    product = load_product(name)
    with readers.load(product.reader).read(path, product) as found:
        yield canonical(found, product.variables, step=product.step, stamp=product.stamp, where=f"{path}: ")


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    field = np.zeros((1200, 3600), np.float32)
    field[0, 0] = 1.5  # 59.95 N, 0.05 E
    field[1199, 1800] = 2.5  # 59.95 S, 180.05 E
    field[600, 3599] = 200.0  # 0.05 S, 0.05 W
    return field


def at(field: xr.DataArray, lat: float, lon: float) -> float:
    return float(field.sel(lat=lat, lon=lon, method="nearest").values.item())


def test_an_hour_lies_where_its_bytes_say_in_mm_per_day(tmp_path: Path, truth: np.ndarray) -> None:
    path = write_gsmap_binary(tmp_path / HOUR, truth)
    with opened(path, "jaxa_gsmap_mvk_hourly") as content:
        rate = content[RATE]
        assert at(rate, 59.95, 0.05) == 36.0
        assert at(rate, -59.95, -179.95) == 60.0
        assert at(rate, -0.05, -0.05) == 4800.0
        assert float(rate.sum()) == 36.0 + 60.0 + 4800.0
        assert str(content["time"].values[0])[:13] == "2024-01-10T05"
        assert content.attrs["product_version"] == "8.0000.0"
        assert rate.attrs["units"] == "mm day-1"
        assert float(content["lat"][0]) == -59.95
        assert float(content["lon"][0]) == -179.95


def test_the_naive_orientation_is_upside_down(tmp_path: Path, truth: np.ndarray) -> None:
    path = write_gsmap_binary(tmp_path / HOUR, truth)
    naive = np.frombuffer(gzip.decompress(path.read_bytes()), "<f4").reshape(1200, 3600)
    upward = -59.95 + 0.1 * np.arange(1200)  # as if row 0 lay in the south
    assert naive[np.abs(upward + 59.95).argmin(), 0] == 1.5
    with opened(path, "jaxa_gsmap_mvk_hourly") as content:
        assert at(content[RATE], -59.95, 0.05) == 0.0
        assert at(content[RATE], 59.95, 0.05) == 36.0


@pytest.mark.parametrize(
    ("code", "reason"), [(-4.0, "quality_masked"), (-8.0, "quality_masked"), (-99.0, "never_observed")]
)
def test_a_code_of_an_hour_is_never_rain(tmp_path: Path, truth: np.ndarray, code: float, reason: str) -> None:
    field = truth.copy()
    field[:600] = code
    path = write_gsmap_binary(tmp_path / HOUR, field)
    naive = np.frombuffer(gzip.decompress(path.read_bytes()), "<f4").reshape(1200, 3600)
    assert naive.mean() < 0  # rain below zero
    with opened(path, "jaxa_gsmap_mvk_hourly") as content:
        rate = content[RATE].load()
        assert float(rate.min()) >= 0
        assert int(rate.isnull().sum()) == 600 * 3600
        assert set(np.unique(content[f"{RATE}_status"])) == {STATUS["ok"], STATUS[reason]}


@pytest.mark.parametrize("code", [-1.0, -999.9, -98.0, np.nan, np.inf, -9999.0])
def test_a_code_that_is_not_known_stops_the_hour_and_names_the_file(
    tmp_path: Path, truth: np.ndarray, code: float
) -> None:
    field = truth.copy()
    field[3, 4] = code
    path = write_gsmap_binary(tmp_path / HOUR, field)
    with opened(path, "jaxa_gsmap_mvk_hourly") as content, pytest.raises(InputError, match=rf"{HOUR}.*for codes"):
        content[RATE].load()


def test_a_day_has_its_own_code(tmp_path: Path, truth: np.ndarray) -> None:
    field = np.minimum(truth, 50)
    field[10] = -999.9
    with opened(write_gsmap_binary(tmp_path / DAY, field), "jaxa_gsmap_gauge_daily") as content:
        assert int(content[RATE].isnull().sum()) == 3600
        assert at(content[RATE], 59.95, 0.05) == 36.0  # a mean of 1.5 mm/h is 36 mm a day
        assert str(content["time_bounds"].values[0, 1])[:13] == "2024-01-11T00"
    field[11] = -99.0
    with (
        opened(write_gsmap_binary(tmp_path / DAY, field), "jaxa_gsmap_gauge_daily") as content,
        pytest.raises(InputError, match=r"there is \[-99\.0\]"),
    ):
        content[RATE].load()


def test_the_other_definition_of_a_day_is_refused_for_its_rain_fell_the_day_before(
    tmp_path: Path, truth: np.ndarray
) -> None:
    """24 mm/h in the hour from 18 UTC of 9 January, and no other rain: a mean of 1 mm/h from 12 to 12 UTC."""
    name = DAY.replace("00Z-23Z", "p12Z-11Z")
    shifted = write_gsmap_binary(tmp_path / name, np.ones_like(truth))
    calendar = write_gsmap_binary(tmp_path / DAY, np.zeros_like(truth))
    naive = np.frombuffer(gzip.decompress(shifted.read_bytes()), "<f4") * 24
    assert naive.max() == 24  # mm on 10 January, by the date in the name
    with opened(calendar, "jaxa_gsmap_gauge_daily") as content:
        assert float(content[RATE].max()) == 0
    with (
        pytest.raises(InputError, match=r"from 12 UTC of the day before to 12 UTC.*the file 00Z-23Z of the same date"),
        opened(shifted, "jaxa_gsmap_gauge_daily"),
    ):
        pass
    assert from_name(name, {one: load_product(one) for one in product_names() if "gsmap" in one}) == []


def test_a_gap_shows_in_the_sample_fraction_and_never_lowers_the_mean(tmp_path: Path) -> None:
    # 0.5 mm/h in each of the 348 hours of February 2024 (696 hours) that were observed.
    rate = np.full((1200, 3600), 0.5, np.float32)
    count = np.full((1200, 3600), 348.0, np.float32)
    count[0] = 696
    rate[1], count[1] = -999.9, 0.0
    path = write_gsmap_binary(tmp_path / MONTH, rate, count)
    naive_total = 0.5 * 348
    with opened(path, "jaxa_gsmap_gauge_monthly") as content:
        assert at(content[RATE], 0.05, 0.05) == 12.0
        assert at(content[RATE], 0.05, 0.05) * 29 == 348.0 == 2 * naive_total
        assert at(content["sample_fraction"], 0.05, 0.05) == 0.5
        assert at(content["sample_fraction"], 59.95, 0.05) == 1.0
        assert np.isnan(at(content[RATE], 59.85, 0.05))
        assert at(content["sample_fraction"], 59.85, 0.05) == 0.0
        assert content["time_bounds"].values.astype("datetime64[D]").tolist()[0] == [
            np.datetime64("2024-02-01").item(),
            np.datetime64("2024-03-01").item(),
        ]


def test_more_samples_than_hours_are_refused(tmp_path: Path) -> None:
    fields = np.zeros((1200, 3600), np.float32), np.full((1200, 3600), 697.0, np.float32)
    with (
        opened(write_gsmap_binary(tmp_path / MONTH, *fields), "jaxa_gsmap_gauge_monthly") as content,
        pytest.raises(InputError, match=r"'count' lies in 0\.\.1"),
    ):
        content["sample_fraction"].load()


@pytest.mark.parametrize(
    ("name", "product", "message"),
    [
        (
            MONTH,
            "jaxa_gsmap_gauge_monthly",
            "2 fields of 1200 x 3600 float32 are 34560000 bytes; the file has 17280000",
        ),
        (HOUR, "jaxa_gsmap_gauge_hourly", "is named"),
        (HOUR.replace("v8", "v9"), "jaxa_gsmap_mvk_hourly", "is named"),
        (HOUR.replace("0110", "1310"), "jaxa_gsmap_mvk_hourly", "has a date"),
    ],
)
def test_a_file_that_is_not_the_product_asked_for_is_refused(
    tmp_path: Path, truth: np.ndarray, name: str, product: str, message: str
) -> None:
    path = write_gsmap_binary(tmp_path / name, truth)
    with pytest.raises(InputError, match=message), opened(path, product):
        pass


def test_a_truncated_file_is_refused_though_zeros_would_look_like_a_dry_hour(tmp_path: Path, truth: np.ndarray) -> None:
    whole = write_gsmap_binary(tmp_path / "whole.gz", truth).read_bytes()
    path = tmp_path / HOUR
    path.write_bytes(whole[:-100])
    with pytest.raises(InputError, match="are 17280000 bytes"), opened(path, "jaxa_gsmap_mvk_hourly"):
        pass
    path.write_bytes(whole[:5000] + whole[5100:])
    with (
        opened(path, "jaxa_gsmap_mvk_hourly") as content,
        pytest.raises(InputError, match=f"{HOUR} must be readable to its end"),
    ):
        content[RATE].load()


def test_every_name_belongs_to_one_product() -> None:
    products = {
        name: load_product(name)
        for name in ("jaxa_gsmap_mvk_hourly", "jaxa_gsmap_gauge_hourly", "jaxa_gsmap_gauge_daily",
                     "jaxa_gsmap_mvk_daily", "jaxa_gsmap_gauge_monthly", "jaxa_gsmap_mvk_monthly",
                     "jaxa_gsmap_hourly_netcdf", "jaxa_gsmap_hourly_hdf5", "jaxa_gsmap_monthly_hdf5")
    }  # fmt: skip
    names = {
        HOUR: ("jaxa_gsmap_mvk_hourly", "2024-01-10T05"),
        DAY: ("jaxa_gsmap_gauge_daily", "2024-01-10"),
        MONTH: ("jaxa_gsmap_gauge_monthly", "2024-02"),
        "gsmap_mvk.20240110.0500.v8.0000.0.nc": ("jaxa_gsmap_hourly_netcdf", "2024-01-10T05"),
    }
    for name, expected in names.items():
        assert [(one.product, one.time) for one in from_name(name, products)] == [expected]
    assert [one.product for one in from_name("GPMMRG_MAP_2401_M_L3S_MCM_05C.h5", products)] == [
        "jaxa_gsmap_monthly_hdf5"
    ]


# NetCDF and HDF5: a small globe of 10 degrees, whose layout is that of 0.1 degree.


@pytest.fixture
def globe() -> np.ndarray:
    field = np.zeros((18, 36), np.float32)
    field[0, 1] = 3.0
    field[5, 20] = 1.0
    return field


NC = "gsmap_mvk.20240110.0500.v8.0000.0.nc"
H5 = "GPMMRG_MAP_2401010500_H_L3S_MCH_05C.h5"


@pytest.mark.parametrize("coordinates", ["1-D", "2-D"])
def test_netcdf_gives_the_truth_whichever_way_its_axes_go(tmp_path: Path, globe: np.ndarray, coordinates: str) -> None:
    rate = globe.copy()
    rate[7, 7], rate[8, 8], rate[9, 9] = -4.0, -9999.9, -99.0
    path = write_gsmap_netcdf(tmp_path / NC, rate, 2 * globe, two_dimensional=coordinates == "2-D")
    with opened(path, "jaxa_gsmap_hourly_netcdf") as content:
        assert at(content[f"{RATE}_uncalibrated"], 85, 15) == 72.0  # row 0 of the file is the north
        assert at(content[RATE], 35, -155) == 48.0  # column 20 is 205 E
        status = content[f"{RATE}_uncalibrated_status"]
        assert at(status, 15, 75) == STATUS["quality_masked"]
        assert at(status, 5, 85) == STATUS["never_observed"]
        assert at(status, -5, 95) == STATUS["never_observed"]
        assert int(content[f"{RATE}_uncalibrated"].isnull().sum()) == 3


def test_plain_xarray_does_not_open_the_netcdf_and_keeps_the_code_of_sea_ice(tmp_path: Path, globe: np.ndarray) -> None:
    globe[0] = -4.0
    path = write_gsmap_netcdf(tmp_path / NC, globe, globe)
    with pytest.raises(ValueError, match="unable to decode time"):
        xr.open_dataset(path)
    with xr.open_dataset(path, decode_times=False) as naive:
        assert float(naive["hourlyPrecipRate"].min()) == -4.0
    with opened(path, "jaxa_gsmap_hourly_netcdf") as content:
        assert float(content[RATE].min()) == 0.0


def test_netcdf_without_units_or_with_packing_is_refused(tmp_path: Path, globe: np.ndarray) -> None:
    path = write_gsmap_netcdf(tmp_path / NC, globe, globe, attributes={"units": ""})
    with pytest.raises(InputError, match="states its units"), opened(path, "jaxa_gsmap_hourly_netcdf"):
        pass
    path = write_gsmap_netcdf(tmp_path / NC, globe, globe, attributes={"scale_factor": 0.1})
    with pytest.raises(InputError, match="is not packed"), opened(path, "jaxa_gsmap_hourly_netcdf"):
        pass


def test_hdf5_gives_the_truth_though_it_is_transposed(tmp_path: Path, globe: np.ndarray) -> None:
    rate = globe.copy()
    rate[7, 7] = -9999.9
    path = write_gsmap_hdf5(tmp_path / H5, {"hourlyPrecipRate": rate, "hourlyPrecipRateGC": 2 * globe})
    with h5py.File(path) as naive:
        assert naive["Grid/hourlyPrecipRate"].shape == (36, 18)
        assert float(naive["Grid/hourlyPrecipRate"][...].mean()) < 0
    with opened(path, "jaxa_gsmap_hourly_hdf5") as content:
        assert at(content[f"{RATE}_uncalibrated"], -85, -165) == 72.0
        assert at(content[RATE], -35, 25) == 48.0
        assert at(content[f"{RATE}_uncalibrated_status"], -15, -105) == STATUS["never_observed"]
        assert str(content["time"].values[0])[:13] == "2024-01-01T05"
        assert content.attrs["product_version"] == "05C"


def test_a_month_in_hdf5(tmp_path: Path, globe: np.ndarray) -> None:
    path = tmp_path / "GPMMRG_MAP_9802_M_L3S_MCM_05A.h5"
    fields = {"monthlyPrecipRate": globe, "monthlyPrecipRateGC": globe}
    write_gsmap_hdf5(path, fields, start="1998-02-01T00:00:00.000Z", version="05A")
    with opened(path, "jaxa_gsmap_monthly_hdf5") as content:
        assert str(content["time"].values[0])[:7] == "1998-02"
        assert float(content[RATE].max()) == 72.0


@pytest.mark.parametrize(
    ("defects", "message"),
    [
        ({"start": "2024-01-01T06:00:00.000Z"}, "its header says 2024-01-01T06"),
        ({"start": "yesterday"}, "StartGranuleDateTime is a date"),
        ({"header": "Nothing;\n"}, "no entry 'StartGranuleDateTime'"),
        ({"units": None}, "no attribute 'units'"),
        ({"group": "Swath"}, "no group 'Grid'"),
    ],
)
def test_hdf5_that_does_not_say_what_it_must_is_refused(
    tmp_path: Path, globe: np.ndarray, defects: dict[str, Any], message: str
) -> None:
    path = tmp_path / H5
    write_gsmap_hdf5(path, {"hourlyPrecipRate": globe, "hourlyPrecipRateGC": globe}, **defects)
    with pytest.raises(InputError, match=message), opened(path, "jaxa_gsmap_hourly_hdf5"):
        pass


def test_a_file_without_the_field_is_refused(tmp_path: Path, globe: np.ndarray) -> None:
    path = write_gsmap_hdf5(tmp_path / H5, {"hourlyPrecipRate": globe})
    with pytest.raises(InputError, match="no dataset 'hourlyPrecipRateGC'"), opened(path, "jaxa_gsmap_hourly_hdf5"):
        pass


# Whatever the bytes, the answer is a value in range, NaN, or one line.

KINDS = {
    "jaxa_gsmap_mvk_hourly": HOUR,
    "jaxa_gsmap_hourly_netcdf": NC,
    "jaxa_gsmap_hourly_hdf5": H5,
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("gsmap")
    noise = np.random.default_rng(1).gamma(0.1, 2.0, (18, 36)).astype(np.float32)
    wide = np.zeros((1200, 3600), np.float32)
    wide[:18, :36] = noise
    write_gsmap_binary(folder / HOUR, wide)
    write_gsmap_netcdf(folder / NC, noise, noise)
    write_gsmap_hdf5(folder / H5, {"hourlyPrecipRate": noise, "hourlyPrecipRateGC": noise})
    return {name: folder / file for name, file in KINDS.items()}


@pytest.mark.slow
@pytest.mark.parametrize(("product", "examples"), [(one, 12 if "mvk" in one else 40) for one in KINDS])
def test_wrong_bytes_give_a_message_or_plausible_values(
    tmp_path: Path, samples: dict[str, Path], product: str, examples: int
) -> None:
    whole = samples[product].read_bytes()
    path = tmp_path / KINDS[product]

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(
        flips=st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(1, 255)), max_size=8),
        length=st.one_of(st.just(len(whole)), st.integers(0, len(whole))),
    )
    def check(flips: list[tuple[int, int]], length: int) -> None:
        content = bytearray(whole)
        for place, bits in flips:
            content[place] ^= bits
        path.write_bytes(content[:length])
        try:
            with opened(path, product) as found:
                values = found[RATE].values
        except EoError as error:
            assert str(error)  # noqa: PT017 - either outcome is right
            return
        there = values[np.isfinite(values)]
        assert ((there >= 0) & (there <= 7200)).all()

    check()


# Files of the agency.


@pytest.mark.slow
@pytest.mark.real
def test_real_hours_have_codes_in_the_polar_rows_only_and_an_area_mean_of_their_own(real_data: Path) -> None:
    missing = {}
    for path in sorted((real_data / "gsmap").glob("*.dat.gz")):
        raw = np.frombuffer(gzip.decompress(path.read_bytes()), "<f4").reshape(1200, 3600).astype(np.float64)
        assert set(np.unique(raw[raw < 0])) == {-99.0}
        north = 60 - 0.1 * np.arange(1200)
        weights = np.sin(np.deg2rad(north)) - np.sin(np.deg2rad(north - 0.1))
        there = np.where(raw >= 0, weights[:, None], 0)
        expected = 24 * (raw * there).sum() / there.sum()
        naive = 24 * (raw * weights[:, None]).sum() / (3600 * weights.sum())
        with opened(path, "jaxa_gsmap_mvk_hourly") as content:
            rate = content[RATE].load()
            area = content["area"].where(rate.notnull().isel(time=0), 0)
            mean = float((rate.astype("f8").fillna(0) * area).sum() / area.sum())
            assert mean == pytest.approx(expected, rel=1e-6)
            assert mean > 1.5 * naive  # -99 in the mean takes half of the rain away, or more
            gone = content[f"{RATE}_status"].isel(time=0).load() == STATUS["never_observed"]
            missing[path.name] = int(gone.sum())
            assert float(abs(content["lat"].where(gone.any("lon"), drop=True)).min()) > 50
            assert content.attrs["product_version"] == "7.4112.0"
    assert len(missing) == 8
    assert min(missing.values()) == 4662
    assert max(missing.values()) == 7696


@pytest.mark.real
def test_the_first_real_hour_has_the_mean_that_was_computed_once(real_data: Path) -> None:
    path = real_data / "gsmap" / "gsmap_mvk.20240110.0000.v7.4112.0.dat.gz"
    with opened(path, "jaxa_gsmap_mvk_hourly") as content:
        rate = content[RATE].isel(time=0).astype("f8")
        area = content["area"].where(rate.notnull(), 0)
        assert float((rate.fillna(0) * area).sum() / area.sum() / 24) == pytest.approx(0.1277945, rel=1e-6)


def test_the_synthetic_files_say_that_they_are(samples: dict[str, Path]) -> None:
    with netCDF4.Dataset(samples["jaxa_gsmap_hourly_netcdf"]) as file:
        assert "SYNTHETIC" in file.comment
    with h5py.File(samples["jaxa_gsmap_hourly_hdf5"]) as file:
        assert b"SYNTHETIC" in file.attrs["JAXAInfo"]
    assert b"SYNTHETIC" in samples["jaxa_gsmap_mvk_hourly"].read_bytes()[:64]
