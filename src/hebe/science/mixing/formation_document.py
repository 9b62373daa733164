"""The document of a candidate's formation, from the members and phases that were calculated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hebe.config.family_units import atoms_of
from hebe.schemas.draws import Draws
from hebe.schemas.mixing import DecompositionPhase, Formation
from hebe.science.hulls.linear_program import UnbalancedError
from hebe.science.mixing.competition import Competition, HostEntry
from hebe.science.mixing.formation import judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.science.errors.entry_errors import EntryErrors
    from hebe.science.hulls.hull import PhaseEntry
    from hebe.science.mixing.fired import Air
    from hebe.science.mixing.formation import Judgement
    from hebe.science.mixing.member_result import MemberResult
    from hebe.science.mixing.pair_terms import Vector

ROOM_TEMPERATURE = 298.15
"""Where candidates are judged whose firing temperature is not known (K): only their mixing temperatures are kept."""


def formation_document(
    own: MemberResult,
    energy: float,
    hosts: Sequence[tuple[MemberResult, bool]],
    phases: Sequence[PhaseEntry],
    errors: EntryErrors | None,
    temperature: float | None,
    *,
    solution: bool = True,
    air: Air | None = None,
) -> Formation:
    """Judge a candidate.

    Parameters
    ----------
    own, energy
        A configuration of the candidate, and the mean energy over all of them (eV per formula unit).
    hosts
        Other members of its host on the same energy scale, and whether each is a corner.
    phases
        Competing phases on that scale.
    errors
        Of the engine, None where they are not known.
    temperature
        Firing temperature (K).
    solution
        Whether other compositions of the host compete.
    air
        Oxygen that is exchanged at the firing temperature.
    """
    if not own.ions:
        return Formation(temperature_K=temperature, reason="the cell only approximates the composition, no neutral one")
    multiplicity = {name: float(own.composition.host.sublattices[name].multiplicity) for name in own.split or {}}
    case = Competition(
        own=replace(host_entry(own), energy=energy),
        hosts=_distinct(own, hosts),
        phases=phases,
        sites=multiplicity[own.spec.primary],
        multiplicity=multiplicity,
        errors=errors,
        solution=solution,
        units={
            (name, element): atoms_of(own.composition.host, name, element)
            for name in own.split or {}
            for element, data in own.composition.host.sublattices[name].species.items()
            if data.brought
        },
    )
    try:
        judged = judge(case, ROOM_TEMPERATURE if temperature is None else temperature, air)
    except UnbalancedError:
        return Formation(temperature_K=temperature, reason="the phases cannot balance the composition")
    document = _document(case, judged, temperature)
    document.pressure_O2_bar = None if air is None else air.pressure
    document.error_source = None if errors is None else errors.source
    return document


def host_entry(member: MemberResult, *, corner: bool = False) -> HostEntry:
    """What a hull needs of a member."""
    split = {sub: {str(ion): float(n) for ion, n in part.items()} for sub, part in (member.split or {}).items()}
    return HostEntry(member.name, member.spec.formula, split, member.amounts, member.energy, member.entropy, corner)


def _distinct(own: MemberResult, hosts: Sequence[tuple[MemberResult, bool]]) -> list[HostEntry]:
    """Each other composition once, corners first."""
    found: dict[str, HostEntry] = {}
    for member, corner in sorted(hosts, key=lambda host: not host[1]):
        if member.usable and member.ions and member.name not in found and member.name != own.name:
            found[member.name] = host_entry(member, corner=corner)
    return list(found.values())


def _document(case: Competition, judged: Judgement, temperature: float | None) -> Formation:
    sampled = case.errors is not None
    document = Formation(
        temperature_K=temperature,
        T_mix_K=_finite(judged.temperatures[0]),
        T_mix_draws_K=Draws.of(judged.temperatures[1:]) if sampled else None,
        solution="none" if case.fitted is None else "complete" if judged.complete else "fitted",
    )
    if judged.temperatures_same_host is not None:
        document.T_mix_same_host_K = _finite(judged.temperatures_same_host[0])
        document.T_mix_same_host_draws_K = Draws.of(judged.temperatures_same_host[1:]) if sampled else None
    if temperature is None:
        document.reason = "no firing temperature is known"
        return document
    drawn: Vector = judged.margins[1:]
    document.margin_eV_per_site = float(judged.margins[0])
    document.margin_draws = Draws.of(drawn) if sampled else None
    document.probability = float(np.mean(drawn <= 0)) if sampled else None
    phases, hosts = {phase.name: phase for phase in case.phases}, {host.name: host for host in case.hosts}
    document.decomposition = [
        DecompositionPhase(
            phase=name,
            formula=phases[name].formula or name if name in phases else hosts[name].formula if name in hosts else name,
            amount=amount,
            source=phases[name].source if name in phases else None,
        )
        for name, amount in sorted(judged.mixture.items(), key=lambda item: (-round(item[1], 9), item[0]))
    ]
    document.sensitivity = judged.sensitivity
    document.phase_sensitivity = {
        name: -amount * phases[name].size for name, amount in judged.mixture.items() if name in phases
    }
    return document


def _finite(temperature: float) -> float | None:
    return max(0.0, float(temperature)) if np.isfinite(temperature) else None
