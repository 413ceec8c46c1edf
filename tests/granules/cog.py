"""Synthetic cloud-optimised GeoTIFFs with their STAC items: JAXA Earth, and Sentinel-2 L2A of Earth Search."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import Affine

SYNTHETIC = "SYNTHETIC test data, not from the agency"
Corner = tuple[float, float]


def write_cog(
    path: Path,
    numbers: np.ndarray,
    corner: Corner,
    step: float,
    crs: str | None,
    *,
    nodata: float | None = None,
    transform: Affine | None = None,
    **creation: Any,  # noqa: ANN401 - options of the COG driver
) -> Path:
    """Write numbers (row, column), north up from the corner (west, north), as a cloud-optimised GeoTIFF."""
    chosen = {"compress": "deflate", "blocksize": 128, "overviews": "none"} | creation
    with rasterio.open(
        path, "w", driver="COG", height=numbers.shape[0], width=numbers.shape[1], count=1, dtype=numbers.dtype,
        crs=crs, transform=transform or Affine(step, 0, corner[0], 0, -step, corner[1]), nodata=nodata, **chosen,
    ) as file:  # fmt: skip
        file.update_tags(COMMENT=SYNTHETIC)
        file.write(numbers, 1)
    return path


def tile_name(west: float, south: float, east: float, north: float) -> str:
    """Give the name of a tile as JAXA Earth writes it: E000.00-S90.00-E180.00-N90.00."""
    ew = [f"{'W' if x < 0 else 'E'}{abs(x):06.2f}" for x in (west, east)]
    ns = [f"{'S' if y < 0 else 'N'}{abs(y):05.2f}" for y in (south, north)]
    return f"{ew[0]}-{ns[0]}-{ew[1]}-{ns[1]}"


def jaxa_earth_item(  # noqa: PLR0913, PLR0917 - as above
    folder: Path,
    collection: str,
    band: str,
    numbers: np.ndarray,
    corner: Corner,
    step: float,
    *,
    raster: dict[str, Any],
    start: str,
    end: str,
    crs: str = "EPSG:4326",
    item: dict[str, Any] | None = None,
    written: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the GeoTIFF of a tile into a folder, and give its item, with a link relative to the folder.

    raster : the member `je:rasters`
    item, written : members of the item, and arguments of `write_cog`, that are to be other than they should
    """
    rows, columns = numbers.shape
    west, north = corner
    box = (west, north - rows * step, west + columns * step, north)
    name = f"{tile_name(*box)}-{band}.tiff" if crs == "EPSG:4326" else f"{corner[0]:.0f}-{band}.tiff"
    write_cog(folder / name, numbers, corner, step, **{"crs": crs} | (written or {}))
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": f"{name.removesuffix('.tiff')} {SYNTHETIC}",
        "collection": collection,
        "bbox": list(box),
        "geometry": None,
        "properties": {"start_datetime": start, "end_datetime": end, "license": SYNTHETIC},
        "assets": {band: {"href": f"./{name}", "roles": ["data"], "je:rasters": raster}},
        "links": [],
    } | (item or {})


def write_granule(path: Path, *items: dict[str, Any]) -> Path:
    """Write one item, or several as an item collection."""
    whole = items[0] if len(items) == 1 else {"type": "FeatureCollection", "features": list(items)}
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def write_sentinel2(  # noqa: PLR0913 - as above
    folder: Path,
    red: np.ndarray,
    nir: np.ndarray,
    classes: np.ndarray,
    corner: Corner = (600000.0, 4500000.0),
    *,
    crs: str = "EPSG:32631",
    time: str = "2023-07-01T10:46:30.262000Z",
    offset: float = -0.1,
    properties: dict[str, Any] | None = None,
    steps: tuple[float, float] = (10.0, 20.0),
    **item: Any,  # noqa: ANN401 - members of the item that are to be other than they should
) -> Path:
    """Write digital numbers of B04 and B08 and the scene classes, with the item as Earth Search has it."""
    bands = {"red": (red, steps[0]), "nir": (nir, steps[0]), "scl": (classes, steps[1])}
    assets = {}
    for name, (numbers, step) in bands.items():
        file = {"red": "B04", "nir": "B08", "scl": "SCL"}[name] + ".tif"
        write_cog(folder / file, numbers, corner, step, crs, nodata=0)
        raster = {"nodata": 0, "data_type": str(numbers.dtype), "spatial_resolution": step}
        if name != "scl":
            raster |= {"scale": 0.0001, "offset": offset}
        assets[name] = {"href": f"./{file}", "roles": ["data", "reflectance"], "raster:bands": [raster]}
    stated = {
        "datetime": time,
        "proj:epsg": int(crs.removeprefix("EPSG:")),
        "s2:processing_baseline": "05.09",
        "earthsearch:boa_offset_applied": True,
        "comment": SYNTHETIC,
    } | (properties or {})
    whole = {
        "type": "Feature",
        "id": "S2A_31TFF_20230701_0_L2A",
        "collection": "sentinel-2-l2a",
        "properties": {name: value for name, value in stated.items() if value is not None},
        "assets": assets,
    }
    return write_granule(folder / "S2A_31TFF_20230701_0_L2A.json", whole | item)
