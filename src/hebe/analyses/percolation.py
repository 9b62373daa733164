"""Percolation in hosts derived from rock salt: whether channels without blocking cations connect the working ions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field

from hebe.analyses.protocol import Analysis, Mark
from hebe.analyses.quantity import Quantity, Shown
from hebe.config.model import ConfigModel
from hebe.config.reading.units import Whole
from hebe.exceptions import BadInputError
from hebe.schemas.percolation import PercolationDoc
from hebe.science.structures.working import immobile
from hebe.science.transport.percolation_document import percolation_document, rock_salt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.percolation import ChannelNetDoc
    from hebe.schemas.spec import MemberSpec


class PercolationSpec(ConfigModel):
    """Options: ``{percolation: {sites: 100000, cells: 3, seed: 0}}``.

    Cation sites of a cell that is drawn at random, number of such cells, and the seed.
    """

    sites: Whole = Field(default=100_000, ge=1000, le=1_000_000)
    cells: Whole = Field(default=3, ge=1, le=100)
    seed: Whole = Field(default=0, ge=0)


def _of(blocking: int, read: Callable[[ChannelNetDoc], float | None]) -> Callable[[PercolationDoc], float | None]:
    def value(result: PercolationDoc) -> float | None:
        found = result.channel(blocking)
        return None if found is None else read(found)

    return value


def _full(result: PercolationDoc) -> str | None:
    return (
        "no sublattice holds the working ion beside others, or it connects at no content" if result.channels else None
    )


class Percolation(Analysis[PercolationSpec, PercolationDoc]):
    """Share of the working ion on a net of 0-TM and 1-TM channels, in large cells with random order."""

    name: ClassVar[str] = "percolation"
    title: ClassVar[str] = "percolation"
    per = "candidate"
    Block = PercolationSpec
    Result = PercolationDoc
    quantities = (
        Quantity(
            name="share_0tm",
            title="ions on a net of 0-TM channels",
            better="high",
            read=_of(0, lambda net: net.share),
            sd=_of(0, lambda net: net.share_sd),
            n=lambda result: result.n_cells,
            shown=Shown(unit="%", scale=100, digits=0, column=True),
            note="Share of the working ions on a net of tetrahedra without other cations, in cells drawn at random.",
        ),
        Quantity(
            name="share_1tm",
            title="ions on a net of 0-TM and 1-TM channels",
            better="high",
            read=_of(1, lambda net: net.share),
            sd=_of(1, lambda net: net.share_sd),
            n=lambda result: result.n_cells,
            shown=Shown(unit="%", scale=100, digits=0),
        ),
        Quantity(
            name="threshold_0tm",
            title="content at which 0-TM channels connect",
            unit="ions/f.u.",
            symbol="x_c",
            better="low",
            read=_of(0, lambda net: net.threshold_x),
            sd=_of(0, lambda net: net.threshold_x_sd),
            n=lambda result: result.n_cells,
            why_null=_full,
            shown=Shown(unit="per f.u.", digits=3),
        ),
        Quantity(
            name="tetrahedra_0tm",
            title="tetrahedra without other cations",
            better="high",
            read=_of(0, lambda net: net.tetrahedra),
            shown=Shown(unit="%", scale=100, digits=1),
        ),
    )
    marks = (
        Mark(
            name="not-percolating",
            letter="N",
            meaning="the working ion is mixed with others, and no net of 0-TM channels runs through random cells",
            holds=lambda result, _: (
                (net := result.channel(0)) is not None and net.directions == 0 and net.threshold_x is not None
            ),
        ),
    )

    def refuses(self, block: PercolationSpec, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Hosts whose cations do not stand on the octahedral sites of a rock salt, and those without a working ion."""
        del block
        refused = immobile(host, ion)
        if refused is None:
            try:
                rock_salt(host, ion)
            except BadInputError as err:
                refused = f"in {host.called} {err.reason}", err.suggestion or ""
        return refused

    def wants(self, block: PercolationSpec, member: MemberSpec) -> Sequence[Want]:
        """Nothing: geometry and composition are enough."""
        del block, member
        return ()

    def analyse(self, block: PercolationSpec, member: MemberSpec, given: Given) -> PercolationDoc:
        """Nets of cells drawn at random, and of the configurations."""
        cells = [cell.configuration for cell in given.cells if cell.configuration is not None]
        return percolation_document(member, cells, block.sites, block.cells, block.seed)


ANALYSIS: Final = Percolation()
