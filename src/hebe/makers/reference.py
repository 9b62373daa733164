"""Against what a relaxed cell of a host is judged: the cell before any relaxation, and the relaxed as-made one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymatgen.core import Structure

from hebe.config.family import Family
from hebe.schemas.calculation import CalculationDoc
from hebe.science.structures.host import layer_normal
from hebe.science.structures.stacking import recognise_stacking
from hebe.science.structures.topology import check_topology, layer_repeat, sanity, slab_cations

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hebe.config.family_sites import Working


@dataclass(frozen=True)
class Reference:
    """What the relaxed cells of one start are compared with.

    Parameters
    ----------
    cell
        The cell before any relaxation.
    family
        Its host family, None for a cell that is no host.
    ion
        Working ion, which decides how far the layers may move.
    made
        Relaxed as-made cell of the same configuration, None where there is none.
    """

    cell: Structure
    family: Family | None = None
    ion: str | None = None
    made: CalculationDoc | None = None

    @property
    def normal(self) -> NDArray[np.float64] | None:
        """Unit vector across the layers of the host, None where it has none."""
        if self.family is None:
            return None
        return layer_normal(self.family, self.ion or next(iter(self.family.working_ions), None))

    def verdict(self, final: Structure) -> str:
        """Verdict on the topology of a relaxed cell; see `check_topology`."""
        if self.family is None or "sublattice" not in self.cell.site_properties:
            return sanity(self.cell, final)
        normal, working = self.normal, self.family.working_of(self.ion)
        repeat = None if normal is None else self._repeat(normal, working)
        rules = self.family.topology
        return check_topology(self.cell, final, rules, normal, working, made_repeat=repeat, ion=self.ion)

    def stacking(self, final: Structure) -> str | None:
        """Stacking of a relaxed cell of a layered host, None where there is none to tell."""
        if self.family is None or "sublattice" not in self.cell.site_properties:
            return None
        normal, mixed = self.normal, self.family.mixed_cations
        if normal is None:
            return None
        labels = self.cell.site_properties["sublattice"]
        found = recognise_stacking(final, normal, [i for i, s in enumerate(labels) if s in mixed])
        return None if found is None else found.name

    def _repeat(self, normal: NDArray[np.float64], working: Working | None) -> float | None:
        """Repeat per layer (A) of the relaxed as-made cell."""
        if self.made is None or not self.made.usable or "sublattice" not in self.made.cell.site_properties:
            return None
        return layer_repeat(self.made.cell, normal, slab_cations(self.made.cell, working))
