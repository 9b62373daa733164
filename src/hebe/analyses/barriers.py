"""Barriers of the working ion: paths of stratified hops in the as-made cells, and where hops connect."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field

from hebe.analyses.protocol import Analysis, Mark, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import Hops
from hebe.config.model import ConfigModel
from hebe.config.reading.units import Energy, Whole
from hebe.schemas.barriers import BarriersDoc
from hebe.science.structures.working import immobile
from hebe.science.transport.barriers_document import HopInput, barriers_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.spec import MemberSpec

_ELECTRON: Final = 0.5
"""Change of a moment (Bohr magnetons) that is an electron's."""


class BarriersSpec(ConfigModel):
    """Options: ``{barriers: {n: 4, images: 5, fmax: 0.05, seed: 0, vacancies: 2, bound: 3 eV}}``.

    Hops of each configuration, images of a band between its ends, largest force (eV/A) across it, the seed that decides
    among hops that are alike, how many ions are taken out where all sites are occupied as made, and how high a hop may
    lie before it is relaxed to be worth a band.
    """

    n: Whole = Field(default=4, ge=1, le=100)
    images: Whole = Field(default=5, ge=3, le=21)
    fmax: float = Field(default=0.05, gt=0, le=0.5)
    seed: Whole = Field(default=0, ge=0)
    vacancies: Whole = Field(default=1, ge=1, le=2)
    bound: Energy | None = Field(default=None, gt=0, le=100)

    @property
    def hops(self) -> Hops:
        """Paths that are asked for."""
        return Hops(self.n, self.images, self.fmax, self.seed, self.vacancies, self.bound)


def _connection(result: BarriersDoc, directions: int) -> float | None:
    return next((one.barrier_eV for one in result.connections if one.directions == directions), None)


class Barriers(Analysis[BarriersSpec, BarriersDoc]):
    """Mean and spread of the barriers over environments, and the lowest one at which hops run through the crystal."""

    name: ClassVar[str] = "barriers"
    title: ClassVar[str] = "migration barriers"
    version: ClassVar[int] = 2
    requires: ClassVar[Requires] = Requires(disorder=True, capabilities=frozenset({"forces"}))
    Block = BarriersSpec
    Result = BarriersDoc
    quantities = (
        Quantity(
            name="migration_barrier",
            title="mean migration barrier",
            unit="eV",
            symbol="E_a",
            better="low",
            read=lambda result: result.mean_eV,
            shown=Shown(unit="eV", column=True),
            note="Mean over hops in both directions, each environment by its share; potentials tend to be too low.",
            of_working_ion=True,
        ),
        Quantity(
            name="barrier_spread",
            title="spread of the barriers",
            unit="eV",
            symbol="σ(E_a)",
            read=lambda result: result.sd_eV,
            why_null=lambda _: "fewer than two hops were computed",
            shown=Shown(unit="eV"),
            of_working_ion=True,
        ),
        Quantity(
            name="connecting_barrier",
            title="barrier at which hops connect",
            unit="eV",
            better="low",
            read=lambda result: _connection(result, 1),
            shown=Shown(unit="eV"),
            of_working_ion=True,
        ),
        Quantity(
            name="connecting_barrier_3d",
            title="barrier at which hops connect in space",
            unit="eV",
            better="low",
            read=lambda result: _connection(result, 3),
            why_null=lambda _: "hops do not connect in three directions",
            shown=Shown(unit="eV"),
            of_working_ion=True,
        ),
    )
    marks = (
        Mark(
            name="electron-hop",
            letter="H",
            meaning="a moment changes along a path by that of an electron: its barrier may be that of the electron too",
            holds=lambda result, _: any((hop.moment_change or 0.0) > _ELECTRON for hop in result.hops),
        ),
    )

    def refuses(self, block: BarriersSpec, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Hosts in which nothing moves."""
        del block
        return immobile(host, ion)

    def more_cells(self, block: BarriersSpec, host: Family, ion: str | None) -> Mapping[Want, int]:
        """A hop costs about as much as another form of the configuration: two ends and a band."""
        del host, ion
        return {block.hops: block.n}

    def wants(self, block: BarriersSpec, member: MemberSpec) -> Sequence[Want]:
        """Paths of hops."""
        del member
        return (block.hops,)

    def analyse(self, block: BarriersSpec, member: MemberSpec, given: Given) -> BarriersDoc:
        """Barriers of one configuration."""
        del block, member
        cell = given.cell
        if cell.hops is None or cell.hops.status == "absent":
            return BarriersDoc(warnings=["there is no as-made cell of the host: no hops"])
        return barriers_document(HopInput(cell.hops, cell.ends, cell.paths, given.accept))


ANALYSIS: Final = Barriers()
