"""Cells with one point defect, made from a relaxed cell: documents of their own, so that they are made once."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pymatgen.core import Structure

from hebe.schemas.base import Document, Status

DefectKind = Literal["octahedral", "tetrahedral", "antisite", "oxygen_vacancy"]
"""A cation in an empty site of six (or five) or of four anions, one swapped with a working ion, a missing oxygen."""


class DefectCell(Document):
    """A cell with one defect.

    ``site`` is the index, in the perfect cell, of the cation that moved or of the oxygen that is missing; ``partner``
    that of the working ion it was swapped with. ``target`` is where the cation was put (fractions of the lattice,
    continuing its coordinates), ``distance_A`` how far that is. ``environment`` counts the cations around the site that
    are not working ions, as ``Mn2Ni``.
    """

    kind: DefectKind
    element: str
    site: int
    partner: int | None = None
    target: list[float] | None = None
    distance_A: float | None = None
    environment: str = ""
    structure: Structure

    @property
    def identity(self) -> dict[str, object]:
        """What identifies it beside the perfect cell: sites, and the target to 0.01 of the lattice."""
        target = None if self.target is None else [round(100 * x) for x in self.target]
        return {"kind": self.kind, "site": self.site, "partner": self.partner, "target": target}


class DefectsDoc(Document):
    """Cells with one defect each, of one relaxed cell whose calculation has the key ``perfect``.

    ``x`` is its content of working ions per formula unit. ``n_sites`` counts the sites of each element at which defects
    could be made.
    """

    key: str
    status: Status = "converged"
    label: str = ""
    perfect: str = ""
    x: float | None = None
    reason: str = ""
    n_sites: dict[str, int] = Field(default_factory=dict)
    cells: list[DefectCell] = Field(default_factory=list)


class DefectEnergy(Document):
    """Energy of one defect, eV: the cell with it less the perfect cell of ``x``; of an oxygen vacancy with half of O2.

    ``ended`` says where the cation is after the relaxation: there, returned to its own site, so that no minimum holds
    it, or elsewhere; None where the cell has no energy. ``environment`` and ``distance_A`` are those of `DefectCell`.
    """

    kind: DefectKind
    element: str
    x: float
    site: int
    environment: str = ""
    distance_A: float | None = None
    energy_eV: float | None = None
    ended: Literal["there", "returned", "elsewhere"] | None = None
    calculation: str | None = None


class DefectStatistics(Document):
    """Energies (eV) of the defects of one kind and element at one content, those that stayed where they were put.

    ``n`` were computed of ``n_sites`` that there are, ``returned`` went back and ``elsewhere`` went on.
    """

    kind: DefectKind
    element: str
    x: float
    n_sites: int
    n: int = 0
    returned: int = 0
    elsewhere: int = 0
    lowest_eV: float | None = None
    mean_eV: float | None = None
    sd_eV: float | None = None
