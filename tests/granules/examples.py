"""One plain synthetic granule of any product: its layout, its name and its marks, with values and gaps."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from granules import amsr2, clms, cog, gsmap, lst_cci, nsidc, osisaf, plain_cf, sgli, snow_cci, soil_moisture
from granules._layout import SYNTHETIC, Array, Stored, centres, write_netcdf
from granules.c3s_lai_fapar import write_c3s_vegetation
from granules.duacs import write_duacs
from granules.ghrsst import BLACK_SEA, C3S, CCI2, CCI3, OSTIA, Producer, write_l3, write_l4
from granules.names import sampled
from granules.occi import write_occi

from eo.model import Product, Variable
from eo.steps import end_of

DATE = "2021-05-01"
"""The first day of a step of every kind: the 120th day after New Year is a multiple of 8."""
_DAY = np.timedelta64(1, "D")
_VERSIONS = (
    "6.0", "2.0", "3.00", "02.0", "09.1", "1.0", "3002", "v202312", "vDT2021", "v04r00",
    "8.0000.0", "1.0.1", "2.0.1", "3.0.1", "05C", "3p0",
)  # fmt: skip
"""Texts for the group `version` of a file name; the first that fits is taken."""
_OF_READER = {"lst_cci": ("3.00",), "cf": ("4.1", "v02r03"), "c3s_lai_fapar": ("1.0.1",)}
_ANOMALY = Producer("UKMO-L4LRfnd_GLOB-OSTIAanom", "2.0", "none", calendar="Gregorian")


@dataclass(frozen=True)
class Example:
    """What a granule is to be of."""

    name: str
    product: Product
    folder: Path
    date: str

    @property
    def day(self) -> str:
        """The date as YYYYMMDD."""
        return self.date.replace("-", "")

    @property
    def last(self) -> str:
        """The last day of the step."""
        end = end_of(np.array([np.datetime64(self.date)]), self.product.step)[0]
        return str((end - _DAY).astype("datetime64[D]"))

    @property
    def middle(self) -> str:
        """A day in the middle of the step."""
        first, last = (np.datetime64(one) for one in (self.date, self.last))
        return str(first + (last - first) // 2)

    @property
    def sources(self) -> list[str]:
        """What the variables are called in the file."""
        return [one.source for one in self.product.variables.values()]

    @property
    def file(self) -> str:
        """A name that the product knows."""
        said = self.product.options.get("dated", self.product.stamp)
        whole = self.last if said == "end" and self.product.step == "dekad" else self.date
        year, month, day = whole.split("-")
        given: dict[str, Sequence[str]] = {
            "year": (year, year[2:]), "month": (month,), "day": (day, "00"), "hour": ("00",),
            "version": (*_OF_READER.get(self.product.reader, ()), *_VERSIONS),
        }  # fmt: skip
        return sampled((self.product.filename or "").replace(r"_\d{8}\.", rf"_{self.last.replace('-', '')}\."), given)

    def stated(self, mark: str) -> str:
        """Give a text that a mark of the product accepts."""
        return sampled(self.product.marks[mark])

    def stated_version(self, default: str) -> str:
        """Give the version in the name of the file."""
        match = re.fullmatch(self.product.filename or "", self.file)
        return (match.groupdict().get("version") if match else None) or default


def write_example(name: str, product: Product, folder: Path, date: str = DATE) -> Path:
    """Write one granule of a product, under a name that is one of the product's, and give its path.

    Parameters
    ----------
    name : the name of the product
    folder : one of its own: a granule may be of several files
    date : YYYY-MM-DD, the first day of a step

    Raises
    ------
    ValueError
        The file has another name than the files of the product.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = _WRITERS[product.reader](Example(name, product, folder, date))
    if product.filename and not re.fullmatch(product.filename, path.name):
        raise ValueError(f"a file of {name} is named {product.filename}; its example is named {path.name}")
    return path


def one_of_each_reader(products: Mapping[str, Product]) -> list[str]:
    """Give the name of one product of each reader; of AMSR2 one around a pole, whose grid is the smallest."""
    ordered = sorted(products, key=lambda name: (products[name].reader, "sic_south_day" not in name, name))
    return [next(group) for _, group in groupby(ordered, key=lambda name: products[name].reader)]


def _field(value: float, shape: tuple[int, int] = (6, 12), gaps: tuple[float, ...] = (np.nan, np.nan)) -> Array:
    """Give a field of one value with its gaps in the first row: in the north, where the first row is."""
    out = np.full(shape, value)
    out[0, : len(gaps)] = gaps
    return out


def _amsr2(one: Example) -> Path:
    match = re.fullmatch(r"(\w{6})_(\d{8})_01[DM]_(\w\w)\w([AD])_L3SG(\w{3})([HL])\w(\d{7})\.h5", one.file)
    assert match is not None
    instrument, date, area, orbit, content, resolution, _ = match.groups()
    rule = one.product.marks["ProductVersion"]
    version = next(text for text in ("3300300", "4410410", "8100100") if re.search(rule, text[0]))
    layers = max(one.product.options.get("layers", {}).values(), default=1)
    if instrument == "GW1AM2":
        layers = max(layers, {"SST": 3 if version[0] == "4" else 2, "SND": 2}.get(content, 1))
    numbers = np.full((*amsr2.SHAPES[area + resolution], layers), 500, np.int16)
    numbers[0, :4] = np.array([amsr2.MISSING, amsr2.NO_RETRIEVAL, 400, 600])[:, None]
    return amsr2.write_amsr2(
        one.folder, numbers, content=content, date=date, area=area, orbit=orbit, resolution=resolution,
        version=version, instrument=instrument, compression=1,
    )  # fmt: skip


def _c3s_lai_fapar(one: Example) -> Path:
    coverage = (f"{one.date}T00:00:00Z", f"{one.last}T23:59:59Z")
    return write_c3s_vegetation(
        one.folder / one.file, _field(0.5), variable=one.sources[0], date=one.last, coverage=coverage
    )


def _cf(one: Example) -> Path:
    path, source = one.folder / one.file, one.sources[0]
    if source in {"xco2", "xch4"}:
        value, units = {"xco2": (415.0, "1e-6"), "xch4": (1880.0, "1e-9")}[source]
        return plain_cf.write_obs4mips(path, _field(value)[None], gas=source, units=units, first=one.date[:7])
    if source == "precip":
        return plain_cf.write_gpcp(path, _field(2.5), date=one.date)
    if one.product.step == "day":
        return plain_cf.write_oisst(path, _field(18.0), _field(0.0), date=one.date)
    return _monthly_sst(path, one)


def _monthly_sst(path: Path, one: Example) -> Path:
    """Write sea surface temperatures of a month as ERSST has them, or as the packaged sample has."""
    rows, columns, fill = 9, 18, np.float32(-9.96921e36)
    stamp = one.middle if one.product.stamp == "middle" else one.date
    day = float((np.datetime64(stamp) - np.datetime64("1800-01-01")).astype(int))
    units = "degC" if one.sources[0] == "sst" else "K"
    values = _field(18.0 if units == "degC" else 291.15, (rows, columns), (fill, fill)).astype("f4")
    said = {"units": units, "_FillValue": fill, "missing_value": fill}
    variables = {
        "time": Stored(np.array([day]), ("time",), {"units": "days since 1800-01-01 00:00:00"}),
        "lat": Stored(centres(80, -20, rows), ("lat",), {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": Stored(centres(0, 20, columns), ("lon",), {"units": "degrees_east", "standard_name": "longitude"}),
        one.sources[0]: Stored(values[None], ("time", "lat", "lon"), said),
    }
    title = one.stated("title") if "title" in one.product.marks else "OSTIA"
    return write_netcdf(path, variables, {"title": f"{title}; {SYNTHETIC}"})


def _clms(one: Example) -> Path:
    said, source = one.product.options, one.sources[0]
    scale, offset = {"NDVI": (0.004, -0.08), "FAPAR": (0.004, 0.0), "LAI": (1 / 30, 0.0)}[source]
    numbers = _field(120, gaps=tuple(said["codes"]))
    spread = next(iter(one.product.variables.values())).uncertainty
    return clms.write_clms(
        one.folder / one.file, numbers, layer=said["layer"], variable=source,
        date=(one.last if said["dated"] == "end" else one.date).replace("-", ""), version=one.stated_version("1.0.1"),
        pixels=said["pixels"], row=30 * said["pixels"], scale=scale, offset=offset, time=one.date,
        spread=(spread[0], np.full(numbers.shape, 20, np.uint8)) if spread else None,
    )  # fmt: skip


def _duacs(one: Example) -> Path:
    said = one.product.options
    truth = _field(0.1)[None]
    title = one.stated("title").partition("Sea Surface Height")[0].strip()
    return write_duacs(
        one.folder / one.file, truth, title=title, first_day=one.middle, names=tuple(one.sources),
        tpa=0.0 if said.get("apply_tpa") else None, ice=np.zeros(truth.shape) if said.get("mask_ice") else None,
    )  # fmt: skip


def _producer(product: Product) -> Producer:
    for one in (C3S, CCI2, CCI3, OSTIA, BLACK_SEA, _ANOMALY):
        said = {"id": one.identity, "product_version": one.version, "processing_level": "L4", **one.attributes}
        if all(re.search(rule, said.get(name, "")) for name, rule in product.marks.items()):
            return one
    raise ValueError(f"no producer has files with {product.marks}")


def _ghrsst(one: Example) -> Path:
    path, kelvin = one.folder / one.file, _field(290.0)
    if one.product.options.get("kind") == "observation":
        return write_l3(path, kelvin, day=one.date)
    anomaly = kelvin * 0 + 0.5 if "sst_anomaly" in one.sources else None
    ice = np.where(np.isnan(kelvin), np.nan, 0.0)
    absent = () if one.product.options.get("mask", True) else ("mask",)
    return write_l4(
        path, kelvin, day=one.date, hour=int(one.file[8:10]), producer=_producer(one.product), ice=ice,
        anomaly=anomaly, absent=absent,
    )  # fmt: skip


def _gsmap_binary(one: Example) -> Path:
    codes = (-99.0, -8.0, -4.0) if one.product.step == "hour" else (-999.9,)
    fields = [_field(0.1, (1200, 3600), codes)]
    if one.product.step == "month":
        fields.append(_field(600.0, (1200, 3600), codes))
    return gsmap.write_gsmap_binary(one.folder / one.file, *fields)


def _gsmap_hdf5(one: Example) -> Path:
    fields = {name: _field(0.1, (18, 36), (gsmap.FILL,)) for name in one.sources}
    path, version = one.folder / one.file, one.stated_version("05C")
    return gsmap.write_gsmap_hdf5(path, fields, start=f"{one.date}T00:00:00.000Z", version=version)


def _gsmap_netcdf(one: Example) -> Path:
    field = _field(0.1, (18, 36), (gsmap.FILL, -99.0, -4.0))
    return gsmap.write_gsmap_netcdf(one.folder / one.file, field, field)


def raster(variable: Variable) -> dict[str, Any]:
    """Give what an item says of digital numbers of which 1 to 50000 fill the range of a variable."""
    low, high = variable.plausible
    return {
        "value": {"unit": "" if variable.units == "1" else variable.units},
        "dn": {"data_type": "uint16", "min": 1, "max": 49999, "nodata": 65535, "error": [65534]},
        "dn2value": {"slope": (high - low) / 50000, "offset": low},
    }


def _jaxa_earth(one: Example) -> Path:
    collection = one.stated("collection")
    end = str((np.datetime64(one.last) + _DAY).astype("datetime64[D]"))
    (variable,) = one.product.variables.values()
    write = partial(
        cog.jaxa_earth_item, one.folder, collection, variable.source, raster=raster(variable),
        start=f"{one.date}T00:00:00.000000Z", end=f"{end}T00:00:00.000000Z",
    )  # fmt: skip
    path = one.folder / f"{collection}-{one.day}.json"
    numbers = _field(25000, (18, 18), (65535, 65534)).astype(np.uint16)
    if re.search("_(north|south)_", collection):
        edge, crs = 2.0**22, "EPSG:3995" if "_north_" in collection else "EPSG:3031"
        return cog.write_granule(path, write(numbers, (-edge, edge), 2 * edge / 18, crs=crs))
    return cog.write_granule(path, *(write(numbers, (west, 90.0), 10.0) for west in (-180.0, 0.0)))


def _lst_cci(one: Example) -> Path:
    parts = lst_cci.COMPONENTS | {"lst_unc_loc_cor": 0.2}
    flags = _field(0, gaps=(0, 0, 1)) if "quality" in one.product.options else None
    return lst_cci.write_lst(
        one.folder / one.file, _field(290.0), overpass=one.product.options["overpass"].upper(), date=one.date,
        flags=flags,
        components={name: value for name, value in parts.items() if name in one.sources},
        scales=1 if "-MODISA-" in one.file else None, attributes={"id": one.file},
    )  # fmt: skip


def _nsidc_cdr(one: Example) -> Path:
    codes = (nsidc.LAND, nsidc.COAST, nsidc.MISSING, nsidc.POLE_HOLE)
    hemisphere, monthly = one.product.options["hemisphere"], one.product.step == "month"
    path, stored = one.folder / one.file, _field(50, (8, 10), codes)
    return nsidc.write_nsidc_cdr(path, stored, days=(one.date,), hemisphere=hemisphere, monthly=monthly)


def _nsidc_index(one: Example) -> Path:
    codes = _field(1, (8, 10), (nsidc.LAND, nsidc.COAST, nsidc.MISSING, 0))
    return nsidc.write_nsidc_index(one.folder / one.file, codes, hemisphere=one.product.options["hemisphere"])


def _occi(one: Example) -> Path:
    truth = _field(0.3)
    return write_occi(one.folder / one.file, truth, truth * 0 + 0.01, truth * 0 + 0.3, date=one.date)


def _osisaf(one: Example) -> Path:
    families = (osisaf.OSI450A, osisaf.OSI430A, osisaf.CCI_12KM, osisaf.OSI401)
    fitting = (
        family
        for family in families
        if all(re.search(rule, family.identity.get(name, "")) for name, rule in one.product.marks.items())
    )
    return osisaf.write_osisaf(
        one.folder / one.file, _field(40.0, (8, 10)), family=next(fitting), day=one.date,
        hemisphere=one.product.options["hemisphere"], flags=_field(0, (8, 10), (osisaf.LAND, 0)).astype(int),
    )  # fmt: skip


def _sentinel2(one: Example) -> Path:
    red, nir = (np.full((12, 12), number, np.uint16) for number in (500, 3000))
    classes = _field(4, (6, 6), (0, 3, 8)).astype(np.uint8)
    path = cog.write_sentinel2(one.folder, red, nir, classes, time=f"{one.date}T10:46:30.262000Z")
    return path.rename(one.folder / one.file)


def _sgli(one: Example) -> Path:
    match = re.fullmatch(r"GC1SG1_(\d{8})([AD])(\d\d[DM])_D0000_3MSG_(\w{4})\w_(\d{4})\.h5", one.file)
    assert match is not None
    day, orbit, period, field, version = match.groups()
    numbers = _field(15000, (18, 36), (sgli.ERROR_DN, sgli.ERROR_DN, sgli.ERROR_DN)).astype(np.uint16)
    quality = _field(0, (18, 36), (3, 254, 255)).astype(np.uint8)
    return sgli.write_sgli(
        one.folder, numbers, quality, field=field.strip("_"), day=day, orbit=orbit, period=period, version=version
    )


def _snow_cci(one: Example) -> Path:
    path = one.folder / one.file
    if one.product.options["content"] == "water_equivalent":
        numbers = _field(120, gaps=(-30, -20, -10, -1))
        return snow_cci.write_snow_water(path, numbers, numbers * 0 + 10, date=one.date)
    numbers = _field(60, gaps=(205, 206, 210, 215, 254, 255))
    return snow_cci.write_snow_fraction(path, numbers, numbers * 0 + 5, variable=one.sources[0], date=one.date)


def _soil_moisture(one: Example) -> Path:
    kind = next(word for word in ("ACTIVE", "PASSIVE", "COMBINED") if f"-{word}-" in one.file)
    step = {"day": "DAILY", "dekad": "DEKADAL", "month": "MONTHLY"}[one.product.step]
    version = one.stated_version("09.1")
    return soil_moisture.write_soil_moisture(
        one.folder, _field(40.0 if kind == "ACTIVE" else 0.25), kind=kind, step=step, date=one.date, version=version
    )


_WRITERS: dict[str, Callable[[Example], Path]] = {
    "amsr2": _amsr2,
    "c3s_lai_fapar": _c3s_lai_fapar,
    "cf": _cf,
    "clms": _clms,
    "duacs": _duacs,
    "ghrsst": _ghrsst,
    "gsmap_binary": _gsmap_binary,
    "gsmap_hdf5": _gsmap_hdf5,
    "gsmap_netcdf": _gsmap_netcdf,
    "jaxa_earth": _jaxa_earth,
    "lst_cci": _lst_cci,
    "nsidc_cdr": _nsidc_cdr,
    "nsidc_index": _nsidc_index,
    "occi": _occi,
    "osisaf": _osisaf,
    "sentinel2": _sentinel2,
    "sgli": _sgli,
    "snow_cci": _snow_cci,
    "soil_moisture": _soil_moisture,
}
EXAMPLE_READERS = frozenset(_WRITERS)
"""The readers whose products have an example."""
