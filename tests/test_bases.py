"""Sliding baselines: which base serves which years, as the Climate Prediction Center states it."""

import numpy as np
import pytest
import xarray as xr
from strategies import months, series

from eo.climatology import monthly_normal
from eo.errors import InputError
from eo.model import span
from eo.primitives.bases import bases_in, sliding_at_each_step, sliding_normal


@pytest.mark.parametrize(
    ("baseline", "bases"),
    [
        ("1991/2020", ["1991-01/2020-12"]),
        ("1990-02/2021-11", ["1991-01/2020-12"]),
        ("1981/2020", ["1981-01/2010-12", "1986-01/2015-12", "1991-01/2020-12"]),
        ("1936/2025", [f"{year}-01/{year + 29}-12" for year in range(1936, 2000, 5)]),
    ],
)
def test_a_baseline_holds_the_bases_that_lie_in_it_whole(baseline: str, bases: list[str]) -> None:
    assert list(map(str, bases_in(span(baseline)))) == bases


@pytest.mark.parametrize("baseline", ["1991/2019", "1992/2024", "1991-02/2020-12"])
def test_a_baseline_that_holds_no_base_is_an_error(baseline: str) -> None:
    with pytest.raises(InputError, match="sliding bases are 30 whole years"):
        bases_in(span(baseline))


def normals_by_year() -> xr.DataArray:
    """Give a normal that is the first year of its base."""
    starts = np.arange(1936, 1992, 5)
    values = np.broadcast_to(starts[None, :, None] * 1.0, (1, starts.size, 12))
    coordinates = {"base": starts.astype(np.int32), "month": np.arange(1, 13)}
    return xr.DataArray(values, coordinates, dims=("region", "base", "month"))


@pytest.mark.parametrize(
    ("year", "first"),
    [(1950, 1936), (1955, 1936), (1956, 1941), (1960, 1941), (2001, 1986), (2005, 1986), (2006, 1991), (2024, 1991)],
)
def test_each_five_years_have_their_base(year: int, first: int) -> None:
    """Climate Prediction Center, description of changes to the ONI: 1950-1955, 1956-1960, 2001-2005 and real time."""
    times = months(12, f"{year}-01")
    time = xr.DataArray(times, dims="time", coords={"time": times})
    found = sliding_at_each_step(normals_by_year(), time)
    assert found.dims == ("region", "time")
    assert (found == first).all()


def test_each_base_has_the_normal_of_its_own_years() -> None:
    content = series(np.random.default_rng(3).normal(size=(2, 12 * 45)), time=months(12 * 45, "1976-01"))
    found = sliding_normal(content, baseline=span("1976/2020"), min_coverage=0.9)
    assert found["normal"].dims == ("region", "base", "month")
    assert found["base"].values.tolist() == [1976, 1981, 1986, 1991]
    for base in (1976, 1991):
        alone = monthly_normal(content, baseline=span(f"{base}/{base + 29}"), min_coverage=0.9)
        np.testing.assert_array_equal(found["normal"].sel(base=base), alone["normal"])
    assert (found["years"] == 30).all()


def test_a_step_has_the_normal_of_its_calendar_month() -> None:
    content = series(np.tile(np.arange(12.0), 30), time=months(360, "1991-01"))
    normal = sliding_normal(content, baseline=span("1991/2020"), min_coverage=0.9)["normal"]
    times = months(14, "2020-11")
    found = sliding_at_each_step(normal, xr.DataArray(times, dims="time", coords={"time": times}))
    assert found.values.tolist() == [[10, 11, *range(12)]]
