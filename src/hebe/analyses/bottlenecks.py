"""Bottlenecks: the largest sphere that runs through the crystal between the sites of the working ion."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from hebe.analyses.protocol import Analysis, NoOptions, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.schemas.bottlenecks import BottlenecksDoc
from hebe.science.structures.working import immobile
from hebe.science.transport.bottlenecks_document import bottlenecks_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.spec import MemberSpec


def _way(result: BottlenecksDoc, directions: int) -> float | None:
    return next((one.radius_A for one in result.ways if one.directions == directions), None)


def _apart(result: BottlenecksDoc, why: str) -> str | None:
    """Why there is no way where hops are known; the last warning where none is."""
    return why if result.n_hops else None


class Bottlenecks(Analysis[NoOptions, BottlenecksDoc]):
    """Radius of the widest way between anions, and the triangles of anions on it; geometry of the as-made cells."""

    name: ClassVar[str] = "bottlenecks"
    title: ClassVar[str] = "bottlenecks"
    requires: ClassVar[Requires] = Requires(disorder=True)
    Block = NoOptions
    Result = BottlenecksDoc
    quantities = (
        Quantity(
            name="bottleneck_radius",
            title="bottleneck",
            unit="A",
            symbol="r_b",
            better="high",
            read=lambda result: _way(result, 1),
            why_null=lambda result: _apart(result, "sites do not connect"),
            shown=Shown(unit="Å", column=True),
            note="Radius of the largest sphere that runs through the crystal between anions of Shannon's radii.",
            of_working_ion=True,
        ),
        Quantity(
            name="bottleneck_radius_3d",
            title="bottleneck in space",
            unit="A",
            better="high",
            read=lambda result: _way(result, 3),
            why_null=lambda result: _apart(result, "sites do not connect in three directions"),
            shown=Shown(unit="Å"),
            of_working_ion=True,
        ),
        Quantity(
            name="bottleneck_area",
            title="triangle of the bottlenecks",
            unit="A2",
            better="high",
            read=lambda result: result.area_A2,
            why_null=lambda result: _apart(result, "sites do not connect"),
            shown=Shown(unit="Å²"),
            note="Mean over the hops that connect.",
            of_working_ion=True,
        ),
    )

    def refuses(self, block: NoOptions, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Hosts in which nothing moves."""
        del block
        return immobile(host, ion)

    def wants(self, block: NoOptions, member: MemberSpec) -> Sequence[Want]:
        """Nothing: the as-made cell is enough."""
        del block, member
        return ()

    def analyse(self, block: NoOptions, member: MemberSpec, given: Given) -> BottlenecksDoc:
        """Bottlenecks of one configuration."""
        del block
        made, configuration = given.cell.made, given.cell.configuration
        ideal = None if configuration is None else configuration.structure
        if made is None or not made.usable or not made.is_host(given.accept) or ideal is None:
            return BottlenecksDoc(warnings=["there is no as-made cell of the host: no bottlenecks"])
        return bottlenecks_document(member, ideal, made.cell)


ANALYSIS: Final = Bottlenecks()
