"""The notebook among the examples runs from its first cell to its last, and shows what it says."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

import pytest

NOTEBOOK: Final = Path(__file__).parents[2] / "examples" / "sodium.ipynb"


def test_the_notebook_is_kept_without_outputs() -> None:
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in notebook.cells)


@pytest.mark.slow
def test_the_notebook_runs_and_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()  # a cell that fails raises
    shown = [html_of(cell) for cell in notebook.cells if cell.cell_type == "code"]
    campaign, _, results, table, candidate, _, structure = shown
    assert "Layered oxide" in campaign
    assert "sodium-notebook: " in results
    assert "V" in results
    assert "<table" in table
    assert "<svg" in candidate
    assert "<iframe" in structure
    assert (tmp_path / "sodium-notebook" / "voltage.pdf").read_bytes().startswith(b"%PDF")


def html_of(cell: Any) -> str:
    return "".join(str(out.get("data", {}).get("text/html", "")) for out in cell.outputs)
