"""Average voltage, voltage profile and x-states of one configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from hebe.analyses.protocol import Analysis, Mark, NoOptions, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import Contents, Metal
from hebe.schemas.electrode import VoltageDoc
from hebe.science.chemistry.candidate import FARADAY_MAH
from hebe.science.chemistry.member import composition_of
from hebe.science.chemistry.space import working_charge
from hebe.science.electrodes.electrode import StateInput, realised_window, voltage_document
from hebe.science.errors.model_error import voltage_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.electrode import XState
    from hebe.schemas.spec import MemberSpec

_MORE: Final = 1e-6


class Voltage(Analysis[NoOptions, VoltageDoc]):
    """Energies at both ends of the window, and the lower hull between them, against the metal of the working ion."""

    name: ClassVar[str] = "voltage"
    title: ClassVar[str] = "voltage"
    version: ClassVar[int] = 2  # 2: the capacity is that of what the cells hold, which is said
    requires: ClassVar[Requires] = Requires(contents=2)
    only_reads: ClassVar[bool] = True
    Block = NoOptions
    Result = VoltageDoc
    quantities = (
        Quantity(
            name="average_voltage",
            title="voltage",
            unit="V",
            symbol="V",
            better="high",
            read=lambda result: result.average_voltage_V,
            sd_starts=lambda result: result.average_voltage_V_sd_starts,
            error=lambda result, scale, ion: (
                voltage_error(scale, ion) if result.engine_error_V is None else result.engine_error_V
            ),
            shown=Shown(unit="V", column=True),
        ),
        Quantity(
            name="capacity_window",
            title="capacity of the window",
            unit="mAh/g",
            symbol="Q",
            better="high",
            read=lambda result: result.capacity_window_mAh_g,
            sd=lambda _: None,  # it follows from the composition
            shown=Shown(unit="mAh g⁻¹", digits=0),
            compared=False,
        ),
    )
    marks = (
        Mark(
            name="electrons",
            letter="E",
            meaning="the window takes more electrons than the cations can give",
            holds=lambda result, candidate: _too_many(result.capacity_window_mAh_g, _redox(candidate)),
        ),
    )

    def wants(self, block: NoOptions, member: MemberSpec) -> Sequence[Want]:
        """Cells at the contents of the stage, and the metal."""
        del block, member
        return (Contents(), Metal())

    def analyse(self, block: NoOptions, member: MemberSpec, given: Given) -> VoltageDoc:
        """Voltage of one configuration; null with a warning where an end of the window or the metal is missing."""
        del block
        if given.window is None:
            raise ValueError("a voltage needs a window of the working-ion content")
        cell = given.cell
        inputs = StateInput(member, cell.n_fu, cell.made, cell.states, cell.orderings, given.accept, cell.configuration)
        document = voltage_document(inputs, given.metal, given.window)
        document.engine_error_V = given.errors.get("voltage")
        low, high = realised_window(document.x_states, given.window, cell.n_fu)
        charge = (high - low) * working_charge(member.working_ion)
        document.capacity_window_mAh_g = FARADAY_MAH * charge / composition_of(member).molar_mass
        window, redox = document.capacity_window_mAh_g, member.descriptors.get("capacity_redox_mAh_g")
        if redox is not None and _too_many(window, redox):
            text = (
                f"the window takes {window:.1f} mAh/g, more than the {redox:.1f} that the electrons of the cations give"
            )
            document.warnings.append(text)
        return document

    def states(self, result: VoltageDoc) -> Sequence[XState]:
        """Its x-states."""
        return result.x_states


def _redox(candidate: CandidateDoc) -> float | None:
    value = candidate.descriptors.get("capacity_redox_mAh_g")
    return None if value is None else float(value)


def _too_many(window: float | None, redox: float | None) -> bool:
    return window is not None and redox is not None and window > redox * (1 + _MORE)


ANALYSIS: Final = Voltage()
