"""Energy of a host at every composition between its corners: single ions and pairs, fitted to members that are known.

``E(n) = sum_i a_i n_i + sum_{i<j} w_ij m_s x_i x_j`` with a normal prior on ``w``: the estimate of least norm where the
members leave something open, and the members themselves where they do not (Bishop, Pattern Recognition and Machine
Learning (2006), section 3.3). It goes through the candidate exactly, so that the candidate is one of its compositions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.mixing.pair_terms import Vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.science.mixing.pair_terms import IonSpace

PAIR_SCALE: Final = 0.3
"""Standard deviation of ``w`` before anything is known (eV per mixed site): that of oxides from 0 to 0.6."""
MISFIT: Final = 3e-3
"""What a regular solution misses of a member between the corners (eV per mixed site)."""
_EXACT: Final = 3e-5
_LINEAR_SCALE: Final = 1.0
_RANK: Final = 1e-6
_SAMPLES: Final = 400


@dataclass(frozen=True)
class SolutionMember:
    """A member with a known energy: amounts of ions and energy (eV) per formula unit.

    A ``corner`` has the fewest species; energies between the corners are only fitted.
    """

    name: str
    amounts: Vector
    energy: float
    corner: bool


class HostSolution:
    """Energies of a host between its corners.

    Parameters
    ----------
    space
        Ions of the candidate.
    own
        The candidate.
    others
        Members with a known energy; the corners among them span the compositions.
    sites
        Mixed sites per formula unit.
    """

    def __init__(
        self, space: IonSpace, own: SolutionMember, others: Sequence[SolutionMember], sites: float = 1.0
    ) -> None:
        self.space, self.own, self.members = space, own, [own, *others]
        self.corners = np.array([member.amounts for member in others if member.corner])
        self._amounts = np.array([member.amounts for member in self.members])
        self._energies = np.array([member.energy for member in self.members])
        exact = np.array([member.corner or member is own for member in self.members])
        self._noise = np.where(exact, _EXACT, MISFIT) * sites

    @cached_property
    def complete(self) -> bool:
        """Whether the members leave no pair open that matters for a composition between the corners."""
        weights = np.random.default_rng(0).dirichlet(np.ones(len(self.corners)), _SAMPLES)
        known, reached = self._features(self._amounts), self._features(weights @ self.corners)
        both = np.vstack([known, reached])
        return bool(np.linalg.matrix_rank(known, _RANK) == np.linalg.matrix_rank(both, _RANK))

    def influence(self, amounts: Vector) -> Vector:
        """How much the energy at some amounts, ``(..., n_ions)``, follows that of each member, ``(..., n_members)``."""
        shift = -self._plain_influence(self.own.amounts)
        shift[0] += 1.0  # through the candidate
        found: Vector = self._plain_influence(amounts) + shift
        return found

    def energy(self, amounts: Vector) -> Vector:
        """Energy (eV per formula unit), shape ``(...)``, from amounts of shape ``(..., n_ions)``."""
        found: Vector = self.influence(amounts) @ self._energies
        return found

    @cached_property
    def linear(self) -> Vector:
        """Energy of single ions (eV), shape ``(n_ions,)``."""
        return self._parameters[0]

    @cached_property
    def curvature(self) -> Vector:
        """Second derivatives of the energy by the amounts (eV), shape ``(n_ions, n_ions)``; the same everywhere."""
        return self.pair_curvature(self._parameters[1])

    def pair_curvature(self, pairs: Vector) -> Vector:
        """Second derivatives (eV) of given pairs ``w`` (eV per mixed site), shape ``(n_ions, n_ions)``."""
        first, second = np.array(self.space.pairs, dtype=np.intp).reshape(-1, 2).T
        found = np.zeros((len(self.space.ions), len(self.space.ions)))
        found[first, second] = found[second, first] = pairs / self.space.sites[first]
        return found

    @cached_property
    def _parameters(self) -> tuple[Vector, Vector]:
        """Energies of single ions (eV) and of pairs (eV per mixed site)."""
        baseline, response = self._solved
        linear = baseline @ self._energies
        fitted = response @ (self._energies - self._amounts @ linear)
        return linear + fitted[: len(linear)], fitted[len(linear) :]

    @cached_property
    def _solved(self) -> tuple[Vector, Vector]:
        """Linear maps from the energies to the plain mixture of ions, and from what that misses to all parameters."""
        baseline = np.linalg.pinv(self._amounts, rcond=_RANK)
        features = self._features(self._amounts)
        scales = np.array([_LINEAR_SCALE] * len(self.space.ions) + [PAIR_SCALE] * len(self.space.pairs))
        spread = features * scales
        covariance = spread @ spread.T + np.diag(self._noise**2)
        response = scales[:, None] * spread.T @ np.linalg.inv(covariance)
        return baseline, response

    def _plain_influence(self, amounts: Vector) -> Vector:
        baseline, response = self._solved
        rest = np.eye(len(self._energies)) - self._amounts @ baseline
        found: Vector = amounts @ baseline + self._features(amounts) @ response @ rest
        return found

    def _features(self, amounts: Vector) -> Vector:
        return np.concatenate([amounts, self.space.terms(amounts)], axis=-1)
