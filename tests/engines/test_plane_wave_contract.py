"""The contract of engines with plane waves on the smallest insulator, with the errors that plane waves have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.engines.protocol import Engine
from support import abinit, gpaw
from support.small_cells import hydride, moved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.engines.plane_waves import Run
    from hebe.engines.protocol import Relaxation

pytestmark = pytest.mark.slow

ENGINES: dict[str, Any] = {"gpaw": gpaw.engine, "abinit": abinit.engine}
MESHES = {"cutoff": 500, "k_spacing": 1.6, "smearing": 0.05}
"""k points that a doubled cell can halve: 2 x 2 x 1 and 2 x 1 x 1."""

TIGHT: dict[str, dict[str, Any]] = {
    "gpaw": {**MESHES, "convergence": {"energy": 1e-6, "density": 1e-5, "eigenstates": 1e-8}},
    "abinit": {**MESHES, "energy_tolerance": 1e-8},
}


@pytest.fixture(scope="module", params=[pytest.param(name, marks=getattr(pytest.mark, name)) for name in ENGINES])
def program(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def warm(program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Evaluations of the hydride, each from where the one before has come to."""
    run: Run = ENGINES[program]("ci", **TIGHT[program]).open_run(hydride(), tmp_path_factory.mktemp(program))
    yield run
    run.close()


@pytest.fixture(scope="module")
def tight(program: str) -> Engine:
    made: Engine = ENGINES[program]("ci", **TIGHT[program])
    return made


def test_it_follows_the_protocol(program: str) -> None:
    made: Engine = ENGINES[program]("ci")
    assert isinstance(made, Engine)
    made.check()
    assert made.energy_scale == f"{program}/PBE/paw-{made.settings['paw']}/pw-400"
    assert made.settings == dict(made.settings)
    assert all(isinstance(value, str) for value in made.versions.values())
    assert made.versions[program][0].isdigit()


def test_energy_is_extensive(warm: Run, tight: Engine) -> None:
    """The meshes of k points and of space differ slightly in a doubled cell: some meV."""
    large = hydride().make_supercell([2, 1, 1], in_place=False)
    assert tight.evaluate(large).energy_eV == pytest.approx(2 * warm.evaluate(hydride()).energy_eV, abs=0.005)


def test_forces_are_the_gradient(warm: Run) -> None:
    structure, step = hydride(), 0.02
    forces = warm.evaluate(structure).forces
    for atom, axis in ((0, 0), (2, 1), (3, 2)):
        energies = []
        for sign in (1, -1):
            positions = structure.cart_coords.copy()
            positions[atom, axis] += sign * step
            energies.append(warm.evaluate(moved(structure, structure.lattice.matrix, positions)).energy_eV)
        assert forces[atom, axis] == pytest.approx(-(energies[0] - energies[1]) / (2 * step), abs=0.01)


def test_stress_is_the_derivative_by_strain(warm: Run) -> None:
    """Where the number of plane waves jumps with the cell, a difference quotient needs a large step."""
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


def test_permutation_and_rotation_change_nothing(warm: Run, tight: Engine) -> None:
    """The mesh of space does not turn with the crystal: a meV."""
    structure = hydride()
    first = warm.evaluate(structure)
    order = np.array([2, 0, 3, 1])
    shuffled = tight.evaluate(Structure.from_sites([structure[i] for i in order]))
    assert shuffled.energy_eV == pytest.approx(first.energy_eV, abs=1e-3)
    assert shuffled.forces == pytest.approx(first.forces[order], abs=2e-3)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    turned = tight.evaluate(moved(structure, structure.lattice.matrix @ turn, structure.cart_coords @ turn))
    assert turned.energy_eV == pytest.approx(first.energy_eV, abs=2e-3)
    assert turned.forces == pytest.approx(first.forces @ turn, abs=5e-3)
    assert turned.stress == pytest.approx(turn.T @ first.stress @ turn, abs=1e-3)


def test_where_it_starts_from_changes_nothing(warm: Run, tight: Engine) -> None:
    """From scratch, or from the wave functions of other cells."""
    structure = hydride()
    positions = structure.cart_coords.copy()
    positions[0] += 0.05
    warm.evaluate(moved(structure, structure.lattice.matrix, positions))
    again, anew = warm.evaluate(structure), tight.evaluate(structure)
    assert again.energy_eV == pytest.approx(anew.energy_eV, abs=2e-5)
    assert again.forces == pytest.approx(anew.forces, abs=1e-3)


def test_iron_carries_its_moment(program: str) -> None:
    """2.2 Bohr magnetons an atom in ferromagnetic bcc iron (experiment 2.22), nearly all in the augmentation sphere."""
    iron = Structure(Lattice(2.83 / 2 * (np.ones((3, 3)) - 2 * np.eye(3))), ["Fe"], [[0, 0, 0]])
    result: Relaxation = ENGINES[program]("ci", k_spacing_metal=0.6).static(iron)
    assert result.magmoms is not None
    assert result.magmoms[0] == pytest.approx(2.2, rel=0.1)
    assert result.electronic is not None
    assert result.electronic.is_metal
