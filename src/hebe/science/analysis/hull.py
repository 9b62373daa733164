"""Phase equilibria by linear programming: lowest energy of a mixture of phases at a composition.

``min sum_i n_i G_i  subject to  sum_i n_i a_ci = b_c, n_i >= 0``; components may be elements or ions. One program per
composition is exact and does not build the hull: Akbarzadeh, Ozolins, Wolverton, Adv. Mater. 19, 3233 (2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog

from hebe.exceptions import EnergyScaleError, HebeError

TOLERANCE = 1e-7
"""Accepted violation of primal balance (relative) and of reduced costs (eV)."""


@dataclass(frozen=True)
class PhaseEntry:
    """A phase on a hull.

    ``amounts`` per formula of the phase; ``energy`` (eV) and ``entropy`` (eV/K) of the same formula;
    ``ions`` counts ions of that formula where oxidation states are known.
    """

    name: str
    amounts: Mapping[str, float]
    energy: float
    energy_scale: str
    entropy: float = 0.0
    formula: str = ""
    source: str | None = None
    ions: Mapping[str, float] = field(default_factory=dict)

    @property
    def size(self) -> float:
        """Sum of all amounts."""
        return float(sum(self.amounts.values()))


class InfeasibleError(HebeError):
    """No mixture of the phases has the composition; ``missing`` names a component that no phase supplies, if any."""

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = tuple(missing)
        what = f"no phase holds {', '.join(missing)}" if missing else "the phases cannot balance the composition"
        super().__init__(what)


@dataclass(frozen=True)
class Decomposition:
    """Amounts (formulas of each phase) and free energy (eV) of the lowest mixture; potentials in eV per component."""

    amounts: dict[str, float]
    energy: float
    potentials: dict[str, float]


class PhaseEquilibrium:
    """Lowest mixtures of a set of phases on one energy scale.

    Parameters
    ----------
    entries
        The phases; names must differ.

    Raises
    ------
    EnergyScaleError
        If the entries are of more than one energy scale.
    """

    def __init__(self, entries: Sequence[PhaseEntry]) -> None:
        self.entries = {entry.name: entry for entry in entries}
        for entry in entries:
            if entry.energy_scale != entries[0].energy_scale:
                raise EnergyScaleError(entries[0].energy_scale, entry.energy_scale, entry.name)
        self._phases = list(self.entries.values())
        self.components = sorted({c for entry in entries for c, n in entry.amounts.items() if n})
        self._matrix = np.array([[e.amounts.get(c, 0.0) for e in self._phases] for c in self.components])

    def decompose(self, composition: Mapping[str, float], temperature: float = 0.0) -> Decomposition:
        """Lowest mixture at a composition and temperature (K).

        Raises
        ------
        InfeasibleError
            If no mixture has that composition.
        """
        wanted = {c: float(n) for c, n in composition.items() if n}
        missing = sorted(set(wanted) - set(self.components))
        if missing or not self._phases:
            raise InfeasibleError(missing)
        b = np.array([wanted.get(c, 0.0) for c in self.components])
        cost = np.array([entry.energy - temperature * entry.entropy for entry in self._phases])
        scale = max(float(b.sum()), 1e-12)
        result = linprog(cost, A_eq=self._matrix, b_eq=b / scale, bounds=(0, None), method="highs")
        if result.status == 2:
            raise InfeasibleError([])
        amounts = np.where(result.x > 1e-10, result.x, 0.0) if result.x is not None else np.zeros(0)
        duals = np.asarray(result.eqlin.marginals, dtype=float)
        self._verify(amounts, duals, b / scale, cost)
        return Decomposition(
            {entry.name: float(n) * scale for entry, n in zip(self._phases, amounts, strict=True) if n > 0},
            float(cost @ amounts) * scale,
            dict(zip(self.components, (float(d) for d in duals), strict=True)),
        )

    def _verify(
        self,
        amounts: np.ndarray[tuple[int], np.dtype[np.float64]],
        duals: np.ndarray[tuple[int], np.dtype[np.float64]],
        b: np.ndarray[tuple[int], np.dtype[np.float64]],
        cost: np.ndarray[tuple[int], np.dtype[np.float64]],
    ) -> None:
        """Check primal balance and dual feasibility of an answer: together they prove it optimal."""
        balance = np.abs(self._matrix @ amounts - b).max()
        reduced = (cost - duals @ self._matrix) / np.maximum(self._matrix.sum(axis=0), 1)
        gap = abs(float(cost @ amounts) - float(duals @ b))
        if balance > TOLERANCE or reduced.min() < -TOLERANCE * 10 or gap > TOLERANCE * 10:
            raise HebeError(f"the linear program gave no proven optimum (balance {balance:.1e}, gap {gap:.1e})")

    def e_above_hull(self, composition: Mapping[str, float], energy: float) -> float:
        """Energy above the lowest mixture, eV per atom; `energy` (eV) is of the amounts in `composition`."""
        size = float(sum(composition.values()))
        return (energy - self.decompose(composition).energy) / size
