"""Mixing enthalpy and mixing temperature of a disordered phase against a set of reference phases.

With the ideal entropies of all phases the free energy of the phase above the lowest mixture, the maximum of
``dH - T dS`` over mixtures, is a convex function of the temperature made of straight pieces, so that the phase is on
the hull in one interval or nowhere. Its lower end is the mixing temperature; it has an upper end where a mixture has
more entropy than the phase. Both are found exactly by Newton steps from outside, which no piece can overshoot:
Dinkelbach, Manag. Sci. 13, 492 (1967).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hebe.schemas.mixing import DecompositionPhase, MixingAt, MixingResult
from hebe.science.constants import BOLTZMANN
from hebe.science.hulls.hull import Decomposition, InfeasibleError, PhaseEntry, PhaseEquilibrium

_ENERGY_TOLERANCE: Final = 1e-9
_ENTROPY_TOLERANCE: Final = 1e-9 * BOLTZMANN
_HOTTEST: Final = 1e5
_ITERATIONS: Final = 50
_DIGITS: Final = 9
"""Decimals to which amounts are known: beyond them their order would hang on rounding."""


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
        when at every temperature some decomposition has a lower free energy; None with the missing component when the
        references cannot make the composition. ``T_stable_up_to_K`` where decompositions of higher entropy take over
        again, None where none does below 100,000 K.
    """
    try:
        ground = references.decompose(phase.amounts)
    except InfeasibleError as err:
        return MixingResult(reason=str(err))
    temperature, current = _lower_end(phase, references, ground)
    return MixingResult(
        dH_eV_per_site=_differences(phase, references, ground)[0] / phase.sites,
        dS_eV_per_K_per_site=_differences(phase, references, current)[1] / phase.sites,
        T_mix_K=temperature,
        T_stable_up_to_K=None if temperature is None else _upper_end(phase, references, temperature),
        decomposition=listed(ground, references.entries, phase.sites),
        decomposition_at_T_mix=listed(current, references.entries, phase.sites),
        reason="never" if temperature is None else None,
    )


def _lower_end(
    phase: DisorderedPhase, references: PhaseEquilibrium, ground: Decomposition
) -> tuple[float | None, Decomposition]:
    """Lowest temperature (K) at which the phase is on the hull, None if there is none, and the mixture there."""
    temperature, current = 0.0, ground
    for _ in range(_ITERATIONS):
        enthalpy, entropy = _differences(phase, references, current)
        if enthalpy - temperature * entropy <= _ENERGY_TOLERANCE:
            break
        if entropy <= _ENTROPY_TOLERANCE:
            return None, current
        temperature = enthalpy / entropy
        current = references.decompose(phase.amounts, temperature)
    return temperature, current


def _upper_end(phase: DisorderedPhase, references: PhaseEquilibrium, lower: float) -> float | None:
    """Highest temperature (K) at which a phase that is on the hull at `lower` still is, None if nothing ends it."""
    start = temperature = max(_HOTTEST, 2 * lower)
    for _ in range(_ITERATIONS):
        enthalpy, entropy = _differences(phase, references, references.decompose(phase.amounts, temperature))
        # on the hull at `lower` and not here: the piece through here rises, so that its mixture has more entropy
        if enthalpy - temperature * entropy <= _ENERGY_TOLERANCE or entropy >= -_ENTROPY_TOLERANCE:
            break
        temperature = max(enthalpy / entropy, lower)
    return None if temperature == start else temperature


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
    """Phases of a mixture per mixed site, the largest amount first; equal ones, but for rounding, by name."""
    amounts = {name: round(n / sites, _DIGITS) for name, n in mixture.amounts.items()}
    return [
        DecompositionPhase(
            phase=name,
            formula=entries[name].formula or name,
            amount=amount,
            source=entries[name].source,
        )
        for name, amount in sorted(amounts.items(), key=lambda item: (-item[1], item[0]))
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
