"""What a solid electrolyte is compared with: its as-made cell, phases, oxygen gas and the metal on one energy scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.electrochemical_window import PhaseAmount, PhaseCoverage
from hebe.schemas.oxygen import OxygenFit
from hebe.schemas.spec import MemberSpec
from hebe.schemas.structures import ConfigurationDoc
from hebe.science.crystals.crystal import ANIONS
from hebe.science.hulls.competing import coverage_grade, missing_formulas, phase_formulas, unlisted_systems
from hebe.science.hulls.hull import PhaseEntry
from hebe.science.hulls.hull_entries import PhaseFacts, competing_entries
from hebe.science.hulls.oxygen import GAS, fit_oxygen, gas_entry
from hebe.science.structures.configuration import approximated

if TYPE_CHECKING:
    from collections.abc import Collection

_OXYGEN = "O"


@dataclass(frozen=True)
class ElectrolyteInput:
    """Calculations that the stability of a solid electrolyte is computed from.

    Parameters
    ----------
    spec, n_fu, made
        The candidate, formula units of its configuration, and its as-made cell.
    accept
        Verdicts on the topology of a cell that count as the host.
    metal
        Metal of the working ion.
    oxides
        Oxides that give the energy of oxygen, by phase.
    phases, facts, brought
        Phases by id, facts of those that are not the package's, and entries that the campaign brings.
    temperature, pressure
        Of oxygen, K and bar.
    configuration
        The cell as built.
    """

    spec: MemberSpec
    n_fu: int | None
    made: CalculationDoc | None
    accept: Sequence[str]
    metal: CalculationDoc | None
    oxides: Mapping[str, CalculationDoc | None]
    phases: Mapping[str, CalculationDoc | None]
    temperature: float
    pressure: float
    facts: Sequence[PhaseFacts] = ()
    brought: Sequence[PhaseEntry] = field(default=())
    configuration: ConfigurationDoc | None = None

    @property
    def ion(self) -> str:
        """The working ion."""
        return str(self.spec.working_ion)

    @property
    def host(self) -> CalculationDoc | None:
        """The as-made cell, None where it has no energy or left the host."""
        usable = self.made is not None and self.made.usable and self.made.is_host(self.accept)
        return self.made if usable and self.n_fu else None

    @cached_property
    def own(self) -> PhaseEntry:
        """A formula unit of the as-made cell as a phase.

        Raises
        ------
        ValueError
            If there is none.
        """
        if self.host is None or not self.n_fu:
            raise ValueError(f"{self.spec.formula} has no as-made cell")
        amounts = {str(e): n / self.n_fu for e, n in self.host.cell.composition.get_el_amt_dict().items()}
        name, energy = self.spec.candidate_id, self.host.energy / self.n_fu
        return PhaseEntry(name, amounts, energy, self.host.energy_scale, formula=self.spec.formula)

    @cached_property
    def oxygen(self) -> OxygenFit:
        """Energy of O2 on the energy scale of the candidate."""
        fit = fit_oxygen(self.oxides)
        if fit.energy_eV is not None and fit.energy_scale != self.own.energy_scale:
            scales = (
                f"the oxides are on the energy scale {fit.energy_scale}, the candidate is on {self.own.energy_scale}"
            )
            return OxygenFit(reason=scales)
        return fit

    def entries(self, elements: Collection[str]) -> list[PhaseEntry]:
        """All phases of some elements on the energy scale of the candidate, oxygen gas where it has an energy."""
        found = [entry for entry in self._known(elements) if entry.energy_scale == self.own.energy_scale]
        if _OXYGEN in elements and self.oxygen.energy_eV is not None:
            found.append(gas_entry(self.oxygen, self.temperature, self.pressure, self.own.energy_scale))
        return found

    def _known(self, elements: Collection[str]) -> list[PhaseEntry]:
        """All phases of some elements that have an energy, whatever its scale."""
        brought = [entry for entry in self.brought if set(entry.amounts) <= set(elements)]
        return competing_entries(self.phases, set(elements), self.facts) + brought

    def problems(self, elements: Collection[str]) -> list[str]:
        """What is missing, in words."""
        said = None if self.configuration is None else approximated(self.configuration)
        found = [] if said is None else [said]
        found += [f"{name} has no energy" for name, one in sorted(self.phases.items()) if one is None or not one.usable]
        own = self.own.energy_scale
        foreign = sorted(entry.name for entry in self._known(elements) if entry.energy_scale != own)
        if foreign:
            found.append(f"refused, not on the energy scale {own}: {', '.join(foreign)}")
        if _OXYGEN in elements and self.oxygen.energy_eV is None:
            found.append(f"oxygen has no energy, so that none is given off: {self.oxygen.reason}")
        return found

    def coverage(self, elements: Collection[str]) -> PhaseCoverage:
        """How completely the phases of some elements that have an energy cover what is known."""
        known, anions = phase_formulas(), set(elements) & ANIONS
        present = [one.name if one.name in known else one.formula for one in self.entries(elements) if one.name != GAS]
        missing = missing_formulas(elements, present, working_ion=self.ion, anions=anions)
        unlisted = unlisted_systems(elements, working_ion=self.ion, anions=anions)
        return PhaseCoverage(
            grade=coverage_grade(elements, present, working_ion=self.ion, anions=anions),
            missing=sorted({formula for group in missing.values() for formula in group}),
            unlisted=sorted({name for group in unlisted.values() for name in group}),
        )


def phase_amounts(products: Sequence[tuple[PhaseEntry, float]], per: float = 1.0) -> list[PhaseAmount]:
    """Phases and formulas of each as documents, largest first; amounts divided by `per`."""
    found = [PhaseAmount(phase=entry.name, formula=entry.formula, amount=n / per) for entry, n in products]
    return sorted(found, key=lambda one: (-one.amount, one.phase))


def no_host(inputs: ElectrolyteInput) -> str:
    """Why there is no as-made cell to compare with."""
    made = inputs.made
    if made is None or not made.usable:
        return "the as-made cell has no energy"
    return f"the as-made cell left the host: {made.topology}"
