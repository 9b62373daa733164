"""Empty sites: close-packed anions have two tetrahedra and one octahedron each, prisms share their anions."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.science.hulls.working_metals import package_phases
from hebe.science.structures.voids import voids


def phase(name: str) -> Structure:
    structure = package_phases()[name].structure()
    structure.remove_oxidation_states()
    return structure


def kinds(structure: Structure) -> Counter[int]:
    return Counter(one.anions for one in voids(structure))


@pytest.mark.parametrize("name", ["CoO", "LiCoO2-O3", "LiMn2O4-spinel", "NaNiO2"])
def test_close_packed_anions_have_two_tetrahedra_and_one_octahedron_each(name: str) -> None:
    structure = phase(name)
    n = sum(site.specie.symbol == "O" for site in structure)
    assert kinds(structure) == {4: 2 * n, 6: n}


def test_two_anion_layers_in_registry_make_two_prisms_per_metal() -> None:
    """NaCoO2 P2: an octahedron and two tetrahedra of each slab, two prisms of each gap."""
    assert kinds(phase("NaCoO2-P2")) == {4: 4, 6: 2 + 4}


def test_the_centre_of_an_octahedron_is_as_far_from_all_anions() -> None:
    """Rock salt of a = 4.26 A: a / 2 to six anions, a sqrt(3) / 4 to four."""
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.26), ["Co", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    radii = {one.anions: one.radius for one in voids(cell)}
    assert radii[6] == pytest.approx(2.13)
    assert radii[4] == pytest.approx(4.26 * np.sqrt(3) / 4)


@pytest.mark.parametrize("seed", range(4))
def test_a_distorted_larger_cell_has_as_many(seed: int) -> None:
    structure = phase("LiCoO2-O3") * (3, 2, 1)
    moves = np.random.default_rng(seed).normal(size=(len(structure), 3))
    moves *= 0.12 / np.linalg.norm(moves, axis=1)[:, None]
    moved = Structure(
        structure.lattice, structure.species, structure.frac_coords + moves @ np.linalg.inv(structure.lattice.matrix)
    )
    assert kinds(moved) == {4: 24, 6: 12}


@pytest.mark.parametrize("size", [(4, 1, 1), (4, 2, 1), (4, 2, 2)])
def test_the_last_bit_of_coordinates_orders_nothing(size: tuple[int, int, int]) -> None:
    """Places of these cells lie halfway between thousandths."""
    structure, random = phase("CoO") * size, np.random.default_rng(0)
    noise = [random.uniform(-1e-15, 1e-15, size=(len(structure), 3)) for _ in range(6)]
    cells = [Structure(structure.lattice, structure.species, structure.frac_coords + one) for one in noise]
    places = [np.array([one.place for one in voids(cell)]) for cell in cells]
    for other in places[1:]:
        apart = other - places[0]
        assert np.abs(apart - np.round(apart)).max() < 1e-6


def test_cations_do_not_matter_and_what_has_no_anions_has_no_voids() -> None:
    structure = phase("LiCoO2-O3")
    bare = structure.copy()
    bare.remove_species(["Li"])
    assert kinds(bare) == kinds(structure)
    assert voids(Structure(Lattice.cubic(4.2), ["Na"], [[0, 0, 0]])) == []
