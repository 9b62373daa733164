"""Quasi-Newton relaxation of ions and cell: BFGS from a spring-model Hessian within a trust radius.

Works with any function that gives energy, forces and stress. BFGS: Nocedal and Wright, Numerical Optimization (2006),
chapter 6; joint treatment of strain and displacement: Pfrommer et al., J. Comput. Phys. 131, 233 (1997).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from hebe.engines.deadline import DEADLINE
from hebe.engines.hessian import VOIGT, spring_hessian
from hebe.engines.protocol import Evaluation, Relaxation
from hebe.exceptions import EngineError

Vector = NDArray[np.float64]
Evaluate = Callable[[Structure], Evaluation]

OPTIMIZER: Final = "spring-bfgs-1"
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

    def __init__(self, start: Structure, evaluate: Evaluate, *, cell: bool) -> None:
        self.start, self.evaluate, self.cell = start, evaluate, cell
        self.n_evaluations = 0

    def __call__(self, q: Vector) -> _Point:
        n = len(self.start)
        deformation = np.eye(3) + _strain_matrix(q[3 * n :])
        positions = (self.start.cart_coords + q[: 3 * n].reshape(n, 3)) @ deformation
        structure = Structure(
            Lattice(self.start.lattice.matrix @ deformation),
            self.start.species,
            positions,
            coords_are_cartesian=True,
            site_properties=self.start.site_properties,
        )
        _refuse_explosion(self.start, structure)
        evaluation = self.evaluate(structure)
        self.n_evaluations += 1
        if not (np.isfinite(evaluation.energy_eV) and np.isfinite(evaluation.forces).all()):
            raise EngineError("optimizer", "energy or forces are not finite", deterministic=True)
        return _Point(q, evaluation, self._gradient(evaluation, structure.volume, deformation), structure)

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

    Returns
    -------
    Relaxation
        The last point reached; ``converged`` tells whether it meets `fmax`, ``problem`` that the volume was
        about to change by more than 50 %.

    Raises
    ------
    EngineError
        If energies or forces are not finite.
    """
    surface = _Surface(start, evaluate, cell=cell)
    point = surface(np.zeros(3 * len(start) + 6))
    hessian, trust = spring_hessian(start), _TRUST
    if not cell:
        hessian[-6:, :-6] = hessian[:-6, -6:] = 0.0
    energies, problem = [point.evaluation.energy_eV], None
    while not _done(point, fmax, cell=cell) and surface.n_evaluations < steps and not DEADLINE.passed:
        step = _bounded(_newton_step(hessian, point.gradient), trust)
        length = _longest(step)
        try:
            trial = surface(point.q + step)
        except _ExplosionError as err:
            problem = str(err)
            break
        energies.append(trial.evaluation.energy_eV)
        hessian = _bfgs(hessian, step, trial.gradient - point.gradient)
        if trial.evaluation.energy_eV > point.evaluation.energy_eV + _RISE and length > 1e-3:
            trust = max(0.25 * min(length, trust), _TRUST_MIN)
            continue
        point, trust = trial, min(1.3 * trust, _TRUST_MAX)
    return Relaxation(
        structure=point.structure,
        energy_eV=point.evaluation.energy_eV,
        forces_max=point.force,
        stress=point.evaluation.stress,
        n_steps=surface.n_evaluations,
        converged=problem is None and _done(point, fmax, cell=cell),
        magmoms=point.evaluation.magmoms,
        energies=energies,
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
