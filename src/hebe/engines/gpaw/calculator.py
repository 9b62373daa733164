"""An ASE calculator over the same runs as the engine: for flows of others, such as those of atomate2."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress
from pymatgen.core import Lattice, Structure

from hebe.config.engines.gpaw import GPAWSettings, gpaw_choice
from hebe.engines.gpaw.installation import find_installation
from hebe.engines.gpaw.run import GPAWRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ase import Atoms


class GPAWCalculator(Calculator):
    """GPAW in this Python or another, with the presets and remedies of the engine.

    Parameters
    ----------
    preset
        ``ci``, ``screen`` or ``accurate``.
    settings
        What to change in the preset.
    directory
        Where log and checkpoint are.
    """

    name = "gpaw"
    implemented_properties = ["energy", "forces", "stress", "magmom", "magmoms"]  # noqa: RUF012 - as ASE declares it

    def __init__(
        self, preset: str = "screen", settings: GPAWSettings | dict[str, Any] | None = None, directory: str | Path = "."
    ) -> None:
        super().__init__(directory=str(directory))
        given = GPAWSettings.model_validate(settings) if isinstance(settings, dict) else settings
        self.choice = gpaw_choice(preset, given)
        self._run: GPAWRun | None = None
        self._of: list[int] = []

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Evaluate; k points and initial moments are decided by the first cell of a kind.

        Raises
        ------
        EngineError
            If GPAW cannot give an energy.
        """
        super().calculate(atoms, properties, system_changes)
        crystal: Any = self.atoms
        structure = _structure(crystal)
        numbers = crystal.numbers.tolist()
        if self._run is None or numbers != self._of:
            self.close()
            self._run = GPAWRun(find_installation(), self.choice, structure, Path(self.directory))
            self._of = numbers
        found = self._run.evaluate(structure)
        moments = np.zeros(len(numbers)) if found.magmoms is None else found.magmoms
        self.results = {
            "energy": found.energy_eV,
            "forces": found.forces,
            "stress": full_3x3_to_voigt_6_stress(found.stress),
            "magmoms": moments,
            "magmom": float(moments.sum()),
        }

    def close(self) -> None:
        """End the worker."""
        if self._run is not None:
            self._run.close()
            self._run = None


def _structure(atoms: Atoms) -> Structure:
    structure = Structure(
        Lattice(atoms.cell.array), atoms.get_chemical_symbols(), atoms.positions, coords_are_cartesian=True
    )
    if atoms.has("initial_magmoms"):
        structure.add_site_property("magmom", atoms.get_initial_magnetic_moments().tolist())
    return structure
