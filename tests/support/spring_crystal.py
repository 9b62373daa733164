"""A small analytic ionic potential as an ASE calculator: cheap, smooth, exactly differentiable in tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.neighborlist import neighbor_list

_OXYGEN = 8


class SpringCrystal(Calculator):
    """Morse bonds between cations and oxygen, repulsion between all others, within a smooth cutoff.

    Parameters
    ----------
    depth
        Depth of a bond in eV.
    length
        Length of a bond in A.
    """

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012 - declared so by ASE

    def __init__(self, depth: float = 1.0, length: float = 2.1) -> None:
        super().__init__()
        self.depth, self.length = depth, length

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Energy, forces and stress of `atoms`."""
        super().calculate(atoms, properties, system_changes)
        cutoff = 3.8
        i, j, d, v = neighbor_list("ijdD", atoms, cutoff)
        unlike = (atoms.numbers[i] == _OXYGEN) != (atoms.numbers[j] == _OXYGEN)
        smooth = (1 - (d / cutoff) ** 2) ** 3
        dsmooth = -6 * d / cutoff**2 * (1 - (d / cutoff) ** 2) ** 2
        decay = np.exp(-1.5 * (d - self.length))
        bond, dbond = self.depth * (decay**2 - 2 * decay), self.depth * (-3 * decay**2 + 3 * decay)
        push = 0.8 * np.exp(-1.5 * (d - 2.8))
        energy = np.where(unlike, bond, push)
        slope = np.where(unlike, dbond, -1.5 * push)
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


def make(depth: float = 1.0, length: float = 2.1) -> SpringCrystal:
    """Factory for a campaign's engine block."""
    return SpringCrystal(depth, length)


def broken() -> SpringCrystal:
    """Factory of a calculator that never has an energy."""

    class Broken(SpringCrystal):
        def calculate(self, *_: Any, **__: Any) -> None:
            raise RuntimeError("no energy today")

    return Broken()


def sometimes(flag: str) -> SpringCrystal:
    """Factory of a calculator that has no energy as long as a file is missing."""

    class Sometimes(SpringCrystal):
        def calculate(self, *arguments: Any, **settings: Any) -> None:
            if not Path(flag).exists():
                raise RuntimeError("no energy today")
            super().calculate(*arguments, **settings)

    return Sometimes(2.0, 2.25)


def without_titanium(flag: str) -> SpringCrystal:
    """Factory of a calculator that has no energy for cells with titanium as long as a file is missing."""

    class WithoutTitanium(SpringCrystal):
        def calculate(self, atoms: Any = None, *arguments: Any, **settings: Any) -> None:
            if not Path(flag).exists() and 22 in atoms.numbers:
                raise RuntimeError("titanium is out today")
            super().calculate(atoms, *arguments, **settings)

    return WithoutTitanium()
