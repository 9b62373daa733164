"""Springs and what they learn: against derivatives of lengths, and crystals whose springs are known."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Structure

from hebe.config.engines.ase import ASEBlock
from hebe.engines import get_engine
from hebe.engines.checkpoint import Checkpoint, SearchState
from hebe.engines.curvature import Curvature
from hebe.engines.descent import Limits, Part, Progress, descend
from hebe.engines.optimizer import relax
from hebe.engines.protocol import Evaluation
from hebe.engines.springs import Springs
from hebe.engines.surface import Surface
from hebe.science.structures.configuration import displaced

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

ENGINE = get_engine(ASEBlock(ase="support.spring_crystal:make", energy_scale="springs"))
SIZE = 3 * 8 + 6


def crystal() -> Structure:
    """Rock salt of two cations, displaced, so that no two bonds are equally long."""
    ideal = Structure.from_spacegroup("Fm-3m", np.eye(3) * 4.4, ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    ideal[1] = ideal[2] = "Ti"
    return displaced(ideal, 0.1, "curvature")


def steps(number: int, length: float = 0.05, size: int = SIZE) -> NDArray[np.float64]:
    found = np.random.default_rng(4).normal(size=(number, size))
    return np.asarray(found * length / np.linalg.norm(found, axis=1)[:, None])


def thin() -> Structure:
    """Two atoms in a thin oblique cell: most bonds are those of an atom with its own images, up to the third."""
    lattice = [[2.6, 0.0, 0.0], [0.9, 2.2, 0.0], [0.3, -0.2, 6.1]]
    return Structure(lattice, ["Mg", "O"], [[0.01, 0.0, 0.02], [0.5, 0.5, 0.36]])


def along_bonds(reference: Structure, structure: Structure) -> float:
    """Energy (eV) of all bonds within 5 A that are at rest in a reference, from their lengths."""
    i, j, images, rest = reference.get_neighbor_list(5.0, exclude_self=True)
    vectors = structure.frac_coords[i] - structure.frac_coords[j] - images
    lengths = np.linalg.norm(vectors @ structure.lattice.matrix, axis=1)
    oxygen = np.array([site.specie.symbol == "O" for site in reference])
    unlike, both = oxygen[i] != oxygen[j], oxygen[i] & oxygen[j]
    length = np.where(unlike, 2.05, np.where(both, 2.9, 3.0))
    strength = np.where(unlike, 5.5, np.where(both, 1.0, 0.7))
    stiffness = np.minimum(strength * np.exp(-2.0 * (rest - length)), 3 * strength)
    return float(0.25 * (stiffness * (lengths - rest) ** 2).sum())


@pytest.mark.parametrize("structure", [crystal(), thin()])
def test_the_first_model_is_the_second_derivative_of_the_energy_of_its_springs(structure: Structure) -> None:
    """Every bond counts once and pulls at both of its ends; a strain stretches each by its component."""
    springs, surface = Springs.of(structure), Surface(structure, cell=True)
    hessian, size = springs.hessian(springs.prior), 3 * len(structure) + 6
    for step in steps(12, 2e-3, size):
        there = along_bonds(structure, surface.structure(step)) + along_bonds(structure, surface.structure(-step))
        assert step @ (hessian - 0.3 * np.eye(size)) @ step == pytest.approx(there, rel=1e-4)
    assert hessian == pytest.approx(hessian.T)
    assert np.linalg.eigvalsh(hessian).min() > 0


def test_pulls_of_the_kinds_add_up_to_the_hessian() -> None:
    springs = Springs.of(crystal())
    strengths = np.random.default_rng(1).uniform(0.2, 3.0, size=len(springs.prior))
    for step in steps(3):
        assert springs.pulls(step) @ strengths == pytest.approx(springs.hessian(strengths) @ step)


def test_kinds_are_pairs_of_elements_by_shell_along_and_across_then_sites_and_strain() -> None:
    springs = Springs.of(crystal())
    elements = 3
    bonds = (len(springs.prior) - elements - 1) // 2
    assert len(springs.prior) == 2 * bonds + elements + 1
    assert bonds <= 2 * elements * (elements + 1) // 2
    assert (springs.prior[:bonds] == 1).all()
    assert (springs.prior[bonds : 2 * bonds] == 0).all()
    assert springs.spread[-1] == 0, "the springs that keep a strain bounded are no part of the crystal"


def test_an_isolated_atom_has_the_spring_of_its_site_alone() -> None:
    springs = Springs.of(Structure(np.eye(3) * 12, ["He"], [[0, 0, 0]]))
    assert springs.hessian(springs.prior) == pytest.approx(0.3 * np.eye(9))


def test_a_fixed_cell_is_not_coupled_to_strain() -> None:
    springs = Springs.of(crystal(), cell=False)
    hessian = springs.hessian(springs.prior)
    assert not hessian[-6:, :-6].any()
    assert hessian[-6:, -6:] == pytest.approx(0.3 * np.eye(6))
    free = Springs.of(crystal())
    assert hessian[:-6, :-6] == pytest.approx(free.hessian(free.prior)[:-6, :-6])


def test_a_crystal_of_such_springs_is_known_after_a_few_steps_in_all_other_directions() -> None:
    """Three changes of the gradient have 90 numbers for some 20 strengths: directions never taken are known as well."""
    surface = Surface(crystal(), cell=True)
    springs = Springs.of(crystal())
    strengths = springs.prior + 0.7 * springs.spread * np.random.default_rng(2).uniform(-1, 1, len(springs.prior))
    true, model = springs.hessian(strengths), Curvature.of(surface, np.zeros(SIZE))
    first = np.linalg.norm(model.hessian - true)
    for step in steps(3):
        model = model.learned(step, true @ step)
    assert np.linalg.norm(model.hessian - true) < 0.4 * first
    plain = Curvature(springs.hessian(springs.prior))
    for step in steps(3):
        plain = plain.learned(step, true @ step)
    assert np.linalg.norm(plain.hessian - true) > 0.5 * first, "BFGS alone knows three directions of thirty"


def test_the_last_step_is_known_exactly() -> None:
    """What springs cannot say is left to BFGS, whose last update is exact."""
    surface = Surface(crystal(), cell=True)
    values = np.random.default_rng(5).uniform(1.0, 9.0, size=SIZE)
    model = Curvature.of(surface, np.zeros(SIZE))
    for step in steps(4):
        model = model.learned(step, values * step)
        assert model.hessian @ step == pytest.approx(values * step)
        assert np.linalg.eigvalsh(model.hessian).min() > 0


@pytest.mark.parametrize("change", [-3.0, 0.0])
def test_a_step_along_which_the_surface_does_not_curve_up_leaves_the_model_positive(change: float) -> None:
    model = Curvature.of(Surface(crystal(), cell=True), np.zeros(SIZE))
    for step in steps(5):
        model = model.learned(step, change * step)
    assert np.isfinite(model.hessian).all()
    assert np.linalg.eigvalsh(model.hessian).min() > 0


def test_no_step_teaches_nothing() -> None:
    model = Curvature.of(Surface(crystal(), cell=True), np.zeros(SIZE))
    assert model.learned(np.zeros(SIZE), np.zeros(SIZE)).hessian == pytest.approx(model.hessian)


def followed(model: Curvature, fmax: float) -> tuple[int, float]:
    """Evaluations and energy (eV) of a search in the spring crystal."""
    surface = Surface(crystal(), cell=True)
    point = surface.point(np.zeros(SIZE), surface.start, ENGINE.evaluate(surface.start))
    progress, limits = Progress(point, model, [point.evaluation.energy_eV]), Limits(fmax, 100, cell=True)
    search = descend(surface, progress, limits, None)
    for structure in answered(search):
        assert len(structure) == 8
    assert limits.met(progress.point)
    return len(progress.energies), progress.point.evaluation.energy_eV


def answered(search: Part) -> Iterator[Structure]:
    try:
        structure = next(search)
        while True:
            yield structure
            structure = search.send(ENGINE.evaluate(structure))
    except StopIteration:
        return


def test_springs_that_learn_come_to_the_same_minimum_in_fewer_evaluations() -> None:
    springs = Springs.of(crystal())
    fixed = followed(Curvature(springs.hessian(springs.prior)), 0.002)
    learned = followed(Curvature.of(Surface(crystal(), cell=True), np.zeros(SIZE)), 0.002)
    assert learned[0] < fixed[0]
    assert learned[1] == pytest.approx(fixed[1], abs=1e-4)


def test_a_search_that_was_cut_off_goes_on_to_the_last_bit(tmp_path: Path) -> None:
    whole = relax(crystal(), ENGINE.evaluate, fmax=0.002)
    checkpoint, seen = Checkpoint(tmp_path / "state.json"), []
    found = relax(crystal(), ENGINE.evaluate, fmax=0.002, steps=3, checkpoint=checkpoint)
    while not found.converged:
        seen.append(len(found.energies))
        found = relax(crystal(), ENGINE.evaluate, fmax=0.002, steps=2, checkpoint=checkpoint)
    assert len(seen) > 1
    assert all(b - a == 2 for a, b in pairwise(seen))
    assert found.energies == whole.energies
    assert np.array_equal(found.structure.cart_coords, whole.structure.cart_coords)


def test_a_model_without_springs_is_kept_as_it_is(tmp_path: Path) -> None:
    """That of a search that was pushed off a ridge."""
    checkpoint, start = Checkpoint(tmp_path / "state.json"), crystal()
    bent = Curvature(np.diag(np.random.default_rng(3).uniform(1, 2, SIZE)))
    evaluation = Evaluation(-1.0, np.zeros((8, 3)), np.zeros((3, 3)))
    checkpoint.save(SearchState(start, np.zeros(SIZE), evaluation, bent, 0.1, [-1.0]), start)
    state = checkpoint.load(start, cell=True)
    assert state is not None
    assert np.array_equal(state.model.hessian, bent.hessian)
    assert state.model.origin is None
