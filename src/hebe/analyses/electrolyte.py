"""What the analyses of a solid electrolyte have in common: the phases and gases that they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.wants import OxygenOxides
from hebe.science.chemistry.member import composition_of
from hebe.science.electrodes.open_phases import ElectrolyteInput
from hebe.science.hulls.hull import PhaseEntry
from hebe.science.hulls.hull_entries import PhaseFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.analyses.given import Given
    from hebe.schemas.spec import MemberSpec


def oxides_for(member: MemberSpec, more: Iterable[str] = ()) -> tuple[OxygenOxides, ...]:
    """Oxides that give the energy of oxygen gas, where the candidate or `more` elements hold oxygen."""
    return (OxygenOxides(),) if "O" in {*composition_of(member).elements, *more} else ()


def electrolyte_input(member: MemberSpec, given: Given, temperature: float, pressure: float) -> ElectrolyteInput:
    """Calculations of one configuration and of the phases; temperature (K) and pressure (bar) of oxygen."""
    cell = given.cell
    return ElectrolyteInput(
        spec=member,
        n_fu=cell.n_fu,
        made=cell.made,
        accept=given.accept,
        metal=given.metal,
        oxides=given.oxides,
        phases=given.phases,
        temperature=temperature,
        pressure=pressure,
        facts=[PhaseFacts(**facts) for facts in given.facts],
        brought=[PhaseEntry(**entry) for entry in given.entries],
        configuration=cell.configuration,
    )
