"""Reactions of a solid electrolyte with electrodes that are named."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field, field_validator

from hebe.analyses.electrochemical_window import PHASES
from hebe.analyses.electrolyte import electrolyte_input, oxides_for
from hebe.analyses.protocol import Analysis
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import OpenPhases
from hebe.config.model import ConfigModel
from hebe.config.reading.units import Pressure, Temperature
from hebe.config.reading.wording import RefusedValueError
from hebe.exceptions import BadInputError
from hebe.schemas.interface_reactions import InterfaceDoc
from hebe.science.electrodes.interface_document import interface_document
from hebe.science.hulls.electrodes import Electrode, electrode, usual_electrode
from hebe.science.hulls.oxygen import oxygen_oxides
from hebe.science.structures.working import immobile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.spec import MemberSpec


class InterfaceSpec(ConfigModel):
    """Options: ``{interface_reactions: {electrodes: [LCO, LiFePO4], temperature: 25 degC, oxygen: 1 bar}}``.

    Electrodes by name or formula, by default the first that is known of the ion; temperature and pressure of the oxygen
    that is given off.
    """

    electrodes: tuple[str, ...] = Field(default=(), max_length=10)
    temperature: Temperature = Field(default=298.15, ge=0, le=2000)
    oxygen: Pressure = Field(default=1.0, gt=0)

    @field_validator("electrodes")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) != len(names):
            raise RefusedValueError("the same electrode is named twice")
        for name in names:
            try:
                electrode(name)
            except BadInputError as err:
                raise RefusedValueError(err.reason, suggestion=err.suggestion) from err
        return names

    def chosen(self, ion: str | None) -> list[Electrode]:
        """The electrodes, the usual one of an ion where none is named."""
        usual = usual_electrode(ion) if ion is not None else None
        return [electrode(name) for name in self.electrodes or filter(None, (usual,))]


class InterfaceReactions(Analysis[InterfaceSpec, InterfaceDoc]):
    """Lowest reaction energy of the electrolyte with each electrode, and what it gives."""

    name: ClassVar[str] = "interface_reactions"
    title: ClassVar[str] = "reactions with electrodes"
    shares_phases: ClassVar[bool] = True
    Block = InterfaceSpec
    Result = InterfaceDoc
    quantities = (
        Quantity(
            name="interface_reaction_energy",
            title="reaction with electrodes",
            unit="eV/atom",
            symbol="ΔE",
            better="high",
            read=lambda result: result.lowest_eV_per_atom,
            shown=Shown(unit="meV/atom", scale=1000, digits=0, sign=True, column=True),
            note="Lowest over electrodes and mixing ratios, per atom of the mix; own decompositions are not counted.",
        ),
    )

    def refuses(self, block: InterfaceSpec, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Hosts in which nothing moves, and ions without a usual electrode where none is named."""
        if not block.chosen(ion):
            return f"no electrode is known for {ion}", "electrodes: [LiCoO2]"
        return immobile(host, ion)

    def more_phases(self, block: InterfaceSpec) -> int:
        """Phases of the elements with those of each electrode, and oxides that give the energy of oxygen."""
        return PHASES * max(len(block.electrodes), 1) + len(oxygen_oxides())

    def wants(self, block: InterfaceSpec, member: MemberSpec) -> Sequence[Want]:
        """All phases of the candidate's elements with those of each electrode, and oxides where there is oxygen."""
        chosen = block.chosen(member.working_ion)
        more = {element for one in chosen for element in one.amounts}
        return (OpenPhases(tuple(tuple(sorted(one.amounts)) for one in chosen)), *oxides_for(member, more))

    def analyse(self, block: InterfaceSpec, member: MemberSpec, given: Given) -> InterfaceDoc:
        """Reactions of one configuration."""
        inputs = electrolyte_input(member, given, block.temperature, block.oxygen)
        document = interface_document(inputs, block.chosen(member.working_ion))
        document.warnings += given.remarks
        return document


ANALYSIS: Final = InterfaceReactions()
