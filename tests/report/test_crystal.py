"""What the viewer is given: the cell as it is, with elements told apart."""

from __future__ import annotations

import json

import pytest
from pymatgen.core import Lattice, Structure

from hebe.report.crystal import anions_of, viewer_cell


def rock_salt() -> Structure:
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])


def test_the_cell_is_that_of_the_structure() -> None:
    cell = viewer_cell(rock_salt(), None)
    assert cell is not None
    assert cell["lattice"] == [[4.2, 0, 0], [0, 4.2, 0], [0, 0, 4.2]]
    assert sorted(site[0] for site in cell["sites"]) == ["Mg"] * 4 + ["O"] * 4
    assert (cell["centres"], cell["ligands"]) == (["Mg"], ["O"])
    assert 2.1 < cell["bonds"]["Mg"] < 2.1 * 2**0.5, "to the nearest oxygen, not to the next magnesium"
    assert json.loads(json.dumps(cell)) == cell


@pytest.mark.parametrize(
    ("elements", "anions"),
    [
        (["Na", "Fe", "O"], ["O"]),
        (["Li", "Fe", "P", "O"], ["O"]),
        (["Li", "Mn", "O", "F"], ["F", "O"]),
        (["Na", "Fe", "C", "N"], ["C", "N"]),
        (["Na", "P"], ["P"]),
        (["Na", "Sn"], []),
    ],
)
def test_anions(elements: list[str], anions: list[str]) -> None:
    assert sorted(anions_of(elements)) == sorted(anions)


def test_large_cells_are_left_out() -> None:
    assert viewer_cell(rock_salt().make_supercell([5, 5, 4]), None) is None
