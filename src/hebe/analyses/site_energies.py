"""Site energies of the working ion: how much deeper it sits on some sites of the as-made cells than on others."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field

from hebe.analyses.protocol import Analysis, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import SiteVacancies
from hebe.config.model import ConfigModel
from hebe.config.reading.units import Whole
from hebe.schemas.site_energies import SiteEnergiesDoc
from hebe.science.structures.working import immobile
from hebe.science.transport.site_energies_document import SiteInput, site_energies_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.spec import MemberSpec


class SiteEnergiesSpec(ConfigModel):
    """Options: ``{site_energies: {n: 6, seed: 0}}``.

    Sites of each configuration whose ion is taken out, and the seed that decides among sites that are alike.
    """

    n: Whole = Field(default=6, ge=2, le=200)
    seed: Whole = Field(default=0, ge=0)


class SiteEnergies(Analysis[SiteEnergiesSpec, SiteEnergiesDoc]):
    """Spread of the energies of the ion over its sites, gap between sublattices, and the window that connects."""

    name: ClassVar[str] = "site_energies"
    title: ClassVar[str] = "site energies"
    requires: ClassVar[Requires] = Requires(disorder=True)
    Block = SiteEnergiesSpec
    Result = SiteEnergiesDoc
    quantities = (
        Quantity(
            name="site_energy_spread",
            title="spread of the site energies",
            unit="eV",
            symbol="σ(E_s)",
            read=lambda result: result.sd_eV,
            why_null=lambda _: "fewer than two sites have an energy",
            shown=Shown(unit="eV", column=True),
            note="Standard deviation of the energy of the working ion over the sites that it occupies as made.",
            of_working_ion=True,
        ),
        Quantity(
            name="site_energy_gap",
            title="gap between sublattices",
            unit="eV",
            better="low",
            read=lambda result: result.gap_eV,
            why_null=lambda _: "the ion occupies one sublattice",
            shown=Shown(unit="eV"),
            of_working_ion=True,
        ),
        Quantity(
            name="site_energy_window",
            title="window of site energies that connects",
            unit="eV",
            better="low",
            read=lambda result: result.window_eV,
            why_null=lambda result: result.no_window or "occupied sites do not connect",
            shown=Shown(unit="eV"),
            of_working_ion=True,
        ),
    )

    def refuses(self, block: SiteEnergiesSpec, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Hosts in which nothing moves."""
        del block
        return immobile(host, ion)

    def more_cells(self, block: SiteEnergiesSpec, host: Family, ion: str | None) -> Mapping[Want, int]:
        """Two sites cost about as much as another form of the configuration, which has several starts."""
        del host, ion
        return {SiteVacancies(block.n, block.seed): -(-block.n // 2)}

    def wants(self, block: SiteEnergiesSpec, member: MemberSpec) -> Sequence[Want]:
        """Cells without one ion each."""
        del member
        return (SiteVacancies(block.n, block.seed),)

    def analyse(self, block: SiteEnergiesSpec, member: MemberSpec, given: Given) -> SiteEnergiesDoc:
        """Site energies of one configuration."""
        del block, member
        cell = given.cell
        if cell.sites is None or cell.sites.status == "absent":
            return SiteEnergiesDoc(warnings=["there is no as-made cell of the host: no site energies"])
        structure = None if cell.configuration is None else cell.configuration.structure
        return site_energies_document(SiteInput(cell.sites, cell.emptied, cell.emptied_fixed, structure, given.accept))


ANALYSIS: Final = SiteEnergies()
