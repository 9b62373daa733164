"""Competing phases that a campaign brings: structure files, or files of phases like those of the package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from pymatgen.core import Structure

from hebe.config.reading.refusal import bad_key
from hebe.config.reading.yamlfile import load_model, parse_yaml
from hebe.exceptions import BadInputError
from hebe.science.hulls.competing import shared_types
from hebe.science.hulls.phase import Phase, PhaseFile
from hebe.science.hulls.working_metals import package_phases
from hebe.science.structures.given_cells import parse_cell

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign
    from hebe.config.structures import CellFile


@dataclass(frozen=True)
class GivenPhase:
    """A phase of a structure file; oxidation states are not known."""

    id: str
    cell: Structure
    source: str

    @property
    def elements(self) -> frozenset[str]:
        """Symbols of its elements."""
        return frozenset(str(element) for element in self.cell.composition)

    def structure(self) -> Structure:
        """Its cell."""
        return self.cell.copy()


def given_phases(campaign: Campaign) -> list[Phase | GivenPhase]:
    """Phases of the files of a campaign.

    Raises
    ------
    BadInputError
        If a file cannot be used, or a phase has a name that is taken.
    """
    if campaign.mixing.materials_project:
        reason = "the structures were not fetched: campaigns with materials_project are read by load_campaign"
        raise bad_key(campaign, ("mixing", "materials_project"), reason)
    taken = set(package_phases())
    found: list[Phase | GivenPhase] = []
    for number, cell in enumerate(campaign.mixing.phases):
        try:
            phases = _read(cell)
        except (ValueError, BadInputError) as err:
            reason = err.reason if isinstance(err, BadInputError) else str(err)
            raise bad_key(campaign, ("mixing", "phases", number), f"{cell.file}: {reason}") from err
        for phase in phases:
            if phase.id in taken:
                reason = f"{cell.file}: a phase is called {phase.id} already"
                raise bad_key(campaign, ("mixing", "phases", number), reason, "give it another name")
            taken.add(phase.id)
            found.append(phase)
    return found


def _read(cell: CellFile) -> list[Phase | GivenPhase]:
    path = PurePath(cell.file)
    if path.suffix.lower() not in (".yaml", ".yml"):
        return [GivenPhase(path.stem, parse_cell(cell), cell.source or path.name)]
    if cell.text is None:
        raise ValueError("it was not read: campaigns with files are read by load_campaign")
    phases = load_model(PhaseFile, parse_yaml(cell.text.encode(), file=cell.file)).all(shared_types())
    for phase in phases:
        phase.structure()
    return list(phases)
