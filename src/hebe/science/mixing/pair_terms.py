"""Pairs of ions on the mixed sublattices of a host: what a regular solution and its errors are made of.

Energy of a member at fixed amounts ``n`` of ions: ``sum_i a_i n_i + sum_{i<j} w_ij m_s x_i x_j``, pairs of one
sublattice s of ``m_s`` sites per formula unit, ``x = n / m_s`` (Hardy, Acta Metall. 1, 202 (1953), for the regular
solution). ``w`` is in eV per mixed site. Under neutrality single ``w`` have no meaning: ``w_ij -> w_ij + (c_i - c_j)
(q_j - q_i)`` with an ``a`` that follows changes no energy of a neutral member, so that only differences of members are
ever compared.
"""

from __future__ import annotations

from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.science.chemistry.ions import Ion
from hebe.science.constants import BOLTZMANN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Vector = NDArray[np.float64]
Indices = NDArray[np.intp]

_SMALLEST: Final = 1e-14


class IonSpace:
    """Ions on the mixed sublattices of a host; compositions are vectors of their amounts per formula unit.

    Parameters
    ----------
    members
        Sublattice -> ion -> amount per formula unit of everything that is to be described.
    sites
        Sublattice -> sites per formula unit.
    """

    def __init__(self, members: Iterable[Mapping[str, Mapping[str, float]]], sites: Mapping[str, float]) -> None:
        found = {(sub, ion) for member in members for sub, part in member.items() for ion in part}
        self.ions: list[tuple[str, str]] = sorted(found)
        self.sites = np.array([float(sites[sub]) for sub, _ in self.ions])
        self._position = {ion: i for i, ion in enumerate(self.ions)}

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """Numbers of the two ions of each pair on one sublattice."""
        number = range(len(self.ions))
        return [(i, j) for i, j in combinations(number, 2) if self.ions[i][0] == self.ions[j][0]]

    @cached_property
    def of_pairs(self) -> Indices:
        """Numbers of the first and of the second ion of each pair, shape ``(2, n_pairs)``."""
        return np.array(self.pairs, dtype=np.intp).reshape(-1, 2).T

    @cached_property
    def names(self) -> list[str]:
        """Name of each pair: ``Ni2+ Ti4+``."""
        return [pair_name(self.ions[i][1], self.ions[j][1]) for i, j in self.pairs]

    def vector(self, member: Mapping[str, Mapping[str, float]]) -> Vector:
        """Amounts of a member, shape ``(n_ions,)``."""
        found = np.zeros(len(self.ions))
        for sub, part in member.items():
            for ion, amount in part.items():
                found[self._position[sub, ion]] = float(amount)
        return found

    def terms(self, amounts: Vector) -> Vector:
        """``m_s x_i x_j`` of each pair, shape ``(..., n_pairs)``, from amounts of shape ``(..., n_ions)``."""
        first, second = self.of_pairs
        found: Vector = amounts[..., first] * amounts[..., second] / self.sites[first]
        return found

    def entropy(self, amounts: Vector) -> Vector:
        """Ideal entropy (eV/K per formula unit), shape ``(...)``; elements are counted, not oxidation states."""
        shares = np.clip(amounts @ self._by_element, 0.0, None) / self._element_sites
        logs = np.log(np.where(shares > 0, shares, 1.0))
        found: Vector = -BOLTZMANN * (self._element_sites * shares * logs).sum(axis=-1)
        return found

    def entropy_slopes(self, amounts: Vector) -> Vector:
        """Derivative of the ideal entropy by each amount (eV/K per ion), shape ``(..., n_ions)``."""
        shares: Vector = amounts @ self._by_element
        shares /= self._element_sites
        np.maximum(shares, _SMALLEST, out=shares)
        logs = np.log(shares, out=shares)
        logs += 1.0
        logs *= -BOLTZMANN
        found: Vector = logs @ self._by_element.T
        return found

    def entropy_curvature(self, amounts: Vector) -> Vector:
        """Second derivatives of the ideal entropy by the amounts (eV/K), shape ``(n_ions, n_ions)``."""
        held = np.clip(amounts @ self._by_element, _SMALLEST, None)
        found: Vector = -BOLTZMANN * (self._by_element / held) @ self._by_element.T
        return found

    @cached_property
    def _kinds(self) -> list[tuple[str, str]]:
        return sorted({(sub, Ion.parse(ion).element) for sub, ion in self.ions})

    @cached_property
    def _by_element(self) -> Vector:
        """Which ions are which element on which sublattice, shape ``(n_ions, n_kinds)``."""
        found = np.zeros((len(self.ions), len(self._kinds)))
        for i, (sub, ion) in enumerate(self.ions):
            found[i, self._kinds.index((sub, Ion.parse(ion).element))] = 1.0
        return found

    @cached_property
    def _element_sites(self) -> Vector:
        sites = {sub: self.sites[i] for i, (sub, _) in enumerate(self.ions)}
        return np.array([sites[sub] for sub, _ in self._kinds])


def pair_name(first: str, second: str) -> str:
    """Name of a pair of ions, the same for both orders."""
    return " ".join(sorted((first, second)))
