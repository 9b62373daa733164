"""The tilted surface of the benchmark of small cells: what a linear term in strain and displacements must do."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.engines.protocol import Evaluation

if TYPE_CHECKING:
    from types import ModuleType

FILE = Path(__file__).parents[3] / "benchmarks" / "mixing_tilt.py"
ORIGIN = Structure(
    Lattice.from_parameters(3.1, 3.4, 4.2, 80, 95, 110), ["Mg", "O"], [[0.01, 0.0, 0.02], [0.5, 0.48, 0.5]]
)
FORCES = np.array([[0.1, -0.2, 0.05], [-0.1, 0.2, -0.05]])
STRESS = np.array([[0.01, 0.002, -0.001], [0.002, -0.02, 0.003], [-0.001, 0.003, 0.015]])


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The module of the benchmark."""
    spec = importlib.util.spec_from_file_location("mixing_tilt", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mixing_tilt"] = module
    spec.loader.exec_module(module)
    return module


def flat(structure: Structure) -> Evaluation:
    """A potential without gradients."""
    return Evaluation(1.0, np.zeros((len(structure), 3)), np.zeros((3, 3)))


def moved(strain: np.ndarray, shifts: np.ndarray) -> Structure:
    """The origin, strained, its sites shifted by vectors (A) before."""
    inner = ORIGIN.frac_coords + shifts @ np.linalg.inv(ORIGIN.lattice.matrix)
    return Structure(ORIGIN.lattice.matrix @ (np.eye(3) + strain), ORIGIN.species, inner)


def test_the_gain_is_minus_forces_times_shifts_and_volume_times_stress_times_strain(script: ModuleType) -> None:
    tilt = script.Tilt.of(flat, ORIGIN, FORCES, STRESS)
    strain = np.array([[0.01, 0.004, 0.0], [0.004, -0.02, 0.003], [0.0, 0.003, 0.005]])
    shifts = np.array([[0.02, 0.0, -0.01], [-0.02, 0.0, 0.01]])
    assert tilt.gain(ORIGIN) == pytest.approx(0, abs=1e-12)
    assert tilt.gain(moved(strain, np.zeros((2, 3)))) == pytest.approx(ORIGIN.volume * (STRESS * strain).sum())
    assert tilt.gain(moved(np.zeros((3, 3)), shifts)) == pytest.approx(-(FORCES * shifts).sum())
    assert tilt.evaluate(moved(strain, shifts)).energy_eV == pytest.approx(1.0 + tilt.gain(moved(strain, shifts)))


def test_turning_and_shifting_the_whole_crystal_gain_nothing(script: ModuleType) -> None:
    tilt = script.Tilt.of(flat, ORIGIN, FORCES, STRESS)
    angle = 0.3
    turn = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    turned = Structure(ORIGIN.lattice.matrix @ turn, ORIGIN.species, ORIGIN.frac_coords)
    assert tilt.gain(turned) == pytest.approx(0, abs=1e-12)
    assert tilt.gain(moved(np.zeros((3, 3)), np.full((2, 3), 0.1))) == pytest.approx(0, abs=1e-12)


def test_gradients_are_those_of_the_energy(script: ModuleType) -> None:
    tilt = script.Tilt.of(flat, ORIGIN, FORCES, STRESS)
    step, own = 1e-4, tilt.evaluate(ORIGIN)
    for i in range(3):
        for j in range(3):
            strain = np.zeros((3, 3))
            strain[i, j] += step / 2
            strain[j, i] += step / 2
            rise = tilt.gain(moved(strain, np.zeros((2, 3)))) - tilt.gain(moved(-strain, np.zeros((2, 3))))
            assert rise / (2 * step) == pytest.approx(ORIGIN.volume * own.stress[i, j], rel=1e-6)


def test_a_tilt_by_its_own_gradients_changes_nothing(script: ModuleType) -> None:
    tilt = script.Tilt.of(flat, ORIGIN, np.zeros((2, 3)), np.zeros((3, 3)))
    assert tilt.evaluate(moved(np.diag([0.1, 0, 0]), np.zeros((2, 3)))).energy_eV == 1.0
