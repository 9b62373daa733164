"""The contract of engines on the smallest insulator, with the errors that plane waves have; moments of iron."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.engines.gpaw.run import GPAWRun
from hebe.engines.protocol import Engine
from support.gpaw import engine
from support.small_cells import hydride, moved

if TYPE_CHECKING:
    from collections.abc import Generator

    from hebe.engines.protocol import Evaluation

pytestmark = [pytest.mark.gpaw, pytest.mark.slow]

TIGHT = {
    "cutoff": 500,
    "k_spacing": 1.6,
    "smearing": 0.05,
    "convergence": {"energy": 1e-6, "density": 1e-5, "eigenstates": 1e-8},
}
"""k points that a doubled cell can halve: 2 x 2 x 1 and 2 x 1 x 1."""


def evaluate(structure: Structure) -> Evaluation:
    return engine("ci", **TIGHT).evaluate(structure)


@pytest.fixture(scope="module")
def warm() -> Generator[GPAWRun]:
    """One worker for many evaluations of the hydride."""
    made = engine("ci", **TIGHT)
    with tempfile.TemporaryDirectory() as folder:
        run = GPAWRun(made.installation, made.choice, hydride(), Path(folder))
        yield run
        run.close()


def test_it_follows_the_protocol() -> None:
    made = engine("ci")
    assert isinstance(made, Engine)
    made.check()
    assert made.energy_scale == f"gpaw/PBE/paw-{made.installation.data}/pw-400"
    assert made.settings == dict(made.settings)
    assert all(isinstance(value, str) for value in made.versions.values())


def test_energy_is_extensive(warm: GPAWRun) -> None:
    """The meshes of k points and of space differ slightly in a doubled cell: some meV."""
    large = hydride().make_supercell([2, 1, 1], in_place=False)
    assert evaluate(large).energy_eV == pytest.approx(2 * warm.evaluate(hydride()).energy_eV, abs=0.005)


def test_forces_are_the_gradient(warm: GPAWRun) -> None:
    structure, step = hydride(), 0.02
    forces = warm.evaluate(structure).forces
    for atom, axis in ((0, 0), (2, 1), (3, 2)):
        energies = []
        for sign in (1, -1):
            positions = structure.cart_coords.copy()
            positions[atom, axis] += sign * step
            energies.append(warm.evaluate(moved(structure, structure.lattice.matrix, positions)).energy_eV)
        assert forces[atom, axis] == pytest.approx(-(energies[0] - energies[1]) / (2 * step), abs=0.01)


def test_stress_is_the_derivative_by_strain(warm: GPAWRun) -> None:
    """At a fixed cut-off the number of plane waves jumps with the cell, so a difference quotient needs a large step."""
    structure, step = hydride(), 0.02
    stress = warm.evaluate(structure).stress
    assert stress == pytest.approx(stress.T, abs=1e-6)
    for a, b in ((0, 0), (2, 2), (0, 1)):
        energies = []
        for sign in (1, -1):
            strain = np.zeros((3, 3))
            strain[a, b] += sign * step / 2
            strain[b, a] += sign * step / 2
            deform = np.eye(3) + strain
            cell = moved(structure, structure.lattice.matrix @ deform, structure.cart_coords @ deform)
            energies.append(warm.evaluate(cell).energy_eV)
        expected = (energies[0] - energies[1]) / (2 * step) / structure.volume
        assert stress[a, b] == pytest.approx(expected, abs=0.004)


def test_permutation_and_rotation_change_nothing(warm: GPAWRun) -> None:
    """The mesh of space does not turn with the crystal: a meV."""
    structure = hydride()
    first = warm.evaluate(structure)
    order = np.array([2, 0, 3, 1])
    shuffled = evaluate(Structure.from_sites([structure[i] for i in order]))
    assert shuffled.energy_eV == pytest.approx(first.energy_eV, abs=1e-3)
    assert shuffled.forces == pytest.approx(first.forces[order], abs=2e-3)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    turned = evaluate(moved(structure, structure.lattice.matrix @ turn, structure.cart_coords @ turn))
    assert turned.energy_eV == pytest.approx(first.energy_eV, abs=2e-3)
    assert turned.forces == pytest.approx(first.forces @ turn, abs=5e-3)
    assert turned.stress == pytest.approx(turn.T @ first.stress @ turn, abs=1e-3)


def test_iron_carries_its_moment(tmp_path: Path) -> None:
    """2.2 Bohr magnetons an atom in ferromagnetic bcc iron (experiment 2.22), nearly all in the augmentation sphere."""
    iron = Structure(Lattice(2.83 / 2 * (np.ones((3, 3)) - 2 * np.eye(3))), ["Fe"], [[0, 0, 0]])
    made = engine("ci", k_spacing_metal=0.6)
    run = GPAWRun(made.installation, made.choice, iron, tmp_path)
    answer = run._ask(iron)
    moments = run.evaluate(iron).magmoms
    run.close()
    assert answer["moment"] == pytest.approx(2.2, abs=0.1)
    assert moments is not None
    assert moments[0] == pytest.approx(answer["moment"], rel=0.1), "the space between the spheres has little"
