"""Stability of a host against air: whether carbon dioxide and water take its working ions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field

from hebe.analyses.protocol import Analysis, Mark, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import AirSolids, Contents, Metal, OxygenOxides
from hebe.config.model import ConfigModel
from hebe.config.reading.units import Pressure, Ratio, Temperature
from hebe.schemas.air import AirDoc
from hebe.science.electrodes.air_document import AirInput, Atmosphere, air_document
from hebe.science.electrodes.electrode import StateInput
from hebe.science.hulls.air_gases import air_data, air_phases
from hebe.science.hulls.oxygen import oxygen_oxides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.spec import MemberSpec


class AirSpec(ConfigModel):
    """Options: ``{air_stability: {co2: 420e-6 bar, humidity: 50 %, oxygen: 0.21 bar, temperature: 25 degC}}``.

    Partial pressures of carbon dioxide and oxygen, relative humidity, temperature.
    """

    temperature: Temperature = Field(default=298.15, ge=250, le=400)
    co2: Pressure = Field(default=4.2e-4, gt=0)
    oxygen: Pressure = Field(default=0.21, gt=0)
    humidity: Ratio = Field(default=0.5, gt=0, le=1)


class AirStability(Analysis[AirSpec, AirDoc]):
    """Free energy of the working ion on its way into carbonate and hydroxide, with oxygen as what oxidises the host."""

    name: ClassVar[str] = "air_stability"
    title: ClassVar[str] = "stability against air"
    requires: ClassVar[Requires] = Requires(contents=2)
    Block = AirSpec
    Result = AirDoc
    quantities = (
        Quantity(
            name="carbonation_energy",
            title="carbonation",
            unit="eV/ion",
            symbol="ΔG",
            better="high",
            read=lambda result: result.carbonate_eV_per_ion,
            shown=Shown(unit="eV per ion", sign=True, column=True),
            note="Free energy of an ion that leaves as carbonate while oxygen oxidises the host; below zero it does.",
        ),
        Quantity(
            name="hydroxide_energy",
            title="hydroxide in moist air",
            unit="eV/ion",
            symbol="ΔG",
            better="high",
            read=lambda result: result.hydroxide_eV_per_ion,
            shown=Shown(unit="eV per ion", sign=True),
        ),
    )
    marks = (
        Mark(
            name="air",
            letter="C",
            meaning="carbon dioxide of the air takes working ions out of the host",
            holds=lambda result, _: result.carbonate_eV_per_ion is not None and result.carbonate_eV_per_ion < 0,
        ),
    )

    def refuses(self, block: AirSpec, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Ions whose carbonate is not known."""
        del block, host
        if ion in air_data().products:
            return None
        return f"what {ion} becomes in air is not known", ", ".join(air_data().products)

    def more_phases(self, block: AirSpec) -> int:
        """Solids that fix the gases."""
        del block
        return len(air_phases()) + len(oxygen_oxides())

    def wants(self, block: AirSpec, member: MemberSpec) -> Sequence[Want]:
        """Cells at the contents of the stage, the solids that fix the gases, and the metal."""
        del block, member
        return (Contents(), AirSolids(), OxygenOxides(), Metal())

    def analyse(self, block: AirSpec, member: MemberSpec, given: Given) -> AirDoc:
        """Reactions of one configuration."""
        if given.window is None:
            raise ValueError("stability against air needs a window of the working-ion content")
        cell = given.cell
        states = StateInput(member, cell.n_fu, cell.made, cell.states, cell.orderings, given.accept, cell.configuration)
        air = Atmosphere(block.temperature, block.co2, block.oxygen, block.humidity)
        return air_document(AirInput(states, given.window, given.solids, given.oxides, given.metal, air))


ANALYSIS: Final = AirStability()
