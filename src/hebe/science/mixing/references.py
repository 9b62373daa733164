"""Mixing of a candidate: both reference sets from calculations, and the answers put together."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from hebe.schemas.mixing import MixingDoc, MixingResult
from hebe.science.errors.calibration_document import errors_of
from hebe.science.errors.entry_errors import EntryErrors
from hebe.science.errors.model_error import documented_error, entry_errors
from hebe.science.errors.spread import root_mean_square
from hebe.science.hulls.competing import coverage_grade, model_formulas, phase_formulas, unlisted_systems
from hebe.science.hulls.hull import InfeasibleError, PhaseEntry, PhaseEquilibrium
from hebe.science.hulls.hull_entries import competing_entries, member_entries
from hebe.science.hulls.working_metals import package_phases
from hebe.science.mixing.formation_document import formation_document
from hebe.science.mixing.mixing import DisorderedPhase, changed_ions, mixing, mixing_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.calibration import CalibrationDoc
    from hebe.science.hulls.hull_entries import PhaseFacts
    from hebe.science.mixing.member_result import MemberResult
    from hebe.science.mixing.oxygen_mixing import HullOxygen
    from hebe.science.mixing.vibrational_mixing import HullVibrations

_SAME_COMPOSITION = 1e-9
_ALKALI = ("Li", "Na", "K")


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
    oxygen: HullOxygen | None = None,
    edges: Sequence[MemberResult] = (),
    firing_temperature: float | None = None,
    solution: bool = True,
    calibration: CalibrationDoc | None = None,
    brought: Sequence[PhaseEntry] = (),
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
    oxygen
        Gas with which candidate and phases exchange oxygen.
    edges
        Members halfway between the vertices.
    firing_temperature
        K; where it is asked whether the candidate forms.
    solution
        Whether other compositions of the host compete.
    calibration
        Errors that small cells have told.
    brought
        Phases with their energies.
    """
    usable = [member for member in own if member.usable]
    if not usable:
        lost = sorted({member.left for member in own if member.left is not None})
        reason = "no configuration of the candidate has an energy"
        if lost:
            reason = f"no configuration of the candidate is still its host ({', '.join(lost)})"
        return MixingDoc(
            label=label, competing=MixingResult(reason=reason), same_host=MixingResult(reason=reason), warnings=[reason]
        )
    first, energy = usable[0], statistics.fmean(member.energy for member in usable)
    sites = float(first.composition.host.sublattices[first.spec.primary].multiplicity)
    document = _with_spread(label, usable, sites)
    document.left_out = {m.result.label: m.left for m in (*own, *vertices, *members) if m.left is not None}
    document.deviation = max(member.deviation for member in usable)
    document.warnings += _doubts(document, usable)
    _same_host(document, first, energy, vertices, sites)
    elements = set(first.amounts)
    entries = competing_entries(phases, elements, given) + member_entries([*vertices, *members], elements, first)
    entries += [entry for entry in brought if set(entry.amounts) <= elements]
    _competing(document, first, energy, entries, temperatures, sites)
    phase = DisorderedPhase(first.amounts, energy, first.entropy, sites)
    comparable = [entry for entry in entries if entry.energy_scale == document.energy_scale]
    if oxygen is not None:
        document.oxygen = oxygen.mixing(phase, comparable, first.ions, document.energy_scale)
    document.doubtful_phases = _doubtful_phases(document, {facts.id for facts in given})
    document.warnings += [f"competing: {n} decides and is {why}" for n, why in document.doubtful_phases.items()]
    members_known = [(vertex, True) for vertex in vertices] + [(member, False) for member in (*members, *edges)]
    hosts = [(member, corner) for member, corner in members_known if _of_the_same_host(member, first)]
    named = {member.name for member, _ in hosts}
    document.formation = formation_document(
        first,
        energy,
        hosts,
        [entry for entry in comparable if entry.name not in named],
        _errors(document, model_error, calibration),
        firing_temperature,
        solution=solution,
        air=None if oxygen is None else oxygen.air(phase, comparable, first.ions, document.energy_scale),
    )
    if vibrations is not None:
        spectra = {member.name: member.vibrations for member in (*vertices, *members) if member.usable}
        document.vibrations = vibrations.mixing(phase, comparable, spectra)
    lost = [name for name, doc in phases.items() if doc is None or not doc.usable]
    document.warnings += [f"competing: {name} has no energy" for name in sorted(lost)]
    _warn_upper_ends(document)
    _uncertainties(document, model_error)
    return document


def _with_spread(label: str, usable: Sequence[MemberResult], sites: float) -> MixingDoc:
    """Document with what is computed, per how many sites and atoms, and the spread over configurations."""
    atoms = float(sum(usable[0].composition.elements.values()))
    sd = statistics.stdev(member.energy for member in usable) if len(usable) > 1 else None
    starts = root_mean_square(member.energy_sd_starts for member in usable)
    return MixingDoc(
        label=label,
        engine=usable[0].result.engine,
        energy_scale=usable[0].result.energy_scale,
        sites_per_fu=sites,
        atoms_per_fu=atoms,
        n_configurations=len(usable),
        dH_sd_eV_per_site=None if sd is None else sd / sites,
        dH_sd_starts_eV_per_site=None if starts is None else starts / sites,
        energy_above_hull_sd=None if sd is None else sd / atoms,
    )


def _doubts(document: MixingDoc, usable: Sequence[MemberResult]) -> list[str]:
    """What is wrong with the cells of the candidate, and which cells are left out."""
    found = ["one configuration: no spread"] if len(usable) == 1 else []
    if document.deviation > _SAME_COMPOSITION:
        found.append(f"the cell only approximates the composition: fractions are off by up to {document.deviation:.3f}")
    accepted = [m.result for m in usable if m.result.topology not in (None, "host")]
    found += [f"{result.label}: no longer the host ({result.topology}), accepted" for result in accepted]
    return found + [
        f"{label}: no longer the host ({verdict}), left out" for label, verdict in document.left_out.items()
    ]


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
        if v.usable and v.ions and set(v.ions) <= set(ions)
    ]
    lost = [v.spec.formula for v in vertices if not v.usable and v.left is None]
    document.warnings += [f"same_host: {name} has no energy" for name in lost]
    charged = [v.spec.formula for v in vertices if v.usable and not v.ions]
    document.warnings += [f"same_host: the cell of {name} only approximates it and is not neutral" for name in charged]
    phase = DisorderedPhase(ions, energy, candidate.entropy, sites)
    document.same_host = mixing(phase, PhaseEquilibrium(_on_scale(entries, candidate, document)))


def _competing(
    document: MixingDoc,
    candidate: MemberResult,
    energy: float,
    phases: list[PhaseEntry],
    temperatures: Sequence[float],
    sites: float,
) -> None:
    """Against all competing phases of the chemical system: elements are balanced."""
    amounts = candidate.amounts
    entries = _on_scale(phases, candidate, document)
    references = PhaseEquilibrium(entries)
    document.hull_phases = sorted(references.entries)
    phase = DisorderedPhase(amounts, energy, candidate.entropy, sites)
    document.competing = mixing(phase, references)
    if document.competing.decomposition:
        document.competing.at = [mixing_at(phase, references, temperature) for temperature in temperatures]
    _grade(document, candidate, entries)
    try:
        document.energy_above_hull_eV_per_atom = references.e_above_hull(amounts, energy)
    except InfeasibleError as err:
        document.warnings.append(f"competing: {err}")
        return
    if document.hull_grade in ("C", "D"):
        document.warnings.append(f"hull coverage is grade {document.hull_grade}: the competing T_mix is a lower bound")
    _warn_redox(document, candidate, references, sites)
    _warn_elements(document, candidate.spec.working_ion)


def _grade(document: MixingDoc, candidate: MemberResult, entries: Sequence[PhaseEntry]) -> None:
    """How completely the hull covers what is known, and what nobody looked up."""
    amounts = candidate.amounts
    anions = candidate.composition.host.anion_elements & set(amounts)
    ion = candidate.spec.working_ion or next((alkali for alkali in _ALKALI if alkali in amounts), "")
    known = phase_formulas()
    present = [entry.name if entry.name in known else entry.formula for entry in entries]
    document.hull_grade = coverage_grade(amounts, present, working_ion=ion, anions=anions)
    document.hull_models = list(model_formulas(amounts, present, anions=anions))
    unlisted = unlisted_systems(amounts, working_ion=ion, anions=anions)
    document.hull_unlisted = [system for systems in unlisted.values() for system in systems]
    if document.hull_unlisted:
        names = ", ".join(document.hull_unlisted)
        document.warnings.append(f"competing: not on the list of known phases, so that some may be missing: {names}")


def _doubtful_phases(document: MixingDoc, given: set[str]) -> dict[str, str]:
    """Phases of the package that decide the competing values and are a model or unverified, and which of both."""
    phases = package_phases()
    opened = [] if document.oxygen is None else document.oxygen.decomposition
    bound = [*document.competing.decomposition, *document.competing.decomposition_at_T_mix, *opened]
    found = {part.phase for part in bound if part.phase in phases and part.phase not in given}
    doubts = {name: phases[name].doubt for name in found}
    return {name: doubt for name, doubt in sorted(doubts.items()) if doubt}


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
    moved = changed_ions(candidate.all_ions, document.competing.decomposition, references, sites)
    moved = [ion for ion in moved if not ion.endswith("-")]
    if moved:
        document.warnings.append(
            f"redox-decomposition: the competing phases hold other oxidation states ({', '.join(moved)})"
        )


def _warn_elements(document: MixingDoc, working_ion: str | None) -> None:
    """Say where elements decide: their energies beside those of compounds are less certain than compounds alone."""
    bound = [*document.competing.decomposition, *document.competing.decomposition_at_T_mix]
    phases = package_phases()
    found = {part.phase for part in bound if part.phase in phases and phases[part.phase].kind == "element"}
    elements = sorted(name for name in found if phases[name].elements != {working_ion})
    if elements:
        text = "an element beside compounds; its energy is on their scale only where the scale is corrected for it"
        document.warnings.append(f"competing: {', '.join(elements)} decides and is {text}")


def _warn_upper_ends(document: MixingDoc) -> None:
    """Say where the candidate leaves the hull again, as phases of higher entropy take over."""
    for name, found in (("competing", document.competing), ("same_host", document.same_host)):
        if found.T_stable_up_to_K is not None:
            document.warnings.append(f"{name}: stable only up to {found.T_stable_up_to_K:.0f} K")


def _of_the_same_host(member: MemberResult, candidate: MemberResult) -> bool:
    """Whether a member has an energy that can be compared and is of the candidate's family."""
    if not member.usable or member.spec.family != candidate.spec.family:
        return False
    return member.result.energy_scale == candidate.result.energy_scale


def _errors(document: MixingDoc, model_error: float | None, calibration: CalibrationDoc | None) -> EntryErrors | None:
    """Errors of the engine by what they belong to: calibrated ones, else those that are given, else documented ones."""
    per_site = (document.atoms_per_fu or 0.0) / (document.sites_per_fu or 1.0)
    if calibration is not None and calibration.errors is not None:
        if calibration.energy_scale == document.energy_scale:
            return errors_of(calibration.errors)
        document.warnings.append(f"the calibration is of {calibration.energy_scale}, not of {document.energy_scale}")
    elif calibration is not None:
        document.warnings.append("the calibration has no errors: too few of its cells have energies")
    if model_error is not None:
        return EntryErrors.given(model_error, per_site)
    return entry_errors(document.energy_scale, per_site)


def _uncertainties(document: MixingDoc, model_error: float | None) -> None:
    error = model_error if model_error is not None else documented_error(document.energy_scale)
    if error is None and (document.formation is None or document.formation.error_source is None):
        document.warnings.append(f"no error on mixing enthalpies is documented for {document.energy_scale}")
    gained = document.competing.dS_eV_per_K_per_site
    if document.competing.T_mix_K is None or gained is None or gained <= 0:
        gained = document.same_host.dS_eV_per_K_per_site
    if gained is None or gained <= 0 or document.sites_per_fu is None or document.atoms_per_fu is None:
        return
    if document.dH_sd_eV_per_site is not None:
        document.T_mix_sd_configurations_K = document.dH_sd_eV_per_site / gained
        document.T_mix_se_configurations_K = document.T_mix_sd_configurations_K / math.sqrt(document.n_configurations)
    if error is not None:
        document.T_mix_sd_model_K = error * document.atoms_per_fu / document.sites_per_fu / gained
