"""Special quasi-random structures: conservation, brute-force correlations, determinism, quality."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hebe.config.family import load_family
from hebe.science.chemistry.composition import HostComposition
from hebe.science.structures.annealing import count_pairs, pair_cost
from hebe.science.structures.configuration import build_configuration, cell_size, displaced
from hebe.science.structures.host import host_cell
from hebe.science.structures.shells import find_shells
from hebe.science.structures.sqs import find_occupation, finite_targets, quality, site_counts
from hebe.science.structures.supercell import find_supercell

FIVE = {"Ni": Fraction(1, 4), "Cu": Fraction(1, 12), "Fe": Fraction(1, 4), "Mn": Fraction(1, 4), "Ti": Fraction(1, 6)}


def composition(fractions: dict[str, Fraction]) -> HostComposition:
    return HostComposition("layered-o3", "Na", Fraction(1), {"TM": fractions})


@given(st.lists(st.integers(0, 5), min_size=2, max_size=4).filter(lambda n: sum(n) > 0), st.integers(2, 30))
def test_site_counts_sum_and_are_nearest(amounts: list[int], n_sites: int) -> None:
    fractions = {name: Fraction(n, sum(amounts)) for name, n in zip("ABCD", amounts, strict=False)}
    counts = site_counts(fractions, n_sites)
    assert sum(counts.values()) == n_sites
    for name, x in fractions.items():
        assert abs(counts.get(name, 0) - x * n_sites) < 1


@settings(max_examples=3)
@given(st.permutations([0] * 6 + [1] * 4 + [2] * 2))
def test_pair_counts_equal_a_brute_force_count_over_images(occupation: list[int]) -> None:
    cell = host_cell(load_family("layered-o3"), "Na")
    structure = cell.structure.make_supercell(find_supercell(cell, "TM", 12).matrix, in_place=False)
    sites = [i for i, name in enumerate(structure.site_properties["sublattice"]) if name == "TM"]
    shells = find_shells(structure, sites, 2)
    counts = count_pairs(np.array(occupation), shells.neighbours, shells.offsets, 3)
    for s, distance in enumerate(shells.distances):
        brute = np.zeros((3, 3))
        for a, i in enumerate(sites):
            for b, j in enumerate(sites):
                for image in np.ndindex(7, 7, 7):
                    shift = np.array(image) - 3
                    vector = structure[j].frac_coords + shift - structure[i].frac_coords
                    if abs(np.linalg.norm(vector @ structure.lattice.matrix) - distance) < 0.02:
                        brute[occupation[a], occupation[b]] += 1
        assert np.array_equal(brute, counts[s])


def test_the_search_finds_the_best_of_all_arrangements_of_a_small_cell() -> None:
    cell = host_cell(load_family("layered-o3"), "Na")
    structure = cell.structure.make_supercell(find_supercell(cell, "TM", 7).matrix, in_place=False)
    sites = [i for i, name in enumerate(structure.site_properties["sublattice"]) if name == "TM"]
    shells = find_shells(structure, sites, 2)
    counts = {"A": 3, "B": 2, "C": 2}
    found = find_occupation(counts, shells, seed=1)
    weights = np.array([1.0, 0.5])
    start = np.repeat([0, 1, 2], [3, 2, 2])
    targets = finite_targets(start, 3, shells)
    best = min(
        float(pair_cost(count_pairs(np.array(p), shells.neighbours, shells.offsets, 3), targets, weights))
        for p in set(permutations(start.tolist()))
    )
    assert found.cost == pytest.approx(best, abs=1e-9)


def test_finite_targets_are_the_mean_over_all_arrangements() -> None:
    cell = host_cell(load_family("layered-o3"), "Na")
    structure = cell.structure.make_supercell(find_supercell(cell, "TM", 6).matrix, in_place=False)
    sites = [i for i, name in enumerate(structure.site_properties["sublattice"]) if name == "TM"]
    shells = find_shells(structure, sites, 1)
    start = np.repeat([0, 1, 2], [3, 2, 1])
    every = [np.array(p) for p in set(permutations(start.tolist()))]
    mean = np.mean([count_pairs(p, shells.neighbours, shells.offsets, 3) for p in every], axis=0)
    assert mean == pytest.approx(finite_targets(start, 3, shells))


def test_a_configuration_conserves_the_composition_and_is_reproducible() -> None:
    first = build_configuration(composition(FIVE), "TM", n_sites=12, index=0, seed=7, radius=0.64)
    again = build_configuration(composition(FIVE), "TM", n_sites=12, index=0, seed=7, radius=0.64)
    other = build_configuration(composition(FIVE), "TM", n_sites=12, index=1, seed=7, radius=0.64)
    assert first.structure is not None
    assert first.structure == again.structure
    assert first.key == again.key != other.key
    assert first.structure != other.structure
    labels = first.structure.site_properties["sublattice"]
    found = Counter(s.specie.symbol for s, name in zip(first.structure, labels, strict=True) if name == "TM")
    assert found == {"Ni": 3, "Cu": 1, "Fe": 3, "Mn": 3, "Ti": 2}
    assert first.n_fu == 12
    assert first.deviation == 0
    assert first.quality["TM"].total < 0.75 * first.quality["TM"].random_total


def test_one_species_has_one_configuration() -> None:
    assert build_configuration(composition({"Fe": Fraction(1)}), "TM", n_sites=4, index=0).status == "converged"
    assert build_configuration(composition({"Fe": Fraction(1)}), "TM", n_sites=4, index=1).status == "absent"


def test_configurations_that_symmetry_makes_equal_count_once() -> None:
    # two species half and half on four sites of a triangular sheet: all arrangements are rows
    halves = composition({"Ni": Fraction(1, 2), "Mn": Fraction(1, 2)})
    found = [build_configuration(halves, "TM", n_sites=4, index=i).status for i in range(3)]
    assert found == ["converged", "absent", "absent"]
    five = [build_configuration(composition(FIVE), "TM", n_sites=12, index=i, seed=7) for i in range(4)]
    assert {doc.status for doc in five} == {"converged"}


def test_a_cell_grows_to_hold_the_composition_or_says_how_far_off_it_is() -> None:
    fifths = composition({e: Fraction(1, 5) for e in ("Cu", "Ni", "Fe", "Mn", "Ti")})
    assert cell_size(fifths, 12) == 15
    odd = composition({"Fe": Fraction(1, 37), "Mn": Fraction(36, 37)})
    assert cell_size(odd, 12) == 12
    built = build_configuration(odd, "TM", n_sites=12)
    assert built.deviation == pytest.approx(1 / 37)
    assert built.realised["TM"] == {"Mn": "1"}


def test_perfect_order_scores_as_known() -> None:
    # A 50:50 row arrangement on a triangular lattice: of 6 neighbours 2 are like, 4 unlike in the first shell.
    cell = host_cell(load_family("layered-o3"), "Na")
    structure = cell.structure.make_supercell([[2, 0, -2], [0, 2, -2], [1, 1, 1]], in_place=False)
    sites = [i for i, name in enumerate(structure.site_properties["sublattice"]) if name == "TM"]
    shells = find_shells(structure, sites, 1)
    found = find_occupation({"A": 2, "B": 2}, shells, seed=0)
    score = quality(found, shells)
    n, pair = 4, 4 / 6 / 2
    assert score.largest == pytest.approx(abs(1 - pair / (n / (n - 1) * 0.25)))
    assert score.n_sites == 4


def test_displacements_have_their_length_and_depend_on_the_seed_alone() -> None:
    cell = host_cell(load_family("rocksalt")).structure
    first, second, other = displaced(cell, 0.02, "a"), displaced(cell, 0.02, "a"), displaced(cell, 0.02, "b")
    assert np.linalg.norm(first.cart_coords - cell.cart_coords, axis=1) == pytest.approx(0.02)
    assert np.array_equal(first.cart_coords, second.cart_coords)
    assert not np.allclose(first.cart_coords, other.cart_coords)
    assert displaced(cell, 0.0, "a") == cell
