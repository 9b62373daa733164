"""Coordinates of ions and cell: gradients are derivatives of the energy, strains are weighed like displacements."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.engines.ase import ASEBlock
from hebe.engines import get_engine
from hebe.engines.surface import ExplosionError, Surface
from hebe.science.structures.configuration import displaced

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.engines.protocol import Engine

STEP = 1e-4


@cache
def engine() -> Engine:
    return get_engine(ASEBlock(ase="support.spring_crystal:make", energy_scale="springs"))


def oxide() -> Structure:
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.4), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    return displaced(cell, 0.1, "surface")


def energy(surface: Surface, q: NDArray[np.float64]) -> float:
    return engine().evaluate(surface.structure(q)).energy_eV


def strained(n_atoms: int) -> NDArray[np.float64]:
    q = np.zeros(3 * n_atoms + 6)
    q[:3] = [0.03, -0.02, 0.01]
    q[-6:] = [0.01, -0.02, 0.015, 0.01, -0.01, 0.02]
    return q


@pytest.mark.parametrize("part", [0.0, 1.0])
def test_the_gradient_in_lengths_is_the_derivative_of_the_energy(part: float) -> None:
    surface = Surface(oxide(), cell=True)
    q = part * strained(8)
    structure = surface.structure(q)
    slopes = surface.point(q, structure, engine().evaluate(structure)).gradient / surface.lengths
    steps = np.diag(STEP / surface.lengths)
    found = np.array([(energy(surface, q + step) - energy(surface, q - step)) / (2 * STEP) for step in steps])
    assert np.abs(slopes).max() > 0.1
    assert slopes == pytest.approx(found, abs=2e-5)


def test_a_fixed_cell_has_no_slope_along_strains() -> None:
    surface = Surface(oxide(), cell=False)
    gradient = surface.point(np.zeros(30), oxide(), engine().evaluate(oxide())).gradient
    assert not gradient[-6:].any()
    assert gradient[:-6] == pytest.approx(-engine().evaluate(oxide()).forces.ravel())


def test_the_length_of_a_strain_makes_its_curvature_that_of_one_atom() -> None:
    """A cell and its double have the same curvature (eV/A^2) under a strain, though energies are doubled."""
    single = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.4), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    double = single.make_supercell([1, 1, 2], in_place=False)
    found = []
    for cell in (single, double):
        surface = Surface(cell, cell=True)
        strain = np.zeros(3 * len(cell) + 6)
        strain[-6] = 1e-3
        length = 1e-3 * surface.lengths[-6]
        found.append((energy(surface, strain) + energy(surface, -strain) - 2 * energy(surface, 0 * strain)) / length**2)
        assert not (surface.lengths[: 3 * len(cell)] - 1).any()
        assert surface.lengths[-1] == pytest.approx((cell.volume / len(cell)) ** (1 / 3) * len(cell) ** 0.5)
    assert found[0] == pytest.approx(found[1], rel=1e-6)


def test_coordinates_move_ions_first_and_strain_all_of_it() -> None:
    cell = oxide()
    q = strained(8)
    moved = Surface(cell, cell=True).structure(q)
    e = q[-6:]
    deformation = np.eye(3) + np.array(
        [[e[0], e[5] / 2, e[4] / 2], [e[5] / 2, e[1], e[3] / 2], [e[4] / 2, e[3] / 2, e[2]]]
    )
    assert moved.lattice.matrix == pytest.approx(cell.lattice.matrix @ deformation)
    assert moved.cart_coords == pytest.approx((cell.cart_coords + q[:24].reshape(8, 3)) @ deformation)


def test_a_cell_out_of_all_proportion_is_refused() -> None:
    q = np.zeros(30)
    q[-6:-3] = 0.2
    with pytest.raises(ExplosionError, match=r"\+73%"):
        Surface(oxide(), cell=True).structure(q)
