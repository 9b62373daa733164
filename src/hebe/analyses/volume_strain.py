"""Volume change of one configuration over the content of the working ion."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from hebe.analyses.protocol import Analysis, Curve, NoOptions, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import Contents
from hebe.schemas.electrode import StrainDoc
from hebe.science.electrodes.electrode import StateInput, strain_document
from hebe.science.errors.model_error import strain_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.schemas.electrode import XState
    from hebe.schemas.spec import MemberSpec


class VolumeStrain(Analysis[NoOptions, StrainDoc]):
    """Largest change of volume over the ground states of the window, relative to the as-made cell."""

    name: ClassVar[str] = "volume_strain"
    title: ClassVar[str] = "volume strain"
    requires: ClassVar[Requires] = Requires(contents=2)
    only_reads: ClassVar[bool] = True
    Block = NoOptions
    Result = StrainDoc
    quantities = (
        Quantity(
            name="max_volume_strain",
            title="volume strain",
            symbol="ΔV/V",
            better="low",
            read=lambda result: result.max_volume_strain,
            signed=lambda result: result.volume_strain_at_max,
            sd_starts=lambda result: result.max_volume_strain_sd_starts,
            error=lambda _, scale, ion: strain_error(scale, ion),
            shown=Shown(unit="%", scale=100, sign=True, column=True),
        ),
        Quantity(
            name="max_delta_volume",
            title="span of volumes",
            symbol="ΔV/V",
            better="low",
            read=lambda result: result.max_delta_volume,
            shown=Shown(unit="%", scale=100),
        ),
    )

    curves = (
        Curve(
            name="volume",
            title="volume change",
            read=lambda result: {s.x: s.volume_strain for s in result.x_states if s.volume_strain and not s.left},
            shown=Shown(unit="%", scale=100),
        ),
    )

    def wants(self, block: NoOptions, member: MemberSpec) -> Sequence[Want]:
        """Cells at the contents of the stage."""
        del block, member
        return (Contents(),)

    def analyse(self, block: NoOptions, member: MemberSpec, given: Given) -> StrainDoc:
        """Strain of one configuration; null with a warning where an end of the window is missing."""
        del block
        if given.window is None:
            raise ValueError("a strain needs a window of the working-ion content")
        cell = given.cell
        inputs = StateInput(member, cell.n_fu, cell.made, cell.states, cell.orderings, given.accept, cell.configuration)
        return strain_document(inputs, given.window)

    def states(self, result: StrainDoc) -> Sequence[XState]:
        """Its x-states."""
        return result.x_states


ANALYSIS: Final = VolumeStrain()
