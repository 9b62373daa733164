"""Is it still the host? Made-up distortions whose verdict is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core import Lattice, Structure

from hebe.config.family import load_family
from hebe.science.structures.configuration import displaced
from hebe.science.structures.host import host_cell
from hebe.science.structures.supercell import find_supercell
from hebe.science.structures.topology import check_topology, sanity

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAMILY = load_family("layered-o3")
CELL = host_cell(FAMILY, "Na")


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
    return check_topology(first or start(), final, FAMILY.topology, CELL.layer_normal, "A")


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


def test_explosions_and_overlaps_are_named() -> None:
    structure = start()
    assert sanity(structure, deformed(structure, np.eye(3) * 1.2)) == "exploded"
    overlapping = structure.copy()
    overlapping.translate_sites([0], overlapping[1].coords - overlapping[0].coords + 0.1, frac_coords=False)
    assert sanity(structure, overlapping) == "overlapping"
