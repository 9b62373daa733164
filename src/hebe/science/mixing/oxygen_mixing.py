"""Mixing in exchange with oxygen gas: mixtures may take up or give off O2 at its chemical potential."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.mixing import OxygenMixing, PotentialWindow
from hebe.science.chemistry.ions import Ion
from hebe.science.hulls.hull import InfeasibleError, PhaseEntry
from hebe.science.hulls.oxygen import fit_oxygen, pressure_of
from hebe.science.mixing.crossings import stable_intervals
from hebe.science.mixing.fired import Air
from hebe.science.mixing.mixing import listed
from hebe.science.mixing.oxygen_hull import OXYGEN, OpenHull, OxygenGas

if TYPE_CHECKING:
    from hebe.science.mixing.mixing import DisorderedPhase

HIGHEST: Final = 2000.0
"""K; the range from 0 to it is searched."""


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
        return oxygen_mixing(phase, entries, self.gas(scale), self.temperature, ions)

    def gas(self, scale: str | None) -> OxygenGas:
        """O2 on an energy scale; without an energy where the oxides are on another one."""
        fit = fit_oxygen(self.oxides)
        if fit.energy_eV is not None and fit.energy_scale != scale:
            reason = f"the oxides are on the energy scale {fit.energy_scale}, the candidate is on {scale}"
            fit = fit.model_copy(update={"energy_eV": None, "reason": reason})
        return OxygenGas(fit, self.pressure)

    def air(
        self, phase: DisorderedPhase, entries: Sequence[PhaseEntry], ions: Mapping[str, float], scale: str | None
    ) -> Air | None:
        """The gas at the temperature, None where it has no energy."""
        return Air.of(OpenHull(phase, entries, self.gas(scale), ions), self.temperature)


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
        Mixed ions of a formula of the phase (``Co2+``), whose oxides' windows overlap.
    highest
        K; the range from 0 to it is searched for temperatures at which the phase is on the hull.
    """
    document = OxygenMixing(temperature_K=temperature, pressure_bar=gas.pressure, fit=gas.fit)
    if gas.fit.energy_eV is None or not phase.amounts.get(OXYGEN):
        document.reason = gas.fit.reason or "the candidate holds no oxygen"
        return document
    hull = OpenHull(phase, entries, gas, ions)
    document.potential_eV = gas.potential(temperature) - gas.zero
    document.heated = sorted(hull.heated_elements)
    document.unknown_states = hull.unknown_states
    try:
        _at(document, hull, temperature)
        document.stable_K = sorted(stable_intervals(hull.excess, highest))
    except InfeasibleError as err:
        document.reason = str(err)
        return document
    if document.stable_K:
        document.T_mix_K, end = document.stable_K[0]
        document.T_stable_up_to_K = end if end < highest else None
    else:
        document.reason = f"not on the hull up to {highest:g} K"
    _overlap(document, hull, temperature)
    return document


def _at(document: OxygenMixing, hull: OpenHull, temperature: float) -> None:
    """What the phase becomes at a temperature, and the potentials at which it is on the hull there."""
    mixture, sites = hull.mixture(temperature), hull.phase.sites
    document.dG_eV_per_site = hull.above(mixture, temperature) / sites
    document.decomposition = listed(mixture, {entry.name: entry for entry in hull.entries}, sites)
    document.O2_given_off_per_site = hull.given_off(mixture) / sites
    document.window = _window(hull.window(temperature), hull.gas, temperature)


def _overlap(document: OxygenMixing, hull: OpenHull, temperature: float) -> None:
    """Windows of the cations and the width of their intersection, which is the least overlap of two of them.

    Almishal et al., Nat. Commun. 16, 8211 (2025), who take the windows of binary oxides from a database at 0 K.
    """
    cations = sorted(ion for ion in map(Ion.parse, hull.ions) if ion.charge > 0)
    found = {str(ion): hull.cation_window(ion, temperature) for ion in cations}
    ends = [window for window in found.values() if window is not None]
    windows = {name: _window(window, hull.gas, temperature) for name, window in found.items()}
    document.cation_windows = {name: window for name, window in windows.items() if window is not None}
    lost = [name for name, window in found.items() if window is None]
    if lost or not ends:
        document.overlap_reason = f"no binary oxide of {', '.join(lost)}" if lost else "no cations"
        return
    width = min(high for _, high in ends) - max(low for low, _ in ends)
    if math.isinf(width):
        document.overlap_reason = "nothing bounds the windows of the cations"
    else:
        document.window_overlap_eV = width


def _window(found: tuple[float, float] | None, gas: OxygenGas, temperature: float) -> PotentialWindow | None:
    """Window of potentials (eV per atom, from half a molecule at 0 K), also as pressures."""
    if found is None:
        return None
    low, high = (None if math.isinf(end) else end - gas.zero for end in found)
    pressures = [None if end is None else pressure_of(2 * end, temperature) for end in (low, high)]
    return PotentialWindow(low_eV=low, high_eV=high, low_log10_bar=pressures[0], high_log10_bar=pressures[1])
