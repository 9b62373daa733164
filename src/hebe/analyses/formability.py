"""Descriptors of whether a disordered phase forms, beside the mixing temperature, to compare with the literature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from pydantic import Field

from hebe.analyses.protocol import Analysis, Mark, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import Edges, Phases, Tiles, Vertices
from hebe.config.model import ConfigModel
from hebe.config.reading.units import Whole
from hebe.schemas.formability import FormabilityDoc
from hebe.schemas.spec import MemberSpec
from hebe.science.hulls.hull import PhaseEntry
from hebe.science.hulls.hull_entries import PhaseFacts
from hebe.science.mixing.formability_document import FormabilityInput, TileResult, formability_document
from hebe.science.mixing.member_result import MemberResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want


class TileSpec(ConfigModel):
    """Ordered tiles of a candidate.

    ``n_sites`` of its sublattice with most species, by default the fewest that hold the composition; a candidate with
    more than ``at_most`` distinct tiles is refused, or ``sample`` arrangements are drawn.
    """

    n_sites: Whole | None = Field(default=None, ge=1, le=64)
    at_most: Whole = Field(default=60, ge=2, le=10_000)
    sample: Whole | None = Field(default=None, ge=10, le=10_000)


class FormabilitySpec(ConfigModel):
    """Options: ``{formability: {tiles: {sample: 40}}}``; ``tiles: false`` leaves EFA and DEED out."""

    tiles: TileSpec | Literal[False] = TileSpec()


class Formability(Analysis[FormabilitySpec, FormabilityDoc]):
    """Pairwise regular solution, entropy forming ability and DEED of ordered tiles, relative formation of pairs."""

    name: ClassVar[str] = "formability"
    title: ClassVar[str] = "comparison descriptors"
    shares_phases: ClassVar[bool] = True
    per = "candidate"
    requires: ClassVar[Requires] = Requires(disorder=True)
    Block = FormabilitySpec
    Result = FormabilityDoc
    quantities = (
        Quantity(
            name="pairwise_mixing_enthalpy",
            title="mixing enthalpy of pairs, same host",
            unit="eV/site",
            symbol="ΔH",
            better="low",
            read=lambda document: document.pairwise_mixing_enthalpy_eV_per_site,
            why_null=lambda document: document.pairwise_reason,
            shown=Shown(unit="meV per site", scale=1000, digits=1),
        ),
        Quantity(
            name="entropy_forming_ability",
            title="entropy forming ability",
            unit="atom/eV",
            symbol="EFA",
            better="high",
            read=lambda document: document.entropy_forming_ability_atom_per_eV,
            why_null=lambda document: document.tiles_reason,
            shown=Shown(unit="(eV/atom)⁻¹", digits=0),
        ),
        Quantity(
            name="deed",
            title="DEED",
            unit="atom/eV",
            symbol="DEED",
            better="high",
            read=lambda document: document.deed_atom_per_eV,
            why_null=lambda document: document.deed_reason,
            shown=Shown(unit="(eV/atom)⁻¹", digits=0),
        ),
        Quantity(
            name="relative_formation",
            title="mean mixing enthalpy of pairs, competing",
            unit="eV/site",
            symbol="ΔH",
            better="low",
            read=lambda document: document.relative_formation_eV_per_site,
            why_null=lambda document: document.relative_formation_reason,
            shown=Shown(unit="meV per site", scale=1000, digits=1),
        ),
        Quantity(
            name="relative_formation_spread",
            title="spread over pairs",
            unit="eV/site",
            better="low",
            read=lambda document: document.relative_formation_spread_eV_per_site,
            why_null=lambda document: document.relative_formation_reason,
            shown=Shown(unit="meV per site", scale=1000, digits=1),
        ),
    )
    marks = (
        Mark(
            name="sampled-tiles",
            letter="S",
            meaning="its tiles were drawn, not listed: EFA and DEED are estimates",
            holds=lambda document, _: document.tiles_sampled,
        ),
    )

    def wants(self, block: FormabilitySpec, member: MemberSpec) -> Sequence[Want]:
        """Members with fewest species and those between, competing phases, and tiles where asked for."""
        del member
        tiles = block.tiles
        more = [] if tiles is False else [Tiles(tiles.n_sites, tiles.at_most, tiles.sample)]
        return (Phases(), Vertices(), Edges(costly=True), *more)

    def analyse(self, block: FormabilitySpec, member: MemberSpec, given: Given) -> FormabilityDoc:
        """Descriptors of the candidate."""
        tiles = block.tiles
        return formability_document(
            FormabilityInput(
                spec=member,
                own=[MemberResult(member, c.configuration, c.made, accept=given.accept) for c in given.cells],
                vertices=_members(given.vertices, given.accept),
                edges=_members(given.edges, given.accept),
                members=_members(given.members, given.accept),
                phases=given.phases,
                brought=[PhaseEntry(**entry) for entry in given.entries],
                facts=[PhaseFacts(**facts) for facts in given.facts],
                tiles=[TileResult(**tile) for tile in given.tiles],
                n_tiles=None if tiles is False else given.n_tiles,
                sampled=tiles is not False and given.n_tiles > tiles.at_most,
                accept=given.accept,
            )
        )


def _members(entries: Sequence[Mapping[str, Any]], accept: tuple[str, ...]) -> list[MemberResult]:
    return [
        MemberResult(MemberSpec.model_validate(e["spec"]), e["configuration"], e["calculation"], accept=accept)
        for e in entries
    ]


ANALYSIS: Final = Formability()
