"""Hops from geometry: what is known of structure types, symmetry, stratified choice, the ends of a hop."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.family import load_family
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.hops import HopDoc, HopsDoc
from hebe.science.chemistry.member import family_of
from hebe.science.structures.compiled import random_state
from hebe.science.structures.working import apply_ordering
from hebe.science.transport.barriers_document import HopInput, barriers_document
from hebe.science.transport.hop_choice import allotted, choose_hops, distinct_hops, exclusions
from hebe.science.transport.hop_ends import hop_ends
from hebe.science.transport.hop_lattice import HopLattice, hop_lattice
from hebe.science.transport.hops import find_hops, hop_net
from hebe.science.transport.jumping import follow
from support.transport_cells import built


def test_lithium_in_a_layered_oxide_hops_through_tetrahedra_that_share_a_face_with_a_metal() -> None:
    spec, configuration, made = built("li-o3-lco", 16)
    found = choose_hops(spec, configuration, made, 4, 0)
    assert found.taken_out == 1
    assert len(found.hops) == 16 * 6, "six neighbours in the layer, two tetrahedra for each pair, each pair once"
    assert {(hop.environment, hop.blocking) for hop in found.hops} == {("Co, Li", 1)}
    assert found.distinct == len(found.chosen) == 1, "the cell of 4 x 4 has the symmetry of the host"
    net = hop_net(found.hops, 64)
    assert net.parts().directions == 2
    cell = configuration.structure
    assert cell is not None
    for hop in found.hops[:20]:
        assert hop.via is not None
        ends = [cell.frac_coords[hop.first], cell.frac_coords[hop.second] + hop.image]
        legs = [np.linalg.norm((np.array(hop.via) - end) @ cell.lattice.matrix) for end in ends]
        assert legs[0] == pytest.approx(legs[1], abs=1e-6)
        assert sum(legs) == pytest.approx(hop.length_A)
        assert hop.length_A > float(np.linalg.norm((ends[1] - ends[0]) @ cell.lattice.matrix)) + 0.3
        around = [site for site in cell if site.specie.symbol == "O"]
        oxygen = sorted(float(site.distance_and_image_from_frac_coords(np.array(hop.via) % 1)[0]) for site in around)
        assert oxygen[3] < 2.2 < oxygen[4], "the middle of a tetrahedron of oxygen"


@pytest.mark.parametrize(
    ("name", "n_sites", "directions", "length"),
    [
        ("nas-na-nvp", 4, 3, 3.4),  # M1 to M2
        (
            "ref-lifepo4",
            8,
            1,
            3.0,
        ),  # along b (Morgan, Van der Ven, Ceder, Electrochem. Solid-State Lett. 7, A30 (2004))
        ("na-p2-nm3367", 12, 2, 1.7),  # from prism to prism through their common face
        ("pba-na-fe", 4, 3, 5.1),  # from cage to cage
    ],
)
def test_hops_of_other_hosts_are_those_of_their_structure_type(
    name: str, n_sites: int, directions: int, length: float
) -> None:
    spec, configuration, made = built(name, n_sites)
    found = choose_hops(spec, configuration, made, 2, 0)
    assert [hop.via for hop in found.hops] == [None] * len(found.hops)
    assert np.mean([hop.length_A for hop in found.hops]) == pytest.approx(length, rel=0.05)
    assert configuration.structure is not None
    assert hop_net(found.hops, len(configuration.structure)).parts().directions == directions
    assert found.chosen


def _shares_a_tetrahedron(cell: Structure, hop: HopDoc, site: int) -> bool:
    """Whether a site is a corner of the tetrahedron of anions: sqrt(3) / 4 of the cell's edge from its centre."""
    apart, _ = cell[site].distance_and_image_from_frac_coords(np.array(hop.via))
    return bool(apart < 1.1 * np.sqrt(3) / 4 * 4.2)


def test_hops_of_a_rock_salt_are_sorted_by_their_gates() -> None:
    """An ordered cell: three layers of lithium, one of manganese along c."""
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.2), ["Li", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    cell = cell.make_supercell((2, 2, 2), in_place=False)
    for i, site in enumerate(cell):
        if site.specie.symbol == "Li" and round(site.frac_coords[2] * 4) % 4 == 3:
            cell[i] = "Mn"
    working = [i for i, site in enumerate(cell) if site.specie.symbol == "Li"]
    gates = {(hop.environment, hop.blocking) for hop in find_hops(cell, working)}
    assert gates == {("Li, Li", 0), ("Mn, Mn", 2)}, "tetrahedra hold two sites of each of two layers"
    assert {tuple(hop.anions) for hop in find_hops(cell, working)} == {("O",) * 4}
    fluorine = next(i for i, site in enumerate(cell) if site.specie.symbol == "O")
    cell[fluorine] = "F"
    beside = [hop for hop in find_hops(cell, working) if "F" in hop.anions]
    assert len(beside) == sum(_shares_a_tetrahedron(cell, hop, fluorine) for hop in find_hops(cell, working))
    assert {hop.anions.count("F") for hop in beside} == {1}
    assert all([cell[i].specie.symbol for i in hop.gate_sites] == hop.gate for hop in find_hops(cell, working))
    regular = [hop for hop in find_hops(cell, working) if hop.blocking == 0]
    assert {round(hop.gate_area_A2 or 0, 4) for hop in regular} == {round(np.sqrt(3) / 4 * (4.2 / np.sqrt(2)) ** 2, 4)}


def test_hops_that_symmetry_makes_from_others_count_once() -> None:
    cell = Structure.from_spacegroup("Pm-3m", Lattice.cubic(3.0), ["Li"], [[0, 0, 0]])
    hops = find_hops(cell, [0])
    assert len(hops) == 3
    assert distinct_hops(cell, hops) == [0]
    tetragonal = Structure(Lattice.tetragonal(3.0, 3.1), ["Li"], [[0, 0, 0]])
    assert len(distinct_hops(tetragonal, find_hops(tetragonal, [0]))) == 2
    assert distinct_hops(cell, []) == []


def test_an_atom_in_the_way_ends_a_hop() -> None:
    cell = Structure(Lattice.orthorhombic(3.0, 3.2, 9.0), ["Li", "Fe"], [[0.0, 0.0, 0.0], [0.5, 0.0, 0.05]])
    assert [hop.image for hop in find_hops(cell, [0])] == [(0, 1, 0)]


@pytest.mark.parametrize(
    ("shares", "most", "n", "expected"),
    [
        ({"a": 60, "b": 30, "c": 10}, {"a": 9, "b": 9, "c": 9}, 3, {"a": 1, "b": 1, "c": 1}),
        ({"a": 60, "b": 30, "c": 10}, {"a": 9, "b": 9, "c": 9}, 2, {"a": 1, "b": 1, "c": 0}),
        ({"a": 60, "b": 30, "c": 10}, {"a": 9, "b": 9, "c": 9}, 10, {"a": 6, "b": 3, "c": 1}),
        ({"a": 60, "b": 30, "c": 10}, {"a": 2, "b": 9, "c": 9}, 10, {"a": 2, "b": 6, "c": 2}),
        ({"a": 1}, {"a": 1}, 5, {"a": 1}),
    ],
)
def test_every_environment_has_a_hop_before_any_has_two(
    shares: dict[str, int], most: dict[str, int], n: int, expected: dict[str, int]
) -> None:
    assert allotted(shares, most, n) == expected


def test_the_choice_is_the_same_for_a_seed_and_covers_environments() -> None:
    spec, configuration, made = built("drx-tm2", 20)
    first, again, other = (choose_hops(spec, configuration, made, 6, seed) for seed in (0, 0, 1))
    assert first == again
    assert first.key != other.key
    assert first.chosen != other.chosen
    environments = [first.hops[k].environment for k in first.chosen]
    assert len(set(environments)) >= 4
    assert len(environments) == 6


def test_an_ion_goes_to_an_empty_site_where_there_is_one() -> None:
    """Garnet with vacancies: no ion is taken out, and no two ions come too near."""
    spec, configuration, made = built("gar-li7-he", 8)
    found = choose_hops(spec, configuration, made, 4, 0)
    assert found.taken_out == 0
    cell = configuration.structure
    assert cell is not None
    n_made = sum(site.specie.symbol == "Li" for site in made)
    exclusion = max(sub.exclusion for sub in load_family(spec.family).sublattices.values())
    for before, after in zip(found.orderings.occupied[::2], found.orderings.occupied[1::2], strict=True):
        assert len(before) == len(after) == n_made
        assert len(set(before) - set(after)) == 1
        apart = cell.distance_matrix[np.ix_(after, after)]
        assert apart[np.triu_indices(n_made, 1)].min() > exclusion - 0.1


def test_sodium_in_prisms_keeps_away_from_the_three_next_to_it() -> None:
    """P2 with two sodium in three cells: prisms 1.7 A apart are not both occupied, neither at the ends nor by jumps."""
    spec, configuration, made = built("na-p2-mno2", 12)
    found = choose_hops(spec, configuration, made, 4, 0)
    cell = configuration.structure
    assert cell is not None
    assert found.taken_out == 0
    for occupied in found.orderings.occupied:
        apart = cell.distance_matrix[np.ix_(occupied, occupied)]
        assert len(occupied) == 8
        assert apart[np.triu_indices(8, 1)].min() > 2.0
    lattice = hop_lattice(cell, made.lattice, found.hops, found.orderings.occupied[0], exclusions(spec, cell), 1)
    assert set(np.diff(lattice.jumps.near_start).tolist()) == {3}
    assert lattice.n_ions / lattice.jumps.n_sites == pytest.approx(1 / 3)
    ions_keep_away(lattice)


def ions_keep_away(lattice: HopLattice) -> None:
    """After jumps at random there is one ion on a site at most, and none on those that are too near to one."""
    jumps = lattice.jumps
    track = follow(jumps, np.ones(len(lattice.hop)), lattice.held, 1, 20_000, 0, random_state(1))
    came, left = (np.bincount(ends, track.made, minlength=jumps.n_sites) for ends in (jumps.target, jumps.source))
    held = (lattice.held >= 0) + came - left
    assert track.made.sum() == 20_000
    assert set(held.tolist()) == {0, 1}
    owner = np.repeat(np.arange(jumps.n_sites), np.diff(jumps.near_start))
    assert not (held[owner] * held[jumps.near]).any()
    assert (held != (lattice.held >= 0)).sum() > lattice.n_ions / 2, "it is another state"


def test_both_ends_hold_the_same_atoms_and_one_moves() -> None:
    spec, configuration, made = built("drx-tm2", 20)
    found = choose_hops(spec, configuration, made, 3, 0)
    working = family_of(spec).working_of(spec.working_ion)
    cell = configuration.structure
    assert cell is not None
    for slot, place in enumerate(found.chosen):
        hop = found.hops[place]
        cells = [apply_ordering(cell, found.orderings.occupied[2 * slot + side], working) for side in (0, 1)]
        ends = hop_ends(hop, configuration, *map(calculation, cells))
        assert ends is not None
        moved = ends.end.frac_coords - ends.start.frac_coords
        moved -= np.round(moved)
        assert np.flatnonzero(np.abs(moved).max(axis=1) > 1e-6).tolist() == [ends.via[0]]
        assert ends.via[1] == pytest.approx(hop.via)
        assert ends.start.species == ends.end.species
        assert hop_ends(hop, configuration, calculation(cells[0]), None) is None
        assert hop_ends(hop, configuration, calculation(cells[0]), calculation(cells[0])) is None


def calculation(cell: Structure) -> CalculationDoc:
    return CalculationDoc(
        key="k", engine="e", energy_scale="s", task="relax-ions", status="converged", energy_eV=-1.0, structure=cell
    )


def test_the_last_bit_of_a_cell_names_no_other_way() -> None:
    """Ways enter keys of paths."""
    spec, configuration, made = built("li-o3-lco", 16)
    cell = configuration.structure
    assert cell is not None
    found = choose_hops(spec, configuration, made, 1, 0)
    start, end = (apply_ordering(cell, kept, family_of(spec).working_of("Li")) for kept in found.orderings.occupied[:2])
    hop = found.hops[found.chosen[0]]
    assert hop.via is not None
    names = set()
    for bit in (-1e-16, 0.0, 1e-16):
        tie = tuple(0.12345 + bit for _ in range(3))
        near = hop.model_copy(update={"via": tie})
        ends = hop_ends(near, configuration, calculation(start), calculation(end))
        assert ends is not None
        names.add(ends.way)
    assert len(names) == 1


def test_the_second_vacancy_is_in_the_gate() -> None:
    """In a layered oxide the tetrahedron has a third lithium beside the two ends: it is taken out too."""
    spec, configuration, made = built("li-o3-lco", 16)
    found = choose_hops(spec, configuration, made, 4, 0, vacancies=2)
    (hop,) = (found.hops[k] for k in found.chosen)
    before, after = found.orderings.occupied
    assert found.taken_out == 2
    assert (set(range(16)) - set(before), set(range(16)) - set(after)) == (
        {hop.second, *hop.moving},
        {hop.first, *hop.moving},
    )
    cell = configuration.structure
    assert cell is not None
    beside = cell.distance_matrix[hop.moving[0], [hop.first, hop.second]]
    assert beside == pytest.approx(cell.distance_matrix[hop.first, hop.second], abs=0.01)
    assert found.key != choose_hops(spec, configuration, made, 4, 0).key


def test_hops_that_go_straight_because_a_cation_is_missing_are_told() -> None:
    spec, configuration, made = built("li-o3-lco", 16)
    assert choose_hops(spec, configuration, made, 1, 0).warnings == []
    assert configuration.structure is not None
    cell = configuration.structure.copy()
    cell.remove_sites([max(i for i, site in enumerate(cell) if site.specie.symbol == "Co")])
    working = family_of(spec).working_of("Li")
    assert working is not None
    made = apply_ordering(cell, working.sites(cell), working)
    found = choose_hops(spec, configuration.model_copy(update={"structure": cell}), made, 1, 0)
    assert {hop.via for hop in found.hops} == {None}
    assert found.warnings == ["empty cation sites: hops go straight, and not through tetrahedra"]
    ends = [calculation(made)] * 2
    assert barriers_document(HopInput(found, ends, [None])).warnings[0] == found.warnings[0]
    other = built("ref-lifepo4", 8)
    assert choose_hops(*other, 1, 0).warnings == [], "that host is no rock salt"


def test_without_working_sites_there_are_no_hops() -> None:
    cell = Structure(Lattice.cubic(4.0), ["Ni", "O"], np.array([[0, 0, 0], [0.5, 0.5, 0.5]]))
    assert find_hops(cell, []) == []


def test_without_a_cell_there_are_no_hops() -> None:
    spec, configuration, made = built("li-o3-lco", 4)
    for found in (choose_hops(spec, None, made, 4, 0), choose_hops(spec, configuration, None, 4, 0)):
        assert isinstance(found, HopsDoc)
        assert (found.status, found.hops, found.orderings.occupied) == ("absent", [], [])
