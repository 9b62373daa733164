"""Electrostatics against pymatgen; orderings against brute force."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest
from pymatgen.analysis.ewald import EwaldSummation
from pymatgen.core import Lattice, Species, Structure
from pymatgen.transformations.standard_transformations import OrderDisorderedStructureTransformation

from hebe.config.family import load_family
from hebe.exceptions import BadInputError
from hebe.science.structures.ewald import COULOMB, ewald_matrix
from hebe.science.structures.host import host_cell, layer_numbers
from hebe.science.structures.occupancy import energies_of
from hebe.science.structures.orderings import _lowest_found, _site_energies, find_orderings, site_permutations
from hebe.science.structures.supercell import find_supercell

if TYPE_CHECKING:
    from numpy.typing import NDArray


def layered(n: int) -> tuple[Structure, list[int]]:
    cell = host_cell(load_family("layered-o3"), "Li")
    structure = cell.structure.make_supercell(find_supercell(cell, "TM", n).matrix, in_place=False)
    return structure, [i for i, name in enumerate(structure.site_properties["sublattice"]) if name == "A"]


def charges_at(structure: Structure, n_occupied: int, n: int, seed: int = 0) -> NDArray[np.float64]:
    """Neutral with `n_occupied` ions: cations of random charge, oxygens -2."""
    labels = structure.site_properties["sublattice"]
    charges = np.array([{"A": 1.0, "TM": 0.0, "O": -2.0}[name] for name in labels])
    cations = [i for i, name in enumerate(labels) if name == "TM"]
    draw = np.random.default_rng(seed).uniform(2, 4, len(cations))
    charges[cations] = draw + (4 * n - n_occupied - draw.sum()) / len(cations)
    return charges


def pymatgen_energy(structure: Structure, keep: list[int], charges: NDArray[np.float64]) -> float:
    part = Structure.from_sites([structure[i] for i in keep])
    part.add_oxidation_state_by_site([float(charges[i]) for i in keep])
    return float(EwaldSummation(part, acc_factor=16).total_energy)


def test_madelung_constant_of_rock_salt() -> None:
    a = 4.0
    structure = Structure.from_spacegroup("Fm-3m", Lattice.cubic(a), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    q = np.array([1.0 if s.specie.symbol == "Na" else -1.0 for s in structure])
    energy = 0.5 * q @ ewald_matrix(structure) @ q
    assert energy / 4 == pytest.approx(-1.747564594633 * COULOMB / (a / 2), abs=1e-9)


def test_energy_equals_pymatgen() -> None:
    structure, sites = layered(6)
    charges = charges_at(structure, len(sites), 6)
    own = 0.5 * charges @ ewald_matrix(structure) @ charges
    assert own == pytest.approx(pymatgen_energy(structure, list(range(len(structure))), charges), abs=1e-6)


@pytest.mark.parametrize("n_occupied", [2, 3, 4])
def test_differences_between_orderings_equal_pymatgen(n_occupied: int) -> None:
    structure, sites = layered(6)
    charges = charges_at(structure, n_occupied, 6, seed=n_occupied)
    found = find_orderings(structure, sites, n_occupied, charges, keep=4)
    rest = [i for i in range(len(structure)) if i not in sites]
    reference = [pymatgen_energy(structure, sorted([*rest, *occupied]), charges) for occupied in found.occupied]
    differences = np.array(found.energies) - found.energies[0]
    assert differences == pytest.approx(np.array(reference) - reference[0], abs=2e-6)


def test_lowest_of_all_orderings_is_found_first() -> None:
    structure, sites = layered(6)
    charges = charges_at(structure, 3, 6, seed=5)
    found = find_orderings(structure, sites, 3, charges, keep=1)
    rest = [i for i in range(len(structure)) if i not in sites]
    every = [pymatgen_energy(structure, sorted([*rest, *c]), charges) for c in combinations(sites, 3)]
    assert pymatgen_energy(structure, sorted([*rest, *found.occupied[0]]), charges) == pytest.approx(
        min(every), abs=1e-6
    )
    assert found.exhaustive


def test_equivalent_orderings_are_merged() -> None:
    structure, sites = layered(4)
    labels = structure.site_properties["sublattice"]
    charges = np.array([{"A": 1.0, "TM": 3.5, "O": -2.0}[name] for name in labels])
    found = find_orderings(structure, sites, 2, charges, keep=10)
    assert found.n_candidates == len(found.occupied) < 6
    energies = [round(e, 5) for e in found.energies]
    assert len(set(energies)) == len(energies), "two symmetry-equivalent orderings were kept"


def test_full_and_empty_have_one_ordering() -> None:
    structure, sites = layered(3)
    charges = charges_at(structure, 3, 3)
    assert find_orderings(structure, sites, 3, charges, keep=5).occupied == [sites]
    assert find_orderings(structure, sites, 0, charges, keep=5).occupied == [[]]
    with pytest.raises(ValueError, match="do not fit"):
        find_orderings(structure, sites, 4, charges, keep=1)


def test_the_swap_search_finds_the_lowest_of_all() -> None:
    structure, sites = layered(14)
    charges = charges_at(structure, 7, 14, seed=2)
    found = find_orderings(structure, sites, 7, charges, keep=10)
    assert found.exhaustive
    energies = _site_energies(structure, sites, charges, 0.0)
    searched = _lowest_found(energies, [(7,)], site_permutations(structure, sites, charges), 10, seed=0)
    values = np.sort(np.round(energies_of(searched, energies), 6))[:10]
    assert values == pytest.approx(np.array(found.energies), abs=2e-6)


def prisms(n: int) -> tuple[Structure, list[int], NDArray[np.float64]]:
    """A layered cell whose working sites have a second one 1.7 A beside each, as in a P stacking."""
    structure, sites = layered(n)
    step = (structure.lattice.matrix[0] + structure.lattice.matrix[1]) / np.linalg.norm(
        structure.lattice.matrix[0] + structure.lattice.matrix[1]
    )
    for i in sites:
        structure.append(
            "Li", structure[i].coords + 1.7 * step, coords_are_cartesian=True, properties={"sublattice": "A"}
        )
    both = [*sites, *range(len(structure) - len(sites), len(structure))]
    return structure, both, charges_at(structure, n // 2, n)


@pytest.mark.parametrize("n", [6, 16])
def test_sites_that_exclude_each_other_are_never_both_occupied(n: int) -> None:
    structure, sites, charges = prisms(n)
    found = find_orderings(structure, sites, n // 2, charges, keep=5, n_random=3, exclusion=1.9)
    assert found.exhaustive == (n == 6)
    assert len(found.occupied) == 8
    for occupied in found.occupied:
        assert len(occupied) == n // 2
        distances = structure.distance_matrix[np.ix_(occupied, occupied)] + 10 * np.eye(len(occupied))
        assert distances.min() > 1.9


def test_no_room_for_so_many_ions_is_said() -> None:
    structure, sites, charges = prisms(3)
    with pytest.raises(BadInputError, match="5 ions do not fit on 6 sites"):
        find_orderings(structure, sites, 5, charges, keep=1, exclusion=1.9)


@pytest.mark.parametrize(("removal", "numbers"), [("staged", {(0, 4)}), ("even", {(2, 2)})])
def test_layers_are_emptied_one_by_one_or_alike(
    removal: Literal["staged", "even"], numbers: set[tuple[int, int]]
) -> None:
    structure, _ = layered(4)
    structure.make_supercell([1, 1, 2])
    labels = structure.site_properties["sublattice"]
    sites = [i for i, name in enumerate(labels) if name == "A"]
    layers = layer_numbers(structure, sites, host_cell(load_family("layered-o3"), "Li").layer_normal)
    charges = charges_at(structure, 4, 8, seed=1)
    found = find_orderings(structure, sites, 4, charges, keep=4, layers=layers, removal=removal)
    for occupied in found.occupied:
        held = [sum(layers[sites.index(i)] == layer for i in occupied) for layer in (0, 1)]
        assert tuple(sorted(held)) in numbers


@pytest.mark.parametrize(("n", "numbers"), [(8, (4, 4)), (6, (2, 4)), (3, (0, 3))])
def test_layers_of_prisms_are_full_with_half_of_their_sites(n: int, numbers: tuple[int, int]) -> None:
    """P2 with four metals a layer: a layer of eight prisms has room for four ions."""
    cell = host_cell(load_family("layered-p2"), "Na")
    structure = cell.structure.make_supercell(find_supercell(cell, "TM", 8).matrix, in_place=False)
    labels = structure.site_properties["sublattice"]
    sites = [i for i, name in enumerate(labels) if name == "A"]
    layers = layer_numbers(structure, sites, cell.layer_normal)
    charges = np.array([{"A": 1.0, "TM": 4 - n / 8, "O": -2.0}[name] for name in labels])
    found = find_orderings(structure, sites, n, charges, keep=3, exclusion=2.0, layers=layers, removal="staged", room=8)
    for occupied in found.occupied:
        held = [sum(layers[sites.index(i)] == layer for i in occupied) for layer in (0, 1)]
        assert tuple(sorted(held)) == numbers
        distances = structure.distance_matrix[np.ix_(occupied, occupied)] + 10 * np.eye(len(occupied))
        assert distances.min() > 2.0


def test_random_orderings_follow_the_lowest_and_depend_on_the_seed() -> None:
    structure, sites = layered(8)
    charges = charges_at(structure, 4, 8, seed=1)
    first = find_orderings(structure, sites, 4, charges, keep=3, n_random=4, seed=1)
    assert first.n_random == 4
    assert len({tuple(row) for row in first.occupied}) == 7
    assert first.occupied == find_orderings(structure, sites, 4, charges, keep=3, n_random=4, seed=1).occupied
    assert first.occupied[:3] == find_orderings(structure, sites, 4, charges, keep=3, seed=9).occupied


def test_distinct_orderings_are_counted_as_burnside_says() -> None:
    structure, sites = layered(18)
    labels = structure.site_properties["sublattice"]
    charges = np.array([{"A": 1.0, "TM": 3.5, "O": -2.0}[name] for name in labels])
    found = find_orderings(structure, sites, 9, charges, keep=2)
    permutations = site_permutations(structure, sites, charges)
    states = np.array([[i in chosen for i in range(18)] for chosen in combinations(range(18), 9)])
    powers = 2 ** np.arange(18)
    smallest = np.min([states @ powers[p] for p in permutations], axis=0)
    assert found.n_candidates == len(np.unique(smallest))


@pytest.mark.parametrize(("n", "algorithm"), [(6, 0), (6, 2), (8, 0)])
def test_never_worse_than_the_best_of_pymatgen(n: int, algorithm: int) -> None:
    """Ordering by `OrderDisorderedStructureTransformation`, energies of both by pymatgen's Ewald sum."""
    structure, sites = layered(n)
    charges = charges_at(structure, n // 2, n, seed=3)
    species = [
        {Species(site.specie.symbol, float(q)): 0.5 if i in sites else 1.0}
        for i, (site, q) in enumerate(zip(structure, charges, strict=True))
    ]
    partial = Structure(structure.lattice, species, structure.frac_coords)
    best = OrderDisorderedStructureTransformation(algo=algorithm).apply_transformation(partial)
    theirs = float(EwaldSummation(best, acc_factor=16).total_energy)
    found = find_orderings(structure, sites, n // 2, charges, keep=1)
    kept = sorted({*range(len(structure))} - {*sites} | {*found.occupied[0]})
    assert pymatgen_energy(structure, kept, charges) <= theirs + 1e-6
