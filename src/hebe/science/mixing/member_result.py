"""What is known of one configuration of a member of the host: what its cell holds, its energy and entropy."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.spec import MemberSpec
from hebe.schemas.structures import ConfigurationDoc
from hebe.schemas.vibrations import VibrationDoc
from hebe.science.chemistry.entropy import site_entropy
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.chemistry.space import working_charge
from hebe.science.constants import BOLTZMANN

if TYPE_CHECKING:
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.ladder import Split


@dataclass(frozen=True)
class MemberResult:
    """One configuration of a member of the host with its as-made relaxation.

    ``accept`` are verdicts on the topology of its cell that count as the host.
    """

    spec: MemberSpec
    configuration: ConfigurationDoc | None
    calculation: CalculationDoc | None
    vibrations: VibrationDoc | None = None
    accept: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether it has an energy, of a cell that is what it stands for."""
        found = self.calculation
        return self.configuration is not None and found is not None and found.usable and found.is_host(self.accept)

    @property
    def left(self) -> str | None:
        """Verdict on a cell that is no longer the host; None where it is, or has no energy."""
        found = self.calculation
        return found.topology if found is not None and found.usable and not found.is_host(self.accept) else None

    @cached_property
    def name(self) -> str:
        """Formula with the ions on the mixed sublattices: unique among the members of a host."""
        return f"{self.spec.formula} [{' '.join(sorted(self.ions))}]"

    @property
    def result(self) -> CalculationDoc:
        """Its calculation.

        Raises
        ------
        ValueError
            If there is none.
        """
        if self.calculation is None:
            raise ValueError(f"{self.spec.formula} was not calculated")
        return self.calculation

    @property
    def realised(self) -> dict[str, dict[str, str]] | None:
        """Fractions that the cell really holds."""
        return (self.configuration.realised or None) if self.configuration else None

    @cached_property
    def x(self) -> Fraction | None:
        """Working ions per formula unit that the relaxed cell really holds, None where that is not known."""
        working = composition_of(self.spec).host.working_of(self.spec.working_ion)
        if working is None or self.configuration is None or self.calculation is None:
            return None
        if self.calculation.structure is None or not self.configuration.n_fu:
            return None
        return Fraction(len(working.sites(self.calculation.structure)), self.configuration.n_fu)

    @cached_property
    def composition(self) -> HostComposition:
        """Composition that the cell really holds."""
        return composition_of(self.spec, self.realised, self.x)

    @cached_property
    def split(self) -> Split | None:
        """Canonical split of that composition."""
        return split_of(self.spec, self.realised, self.x)

    @property
    def energy(self) -> float:
        """Energy in eV per formula unit.

        Raises
        ------
        ValueError
            If there is none.
        """
        if self.configuration is None:
            raise ValueError(f"{self.spec.formula} was not built")
        return self.result.energy / self.configuration.n_fu

    @property
    def energy_sd_starts(self) -> float | None:
        """Standard deviation of the energy over its starts, eV per formula unit; None for fewer than two."""
        sd, _ = self.result.spread_over_starts(self.accept)
        return None if sd is None or self.configuration is None else sd / self.configuration.n_fu

    @property
    def entropy(self) -> float:
        """Ideal entropy of the disordered sublattices, eV/K per formula unit."""
        return BOLTZMANN * sum(
            self.composition.host.sublattices[name].multiplicity * site_entropy(values.values())
            for name, values in self.composition.fractions.items()
        )

    @property
    def deviation(self) -> float:
        """Largest difference between what the cell holds and what it stands for, per site or formula unit."""
        off = self.configuration.deviation if self.configuration else 0.0
        return max(off, abs(float(self.composition.x_made - Fraction(self.spec.x_made))))

    @property
    def ions(self) -> dict[str, float]:
        """Ion -> amount per formula unit on the mixed sublattices."""
        total: dict[str, float] = {}
        for part in (self.split or {}).values():
            for ion, amount in part.items():
                total[str(ion)] = total.get(str(ion), 0.0) + float(amount)
        return total

    @property
    def all_ions(self) -> dict[str, float]:
        """Ion -> amount per formula unit, the working ion included."""
        total = dict(self.ions)
        if self.spec.working_ion:
            own = str(Ion(self.spec.working_ion, working_charge(self.spec.working_ion)))
            total[own] = total.get(own, 0.0) + float(self.composition.x_own)
        return total

    @property
    def amounts(self) -> dict[str, float]:
        """Element -> amount per formula unit."""
        return {element: float(n) for element, n in self.composition.elements.items()}
