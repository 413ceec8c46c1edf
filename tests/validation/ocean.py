"""Sea surface temperature: the indices of ENSO, and marine heatwaves."""

import tempfile
from functools import lru_cache
from pathlib import Path

import hobday
import numpy as np
import xarray as xr

from eo import build, config, load_run, readers, references
from eo.canonical import STATUS, canonical
from eo.primitives.day_of_year import daily_climatology, on_every_day
from eo.primitives.spells import Rule, event_table
from eo.zones import zonal_mean, zones
from validation.record import Check, Compared

ERSST, NINA34 = "ersst/sst.mnmean.nc", "indices/nina34.data"
WEST_AUSTRALIA = "heatwave/sst_WA.csv"
BASE = ("1983-01-01", "2012-12-31")


def fields(path: Path, product: str) -> xr.Dataset:
    """Give a granule in canonical form."""
    known = config.load_product(product, config.folder(None))
    with readers.load(known.reader).read(path, known) as published:
        return canonical(published, known.variables, step=known.step, stamp=known.stamp).load()


def means_over(regions: tuple[str, ...], content: xr.Dataset, variable: str) -> xr.Dataset:
    """Give mean and coverage over regions of configs/regions.yaml."""
    known = config.load_regions(config.folder(None))
    at = zones({one: known[one] for one in regions}, content)
    return zonal_mean(content[variable], content[f"{variable}_status"], at, STATUS["outside_domain"])


def nino34_of_ersst(data: Path) -> tuple[xr.DataArray, xr.DataArray]:
    """Give ours and theirs over the months that both have."""
    content = fields(data / ERSST, "noaa_ersst_v5_monthly")
    ours = means_over(("nino34",), content, "sea_surface_temperature")["mean"][0]
    theirs = references.psl(references.text_of(data / NINA34))
    mine, other = xr.align(ours, theirs.dropna("time"))
    return mine, other


def nino34_against_psl(data: Path) -> Compared:
    ours, theirs = nino34_of_ersst(data)
    return Compared.numbers(ours, theirs, ours["time"].values.astype("datetime64[M]"))


@lru_cache
def enso_of_ostia() -> tuple[xr.DataArray, xr.DataArray]:
    with tempfile.TemporaryDirectory() as root:
        run = load_run("enso_ostia")
        built = build(run, root=root)
        with xr.open_dataset(built.path) as file:
            ours = file["sea_surface_temperature"].sel(region="nino34").load()
    table = run.folder / "references" / "cpc_nino34.csv"
    theirs = references.table(references.text_of(table), "nino34")
    mine, other = xr.align(ours, theirs)
    return mine, other


def nino34_against_cpc(_: Path) -> Compared:
    ours, theirs = enso_of_ostia()
    rms = float(np.sqrt(((ours - theirs) ** 2).mean()))
    return Compared(f"{float(ours.mean()):.3f}", f"{float(theirs.mean()):.3f}", rms, f"root mean square of {ours.size}")


def nino34_correlation(_: Path) -> Compared:
    ours, theirs = enso_of_ostia()
    found = float(xr.corr(ours, theirs))
    return Compared(f"{found:.4f}", "1", 1 - found, f"correlation of {ours.size}")


@lru_cache
def heatwaves(data: Path) -> tuple[xr.Dataset, tuple[hobday.Event, ...]]:
    series = references.table(references.text_of(data / WEST_AUSTRALIA), "temp", "t")
    sst = on_every_day(series.expand_dims(region=["wa"]).to_dataset(name="mean"))["mean"]
    usual = daily_climatology(sst.sel(time=slice(*BASE)), percentile=90)
    theirs = hobday.events(sst["time"].values.astype("datetime64[D]"), sst.values[0], BASE)
    return event_table(sst, usual, Rule(sign=1)).isel(region=0), tuple(theirs)


def largest(data: Path) -> xr.Dataset:
    table = heatwaves(data)[0]
    return table.isel(event=int(table["max_intensity"].argmax("event")))


def dates_of_2011(data: Path) -> Compared:
    found = largest(data)
    ours = [str(found[name].values)[:10] for name in ("start", "peak", "end")]
    theirs = ["2011-02-06", "2011-02-28", "2011-04-06"]
    apart = [abs(np.datetime64(one) - np.datetime64(other)) for one, other in zip(ours, theirs, strict=True)]
    return Compared(", ".join(ours), ", ".join(theirs), float(max(apart) / np.timedelta64(1, "D")), "start, peak, end")


def intensities_of_2011(data: Path) -> Compared:
    names = ("max_intensity", "mean_intensity")
    return Compared.numbers([largest(data)[name] for name in names], [6.5065, 3.2122], names)


def cumulative_intensity_of_2011(data: Path) -> Compared:
    return Compared.numbers(largest(data)["cumulative_intensity"], 192.73)


def number_of_heatwaves(data: Path) -> Compared:
    return Compared.numbers(heatwaves(data)[0]["count"], 75)


def every_heatwave(data: Path) -> Compared:
    table, theirs = heatwaves(data)
    names = {
        "duration": "days",
        "max_intensity": "largest",
        "mean_intensity": "mean",
        "cumulative_intensity": "cumulative",
    }
    ours = np.concatenate([table[name] for name in names] + [(table["start"].values - np.datetime64(0, "ns")) / DAY])
    other = [[getattr(one, name) for one in theirs] for name in names.values()]
    starts = [[(np.datetime64(one.start) - np.datetime64(0, "D")) / DAY for one in theirs]]
    return Compared.numbers(ours, np.concatenate(other + starts))


DAY = np.timedelta64(1, "D")
_HOBDAY = "Hobday et al. (2016) on NOAA OISST off Western Australia, as heatwaveR has the series"
_SAME = "the same definition and the same series: rounding of the published numbers"

CHECKS = (
    Check(
        "Sea surface temperature", "Nino 3.4, ERSSTv5, monthly", nino34_against_psl, 0.05, "degC",
        "NOAA PSL, nina34.data",
        "two decimals, and another issue of ERSSTv5; how the edge of the box is weighted moves the mean by 0.004",
        (ERSST, NINA34),
    ),
    Check(
        "Sea surface temperature", "Nino 3.4, OSTIA, monthly", nino34_against_cpc, 0.2, "degC",
        "NOAA CPC, from OISST", "two analyses of partly the same satellites and buoys, on two grids", quick=False,
    ),
    Check(
        "Sea surface temperature", "Nino 3.4, OSTIA, correlation", nino34_correlation, 0.01, "1",
        "NOAA CPC, from OISST", "as above", quick=False,
    ),
    Check("Marine heatwaves", "the event of 2011: dates", dates_of_2011, 0, "days", _HOBDAY, _SAME, (WEST_AUSTRALIA,)),
    Check(
        "Marine heatwaves", "the event of 2011: greatest and mean intensity", intensities_of_2011, 0.01, "K",
        _HOBDAY, _SAME, (WEST_AUSTRALIA,),
    ),
    Check(
        "Marine heatwaves", "the event of 2011: cumulative intensity", cumulative_intensity_of_2011, 0.01, "K days",
        _HOBDAY, _SAME, (WEST_AUSTRALIA,),
    ),
    Check(
        "Marine heatwaves", "number of events, 1982 to 2022", number_of_heatwaves, 0, "events", _HOBDAY, _SAME,
        (WEST_AUSTRALIA,),
    ),
    Check(
        "Marine heatwaves", "every event: start, duration, intensities", every_heatwave, 1e-9, "days, K, K days",
        "tests/hobday.py, an implementation apart", "two ways to the same sums", (WEST_AUSTRALIA,),
    ),
)  # fmt: skip
