"""GPAW in flows of atomate2: its ASE makers with the presets, workers and remedies of the engine. Needs atomate2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atomate2.ase.jobs import AseMaker, AseRelaxMaker
from monty.json import jsanitize

from hebe.engines.gpaw.calculator import GPAWCalculator


@dataclass
class GPAWStaticMaker(AseMaker):
    """Energy, forces and stress of a structure.

    Parameters
    ----------
    preset
        ``ci``, ``screen`` or ``accurate``.
    settings
        What to change in the preset; keys as in a campaign file.
    """

    name: str = "GPAW static"
    preset: str = "screen"
    settings: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Describe the maker as plain JSON; atomate2's own leaves members of enumerations in."""
        described: dict[str, Any] = jsanitize(super().as_dict(), enum_values=True)
        return described

    def _get_calculator(self) -> GPAWCalculator:
        return GPAWCalculator(self.preset, self.settings)


@dataclass
class GPAWRelaxMaker(AseRelaxMaker):
    """Relaxation with ASE's optimizers; the engine's own takes fewer steps and goes on where it was killed.

    Parameters
    ----------
    preset
        ``ci``, ``screen`` or ``accurate``.
    settings
        What to change in the preset; keys as in a campaign file.

    Raises
    ------
    ValueError
        If the cell shall relax with a cut-off too low for stresses.
    """

    name: str = "GPAW relax"
    preset: str = "screen"
    settings: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Describe the maker as plain JSON; atomate2's own leaves members of enumerations in."""
        described: dict[str, Any] = jsanitize(super().as_dict(), enum_values=True)
        return described

    def _get_calculator(self) -> GPAWCalculator:
        made = GPAWCalculator(self.preset, self.settings)
        if (self.relax_cell or self.relax_shape) and not made.choice.cells_can_relax:
            raise ValueError(f"a cut-off of {made.choice.cutoff:g} eV is too low to relax a cell")
        return made
