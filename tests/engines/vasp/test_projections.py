"""Densities of VASP as states: the same centres as pymatgen's, and the electrons that there are."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.electronic_structure.core import Orbital, OrbitalType, Spin
from pymatgen.electronic_structure.dos import CompleteDos, Dos
from scipy.integrate import trapezoid

from hebe.engines.vasp.projections import states_of
from hebe.science.electrons.projected import WINDOW_EV, D, P

FERMI = 1.7


@pytest.fixture(scope="module")
def dos() -> CompleteDos:
    """Densities of four sites on a grid, of which the spheres hold a part; fixed random numbers."""
    rng = np.random.default_rng(5)
    cell = Structure(Lattice.cubic(4), ["Na", "Fe", "O", "O"], rng.random((4, 3)))
    energies = np.linspace(-20, 10, 3001)
    projected = {
        site: {
            orbital: {spin: rng.random(3001) for spin in (Spin.up, Spin.down)}
            for orbital in (Orbital.s, Orbital.px, Orbital.py, Orbital.dxy, Orbital.dz2)
        }
        for site in cell
    }
    total = {
        spin: 2 * sum(orbitals[o][spin] for orbitals in projected.values() for o in orbitals)
        for spin in (Spin.up, Spin.down)
    }
    return CompleteDos(cell, Dos(FERMI, energies, total), projected)


def test_centres_are_those_of_pymatgen_in_the_same_window(dos: CompleteDos) -> None:
    found = states_of(dos, FERMI)
    for element, momentum, band in (("O", P, OrbitalType.p), ("Fe", D, OrbitalType.d)):
        expected = dos.get_band_center(band, elements=[element], erange=(-WINDOW_EV, 0))
        assert found.centre(element, momentum) == pytest.approx(expected, abs=0.01)


def test_states_hold_the_electrons_below_the_reference(dos: CompleteDos) -> None:
    found = states_of(dos, FERMI)
    below = dos.energies <= FERMI
    expected = sum(trapezoid(dos.densities[spin][below], dos.energies[below]) for spin in dos.densities)
    assert found.occupied.sum() == pytest.approx(expected, rel=1e-3)
    assert found.captured == pytest.approx(0.5), "the spheres were given a half"
    assert found.anions == ["O"]
    assert found.metals == ["Fe"]


def test_the_share_is_that_of_the_highest_states(dos: CompleteDos) -> None:
    """Two oxygens with two p orbitals each against one iron with two d orbitals, all alike: two thirds."""
    assert states_of(dos, FERMI).anion_share == pytest.approx(2 / 3, abs=0.05)
