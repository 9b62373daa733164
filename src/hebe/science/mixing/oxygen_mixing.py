"""Mixing in exchange with oxygen gas: mixtures may take up or give off O2 at its chemical potential.

In equilibrium with the gas the amount of oxygen is free, so that the cations alone are balanced and every phase counts
with ``G - n_O mu_O``, its grand potential: the hull of a system open to oxygen, Ong, Wang, Kang and Ceder, Chem. Mater.
20, 1798 (2008). Vibrations of solids are left out on both sides; those of the gas are in its potential.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.mixing import OxygenMixing, PotentialWindow
from hebe.schemas.oxygen import OxygenFit
from hebe.science.chemistry.ions import Ion
from hebe.science.hulls.hull import Decomposition, InfeasibleError, PhaseEntry, PhaseEquilibrium
from hebe.science.hulls.oxygen import fit_oxygen, gas_potential, pressure_of
from hebe.science.mixing.crossings import stable_intervals
from hebe.science.mixing.mixing import listed

if TYPE_CHECKING:
    from hebe.science.mixing.mixing import DisorderedPhase

HIGHEST: Final = 2000.0
"""K; the range from 0 to it is searched."""

_OXYGEN: Final = "O"
_SELF: Final = "the phase itself"
_ON_HULL: Final = 1e-7
_SAME: Final = 1e-6


@dataclass(frozen=True)
class HullOxygen:
    """Oxygen of a campaign: relaxations of the oxides by phase id, temperature (K) and partial pressure (bar)."""

    oxides: Mapping[str, CalculationDoc | None]
    temperature: float
    pressure: float

    def mixing(
        self, phase: DisorderedPhase, entries: Sequence[PhaseEntry], ions: Mapping[str, float], scale: str | None
    ) -> OxygenMixing:
        """Mixing with it of a phase whose mixed ions are `ions`, on that energy scale."""
        gas = OxygenGas(fit_oxygen(self.oxides), self.pressure)
        if gas.fit.energy_eV is not None and gas.fit.energy_scale != scale:
            reason = f"the oxides are on the energy scale {gas.fit.energy_scale}, the candidate is not"
            gas = OxygenGas(gas.fit.model_copy(update={"energy_eV": None, "reason": reason}), self.pressure)
        return oxygen_mixing(phase, entries, gas, self.temperature, ions)


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


def oxygen_mixing(
    phase: DisorderedPhase,
    entries: Sequence[PhaseEntry],
    gas: OxygenGas,
    temperature: float,
    ions: Mapping[str, float],
    highest: float = HIGHEST,
) -> OxygenMixing:
    """Mixing of `phase` against competing phases in exchange with oxygen.

    Parameters
    ----------
    phase
        The phase in question; its amounts are elements.
    entries
        Competing phases, amounts in elements, on the energy scale of the fit.
    gas
        The gas.
    temperature
        K, of firing: where the decomposition is listed and the windows are taken.
    ions
        Mixed ions of the phase (``Co2+``), whose oxides' windows overlap.
    highest
        K; the range from 0 to it is searched for temperatures at which the phase is on the hull.
    """
    document = OxygenMixing(temperature_K=temperature, pressure_bar=gas.pressure, fit=gas.fit)
    if gas.fit.energy_eV is None or not phase.amounts.get(_OXYGEN):
        document.reason = gas.fit.reason or "the candidate holds no oxygen"
        return document
    document.potential_eV = gas.potential(temperature) - gas.zero
    hull = _Open(phase, entries, gas)
    try:
        _at(document, hull, temperature)
        intervals = sorted(stable_intervals(hull.excess, highest))
    except InfeasibleError as err:
        document.reason = str(err)
        return document
    document.stable_K = intervals
    if intervals:
        document.T_mix_K, end = intervals[0]
        document.T_stable_up_to_K = end if end < highest else None
    else:
        document.reason = f"not on the hull up to {highest:g} K"
    document.window = potential_window(phase, entries, temperature, gas)
    _overlap(document, entries, ions, temperature, gas)
    return document


def open_entries(entries: Sequence[PhaseEntry], potential: float) -> list[PhaseEntry]:
    """Phases in equilibrium with oxygen of a potential (eV per atom): without it in amounts, energy ``E - n_O mu_O``.

    Phases of nothing but oxygen are left out.
    """
    return [
        replace(entry, amounts=_without(entry.amounts), energy=entry.energy - _held(entry.amounts) * potential)
        for entry in entries
        if _without(entry.amounts)
    ]


def open_phase(phase: DisorderedPhase, potential: float) -> DisorderedPhase:
    """The phase in question as `open_entries` has the others."""
    energy = phase.energy - _held(phase.amounts) * potential
    return replace(phase, amounts=_without(phase.amounts), energy=energy)


def potential_window(
    phase: DisorderedPhase, entries: Sequence[PhaseEntry], temperature: float, gas: OxygenGas
) -> PotentialWindow | None:
    """Oxygen potentials at which the phase is on the hull at a temperature (K), None where it is at none.

    It is at some exactly where it is on the closed hull: they are the potentials that price no phase above its free
    energy.
    """
    at = [replace(entry, energy=entry.energy - temperature * entry.entropy, entropy=0.0) for entry in entries]
    own = phase.energy - temperature * phase.entropy
    hull = PhaseEquilibrium([*at, PhaseEntry(_SELF, phase.amounts, own, _scale(entries))])
    if own - hull.decompose(phase.amounts).energy > _ON_HULL * sum(phase.amounts.values()):
        return None
    low, high = hull.potential_range(phase.amounts, _OXYGEN)
    return _window(low - gas.zero, high - gas.zero, temperature)


def cation_window(ion: Ion, entries: Sequence[PhaseEntry], temperature: float) -> tuple[float, float] | None:
    """Potentials of oxygen (eV per atom, on the energy scale) between which a cation's own binary oxide is stable.

    Against the other oxides of the element alone. None without such an oxide; an oxide that is stable nowhere has its
    lower end above its upper one.
    """
    oxides: dict[float, float] = {}
    for entry in entries:
        if set(entry.amounts) == {ion.element, _OXYGEN}:
            metal = entry.amounts[ion.element]
            content, energy = entry.amounts[_OXYGEN] / metal, (entry.energy - temperature * entry.entropy) / metal
            oxides[content] = min(energy, oxides.get(content, math.inf))
    own = next((content for content in oxides if abs(content - ion.charge / 2) < _SAME), None)
    if own is None:
        return None
    slopes = {x: (oxides[own] - energy) / (own - x) for x, energy in oxides.items() if x != own}
    low = max((mu for x, mu in slopes.items() if x < own), default=-math.inf)
    return low, min((mu for x, mu in slopes.items() if x > own), default=math.inf)


class _Open:
    """Both sides in equilibrium with the gas at a temperature."""

    def __init__(self, phase: DisorderedPhase, entries: Sequence[PhaseEntry], gas: OxygenGas) -> None:
        self.phase, self.gas = phase, gas
        self.entries = {entry.name: entry for entry in entries}

    def mixture(self, temperature: float) -> Decomposition:
        """Lowest mixture; amounts per formula unit of the phase."""
        potential = self.gas.potential(temperature)
        references = PhaseEquilibrium(open_entries(list(self.entries.values()), potential))
        return references.decompose(_without(self.phase.amounts), temperature)

    def excess(self, temperature: float) -> float:
        """Grand potential of the phase above the lowest mixture, eV per formula unit."""
        return self.above(self.mixture(temperature), temperature)

    def above(self, mixture: Decomposition, temperature: float) -> float:
        """That above a mixture."""
        own = open_phase(self.phase, self.gas.potential(temperature))
        return own.energy - temperature * own.entropy - mixture.energy

    def given_off(self, mixture: Decomposition) -> float:
        """O2 (molecules per formula unit) that the phase gives off as it becomes a mixture; negative: takes up."""
        held = sum(n * _held(self.entries[name].amounts) for name, n in mixture.amounts.items())
        return (_held(self.phase.amounts) - held) / 2


def _at(document: OxygenMixing, hull: _Open, temperature: float) -> None:
    mixture, sites = hull.mixture(temperature), hull.phase.sites
    document.dG_eV_per_site = hull.above(mixture, temperature) / sites
    document.decomposition = listed(mixture, hull.entries, sites)
    document.O2_given_off_per_site = hull.given_off(mixture) / sites


def _overlap(
    document: OxygenMixing, entries: Sequence[PhaseEntry], ions: Mapping[str, float], temperature: float, gas: OxygenGas
) -> None:
    """Windows of the cations, and how far the intersection of all reaches: Almishal et al. (2025)."""
    cations = sorted(ion for ion in map(Ion.parse, ions) if ion.charge > 0)
    found = {str(ion): cation_window(ion, entries, temperature) for ion in cations}
    lost = [name for name, window in found.items() if window is None]
    known = {name: window for name, window in found.items() if window is not None}
    document.cation_windows = {
        name: _window(low - gas.zero, high - gas.zero, temperature) for name, (low, high) in known.items()
    }
    if lost or not known:
        document.overlap_reason = f"no oxide of {', '.join(lost)}" if lost else "no cations"
        return
    width = min(high for _, high in known.values()) - max(low for low, _ in known.values())
    if math.isinf(width):
        document.overlap_reason = "nothing bounds the windows of the cations"
    else:
        document.window_overlap_eV = width


def _window(low: float, high: float, temperature: float) -> PotentialWindow:
    """Window of potentials (eV per atom, from half a molecule at 0 K), also as pressures."""
    ends = [None if math.isinf(end) else end for end in (low, high)]
    pressures = [None if end is None or not temperature else pressure_of(2 * end, temperature) for end in ends]
    return PotentialWindow(low_eV=ends[0], high_eV=ends[1], low_log10_bar=pressures[0], high_log10_bar=pressures[1])


def _held(amounts: Mapping[str, float]) -> float:
    return float(amounts.get(_OXYGEN, 0.0))


def _without(amounts: Mapping[str, float]) -> dict[str, float]:
    return {component: float(n) for component, n in amounts.items() if component != _OXYGEN and n}


def _scale(entries: Sequence[PhaseEntry]) -> str:
    return entries[0].energy_scale if entries else ""
