"""Relaxations with ABINIT: a cell ends at the lowest energy of its volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.engines.abinit.run import AbinitRun
from hebe.exceptions import EngineError
from support.abinit import engine

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

pytestmark = [pytest.mark.abinit, pytest.mark.slow]


def test_lithium_hydride_relaxes_to_the_lowest_energy(tmp_path: Path) -> None:
    """Rock salt, 4.08 A at room temperature; PBE without vibrations is some percent smaller."""
    strained = np.array([[0.03, 0.01, 0.0], [0.01, -0.02, 0.0], [0.0, 0.0, 0.04]]) + np.eye(3)
    primitive = 4.15 / 2 * (np.ones((3, 3)) - np.eye(3))
    start = Structure(Lattice(primitive @ strained), ["Li", "H"], np.array([[0, 0, 0], [0.51, 0.5, 0.49]]))
    made = engine("screen", k_spacing=0.9)
    result = made.relax(start, fmax=0.005, folder=tmp_path / "run")
    assert result.converged
    assert result.problem is None
    assert result.forces_max < 0.005
    found = result.structure
    assert (4 * found.volume) ** (1 / 3) == pytest.approx(4.08, rel=0.03)
    run = AbinitRun(made.choice, start, tmp_path / "around")  # with the same mesh, which decides more than strains here
    for direction in (np.eye(3), np.array([[0.0, 0.7, 0.3], [0.7, 1.0, 0.0], [0.3, 0.0, -1.0]])):
        energies = [run.evaluate(deformed(found, size * direction)).energy_eV for size in (-0.01, 0.01)]
        assert all(energy > result.energy_eV for energy in energies)
        curvature = (sum(energies) - 2 * result.energy_eV) / 0.01**2
        slope = (energies[1] - energies[0]) / (2 * 0.01)
        assert abs(slope / curvature) < 0.002, "strain at which a parabola through three energies has its minimum"
    assert not list(tmp_path.glob("run/*/outdata"))


def test_a_cell_does_not_relax_with_too_few_plane_waves() -> None:
    with pytest.raises(EngineError, match="400 eV is too low to relax a cell"):
        engine("ci").relax(Structure(Lattice.cubic(3.0), ["Li"], [[0, 0, 0]]))


def deformed(structure: Structure, strain: NDArray[np.float64]) -> Structure:
    lattice = Lattice(structure.lattice.matrix @ (np.eye(3) + strain))
    return Structure(lattice, structure.species, structure.frac_coords)
