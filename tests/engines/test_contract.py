"""What every engine must do: one contract for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.engines.ase import ASEBlock
from hebe.config.engines.chgnet import CHGNetBlock
from hebe.config.engines.sevennet import SevenNetBlock
from hebe.engines import get_engine
from hebe.engines.protocol import CAPABILITIES, Engine
from hebe.exceptions import BadInputError, EngineError
from hebe.science.structures.configuration import displaced

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.config.engines import EngineBlock

SPRINGS = ASEBlock(ase="support.spring_crystal:make", energy_scale="springs", capabilities=("oxides",))
EMT = ASEBlock(ase="ase.calculators.emt:EMT", energy_scale="emt", capabilities=("metals", "molecules"))
R2SCAN = CHGNetBlock(model="r2scan")
SEVENNET = SevenNetBlock(model="0")
BLOCKS: dict[str, str | EngineBlock] = {
    "chgnet": "chgnet",
    "chgnet, r2scan": R2SCAN,
    "sevennet": SEVENNET,
    "springs": SPRINGS,
    "emt": EMT,
    "atomate2": "atomate2",
}


@dataclass(frozen=True)
class Sample:
    """A cell out of equilibrium without symmetry, and the capability that it asks for."""

    kind: str
    structure: Structure


def oxide() -> Structure:
    """Distorted MgO-like cell of three elements."""
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    cell[0] = "Ni"
    return displaced(cell, 0.08, "contract")


def metal() -> Structure:
    """Distorted cell of an alloy on a cubic close packing."""
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.65), ["Cu"], [[0, 0, 0]])
    cell[0] = "Ni"
    return displaced(cell, 0.08, "contract")


def molecule() -> Structure:
    """Two molecules of carbon monoxide in a box, 3 % too long, far from each other."""
    places = [[2.0, 2.1, 2.2], [2.0, 2.1, 3.36], [6.0, 6.3, 6.1], [7.16, 6.3, 6.1]]
    return Structure(Lattice.orthorhombic(8.0, 8.4, 9.0), ["C", "O"] * 2, places, coords_are_cartesian=True)


SAMPLES = {"oxides": oxide, "metals": metal, "molecules": molecule}
ATOMATE2 = pytest.mark.skipif(find_spec("atomate2") is None, reason="needs atomate2")


@pytest.fixture(
    params=["chgnet", "chgnet, r2scan", "sevennet", "springs", "emt", pytest.param("atomate2", marks=ATOMATE2)]
)
def engine(request: pytest.FixtureRequest) -> Engine:
    return get_engine(BLOCKS[request.param])


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest, engine: Engine) -> Sample:
    if request.param not in engine.capabilities:
        pytest.skip(f"{engine.name} does not say that it can compute {request.param}")
    return Sample(request.param, SAMPLES[request.param]())


def with_positions(structure: Structure, lattice: NDArray[np.float64], positions: NDArray[np.float64]) -> Structure:
    return Structure(Lattice(lattice), structure.species, positions, coords_are_cartesian=True)


def test_it_follows_the_protocol(engine: Engine) -> None:
    assert isinstance(engine, Engine)
    engine.check()
    assert engine.energy_scale
    assert engine.settings == dict(engine.settings)
    assert all(isinstance(v, str) for v in engine.versions.values())
    assert engine.capabilities <= set(CAPABILITIES)
    assert engine.capabilities & set(SAMPLES), "each is tested with something"


def test_energy_is_extensive(engine: Engine, sample: Sample) -> None:
    small = sample.structure
    large = small.make_supercell([2, 1, 1], in_place=False)
    assert engine.evaluate(large).energy_eV == pytest.approx(2 * engine.evaluate(small).energy_eV, abs=2e-5)


def test_forces_are_the_gradient(engine: Engine, sample: Sample) -> None:
    structure, step = sample.structure, 0.01
    forces = engine.evaluate(structure).forces
    for atom, axis in ((0, 0), (1, 2), (3, 1), (len(structure) - 1, 0)):
        energies = []
        for sign in (1, -1):
            moved = structure.cart_coords.copy()
            moved[atom, axis] += sign * step
            energies.append(engine.evaluate(with_positions(structure, structure.lattice.matrix, moved)).energy_eV)
        assert forces[atom, axis] == pytest.approx(-(energies[0] - energies[1]) / (2 * step), abs=0.01)


def test_stress_is_the_derivative_by_strain(engine: Engine, sample: Sample) -> None:
    structure, step = sample.structure, 0.003
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


def test_permutation_and_rotation_change_nothing(engine: Engine, sample: Sample) -> None:
    structure = sample.structure
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


def test_a_relaxation_lowers_the_energy_and_ends_without_forces(engine: Engine, sample: Sample) -> None:
    structure, crystal = sample.structure, sample.kind != "molecules"
    result = engine.relax(structure, fmax=0.03, cell=crystal)
    assert result.converged
    assert result.energy_eV < engine.evaluate(structure).energy_eV
    again = engine.evaluate(result.structure)
    assert again.energy_eV == pytest.approx(result.energy_eV, abs=1e-5)
    assert np.linalg.norm(again.forces, axis=1).max() < 0.031
    if crystal:
        assert np.abs(again.stress).max() * structure.volume / len(structure) < 0.031
    assert np.linalg.norm(result.structure.frac_coords - structure.frac_coords, axis=1).max() < 0.3


def test_a_step_limit_is_said(engine: Engine, sample: Sample) -> None:
    result = engine.relax(sample.structure, fmax=1e-6, steps=3, cell=sample.kind != "molecules")
    assert not result.converged
    assert result.n_steps == 3


def test_moments_where_promised(engine: Engine) -> None:
    if not {"magmoms", "oxides"} <= engine.capabilities:
        pytest.skip(f"{engine.name} does not say that it has moments of oxides")
    moments = engine.evaluate(oxide(), magmoms=True).magmoms
    assert moments is not None
    assert moments[0] == pytest.approx(1.7, abs=0.3), "Ni2+ carries close to 2 Bohr magnetons"
    assert np.abs(moments[1:]).max() < 0.3
    assert engine.static(oxide()).magmoms is not None


def test_a_fixed_cell_stays(engine: Engine, sample: Sample) -> None:
    structure = sample.structure
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
def test_a_wrong_import_path_is_bad_input(path: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEBE_TRUST", "no_such_module,support")
    with pytest.raises(BadInputError, match=words):
        get_engine(ASEBlock(ase=path, energy_scale="x"))


def test_an_unknown_engine_names_those_there_are() -> None:
    with pytest.raises(BadInputError, match="known: chgnet"):
        get_engine("crystal")
