"""Morse bonds of the length of each cation with its anions, repulsion between all others, as an ASE calculator.

Frameworks with groups keep their shape with it, which one bond length for all cations does not allow.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.data import atomic_numbers
from ase.neighborlist import neighbor_list

_ANIONS: Final = (8, 9)
_ALKALI: Final = (3, 11)
_OTHER: Final = 2.05
_LENGTHS: Final = {"P": 1.52, "Na": 2.45, "Li": 2.05, "Mg": 2.1, "Ni": 2.07, "Ti": 2.0}
"""Bond lengths (A) with oxygen where they are not 2.05 A."""

_DEPTHS: Final = {"P": 5.0, "Na": 0.6, "Li": 0.6}
"""Bond energies (eV) where they are not 1.5 eV."""


class RadiusSprings(Calculator):
    """Energy ``sum D (exp(-2 a (r - r0)) - 2 exp(-a (r - r0)))`` over cation-anion pairs with a = 2 / A.

    Other pairs have ``exp(-2 (r - 2.6))``. Alkali ions do not see each other, so that their metal is a gas at rest. All
    pair energies go smoothly to zero at 4 A.
    """

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012 - declared so by ASE

    def __init__(self) -> None:
        super().__init__()
        self.lengths, self.depths = np.full(119, _OTHER), np.full(119, 1.5)
        for element, length in _LENGTHS.items():
            self.lengths[atomic_numbers[element]] = length
        for element, depth in _DEPTHS.items():
            self.depths[atomic_numbers[element]] = depth

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Energy, forces and stress of `atoms`."""
        super().calculate(atoms, properties, system_changes)
        cutoff = 4.0
        i, j, d, v = neighbor_list("ijdD", atoms, cutoff)
        numbers, anion = atoms.numbers, np.isin(atoms.numbers, _ANIONS)
        cation = np.where(anion[i], numbers[j], numbers[i])
        unlike = anion[i] != anion[j]
        smooth, dsmooth = (1 - (d / cutoff) ** 2) ** 3, -6 * d / cutoff**2 * (1 - (d / cutoff) ** 2) ** 2
        decay, depth = np.exp(-2.0 * (d - self.lengths[cation])), self.depths[cation]
        alkali = np.isin(numbers[i], _ALKALI) & np.isin(numbers[j], _ALKALI)
        push = np.where(alkali, 0.0, np.exp(-2.0 * (d - 2.6)))
        energy = np.where(unlike, depth * (decay**2 - 2 * decay), push)
        slope = np.where(unlike, depth * (-4 * decay**2 + 4 * decay), -2.0 * push)
        gradient = slope * smooth + energy * dsmooth
        pull = (gradient / d)[:, None] * v
        forces = np.zeros((len(atoms), 3))
        np.add.at(forces, i, pull)
        stress = 0.5 * np.einsum("na,nb->ab", pull, v) / atoms.get_volume()
        self.results = {
            "energy": 0.5 * float((energy * smooth).sum()),
            "forces": forces,
            "stress": stress.ravel()[[0, 4, 8, 5, 2, 1]],
        }


def make() -> RadiusSprings:
    """Factory for a campaign's engine block."""
    return RadiusSprings()
