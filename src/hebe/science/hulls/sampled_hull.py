"""The lowest mixtures at one composition for many sets of costs: each set stands for one draw of the errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import HebeError
from hebe.science.hulls.cost_walk import CostWalk
from hebe.science.hulls.linear_program import PRIMAL_TOLERANCE, HullProgram

Vector = NDArray[np.float64]
Indices = NDArray[np.intp]

_STEPS: Final = 60
_LEAST_ENTROPY: Final = 1e-9
_DUAL_TOLERANCE: Final = 1e-10


@dataclass(frozen=True)
class Mixtures:
    """Energy and entropy of the lowest mixture of each draw, shape ``(n,)``, per sum 1."""

    energy: Vector
    entropy: Vector


class SampledHull:
    """Lowest mixtures at one composition under many sets of energies.

    Parameters
    ----------
    matrix
        Composition of each column, shape ``(n_components, n_columns)``, every column of sum 1.
    energies
        Energy of each column in each draw, shape ``(n_draws, n_columns)``, per sum 1.
    entropies
        Entropy of each column, shape ``(n_columns,)``, per sum 1 and in the unit of energy per temperature.
    composition
        What is to be made, shape ``(n_components,)``, of sum 1.
    tolerance
        Excess of a free energy that counts as none, in the unit of the energies.

    Raises
    ------
    UnbalancedError
        If no mixture has the composition.
    """

    def __init__(
        self, matrix: Vector, energies: Vector, entropies: Vector, composition: Vector, tolerance: float
    ) -> None:
        self._matrix, self._energies, self._entropies = matrix, energies, entropies
        self._b, self._tolerance = composition, tolerance
        self._program = HullProgram(matrix, energies[0])
        self._walk: CostWalk | None = None
        self._program.solve(composition)
        facet = self._program.start
        if facet is not None:
            tolerances = (PRIMAL_TOLERANCE, _DUAL_TOLERANCE)
            self._walk = CostWalk(matrix, composition, facet.columns, facet.inverse, tolerances)

    def mixture(self, draw: int, temperature: float) -> Vector:
        """Shares of the columns in the lowest mixture of one draw, shape ``(n_columns,)``."""
        self._program.set_costs(self._energies[draw] - temperature * self._entropies)
        return self._program.solve(self._b).amounts

    def lowest(self, temperature: Vector, draws: Indices) -> Mixtures:
        """Lowest mixture of each draw at its temperature.

        Parameters
        ----------
        temperature
            Shape ``(n,)``.
        draws
            Numbers of the draws, shape ``(n,)``.
        """
        if self._walk is None:
            energy, entropy = np.full((2, len(draws)), np.nan)
        else:
            energy, entropy = self._walk.mixtures(self._energies[draws], self._entropies, temperature)
        for i in np.flatnonzero(np.isnan(energy)):
            shares = self.mixture(int(draws[i]), float(temperature[i]))
            energy[i], entropy[i] = self._energies[draws[i]] @ shares, self._entropies @ shares
        return Mixtures(energy, entropy)

    def crossings(self, energy: Vector, entropy: float, start: Vector | None = None) -> Vector:
        """Temperature above which a phase of that composition is on the hull, for each draw, shape ``(n_draws,)``.

        By Newton steps from below, as in `hebe.science.mixing.mixing`: the excess over the lowest mixture is convex in
        the temperature, so that no step overshoots (Dinkelbach, Manag. Sci. 13, 492 (1967)).

        Parameters
        ----------
        energy
            Of the phase in each draw, shape ``(n_draws,)``, per sum 1.
        entropy
            Of the phase, per sum 1.
        start
            Known lower bounds, such as the crossings without some of the columns (K); 0 by default.

        Returns
        -------
        numpy.ndarray
            ``dH / dS`` of the mixture that decides (K): negative where the phase is on the hull at 0 K already
            (with its own entropy where it gains none), infinite where it never is.
        """
        result = np.zeros(len(energy)) if start is None else start.copy()
        active = np.flatnonzero(np.isfinite(result))
        for _ in range(_STEPS):
            temperature = np.maximum(result[active], 0.0)
            lowest = self.lowest(temperature, active)
            enthalpy, gained = energy[active] - lowest.energy, entropy - lowest.entropy
            there = enthalpy - temperature * gained <= self._tolerance
            cold = there & (temperature == 0)
            ratio = enthalpy / np.where(gained > 0, gained, max(entropy, _LEAST_ENTROPY))
            result[active[cold]] = np.maximum(ratio[cold], _bounds(start, active[cold]))
            result[active[~there]] = np.where(gained > 0, ratio, np.inf)[~there]
            active = active[~there & (gained > 0)]
            if not len(active):
                return result
        raise HebeError("the temperatures at which a phase comes onto the hull were not found")


def _bounds(start: Vector | None, draws: Indices) -> Vector:
    """Known lower bounds of some draws; none where there are none."""
    return np.full(len(draws), -np.inf) if start is None else start[draws]
