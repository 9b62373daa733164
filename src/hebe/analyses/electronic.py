"""What the electrons of the cells say: band gap, p states of the anions against d states of the metals, ions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from hebe.analyses.protocol import Analysis, Mark, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import Contents
from hebe.config.model import ConfigModel
from hebe.schemas.electrons import ElectronsDoc
from hebe.science.chemistry.member import family_of
from hebe.science.electrodes.electrode import StateInput
from hebe.science.electrodes.electron_document import electron_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.schemas.spec import MemberSpec


class ElectronicSpec(ConfigModel):
    """Options: ``{electronic: {along_x: true}}`` also looks at the cells at the other contents of the stage."""

    along_x: bool = False


class Electronic(Analysis[ElectronicSpec, ElectronsDoc]):
    """Results that calculations have anyway, where their engine knows electrons."""

    name: ClassVar[str] = "electronic"
    title: ClassVar[str] = "electronic structure"
    version: ClassVar[int] = 2
    requires: ClassVar[Requires] = Requires(capabilities=frozenset({"electrons"}))
    Block = ElectronicSpec
    Result = ElectronsDoc
    quantities = (
        Quantity(
            name="band_gap",
            title="band gap",
            unit="eV",
            symbol="E_g",
            read=lambda result: result.band_gap_eV,
            shown=Shown(unit="eV"),
        ),
        Quantity(
            name="anion_p_centre",
            title="p centre of anions",
            unit="eV",
            symbol="E_p",
            read=lambda result: result.anion_p_centre_eV,
            why_null=lambda _: "no projected densities",
            shown=Shown(unit="eV", sign=True),
            note="Of the occupied states, from the highest of them.",
        ),
        Quantity(
            name="anion_share",
            title="anions in the highest states",
            read=lambda result: result.anion_share,
            why_null=lambda _: "no projected densities",
            shown=Shown(unit="%", scale=100, digits=0),
            note="Share of the anions' p states against the metals' d states in the highest occupied eV.",
        ),
        Quantity(
            name="jahn_teller_share",
            title="Jahn-Teller ions",
            read=lambda result: result.jahn_teller_share,
            shown=Shown(unit="%", scale=100, digits=0),
        ),
    )
    marks = (
        Mark(
            name="anion-redox",
            letter="X",
            meaning="the highest occupied states are those of the anions: charging oxidises them",
            holds=lambda result, _: any(state.anion_redox for state in result.states),
        ),
    )

    def wants(self, block: ElectronicSpec, member: MemberSpec) -> Sequence[Want]:
        """Nothing but the as-made cells, or those at the contents of the stage too."""
        moves = family_of(member).working_of(member.working_ion) is not None
        return (Contents(),) if block.along_x and moves else ()

    def analyse(self, block: ElectronicSpec, member: MemberSpec, given: Given) -> ElectronsDoc:
        """Results of one configuration; null with a warning where the engine left none."""
        del block
        cell = given.cell
        inputs = StateInput(member, cell.n_fu, cell.made, cell.states, cell.orderings, given.accept, cell.configuration)
        return electron_document(inputs)


ANALYSIS: Final = Electronic()
