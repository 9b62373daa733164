"""Volume that fluctuates at a pressure: stochastic rescaling of the cell, the same along all axes.

``d ln V = -(beta / tau) (P0 - P) dt + sqrt(2 k T beta / (V tau)) dW`` with ``P = 2 K / (3 V) - dU/dV``: Bernetti and
Bussi, J. Chem. Phys. 153, 114107 (2020). Positions are scaled with the cell and velocities against it, which leaves the
measure of both as it is, so that volumes have the distribution ``V^n exp(-(U + P0 V) / kT)`` of the isothermal-isobaric
ensemble, ``n`` being a third of the degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.engines.integration import Array, Integrator, Motion
from hebe.science.constants import BOLTZMANN

if TYPE_CHECKING:
    from collections.abc import Callable

GPA: Final = 6.2415090744e-3
"""eV/A^3 of one GPa (CODATA 2018)."""


@dataclass
class Breathing(Motion):
    """A motion whose lengths are ``scale`` times those of the start; ``pressure`` (eV/A^3) is ``-dU/dV``."""

    scale: float = 1.0
    pressure: float = 0.0


@dataclass(frozen=True)
class Barostat:
    """How the cell of an integrator breathes.

    Parameters
    ----------
    moves
        Moves its atoms and keeps their temperature.
    volume
        Of the cell at the start (A^3).
    pressure
        eV/A^3.
    compressibility, time_constant
        A^3/eV and fs: how fast the volume relaxes, no part of the ensemble.
    """

    moves: Integrator
    volume: float
    pressure: float
    compressibility: float
    time_constant: float

    def step(
        self,
        here: Breathing,
        look: Callable[[Array, float], tuple[float, Array, float]],
        random: np.random.Generator,
    ) -> Breathing:
        """One step; `look` gives potential energy, forces and ``-dU/dV`` at positions in a cell of a scale."""
        positions, velocities = self.moves.first_half(here, random)
        factor = self._factor(here, velocities, random)
        positions, velocities, scale = factor * positions, velocities / factor, factor * here.scale
        positions = positions + self.moves.time_step / 2 * velocities
        potential, forces, pressure = look(positions, scale)
        velocities = self.moves.second_half(velocities, forces, random)
        return Breathing(positions, velocities, forces, potential, scale, pressure)

    def _factor(self, here: Breathing, velocities: Array, random: np.random.Generator) -> float:
        """Factor of all lengths in one step."""
        volume, rate = self.volume * here.scale**3, self.compressibility / self.time_constant * self.moves.time_step
        inner = 2 * self.moves.kinetic(velocities) / (3 * volume) + here.pressure
        noise = np.sqrt(2 * BOLTZMANN * self.moves.temperature * rate / volume) * random.normal()
        return float(np.exp((rate * (inner - self.pressure) + noise) / 3))
