"""The hull of a system open to oxygen gas: amounts of oxygen are free, its potential is given.

The cations alone are balanced and every phase counts with ``G - n_O mu_O``, its grand potential: Ong, Wang, Kang and
Ceder, Chem. Mater. 20, 1798 (2008). Where ions change their state the thermal free energies of their oxides count too
(`hebe.science.hulls.oxide_heat`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from hebe.schemas.oxygen import OxygenFit
from hebe.science.hulls.hull import Decomposition, PhaseEntry, PhaseEquilibrium
from hebe.science.hulls.oxide_heat import heat_elements, heated
from hebe.science.hulls.oxygen import gas_potential
from hebe.science.mixing.mixing import DisorderedPhase

if TYPE_CHECKING:
    from hebe.science.chemistry.ions import Ion

OXYGEN: Final = "O"

_SELF: Final = "the phase itself"
_ON_HULL: Final = 1e-7
_SAME: Final = 1e-6


@dataclass(frozen=True)
class OxygenGas:
    """O2 of an energy at a partial pressure (bar)."""

    fit: OxygenFit
    pressure: float

    def potential(self, temperature: float) -> float:
        """Chemical potential of an oxygen atom on the energy scale, eV, at a temperature (K)."""
        return self.zero + gas_potential(temperature, self.pressure) / 2

    @property
    def zero(self) -> float:
        """Half of the energy of O2 at 0 K, eV: where stored potentials are counted from.

        Raises
        ------
        ValueError
            If the fit has none.
        """
        if self.fit.energy_eV is None:
            raise ValueError("oxygen has no energy")
        return self.fit.energy_eV / 2


@dataclass(frozen=True)
class OpenHull:
    """A disordered phase and its competitors in exchange with oxygen.

    Parameters
    ----------
    phase
        The phase in question; its amounts are elements.
    entries
        Competing phases, amounts in elements, on the energy scale of the gas.
    gas
        The gas.
    ions
        Ions of a formula of the phase.
    """

    phase: DisorderedPhase
    entries: Sequence[PhaseEntry]
    gas: OxygenGas
    ions: Mapping[str, float]

    @cached_property
    def heated_elements(self) -> frozenset[str]:
        """Metals whose ions have thermal functions, and whose states in the phase are known of every atom."""
        counted: dict[str, float] = {}
        for ion, n in self.ions.items():
            element = ion.rstrip("+-0123456789.")
            counted[element] = counted.get(element, 0.0) + n
        held = self.phase.amounts
        return frozenset(
            e for e in heat_elements() if abs(counted.get(e, 0.0) - held.get(e, 0.0)) < _SAME and e in held
        )

    @cached_property
    def unknown_states(self) -> list[str]:
        """Competing phases that count as if those metals were 2+, because nothing is known of their ions."""
        metals = self.heated_elements
        return sorted(e.name for e in self.entries if not e.ions and metals & set(e.amounts) and len(e.amounts) > 2)

    def at(self, temperature: float) -> tuple[PhaseEntry, list[PhaseEntry]]:
        """The phase and its competitors with their free energies at a temperature (K) as energies, entropies 0."""
        scale = self.entries[0].energy_scale if self.entries else ""
        phase = self.phase
        own = PhaseEntry(_SELF, phase.amounts, phase.energy, scale, phase.entropy, ions=self.ions)
        found = [
            replace(entry, energy=entry.energy - temperature * entry.entropy, entropy=0.0)
            for entry in heated([own, *self.entries], temperature, self.heated_elements)
        ]
        return found[0], found[1:]

    def mixture(self, temperature: float) -> Decomposition:
        """Lowest mixture in exchange with the gas; amounts per formula unit of the phase.

        Raises
        ------
        InfeasibleError
            If the phases cannot make its cations.
        """
        potential = self.gas.potential(temperature)
        return PhaseEquilibrium(open_entries(self.at(temperature)[1], potential)).decompose(without(self.phase.amounts))

    def excess(self, temperature: float) -> float:
        """Grand potential of the phase above the lowest mixture, eV per formula unit."""
        return self.above(self.mixture(temperature), temperature)

    def above(self, mixture: Decomposition, temperature: float) -> float:
        """That above a mixture."""
        (own,) = open_entries([self.at(temperature)[0]], self.gas.potential(temperature))
        return own.energy - mixture.energy

    def given_off(self, mixture: Decomposition) -> float:
        """O2 (molecules per formula unit) that the phase gives off as it becomes a mixture; negative: takes up."""
        oxygen = {entry.name: entry.amounts.get(OXYGEN, 0.0) for entry in self.entries}
        held = sum(n * oxygen[name] for name, n in mixture.amounts.items())
        return (self.phase.amounts.get(OXYGEN, 0.0) - held) / 2

    def window(self, temperature: float) -> tuple[float, float] | None:
        """Oxygen potentials (eV per atom, on the energy scale) at which the phase is on the hull, None if at none.

        It is at some exactly where it is on the closed hull: they are the potentials that price no phase above its
        free energy.
        """
        own, entries = self.at(temperature)
        hull = PhaseEquilibrium([*entries, own])
        if own.energy - hull.decompose(own.amounts).energy > _ON_HULL * own.size:
            return None
        return hull.potential_range(own.amounts, OXYGEN)

    def cation_window(self, ion: Ion, temperature: float) -> tuple[float, float] | None:
        """Potentials as `window` between which a cation's own binary oxide is stable; see there."""
        return cation_window(ion, self.at(temperature)[1])


def open_entries(entries: Sequence[PhaseEntry], potential: float) -> list[PhaseEntry]:
    """Phases in equilibrium with oxygen of a potential (eV per atom): without it in amounts, energy ``E - n_O mu_O``.

    Phases of nothing but oxygen are left out.
    """
    return [
        replace(e, amounts=without(e.amounts), energy=e.energy - e.amounts.get(OXYGEN, 0.0) * potential)
        for e in entries
        if without(e.amounts)
    ]


def cation_window(ion: Ion, entries: Sequence[PhaseEntry]) -> tuple[float, float] | None:
    """Potentials of oxygen (eV per atom) between which a cation's own binary oxide is the stable one of its element.

    None without such an oxide; one that is stable nowhere has its lower end above its upper one.
    """
    oxides: dict[float, float] = {}
    for entry in entries:
        if set(entry.amounts) == {ion.element, OXYGEN}:
            metal = entry.amounts[ion.element]
            content, energy = entry.amounts[OXYGEN] / metal, entry.energy / metal
            oxides[content] = min(energy, oxides.get(content, math.inf))
    own = next((content for content in oxides if abs(content - ion.charge / 2) < _SAME), None)
    if own is None:
        return None
    slopes = {x: (oxides[own] - energy) / (own - x) for x, energy in oxides.items() if x != own}
    low = max((mu for x, mu in slopes.items() if x < own), default=-math.inf)
    return low, min((mu for x, mu in slopes.items() if x > own), default=math.inf)


def without(amounts: Mapping[str, float]) -> dict[str, float]:
    """Amounts without oxygen."""
    return {component: float(n) for component, n in amounts.items() if component != OXYGEN and n}
