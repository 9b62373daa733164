"""Errors of an engine by what they belong to, so that what candidates share cancels in their differences.

True less computed energy of a member of a host: ``sum_{i<j} w_ij m_s x_i x_j`` over pairs of ions and a remainder of
its cell, both per mixed site; errors linear in the composition cancel between members, because ions balance. A
competing phase has an error of its own per atom, shared by all that decompose to it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Vector = NDArray[np.float64]
Source = Literal["documented", "given", "calibrated"]

N_DRAWS: Final = 2000


@dataclass(frozen=True, kw_only=True)
class EntryErrors:
    """Distribution of the errors of one engine, true less computed.

    Parameters
    ----------
    bias, sd
        Mean and standard deviation of ``w`` of a pair of which nothing is known (eV per mixed site).
    bias_sd
        Standard deviation of that mean, which all such pairs share (eV per mixed site).
    remainder
        Standard deviation of what pairs do not explain (eV per mixed site).
    phase_bias, phase_sd
        Mean and standard deviation of the errors of competing phases (eV per atom).
    pairs, mean, covariance
        Names of pairs of which something is known, and their joint distribution (eV per mixed site and its square).
    freedom
        Degrees of freedom of Student's t; None for a normal distribution.
    source
        Where this comes from.
    """

    bias: float
    sd: float
    remainder: float
    bias_sd: float = 0.0
    phase_bias: float = 0.0
    phase_sd: float = 0.0
    pairs: tuple[str, ...] = ()
    mean: Vector = field(default_factory=lambda: np.empty(0))
    covariance: Vector = field(default_factory=lambda: np.empty((0, 0)))
    freedom: float | None = None
    source: Source = "documented"

    @classmethod
    def given(cls, mixing_error: float, atoms_per_site: float) -> EntryErrors:
        """Errors of which only the size on mixing enthalpies is known.

        An equimolar pair, ``w / 4`` per site, then has that error, and so has a competing phase.

        Parameters
        ----------
        mixing_error
            Root mean square on mixing enthalpies, eV per atom.
        atoms_per_site
            Atoms per mixed site.
        """
        return cls(bias=0.0, sd=4 * mixing_error * atoms_per_site, remainder=0.0, phase_sd=mixing_error, source="given")

    def pair_draws(self, names: Sequence[str], n: int = N_DRAWS) -> Vector:
        """``w`` of pairs (eV per mixed site), shape ``(n, n_pairs)``; the same for a name in every process."""
        known = {name: i for i, name in enumerate(self.pairs)}
        found, shared = np.empty((n, len(names))), self.bias_sd * standard_normal("pairs", n)
        for column, name in enumerate(names):
            if name in known:
                found[:, column] = self._known(n)[:, known[name]]
            else:
                own = shared + self.sd * standard_normal(f"pair {name}", n)
                found[:, column] = self.bias + self._scale(n) * own
        return found

    def remainder_draws(self, entry: str, n: int = N_DRAWS) -> Vector:
        """What pairs do not explain of one cell (eV per mixed site), shape ``(n,)``."""
        return self.remainder * self._scale(n) * standard_normal(f"cell {entry}", n)

    def phase_draws(self, phase: str, n: int = N_DRAWS) -> Vector:
        """Error of a competing phase (eV per atom), shape ``(n,)``."""
        return self.phase_bias + self.phase_sd * self._scale(n) * standard_normal(f"phase {phase}", n)

    def _known(self, n: int) -> Vector:
        normal = np.column_stack([standard_normal(f"pair {name}", n) for name in self.pairs])
        found: Vector = self.mean + self._scale(n)[:, None] * (normal @ self._root.T)
        return found

    @cached_property
    def _root(self) -> Vector:
        """Symmetric root of the covariance."""
        values, vectors = np.linalg.eigh(self.covariance)
        found: Vector = (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
        return found

    def _scale(self, n: int) -> Vector:
        """Common scale of each draw: that of Student's t."""
        if self.freedom is None:
            return np.ones(n)
        found: Vector = np.sqrt(self.freedom / _generator("scale").chisquare(self.freedom, n))
        return found


def standard_normal(name: str, n: int) -> Vector:
    """Standard normal numbers that belong to a name, shape ``(n,)``: the same in every process."""
    found: Vector = _generator(name).standard_normal(n)
    return found


def _generator(name: str) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")))
