"""What the picture of a result shows, and whether a person can read it."""

import numpy as np
import pytest
import synthetic
import xarray as xr
from matplotlib.figure import Figure

from eo import indicators, load_run, plot

DRAWN = {
    "degree_heating_weeks_great_barrier_reef": "weeks",
    "enso_ostia": "anomaly",
    "phenology_sgli": "start",
    "sea_level_c3s": "deseasonalised",
    "ndvi_standardised_sgli": "standardised_anomaly",
    "sea_ice_extent_arctic": "value",
}


@pytest.mark.parametrize("name", DRAWN)
def test_the_output_that_is_drawn_is_the_one_that_the_indicator_is_for(name: str) -> None:
    """Not a seasonal cycle, an amplitude or a HotSpot, which are differences, too."""
    assert plot.drawn(load_run(name, synthetic.CONFIGS)).key == DRAWN[name]


@pytest.mark.parametrize("name", indicators.names())
def test_an_indicator_names_an_output_of_its_own_to_be_drawn(name: str) -> None:
    known = indicators.load(name)
    assert known.drawn in {"", *(one.key for one in known.outputs)}


def test_a_panel_says_what_is_drawn_and_a_missing_value_does_not_move_its_axis() -> None:
    """Growth rates about 2 with a missing year, marked at the edge: the axis does not go down to 0."""
    years = np.arange("2003", "2008", dtype="datetime64[Y]")
    bounds = np.stack([years, years + 1], axis=1).astype("datetime64[ns]")
    name = "dry_atmosphere_mole_fraction_of_carbon_dioxide_growth_rate"
    values = xr.DataArray([[np.nan, 2.1, 2.2, 2.0, 2.1]], dims=("region", "time"))
    values.attrs = {"long_name": "growth rate of something", "units": "1e-6 year-1"}
    result = xr.Dataset(
        {name: values},
        {
            "time": bounds[:, 0],
            "time_bounds": (("time", "nv"), bounds),
            "region": ["globe"],
            "region_title": ("region", ["the globe"]),
        },
    )
    figure = Figure()
    plot._panels(figure, result, load_run("xco2_growth", synthetic.CONFIGS))
    assert figure.get_supylabel() == "growth rate of something (1e-6 year-1)"
    assert figure.axes[0].get_ylim()[0] > 1.9
