"""What all plane-wave engines make of a structure: k points, reduced cells, initial moments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.engines.gpaw import GPAWSettings, gpaw_choice
from hebe.engines.plane_waves import initial_moments, mesh, reduced_basis
from support.small_cells import delithiable, lithium


def mesh_of(structure: Structure, preset: str, **settings: Any) -> tuple[int, int, int]:
    choice = gpaw_choice(preset, GPAWSettings.model_validate(settings))
    return mesh(structure, reduced_basis(structure, "gpaw"), choice)


def test_k_points_are_no_wider_than_the_spacing_and_no_denser_than_need_be() -> None:
    for structure in (delithiable(14.05, lithium=True), lithium(), delithiable(13.2, lithium=False)):
        lengths = structure.lattice.reciprocal_lattice.abc
        spacing = gpaw_choice("screen", None).k_spacing
        if structure.composition.reduced_formula == "Li":
            spacing = gpaw_choice("screen", None).k_spacing_metal
        reduced = Lattice(reduced_basis(structure, "gpaw") @ structure.lattice.matrix).reciprocal_lattice.abc
        for n, length in zip(mesh_of(structure, "screen"), reduced, strict=True):
            assert length / n <= spacing + 1e-9
            assert n == 1 or length / (n - 1) > spacing
        assert np.prod(reduced) <= np.prod(lengths) * (1 + 1e-9)


def test_cells_of_the_literature_have_their_meshes() -> None:
    assert mesh_of(lithium(), "ci") == (6, 6, 6)
    given = mesh_of(delithiable(14.05, lithium=True), "ci", kpts={"LiCoO2": [3, 3, 3]})
    assert given == (3, 3, 3)


def test_the_reduced_cell_is_the_same_crystal_whatever_cell_was_given() -> None:
    structure = delithiable(14.05, lithium=True)
    skewed = structure.copy()
    turn = np.array([[1, 0, 0], [3, 1, 0], [2, -2, 1]])
    skewed = Structure(
        Lattice(turn @ structure.lattice.matrix), structure.species, structure.cart_coords, coords_are_cartesian=True
    )
    for cell in (structure, skewed):
        basis = reduced_basis(cell, "gpaw")
        assert abs(round(np.linalg.det(basis))) == 1
        reduced = basis @ cell.lattice.matrix
        assert sorted(Lattice(reduced).abc) == pytest.approx(sorted(structure.lattice.get_niggli_reduced_lattice().abc))
        crystal = Structure(Lattice(reduced), cell.species, cell.cart_coords, coords_are_cartesian=True)
        assert crystal.get_space_group_info(symprec=1e-3) == ("R-3m", 166)


def test_moments_come_from_the_structure_first() -> None:
    choice = gpaw_choice("screen", None)
    oxide = delithiable(14.05, lithium=True)
    assert initial_moments(lithium(), choice) is None
    assert max(initial_moments(oxide, choice) or []) == 0.6
    oxide.add_site_property("magmom", [2.0 if site.specie.symbol == "Co" else None for site in oxide])
    assert max(initial_moments(oxide, choice) or []) == 2.0
    oxide.add_site_property("magmom", [0.0] * len(oxide))
    assert initial_moments(oxide, choice) is None, "a structure that is known to have none"
    assert initial_moments(oxide, gpaw_choice("screen", GPAWSettings(spin="off"))) is None
