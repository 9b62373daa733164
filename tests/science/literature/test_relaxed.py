"""Edges of relaxed cells."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.family import load_family
from hebe.science.literature.relaxed import conventional_lattice, edges
from hebe.science.structures.host import host_cell

LCO = Structure.from_spacegroup(
    "R-3m", Lattice.hexagonal(2.8156, 14.0542), ["Li", "Co", "O"], [[0, 0, 0.5], [0, 0, 0], [0, 0, 0.26]]
)
"""LiCoO2 with rounded height of oxygen: slabs of 2 (1/3 - 0.26) c."""


def test_the_conventional_cell_follows_the_strain_of_a_primitive_supercell() -> None:
    host = host_cell(load_family("layered-o3"), "Li")
    conventional = Lattice.hexagonal(2.816, 14.05)
    made = host.structure.make_supercell([[2, 1, 0], [0, 1, 0], [1, 0, 3]], in_place=False).lattice
    strain = np.diag([1.02, 1.02, 0.97])
    found = edges(conventional_lattice(conventional, made, Lattice(made.matrix @ strain)), 166)
    assert found == pytest.approx({"a": 2.816 * 1.02, "c": 14.05 * 0.97})


def test_another_lattice_is_no_supercell() -> None:
    with pytest.raises(ValueError, match="no supercell"):
        conventional_lattice(Lattice.cubic(4.0), Lattice.cubic(8.1), Lattice.cubic(8.2))


@pytest.mark.parametrize(
    ("group", "expected"),
    [(225, {"a": 24 ** (1 / 3)}), (139, {"a": 6**0.5, "c": 4}), (62, {"a": 2, "b": 3, "c": 4})],
)
def test_edges_that_symmetry_makes_equal_are_averaged(group: int, expected: dict[str, float]) -> None:
    assert edges(Lattice.orthorhombic(2, 3, 4), group) == pytest.approx(expected)


def test_monoclinic_cells_have_an_angle() -> None:
    found = edges(Lattice.monoclinic(5, 3, 7, 101), 12)
    assert found == pytest.approx({"a": 5, "b": 3, "c": 7, "beta": 101})
