"""Mixing enthalpy and mixing temperature of a disordered phase against a set of reference phases.

The mixing temperature is the lowest one above which the phase is on the free-energy hull, with the ideal entropies
of all phases: the maximum over decompositions of ``dH / dS``, found by Dinkelbach's iteration (Manag. Sci. 13, 492
(1967)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hebe.schemas.mixing import DecompositionPhase, MixingAt, MixingResult
from hebe.science.analysis.hull import Decomposition, InfeasibleError, PhaseEntry, PhaseEquilibrium

BOLTZMANN: Final = 8.617333262145179e-5
"""Boltzmann constant, eV/K (CODATA 2018)."""

_ENERGY_TOLERANCE: Final = 1e-9
_ITERATIONS: Final = 50


@dataclass(frozen=True)
class DisorderedPhase:
    """The phase in question: amounts, energy (eV) and ideal entropy (eV/K) of one formula unit."""

    amounts: Mapping[str, float]
    energy: float
    entropy: float
    sites: float
    """Mixed sites of the primary sublattice per formula unit."""


def mixing(phase: DisorderedPhase, references: PhaseEquilibrium) -> MixingResult:
    """Mixing of `phase` against `references`; all values per mixed site.

    Returns
    -------
    MixingResult
        ``T_mix_K`` 0 when the enthalpy is not positive against any decomposition; None with reason ``never``
        when a decomposition of lower enthalpy has at least the entropy of the phase; None with the missing
        component when the references cannot make the composition.
    """
    try:
        ground = references.decompose(phase.amounts)
    except InfeasibleError as err:
        return MixingResult(reason=str(err))
    temperature, current = 0.0, ground
    reason: str | None = None
    for _ in range(_ITERATIONS):
        enthalpy, entropy = _differences(phase, references, current)
        if enthalpy - temperature * entropy <= _ENERGY_TOLERANCE:
            break
        if entropy <= 0:
            reason = "never"
            break
        temperature = enthalpy / entropy
        current = references.decompose(phase.amounts, temperature)
    return MixingResult(
        dH_eV_per_site=_differences(phase, references, ground)[0] / phase.sites,
        dS_eV_per_K_per_site=_differences(phase, references, current)[1] / phase.sites,
        T_mix_K=None if reason else temperature,
        decomposition=listed(ground, references.entries, phase.sites),
        decomposition_at_T_mix=listed(current, references.entries, phase.sites),
        reason=reason,
    )


def mixing_at(phase: DisorderedPhase, references: PhaseEquilibrium, temperature: float) -> MixingAt:
    """Free energy of `phase` against the lowest mixture of `references` at a temperature (K).

    Raises
    ------
    InfeasibleError
        If the references cannot make the composition.
    """
    mixture = references.decompose(phase.amounts, temperature)
    enthalpy, entropy = _differences(phase, references, mixture)
    return MixingAt(
        temperature_K=temperature,
        dG_eV_per_site=(enthalpy - temperature * entropy) / phase.sites,
        decomposition=listed(mixture, references.entries, phase.sites),
    )


def _differences(phase: DisorderedPhase, references: PhaseEquilibrium, mixture: Decomposition) -> tuple[float, float]:
    """Enthalpy (eV) and entropy (eV/K) of the phase minus those of a mixture, per formula unit."""
    enthalpy = sum(n * references.entries[name].energy for name, n in mixture.amounts.items())
    entropy = sum(n * references.entries[name].entropy for name, n in mixture.amounts.items())
    return phase.energy - enthalpy, phase.entropy - entropy


def listed(mixture: Decomposition, entries: Mapping[str, PhaseEntry], sites: float) -> list[DecompositionPhase]:
    """Phases of a mixture per mixed site, the largest amount first."""
    return [
        DecompositionPhase(
            phase=name,
            formula=entries[name].formula or name,
            amount=n / sites,
            source=entries[name].source,
        )
        for name, n in sorted(mixture.amounts.items(), key=lambda item: (-item[1], item[0]))
    ]


def changed_ions(
    ions: Mapping[str, float], decomposition: list[DecompositionPhase], references: PhaseEquilibrium, sites: float
) -> list[str]:
    """Ions whose amount differs between a phase and a decomposition: electrons have moved.

    `ions` per formula unit of the phase; phases without known oxidation states are ignored.
    """
    total: dict[str, float] = {}
    for part in decomposition:
        for ion, n in references.entries[part.phase].ions.items():
            total[ion] = total.get(ion, 0.0) + n * part.amount * sites
    return sorted(ion for ion in {*ions, *total} if abs(ions.get(ion, 0.0) - total.get(ion, 0.0)) > 1e-3)
