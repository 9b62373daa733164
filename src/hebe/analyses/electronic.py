"""What the electrons of the as-made cells say: band gap, p states of the anions, Jahn-Teller ions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from hebe.analyses.protocol import Analysis, NoOptions, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.schemas.result import ResultDoc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.schemas.electronic import ElectronicDoc
    from hebe.schemas.spec import MemberSpec


class ElectronsDoc(ResultDoc):
    """Electrons of one as-made cell.

    ``anion_p_centre_eV`` is the highest of its anions, from the Fermi level. ``jahn_teller_share`` is that of the ions
    whose moments decide their oxidation state.
    """

    band_gap_eV: float | None = None  # noqa: N815 - the unit keeps its case
    anion_p_centre_eV: float | None = None  # noqa: N815 - same
    jahn_teller_share: float | None = None


class Electronic(Analysis[NoOptions, ElectronsDoc]):
    """Results that the calculation of the as-made cell has anyway, where its engine knows electrons."""

    name: ClassVar[str] = "electronic"
    title: ClassVar[str] = "electronic structure"
    requires: ClassVar[Requires] = Requires(capabilities=frozenset({"electrons"}))
    Block = NoOptions
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
            shown=Shown(unit="eV", sign=True),
        ),
        Quantity(
            name="jahn_teller_share",
            title="Jahn-Teller ions",
            read=lambda result: result.jahn_teller_share,
            shown=Shown(unit="%", scale=100, digits=0),
        ),
    )

    def wants(self, block: NoOptions, member: MemberSpec) -> Sequence[Want]:
        """Nothing but the as-made cells."""
        del block, member
        return ()

    def analyse(self, block: NoOptions, member: MemberSpec, given: Given) -> ElectronsDoc:
        """Results of the as-made cell of one configuration; null with a warning where the engine left none."""
        del block, member
        made = given.cell.made
        found = None if made is None or not made.usable else made.electronic
        if found is None:
            return ElectronsDoc(warnings=["the as-made cell has no electronic results"])
        return ElectronsDoc(
            band_gap_eV=found.band_gap_eV,
            anion_p_centre_eV=max(found.p_centres_eV.values(), default=None),
            jahn_teller_share=_share(found),
        )


def _share(found: ElectronicDoc) -> float | None:
    """Jahn-Teller ions per ion of known oxidation state, None where moments decide nothing."""
    known = [i for i, valence in enumerate(found.valences or []) if valence is not None]
    if not known or found.jahn_teller is None:
        return None
    return sum(found.jahn_teller[i] for i in known) / len(known)


ANALYSIS: Final = Electronic()
