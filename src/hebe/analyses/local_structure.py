"""Local structure of one configuration: bonds, angles, layers and local strain over x."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from hebe.analyses.protocol import Analysis, Curve, NoOptions, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import Contents
from hebe.schemas.local_structure import LocalStructureDoc
from hebe.science.chemistry.member import family_of
from hebe.science.electrodes.electrode import StateInput
from hebe.science.electrodes.local_document import local_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.spec import MemberSpec


def _over_content(result: LocalStructureDoc, name: str) -> dict[float, float]:
    """A field of the states of a result by x, where it is known."""
    return {state.x: value for state in result.states if (value := getattr(state, name)) is not None}


class LocalStructure(Analysis[NoOptions, LocalStructureDoc]):
    """Shapes of the polyhedra of the mixed cations, slabs and gaps, and how sites are strained when ions leave."""

    name: ClassVar[str] = "local_structure"
    title: ClassVar[str] = "local structure"
    version: ClassVar[int] = 2  # 2: working ions on the sites of metals have no polyhedra
    requires: ClassVar[Requires] = Requires()
    Block = NoOptions
    Result = LocalStructureDoc
    quantities = (
        Quantity(
            name="bond_length_spread",
            title="spread of the bonds",
            unit="A",
            symbol="σ(d)",
            better="low",
            read=lambda result: result.bond_spread_A,
            shown=Shown(unit="Å", digits=3, column=True),
            note="Standard deviation of all bonds of the mixed cations as made.",
        ),
        Quantity(
            name="angle_variance",
            title="variance of the octahedral angles",
            unit="deg2",
            symbol="σ²(θ)",
            better="low",
            read=lambda result: result.angle_variance_deg2,
            why_null=lambda _: "no octahedra",
            shown=Shown(unit="deg²", digits=1),
        ),
        Quantity(
            name="local_strain",
            title="local strain",
            symbol="ε",
            better="low",
            read=lambda result: result.local_strain,
            why_null=lambda _: "no state of the host beside the as-made one",
            shown=Shown(unit="%", scale=100),
        ),
        Quantity(
            name="slab_thickness",
            title="slab",
            unit="A",
            read=lambda result: result.slab_A,
            why_null=lambda _: "the host has no layers",
            shown=Shown(unit="Å", digits=3),
        ),
        Quantity(
            name="gap_width",
            title="gap between slabs",
            unit="A",
            read=lambda result: result.gap_A,
            why_null=lambda _: "the host has no layers",
            shown=Shown(unit="Å", digits=3),
        ),
        Quantity(
            name="gap_change",
            title="change of the gap between slabs",
            symbol="Δd/d",
            read=lambda result: result.gap_change,
            why_null=lambda _: "the host has no layers, or no other state",
            shown=Shown(unit="%", scale=100, sign=True),
        ),
    )

    curves = tuple(
        Curve(name=name, title=title, unit=unit, read=partial(_over_content, name=field), shown=shown)
        for name, title, field, unit, shown in (
            ("bond_spread", "spread of the bonds", "bond_spread_A", "A", Shown(unit="Å", digits=3)),
            ("angles", "variance of the angles", "angle_variance_deg2", "deg2", Shown(unit="deg²", digits=1)),
            ("strain", "local strain", "strain_rms", "", Shown(unit="%", scale=100)),
            ("slab", "slab", "slab_A", "A", Shown(unit="Å", digits=3)),
            ("gap", "gap between slabs", "gap_A", "A", Shown(unit="Å", digits=3)),
        )
    )

    def refuses(self, block: NoOptions, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Hosts without anions."""
        del block, ion
        if host.charged:
            return None
        return f"{host.called} has no anions around its cations", "a host with anions"

    def wants(self, block: NoOptions, member: MemberSpec) -> Sequence[Want]:
        """Cells at the contents of the stage, where ions move."""
        del block
        return (Contents(),) if family_of(member).working_of(member.working_ion) is not None else ()

    def analyse(self, block: NoOptions, member: MemberSpec, given: Given) -> LocalStructureDoc:
        """Local structure of one configuration."""
        del block
        cell = given.cell
        inputs = StateInput(member, cell.n_fu, cell.made, cell.states, cell.orderings, given.accept, cell.configuration)
        return local_document(inputs, given.window)


ANALYSIS: Final = LocalStructure()
