"""The double well of these tests as an ASE calculator."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from pymatgen.core import Lattice, Structure

from support.double_well import DoubleWell


class DoubleWellCalculator(Calculator):
    """Energy and forces of a `DoubleWell`; there is no stress."""

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012 - declared so by ASE

    def __init__(self, well: DoubleWell) -> None:
        super().__init__()
        self.well = well

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Energy and forces of `atoms`, which are not wrapped."""
        super().calculate(atoms, properties, system_changes)
        cell, symbols = Lattice(atoms.cell[:]), atoms.get_chemical_symbols()
        found = self.well(Structure(cell, symbols, atoms.get_positions(), coords_are_cartesian=True))
        self.results = {"energy": found.energy_eV, "forces": found.forces, "stress": np.zeros(6)}


def make(**well: Any) -> DoubleWellCalculator:
    """Factory for a campaign's engine block; arguments are those of `DoubleWell`."""
    return DoubleWellCalculator(DoubleWell(**well))
