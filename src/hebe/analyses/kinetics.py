"""Diffusion, conductivity and activation energy of the working ion by kinetic Monte Carlo on its hops."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from pydantic import Field

from hebe.analyses.barriers import BarriersSpec
from hebe.analyses.protocol import Analysis, Mark, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.config.reading.units import Temperature, Whole
from hebe.schemas.kinetics import KineticsDoc, KineticsPointDoc
from hebe.science.chemistry.space import working_charge
from hebe.science.structures.working import immobile
from hebe.science.transport.barriers_document import HopInput, barriers_document
from hebe.science.transport.hop_choice import exclusions
from hebe.science.transport.kinetics_document import KineticsInput, KineticsRun, kinetics_document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.spec import MemberSpec

_ROOM: Final = 300.0
"""K."""
_MOSTLY: Final = 0.5


class KineticsSpec(BarriersSpec):
    """Options: those of `barriers`, and ``{kinetics: {temperatures: [300, 400], attempts: 10}}``.

    Temperatures (K), the prefactor of all rates (1e12/s), least number of working sites of the cell in which ions jump,
    and their jumps at each temperature. ``seed`` is that of the jumps too.
    """

    temperatures: tuple[Annotated[Temperature, Field(ge=100, le=3000)], ...] = Field(
        default=(300.0, 400.0, 500.0, 600.0), min_length=1, max_length=20
    )
    attempts: float = Field(default=10.0, gt=0, le=1000)
    sites: Whole = Field(default=400, ge=8, le=20_000)
    jumps: Whole = Field(default=1_000_000, ge=40_000, le=1_000_000_000)


def _log(read: Callable[[KineticsPointDoc], float | None]) -> Callable[[KineticsDoc], float | None]:
    """Decimal logarithm of a value at 300 K, None where it is not told or 0."""

    def value(result: KineticsDoc) -> float | None:
        point = result.at(_ROOM)
        found = None if point is None else read(point)
        return math.log10(found) if found else None

    return value


def _why(result: KineticsDoc) -> str | None:
    point = result.at(_ROOM)
    if not result.points:
        return None
    if point is None:
        return "300 K is not among the temperatures"
    if point.tracer_cm2_per_s == 0.0:
        return None
    if point.bound_cm2_per_s is not None:
        return f"ions hardly get away from their sites at 300 K: below {point.bound_cm2_per_s:.1e} cm2/s"
    return "the errors at 300 K are as large as the value"


class Kinetics(Analysis[KineticsSpec, KineticsDoc]):
    """Diffusion of the working ion in a lattice gas: one ion on a site, rates by barriers, computed ones and filled."""

    name: ClassVar[str] = "kinetics"
    title: ClassVar[str] = "diffusion by kinetic Monte Carlo"
    requires: ClassVar[Requires] = Requires(disorder=True, capabilities=frozenset({"forces"}))
    Block = KineticsSpec
    Result = KineticsDoc
    quantities = (
        Quantity(
            name="hopping_activation_energy",
            title="activation energy of hopping",
            unit="eV",
            better="low",
            read=lambda result: result.activation_eV,
            why_null=lambda result: "fewer than three temperatures at which ions diffuse" if result.points else None,
            shown=Shown(unit="eV", digits=3, column=True),
            note="Slope of ln D of the tracer; potentials tend to have barriers that are too low.",
            of_working_ion=True,
        ),
        Quantity(
            name="log10_hopping_diffusion_300K",
            title="log10 of D by hopping at 300 K in cm2/s",
            better="high",
            read=_log(lambda point: point.tracer_cm2_per_s),
            why_null=_why,
            shown=Shown(column=True),
            note="Tracer diffusion of the working ion; all attempts at one named frequency.",
            of_working_ion=True,
        ),
        Quantity(
            name="log10_hopping_conductivity_300K",
            title="log10 of the conductivity by hopping at 300 K in S/cm",
            better="high",
            read=_log(lambda point: point.conductivity_S_per_cm),
            why_null=_why,
            of_working_ion=True,
        ),
    )
    marks = (
        Mark(
            name="filled-hops",
            letter="F",
            meaning="most jumps of kinetic Monte Carlo go over hops that were not computed but filled by a model",
            holds=lambda result, _: any(point.filled_jumps > _MOSTLY for point in result.points),
        ),
    )

    def refuses(self, block: KineticsSpec, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Hosts in which nothing moves."""
        del block
        return immobile(host, ion)

    def more_cells(self, block: KineticsSpec, host: Family, ion: str | None) -> Mapping[Want, int]:
        """As of barriers."""
        del host, ion
        return {block.hops: block.n}

    def wants(self, block: KineticsSpec, member: MemberSpec) -> Sequence[Want]:
        """Paths of hops, the same as those of barriers where options are the same."""
        del member
        return (block.hops,)

    def analyse(self, block: KineticsSpec, member: MemberSpec, given: Given) -> KineticsDoc:
        """Diffusion in one configuration."""
        cell = given.cell
        structure = None if cell.configuration is None else cell.configuration.structure
        made = cell.made.cell if cell.made is not None and cell.made.usable else None
        if cell.hops is None or cell.hops.status == "absent" or structure is None or made is None:
            return KineticsDoc(warnings=["there is no as-made cell of the host: no hops"])
        inputs = KineticsInput(
            structure=structure,
            lattice=made.lattice,
            hops=cell.hops,
            barriers=barriers_document(HopInput(cell.hops, cell.ends, cell.paths, given.accept)),
            exclusion=exclusions(member, structure),
            charge=working_charge(member.working_ion),
        )
        run = KineticsRun(block.temperatures, block.attempts * 1e12, block.sites, block.jumps, block.seed)
        return kinetics_document(inputs, run)


ANALYSIS: Final = Kinetics()
