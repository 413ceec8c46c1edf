"""Sea ice extent."""

from functools import partial
from pathlib import Path

from eo import references
from validation.ocean import fields
from validation.record import Check, Compared

NORTH, SOUTH = "nsidc_index/N_20240907_extent_v3.0.tif", "nsidc_index/S_20240930_extent_v3.0.tif"
TABLE = "nsidc_index/N_seaice_extent_daily_v3.0.csv"
SOUTH_20240930 = 17.183


def extent(path: Path) -> float:
    """Give the extent of a mask of the Sea Ice Index, million km2."""
    content = fields(path, f"nsidc_index_extent_{path.name[0].lower()}h")
    return float(content["area"].where(content["sea_ice_extent"] == 1).sum()) / 1e12


def against_the_table(data: Path, *, mask: str, day: str) -> Compared:
    theirs = references.nsidc(references.text_of(data / TABLE)).sel(time=day)
    return Compared.numbers(extent(data / mask), theirs)


def against_a_number(data: Path, *, mask: str, theirs: float) -> Compared:
    return Compared.numbers(extent(data / mask), theirs)


CHECKS = (
    Check(
        "Sea ice", "Arctic extent, 2024-09-07", partial(against_the_table, mask=NORTH, day="2024-09-07"), 0.001,
        "million km2", "NSIDC Sea Ice Index 3, daily table", "the table has three decimals", (NORTH, TABLE),
    ),
    Check(
        "Sea ice", "Antarctic extent, 2024-09-30", partial(against_a_number, mask=SOUTH, theirs=SOUTH_20240930), 0.004,
        "million km2", "NSIDC Sea Ice Index 3, daily table", "the mask has missing pixels where the table interpolates",
        (SOUTH,),
    ),
)  # fmt: skip
