"""Stability of the oxygen of one configuration: vacancies, bonds between oxygen atoms, release and its heat."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field

from hebe.analyses.protocol import Analysis, Mark, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import Contents, Defects, OxygenOxides, Phases
from hebe.config.model import ConfigModel
from hebe.config.reading.units import ExactFraction, Pressure, Temperature, Whole
from hebe.schemas.oxygen_stability import OxygenDoc
from hebe.science.electrodes.electrode import StateInput
from hebe.science.electrodes.oxygen_document import OxygenInput, oxygen_document
from hebe.science.hulls.hull import PhaseEntry
from hebe.science.hulls.hull_entries import PhaseFacts
from hebe.science.hulls.oxygen import oxygen_oxides
from hebe.science.structures.defects import without_defects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.spec import MemberSpec


class OxygenSpec(ConfigModel):
    """Options: ``{oxygen_stability: {temperature: 250 degC, pressure: 0.21 bar, vacancies: 6, x: [1, 1/2]}}``.

    Temperature and partial pressure of oxygen; from how many sites the oxygen is taken, in cells at the contents ``x``
    (fractions of the full one), by default as made and at the lowest of the window.
    """

    temperature: Temperature = Field(default=523.15, gt=0, le=2000)
    pressure: Pressure = Field(default=0.21, gt=0)
    vacancies: Whole = Field(default=4, ge=1, le=100)
    x: tuple[ExactFraction, ...] = ()
    configurations: Whole = Field(default=1, ge=1)


def _at(result: OxygenDoc) -> str:
    """Where the energy of a vacancy holds."""
    content = "" if result.vacancy_x is None else f", x = {result.vacancy_x:.3g}"
    return f"at {result.temperature_K:.0f} K{content}"


def _never(result: OxygenDoc) -> str | None:
    """Why there is no potential of release: where the host decomposes into nothing that holds O2 at any."""
    return "no decomposition gives off oxygen" if result.release_eV is None and _decomposes(result) else None


def _above(result: OxygenDoc) -> str | None:
    """Why a potential of release has no temperature."""
    return "oxygen is given off only above the temperatures of the tables" if _decomposes(result) else None


def _decomposes(result: OxygenDoc) -> bool:
    return result.heat_J_per_g is not None


class OxygenStability(Analysis[OxygenSpec, OxygenDoc]):
    """Energies of oxygen vacancies, bonds between oxygen atoms, and decomposition with release of oxygen."""

    name: ClassVar[str] = "oxygen_stability"
    title: ClassVar[str] = "stability of the oxygen"
    shares_phases: ClassVar[bool] = True
    version: ClassVar[int] = 2  # 2: vacancies that another oxygen filled are left out
    requires: ClassVar[Requires] = Requires(contents=2)
    Block = OxygenSpec
    Result = OxygenDoc
    quantities = (
        Quantity(
            name="oxygen_vacancy_energy",
            title="oxygen vacancy",
            unit="eV",
            symbol="ΔG",
            better="high",
            read=lambda result: result.vacancy_eV,
            condition=_at,
            error=lambda result, *_: None if result.oxygen_sd_eV is None else result.oxygen_sd_eV / 2,
            shown=Shown(unit="eV", sign=True, column=True),
            note="Lowest of the sites that were computed; below zero oxygen leaves.",
        ),
        Quantity(
            name="oxygen_release_temperature",
            title="release of oxygen",
            unit="K",
            symbol="T",
            better="high",
            read=lambda result: result.release_K,
            why_null=lambda result: _never(result) or _above(result),
            shown=Shown(unit="K", digits=0),
            note="From it on the lowest mixture of phases holds O2; hosts that stay metastable keep theirs for longer.",
        ),
        Quantity(
            name="oxygen_release_potential",
            title="oxygen potential of release",
            unit="eV/atom",
            symbol="Δμ",
            better="low",
            read=lambda result: result.release_eV,
            why_null=_never,
            shown=Shown(unit="eV/atom", sign=True),
            note="Below it the lowest mixture holds O2; from half a molecule at 0 K, above zero at every temperature.",
        ),
        Quantity(
            name="decomposition_heat",
            title="heat of decomposition",
            unit="J/g",
            symbol="ΔH",
            better="high",
            read=lambda result: result.heat_J_per_g,
            shown=Shown(unit="J/g", digits=0, sign=True),
            note="At the lowest content; negative where heat is given off.",
        ),
        Quantity(
            name="shortest_oxygen_distance",
            title="shortest O-O",
            unit="A",
            symbol="d",
            better="high",
            read=lambda result: result.shortest_A,
            shown=Shown(unit="Å", digits=2),
        ),
    )
    marks = (
        Mark(
            name="oxygen-bonds",
            letter="O",
            meaning="oxygen atoms of the charged cell are bonded to each other",
            holds=lambda result, _: bool(result.bonded),
        ),
    )

    def refuses(self, block: OxygenSpec, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Hosts without oxygen, or whose oxygen stands in rigid units."""
        del block, ion
        if not any("O" in host.sublattices[name].species for name in host.anions) and not host.groups:
            return f"{host.called} has no oxygen", "an oxide"
        return without_defects(host)

    def more_defects(self, block: OxygenSpec, elements: int) -> int:
        """Cells without an oxygen at each content."""
        del elements
        return block.vacancies * (len(block.x) or 2) * block.configurations

    def more_phases(self, block: OxygenSpec) -> int:
        """Oxides that give the energy of oxygen."""
        del block
        return len(oxygen_oxides())

    def wants(self, block: OxygenSpec, member: MemberSpec) -> Sequence[Want]:
        """Cells at the contents of the stage, such without an oxygen, competing phases and oxides."""
        del member
        missing = Defects(
            ("oxygen_vacancy",), block.vacancies, block.x, as_made=not block.x, configurations=block.configurations
        )
        return (Contents(), missing, Phases(), OxygenOxides())

    def analyse(self, block: OxygenSpec, member: MemberSpec, given: Given) -> OxygenDoc:
        """Stability of the oxygen of one configuration."""
        if given.window is None:
            raise ValueError("the stability of oxygen needs a window of the working-ion content")
        cell = given.cell
        states = StateInput(member, cell.n_fu, cell.made, cell.states, cell.orderings, given.accept, cell.configuration)
        inputs = OxygenInput(
            states,
            [replace(one, accept=given.accept) for one in cell.defects],
            given.oxides,
            given.phases,
            given.window,
            block.temperature,
            block.pressure,
            [PhaseFacts(**facts) for facts in given.facts],
            [PhaseEntry(**entry) for entry in given.entries],
        )
        document = oxygen_document(inputs)
        document.warnings += given.remarks
        return document


ANALYSIS: Final = OxygenStability()
