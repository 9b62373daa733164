"""The quasi-Newton optimizer beside ASE's, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS
from pymatgen.core import Structure
from pymatgen.io.ase import AseAtomsAdaptor

from hebe.config.engines.ase import ASEBlock
from hebe.engines import get_engine
from hebe.engines.descent import Limits, Progress, descend, first_model
from hebe.engines.hessian import spring_hessian
from hebe.engines.optimizer import relax
from hebe.engines.protocol import Evaluation
from hebe.engines.surface import Surface
from hebe.exceptions import EngineError
from hebe.science.structures.configuration import displaced
from support.spring_crystal import make

ENGINE = get_engine(ASEBlock(ase="support.spring_crystal:make", energy_scale="springs"))


def cell() -> Structure:
    conventional = Structure.from_spacegroup("Fm-3m", np.eye(3) * 4.4, ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    return displaced(conventional, 0.1, "optimizer")


def test_it_reaches_the_minimum_of_an_independent_optimizer_in_fewer_steps() -> None:
    own = ENGINE.relax(cell(), fmax=0.005)
    atoms = AseAtomsAdaptor.get_atoms(Structure(cell().lattice, cell().species, cell().frac_coords), msonable=False)
    atoms.calc = make()
    movable: Any = FrechetCellFilter(atoms)
    reference = BFGS(movable, logfile=None)
    reference.run(fmax=0.005, steps=300)
    assert own.converged
    assert own.energy_eV == pytest.approx(float(atoms.get_potential_energy()), abs=2e-3)
    assert own.n_steps <= reference.nsteps


def test_the_model_hessian_is_symmetric_and_positive() -> None:
    hessian = spring_hessian(cell())
    assert hessian.shape == (3 * 8 + 6, 3 * 8 + 6)
    assert hessian == pytest.approx(hessian.T)
    assert np.linalg.eigvalsh(hessian).min() > 0


def test_a_model_that_a_jump_of_the_forces_has_stiffened_is_replaced() -> None:
    surface, limits = Surface(cell(), cell=True), Limits(fmax=0.005, evaluations=60, cell=True)
    origin = np.zeros(3 * len(surface.start) + 6)
    point = surface.point(origin, surface.start, ENGINE.evaluate(surface.start))
    stiff = 1e5 * first_model(surface.start, cell=True)
    progress = Progress(point, stiff, [point.evaluation.energy_eV])
    search = descend(surface, progress, limits, None)
    structure: Structure | None = next(search)
    while structure is not None:
        try:
            structure = search.send(ENGINE.evaluate(structure))
        except StopIteration:
            structure = None
    assert limits.met(progress.point)
    free = ENGINE.relax(cell(), fmax=0.005)
    assert progress.point.evaluation.energy_eV == pytest.approx(free.energy_eV, abs=2e-3)
    assert len(progress.energies) < free.n_steps + 10


def test_an_explosion_is_said_and_the_structure_kept() -> None:
    def pushing(structure: Structure) -> Evaluation:
        return Evaluation(-structure.volume, np.zeros((len(structure), 3)), -np.eye(3))

    result = relax(cell(), pushing)
    assert result.problem is not None
    assert "exploded" in result.problem
    assert not result.converged
    assert abs(result.structure.volume / cell().volume - 1) <= 0.5, "the last sane structure is kept"


def test_energies_that_are_not_numbers_are_an_error() -> None:
    def broken(structure: Structure) -> Evaluation:
        return Evaluation(float("nan"), np.zeros((len(structure), 3)), np.zeros((3, 3)))

    with pytest.raises(EngineError, match="not finite"):
        relax(cell(), broken)
