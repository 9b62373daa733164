"""One engine run on one structure with one set of settings: the unit that is cached."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from pymatgen.core import Structure

from hebe.schemas.base import Document, Status
from hebe.schemas.electronic import ElectronicDoc
from hebe.schemas.task import Correction, TaskDoc

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["CalculationDoc", "Correction", "MinimumDoc", "StartRecord"]


class StartRecord(Document):
    """One of several starts of a cell: key of its calculation, energy (eV of the whole cell), topology, status."""

    key: str
    status: Status
    energy_eV: float | None = None
    topology: str | None = None
    volume_A3: float | None = None


class MinimumDoc(Document):
    """What was found when a relaxed cell was looked at along its softest direction.

    ``curvature_eV_per_A2`` is the lowest that was found, translations left out, with strains weighed as in
    `hebe.engines.softest`; ``pushes`` says how often the cell was pushed off a ridge; ``gain_eV`` what the energy of
    the whole cell fell by; ``evaluations`` of the engine that the look took.
    """

    curvature_eV_per_A2: float
    pushes: int = 0
    gain_eV: float = 0.0
    evaluations: int = 0


_UNPAIRED: Final = 1.5
"""Bohr magnetons of a start that stand for more than one unpaired electron."""
_NO_MOMENT: Final = 0.1


class CalculationDoc(TaskDoc):
    """Result of one calculation; the only thing that analyses read.

    ``energy_eV`` is of the whole cell; ``forces_max_eV_per_A`` the largest force on an atom;
    ``stress_GPa`` a 3x3 matrix, positive when the cell is under tension (dE/d strain / V);
    ``stacking`` is that of the relaxed cell of a layered host (O3, P3, O1, P2, O2, several joined by +).
    ``magmoms`` in Bohr magnetons, one per site. Site order is that of ``input_structure``.
    ``energy_corrections`` (eV of the whole cell, by name) are part of ``energy_eV``. ``derived`` identifies the start
    where it comes from other calculations; ``starts`` are those of which the lowest was taken; ``minimum`` says whether
    the relaxed cell is one; ``outside_training`` says in words where a result of a fitted potential leaves what that
    was trained on, and is empty also where nothing judged it.
    """

    input_structure: Structure | None = None
    derived: dict[str, Any] | None = None
    starts: list[StartRecord] = Field(default_factory=list)
    minimum: MinimumDoc | None = None
    structure: Structure | None = None
    energy_eV: float | None = None
    energy_corrections: dict[str, float] = Field(default_factory=dict)
    forces_max_eV_per_A: float | None = None
    stress_GPa: list[list[float]] | None = None
    magmoms: list[float] | None = None
    electronic: ElectronicDoc | None = None
    topology: str | None = None
    stacking: str | None = None
    outside_training: list[str] = Field(default_factory=list)

    @property
    def reached(self) -> Structure | None:
        """Where a relaxation had come to."""
        return self.structure

    @property
    def usable(self) -> bool:
        """Whether analyses may use the energy."""
        return self.status == "converged" and self._has_energy and self.structure is not None

    @property
    def lost_moments(self) -> bool:
        """Whether a calculation that started with unpaired electrons on a site ended without any on all of them.

        A density can lose its moments before it is self-consistent, and converge to a state that lies an electron volt
        too high.
        """
        if self.magmoms is None or self.input_structure is None:
            return False
        start = self.input_structure.site_properties.get("magmom", ())
        unpaired = max((abs(moment) for moment in start if moment is not None), default=0.0)
        return bool(unpaired >= _UNPAIRED and max(map(abs, self.magmoms), default=0.0) < _NO_MOMENT)

    @property
    def _has_energy(self) -> bool:
        return self.energy_eV is not None and math.isfinite(self.energy_eV)

    def is_host(self, accept: Collection[str] = ()) -> bool:
        """Whether the cell is still its host, or what `accept` (verdicts on the topology) takes for it."""
        return self.topology in (None, "host") or self.topology in accept

    @property
    def energy(self) -> float:
        """Energy of the cell in eV.

        Raises
        ------
        ValueError
            If there is none, or none that is a finite number.
        """
        if self.energy_eV is None or not self._has_energy:
            raise ValueError(f"calculation {self.key[:12]} has no energy ({self.status})")
        return self.energy_eV

    @property
    def cell(self) -> Structure:
        """Relaxed structure.

        Raises
        ------
        ValueError
            If there is none.
        """
        if self.structure is None:
            raise ValueError(f"calculation {self.key[:12]} has no structure ({self.status})")
        return self.structure

    def spread_over_starts(self, accept: Collection[str] = ()) -> tuple[float | None, float | None]:
        """Sample standard deviations of energy (eV) and volume (A^3) of the cell over its starts.

        Starts that did not converge or left the host do not count; None for fewer than two.
        """
        kept = [s for s in self.starts if s.status == "converged" and (s.topology in (None, "host", *accept))]
        energies = [s.energy_eV for s in kept if s.energy_eV is not None]
        volumes = [s.volume_A3 for s in kept if s.volume_A3 is not None]
        spread = [statistics.stdev(values) if len(values) > 1 else None for values in (energies, volumes)]
        return spread[0], spread[1]

    @property
    def energy_per_atom(self) -> float:
        """Energy in eV/atom.

        Raises
        ------
        ValueError
            If there is no energy.
        """
        return self.energy / len(self.cell)
