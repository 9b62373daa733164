"""Migration of the cations of one configuration into empty sites of the working ion, and antisites."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pydantic import Field

from hebe.analyses.protocol import Analysis, Mark, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import Contents, Defects
from hebe.config.model import ConfigModel
from hebe.config.reading.units import ExactFraction, Whole
from hebe.schemas.cation_migration import MigrationDoc
from hebe.science.chemistry.member import family_of
from hebe.science.electrodes.migration_document import migration_document
from hebe.science.structures.defects import without_defects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.spec import MemberSpec

Site = Literal["octahedral", "tetrahedral", "antisite"]


class MigrationSpec(ConfigModel):
    """Options: ``{cation_migration: {sites: [octahedral, tetrahedral], n: 4, x: [1/2], configurations: 2}}``.

    ``n`` sites of each element are computed of each kind in ``sites``, in cells at the contents ``x`` (fractions of the
    full one), the lowest of the window by default.
    """

    sites: tuple[Site, ...] = Field(default=("octahedral", "tetrahedral", "antisite"), min_length=1)
    n: Whole = Field(default=2, ge=1, le=50)
    x: tuple[ExactFraction, ...] = ()
    configurations: Whole = Field(default=1, ge=1)


class CationMigration(Analysis[MigrationSpec, MigrationDoc]):
    """Energies of cations in empty octahedra and tetrahedra, and swapped with working ions."""

    name: ClassVar[str] = "cation_migration"
    title: ClassVar[str] = "cation migration"
    requires: ClassVar[Requires] = Requires(contents=2)
    Block = MigrationSpec
    Result = MigrationDoc
    quantities = (
        Quantity(
            name="migration_energy",
            title="migration of a cation",
            unit="eV",
            symbol="ΔE",
            better="high",
            read=lambda result: result.lowest_eV,
            condition=lambda result: None if result.x is None else f"at x = {result.x:.3g}",
            shown=Shown(unit="eV", sign=True, column=True),
            note="Lowest of the sites that were computed; below zero a cation leaves its own.",
        ),
        Quantity(
            name="octahedral_energy",
            title="cation in an empty octahedron",
            unit="eV",
            symbol="ΔE",
            better="high",
            read=lambda result: result.octahedral_eV,
            why_null=lambda _: "no octahedron is empty, or no cation stays in one",
            shown=Shown(unit="eV", sign=True),
        ),
        Quantity(
            name="tetrahedral_energy",
            title="cation in a tetrahedron",
            unit="eV",
            symbol="ΔE",
            better="high",
            read=lambda result: result.tetrahedral_eV,
            why_null=lambda _: "no cation stays in a tetrahedron",
            shown=Shown(unit="eV", sign=True),
        ),
        Quantity(
            name="antisite_energy",
            title="cation swapped with an ion",
            unit="eV",
            symbol="ΔE",
            better="high",
            read=lambda result: result.antisite_eV,
            why_null=lambda _: "no cation stays swapped with a working ion",
            shown=Shown(unit="eV", sign=True),
        ),
    )
    marks = (
        Mark(
            name="migrating",
            letter="M",
            meaning="a cation is lower away from its site than on it",
            holds=lambda result, _: result.lowest_eV is not None and result.lowest_eV < 0,
        ),
    )

    def refuses(self, block: MigrationSpec, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Hosts whose anions are no single atoms; antisites alone where the ion has no sites of its own."""
        refused = without_defects(host)
        if refused is None and block.sites == ("antisite",) and not host.working_own:
            return f"{ion} has no sites of its own in {host.called}", "sites: [octahedral, tetrahedral]"
        return refused

    def more_defects(self, block: MigrationSpec, elements: int) -> int:
        """So many sites of each element and kind, at each content."""
        return len(block.sites) * block.n * elements * max(1, len(block.x)) * block.configurations

    def wants(self, block: MigrationSpec, member: MemberSpec) -> Sequence[Want]:
        """Cells at the contents of the stage, and such with defects."""
        own = family_of(member).working_own
        kinds = tuple(kind for kind in block.sites if own or kind != "antisite")
        return (Contents(), Defects(kinds, block.n, block.x, configurations=block.configurations))

    def analyse(self, block: MigrationSpec, member: MemberSpec, given: Given) -> MigrationDoc:
        """Defects of one configuration; a configuration of which none are computed has none."""
        del block, member
        if not given.cell.defects:
            return MigrationDoc(warnings=["no defects of this configuration are computed"])
        return migration_document([replace(one, accept=given.accept) for one in given.cell.defects])


ANALYSIS: Final = CationMigration()
