"""Steps of molecular dynamics in a fixed cell: with constant energy, or at a temperature.

Langevin dynamics by the splitting BAOAB: Leimkuhler and Matthews, Appl. Math. Res. Express 2013, 34. Stochastic
rescaling of the velocities: Bussi, Donadio, Parrinello, J. Chem. Phys. 126, 014101 (2007). Without: velocity Verlet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from hebe.science.constants import BOLTZMANN

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[np.float64]
Thermostat = Literal["none", "langevin", "bussi"]

FORCE: Final = 9.648533212e-3
"""Acceleration (A/fs^2) of one amu by one eV/A (CODATA 2018)."""


@dataclass
class Motion:
    """Positions (A), velocities (A/fs) and forces (eV/A), shape (n, 3), and the potential energy (eV)."""

    positions: Array
    velocities: Array
    forces: Array
    potential: float


@dataclass(frozen=True)
class Integrator:
    """How a cell moves on.

    Parameters
    ----------
    masses
        amu, shape (n, 1).
    time_step
        fs.
    temperature
        K.
    thermostat, time_constant
        What keeps the temperature, and how fast (fs): the inverse of the friction, or the relaxation time.
    """

    masses: Array
    time_step: float
    temperature: float
    thermostat: Thermostat
    time_constant: float

    @property
    def degrees(self) -> int:
        """Degrees of freedom: without friction the centre of mass rests."""
        n = 3 * len(self.masses)
        return n if self.thermostat == "langevin" else n - 3

    def kinetic(self, velocities: Array) -> float:
        """Kinetic energy (eV)."""
        return float(0.5 * (self.masses * velocities**2).sum() / FORCE)

    def temperature_of(self, velocities: Array) -> float:
        """Instantaneous temperature (K)."""
        return 2 * self.kinetic(velocities) / (self.degrees * BOLTZMANN) if self.degrees else 0.0

    def first_velocities(self, random: np.random.Generator) -> Array:
        """Velocities (A/fs) of the distribution of Maxwell and Boltzmann; the centre of mass rests."""
        found = self._thermal * random.normal(size=(len(self.masses), 3))
        return np.asarray(found - (self.masses * found).sum(axis=0) / self.masses.sum())

    def step(self, here: Motion, look: Callable[[Array], tuple[float, Array]], random: np.random.Generator) -> Motion:
        """One step; `look` gives potential energy and forces at positions."""
        positions, velocities = self.first_half(here, random)
        positions = positions + self.time_step / 2 * velocities
        potential, forces = look(positions)
        return Motion(positions, self.second_half(velocities, forces, random), forces, potential)

    def first_half(self, here: Motion, random: np.random.Generator) -> tuple[Array, Array]:
        """Positions and velocities in the middle of a step, after friction where there is some."""
        half = self.time_step / 2
        velocities = here.velocities + half * FORCE * here.forces / self.masses
        positions = here.positions + half * velocities
        if self.thermostat == "langevin":
            kept = np.exp(-self.time_step / self.time_constant)
            velocities = kept * velocities + np.sqrt(1 - kept**2) * self._thermal * random.normal(size=positions.shape)
        return positions, velocities

    def second_half(self, velocities: Array, forces: Array, random: np.random.Generator) -> Array:
        """Velocities at the end of a step, rescaled where a thermostat does that."""
        velocities = velocities + self.time_step / 2 * FORCE * forces / self.masses
        return velocities * self._rescaling(velocities, random) if self.thermostat == "bussi" else velocities

    @property
    def _thermal(self) -> Array:
        """Standard deviation of a component of the velocity (A/fs), shape (n, 1)."""
        return np.asarray(np.sqrt(FORCE * BOLTZMANN * self.temperature / self.masses))

    def _rescaling(self, velocities: Array, random: np.random.Generator) -> float:
        """Factor of the velocities, equation A7 of Bussi et al.; 1 where nothing can move, as for one atom."""
        kinetic, n = self.kinetic(velocities), self.degrees
        if kinetic == 0.0 or n < 1:
            return 1.0
        kept = np.exp(-self.time_step / self.time_constant)
        share = (1 - kept) * BOLTZMANN * self.temperature / (2 * kinetic)
        first, others = random.normal(), 2 * random.standard_gamma((n - 1) / 2)
        return float(np.sqrt(kept + share * (first**2 + others) + 2 * first * np.sqrt(kept * share)))
