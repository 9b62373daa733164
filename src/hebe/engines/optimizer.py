"""Quasi-Newton relaxation of ions and cell: BFGS from a spring-model Hessian within a trust radius.

Works with any function that gives energy, forces and stress. BFGS: Nocedal and Wright, Numerical Optimization (2006),
chapter 6; joint treatment of strain and displacement: Pfrommer et al., J. Comput. Phys. 131, 233 (1997).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from hebe.engines.checkpoint import Checkpoint, SearchState
from hebe.engines.deadline import DEADLINE
from hebe.engines.hessian import VOIGT, spring_hessian
from hebe.engines.protocol import Evaluation, Relaxation
from hebe.exceptions import CalculationCutError, EngineError

Vector = NDArray[np.float64]
Evaluate = Callable[[Structure], Evaluation]
EvaluateMany = Callable[[Sequence[Structure]], Sequence[Evaluation]]
_Search = Generator[Structure, Evaluation, Relaxation]

OPTIMIZER: Final = "spring-bfgs-2"
"""Name and version of this optimizer: enters content keys."""

_TRUST: Final = 0.25  # A, first and typical largest step of an atom
_TRUST_MAX: Final = 0.4
_TRUST_MIN: Final = 0.01
_STRAIN_LENGTH: Final = 3.0  # A, weighs strain against displacement in the trust radius
_SOFTEST: Final = 0.3  # eV/A^2, curvatures below are raised to it
_RISE: Final = 0.02  # eV, energy increase from which a step is taken back
_VOLUME_LIMIT: Final = 0.5


@dataclass
class _Point:
    """State at generalised coordinates q: evaluation, gradient, cell."""

    q: Vector
    evaluation: Evaluation
    gradient: Vector
    structure: Structure

    @property
    def residual(self) -> float:
        """Largest force (eV/A) or row of the virial per atom (eV)."""
        virial = self.evaluation.stress * self.structure.volume
        rows = np.linalg.norm(virial, axis=1) / len(self.structure)
        return float(max(np.linalg.norm(self.evaluation.forces, axis=1).max(), rows.max()))

    @property
    def force(self) -> float:
        """Largest force, eV/A."""
        return float(np.linalg.norm(self.evaluation.forces, axis=1).max())


class _Surface:
    """Energy over q = (displacements, strains): X = (X0 + u) D, L = L0 D with D = 1 + strain."""

    def __init__(self, start: Structure, *, cell: bool) -> None:
        self.start, self.cell = start, cell

    def structure(self, q: Vector) -> Structure:
        """Cell at q; raises _ExplosionError when it is out of all proportion to the start."""
        n, deformation = len(self.start), self._deformation(q)
        positions = (self.start.cart_coords + q[: 3 * n].reshape(n, 3)) @ deformation
        structure = Structure(
            Lattice(self.start.lattice.matrix @ deformation),
            self.start.species,
            positions,
            coords_are_cartesian=True,
            site_properties=self.start.site_properties,
        )
        _refuse_explosion(self.start, structure)
        return structure

    def point(self, q: Vector, structure: Structure, evaluation: Evaluation) -> _Point:
        """Point at q from the evaluation of its cell."""
        if not (np.isfinite(evaluation.energy_eV) and np.isfinite(evaluation.forces).all()):
            raise EngineError("optimizer", "energy or forces are not finite", deterministic=True)
        return _Point(q, evaluation, self._gradient(evaluation, structure.volume, self._deformation(q)), structure)

    def _deformation(self, q: Vector) -> NDArray[np.float64]:
        return np.eye(3) + _strain_matrix(q[3 * len(self.start) :])

    def _gradient(self, evaluation: Evaluation, volume: float, deformation: NDArray[np.float64]) -> Vector:
        displacement = -(evaluation.forces @ deformation.T).ravel()
        if not self.cell:
            return np.concatenate([displacement, np.zeros(6)])
        strain = np.linalg.solve(deformation.T, evaluation.stress * volume)
        strain = (strain + strain.T) / 2
        return np.concatenate([displacement, [strain[a, b] for a, b in VOIGT]])


def _strain_matrix(voigt: Vector) -> NDArray[np.float64]:
    matrix = np.zeros((3, 3))
    for value, (a, b) in zip(voigt, VOIGT, strict=True):
        matrix[a, b] += value / 2
        matrix[b, a] += value / 2
    return matrix


class _ExplosionError(Exception):
    """A step left the range of sane volumes."""


def _refuse_explosion(start: Structure, now: Structure) -> None:
    change = now.volume / start.volume - 1
    if abs(change) > _VOLUME_LIMIT:
        raise _ExplosionError(f"the cell exploded: volume changed by {change:+.0%}")


def relax(
    start: Structure,
    evaluate: Evaluate,
    *,
    fmax: float = 0.05,
    steps: int = 200,
    cell: bool = True,
    checkpoint: Checkpoint | None = None,
) -> Relaxation:
    """Relax a structure until the largest force and the largest virial per atom are below `fmax`.

    Parameters
    ----------
    start
        Where to start; coordinates of the result continue its own.
    evaluate
        Energy, forces (eV/A) and stress (eV/A^3) of a structure.
    fmax
        eV/A for forces, eV per atom for the virial.
    steps
        Limit on evaluations; the deadline of the process is another one.
    cell
        Whether the cell relaxes as well.
    checkpoint
        Where the search is written after each evaluation, and from where one that was broken off goes on, if it was of
        this start or had come to it.

    Returns
    -------
    Relaxation
        The last point reached; ``converged`` tells whether it meets `fmax`, ``problem`` that the volume was
        about to change by more than 50 %. A search that is cut off ends like one at the limit of steps.

    Raises
    ------
    EngineError
        If energies or forces are not finite.
    CalculationCutError
        If it is cut off before the first point.
    """
    search = _search(start, fmax=fmax, steps=steps, cell=cell, checkpoint=checkpoint)
    try:
        structure = next(search)
        while True:
            try:
                evaluation = evaluate(structure)
            except CalculationCutError as err:
                structure = search.throw(err)
            else:
                structure = search.send(evaluation)
    except StopIteration as end:
        result: Relaxation = end.value
        return result


def relax_many(
    starts: Sequence[Structure],
    evaluate_many: EvaluateMany,
    *,
    fmax: float = 0.05,
    steps: int = 200,
    cell: bool = True,
    batch: int = 64,
) -> list[Relaxation | EngineError]:
    """Relax structures side by side: the next steps of up to `batch` of them are evaluated in one call.

    Each goes the way that `relax` takes it. A relaxation that ends makes room for the next one.

    Returns
    -------
    list of Relaxation or EngineError
        One per start; the error stands for a structure that has no energy and stops no other.
    """
    results: dict[int, Relaxation | EngineError] = {}
    active: dict[int, tuple[_Search, Structure]] = {}
    waiting = iter(enumerate(starts))
    while True:
        for n, start in islice(waiting, batch - len(active)):
            search = _search(start, fmax=fmax, steps=steps, cell=cell)
            active[n] = (search, next(search))
        if not active:
            return [results[n] for n in range(len(starts))]
        evaluations = _evaluate_each([structure for _, structure in active.values()], evaluate_many)
        for (n, (search, _)), evaluation in zip(list(active.items()), evaluations, strict=True):
            ended, structure = _advance(search, evaluation)
            if structure is not None:
                active[n] = (search, structure)
            elif ended is not None:
                results[n] = ended
                del active[n]


def _evaluate_each(structures: Sequence[Structure], evaluate_many: EvaluateMany) -> list[Evaluation | EngineError]:
    """All in one call; one by one when one of them has no energy, so that it alone ends."""
    try:
        return list(evaluate_many(structures))
    except EngineError as err:
        if len(structures) == 1:
            return [err]
    return [one for structure in structures for one in _evaluate_each([structure], evaluate_many)]


def _advance(
    search: _Search, evaluation: Evaluation | EngineError
) -> tuple[Relaxation | EngineError | None, Structure | None]:
    """How the relaxation ended, or the next structure that it asks for."""
    if isinstance(evaluation, EngineError):
        return evaluation, None
    try:
        return None, search.send(evaluation)
    except StopIteration as end:
        return end.value, None
    except EngineError as err:
        return err, None


@dataclass
class _Progress:
    """The search under way: the best point, the model of the curvature, the trust radius."""

    point: _Point
    hessian: NDArray[np.float64]
    energies: list[float]
    trust: float = _TRUST

    def step(self) -> Vector:
        """Where to go next."""
        return _bounded(_newton_step(self.hessian, self.point.gradient), self.trust)

    def take(self, step: Vector, trial: _Point) -> None:
        """Learn from the point after a step; go there unless the energy rises."""
        length, before = _longest(step), self.point
        self.energies.append(trial.evaluation.energy_eV)
        self.hessian = _bfgs(self.hessian, step, trial.gradient - before.gradient)
        if trial.evaluation.energy_eV > before.evaluation.energy_eV + _RISE and length > 1e-3:
            self.trust = max(0.25 * min(length, self.trust), _TRUST_MIN)
        else:
            self.point, self.trust = trial, min(1.3 * self.trust, _TRUST_MAX)


def _search(start: Structure, *, fmax: float, steps: int, cell: bool, checkpoint: Checkpoint | None = None) -> _Search:
    """One relaxation as a dialogue: asks for the evaluation of a structure, is sent it, returns the end."""
    state = None if checkpoint is None else checkpoint.load(start)
    surface = _Surface(start if state is None else state.start, cell=cell)
    if state is None:
        origin = np.zeros(3 * len(start) + 6)
        first = surface.structure(origin)
        point = surface.point(origin, first, (yield first))
        progress = _Progress(point, _model(start, cell=cell), [point.evaluation.energy_eV])
        _write(checkpoint, surface, progress)
    else:
        point = surface.point(state.q, surface.structure(state.q), state.evaluation)
        progress = _Progress(point, state.hessian, list(state.energies), state.trust)
    before, problem = 0 if state is None else len(progress.energies), None
    while not (_done(progress.point, fmax, cell=cell) or DEADLINE.passed) and len(progress.energies) - before < steps:
        step = progress.step()
        q = progress.point.q + step
        try:
            structure = surface.structure(q)
            trial = surface.point(q, structure, (yield structure))
        except _ExplosionError as err:
            problem = str(err)
            break
        except CalculationCutError:
            break
        progress.take(step, trial)
        _write(checkpoint, surface, progress)
    return _result(progress, before, problem, done=_done(progress.point, fmax, cell=cell))


def _model(start: Structure, *, cell: bool) -> NDArray[np.float64]:
    """Hessian to start from."""
    hessian = spring_hessian(start)
    if not cell:
        hessian[-6:, :-6] = hessian[:-6, -6:] = 0.0
    return hessian


def _write(checkpoint: Checkpoint | None, surface: _Surface, progress: _Progress) -> None:
    if checkpoint is not None:
        point = progress.point
        state = SearchState(
            surface.start, point.q, point.evaluation, progress.hessian, progress.trust, progress.energies
        )
        checkpoint.save(state, point.structure)


def _result(progress: _Progress, before: int, problem: str | None, *, done: bool) -> Relaxation:
    point = progress.point
    return Relaxation(
        structure=point.structure,
        energy_eV=point.evaluation.energy_eV,
        forces_max=point.force,
        stress=point.evaluation.stress,
        n_steps=len(progress.energies) - before,
        converged=problem is None and done,
        magmoms=point.evaluation.magmoms,
        energies=progress.energies,
        problem=problem,
    )


def _done(point: _Point, fmax: float, *, cell: bool) -> bool:
    return (point.residual if cell else point.force) < fmax


def _newton_step(hessian: NDArray[np.float64], gradient: Vector) -> Vector:
    values, vectors = np.linalg.eigh(hessian)
    return np.asarray(-vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(values), _SOFTEST)))


def _longest(step: Vector) -> float:
    scaled = np.abs(step)
    scaled[-6:] *= _STRAIN_LENGTH
    return float(scaled.max())


def _bounded(step: Vector, trust: float) -> Vector:
    longest = _longest(step)
    return step * (trust / longest) if longest > trust else step


def _bfgs(hessian: NDArray[np.float64], step: Vector, change: Vector) -> NDArray[np.float64]:
    """BFGS update; skipped where the curvature along the step is not clearly positive."""
    pushed = hessian @ step
    curvature, model = float(change @ step), float(step @ pushed)
    if curvature <= 1e-3 * abs(model):
        return hessian
    return np.asarray(hessian + np.outer(change, change) / curvature - np.outer(pushed, pushed) / model)
