"""Standardised precipitation index against climate_indices and xclim, on synthetic rain, and by hand."""

import numpy as np
import pytest
import xarray as xr
from climate_indices import compute, indices
from rain import monthly, rates, synthetic_days
from xclim.indices import standardized_precipitation_index

from eo.climatology import in_span
from eo.coverage import FLAGS
from eo.errors import InputError
from eo.indicators.spi import spi, spi_normal
from eo.model import span

FIRST, BASELINE = "1981-01", span("1981/2010")
TOTALS = monthly(synthetic_days("1981-01-01", "2015-12-31", seed=4), "1981-01-01")
pytestmark = pytest.mark.filterwarnings("ignore:The 'name' property is deprecated")  # how xclim asks pandas
WINDOWS = [1, 3, 6, 12]


def index_of(totals: object, months: int, *, limit: float = 3.09, **rules: object) -> xr.Dataset:
    content = rates(totals, FIRST, step="M")
    normal = spi_normal(in_span(content, BASELINE), baseline=BASELINE, months=months, **rules)
    return spi(content, normal=normal, months=months, limit=limit)


def test_the_synthetic_rain_has_dry_months_among_its_years() -> None:
    assert 0.02 < (TOTALS == 0).mean() < 0.3


@pytest.mark.parametrize("months", WINDOWS)
def test_spi_is_that_of_climate_indices(months: int) -> None:
    expected = indices.spi(TOTALS, months, indices.Distribution.gamma, 1981, 1981, 2010, compute.Periodicity.monthly)
    found = index_of(TOTALS, months)["spi"][0]
    assert np.isfinite(expected).sum() == TOTALS.size - months + 1
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("months", WINDOWS)
@pytest.mark.parametrize(("fit", "method", "tolerance"), [("thom", "APP", 1e-9), ("maximum_likelihood", "ML", 2e-3)])
def test_spi_is_that_of_xclim(months: int, fit: str, method: str, tolerance: float) -> None:
    """A window of xclim is a mean and ours a sum: the gamma scale takes that up. Its ML stops its search early."""
    time = np.datetime64(FIRST, "M") + np.arange(TOTALS.size)
    totals = xr.DataArray(TOTALS, dims="time", coords={"time": time.astype("datetime64[ns]")}, attrs={"units": "mm"})
    expected = standardized_precipitation_index(
        totals.assign_attrs(units="mm/day", standard_name="lwe_precipitation_rate"),
        freq="MS",
        window=months,
        dist="gamma",
        method=method,
        fitkwargs={"floc": 0},
        cal_start="1981-01-01",
        cal_end="2010-12-31",
    )
    found = index_of(TOTALS, months, limit=8.2, fit=fit)["spi"][0]
    np.testing.assert_allclose(found[months - 1 :], expected[months - 1 :], rtol=0, atol=tolerance)


def test_no_index_lies_beyond_its_limit() -> None:
    totals = TOTALS.copy()
    totals[-8:] = 5000.0
    assert float(index_of(totals, 1)["spi"].max()) == 3.09
    assert float(index_of(totals, 1, limit=2.0)["spi"].max()) == 2.0


def test_the_first_months_have_too_few_before_them() -> None:
    found = index_of(TOTALS, 6)
    assert found["flag"][0, :6].values.tolist() == [FLAGS["insufficient_coverage"]] * 5 + [FLAGS["good"]]
    assert np.isnan(found["spi"][0, :5]).all()


def test_a_missing_month_makes_all_sums_missing_that_it_is_a_part_of() -> None:
    totals = TOTALS.copy()
    totals[400] = np.nan
    found = index_of(totals, 3).isel(time=slice(399, 404))
    bad = FLAGS["insufficient_coverage"]
    assert found["flag"].values.tolist() == [[0, bad, bad, bad, 0]]
    assert np.isfinite(found["spi"].values).tolist() == [[True, False, False, False, True]]
    assert index_of(totals, 1)["flag"].values[0, 400] == FLAGS["no_data"]


def test_months_after_the_baseline_do_not_move_it() -> None:
    later = TOTALS.copy()
    later[-30:] *= 7
    np.testing.assert_array_equal(index_of(TOTALS, 3)["spi"][0, :-30], index_of(later, 3)["spi"][0, :-30])


def test_a_calendar_month_with_too_few_years_or_wet_years_has_no_index() -> None:
    totals = TOTALS.copy()
    totals[0 : 12 * 11 : 12] = np.nan  # 19 Januaries are left
    totals[1 : 12 * 21 : 12] = 0.0  # 9 Februaries are wet
    found = index_of(totals, 1)
    assert (found["flag"][0, 12 * 30 :: 12] == FLAGS["no_normal"]).all()
    assert (found["flag"][0, 1::12] == FLAGS["no_normal"]).all()
    assert np.isnan(found["spi"][0, 1::12]).all()
    assert (found["total"][0, 1 : 12 * 21 : 12] == 0.0).all()
    assert (found["flag"][0, 2::12] == FLAGS["good"]).all()


def test_a_short_baseline_is_refused() -> None:
    content = rates(TOTALS, FIRST, step="M")
    months = span("1981/1990")
    with pytest.raises(InputError, match="needs a baseline of 20 years; 1981-01/1990-12 has 10"):
        spi_normal(in_span(content, months), baseline=months, months=3)


def test_a_month_left_out_is_refused_and_not_summed_over() -> None:
    content = rates(TOTALS, FIRST, step="M").drop_isel(time=100)
    with pytest.raises(InputError, match="steps follow one another"):
        spi_normal(in_span(content, BASELINE), baseline=BASELINE, months=3)


def test_cells_give_what_zones_give_also_lazily() -> None:
    totals = np.stack([monthly(synthetic_days("1981-01-01", "2015-12-31", seed=seed), "1981-01-01") for seed in (1, 2)])
    zones = rates(totals, FIRST, step="M")
    cells = zones.rename(region="x").expand_dims("y").transpose("time", "y", "x", "nv").chunk(x=1, time=-1)
    found = [
        spi(one, normal=spi_normal(in_span(one, BASELINE), baseline=BASELINE, months=3), months=3)
        for one in (zones, cells)
    ]
    assert found[1]["spi"].chunks is not None
    np.testing.assert_array_equal(found[0]["spi"], found[1]["spi"].isel(y=0).transpose("x", "time"))
    np.testing.assert_array_equal(found[0]["flag"], found[1]["flag"].isel(y=0).transpose("x", "time"))
