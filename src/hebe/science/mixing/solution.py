"""Energy of a host at every composition between its corners: single ions and pairs, fitted to members that are known.

``E(n) = sum_i a_i n_i + sum_{i<j} w_ij m_s x_i x_j + rest`` with normal distributions of ``w`` and of the rest of each
member: the estimate of least norm where the members leave something open. The sizes of both are those of largest
posterior density (evidence: MacKay, Neural Comput. 4, 415 (1992)) under log-normal priors. The estimate is shifted to
go through the candidate, so that the candidate is one of its compositions.
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

PAIR_SCALE: Final = 0.12
"""Most likely standard deviation of ``w`` before the members are seen (eV per mixed site)."""
REST_SCALE: Final = 0.015
"""Most likely standard deviation of what pairs miss of a member between the corners (eV per mixed site).

Both as thirty layered sodium oxides of Ni, Fe, Mn, Ti, Cu and Mg have them, cells of 12 metals with CHGNet.
"""
_EXACT: Final = 1e-4
"""Allowed at the corners and at the candidate (eV per mixed site): they have the energies that were computed."""
_FACTORS: Final = np.geomspace(1 / 16, 16, 33)
"""Sizes that are tried, relative to the most likely ones."""
_LOG_SPREAD: Final = float(np.log(3))
"""Standard deviation of the logarithm of a size: a factor of three."""
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
        self._exact, self._free = np.where(exact, sites, 0.0), np.where(exact, 0.0, sites)

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

    def deviations(self, amounts: Vector, normal: Vector) -> Vector:
        """How far energies may lie from the estimate (eV per formula unit): draws of its posterior.

        Parameters
        ----------
        amounts
            Shape ``(n, n_ions)``.
        normal
            Standard normal numbers, shape ``(n_draws, n_ions + n_pairs)``.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_draws, n)``; none at the candidate.
        """
        away = self._features(amounts) - self._features(self.own.amounts)
        found: Vector = normal @ self._root.T @ away.T
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
        first, second = self.space.of_pairs
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
    def sizes(self) -> tuple[float, float]:
        """Standard deviations of ``w`` and of the rest of a member (eV per mixed site) of largest posterior density."""
        pairs, missed = self.space.terms(self._amounts), self._missed
        spread, around = missed @ pairs @ pairs.T @ missed.T, missed * self._free**2 @ missed.T
        exact = _EXACT**2 * (missed * self._exact**2 @ missed.T)
        values = missed @ self._energies
        best, found = -np.inf, (PAIR_SCALE, REST_SCALE)
        rests = REST_SCALE * _FACTORS
        for pair in PAIR_SCALE * _FACTORS:
            covariances = pair**2 * spread + rests[:, None, None] ** 2 * around + exact
            solved = np.linalg.solve(covariances, np.broadcast_to(values[:, None], (len(rests), len(values), 1)))
            densities = -(solved[:, :, 0] @ values + np.linalg.slogdet(covariances)[1]) / 2
            densities -= (np.log(pair / PAIR_SCALE) ** 2 + np.log(rests / REST_SCALE) ** 2) / (2 * _LOG_SPREAD**2)
            highest = int(np.where(np.isnan(densities), -np.inf, densities).argmax())
            if densities[highest] > best:
                best, found = float(densities[highest]), (float(pair), float(rests[highest]))
        return found

    @cached_property
    def _missed(self) -> Vector:
        """Combinations of members in which single ions cancel, shape ``(n_free, n_members)``."""
        turned, lengths, _ = np.linalg.svd(self._amounts)
        found: Vector = turned[:, int((lengths > _RANK * lengths[0]).sum()) :].T
        return found

    @cached_property
    def _scaled(self) -> Vector:
        """Features of the members times the size of each parameter, shape ``(n_members, n_parameters)``."""
        return self._features(self._amounts) * self._scales

    @cached_property
    def _scales(self) -> Vector:
        return np.array([_LINEAR_SCALE] * len(self.space.ions) + [self.sizes[0]] * len(self.space.pairs))

    @cached_property
    def _precision(self) -> Vector:
        """Inverse covariance of the members' energies, shape ``(n_members, n_members)``."""
        apart = (_EXACT * self._exact) ** 2 + (self.sizes[1] * self._free) ** 2
        covariance = self._scaled @ self._scaled.T + np.diag(apart)
        found: Vector = np.asarray(np.linalg.inv(covariance), dtype=np.float64)
        return found

    @cached_property
    def _root(self) -> Vector:
        """Root of the posterior covariance of the parameters, shape ``(n_parameters, n_parameters)``."""
        kept = np.eye(len(self._scales)) - self._scaled.T @ self._precision @ self._scaled
        values, vectors = np.linalg.eigh((kept + kept.T) / 2)
        found: Vector = self._scales[:, None] * (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
        return found

    @cached_property
    def _solved(self) -> tuple[Vector, Vector]:
        """Linear maps from the energies to the plain mixture of ions, and from what that misses to all parameters."""
        baseline = np.linalg.pinv(self._amounts, rcond=_RANK)
        return baseline, self._scales[:, None] * self._scaled.T @ self._precision

    def _plain_influence(self, amounts: Vector) -> Vector:
        baseline, response = self._solved
        rest = np.eye(len(self._energies)) - self._amounts @ baseline
        found: Vector = amounts @ baseline + self._features(amounts) @ response @ rest
        return found

    def _features(self, amounts: Vector) -> Vector:
        return np.concatenate([amounts, self.space.terms(amounts)], axis=-1)
