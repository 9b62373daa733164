"""Percolation in hosts derived from rock salt: whether channels without blocking cations connect the working ions."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from pydantic import Field, field_validator

from hebe.analyses.protocol import Analysis, Mark
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import Firing, Tiles
from hebe.config.model import ConfigModel
from hebe.config.reading.units import Energy, Temperature, Whole
from hebe.config.reading.wording import shown
from hebe.exceptions import BadInputError
from hebe.schemas.percolation import PercolationDoc
from hebe.science.structures.tiles import member_tiles, sites_for
from hebe.science.structures.working import immobile
from hebe.science.transport.pair_energies import GivenPairs
from hebe.science.transport.percolation_document import percolation_document, rock_salt
from hebe.science.transport.short_range import ShortRange

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pymatgen.core import Structure

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.percolation import ChannelNetDoc
    from hebe.schemas.spec import MemberSpec

_TILE: Final = 12
"""Mixed sites of the small cells of a fit, at least: with fewer there are hardly any that differ."""

PairEnergy = Annotated[Energy, Field(ge=-5, le=5)]


class ShortRangeSpec(ConfigModel):
    """Cells with short-range order: ``{temperature: 1000 degC, pairs: {Li Ti: -50 meV}}``.

    Temperature at which the cations were mobile last, by default that of firing; energies of pairs of neighbours, and
    of cations with an anion between them, by default fitted to ``fit`` small cells of random arrangement, and to the
    configurations; cation sites of a large cell, and sweeps.
    """

    temperature: Temperature | None = Field(default=None, gt=0, le=5000)
    pairs: dict[str, PairEnergy] = Field(default_factory=dict)
    second: dict[str, PairEnergy] = Field(default_factory=dict)
    sites: Whole = Field(default=10_000, ge=1000, le=200_000)
    sweeps: Whole = Field(default=400, ge=40, le=100_000)
    fit: Whole = Field(default=12, ge=4, le=1000)

    @field_validator("pairs", "second")
    @classmethod
    def _of_two(cls, value: dict[str, float]) -> dict[str, float]:
        """Pairs of two species, each once."""
        seen = set[tuple[str, ...]]()
        for name in value:
            pair = tuple(sorted(name.split()))
            if len(pair) != 2:
                raise ValueError(f"a pair names two species, such as Li Ti, got {shown(name)}")
            if pair in seen:
                raise ValueError(f"the pair {shown(name)} is there twice")
            seen.add(pair)
        return value

    @property
    def given(self) -> GivenPairs | None:
        """Energies of pairs, None where they are fitted."""
        return GivenPairs(self.pairs, self.second) if self.pairs or self.second else None

    @property
    def species(self) -> set[str]:
        """All that are named."""
        return {species for name in (*self.pairs, *self.second) for species in name.split()}


class PercolationSpec(ConfigModel):
    """Options: ``{percolation: {sites: 100000, cells: 3, seed: 0, short_range: {temperature: 1000 degC}}}``.

    Cation sites of a cell that is drawn at random, number of such cells, and the seed; cells with short-range order
    beside them.
    """

    sites: Whole = Field(default=100_000, ge=1000, le=1_000_000)
    cells: Whole = Field(default=3, ge=1, le=100)
    seed: Whole = Field(default=0, ge=0)
    short_range: ShortRangeSpec | None = None


def _ordered(blocking: int, read: Callable[[ChannelNetDoc], float | None]) -> Callable[[PercolationDoc], float | None]:
    def value(result: PercolationDoc) -> float | None:
        found = None if result.short_range is None else result.short_range.channel(blocking)
        return None if found is None else read(found)

    return value


def _unordered(result: PercolationDoc) -> str | None:
    return next(iter(result.warnings), "no cells with short-range order were asked for")


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
    version: ClassVar[int] = 2
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
        Quantity(
            name="ordered_share_0tm",
            title="ions on a net of 0-TM channels, with short-range order",
            better="high",
            read=_ordered(0, lambda net: net.share),
            sd=_ordered(0, lambda net: net.share_sd),
            n=lambda result: 0 if result.short_range is None else result.short_range.n_means,
            why_null=_unordered,
            shown=Shown(unit="%", scale=100, digits=0),
            note="The same in cells from Monte Carlo with energies of pairs; errors of fitted ones are in its own.",
        ),
        Quantity(
            name="ordered_tetrahedra_0tm",
            title="tetrahedra without other cations, with short-range order",
            better="high",
            read=_ordered(0, lambda net: net.tetrahedra),
            why_null=_unordered,
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
        refused = immobile(host, ion)
        if refused is None:
            try:
                rock_salt(host, ion)
            except BadInputError as err:
                refused = f"in {host.called} {err.reason}", err.suggestion or ""
        if refused is None and block.short_range is not None:
            known = {species for sub in host.sublattices.values() for species in sub.species} | {ion or ""}
            for species in sorted(block.short_range.species - known):
                refused = f"a pair names {species}, which {host.called} does not hold", ", ".join(sorted(known))
        return refused

    def more_defects(self, block: PercolationSpec, elements: int) -> int:
        """The small cells that energies of pairs are fitted to."""
        del elements
        return 0 if block.short_range is None or block.short_range.given else block.short_range.fit

    def wants(self, block: PercolationSpec, member: MemberSpec) -> Sequence[Want]:
        """Nothing for random order: geometry and composition are enough. Else a temperature, and cells for a fit."""
        asked = block.short_range
        if asked is None:
            return ()
        fired = (Firing(),) if asked.temperature is None else ()
        return fired if asked.given else (*fired, Tiles(sites_for(member, _TILE), asked.fit, asked.fit))

    def analyse(self, block: PercolationSpec, member: MemberSpec, given: Given) -> PercolationDoc:
        """Nets of cells drawn at random, of the configurations, and of cells with short-range order."""
        cells = [cell.configuration for cell in given.cells if cell.configuration is not None]
        asked = None if block.short_range is None else _short_range(block.short_range, member, given)
        document = percolation_document(member, cells, block.sites, block.cells, block.seed, asked)
        if block.short_range is not None and asked is None:
            document.warnings.append("no short-range order: no temperature, and the host has no usual one of firing")
        return document


def _short_range(block: ShortRangeSpec, member: MemberSpec, given: Given) -> ShortRange | None:
    temperature = given.firing_temperature if block.temperature is None else block.temperature
    if temperature is None:
        return None
    cells = () if block.given else _with_energies(block, member, given)
    return ShortRange(temperature, block.sites, block.sweeps, block.given, cells)


def _with_energies(block: ShortRangeSpec, member: MemberSpec, given: Given) -> list[tuple[Structure, float]]:
    """Ideal cells of one composition with all sites occupied that are still the host, and their energies (eV)."""
    cells = [(cell.configuration.structure, cell.made) for cell in given.cells if cell.configuration is not None]
    if given.tiles:
        done_tiles: list[CalculationDoc | None] = [tile["calculation"] for tile in given.tiles]
        tiles = member_tiles(member, sites_for(member, _TILE), block.fit, block.fit).tiles
        cells += [(tile.structure, done) for tile, done in zip(tiles, done_tiles, strict=True)]
    found: dict[str, list[tuple[Structure, float]]] = defaultdict(list)
    for ideal, done in cells:
        if ideal is None or done is None or not done.usable or not done.is_host(given.accept):
            continue
        if len(done.cell) == len(ideal):
            found[ideal.composition.reduced_formula].append((ideal, done.energy))
    return max(found.values(), key=len, default=[])


ANALYSIS: Final = Percolation()
