"""The notebook of the analyst: stored without outputs, and executed here against the result of the real run."""

import base64
import io
from pathlib import Path

import matplotlib.image as mpimg
import nbclient
import nbformat
import netCDF4
import numpy as np
import pytest
from commands import succeeds
from fixtures_run import Finished

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "enso.ipynb"


@pytest.fixture(scope="module")
def notebook() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_notebook_is_valid_and_stored_without_outputs(notebook: nbformat.NotebookNode) -> None:
    nbformat.validate(notebook)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells) > 5
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


def test_the_result_is_opened_with_plain_xarray(notebook: nbformat.NotebookNode) -> None:
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert "import xarray" in code
    assert "import eo" not in code
    assert "from eo" not in code


@pytest.fixture(scope="module")
def executed(enso: Finished) -> nbformat.NotebookNode:
    """Give the notebook as it is after an analyst ran it from beginning to end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EO_ROOT", str(enso.root))
        copy = nbformat.read(NOTEBOOK, as_version=4)
        resources = {"metadata": {"path": str(NOTEBOOK.parent)}}
        quiet = ["--IPKernelApp.log_level=ERROR"]
        nbclient.NotebookClient(copy, timeout=120, resources=resources, extra_arguments=quiet).execute()
    return copy


def _text(notebook: nbformat.NotebookNode, cell_id: str) -> str:
    outputs = next(cell for cell in notebook.cells if cell.id == cell_id).outputs
    return "".join(one.get("text", "") or one.get("data", {}).get("text/plain", "") for one in outputs)


@pytest.mark.slow
def test_it_shows_the_validation_and_that_the_baseline_is_short(executed: nbformat.NotebookNode) -> None:
    said = _text(executed, "attributes")
    assert "correlation 0.99" in said
    assert "3 years (2007-01/2009-12), not of the 30 years" in said
    assert "values that stand: 162 of 162" in _text(executed, "coverage"), "54 months of 3 regions"


def test_it_draws_warm_and_cold_months_twice(executed: nbformat.NotebookNode) -> None:
    pictures = [
        base64.b64decode(output.data["image/png"])
        for cell in executed.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 2
    for picture in pictures:
        red, _, blue, _ = np.moveaxis(mpimg.imread(io.BytesIO(picture)), -1, 0)
        assert ((red > blue + 0.1).sum() > 3000, (blue > red + 0.1).sum() > 3000) == (True, True)


@pytest.mark.slow
def test_it_traces_the_warmest_month_to_its_file(executed: nbformat.NotebookNode, enso: Finished) -> None:
    said = _text(executed, "trace").splitlines()
    with netCDF4.Dataset(enso.result) as file:
        anomalies = file["sea_surface_temperature_anomaly"][1].tolist()
    years, month = divmod(anomalies.index(max(anomalies)) + 3, 12)  # the series begins in April 2006
    name = f"{2006 + years}-{month + 1:02}"
    assert said[0] == f"warmest month: {name}, {max(anomalies):+.2f} K"
    traced = succeeds("trace", enso.result, "--region", "nino34", "--time", name)
    assert said[1:] == traced.splitlines()


def test_no_cell_prints_an_error(executed: nbformat.NotebookNode) -> None:
    kinds = {output.output_type for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs}
    assert "error" not in kinds
    streams = [output for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [one.text for one in streams if one.get("name") == "stderr"] == []
