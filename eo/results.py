"""Writing a result: NetCDF past the gate, its picture, its lineage, published together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import xarray as xr

from eo import __version__, gate, lineage, missing, netcdf, plot
from eo.config import Run
from eo.coverage import FLAGS
from eo.describe import baseline_attributes, described
from eo.errors import GateError
from eo.judged import judgement
from eo.model import Check, Part
from eo.normals import Normal
from eo.provenance import file_sha256
from eo.store import Store, publish_together
from eo.validation import Validation, validation
from eo.zones import Zone


@dataclass(frozen=True)
class Made:
    """A result that is there."""

    path: Path
    content_digest: str
    validation: str
    months: int
    good: int

    @classmethod
    def of(cls, path: Path, file: xr.Dataset) -> "Made":
        """Give what a result file says of itself."""
        good = int((file["status"] == FLAGS["good"]).sum())
        return cls(path, file.attrs["content_digest"], file.attrs.get("validation", ""), file.sizes["time"], good)


def write_result(
    run: Run,
    computed: xr.Dataset,
    at: tuple[Zone, ...],
    *,
    parts: tuple[Part, ...],
    input_digest: str,
    normal: Normal | None,
    store: Store,
    work: Path,
) -> Made:
    """Write the three files of a result and publish them together, if the gate lets them pass.

    Raises
    ------
    GateError
        The result breaks a rule; what was published before stays.
    """
    agreement = validation(run, computed)
    said = {**_said(run, parts, input_digest, normal, agreement), **missing.attributes(run, parts, store)}
    result = described(computed, run, at, said)
    paths = {ending: store.result(run.name, ending) for ending in ("nc", "png", "json")}
    digests: dict[str, str] = {}

    def write_netcdf(draft: Path) -> None:
        netcdf.write(result, draft)
        digests["content"] = netcdf.seal(draft)
        _pass_gate(run, draft, agreement)
        digests[paths["nc"].name] = file_sha256(draft)

    def write_plot(draft: Path) -> None:
        plot.draw(result, run, draft, str(agreement or ""))
        digests[paths["png"].name] = file_sha256(draft)

    def write_lineage(draft: Path) -> None:
        content = digests.pop("content")
        said = {"content_digest": content, "input_digest": input_digest, "files": digests} | _checked(agreement, normal)
        said["trends"] = judgement(result)
        draft.write_text(lineage.document(run, parts, store, **said), encoding="utf-8")
        digests["content"] = content

    publish_together(
        store, {paths["nc"]: write_netcdf, paths["png"]: write_plot, paths["json"]: write_lineage}, work, run.name
    )
    good = int((result["status"] == FLAGS["good"]).sum())
    return Made(paths["nc"], digests["content"], str(agreement or ""), result.sizes["time"], good)


def _pass_gate(run: Run, draft: Path, agreement: Validation | None) -> None:
    found: list[Check] = gate.failures(draft) + ([] if agreement is None else agreement.failures())
    if found:
        count = f"{len(found)} rule{'s' * (len(found) > 1)}"
        raise GateError(f"result {run.name!r} is not published; it breaks {count}: {'; '.join(map(str, found))}")


def _checked(agreement: Validation | None, normal: Normal | None) -> dict[str, object]:
    said: dict[str, object] = {}
    if agreement is not None:
        said["validation"] = {
            "line": str(agreement),
            "months": agreement.months,
            "correlation": agreement.correlation,
            "rmsd": agreement.rmsd,
            "bias": agreement.bias,
        }
    if normal is not None:
        said["normal"] = {"digest": normal.digest, "months": list(normal.months)}
    return said


def _said(
    run: Run, parts: tuple[Part, ...], input_digest: str, normal: Normal | None, agreement: Validation | None
) -> Mapping[str, object]:
    """Give the global attributes that say where the numbers come from."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    product = run.product
    said: dict[str, object] = {
        "input_product": f"{run.config.product}: {product.title}, version {product.version}",
        "product_licence": product.licence,
        "product_citation": product.citation,
        "product_url": product.url,
        "indicator": run.config.indicator,
        "parameters": ", ".join(f"{name}={value}" for name, value in sorted(run.parameters.items())),
        **baseline_attributes(run),
        "part_digests": " ".join(one.digest for one in parts),
        "input_digest": input_digest,
        "config_digest": lineage.config_digest(run),
        "code_version": lineage.code_version(),
        "lineage": f"{run.name}.json",
        "date_created": now,
        "date_modified": now,
        "date_issued": now,
        "date_metadata_modified": now,
        "history": f"{now} eo {__version__}: build {run.name}",
    }
    if product.doi:
        said["product_doi"] = product.doi
    if normal is not None:
        said["normal_digest"] = normal.digest
    if agreement is not None:
        said["validation"] = str(agreement)
        said["validation_correlation"] = np.float64(agreement.correlation)
        said["validation_rmsd"] = np.float64(agreement.rmsd)
    return said
