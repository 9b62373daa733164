"""Special quasi-random structures: conservation, brute-force correlations, determinism, certified optima, quality."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from fractions import Fraction
from itertools import combinations, permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.analysis.ewald import EwaldSummation
from pymatgen.core import Lattice, Structure

from hebe.config.family import load_family
from hebe.exceptions import BadInputError
from hebe.science.chemistry.composition import HostComposition
from hebe.science.structures import Objective, generate_sqs
from hebe.science.structures.annealing import anneal, coulomb_energy, count_pairs, count_triplets, total_cost, workspace
from hebe.science.structures.bound import pair_bound
from hebe.science.structures.channels import find_triangles, mixed_sites
from hebe.science.structures.compiled import random_state
from hebe.science.structures.configuration import build_configuration, cell_size, displaced
from hebe.science.structures.host import host_cell, layer_numbers
from hebe.science.structures.objective import Problem, alpha_range, build_problem
from hebe.science.structures.sqs import find_arrangement, quality, site_counts
from hebe.science.structures.supercell import find_supercell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FIVE = {"Ni": Fraction(1, 4), "Cu": Fraction(1, 12), "Fe": Fraction(1, 4), "Mn": Fraction(1, 4), "Ti": Fraction(1, 6)}


def composition(fractions: dict[str, Fraction]) -> HostComposition:
    return HostComposition("layered-o3", "Na", Fraction(1), {"TM": fractions})


def layered(n: int) -> tuple[Structure, list[int]]:
    cell = host_cell(load_family("layered-o3"), "Na")
    structure = cell.structure.make_supercell(find_supercell(cell, "TM", n).matrix, in_place=False)
    return structure, [i for i, name in enumerate(structure.site_properties["sublattice"]) if name == "TM"]


def problem(n: int, counts: Mapping[str, int], objective: Objective | None = None) -> Problem:
    structure, sites = layered(n)
    return build_problem(structure, mixed_sites([sites]), [counts], objective or Objective())


def oxyfluoride(objective: Objective) -> tuple[Structure, Problem]:
    cell = Structure(Lattice(2.1 * (np.ones((3, 3)) - np.eye(3))), ["Mg", "O"], np.array([[0, 0, 0], [0.5, 0.5, 0.5]]))
    cell.make_supercell([[2, 0, 0], [0, 2, 0], [0, 0, 3]])
    metals = [i for i, site in enumerate(cell) if site.specie.symbol == "Mg"]
    anions = [i for i, site in enumerate(cell) if site.specie.symbol == "O"]
    counts = [{"Li": 6, "Mn": 4, "Ti": 2}, {"O": 9, "F": 3}]
    charge = {(0, "Li"): 1.0, (0, "Mn"): 3.0, (0, "Ti"): 4.0, (1, "O"): -2.0, (1, "F"): -1.0}
    charges = (charge, np.zeros(len(cell)))
    return cell, build_problem(cell, mixed_sites([metals, anions]), counts, objective, charges)


def brute_force_pairs(
    structure: Structure, sites: list[int], kinds: NDArray[np.int64], distance: float, n_kinds: int
) -> NDArray[np.float64]:
    """Ordered pairs of kinds at a distance, by a loop over periodic images."""
    counts = np.zeros((n_kinds, n_kinds))
    images = np.array(list(np.ndindex(7, 7, 7))) - 3
    for a, i in enumerate(sites):
        for b, j in enumerate(sites):
            vectors = (structure[j].frac_coords + images - structure[i].frac_coords) @ structure.lattice.matrix
            counts[kinds[a], kinds[b]] += np.sum(np.abs(np.linalg.norm(vectors, axis=1) - distance) < 0.02)
    return counts


def after_annealing(given: Problem, n_steps: int) -> tuple[float, NDArray[np.int64]]:
    """Cost that a hot run kept up to date, and its arrangement."""
    tables = (given.pairs, given.triplets, given.coulomb)
    occupation, best = given.start.copy(), given.start.copy()
    work, cost = workspace(occupation, *tables), total_cost(occupation, *tables)
    hot, draws = np.full(4, 5.0), -np.log(np.linspace(0.01, 0.99, 64))
    lowest, steps = anneal(
        occupation, best, cost, work, given.groups, *tables, hot, draws, n_steps, random_state(0), -np.inf
    )
    assert steps == n_steps
    assert np.array_equal(work.counts, count_pairs(occupation, given.pairs))
    if given.triplets is not None:
        assert work.three == pytest.approx(count_triplets(occupation, given.triplets), abs=1e-9)
    if given.coulomb is not None:
        field = given.coulomb.field + given.coulomb.ewald @ given.coulomb.charge[occupation]
        assert work.potential == pytest.approx(field, abs=1e-6)
    return float(lowest), best


@given(st.lists(st.integers(0, 5), min_size=2, max_size=4).filter(lambda n: sum(n) > 0), st.integers(2, 30))
def test_site_counts_sum_and_are_nearest(amounts: list[int], n_sites: int) -> None:
    fractions = {name: Fraction(n, sum(amounts)) for name, n in zip("ABCD", amounts, strict=False)}
    counts = site_counts(fractions, n_sites)
    assert sum(counts.values()) == n_sites
    for name, x in fractions.items():
        assert abs(counts.get(name, 0) - x * n_sites) < 1


@settings(max_examples=3, deadline=None)
@given(st.permutations([0] * 6 + [1] * 4 + [2] * 2))
def test_pair_counts_equal_a_brute_force_count_over_images(occupation: list[int]) -> None:
    structure, sites = layered(12)
    found = problem(12, {"A": 6, "B": 4, "C": 2})
    kinds = np.array(occupation)
    counts = count_pairs(kinds, found.pairs)
    for c, channel in enumerate(found.channels):
        brute = brute_force_pairs(structure, sites, kinds, channel.distance, 3)
        brute[np.diag_indices(3)] /= 2
        assert np.array_equal(brute, counts[c])


@pytest.mark.parametrize(
    "objective", [Objective(cross_shells=2), Objective(cross_shells=1, triplets=0.7, electrostatics=-0.3)]
)
def test_costs_kept_up_to_date_equal_costs_counted_afresh(objective: Objective) -> None:
    _, given = oxyfluoride(objective)
    cost, occupation = after_annealing(given, 2000)
    assert cost == pytest.approx(total_cost(occupation, given.pairs, given.triplets, given.coulomb), abs=1e-8)
    assert cost < total_cost(given.start, given.pairs, given.triplets, given.coulomb)
    for sub in (0, 1):
        here = given.sites.sublattice == sub
        assert Counter(occupation[here].tolist()) == Counter(given.start[here].tolist())


def test_triangles_equal_a_brute_force_count() -> None:
    structure, given = oxyfluoride(Objective(shells=1, cross_shells=0, triplets=1.0))
    assert given.triplets is not None
    counts = count_triplets(given.start, given.triplets)
    assert counts.sum() / 3 == 2 * 12 * 8  # eight triangles of nearest neighbours per site of an fcc lattice
    kinds, total = given.start, Counter[tuple[int, ...]]()
    part = Structure.from_sites([structure[int(i)] for i in given.sites.indices])
    nearest = structure.lattice.volume ** (1 / 3)
    for i in range(12):
        around = [x for x in part.get_neighbors(part[i], 3.0) if x.index < 12 and x.nn_distance < nearest]
        for x, y in combinations(around, 2):
            if abs(x.distance_from_point(y.coords) - 2.1 * np.sqrt(2)) < 0.01:
                total[tuple(sorted((int(kinds[i]), int(kinds[x.index]), int(kinds[y.index]))))] += 1
    for multiset, n in total.items():
        assert counts[:, given.triplets.multiset[multiset]].sum() == n


def test_energies_of_arrangements_differ_as_pymatgen_says() -> None:
    structure, given = oxyfluoride(Objective(electrostatics=1.0))
    assert given.coulomb is not None
    occupation = np.r_[np.roll(given.start[:12], 5), np.roll(given.start[12:], 2)]
    energies = []
    for kinds in (given.start, occupation):
        cell = structure.copy()
        for site, kind in zip(given.sites.indices, kinds, strict=True):
            cell[int(site)] = given.kinds[kind][1]
        cell.add_oxidation_state_by_element({"Li": 1, "Mn": 3, "Ti": 4, "O": -2, "F": -1})
        energies.append(float(EwaldSummation(cell, acc_factor=16).total_energy))
    own = coulomb_energy(occupation, given.coulomb) - coulomb_energy(given.start, given.coulomb)
    assert own == pytest.approx(energies[1] - energies[0], abs=1e-6)


def test_the_search_finds_the_best_of_all_arrangements_of_a_small_cell() -> None:
    given = problem(7, {"A": 3, "B": 2, "C": 2})
    found = find_arrangement(given, seed=1)
    every = {tuple(p) for p in permutations(given.start.tolist())}
    best = min(total_cost(np.array(p), given.pairs, None, None) for p in every)
    assert found.cost == pytest.approx(best, abs=1e-9)
    assert found.converged
    assert pair_bound(given) <= best + 1e-9


@pytest.mark.parametrize("counts", [{"A": 6, "B": 4, "C": 2}, {"A": 5, "B": 5, "C": 2}])
def test_no_arrangement_is_below_the_bound(counts: dict[str, int]) -> None:
    given = problem(12, counts)
    bound, rng = pair_bound(given), np.random.default_rng(0)
    draws = [total_cost(rng.permutation(given.start), given.pairs, None, None) for _ in range(2000)]
    assert min(draws) >= bound - 1e-9
    assert find_arrangement(given, 0).cost >= bound - 1e-9


def test_64_cations_of_six_species_reach_the_bound_on_whole_pair_counts() -> None:
    # an integer program on the pair counts of this cell gives 2.126; random arrangements have 11.1
    cell = Structure(Lattice(2.1 * (np.ones((3, 3)) - np.eye(3))), ["Mg"], [[0, 0, 0]])
    cell.make_supercell([4, 4, 4])
    counts = {"A": 32, "B": 6, "C": 6, "D": 6, "E": 7, "F": 7}
    objective = Objective(weights=(1.0, 1.0), reference="infinite")
    given = build_problem(cell, mixed_sites([list(range(64))]), [counts], objective)
    found = find_arrangement(given, seed=0, n_steps=30_000_000)
    assert found.bound == pytest.approx(2.126, abs=1e-3)
    assert found.certified
    assert quality(given, found.kinds, 0).total_all_pairs == pytest.approx(found.cost, abs=1e-9)


def test_finite_targets_are_the_mean_over_all_arrangements() -> None:
    given = problem(6, {"A": 3, "B": 2, "C": 1}, Objective(shells=3, weights=(1.0, 1.0, 1.0)))
    every = [np.array(p) for p in {tuple(p) for p in permutations(given.start.tolist())}]
    mean = np.mean([count_pairs(p, given.pairs) for p in every], axis=0)
    counted = given.pairs.scale > 0
    assert mean[counted] == pytest.approx(1 / given.pairs.scale[counted])
    assert mean[~counted] == pytest.approx(0)


def test_finite_targets_keep_the_composition_of_every_layer() -> None:
    structure, sites = layered(4)
    structure.make_supercell([1, 1, 2])
    sites = [i for i, name in enumerate(structure.site_properties["sublattice"]) if name == "TM"]
    layers = layer_numbers(structure, sites, host_cell(load_family("layered-o3"), "Na").layer_normal)
    assert sorted(Counter(layers).values()) == [4, 4]
    counts = [{"A": 3, "B": 1}, {"A": 2, "B": 2}]
    given = build_problem(structure, mixed_sites([sites], [layers]), counts, Objective())
    group = given.sites.groups
    every = []
    for first in combinations(range(4), 1):
        for second in combinations(range(4), 2):
            kinds = np.zeros(8, dtype=np.int64)
            kinds[np.flatnonzero(group == 0)[list(first)]] = 1
            kinds[np.flatnonzero(group == 1)[list(second)]] = 1
            every.append(count_pairs(kinds, given.pairs))
    mean, counted = np.mean(every, axis=0), given.pairs.scale > 0
    weights = np.array([1.0, 0.5])[:, None, None] * np.ones((2, 2, 2))
    assert mean[counted] == pytest.approx(weights[counted] / given.pairs.scale[counted])
    found = find_arrangement(given, 1).kinds
    assert Counter(found[group == 0].tolist()) == {0: 3, 1: 1}


def test_a_wanted_short_range_order_is_reached() -> None:
    # rows of equal species: of six nearest neighbours in a sheet two are like and four unlike
    objective = Objective(shells=1, targets={("A", "B", 1): -1 / 3}, reference="infinite")
    given = problem(12, {"A": 6, "B": 6}, objective)
    found = find_arrangement(given, 0)
    counts = count_pairs(found.kinds, given.pairs)[0]
    assert 1 - counts[0, 1] / (12 * 6 * 0.25) == pytest.approx(-1 / 3, abs=0.06)
    low, high = alpha_range(0.5, 0.5, like=False)
    assert (low, high) == (-1, 1)
    with pytest.raises(BadInputError, match=r"between -1 and 1 .*got -1.5 \(nearest: -1\)"):
        problem(12, {"A": 6, "B": 6}, Objective(targets={("A", "B", 1): -1.5}))
    with pytest.raises(BadInputError, match="nearest: shell 2"):
        Objective(targets={("A", "B", 3): 0.0})


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
    assert first.search is not None
    assert first.search.converged


def test_the_number_of_threads_decides_nothing() -> None:
    code = (
        "from hebe.science.structures import generate_sqs\n"
        "found = generate_sqs('rocksalt', {'M': {'Mg': '1/2', 'Ni': '1/4', 'Co': '1/4'}}, 16, seed=3, n_results=2)\n"
        "print([str(s.specie) for one in found for s in one.structure])\n"
    )
    outputs = set()
    for threads in ("1", "2"):
        environment = {"OMP_NUM_THREADS": threads, "NUMBA_NUM_THREADS": threads, "PATH": ""}
        environment |= {"PYTHONPATH": ":".join(path for path in sys.path if path)}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
        outputs.add(done.stdout)
    assert len(outputs) == 1


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
    assert cell_size(fifths, "TM", 12) == 15
    odd = composition({"Fe": Fraction(1, 37), "Mn": Fraction(36, 37)})
    assert cell_size(odd, "TM", 12) == 12
    built = build_configuration(odd, "TM", n_sites=12)
    assert built.deviation == pytest.approx(1 / 37)
    assert built.realised["TM"] == {"Mn": "1"}


def test_several_results_are_distinct_and_vacancies_are_left_out() -> None:
    found = generate_sqs("rocksalt", {"M": {"Mg": 0.5, "Ni": 0.25, "Va": 0.25}}, 16, n_results=3)
    assert len(found) == 3
    for one in found:
        assert Counter(s.specie.symbol for s in one.structure) == {"Mg": 8, "Ni": 4, "O": 16}
        assert one.deviation == 0
    assert len({str(one.structure) for one in found}) == 3


@pytest.mark.parametrize(
    ("composition_", "n_sites", "match"),
    [
        ({"M": {"Mg": "1/37", "Ni": "36/37"}}, 16, r"off by 0.02703 \(nearest: 37 sites\)"),
        ({"M": {"Mg": "1/2", "Ni": "1/2"}}, 0, "do not fill whole cells"),
        ({"M": {"Mg": "1/2", "Ni": "1/3"}}, 8, "sum is 5/6"),
        ({"TM": {"Mg": 1}}, 8, "it has M"),
    ],
)
def test_bad_input_names_the_nearest_choice(
    composition_: dict[str, dict[str, float | str]], n_sites: int, match: str
) -> None:
    with pytest.raises(BadInputError, match=match):
        generate_sqs("rocksalt", composition_, n_sites, exact=True)


def test_one_site_cannot_be_shared() -> None:
    with pytest.raises(BadInputError, match="one site in this cell, and 2 species"):
        generate_sqs("rocksalt", {"M": {"Mg": "1/5", "Ni": "4/5"}}, 1)


def test_perfect_order_scores_as_known() -> None:
    # A 50:50 row arrangement on a triangular lattice: of 6 neighbours 2 are like, 4 unlike in the first shell.
    given = problem(4, {"A": 2, "B": 2}, Objective(shells=1))
    score = quality(given, find_arrangement(given, 0).kinds, 0)
    n, pair = 4, 4 / 6 / 2
    assert score.largest == pytest.approx(abs(1 - pair / (n / (n - 1) * 0.25)))
    assert score.n_sites == 4


def test_triangles_close() -> None:
    structure, sites = layered(9)
    found = find_triangles(structure, mixed_sites([sites]), 3.1)
    # each site of a triangular sheet is a corner of six nearest-neighbour triangles
    assert len(found.first) == 9 * 6
    assert len(found.sides) == 1


def test_displacements_have_their_length_and_depend_on_the_seed_alone() -> None:
    cell = host_cell(load_family("rocksalt")).structure
    first, second, other = displaced(cell, 0.02, "a"), displaced(cell, 0.02, "a"), displaced(cell, 0.02, "b")
    # the cell is rounded to 1e-6 of its axes, here 3 A long
    assert np.linalg.norm(first.cart_coords - cell.cart_coords, axis=1) == pytest.approx(0.02, abs=1e-5)
    assert np.array_equal(first.cart_coords, second.cart_coords)
    assert not np.allclose(first.cart_coords, other.cart_coords)
    assert displaced(cell, 0.0, "a") == cell


def test_elements_alone_are_those_of_the_only_mixed_sublattice() -> None:
    elements: dict[str, Any] = {"Mg": "1/2", "Ni": 0.25, "Co": 0.25}
    short: dict[str, Any] = {"Mg": "1/2", "Ni": 0.25}
    both: dict[str, Any] = {"M": {"Mg": 1.0}, "Ni": 0.25}
    flat = generate_sqs("rocksalt", elements, 16, seed=3)
    nested = generate_sqs("rocksalt", {"M": elements}, 16, seed=3)
    assert flat[0].structure == nested[0].structure
    with pytest.raises(BadInputError, match="sum to 1"):
        generate_sqs("rocksalt", short, 16)
    with pytest.raises(BadInputError, match="rocksalt mixes M: say on which of them Ni is"):
        generate_sqs("rocksalt", both, 16)
    with pytest.raises(BadInputError, match="drx mixes M, X: say on which of them Mn, Ti is"):
        generate_sqs("drx", {"Mn": 0.5, "Ti": 0.5}, 16)
