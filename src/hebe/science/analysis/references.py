"""Mixing of a candidate: builds both reference sets from calculations and puts the answers together."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.mixing import MixingDoc, MixingResult
from hebe.schemas.spec import MemberSpec
from hebe.schemas.structures import ConfigurationDoc
from hebe.schemas.vibrations import VibrationDoc
from hebe.science.analysis.competing import coverage_grade, load_phases, model_formulas
from hebe.science.analysis.hull import InfeasibleError, PhaseEntry, PhaseEquilibrium
from hebe.science.analysis.mixing import BOLTZMANN, DisorderedPhase, changed_ions, mixing, mixing_at
from hebe.science.analysis.model_error import documented_error
from hebe.science.analysis.phase import Phase
from hebe.science.chemistry.entropy import site_entropy
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.chemistry.space import working_charge
from hebe.science.structures.working import working_sites

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.science.analysis.given import GivenPhase
    from hebe.science.analysis.vibrational_mixing import HullVibrations
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.ladder import Split

_SAME_COMPOSITION = 1e-9
_ALKALI = ("Li", "Na", "K")


@dataclass(frozen=True)
class MemberResult:
    """One configuration of a member of the host with its as-made relaxation."""

    spec: MemberSpec
    configuration: ConfigurationDoc | None
    calculation: CalculationDoc | None
    vibrations: VibrationDoc | None = None

    @property
    def usable(self) -> bool:
        """Whether it has an energy."""
        return self.configuration is not None and self.calculation is not None and self.calculation.usable

    @property
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

    @property
    def x(self) -> Fraction | None:
        """Working ions per formula unit that the relaxed cell really holds, None where that is not known."""
        sublattice = composition_of(self.spec).host.working_sublattice
        if sublattice is None or self.configuration is None or self.calculation is None:
            return None
        if self.calculation.structure is None or not self.configuration.n_fu:
            return None
        return Fraction(len(working_sites(self.calculation.structure, sublattice)), self.configuration.n_fu)

    @property
    def composition(self) -> HostComposition:
        """Composition that the cell really holds."""
        return composition_of(self.spec, self.realised, self.x)

    @property
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


def mixing_document(
    own: Sequence[MemberResult],
    vertices: Sequence[MemberResult],
    phases: Mapping[str, CalculationDoc | None],
    model_error: float | None = None,
    label: str = "",
    *,
    members: Sequence[MemberResult] = (),
    given: Sequence[PhaseFacts] = (),
    temperatures: Sequence[float] = (),
    vibrations: HullVibrations | None = None,
) -> MixingDoc:
    """Mixing of a candidate from all of its configurations.

    Parameters
    ----------
    own
        The candidate's configurations.
    vertices
        Members of the host with fewest species.
    phases
        Phase id -> relaxation.
    model_error
        eV/atom; divided by the entropy gained it gives ``T_mix_sd_model_K``. None takes the documented error of the
        energy scale, and none where there is none.
    members
        More members of the host that compete, each with its own entropy, as the vertices do.
    given
        Facts of phases that are not the package's.
    temperatures
        K; where the lowest mixture of competing phases is listed.
    vibrations
        Of the candidate and the phases; those of `vertices` and `members` come with them.
    """
    usable = [member for member in own if member.usable]
    if not usable:
        reason = "no configuration of the candidate has an energy"
        return MixingDoc(
            label=label, competing=MixingResult(reason=reason), same_host=MixingResult(reason=reason), warnings=[reason]
        )
    first, energies = usable[0], [member.energy for member in usable]
    mean = statistics.fmean(energies)
    sd = statistics.stdev(energies) if len(energies) > 1 else None
    sites = float(first.composition.host.sublattices[first.spec.primary].multiplicity)
    atoms = float(sum(first.composition.elements.values()))
    calculation = first.result
    document = MixingDoc(
        label=label,
        engine=calculation.engine,
        energy_scale=calculation.energy_scale,
        sites_per_fu=sites,
        atoms_per_fu=atoms,
        n_configurations=len(usable),
        dH_sd_eV_per_site=None if sd is None else sd / sites,
        energy_above_hull_sd=None if sd is None else sd / atoms,
    )
    if sd is None:
        document.warnings.append("one configuration: no spread")
    off = max(member.deviation for member in usable)
    if off > _SAME_COMPOSITION:
        document.warnings.append(f"the cell only approximates the composition: fractions are off by up to {off:.3f}")
    for member in (*usable, *(v for v in vertices if v.usable)):
        if member.result.topology not in (None, "host"):
            document.warnings.append(f"{member.result.label}: no longer the host ({member.result.topology})")
    _same_host(document, first, mean, vertices, sites)
    elements = set(_amounts(first))
    entries = competing_entries(phases, elements, given) + member_entries([*vertices, *members], elements, first)
    _competing(document, first, mean, entries, temperatures, sites)
    if vibrations is not None:
        phase = DisorderedPhase(_amounts(first), mean, first.entropy, sites)
        comparable = [entry for entry in entries if entry.energy_scale == document.energy_scale]
        hosts = {member.name: member.vibrations for member in (*vertices, *members) if member.usable}
        document.vibrations = vibrations.mixing(phase, comparable, hosts)
    lost = [name for name, doc in phases.items() if doc is None or not doc.usable]
    document.warnings += [f"competing: {name} has no energy" for name in sorted(lost)]
    _uncertainties(document, sd, model_error)
    return document


def _same_host(
    document: MixingDoc, candidate: MemberResult, energy: float, vertices: Sequence[MemberResult], sites: float
) -> None:
    """Against the members of the host: ions with their oxidation states are balanced, no electron moves."""
    ions = candidate.ions
    if not ions:
        document.same_host = MixingResult(reason="the cell only approximates the composition and is not neutral")
        return
    entries = [
        PhaseEntry(
            name=v.name,
            amounts=v.ions,
            energy=v.energy,
            energy_scale=v.result.energy_scale,
            entropy=v.entropy,
            formula=v.spec.formula,
            ions=v.ions,
        )
        for v in vertices
        if v.usable and set(v.ions) <= set(ions)
    ]
    lost = [v.spec.formula for v in vertices if not v.usable]
    document.warnings += [f"same_host: {name} has no energy" for name in lost]
    phase = DisorderedPhase(ions, energy, candidate.entropy, sites)
    document.same_host = mixing(phase, PhaseEquilibrium(_on_scale(entries, candidate, document)))


def _amounts(candidate: MemberResult) -> dict[str, float]:
    return {element: float(n) for element, n in candidate.composition.elements.items()}


def _competing(
    document: MixingDoc,
    candidate: MemberResult,
    energy: float,
    phases: list[PhaseEntry],
    temperatures: Sequence[float],
    sites: float,
) -> None:
    """Against all competing phases of the chemical system: elements are balanced."""
    amounts = _amounts(candidate)
    entries = _on_scale(phases, candidate, document)
    references = PhaseEquilibrium(entries)
    document.hull_phases = sorted(references.entries)
    phase = DisorderedPhase(amounts, energy, candidate.entropy, sites)
    document.competing = mixing(phase, references)
    if document.competing.decomposition:
        document.competing.at = [mixing_at(phase, references, temperature) for temperature in temperatures]
    ion = candidate.spec.working_ion or next((alkali for alkali in _ALKALI if alkali in amounts), "")
    known = {phase.id for phase in load_phases()}
    present = [entry.name if entry.name in known else entry.formula for entry in entries]
    document.hull_grade = coverage_grade(amounts, present, working_ion=ion)
    document.hull_models = list(model_formulas(amounts, present))
    try:
        document.energy_above_hull_eV_per_atom = references.e_above_hull(amounts, energy)
    except InfeasibleError as err:
        document.warnings.append(f"competing: {err}")
        return
    if document.hull_grade in ("C", "D"):
        document.warnings.append(f"hull coverage is grade {document.hull_grade}: the competing T_mix is a lower bound")
    _warn_redox(document, candidate, references, sites)


def _on_scale(entries: list[PhaseEntry], candidate: MemberResult, document: MixingDoc) -> list[PhaseEntry]:
    """Entries on the energy scale of the candidate; others are refused with a warning."""
    scale = candidate.result.energy_scale
    foreign = sorted(entry.name for entry in entries if entry.energy_scale != scale)
    if foreign:
        document.warnings.append(f"refused, not on the energy scale {scale}: {', '.join(foreign)}")
    return [entry for entry in entries if entry.energy_scale == scale]


def _warn_redox(document: MixingDoc, candidate: MemberResult, references: PhaseEquilibrium, sites: float) -> None:
    if document.competing.T_mix_K != 0:
        return
    ions = dict(candidate.ions)
    if candidate.spec.working_ion:
        own = str(Ion(candidate.spec.working_ion, working_charge(candidate.spec.working_ion)))
        ions[own] = ions.get(own, 0.0) + float(candidate.composition.x_made)
    moved = changed_ions(ions, document.competing.decomposition, references, sites)
    moved = [ion for ion in moved if not ion.endswith("-")]
    if moved:
        document.warnings.append(
            f"redox-decomposition: the competing phases hold other oxidation states ({', '.join(moved)})"
        )


def _uncertainties(document: MixingDoc, sd: float | None, model_error: float | None) -> None:
    error = model_error if model_error is not None else documented_error(document.energy_scale)
    if error is None:
        document.warnings.append(f"no error on mixing enthalpies is documented for {document.energy_scale}")
    gained = document.competing.dS_eV_per_K_per_site
    if document.competing.T_mix_K is None or gained is None or gained <= 0:
        gained = document.same_host.dS_eV_per_K_per_site
    if gained is None or gained <= 0 or document.sites_per_fu is None or document.atoms_per_fu is None:
        return
    if sd is not None:
        document.T_mix_sd_configurations_K = sd / document.sites_per_fu / gained
    if error is not None:
        document.T_mix_sd_model_K = error * document.atoms_per_fu / document.sites_per_fu / gained


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


def member_entries(members: Sequence[MemberResult], elements: set[str], candidate: MemberResult) -> list[PhaseEntry]:
    """Simpler members of the host as competing phases: disordered ones have their own entropy.

    The candidate's own composition is left out.
    """
    found: dict[str, PhaseEntry] = {}
    for member in members:
        amounts = _amounts(member)
        same = member.composition.candidate_id == candidate.composition.candidate_id
        if not member.usable or same or not set(amounts) <= elements:
            continue
        ions = dict(member.ions)
        if member.spec.working_ion:
            own = str(Ion(member.spec.working_ion, working_charge(member.spec.working_ion)))
            ions[own] = ions.get(own, 0.0) + float(member.composition.x_made)
        found[member.name] = PhaseEntry(
            name=member.name,
            amounts=amounts,
            energy=member.energy,
            energy_scale=member.result.energy_scale,
            entropy=member.entropy,
            formula=member.spec.formula,
            ions=ions,
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
    data = {phase.id: phase for phase in load_phases()}
    brought = {facts.id: facts for facts in given}
    result = []
    for name, calculation in sorted(phases.items()):
        if calculation is None or not calculation.usable:
            continue
        composition = calculation.cell.composition
        if not {str(e) for e in composition} <= elements:
            continue
        reduced, factor = composition.get_reduced_composition_and_factor()
        facts = brought.get(name) or PhaseFacts(**phase_facts(data[name]))
        size = sum(facts.ions.values()) / sum(reduced.values())
        result.append(
            PhaseEntry(
                name=name,
                amounts={str(e): float(n) for e, n in reduced.items()},
                energy=calculation.energy / factor,
                energy_scale=calculation.energy_scale,
                formula=reduced.reduced_formula,
                source=facts.source,
                ions={ion: n / size for ion, n in facts.ions.items()},
            )
        )
    return result
