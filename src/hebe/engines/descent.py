"""Going down: BFGS from a spring-model Hessian within a trust radius, as a dialogue that asks for evaluations.

BFGS: Nocedal and Wright, Numerical Optimization (2006), chapter 6.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from hebe.engines.checkpoint import Checkpoint, SearchState
from hebe.engines.deadline import DEADLINE
from hebe.engines.hessian import spring_hessian
from hebe.engines.protocol import Evaluation
from hebe.engines.surface import Point, Surface, Vector
from hebe.schemas.calculation import MinimumDoc

Part = Generator[Structure, Evaluation, None]
"""Part of a search: asks for the evaluation of structures, is sent them."""

_TRUST: Final = 0.25  # A, first and typical largest step of an atom
_TRUST_MAX: Final = 0.4
_TRUST_MIN: Final = 0.01
_STRAIN_LENGTH: Final = 3.0  # A, weighs strain against displacement in the trust radius
_SOFTEST: Final = 0.3  # eV/A^2, curvatures below are raised to it
_RISE: Final = 0.02  # eV, energy increase from which a step is taken back
_STILL: Final = 2e-4  # A, steps below it bring nothing forward while forces are above the threshold
_STILL_STEPS: Final = 3


@dataclass
class Progress:
    """The search under way: the best point, the model of the curvature, the energies so far, the trust radius.

    ``settled`` says that a look found a minimum or nothing lower, which ``minimum`` records.
    """

    point: Point
    hessian: NDArray[np.float64]
    energies: list[float]
    trust: float = _TRUST
    settled: bool = False
    minimum: MinimumDoc | None = None

    def step(self) -> Vector:
        """Where to go next."""
        return _bounded(_newton_step(self.hessian, self.point.gradient), self.trust)

    def take(self, step: Vector, trial: Point) -> None:
        """Learn from the point after a step; go there unless the energy rises."""
        length, before = _longest(step), self.point
        self.energies.append(trial.evaluation.energy_eV)
        self.hessian = _bfgs(self.hessian, step, trial.gradient - before.gradient)
        if trial.evaluation.energy_eV > before.evaluation.energy_eV + _RISE and length > 1e-3:
            self.trust = max(0.25 * min(length, self.trust), _TRUST_MIN)
        else:
            self.point, self.trust = trial, min(1.3 * self.trust, _TRUST_MAX)

    def push(self, point: Point, hessian: NDArray[np.float64]) -> None:
        """Go on from another point, with a model that knows the way there."""
        self.point, self.hessian, self.trust = point, hessian, _TRUST


@dataclass(frozen=True)
class Limits:
    """Where a search ends: `fmax` (eV/A), number of evaluations, and whether the cell counts."""

    fmax: float
    evaluations: int
    cell: bool

    def met(self, point: Point) -> bool:
        """Whether forces, and the virial of a cell that relaxes, are below the threshold."""
        return (point.residual if self.cell else point.force) < self.fmax

    def left(self, progress: Progress) -> bool:
        """Whether there are evaluations and time left."""
        return len(progress.energies) < self.evaluations and not DEADLINE.passed


def descend(surface: Surface, progress: Progress, limits: Limits, checkpoint: Checkpoint | None) -> Part:
    """Go down until the threshold is met or a limit is reached.

    A model that has learned from a jump of the forces (at a cut-off of a potential) is far too stiff, and its steps
    shrink to nothing while forces are left: it is replaced by the one of springs where the search stands.
    """
    still = 0
    while not limits.met(progress.point) and limits.left(progress):
        step = progress.step()
        still = still + 1 if _longest(step) < _STILL else 0
        if still == _STILL_STEPS:
            still = 0
            progress.push(progress.point, first_model(progress.point.structure, cell=limits.cell))
            step = progress.step()
        q = progress.point.q + step
        structure = surface.structure(q)
        progress.take(step, surface.point(q, structure, (yield structure)))
        write(checkpoint, surface, progress)


def first_model(start: Structure, *, cell: bool) -> NDArray[np.float64]:
    """Hessian to start from."""
    hessian = spring_hessian(start)
    if not cell:
        hessian[-6:, :-6] = hessian[:-6, -6:] = 0.0
    return hessian


def write(checkpoint: Checkpoint | None, surface: Surface, progress: Progress) -> None:
    """Write where the search stands, if it is written anywhere."""
    if checkpoint is not None:
        point = progress.point
        state = SearchState(
            surface.start, point.q, point.evaluation, progress.hessian, progress.trust, progress.energies
        )
        checkpoint.save(state, point.structure)


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
