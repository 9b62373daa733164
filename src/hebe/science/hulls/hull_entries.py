"""What stands on the hull of a candidate: competing phases and other members of its host, as entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pymatgen.core import Composition

from hebe.science.hulls.hull import PhaseEntry
from hebe.science.hulls.phase import Phase
from hebe.science.hulls.working_metals import package_phases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.calculation import CalculationDoc
    from hebe.science.hulls.given_phases import GivenPhase
    from hebe.science.mixing.member_result import MemberResult


@dataclass(frozen=True)
class PhaseFacts:
    """What a hull needs to know of a phase beside its energy; ``ions`` of one cell, empty where not known."""

    id: str
    source: str | None
    ions: dict[str, float]


def phase_facts(phase: Phase | GivenPhase) -> dict[str, Any]:
    """Facts of a phase as plain data."""
    if not isinstance(phase, Phase):
        return {"id": phase.id, "source": phase.source, "ions": {}}
    ions: dict[str, float] = {}
    for site in phase.structure():
        charge = f"{site.specie.oxi_state:+g}"
        ion = f"{site.specie.element}{charge[1:]}{charge[0]}"
        ions[ion] = ions.get(ion, 0.0) + 1.0
    return {"id": phase.id, "source": phase.sources[0] if phase.sources else None, "ions": ions}


@cache
def _facts_of_package_phase(phase_id: str) -> PhaseFacts:
    """Facts of a phase of the package, whose structure is expanded once."""
    return PhaseFacts(**phase_facts(package_phases()[phase_id]))


def member_entries(members: Sequence[MemberResult], elements: set[str], candidate: MemberResult) -> list[PhaseEntry]:
    """Simpler members of the host as competing phases: disordered ones have their own entropy.

    The candidate's own composition is left out.
    """
    found: dict[str, PhaseEntry] = {}
    for member in members:
        same = member.composition.candidate_id == candidate.composition.candidate_id
        if not member.usable or same or not set(member.amounts) <= elements:
            continue
        found[member.name] = PhaseEntry(
            name=member.name,
            amounts=member.amounts,
            energy=member.energy,
            energy_scale=member.result.energy_scale,
            entropy=member.entropy,
            formula=member.spec.formula,
            ions=member.all_ions,
        )
    return list(found.values())


def competing_entries(
    phases: Mapping[str, CalculationDoc | None], elements: set[str], given: Sequence[PhaseFacts] = ()
) -> list[PhaseEntry]:
    """Entries of the usable phases whose elements are all in `elements`; entropy-free, oxidation states kept.

    Parameters
    ----------
    phases
        Phase id -> relaxation.
    given
        Facts of those that are not the package's.
    """
    brought = {facts.id: facts for facts in given}
    result = []
    for name, calculation in sorted(phases.items()):
        if calculation is None or not calculation.usable:
            continue
        cell = _per_formula(tuple((str(e), float(n)) for e, n in calculation.cell.composition.items()))
        if not cell.amounts.keys() <= elements:
            continue
        facts = brought.get(name) or _facts_of_package_phase(name)
        size = sum(facts.ions.values()) / cell.size
        result.append(
            PhaseEntry(
                name=name,
                amounts=dict(cell.amounts),
                energy=calculation.energy / cell.factor,
                energy_scale=calculation.energy_scale,
                formula=cell.formula,
                source=facts.source,
                ions={ion: n / size for ion, n in facts.ions.items()},
            )
        )
    return result


@dataclass(frozen=True)
class _PerFormula:
    """Content of a cell by its reduced formula: amounts of the elements, their sum, formulas in the cell."""

    formula: str
    amounts: Mapping[str, float]
    size: float
    factor: float


@lru_cache(maxsize=4096)
def _per_formula(content: tuple[tuple[str, float], ...]) -> _PerFormula:
    """Reduced formula of the content of a cell, (element, atoms) in the order of the cell."""
    reduced, factor = Composition(dict(content)).get_reduced_composition_and_factor()
    amounts = {str(element): float(n) for element, n in reduced.items()}
    return _PerFormula(reduced.reduced_formula, MappingProxyType(amounts), sum(reduced.values()), factor)
