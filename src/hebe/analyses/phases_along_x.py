"""Stackings and polymorphs of a configuration along x: which is lowest where, and what that does to the voltage."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field

from hebe.analyses.protocol import Analysis, Mark, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import Contents, Metal, Stackings
from hebe.config.model import ConfigModel
from hebe.config.reading.units import Temperature, Whole
from hebe.config.stackings import stackings
from hebe.exceptions import BadInputError
from hebe.schemas.phases_along_x import PhasesDoc
from hebe.science.chemistry.member import family_of
from hebe.science.electrodes.electrode import StateInput
from hebe.science.electrodes.phases_document import PhasesInput, phases_document
from hebe.science.structures.forms import formed_spec
from hebe.science.structures.polymorphs import own_form, polymorph_family, polymorphs_of
from hebe.science.structures.stackings import family_of_stacking, glides_of, stacking_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.analyses.given import Cell, Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.spec import MemberSpec


class PhasesSpec(ConfigModel):
    """Options: ``{phases_along_x: {stackings: [P3], configurations: 1, temperature: 300 K}}``.

    ``stackings`` are those that the host's own is compared with, all that its slabs glide into by default, none where
    there are ``polymorphs``; a host without slabs is compared with all of its polymorphs by default. ``configurations``
    says how many of a candidate's are stacked otherwise; with a ``temperature`` free energies of stackings with the
    ideal entropy of ions and empty sites are compared.
    """

    stackings: tuple[str, ...] = ()
    polymorphs: tuple[str, ...] = ()
    configurations: Whole | None = Field(default=None, ge=1)
    temperature: Temperature | None = None


class PhasesAlongX(Analysis[PhasesSpec, PhasesDoc]):
    """Energies of the stackings and polymorphs at equal x, the onset of each, and the hull over all of them."""

    name: ClassVar[str] = "phases_along_x"
    title: ClassVar[str] = "stackings along x"
    requires: ClassVar[Requires] = Requires(contents=2, disorder=True)
    Block = PhasesSpec
    Result = PhasesDoc
    quantities = (
        Quantity(
            name="stacking_preference",
            title="other stackings",
            unit="eV/fu",
            symbol="\u0394E",
            better="high",
            read=lambda result: result.preference_eV_per_fu,
            sd_starts=lambda result: result.preference_sd_starts_eV_per_fu,
            shown=Shown(unit="meV per f.u.", scale=1000, digits=0, sign=True, column=True),
            note="Least over the window; negative where another stacking or polymorph is lower than the host.",
        ),
        Quantity(
            name="transition_x",
            title="onset of the first transition",
            symbol="x",
            better="low",
            read=lambda result: result.first_transition_x,
            why_null=lambda result: (
                None if result.first_transition_x is not None else "no other stacking becomes lower"
            ),
            shown=Shown(digits=2),
            compared=False,
        ),
    )
    marks = (
        Mark(
            name="transition",
            letter="P",
            meaning="another stacking or polymorph is lower than the host within the window",
            holds=lambda result, _: result.preference_eV_per_fu is not None and result.preference_eV_per_fu < 0,
        ),
    )

    def refuses(self, block: PhasesSpec, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Hosts of which no other form is known, and forms that they do not have."""
        if (stacking_of(host) or own_form(host)) is None:
            known = ", ".join([*sorted({rule.family for rule in stackings().values()}), "pba"])
            return f"{host.called} is not made of slabs that can be stacked otherwise, and has no polymorphs", known
        try:
            for name in block.stackings:
                family_of_stacking(host, ion, name)
            for name in block.polymorphs:
                polymorph_family(host, name, ion)
        except BadInputError as err:
            return err.reason, err.suggestion or ", ".join(stackings())
        names = self._names(block, host, ion)
        if not names:
            return f"{host.called} with {ion} glides into no stacking that has a lattice", "stackings: [...]"
        if block.temperature is not None and not set(names) <= set(stackings()):
            return "free energies are known of stackings alone", "remove the temperature or the polymorphs"
        return None

    def more_cells(self, block: PhasesSpec, host: Family, ion: str | None) -> Mapping[Want, int]:
        """Its stackings and polymorphs."""
        names = self._names(block, host, ion)
        return {Stackings(names, block.configurations): len(names)}

    def wants(self, block: PhasesSpec, member: MemberSpec) -> Sequence[Want]:
        """Cells at the contents of the stage, the same in the other forms, and the metal."""
        names = self._names(block, family_of(member), member.working_ion)
        return (Contents(), Stackings(names, block.configurations), Metal())

    def analyse(self, block: PhasesSpec, member: MemberSpec, given: Given) -> PhasesDoc:
        """Stackings of one configuration; a configuration that is not stacked otherwise has none."""
        if given.window is None:
            raise ValueError("stackings along x need a window of the working-ion content")
        host, cell = family_of(member), given.cell
        own = str(stacking_of(host) or own_form(host))
        held = {own: self._input(member, cell, given)}
        for name, other in cell.stackings.items():
            held[name] = self._input(formed_spec(member, name), other, given)
        if not cell.stackings:
            return PhasesDoc(own=own, warnings=["this configuration is not stacked otherwise"])
        return phases_document(PhasesInput(own, held, given.metal, given.window, block.temperature))

    @staticmethod
    def _names(block: PhasesSpec, host: Family, ion: str | None) -> tuple[str, ...]:
        own = stacking_of(host)
        given = tuple(name for name in dict.fromkeys((*block.stackings, *block.polymorphs)) if name != own)
        return given or (polymorphs_of(host) if own is None else glides_of(host, ion))

    @staticmethod
    def _input(member: MemberSpec, cell: Cell, given: Given) -> StateInput:
        return StateInput(member, cell.n_fu, cell.made, cell.states, cell.orderings, given.accept, cell.configuration)


ANALYSIS: Final = PhasesAlongX()
