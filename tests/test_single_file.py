"""One file by itself: `eo identify` and `eo read` for a granule of every family, and for one that is not whole."""

import gzip
import re
import shutil
import tarfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from commands import refusal, succeeds
from granules.amsr2 import SHAPES, write_amsr2
from granules.examples import DATE, one_of_each_reader, write_example

from eo.canonical import STATUS
from eo.config import load_product, product_names
from eo.errors import InputError
from eo.granules import canonical_of
from eo.model import Product
from eo.sources.integrity import kind_of

CONFIGS = Path(__file__).parents[1] / "configs"
PRODUCTS = {name: load_product(name) for name in product_names()}
FAMILIES = one_of_each_reader(PRODUCTS)
FIRST, THIRD = "jaxa_amsr2_sst_day_daily", "jaxa_amsr2_sst_multi_day_daily"


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of a product of each family: that every product is told from every other is tested elsewhere."""
    folder = tmp_path_factory.mktemp("configs")
    for part in ("products", "runs"):
        (folder / part).mkdir()
    for name in (*FAMILIES, FIRST, THIRD):
        shutil.copy(CONFIGS / "products" / f"{name}.yaml", folder / "products")
    return folder


@pytest.mark.parametrize("name", FAMILIES)
def test_a_granule_of_every_family_is_named_and_read(name: str, configs: Path, tmp_path: Path) -> None:
    product = PRODUCTS[name]
    path = write_example(name, product, tmp_path / "granule")
    time = DATE[: len("YYYY-MM")] if product.step == "month" else DATE + "T00" * (product.step == "hour")
    assert succeeds("identify", path, "--configs", configs).startswith(f"{name}  {time}")
    _check_told_by_content(name, path, configs)
    out = tmp_path / "canonical.nc"
    lines = succeeds("read", path, "--product", name, "--configs", configs, "--out", out).splitlines()
    assert lines[0] == f"{path.name} as {name}"
    assert lines[1] == f"time   {time}, by {product.step}"
    assert re.fullmatch(r"grid   \d+ x \d+ \(\w{8}\), (lat x lon|y x x)", lines[2])
    assert lines[-1] == f"written: {out}"
    with xr.open_dataset(out, decode_coords="all") as written:
        for number, (key, variable) in enumerate(product.variables.items()):
            head, numbers, reasons = lines[3 + 3 * number : 6 + 3 * number]
            assert head == f"{key} [{variable.units}]"
            _check_summary(numbers, reasons, written[key].values, written[f"{key}_status"].values)


def _check_told_by_content(name: str, path: Path, configs: Path) -> None:
    """Ask for the same file under a name that says nothing."""
    plain = path.rename(path.with_name("granule"))
    if PRODUCTS[name].marks:
        assert succeeds("identify", plain, "--configs", configs).startswith(f"{name}  {DATE[:7]}")
    else:
        assert "no product of" in refusal("identify", plain, "--configs", configs)
    plain.rename(path)


def _check_summary(numbers: str, reasons: str, values: np.ndarray, status: np.ndarray) -> None:
    """Hold what is printed against plain numpy on what was written."""
    there = values[np.isfinite(values)]
    match = re.fullmatch(r"  min (\S+), area mean (\S+), max (\S+); (\S+)% of cells have a value", numbers)
    assert match is not None
    low, mean, high, share = map(float, match.groups())
    assert (low, high) == (pytest.approx(there.min(), rel=1e-5), pytest.approx(there.max(), rel=1e-5))
    assert low - 1e-5 * abs(low) <= mean <= high + 1e-5 * abs(high)
    assert share == pytest.approx(100 * there.size / values.size, abs=0.006)
    said = {word: float(part.rstrip("%")) for word, part in (one.split() for one in reasons.split(", "))}
    expected = {word: 100 * (status == code).mean() for word, code in STATUS.items() if (status == code).any()}
    assert said == pytest.approx(expected, abs=0.006)


def test_the_mean_of_the_summary_is_weighted_by_area(tmp_path: Path) -> None:
    """By hand: 30 degC within 30 degrees of the equator, which is half of the Earth, and 0 beyond; a third of rows."""
    latitude = 90 - (np.arange(720) + 0.5) / 4
    numbers = np.repeat(np.where(np.abs(latitude) < 30, 3000, 0), 1440).reshape(720, 1440, 1)
    path = write_amsr2(tmp_path, np.repeat(numbers, 2, axis=2).astype(np.int16))
    lines = succeeds("read", path, "--product", FIRST, "--out", tmp_path / "a.nc").splitlines()
    with xr.open_dataset(tmp_path / "a.nc") as written:
        assert float(written["sea_surface_temperature"].mean()) == pytest.approx(10.0)  # naive
    assert lines[4] == "  min 0, area mean 15, max 30; 100.00% of cells have a value"


def test_a_file_of_two_products_is_read_as_the_one_that_is_asked_for(configs: Path, tmp_path: Path) -> None:
    numbers = np.full((*SHAPES["EQL"], 3), 1000, np.int16) + np.array([0, 1000, 2000], np.int16)
    path, out = write_amsr2(tmp_path, numbers, version="4410410"), tmp_path / "a.nc"
    both = succeeds("identify", path, "--configs", configs).splitlines()
    assert [one.split()[0] for one in both] == [FIRST, THIRD]
    said = refusal("read", path, "--out", out, "--configs", configs)
    assert said == (
        f"{path.name} holds 2 products, of which one is read at a time: "
        f"--product {FIRST} (AMSR2 daily sea surface temperature, day); "
        f"--product {THIRD} (AMSR2 daily sea surface temperature, several frequencies, day)"
    )
    assert not out.exists()
    for name, value in ((FIRST, 10), (THIRD, 30)):
        lines = succeeds("read", path, "--product", name, "--out", out, "--configs", configs).splitlines()
        assert lines[4].startswith(f"  min {value}, area mean {value}, max {value};")


@pytest.mark.parametrize("ending", ["nc", "zip", "tar.gz", "tgz", "download"])
def test_the_first_bytes_say_what_an_answer_is_and_never_its_ending(ending: str, tmp_path: Path) -> None:
    """The Climate Data Store answers with NetCDF, zip or tar, under whatever name was asked for."""
    name = "c3s_soil_moisture_combined_monthly"
    granule = write_example(name, PRODUCTS[name], tmp_path / "granule")
    answer = tmp_path / f"answer.{ending}"
    contents = {"HDF5": granule.read_bytes(), "zip": _zip(granule), "gzip": _tar(granule)}
    for kind, content in contents.items():
        answer.write_bytes(content)
        assert kind_of(answer) == kind
        if kind == "HDF5":
            with canonical_of(answer, PRODUCTS[name]) as found:
                assert str(found["time"].values[0])[:10] == DATE
        else:
            with pytest.raises(InputError, match=f"is of kind {kind}: an archive, whose members are the files"):
                _load(answer, PRODUCTS[name])


def test_an_archive_under_the_name_of_its_member_is_not_taken_for_it(configs: Path, tmp_path: Path) -> None:
    name = "c3s_soil_moisture_combined_monthly"
    granule = write_example(name, PRODUCTS[name], tmp_path / "granule")
    shutil.copy(CONFIGS / "products" / f"{name}.yaml", configs / "products")
    naive = succeeds("identify", tmp_path / "none" / granule.name, "--configs", configs)
    assert naive.startswith(name)  # by its name alone, for there is no file to look at
    granule.write_bytes(_zip(granule))
    assert "is of kind zip: an archive" in refusal("identify", granule, "--configs", configs)
    assert "is of kind zip: an archive" in refusal("read", granule, "--product", name, "--out", tmp_path / "a.nc")


@pytest.mark.real
def test_a_real_answer_of_the_climate_data_store_is_an_archive_whatever_its_name(
    real_data: Path, tmp_path: Path
) -> None:
    answer = real_data / "c3s_soil_moisture" / "test_soil_moisture_volumetric_minimal_params.tar.gz"
    with tarfile.open(answer) as members:
        first = next(one.name for one in members if one.name.endswith(".nc"))
    path = Path(shutil.copy(answer, tmp_path / Path(first).name))
    assert kind_of(path) == "gzip"
    assert "is of kind gzip: an archive" in refusal("identify", path)


def _zip(path: Path) -> bytes:
    whole = path.with_name("whole.zip")
    with zipfile.ZipFile(whole, "w") as archive:
        archive.write(path, path.name)
    return whole.read_bytes()


def _tar(path: Path) -> bytes:
    whole = path.with_name("whole.tar")
    with tarfile.open(whole, "w") as archive:
        archive.add(path, path.name)
    return gzip.compress(whole.read_bytes())


@pytest.mark.parametrize("name", FAMILIES)
def test_a_granule_that_is_cut_is_an_error_that_names_it(name: str, tmp_path: Path) -> None:
    path = write_example(name, PRODUCTS[name], tmp_path / "granule")
    data = _data(path)
    whole = data.read_bytes()
    for share in (0.3, 0.7):
        _write_anew(data, whole[: int(len(whole) * share)])
        with pytest.raises(InputError, match=rf"{re.escape(path.name)}|{re.escape(data.name)}") as caught:
            _load(path, PRODUCTS[name])
        assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_a_flipped_bit_in_stored_values_is_an_error_that_names_the_file_or_changes_none(
    name: str, tmp_path: Path
) -> None:
    """Every family compresses with a checksum; in a field of one value some flips make the same field again."""
    path = write_example(name, PRODUCTS[name], tmp_path / "granule")
    data, sound, refused = _data(path), _load(path, PRODUCTS[name]), 0
    whole = data.read_bytes()
    start, size = _values(data, {one.source for one in PRODUCTS[name].variables.values()})
    for share in (0.15, 0.5, 0.85, 1):
        place = start + min(int(share * size), size - 1)
        _write_anew(data, whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            xr.testing.assert_identical(_load(path, PRODUCTS[name]), sound)
        except InputError as error:
            assert path.name in str(error) or data.name in str(error)  # noqa: PT017 - either outcome is right
            refused += 1
    assert refused


def _data(path: Path) -> Path:
    """Give the file that has the values: the GeoTIFF of an item, or else the file itself."""
    return next(iter(sorted(path.parent.glob("**/*.tif*"))), path)


def _write_anew(path: Path, content: bytes) -> None:
    path.unlink()  # HDF5 takes a file that is written over for the one that it knows
    path.write_bytes(content)


def _load(path: Path, product: Product) -> xr.Dataset:
    with canonical_of(path, product) as content:
        return content.load()


def _values(path: Path, sources: set[str]) -> tuple[int, int]:
    """Give where compressed values begin and how many bytes they are: the first chunk of a variable, or the file."""
    if kind_of(path) != "HDF5":
        return 0, path.stat().st_size
    found: list[h5py.Dataset] = []
    with h5py.File(path) as file:
        file.visititems(lambda name, one: found.append(one) if name.rpartition("/")[2] in sources else None)
        chunk = found[0].id.get_chunk_info(0)
        return int(chunk.byte_offset), int(chunk.size)
