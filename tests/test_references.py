"""Published series: each table gives its own numbers, dates and units, and what is missing is NaN.

The small tables are made up in the layout of their publishers; expected numbers are read off them.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from eo import references
from eo.errors import EoError, InputError
from eo.units import converted

VISHOP = """month,day,1980's Average,1990's Average,2000's Average,2003,2004
2,28,100,101,102,15000000,14500000
2,29,100,101,102,-9999,14400000
3,1,100,101,102,14900000,-9999
"""
VISHOP_YEARS = ",28-Feb,1-Mar\n2003,15.0,14.9\n2004,14.5,\n2005\n"
NSIDC = """Year, Month, Day,     Extent,    Missing, Source Data
YYYY,    MM,  DD, 10^6 sq km, 10^6 sq km, Source data product web sites: none
1978,    10,  26,     10.231,      0.000, ['/SYNTHETIC/a.bin']
1978,    10,  28,     10.420,      0.000,"['/SYNTHETIC/b.nc', '/SYNTHETIC/c.nc']"
1978,    10,  30,  -9999.000,      0.000, ['/SYNTHETIC/d.bin']
"""
OSISAF = """# SYNTHETIC table in the layout of the sea ice index
# Creation date: 2025-01-01 00:00:00
1979.0014 1979 01 01 15030000 SMMR
1979.0041 1979 01 02 -999 MISSING
"""
PSL = """ 2020 2021
 2020 27.15 27.12 27.76 28.18 27.66 27.39 26.99 26.26 25.89 25.46 25.28 25.44
 2021 25.55 25.75 26.48 27.10 27.47 27.45 26.90 26.32 26.17 25.77 25.76 -99.99
 -99.99
 Nino 3.4 SYNTHETIC
"""
CPC = "datetime,Nino34,Nino34anom\n1982-01-01,26.72,0.15\n1982-02-01,26.7,-0.02\n"
GOSAT = "\n".join(
    ["# header"] * 10 + ["# year month XCO2[ppm] trend[ppm]", "2009 5 386.32 385.6", "2009 6 385.9 385.8"]
)
TABLE = "# comment\ntime,nino34\n2006-04,0.1\n2006-05,-0.2\n"

Parse = Callable[[str], xr.DataArray]
TABLES: dict[str, tuple[Parse, str]] = {
    "vishop": (references.vishop, VISHOP),
    "vishop_years": (references.vishop_years, VISHOP_YEARS),
    "nsidc": (references.nsidc, NSIDC),
    "osisaf": (references.osisaf, OSISAF),
    "psl": (references.psl, PSL),
    "cpc": (references.cpc, CPC),
    "gosat": (references.gosat, GOSAT),
    "table": (lambda text: references.table(text, "nino34"), TABLE),
}


def read(name: str) -> dict[str, float]:
    parse, text = TABLES[name]
    found = parse(text)
    return dict(zip(found["time"].values.astype("datetime64[D]").astype(str), found.values.tolist(), strict=True))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "vishop",
            {"2003-02-28": 1.5e7, "2003-03-01": 1.49e7, "2004-02-28": 1.45e7, "2004-02-29": 1.44e7,
             "2004-03-01": np.nan},
        ),
        ("vishop_years", {"2003-02-28": 15.0, "2003-03-01": 14.9, "2004-02-28": 14.5, "2004-03-01": np.nan}),
        ("nsidc", {"1978-10-26": 10.231, "1978-10-28": 10.42, "1978-10-30": np.nan}),
        ("osisaf", {"1979-01-01": 15030000.0, "1979-01-02": np.nan}),
        ("cpc", {"1982-01-01": 0.15, "1982-02-01": -0.02}),
        ("gosat", {"2009-05-01": 386.32, "2009-06-01": 385.9}),
        ("table", {"2006-04-01": 0.1, "2006-05-01": -0.2}),
    ],
)  # fmt: skip
def test_a_table_gives_its_numbers_at_its_dates(name: str, expected: dict[str, float]) -> None:
    assert read(name) == pytest.approx(expected, nan_ok=True)


def test_the_missing_value_of_psl_is_the_one_that_the_table_states() -> None:
    series = references.psl(PSL)
    assert series.sizes["time"] == 24
    assert series.sel(time="2020-12-01").item() == 25.44
    assert np.isnan(series.sel(time="2021-12-01"))
    assert series.attrs["title"] == "Nino 3.4 SYNTHETIC"
    naive = np.loadtxt(PSL.splitlines()[1:3])[:, 1:]
    assert naive.min() == -99.99


def test_a_missing_extent_is_not_an_extent() -> None:
    naive = np.genfromtxt(VISHOP.splitlines(), delimiter=",", skip_header=1)[:, 5:]
    assert naive.min() == -9999
    assert float(references.vishop(VISHOP).min()) == 1.44e7


def test_units_say_how_the_tables_compare() -> None:
    km2 = references.vishop(VISHOP).attrs["units"]
    million = references.nsidc(NSIDC).attrs["units"]
    assert converted(np.array([1.5e7]), km2, million) == pytest.approx([15.0])
    assert references.gosat(GOSAT).attrs["units"] == "1e-6"
    assert all(parse(text).attrs.get("citation") for name, (parse, text) in TABLES.items() if name != "table")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("vishop", VISHOP.replace("month", "year"), "has columns month, day and years"),
        ("vishop", VISHOP + "3,1,100,101,102,1,2\n", "2003-03-01 repeats"),
        ("vishop", VISHOP + "2,30,100,101,102,1,2\n", "has a date in each row"),
        ("vishop_years", VISHOP_YEARS.replace("1-Mar", "Mean"), "columns 1-Jan"),
        ("nsidc", NSIDC.replace("10^6 sq km", "km2"), "Extent and units"),
        ("nsidc", NSIDC.replace("10.420", "n/a"), "there is 'n/a'"),
        ("osisaf", "# nothing\n", "there is none"),
        ("osisaf", "1979.0 1979 01\n", "a row has 4 columns"),
        ("osisaf", "0.0 0 1 1 5 A\n", "lies in 1700-01-01"),
        ("osisaf", "0.0 1979 1.5 1 5 A\n", "date in whole numbers"),
        ("psl", PSL.replace(" 2020 2021", " 2020 2022"), "a line for each year"),
        ("psl", PSL.split("-99.99\n -99.99", maxsplit=1)[0], "a line for each year"),
        ("cpc", CPC.replace("Nino34anom", "anom"), "no column 'Nino34anom'"),
        ("gosat", GOSAT.replace("ppm", "units"), "ppm or ppb"),
        ("table", TABLE.replace("-0.2", "low"), "there is 'low'"),
    ],
)
def test_a_table_of_another_layout_is_refused(name: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        TABLES[name][0](text)


@pytest.mark.slow
@given(
    name=st.sampled_from(sorted(TABLES)),
    places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.characters(codec="utf-8")), max_size=5),
    share=st.floats(0, 1),
)
def test_any_text_gives_a_message_or_a_series(name: str, places: list[tuple[float, str]], share: float) -> None:
    parse, text = TABLES[name]
    letters = list(text)
    for place, letter in places:
        letters[int(place * len(letters))] = letter
    try:
        series = parse("".join(letters)[: int(share * len(letters))])
    except EoError as error:
        assert str(error)  # noqa: PT017 - either outcome is right
        return
    assert (np.diff(series["time"].values) > np.timedelta64(0)).all()


@pytest.mark.real
def test_real_tables(real_data: Path) -> None:
    cpc = references.cpc(references.text_of(real_data / "indices" / "enso_data.csv"))
    psl = references.psl(references.text_of(real_data / "indices" / "nina34.data"))
    assert cpc.sizes["time"] == 472  # 1982-01 to 2021-04
    assert cpc.sel(time="1997-11-01").item() > 2
    assert psl.sel(time="2020-01-01").item() == 27.15
    assert int(psl.isnull().sum()) == 28  # 1948, 1949 and four months of 2024
    anomaly = psl.groupby("time.month") - psl.sel(time=slice("1991", "2020")).groupby("time.month").mean()
    ours, theirs = xr.align(anomaly, cpc)
    assert float(xr.corr(ours, theirs)) > 0.97  # ERSST and OISST see one El Nino


@pytest.mark.real
def test_real_sea_ice_tables_agree_with_each_other(real_data: Path) -> None:
    nsidc = references.nsidc(references.text_of(real_data / "nsidc_index" / "N_seaice_extent_daily_v3.0.csv"))
    vishop = references.vishop_years(references.text_of(real_data / "jaxa" / "jaxa-arctic-sea-ice-extent.csv"))
    assert nsidc.sizes["time"] == 15334
    assert nsidc.sel(time="1978-10-26").item() == 10.231
    assert vishop.sel(time="1979-01-01").item() == 14.4880425
    ours, theirs = xr.align(vishop, nsidc)
    assert float(xr.corr(ours, theirs)) > 0.99
    assert abs(float((ours - theirs).mean())) < 0.5  # two algorithms, two land masks
