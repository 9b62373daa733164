"""What documents, structure files and run folders of somebody else name is not imported, and no job of theirs runs."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow, Job, OutputReference
from monty.json import jsanitize
from pymatgen.core import Lattice, Structure

from hebe.config.structures import CellFile
from hebe.engines.checkpoint import Checkpoint
from hebe.engines.vasp.adoption import read_input
from hebe.exceptions import BadInputError, UntrustedError
from hebe.launchers.inline import run
from hebe.launchers.records import Records
from hebe.report.structures import structure_of
from hebe.science.keys import structure_hash
from hebe.science.structures.given_cells import parse_cell
from hebe.stores import open_store
from hebe.stores.cache import lookup

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, for a user who has trusted nothing yet."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HEBE_TRUST")
    monkeypatch.chdir(project)
    return project


OBJECTS: list[dict[str, Any]] = [
    {"@module": "evil", "@class": "Evil"},
    {"@module": "evil.inner", "@class": "Evil"},
    {"@module": {"$symbol": "evil"}, "@class": "Evil"},
    {"@module": "evil", "@callable": "Evil"},
    {"@module": "os", "@callable": "system"},
    {"@module": "hebe.engines.program", "@callable": "subprocess.run"},
    {"@module": "hebe.__main__", "@class": "main"},
]


def cell_of_two() -> Structure:
    return Structure(Lattice.cubic(4.2), ["Mg", "O"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])


@pytest.fixture(params=range(len(OBJECTS)))
def hidden(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A cell as pymatgen writes it, one of whose sites brings an object of the project folder."""
    (folder / "evil.py").write_text("open('PWNED', 'w')\nclass Evil: ...\n")
    monkeypatch.syspath_prepend(str(folder))
    cell: dict[str, Any] = json.loads(cell_of_two().to_json())
    cell["sites"][1]["properties"] = {"a": [OBJECTS[request.param]]}
    return cell


def test_a_structure_file_of_a_campaign_imports_nothing(hidden: dict[str, Any], folder: Path) -> None:
    text = json.dumps(hidden)
    for body in (text, text.replace("@module", "\\u0040module"), text.replace("evil", "\\u0065vil")):
        with pytest.raises(ValueError, match="would be imported and is not trusted here"):
            parse_cell(CellFile(file="cell.json", text=body))
    assert not (folder / "PWNED").exists()
    assert "evil" not in sys.modules


def test_outputs_of_a_store_make_no_objects_that_nobody_knows(hidden: dict[str, Any], folder: Path) -> None:
    store = open_store(folder)
    store.update(
        {
            "uuid": "a",
            "index": 1,
            "output": {"key": "k", "status": "converged", "energy_scale": "x", "energy_eV": -1.0, "structure": hidden},
            "completed_at": "",
        }
    )
    follower = Job(len, function_args=(OutputReference("a"),))
    summary = run(follower, store=store, root=folder, progress=False)
    assert (summary.jobs["completed"], summary.jobs["failed"]) == (0, 1)
    assert summary.failures[0].error_class == "UntrustedError"
    assert "hebe trust" in summary.failures[0].message
    with pytest.raises(UntrustedError):
        lookup(store, "k")
    with pytest.raises(UntrustedError):
        structure_of({"output": {"structure": hidden}})
    store.close()
    assert not (folder / "PWNED").exists()
    assert "evil" not in sys.modules


def test_what_a_run_folder_of_others_holds_is_not_imported(hidden: dict[str, Any], folder: Path) -> None:
    structure = cell_of_two()
    (folder / "hebe.json").write_text(json.dumps({"task": "static", "fmax": 0.1, "structure": hidden, "facts": {}}))
    with pytest.raises(BadInputError, match="not trusted here"):
        read_input(folder, 0.1)
    record = folder / "state.json"
    state = Checkpoint(record)
    record.write_text(
        json.dumps(
            {
                "version": 1,
                "of": [structure_hash(structure)],
                "start": hidden,
                "magmoms": None,
                "energy_eV": 0.0,
                "forces": [],
                "stress": [],
            }
        )
    )
    with pytest.raises(UntrustedError):
        state.load(structure)
    assert not (folder / "PWNED").exists()
    assert "evil" not in sys.modules


def test_a_store_with_a_diversion_runs_nothing_of_it(folder: Path) -> None:
    """As ``store_with_a_diversion.py``: the colleague who gives away a store adds a job to what one has asked for."""
    store = open_store(folder)
    mine = Job(abs, function_args=(-1,))
    store.update({"uuid": mine.uuid, "index": 1, "output": 1, "completed_at": "2026-01-01T00:00:00"})
    records = Records.beside(store.docs_store, folder)
    call = Flow([Job(os.system, function_args=("touch PWNED",))])
    record = {"uuid": mine.uuid, "index": 1, "name": "x", "hosts": [], "status": "diverted"}
    record |= {"diversion": {"addition": jsanitize(call.as_dict(), strict=True)}, "stop_children": False}
    records.store.update({**record, "stop_jobflow": False, "stored_data": None}, key=["uuid", "index"])
    summary = run(Flow([mine]), store=store, root=folder, progress=False)
    store.close()
    assert summary.failures[0].error_class == "UntrustedError"
    assert not (folder / "PWNED").exists()
    assert not list(folder.rglob("PWNED"))
