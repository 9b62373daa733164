"""Bonds between oxygen atoms: peroxides and superoxides of the alkali metals, the molecule, oxides."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.science.hulls.working_metals import package_phases
from hebe.science.structures.oxygen_bonds import OxygenBonds, oxygen_bonds, oxygen_pairs


def oxygens(structure: Structure) -> list[int]:
    return [i for i, site in enumerate(structure) if getattr(site.specie, "symbol", "") == "O"]


@pytest.mark.parametrize(
    ("formula", "species", "length"),
    [("Na2O2", "peroxide", 1.49), ("K2O2", "peroxide", 1.54), ("KO2", "superoxide", 1.28)],
)
def test_peroxides_and_superoxides_are_told_apart(formula: str, species: str, length: float) -> None:
    """Oxygen is all in pairs there; lengths of the crystals: Foeppl (1957), Abrahams and Kalnajs (1955)."""
    found = next(p for name, p in package_phases().items() if name.split("-")[0] == formula)
    structure = found.structure()
    shortest, pairs = oxygen_pairs(structure, oxygens(structure))
    assert shortest == pytest.approx(length, abs=0.06)
    assert pairs == {"molecule": 0, "superoxide": 0, "peroxide": 0, "short": 0, species: len(oxygens(structure)) // 2}


def test_a_molecule_in_a_box_is_one() -> None:
    box = Structure(Lattice.cubic(12), ["O", "O"], np.array([[0, 0, 0], [0, 0, 1.2075 / 12]]))
    shortest, pairs = oxygen_pairs(box, [0, 1])
    assert shortest == pytest.approx(1.2075)
    assert pairs == {"molecule": 1, "superoxide": 0, "peroxide": 0, "short": 0}


@pytest.mark.parametrize("name", ["CoO", "LiCoO2-O3", "Mn2O3-bixbyite", "NaNiO2"])
def test_an_oxide_has_no_pairs(name: str) -> None:
    structure = package_phases()[name].structure()
    shortest, pairs = oxygen_pairs(structure, oxygens(structure))
    assert shortest is not None
    assert shortest > 2.4
    assert not any(pairs.values())


def test_pairs_across_the_faces_of_a_cell_count_once() -> None:
    cell = Structure(Lattice.cubic(8), ["O", "O"], [[0.02, 0.5, 0.5], [0.96, 0.5, 0.5]])
    shortest, pairs = oxygen_pairs(cell, [0, 1])
    assert shortest == pytest.approx(0.06 * 8)
    assert pairs["molecule"] == 1


def test_limits_lie_between_the_lengths_of_the_species() -> None:
    data = oxygen_bonds()
    ends = {one.name: one.up_to for one in data.species}
    assert 1.2075 < ends["molecule"] <= 1.25
    assert 1.35 < ends["superoxide"] < 1.40
    assert 1.50 < ends["peroxide"] < data.short.below
    with pytest.raises(ValueError, match="order of their distances"):
        OxygenBonds.model_validate({**data.model_dump(), "short": {"below": 1.5, "source": "vaska"}})
    with pytest.raises(ValueError, match="no source is called nobody"):
        OxygenBonds.model_validate({**data.model_dump(), "short": {"below": 2.4, "source": "nobody"}})
