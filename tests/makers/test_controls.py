"""Comparison of candidates with their controls: what is said of cells that differ in size."""

from __future__ import annotations

from typing import Any

import pytest

from hebe.makers.controls import CompareControlsMaker
from hebe.report.controls import control_tables
from hebe.schemas.candidate import CandidateDoc
from hebe.schemas.controls import ControlDoc, ControlsDoc


def document(name: str) -> CandidateDoc:
    known = {"campaign": "c", "status": "complete", "formula": name, "family": "layered-o3", "x_made": 1.0}
    return CandidateDoc(**known, candidate_id=name, composition={}, entropy_R={}, engine="e", energy_scale="s")


@pytest.mark.parametrize(("n_fu", "of_n_fu", "warned"), [(12, 15, True), (12, 12, False), (None, None, False)])
def test_cells_of_other_sizes_are_told(n_fu: int | None, of_n_fu: int | None, *, warned: bool) -> None:
    """Energies of a defect depend on how far its images are."""
    control = ControlDoc(of="a", of_formula="a", element="Ni", candidate_id="b", n_fu=n_fu, of_n_fu=of_n_fu)
    chosen = ControlsDoc(campaign="c", stage=0, method="leave-one-out", controls=[control])
    make: Any = CompareControlsMaker.make
    made = make.original(CompareControlsMaker(), chosen, [document("a")], [document("b")])
    (compared,) = made.controls
    assert (compared.status, bool(compared.warnings)) == ("complete", warned)
    if warned:
        (tables,) = control_tables(made)
        (row,) = tables.controls
        assert "12 formula units, those of the candidate 15" in row[-1]
