"""Is it still the host? Made-up distortions whose verdict is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.family import load_family
from hebe.science.structures.configuration import displaced
from hebe.science.structures.host import host_cell
from hebe.science.structures.supercell import find_supercell
from hebe.science.structures.topology import Verdict, check_topology, layer_repeat, migrated_sites, sanity, slab_cations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.config.family_topology import Topology

FAMILY = load_family("layered-o3")
CELL = host_cell(FAMILY, "Na")
WORKING = FAMILY.working_of("Na")


def start(n: int = 4) -> Structure:
    structure = CELL.structure.make_supercell(find_supercell(CELL, "TM", n).matrix, in_place=False)
    elements = {"A": "Na", "TM": "Mn", "O": "O"}
    labels = structure.site_properties["sublattice"]
    return Structure(
        structure.lattice, [elements[x] for x in labels], structure.frac_coords, site_properties={"sublattice": labels}
    )


def deformed(structure: Structure, matrix: NDArray[np.float64]) -> Structure:
    return Structure(
        Lattice(structure.lattice.matrix @ matrix),
        structure.species,
        structure.frac_coords,
        site_properties=structure.site_properties,
    )


def verdict(final: Structure, first: Structure | None = None) -> str:
    return check_topology(first or start(), final, FAMILY.topology, CELL.layer_normal, WORKING)


def test_strain_and_small_displacements_leave_the_host() -> None:
    assert verdict(start()) == "host"
    assert verdict(deformed(start(), np.diag([0.96, 0.95, 1.06]))) == "host"
    assert verdict(displaced(start(), 0.15, "x")) == "host"


def with_stacking_vector(structure: Structure, vector: NDArray[np.float64]) -> Structure:
    """Same rigid slabs, stacked with another third lattice vector."""
    spacing = abs(float(structure.lattice.matrix[2] @ CELL.layer_normal))
    whole = structure.frac_coords.copy()
    whole[:, 2] -= (structure.cart_coords @ CELL.layer_normal > 0.55 * spacing).astype(float)
    positions = whole @ structure.lattice.matrix
    lattice = Lattice([structure.lattice.matrix[0], structure.lattice.matrix[1], vector])
    moved = lattice.get_fractional_coords(positions) - (whole - structure.frac_coords)
    return Structure(lattice, structure.species, moved, site_properties=structure.site_properties)


def test_slabs_that_slide_against_each_other_are_a_glide() -> None:
    structure = start()
    third = structure.lattice.matrix[2]
    assert verdict(with_stacking_vector(structure, third), structure) == "host"
    towards = structure.lattice.matrix[0] / np.linalg.norm(structure.lattice.matrix[0])
    slipped = with_stacking_vector(structure, third + towards * 3.02 / np.sqrt(3))
    assert verdict(slipped, structure) == "glide"
    assert verdict(with_stacking_vector(structure, third + towards * 0.3), structure) == "host"


def test_a_tilted_cell_is_judged_by_its_own_layers() -> None:
    structure = start(12)
    for tilt in (0.01, 0.03, 0.06):
        shear = np.eye(3)
        shear[0, 2] = shear[2, 0] = tilt
        tilted = deformed(structure, shear)
        assert verdict(tilted, tilted) == "host"
        assert verdict(with_stacking_vector(tilted, tilted.lattice.matrix[2]), tilted) == "host"


def test_layers_that_come_apart_are_delaminated() -> None:
    structure = start()
    third = structure.lattice.matrix[2]
    assert (
        verdict(with_stacking_vector(structure, third + 2.0 * np.asarray(CELL.layer_normal)), structure)
        == "delaminated"
    )


def test_a_cation_that_leaves_its_octahedron_has_migrated() -> None:
    structure = start()
    manganese = next(i for i, s in enumerate(structure) if s.specie.symbol == "Mn")
    moved = structure.copy()
    moved.translate_sites([manganese], 1.4 * np.asarray(CELL.layer_normal), frac_coords=False, to_unit_cell=False)
    assert verdict(moved) == "migrated"


def test_bonds_longer_than_the_usual_reach_are_followed() -> None:
    """Rubidium iodide has bonds of 3.67 A: a strained cell is the host, an ion that leaves has migrated."""
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(7.342), ["Rb", "I"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
    first = cell.copy(site_properties={"sublattice": ["M"] * 4 + ["X"] * 4})
    rules = load_family("rocksalt").topology
    assert migrated_sites(first, first, rules) == []
    assert check_topology(first, deformed(first, np.diag([1.02, 1.01, 0.99])), rules) == "host"
    moved = first.copy()
    moved.translate_sites([1], [0.25, 0.25, 0.25], to_unit_cell=False)
    assert migrated_sites(first, moved, rules) == [1]
    apart = Structure(Lattice.cubic(30), ["Rb", "I"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
    assert migrated_sites(apart, apart, rules) == []


def test_explosions_and_overlaps_are_named() -> None:
    structure = start()
    assert sanity(structure, deformed(structure, np.eye(3) * 1.2)) == "exploded"
    overlapping = structure.copy()
    overlapping.translate_sites([0], overlapping[1].coords - overlapping[0].coords + 0.1, frac_coords=False)
    assert sanity(structure, overlapping) == "overlapping"


LAYERED = [("layered-o3", "Li", 3), ("layered-o3", "Na", 3), ("layered-p2", "Na", 2), ("layered-p3", "Na", 3)]
"""Family, working ion and slabs along c of the conventional cell."""

layered = pytest.mark.parametrize(("family", "ion", "slabs"), LAYERED)


def cell(family: str, ion: str, n: int = 4) -> tuple[Structure, NDArray[np.float64], Topology]:
    """Cell of at least `n` metals with manganese in the slabs, its normal and the family's rules."""
    rules = load_family(family)
    host = host_cell(rules, ion)
    structure = host.structure.make_supercell(find_supercell(host, "TM", n).matrix, in_place=False)
    labels = structure.site_properties["sublattice"]
    species = [{"A": ion, "TM": "Mn", "O": "O"}[label] for label in labels]
    return (
        Structure(structure.lattice, species, structure.frac_coords, site_properties={"sublattice": labels}),
        np.asarray(host.layer_normal),
        rules.topology,
    )


def respaced(structure: Structure, normal: NDArray[np.float64], ratio: float, thinner: float = 0.0) -> Structure:
    """Slabs at another repeat, rigid unless they become `thinner` (A) each; working ions stay half-way."""
    repeat = layer_repeat(structure, normal, slab_cations(structure, WORKING))
    height = structure.cart_coords @ normal
    plane = np.round(height / repeat)
    anion = np.array([s.specie.symbol == "O" for s in structure])
    level = np.where(np.array(structure.site_properties["sublattice"]) == "A", height / repeat, plane)
    inwards = np.where(anion, -np.sign(height - plane * repeat) * thinner / 2, 0.0)
    matrix = structure.lattice.matrix + np.outer(structure.lattice.matrix @ normal, normal) * (ratio - 1)
    moved = structure.cart_coords + np.outer(level * repeat * (ratio - 1) + inwards, normal)
    return Structure(
        Lattice(matrix), structure.species, moved, coords_are_cartesian=True, site_properties=structure.site_properties
    )


def judged(
    final: Structure,
    first: Structure,
    normal: NDArray[np.float64],
    rules: Topology,
    made: float | None = None,
    ion: str | None = None,
) -> Verdict:
    return check_topology(first, final, rules, normal, WORKING, made, ion)


@layered
def test_the_repeat_is_c_over_the_slabs_in_every_cell(family: str, ion: str, slabs: int) -> None:
    expected = load_family(family).lattice[ion].parameters["c"] / slabs
    for n in (2, 4, 12):
        structure, normal, _ = cell(family, ion, n)
        marked = slab_cations(structure, WORKING)
        assert layer_repeat(structure, normal, marked) == pytest.approx(expected)
        for matrix in ([[2, 1, 0], [-1, 1, 0], [0, 0, 1]], [[1, 0, 0], [3, 1, 0], [1, -2, 2]]):
            larger = structure.make_supercell(matrix, in_place=False)
            assert layer_repeat(larger, normal, slab_cations(larger, WORKING)) == pytest.approx(expected)


@layered
def test_the_repeat_follows_strain_and_tilt(family: str, ion: str, slabs: int) -> None:
    structure, normal, _ = cell(family, ion)
    before = layer_repeat(structure, normal, slab_cations(structure, WORKING))
    along = np.eye(3) + 0.07 * np.outer(normal, normal)
    stretched = deformed(structure, along)
    assert layer_repeat(stretched, normal, slab_cations(stretched, WORKING)) == pytest.approx(1.07 * before)
    turned = deformed(stretched, rotation(0.05))
    assert layer_repeat(turned, normal, slab_cations(turned, WORKING)) == pytest.approx(1.07 * before)
    assert slabs * before == pytest.approx(load_family(family).lattice[ion].parameters["c"])


def rotation(angle: float) -> NDArray[np.float64]:
    """Rotation about x by an angle in rad, for row vectors."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, s], [0, -s, c]])


def test_a_cell_without_metals_has_no_layers() -> None:
    structure, normal, _ = cell("layered-o3", "Na")
    with pytest.raises(ValueError, match="cations in its slabs"):
        layer_repeat(structure, normal, np.zeros(len(structure), dtype=bool))


@layered
def test_spacing_is_judged_at_its_limits(family: str, ion: str, slabs: int) -> None:
    structure, normal, rules = cell(family, ion)
    lowest, highest = rules.spacing[ion]
    for ratio, expected in (
        (lowest - 0.001, "collapsed"),
        (lowest + 0.001, "host"),
        (highest - 0.001, "host"),
        (highest + 0.001, "delaminated"),
    ):
        assert judged(respaced(structure, normal, ratio), structure, normal, rules, ion=ion) == expected, (ratio, slabs)


def test_lithium_hosts_open_less_than_sodium_hosts_do() -> None:
    structure, normal, rules = cell("layered-o3", "Li")
    grown = respaced(structure, normal, 1.10)
    assert judged(grown, structure, normal, rules, ion="Li") == "delaminated"
    assert judged(grown, structure, normal, rules, ion="Na") == "host"
    assert judged(grown, structure, normal, rules) == "host"


@layered
def test_a_gap_that_opens_at_one_repeat_is_judged_at_its_limit(family: str, ion: str, slabs: int) -> None:
    structure, normal, rules = cell(family, ion)
    parameters, oxygen = load_family(family).lattice[ion].parameters, load_family(family).sublattices["O"]
    z = float(oxygen.coordinates[0][2])
    gap = parameters["c"] * (1 / slabs - 2 * abs(z - round(z * slabs) / slabs))
    for over, expected in ((-0.002, "host"), (0.002, "delaminated")):
        thinner = gap * (rules.gap + over - 1)
        assert judged(respaced(structure, normal, 1.0, thinner), structure, normal, rules) == expected


def test_nickel_oxide_without_lithium_that_grew_by_a_sixth_has_left() -> None:
    """Its gap is 1.29 times that of the start, which alone would pass."""
    structure, normal, rules = cell("layered-o3", "Li", 12)
    empty = structure.copy()
    empty.remove_species(["Li"])
    grown = respaced(empty, normal, 1.17)
    assert judged(grown, empty, normal, rules) == "delaminated"
    assert judged(grown, empty, normal, rules.model_copy(update={"spacing": {}})) == "host"


def test_the_relaxed_cell_as_made_is_the_reference_where_it_is_given() -> None:
    structure, normal, rules = cell("layered-o3", "Na")
    repeat = layer_repeat(structure, normal, slab_cations(structure, WORKING))
    grown = respaced(structure, normal, 1.10)
    assert judged(grown, structure, normal, rules) == "host"
    assert judged(grown, structure, normal, rules, 0.96 * repeat) == "delaminated"
    shrunk = respaced(structure, normal, 0.92)
    assert judged(shrunk, structure, normal, rules, 1.05 * repeat) == "collapsed"


def test_p2_that_becomes_o2_is_a_glide_and_without_the_glide_a_collapse() -> None:
    # Lu and Dahn, J. Electrochem. Soc. 148, A1225 (2001): 5.58 to 4.45 A per layer
    structure, normal, rules = cell("layered-p2", "Na", 4)
    structure.remove_species(["Na"])
    shrunk = respaced(structure, normal, 0.80)
    assert judged(shrunk, structure, normal, rules) == "collapsed"
    second = (np.round(shrunk.cart_coords @ normal / (0.80 * 11.155 / 2)).astype(int) % 2) == 1
    side = shrunk.lattice.matrix[0] / np.linalg.norm(shrunk.lattice.matrix[0]) * 2.885 / np.sqrt(3)
    glided = Structure(
        shrunk.lattice,
        shrunk.species,
        shrunk.cart_coords + np.outer(second, side),
        coords_are_cartesian=True,
        site_properties=shrunk.site_properties,
    )
    assert judged(glided, structure, normal, rules) == "glide"


@layered
def test_limits_are_the_measured_extremes_with_a_margin(family: str, ion: str, slabs: int) -> None:
    rules, margin = load_family(family).topology, 0.05
    kept = [m for m in rules.measured if m.state == "host" or (m.state == "stacking" and m.ratio > 1)]
    assert max(m.ratio for m in kept if m.ion == ion) + margin == pytest.approx(rules.spacing[ion][1], abs=0.005)
    assert min(m.ratio for m in kept) - margin == pytest.approx(rules.spacing[ion][0], abs=0.005)
    assert all(m.source for m in rules.measured), slabs


@layered
def test_the_gap_may_open_as_far_as_the_widest_spacing_with_thinner_slabs(family: str, ion: str, slabs: int) -> None:
    data = load_family(family)
    repeat = data.lattice[ion].parameters["c"] / slabs
    z = float(data.sublattices["O"].coordinates[0][2])
    gap = repeat - 2 * abs(z - round(z * slabs) / slabs) * slabs * repeat
    highest = data.topology.spacing_with(None)[1]
    assert data.topology.gap == pytest.approx(1 + ((highest - 1) * repeat + 0.2) / gap, abs=0.03)
