"""Document of the migration of cations in one configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.schemas.cation_migration import MigrationDoc
from hebe.science.electrodes.defect_energies import defect_energies, defect_statistics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.science.electrodes.defect_energies import DefectState


def migration_document(states: Sequence[DefectState]) -> MigrationDoc:
    """Energies of defects of the cations; null with a warning where there are none.

    Parameters
    ----------
    states
        Cells with cations in empty sites or swapped with working ions, by content from the highest down, and kind.
    """
    energies = [energy for state in states for energy in defect_energies(state)]
    document = MigrationDoc(defects=energies, statistics=defect_statistics(states, energies))
    document.warnings = list(dict.fromkeys(text for state in states for text in state.problems()))
    lowest = states[-1].defects if states else None
    if lowest is None or lowest.x is None:
        document.warnings.append("no defects at the lowest content")
        return document
    document.x = lowest.x
    here = [s for s in document.statistics if s.x == document.x and s.lowest_eV is not None]
    for found in sorted(here, key=lambda s: s.lowest_eV or 0.0, reverse=True):
        setattr(document, f"{found.kind}_eV", found.lowest_eV)  # that of the lowest comes last
        document.lowest_eV, document.kind, document.element = found.lowest_eV, found.kind, found.element
    if not here:
        known = any(e.energy_eV is not None for e in energies if e.x == document.x)
        reason = "no cation stays away from its site" if known else "no defect has an energy"
        document.warnings.append(f"x = {document.x:.3g}: {reason}")
    return document
