"""The contract of engines on the smallest insulator, with the errors that plane waves have; moments of iron."""

from __future__ import annotations

import gc
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.engines.abinit.run import AbinitRun
from hebe.engines.protocol import Engine
from support.abinit import engine
from support.small_cells import hydride, moved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.engines.protocol import Evaluation

pytestmark = [pytest.mark.abinit, pytest.mark.slow]

TIGHT = {"cutoff": 500, "k_spacing": 1.6, "smearing": 0.05, "energy_tolerance": 1e-8}
"""k points that a doubled cell can halve: 2 x 2 x 1 and 2 x 1 x 1."""


def evaluate(structure: Structure) -> Evaluation:
    return engine("ci", **TIGHT).evaluate(structure)


@pytest.fixture(scope="module")
def warm() -> Iterator[AbinitRun]:
    """Evaluations that start from each other's wave functions."""
    with tempfile.TemporaryDirectory() as folder:
        yield AbinitRun(engine("ci", **TIGHT).choice, hydride(), Path(folder))


def test_it_follows_the_protocol() -> None:
    made = engine("ci")
    assert isinstance(made, Engine)
    assert made.energy_scale.startswith("abinit/PBE/paw-")
    assert made.energy_scale.endswith("/pw-400")
    assert made.settings == dict(made.settings)
    assert all(isinstance(value, str) for value in made.versions.values())
    assert made.versions["abinit"][0].isdigit()


def test_energy_is_extensive(warm: AbinitRun) -> None:
    """The meshes of k points and of space differ slightly in a doubled cell: some meV."""
    large = hydride().make_supercell([2, 1, 1], in_place=False)
    assert evaluate(large).energy_eV == pytest.approx(2 * warm.evaluate(hydride()).energy_eV, abs=0.005)


def test_forces_are_the_gradient(warm: AbinitRun) -> None:
    structure, step = hydride(), 0.02
    forces = warm.evaluate(structure).forces
    for atom, axis in ((0, 0), (2, 1), (3, 2)):
        energies = []
        for sign in (1, -1):
            positions = structure.cart_coords.copy()
            positions[atom, axis] += sign * step
            energies.append(warm.evaluate(moved(structure, structure.lattice.matrix, positions)).energy_eV)
        assert forces[atom, axis] == pytest.approx(-(energies[0] - energies[1]) / (2 * step), abs=0.01)


def test_stress_is_the_derivative_by_strain(warm: AbinitRun) -> None:
    """With plane waves that fade at the cut-off, energies are smooth in the strain."""
    structure, step = hydride(), 0.01
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
        assert stress[a, b] == pytest.approx(expected, abs=0.002)


def test_permutation_and_rotation_change_nothing(warm: AbinitRun) -> None:
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


def test_where_it_starts_from_changes_nothing(warm: AbinitRun) -> None:
    """From scratch, or from the wave functions of other cells."""
    structure = hydride()
    positions = structure.cart_coords.copy()
    positions[0] += 0.05
    warm.evaluate(moved(structure, structure.lattice.matrix, positions))
    again, fresh = warm.evaluate(structure), evaluate(structure)
    assert again.energy_eV == pytest.approx(fresh.energy_eV, abs=1e-6)
    assert again.forces == pytest.approx(fresh.forces, abs=1e-3)


def test_runs_leave_no_open_files_and_no_log_handlers(warm: AbinitRun) -> None:
    """Every run of the maker opens a log that nobody closes."""
    counts = []
    for _ in range(2):
        warm.evaluate(hydride())
        gc.collect()
        counts.append(len(list(Path("/proc/self/fd").iterdir())))
    assert counts[1] <= counts[0]
    for name in ("atomate2", "abipy", "pymatgen.io.abinit"):
        assert not any(isinstance(h, logging.FileHandler) for h in logging.getLogger(name).handlers)


def test_iron_carries_its_moment() -> None:
    """2.2 Bohr magnetons an atom in ferromagnetic bcc iron (experiment 2.22), nearly all in the augmentation sphere."""
    iron = Structure(Lattice(2.83 / 2 * (np.ones((3, 3)) - 2 * np.eye(3))), ["Fe"], [[0, 0, 0]])
    result = engine("ci", k_spacing_metal=0.6).static(iron)
    assert result.magmoms is not None
    assert result.magmoms[0] == pytest.approx(2.2, rel=0.1)
    assert result.electronic is not None
    assert result.electronic.is_metal
