"""Energies of point defects: cells with one less the perfect cell, and whether the defect stayed where it was put."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.defects import DefectEnergy, DefectsDoc, DefectStatistics
from hebe.science.errors.spread import mean_and_sd

if TYPE_CHECKING:
    from hebe.schemas.defects import DefectCell

_THERE: Final = 1.0
"""A; farther from where it was put a cation is elsewhere. From a tetrahedron to the next octahedron it is 1.8."""


@dataclass(frozen=True)
class DefectState:
    """Defects of one kind in one configuration at one content.

    Parameters
    ----------
    defects
        The cells as they were made, None where they could not be.
    perfect
        Calculations of the configuration at that content, one of which is of the perfect cell.
    calculations
        Of the cells with defects, in the order of `defects`.
    accept
        What counts as the host beside the host itself, for the perfect cell.
    """

    defects: DefectsDoc | None
    perfect: Sequence[CalculationDoc | None]
    calculations: Sequence[CalculationDoc | None]
    accept: Sequence[str] = ()

    @property
    def reference(self) -> CalculationDoc | None:
        """Calculation of the perfect cell: that of the document, or the only one where it was calculated anew.

        None where it has no energy, or left the host: nothing is compared with another crystal.
        """
        usable = [c for c in self.perfect if c is not None and c.usable and c.is_host(self.accept)]
        made = "" if self.defects is None else self.defects.perfect
        found = next((c for c in usable if c.key == made), None)
        return usable[0] if found is None and len(self.perfect) == 1 and usable else found

    def problems(self) -> list[str]:
        """What is missing, in words."""
        if self.defects is None:
            return ["cells with defects could not be made"]
        if self.defects.reason:
            return [f"no {_named(self.defects.label)}: {self.defects.reason}"]
        if self.defects.cells and self.reference is None:
            return [f"no energies of {_named(self.defects.label)}: the perfect cell has no result, or left the host"]
        failed = [c for c in self.calculations if c is not None and c.status in ("failed", "cut")]
        missing = ["a cell with a defect has no result"] * self.calculations.count(None)
        return missing + [f"{c.label}: {c.status}: {c.error.message if c.error else 'not converged'}" for c in failed]


def _named(label: str) -> str:
    """Kind of defect at the end of a label, in words."""
    return label.rpartition("/")[2].replace("_", " ") + " defects"


def defect_energies(state: DefectState, added: float = 0.0) -> list[DefectEnergy]:
    """Energy of each defect of a state, eV.

    Parameters
    ----------
    state
        The cells.
    added
        What was taken out of the cell with a defect (eV): half of the energy of O2 for a missing oxygen.

    Returns
    -------
    list
        In the order of the cells; ``E(defect) + added - E(perfect)``, None where either has no energy.
    """
    reference, defects = state.reference, state.defects
    if defects is None or defects.x is None:
        return []
    found = []
    for made, calculation in zip(defects.cells, state.calculations, strict=False):
        energy, ended = None, None
        if reference is not None and calculation is not None and calculation.usable:
            energy = calculation.energy + added - reference.energy
            ended = _ended(made, calculation, reference)
        found.append(
            DefectEnergy(
                **made.model_dump(include={"kind", "element", "site", "environment", "distance_A"}),
                x=defects.x,
                energy_eV=energy,
                ended=ended,
                calculation=None if calculation is None else calculation.key,
            )
        )
    return found


def _ended(
    made: DefectCell, calculation: CalculationDoc, reference: CalculationDoc
) -> Literal["there", "returned", "elsewhere"]:
    """Where the cation of a defect is after the relaxation; a vacancy is elsewhere where an ion of its kind moved."""
    cell, before = calculation.cell, made.structure
    if made.target is None:
        alike = [i for i, site in enumerate(before) if site.specie.symbol == made.element]
        moved = cell.frac_coords - before.frac_coords
        moved = cell.lattice.get_cartesian_coords(moved - moved.mean(axis=0))[alike]
        return "there" if np.linalg.norm(moved, axis=1).max(initial=0.0) < _THERE else "elsewhere"
    others = np.arange(len(cell)) != made.site
    drift = (cell.frac_coords - before.frac_coords)[others].mean(axis=0)
    place = cell.frac_coords[made.site] - drift
    off, back = (
        float(np.linalg.norm(cell.lattice.get_cartesian_coords(place - origin)))
        for origin in (made.target, reference.cell.frac_coords[made.site])
    )
    if back < off:
        return "returned"
    return "there" if off < _THERE else "elsewhere"


def defect_statistics(states: Sequence[DefectState], energies: Sequence[DefectEnergy]) -> list[DefectStatistics]:
    """Distribution of the energies of each kind and element at each content, in the order in which they come."""
    found = []
    for state in states:
        defects = state.defects
        if defects is None or defects.x is None:
            continue
        for element, n_sites in defects.n_sites.items():
            kind = defects.cells[0].kind
            here = [e for e in energies if (e.kind, e.element, e.x) == (kind, element, defects.x)]
            found.append(_statistics(here, n_sites))
    return found


def _statistics(here: Sequence[DefectEnergy], n_sites: int) -> DefectStatistics:
    kept = stayed(here)
    mean, sd = mean_and_sd(kept)
    ended = [e.ended for e in here]
    return DefectStatistics(
        kind=here[0].kind,
        element=here[0].element,
        x=here[0].x,
        n_sites=n_sites,
        n=len(kept),
        returned=ended.count("returned"),
        elsewhere=ended.count("elsewhere"),
        lowest_eV=min(kept, default=None),
        mean_eV=mean,
        sd_eV=sd,
    )


def stayed(energies: Sequence[DefectEnergy]) -> list[float]:
    """Energies (eV) of the defects that stayed where they were put."""
    return [e.energy_eV for e in energies if e.energy_eV is not None and e.ended == "there"]


def occupation(energy: float, kt: float) -> float:
    """Share of the sites of a free energy (eV) that hold a defect, at k T (eV): ``1 / (1 + exp(G / k T))``.

    Defects far from each other; at 0 K either none or all.
    """
    if kt <= 0:
        return 0.0 if energy > 0 else 1.0
    return 1.0 / (1.0 + math.exp(min(energy / kt, 700.0)))
