"""What every engine must do: one contract for all of them."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.engine import EngineSpec
from hebe.engines import get_engine
from hebe.engines.protocol import Engine
from hebe.exceptions import BadInputError, EngineError
from hebe.science.structures.configuration import displaced

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPRINGS = EngineSpec(ase="support.spring_crystal:make", energy_scale="springs")


ATOMATE2 = pytest.mark.skipif(importlib.util.find_spec("atomate2") is None, reason="needs atomate2")


@pytest.fixture(params=["chgnet", "ase", pytest.param("atomate2", marks=ATOMATE2)])
def engine(request: pytest.FixtureRequest) -> Engine:
    return get_engine(SPRINGS if request.param == "ase" else request.param)


def sample() -> Structure:
    """Distorted MgO-like cell of three elements without symmetry."""
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    cell[0] = "Ni"
    return displaced(cell, 0.08, "contract")


def with_positions(structure: Structure, lattice: NDArray[np.float64], positions: NDArray[np.float64]) -> Structure:
    return Structure(Lattice(lattice), structure.species, positions, coords_are_cartesian=True)


def test_it_follows_the_protocol(engine: Engine) -> None:
    assert isinstance(engine, Engine)
    engine.check()
    assert engine.energy_scale
    assert engine.settings == dict(engine.settings)
    assert all(isinstance(v, str) for v in engine.versions.values())


def test_energy_is_extensive(engine: Engine) -> None:
    small = sample()
    large = small.make_supercell([2, 1, 1], in_place=False)
    assert engine.evaluate(large).energy_eV == pytest.approx(2 * engine.evaluate(small).energy_eV, abs=2e-5)


def test_forces_are_the_gradient(engine: Engine) -> None:
    structure, step = sample(), 0.02
    forces = engine.evaluate(structure).forces
    for atom, axis in ((0, 0), (3, 1), (6, 2)):
        energies = []
        for sign in (1, -1):
            moved = structure.cart_coords.copy()
            moved[atom, axis] += sign * step
            energies.append(engine.evaluate(with_positions(structure, structure.lattice.matrix, moved)).energy_eV)
        assert forces[atom, axis] == pytest.approx(-(energies[0] - energies[1]) / (2 * step), abs=0.01)


def test_stress_is_the_derivative_by_strain(engine: Engine) -> None:
    structure, step = sample(), 0.003
    stress = engine.evaluate(structure).stress
    assert stress == pytest.approx(stress.T, abs=1e-6)
    for a, b in ((0, 0), (2, 2), (0, 1)):
        energies = []
        for sign in (1, -1):
            strain = np.zeros((3, 3))
            strain[a, b] += sign * step / 2
            strain[b, a] += sign * step / 2
            deform = np.eye(3) + strain
            cell = with_positions(structure, structure.lattice.matrix @ deform, structure.cart_coords @ deform)
            energies.append(engine.evaluate(cell).energy_eV)
        expected = (energies[0] - energies[1]) / (2 * step) / structure.volume
        assert stress[a, b] == pytest.approx(expected, abs=0.003)


def test_permutation_and_rotation_change_nothing(engine: Engine) -> None:
    structure = sample()
    first = engine.evaluate(structure)
    order = np.random.default_rng(0).permutation(len(structure))
    shuffled = engine.evaluate(Structure.from_sites([structure[i] for i in order]))
    assert shuffled.energy_eV == pytest.approx(first.energy_eV, abs=2e-5)
    assert shuffled.forces == pytest.approx(first.forces[order], abs=1e-4)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    turned = engine.evaluate(with_positions(structure, structure.lattice.matrix @ turn, structure.cart_coords @ turn))
    assert turned.energy_eV == pytest.approx(first.energy_eV, abs=2e-5)
    assert turned.forces == pytest.approx(first.forces @ turn, abs=2e-4)
    assert turned.stress == pytest.approx(turn.T @ first.stress @ turn, abs=2e-5)


def test_a_relaxation_lowers_the_energy_and_ends_without_forces(engine: Engine) -> None:
    structure = sample()
    result = engine.relax(structure, fmax=0.03)
    assert result.converged
    assert result.energy_eV < engine.evaluate(structure).energy_eV
    again = engine.evaluate(result.structure)
    assert again.energy_eV == pytest.approx(result.energy_eV, abs=1e-5)
    assert np.linalg.norm(again.forces, axis=1).max() < 0.031
    assert np.abs(again.stress).max() * structure.volume / len(structure) < 0.031
    assert np.linalg.norm(result.structure.frac_coords - structure.frac_coords, axis=1).max() < 0.3


def test_a_step_limit_is_said(engine: Engine) -> None:
    result = engine.relax(sample(), fmax=1e-4, steps=3)
    assert not result.converged
    assert result.n_steps == 3


def test_moments_where_promised(engine: Engine) -> None:
    moments = engine.evaluate(sample(), magmoms=True).magmoms if "magmoms" in engine.capabilities else None
    if "magmoms" in engine.capabilities:
        assert moments is not None
        assert moments[0] == pytest.approx(1.7, abs=0.3), "Ni2+ carries close to 2 Bohr magnetons"
        assert np.abs(moments[1:]).max() < 0.3


def test_a_fixed_cell_stays(engine: Engine) -> None:
    structure = sample()
    result = engine.relax(structure, fmax=0.03, cell=False)
    assert result.structure.lattice.matrix == pytest.approx(structure.lattice.matrix)
    assert result.forces_max < 0.03


def test_isolated_atoms_are_an_engine_error() -> None:
    with pytest.raises(EngineError):
        get_engine("chgnet").evaluate(Structure(Lattice.cubic(30), ["Mg"], [[0, 0, 0]]))


@pytest.mark.parametrize(
    ("path", "words"),
    [("no_such_module:make", "cannot be imported"), ("support.spring_crystal:nothing", "cannot be imported")],
)
def test_a_wrong_import_path_is_bad_input(path: str, words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        get_engine(EngineSpec(ase=path, energy_scale="x"))


def test_an_unknown_engine_names_those_there_are() -> None:
    with pytest.raises(BadInputError, match="known: chgnet"):
        get_engine("crystal")
