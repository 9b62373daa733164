"""The model of the curvature under a search: springs that learn from every change of the gradient, then BFGS.

Each evaluation gives 3n + 6 changes of the gradient, far more than there are kinds of springs. Their strengths are the
most probable ones of a linear model with Gaussian errors (ridge regression: Hoerl and Kennard, Technometrics 12, 55
(1970)); errors are measured with the inverse of the first model. All steps are then gone over once more by BFGS
(Nocedal and Wright, Numerical Optimization (2006), chapter 6).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.engines.rigid_units import holds_rigid_units
from hebe.engines.springs import Springs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.engines.surface import Surface

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Pair = tuple[Vector, Vector]
"""A step and the change of the gradient along it."""

_ERROR: Final = 0.3  # of the change of a gradient, relative to what the first model says of a step
_SOFTEST: Final = 0.15  # eV/A^2, softer curvatures of the springs are raised to it
_TINY: Final = 1e-12  # eV


@dataclass(frozen=True)
class Fit:
    """What is known of the strengths of springs: normal equations, shapes (kinds, kinds) and (kinds,).

    ``whitening`` is the inverse of the Cholesky factor of the first model.
    """

    springs: Springs
    whitening: Matrix
    normal: Matrix
    pull: Vector

    @classmethod
    def of(cls, springs: Springs) -> Fit:
        """Nothing is known yet."""
        n = len(springs.prior)
        factor = np.linalg.cholesky(springs.hessian(springs.prior))
        return cls(springs, np.linalg.inv(factor), np.zeros((n, n)), np.zeros(n))

    def learned(self, step: Vector, change: Vector) -> Fit:
        """Know one more change of the gradient."""
        pulls = self.whitening @ self.springs.pulls(step)
        expected = pulls @ self.springs.prior
        found = self.whitening @ change
        weight = 1.0 / (_ERROR**2 * max(float(expected @ expected), _TINY))
        scaled = pulls * self.springs.spread
        return replace(
            self,
            normal=self.normal + weight * scaled.T @ scaled,
            pull=self.pull + weight * scaled.T @ (found - expected),
        )

    @property
    def hessian(self) -> Matrix:
        """Hessian of the most probable strengths, positive definite."""
        springs = self.springs
        off = np.linalg.solve(np.eye(len(self.pull)) + self.normal, self.pull)
        return _raised(springs.hessian(springs.prior + springs.spread * off))


@dataclass(frozen=True)
class Curvature:
    """A Hessian, shape (3n + 6, 3n + 6), units eV/A^2, eV/A and eV, and what it was learned from.

    Without a ``fit`` of springs, those of the coordinates ``origin``, it learns by BFGS alone and keeps no ``pairs``.
    """

    hessian: Matrix
    origin: Vector | None = None
    fit: Fit | None = None
    pairs: tuple[Pair, ...] = ()

    @classmethod
    def first(cls, surface: Surface, origin: Vector) -> Curvature:
        """What a search begins with: springs that learn where units are rigid, of fixed strength elsewhere.

        Fixed ones are as good as learned ones in oxides (`benchmarks/evaluations.py`), and what they lead to depends
        less on the last digits.
        """
        structure = surface.structure(origin)
        if holds_rigid_units(structure):
            return cls.of(surface, origin)
        springs = Springs.of(structure, cell=surface.cell)
        return cls(springs.hessian(springs.prior))

    @classmethod
    def of(cls, surface: Surface, origin: Vector, pairs: Iterable[Pair] = ()) -> Curvature:
        """Springs of a surface at coordinates, and what they learn from changes of the gradient along steps."""
        fit = Fit.of(Springs.of(surface.structure(origin), cell=surface.cell))
        known = tuple(pairs)
        for step, change in known:
            fit = fit.learned(step, change)
        return cls(_corrected(fit.hessian, known), origin, fit, known)

    def learned(self, step: Vector, change: Vector) -> Curvature:
        """The model that knows one more change of the gradient."""
        if self.fit is None:
            return Curvature(_bfgs(self.hessian, step, change))
        fit, known = self.fit.learned(step, change), (*self.pairs, (step, change))
        return Curvature(_corrected(fit.hessian, known), self.origin, fit, known)


def _corrected(hessian: Matrix, pairs: Iterable[Pair]) -> Matrix:
    """Hessian after BFGS updates with all pairs, in the order of the search."""
    for step, change in pairs:
        hessian = _bfgs(hessian, step, change)
    return hessian


def _bfgs(hessian: Matrix, step: Vector, change: Vector) -> Matrix:
    """BFGS update; skipped where the curvature along the step is not clearly positive."""
    pushed = hessian @ step
    curvature, model = float(change @ step), float(step @ pushed)
    if curvature <= 1e-3 * abs(model):
        return hessian
    return np.asarray(hessian + np.outer(change, change) / curvature - np.outer(pushed, pushed) / model)


def _raised(hessian: Matrix) -> Matrix:
    """Hessian with its softest curvatures raised, where there are any that are too soft."""
    try:
        np.linalg.cholesky(hessian - _SOFTEST * np.eye(len(hessian)))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(hessian)
        return np.asarray((vectors * np.maximum(values, _SOFTEST)) @ vectors.T)
    return hessian
