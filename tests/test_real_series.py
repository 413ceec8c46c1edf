"""Published series of other kinds, read and found to say what is known of them."""

from pathlib import Path

import numpy as np
import pytest
from hobday import events

from eo import references
from eo.errors import InputError

CSIRO = "Time,GMSL (monthly),GMSL (smoothed)\n1993-Jan,-48.7,#N/A\n1993-Feb,-52.4,-48.5\n"


def test_months_by_name_and_missing_values_are_read() -> None:
    assert references.csiro(CSIRO).values.tolist() == [-48.7, -52.4]
    smoothed = references.csiro(CSIRO, "GMSL (smoothed)")
    assert np.isnan(smoothed.values[0])
    assert str(smoothed["time"].values[1])[:7] == "1993-02"


@pytest.mark.parametrize("text", ["", CSIRO.replace("Feb", "Foo"), CSIRO.replace("-52.4", "high"), "Time\n1993-Jan\n"])
def test_another_table_is_an_error(text: str) -> None:
    with pytest.raises(InputError):
        references.csiro(text)


@pytest.mark.real
def test_the_sea_level_of_csiro_rises_as_published(real_data: Path) -> None:
    level = references.csiro(references.text_of(real_data / "gmsl" / "CSIRO_Alt_seas_inc.csv"))
    inside = level.sel(time=slice("1993-01", "2009-12"))
    years = (inside["time"].values - inside["time"].values[0]) / np.timedelta64(1, "D") / 365.25
    slope = np.polyfit(years, inside.values, 1)[0]
    assert slope == pytest.approx(3.22, abs=0.05)


@pytest.mark.real
def test_the_marine_heatwave_of_2011_off_western_australia_is_in_its_series(real_data: Path) -> None:
    series = references.table(references.text_of(real_data / "heatwave" / "sst_WA.csv"), "temp", "t")
    days = series["time"].values.astype("datetime64[D]")
    found = events(days, series.values, ("1983-01-01", "2012-12-31"))
    assert len(found) == 75
    largest = max(found, key=lambda one: one.largest)
    assert (largest.start, largest.peak, largest.end, largest.days) == ("2011-02-06", "2011-02-28", "2011-04-06", 60)
    assert largest.largest == pytest.approx(6.5065, abs=0.01)
    assert largest.mean == pytest.approx(3.2122, abs=0.01)
    assert largest.cumulative == pytest.approx(192.73, abs=0.01)
    assert largest.category == 4
