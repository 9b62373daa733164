"""A nudged elastic band: forces on its images and the steps that they take.

Improved tangents: Henkelman and Jonsson, J. Chem. Phys. 113, 9978 (2000); the highest image climbs: Henkelman,
Uberuaga, Jonsson, ibid. 9901. All images take the step of one limited-memory BFGS: Sheppard, Terrell, Henkelman, J.
Chem. Phys. 128, 134106 (2008).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BAND: Final = "ci-neb, improved tangent, springs 5 eV/A2, lbfgs 2, divided at rests"
"""Name and version of the scheme: enters content keys."""

_SPRING: Final = 5.0  # eV/A^2
_SOFTNESS: Final = 1 / 70  # A^2/eV, what a force does before anything is learned
_MEMORY: Final = 12
_LONGEST: Final = 0.15  # A
_CURVED: Final = 1e-3


@dataclass(frozen=True)
class Band:
    """Images of a path with its ends: ``positions`` (A) and ``forces`` (eV/A), shape (m, n, 3); ``energies`` (eV)."""

    positions: Array
    energies: Array
    forces: Array

    @property
    def top(self) -> int:
        """The highest image between the ends."""
        return 1 + int(np.argmax(np.round(self.energies[1:-1], 6)))  # of mirror images the first, on any processor

    @property
    def climbs(self) -> bool:
        """Whether an image lies above both ends, so that there is a saddle for it to climb to."""
        return bool(self.energies[self.top] > max(self.energies[0], self.energies[-1]))

    def nudged(self) -> tuple[Array, float]:
        """Forces that move the images between the ends, shape (m - 2, n, 3), and the residual (eV/A).

        The residual is the largest force on an atom across the band; on the climbing image the force along it counts
        too, springs never do.
        """
        moving, residual = np.zeros_like(self.forces[1:-1]), 0.0
        for k in range(1, len(self.positions) - 1):
            tangent = self._tangent(k)
            along = float((self.forces[k] * tangent).sum())
            across = self.forces[k] - along * tangent
            if k == self.top and self.climbs:
                moving[k - 1] = across = across - along * tangent
            else:
                stretch = self._length(k) - self._length(k - 1)
                moving[k - 1] = across + _SPRING * stretch * tangent
            residual = max(residual, float(np.linalg.norm(across, axis=1).max()))
        return moving, residual

    def lengths(self) -> Array:
        """Distance (A) of each image from the start along the path, shape (m,)."""
        steps = [self._length(k) for k in range(len(self.positions) - 1)]
        return np.concatenate([[0.0], np.cumsum(steps)])

    def minima(self, depth: float) -> list[int]:
        """Images at which the path rests: below the highest point on either side by more than `depth` (eV)."""
        e = self.energies
        inner = range(1, len(e) - 1)
        lowest = [k for k in inner if e[k] <= min(e[k - 1], e[k + 1])]
        found: list[int] = []
        for k in lowest:
            since = found[-1] if found else 0
            if min(e[since : k + 1].max(), e[k:].max()) - e[k] > depth:
                found.append(k)
        return found

    def _length(self, k: int) -> float:
        return float(np.linalg.norm(self.positions[k + 1] - self.positions[k]))

    def _tangent(self, k: int) -> Array:
        """Unit vector along the path at an image, towards the higher neighbour."""
        ahead, behind = self.positions[k + 1] - self.positions[k], self.positions[k] - self.positions[k - 1]
        low, here, high = self.energies[k - 1 : k + 2]
        if low < here < high:
            tangent = ahead
        elif low > here > high:
            tangent = behind
        else:
            least, most = sorted((abs(high - here), abs(low - here)))
            tangent = most * ahead + least * behind if high > low else least * ahead + most * behind
        length = float(np.linalg.norm(tangent))
        if length == 0.0:
            tangent = ahead + behind
            length = float(np.linalg.norm(tangent))
        return np.asarray(tangent / length) if length else np.zeros_like(tangent)


@dataclass
class Steps:
    """Limited-memory BFGS for forces that are no gradient; it forgets where they contradict it."""

    moved: list[Array] = field(default_factory=list)
    changed: list[Array] = field(default_factory=list)
    before: tuple[Array, Array] | None = None

    def next(self, positions: Array, forces: Array) -> Array:
        """Step (A) from positions with their forces (eV/A), all of one shape (m, n, 3); no atom moves over 0.15 A."""
        force = forces.ravel()
        self._learn(positions.ravel(), force)
        step = self._newton(force)
        if float(step @ force) < 0:
            self._forget()
            step = _SOFTNESS * force
        step = step.reshape(positions.shape)
        longest = float(np.linalg.norm(step, axis=2).max())
        return step * min(1.0, _LONGEST / longest) if longest > 0 else step

    def _learn(self, here: Array, force: Array) -> None:
        if self.before is not None:
            step, change = here - self.before[0], self.before[1] - force
            if float(step @ change) > _CURVED * float(np.linalg.norm(step) * np.linalg.norm(change)):
                self.moved, self.changed = [*self.moved, step][-_MEMORY:], [*self.changed, change][-_MEMORY:]
            else:
                self._forget()
        self.before = (here.copy(), force.copy())

    def _newton(self, force: Array) -> Array:
        """Two-loop recursion (Nocedal and Wright, Numerical Optimization (2006), algorithm 7.4)."""
        q, weights = force.copy(), []
        for step, change in zip(reversed(self.moved), reversed(self.changed), strict=True):
            weights.append(float(step @ q) / float(change @ step))
            q -= weights[-1] * change
        if self.moved:
            q *= float(self.moved[-1] @ self.changed[-1]) / float(self.changed[-1] @ self.changed[-1])
        else:
            q *= _SOFTNESS
        for step, change, weight in zip(self.moved, self.changed, reversed(weights), strict=True):
            q += (weight - float(change @ q) / float(change @ step)) * step
        return q

    def _forget(self) -> None:
        self.moved, self.changed = [], []
