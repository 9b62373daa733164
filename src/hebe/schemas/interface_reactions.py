"""Reactions of a solid electrolyte with electrodes in contact with it."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.electrochemical_window import PhaseAmount, PhaseCoverage
from hebe.schemas.result import ResultDoc


class ContactDoc(Document):
    """The lowest reaction with one electrode; energies in eV per atom of the mix, negative where it happens.

    ``share`` is that of the electrode among all atoms of the mix, ``partner_per_fu`` its formulas per formula unit of
    the electrolyte; both None where nothing reacts. ``mutual_eV_per_atom`` counts from what both become by themselves,
    ``total_eV_per_atom`` from the electrolyte as it is. ``products`` per formula unit of the electrolyte.
    """

    electrode: str
    formula: str
    share: float | None = None
    partner_per_fu: float | None = None
    mutual_eV_per_atom: float
    total_eV_per_atom: float
    products: list[PhaseAmount] = Field(default_factory=list)
    coverage: PhaseCoverage


class InterfaceDoc(ResultDoc):
    """Reactions of one configuration: energies at 0 K, oxygen gas at temperature and pressure.

    ``lowest_eV_per_atom`` is the lowest mutual energy over the electrodes.
    """

    temperature_K: float
    oxygen_bar: float
    oxygen_eV: float | None = None
    contacts: list[ContactDoc] = Field(default_factory=list)
    lowest_eV_per_atom: float | None = None
