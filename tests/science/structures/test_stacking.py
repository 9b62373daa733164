"""Stackings made of close-packed layers by letter, recognised as they are and after rough treatment."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.family import load_family
from hebe.science.structures.configuration import displaced
from hebe.science.structures.host import host_cell
from hebe.science.structures.stacking import recognise_stacking
from hebe.science.structures.supercell import find_supercell

A, SLAB, GAP = 3.0, 2.0, 3.4
POSITION = {"A": 0.0, "B": 1 / 3, "C": 2 / 3}

# anion layers of each slab, after Delmas, Fouassier, Hagenmuller, Physica B+C 99, 81 (1980)
STACKINGS = {
    "O3": ["AB", "CA", "BC"],
    "P3": ["AB", "BC", "CA"],
    "O1": ["AB"],
    "P2": ["AB", "BA"],
    "O2": ["AB", "CB"],
    "O2 ": ["AB", "AC"],
}


def stacked(slabs: list[str]) -> tuple[Structure, list[int]]:
    """Cell of MO2 slabs; the letter that a slab leaves out is where its cations sit."""
    height = len(slabs) * (SLAB + GAP)
    species, coords = list[str](), []
    for i, slab in enumerate(slabs):
        low, high = slab[0], slab[1]
        bottom = i * (SLAB + GAP)
        middle = ({"A", "B", "C"} - {low, high}).pop()
        for element, letter, z in (("O", low, 0.0), ("Mn", middle, SLAB / 2), ("O", high, SLAB)):
            species.append(element)
            coords.append([POSITION[letter], 2 * POSITION[letter], (bottom + z) / height])
    structure = Structure(Lattice.hexagonal(A, height), species, np.array(coords))
    return structure, [i for i, element in enumerate(species) if element == "Mn"]


@pytest.mark.parametrize("name", STACKINGS)
def test_every_stacking_is_recognised(name: str) -> None:
    structure, slab = stacked(STACKINGS[name])
    found = recognise_stacking(structure, np.array([0.0, 0.0, 1.0]), slab)
    assert found is not None
    assert found.name == name.strip()


@pytest.mark.parametrize("name", STACKINGS)
def test_displacements_strain_and_another_origin_change_nothing(name: str) -> None:
    structure, _ = stacked(STACKINGS[name])
    structure.make_supercell([[3, 0, 0], [1, 2, 0], [0, 0, 1]])
    structure.translate_sites(range(len(structure)), [0.11, 0.23, 0.37], to_unit_cell=True)
    moved = displaced(structure, 0.15, name)
    moved = Structure(Lattice(moved.lattice.matrix @ np.diag([1.05, 0.96, 1.04])), moved.species, moved.frac_coords)
    slab = [i for i, site in enumerate(moved) if site.specie.symbol == "Mn"]
    found = recognise_stacking(moved, np.array([0.0, 0.0, 1.0]), slab)
    assert found is not None
    assert found.name == name.strip()


def test_a_family_has_the_stacking_that_its_name_says() -> None:
    cell = host_cell(load_family("layered-o3"), "Na")
    structure = cell.structure.make_supercell(find_supercell(cell, "TM", 12).matrix, in_place=False)
    structure.replace_species({"Li": "Na", "Be": "Mn", "B": "O"})
    assert cell.layer_normal is not None
    slab = [i for i, name in enumerate(structure.site_properties["sublattice"]) if name == "TM"]
    found = recognise_stacking(structure, cell.layer_normal, slab)
    assert found is not None
    assert found.name == "O3"


def test_an_intergrowth_names_both_kinds_and_a_rock_salt_none() -> None:
    structure, slab = stacked(["AB", "BA", "CB"])
    found = recognise_stacking(structure, np.array([0.0, 0.0, 1.0]), slab)
    assert found is not None
    assert "+" in found.name
    cubic = host_cell(load_family("rocksalt")).structure.replace_species({"Li": "Mg", "Be": "O"}, in_place=False)
    assert recognise_stacking(cubic, np.array([1.0, 1.0, 1.0]) / np.sqrt(3), [0]) is None


@pytest.mark.parametrize(("name", "stacking"), [("layered-o3", "O3"), ("layered-p2", "P2"), ("layered-p3", "P3")])
def test_families_have_the_stacking_of_their_name(name: str, stacking: str) -> None:
    cell = host_cell(load_family(name), "Na")
    supercell = cell.structure.make_supercell(find_supercell(cell, "TM", 6).matrix, in_place=False)
    slab = [i for i, label in enumerate(supercell.site_properties["sublattice"]) if label == "TM"]
    renamed = Structure(
        supercell.lattice,
        [{"A": "Na", "TM": "Mn", "O": "O"}[label] for label in supercell.site_properties["sublattice"]],
        supercell.frac_coords,
    )
    assert cell.layer_normal is not None
    found = recognise_stacking(renamed, cell.layer_normal, slab)
    assert found is not None
    assert found.name == stacking


@pytest.mark.parametrize("name", ["layered-p2", "layered-p3"])
def test_prisms_of_p_stackings(name: str) -> None:
    """Six O at one distance, all straight above each other; the nearest prisms are a / sqrt(3) apart."""
    family = load_family(name)
    cell = host_cell(family, "Na").structure
    a = family.lattice["Na"].parameters["a"]
    labels = cell.site_properties["sublattice"]
    for i, label in enumerate(labels):
        if label != "A":
            continue
        near = cell.get_neighbors(cell[i], 2.7)
        oxygens = [n for n in near if labels[n.index] == "O"]
        assert len(oxygens) == 6
        assert {round(n.nn_distance, 6) for n in oxygens} == {round(oxygens[0].nn_distance, 6)}
        above = {tuple(np.round(n.coords[:2], 4)) for n in oxygens}
        assert len(above) == 3
        others = [n for n in near if labels[n.index] == "A"]
        assert len(others) == 3
        assert min(n.nn_distance for n in others) == pytest.approx(a / 3**0.5)
        assert min(n.nn_distance for n in others) < family.sublattices["A"].exclusion
