"""Electrochemical window: between which voltages a composition neither takes up nor gives off working ions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field

from hebe.analyses.electrolyte import electrolyte_input, oxides_for
from hebe.analyses.protocol import Analysis, Mark
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import Metal, OpenPhases
from hebe.config.model import ConfigModel
from hebe.config.reading.units import Pressure, Temperature
from hebe.schemas.electrochemical_window import WindowDoc
from hebe.science.electrodes.window_document import window_document
from hebe.science.hulls.oxygen import oxygen_oxides
from hebe.science.hulls.working_metals import has_metal
from hebe.science.structures.working import immobile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.spec import MemberSpec

_STABLE: Final = 1e-3
"""eV/atom above all other phases that count as none: relaxations of one crystal differ by less."""
PHASES: Final = 25
"""Phases of four or five elements, for the estimate of a campaign's cost."""


class WindowSpec(ConfigModel):
    """Options: ``{electrochemical_window: {temperature: 25 degC, oxygen: 1 bar}}``: of oxygen that is given off."""

    temperature: Temperature = Field(default=298.15, ge=0, le=2000)
    oxygen: Pressure = Field(default=1.0, gt=0)


def _unbounded(result: WindowDoc) -> str | None:
    """Why a window has no upper limit."""
    computed = result.reduction_V is not None and result.oxidation_V is None
    return "no phase that is known is reached by taking ions out" if computed else None


def _with_metal(result: WindowDoc) -> float | None:
    """Energy of the reaction with the metal: where it takes up none, that of the decomposition of a metastable host."""
    if result.reduction_V is None:
        return None
    above = max(result.above_hull_eV_per_atom or 0.0, 0.0)
    return -above if result.at_metal is None else result.at_metal.energy_eV_per_atom


class ElectrochemicalWindow(Analysis[WindowSpec, WindowDoc]):
    """Limits of reduction and oxidation against the metal of the working ion, and what the composition becomes."""

    name: ClassVar[str] = "electrochemical_window"
    title: ClassVar[str] = "electrochemical window"
    shares_phases: ClassVar[bool] = True
    Block = WindowSpec
    Result = WindowDoc
    quantities = (
        Quantity(
            name="electrochemical_window",
            title="electrochemical window",
            unit="V",
            symbol="ΔV",
            better="high",
            read=lambda result: result.width_V,
            why_null=_unbounded,
            shown=Shown(unit="V", column=True),
            note="Between reduction and oxidation in equilibrium; of a metastable host that of its decomposition.",
            of_working_ion=True,
        ),
        Quantity(
            name="reduction_limit",
            title="reduced below",
            unit="V",
            symbol="V_red",
            better="low",
            read=lambda result: result.reduction_V,
            shown=Shown(unit="V", column=True),
            of_working_ion=True,
        ),
        Quantity(
            name="oxidation_limit",
            title="oxidised above",
            unit="V",
            symbol="V_ox",
            better="high",
            read=lambda result: result.oxidation_V,
            why_null=_unbounded,
            shown=Shown(unit="V", column=True),
            of_working_ion=True,
        ),
        Quantity(
            name="decomposition_energy",
            title="energy above all other phases",
            unit="eV/atom",
            symbol="E_d",
            better="low",
            read=lambda result: result.above_hull_eV_per_atom,
            shown=Shown(unit="meV/atom", scale=1000, digits=0, sign=True),
            note="Above the lowest mixture of other phases, without entropy; below zero by how much it is more stable.",
        ),
        Quantity(
            name="metal_reaction_energy",
            title="reaction with the metal",
            unit="eV/atom",
            symbol="ΔE",
            better="high",
            read=_with_metal,
            shown=Shown(unit="meV/atom", scale=1000, digits=0, sign=True),
            note="With as much of the metal as reacts, per atom of the electrolyte; zero where it takes up none.",
            of_working_ion=True,
        ),
    )
    marks = (
        Mark(
            name="metastable-electrolyte",
            letter="W",
            meaning="the electrolyte is no stable phase: its electrochemical window is that of its decomposition",
            holds=lambda result, _: (result.above_hull_eV_per_atom or 0.0) > _STABLE,
        ),
        Mark(
            name="wide-window",
            letter="V",
            meaning="known phases are missing (grade C or D): the electrochemical window may be narrower",
            holds=lambda result, _: result.coverage is not None and result.coverage.bound,
        ),
    )

    def refuses(self, block: WindowSpec, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Hosts in which nothing moves, and ions whose metal is not known."""
        del block
        if ion is not None and not has_metal(ion):
            return f"the metal of {ion} is not known", "Li, Na or K"
        return immobile(host, ion)

    def more_phases(self, block: WindowSpec) -> int:
        """Phases of the elements and oxides that give the energy of oxygen."""
        del block
        return PHASES + len(oxygen_oxides())

    def wants(self, block: WindowSpec, member: MemberSpec) -> Sequence[Want]:
        """All phases of the candidate's elements, the metal, and oxides where there is oxygen."""
        del block
        return (OpenPhases(), Metal(), *oxides_for(member))

    def analyse(self, block: WindowSpec, member: MemberSpec, given: Given) -> WindowDoc:
        """Window of one configuration."""
        document = window_document(electrolyte_input(member, given, block.temperature, block.oxygen))
        document.warnings += given.remarks
        return document


ANALYSIS: Final = ElectrochemicalWindow()
