"""Document of the stability of the oxygen of one configuration."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.oxygen import OxygenFit
from hebe.schemas.oxygen_stability import OxygenDoc, OxygenPairs, OxygenRelease, ReleaseProduct, VacancyState
from hebe.science.chemistry.member import family_of
from hebe.science.constants import BOLTZMANN
from hebe.science.electrodes.defect_energies import DefectState, defect_energies, occupation, stayed
from hebe.science.electrodes.electrode import SAME_X, StateInput, in_window, lowest_states
from hebe.science.errors.spread import mean_and_sd
from hebe.science.hulls.hull import InfeasibleError, PhaseEntry
from hebe.science.hulls.hull_entries import PhaseFacts, competing_entries
from hebe.science.hulls.oxygen import fit_oxygen, gas_potential
from hebe.science.hulls.oxygen_release import HeatedHost, heat_of, release_pressure, release_temperature
from hebe.science.structures.oxygen_bonds import oxygen_pairs

if TYPE_CHECKING:
    from hebe.schemas.defects import DefectEnergy


@dataclass(frozen=True)
class OxygenInput:
    """Calculations that the stability of the oxygen is computed from.

    Parameters
    ----------
    states
        Of the configuration.
    vacancies
        Cells without an oxygen, by content from the highest down.
    oxides
        Oxides that give the energy of oxygen, by phase.
    phases, facts, brought
        Competing phases by id, facts of those that are not the package's, and entries that the campaign brings.
    window
        Lowest and highest content that is ranked.
    temperature, pressure
        Of oxygen, K and bar.
    """

    states: StateInput
    vacancies: Sequence[DefectState]
    oxides: Mapping[str, CalculationDoc | None]
    phases: Mapping[str, CalculationDoc | None]
    window: tuple[float, float]
    temperature: float
    pressure: float
    facts: Sequence[PhaseFacts] = ()
    brought: Sequence[PhaseEntry] = field(default=())


def oxygen_document(inputs: OxygenInput) -> OxygenDoc:
    """Vacancies, bonds and release of oxygen; null with a warning where something is missing."""
    document = OxygenDoc(temperature_K=inputs.temperature, pressure_bar=inputs.pressure)
    document.warnings = inputs.states.problems()
    document.warnings += dict.fromkeys(text for state in inputs.vacancies for text in state.problems())
    lowest = lowest_states(inputs.states) if inputs.states.n_fu else {}
    document.pairs = [_pairs(inputs.states, x, lowest[x]) for x in sorted(lowest, reverse=True)]
    fit = fit_oxygen(inputs.oxides)
    made = inputs.states.made
    if fit.energy_eV is not None and made is not None and fit.energy_scale != made.energy_scale:
        reason = f"the oxides are on the energy scale {fit.energy_scale}, the candidate is on {made.energy_scale}"
        fit = OxygenFit(reason=reason)
    document.oxygen_eV, document.oxygen_sd_eV = fit.energy_eV, fit.sd_eV
    if fit.energy_eV is None:
        document.warnings.append(f"oxygen has no energy: {fit.reason}")
    else:
        _vacancies(document, inputs, fit.energy_eV)
        _releases(document, inputs, fit, lowest)
    _rank(document, inputs)
    return document


def _pairs(states: StateInput, x: float, found: CalculationDoc) -> OxygenPairs:
    anions, cell = family_of(states.spec).anions, found.cell
    labels = cell.site_properties["sublattice"]
    sites = [i for i, site in enumerate(cell) if labels[i] in anions and site.specie.symbol == "O"]
    shortest, pairs = oxygen_pairs(cell, sites)
    return OxygenPairs(x=x, shortest_A=shortest, pairs=pairs, topology=found.topology, calculation=found.key)


def _vacancies(document: OxygenDoc, inputs: OxygenInput, oxygen: float) -> None:
    """Fill in the energies of vacancies; `oxygen` is that of O2 at 0 K (eV)."""
    for state in inputs.vacancies:
        energies = defect_energies(state, added=oxygen / 2)
        document.defects += energies
        values = stayed(energies)
        if away := [e.ended for e in energies].count("elsewhere"):
            reason = f"{away} of {len(energies)} vacancies were filled by another oxygen and are left out"
            document.warnings.append(f"x = {energies[0].x:.3g}: {reason}")
        if values and state.defects is not None:
            document.vacancies.append(_vacancy_state(energies, values, sum(state.defects.n_sites.values()), inputs))


def _vacancy_state(
    energies: Sequence[DefectEnergy], values: Sequence[float], n_sites: int, inputs: OxygenInput
) -> VacancyState:
    shift = gas_potential(inputs.temperature, inputs.pressure) / 2
    kt = BOLTZMANN * inputs.temperature
    around: dict[str, list[float]] = {}
    for one in energies:
        if one.energy_eV is not None and one.ended == "there":
            around.setdefault(one.environment, []).append(one.energy_eV)
    return VacancyState(
        x=energies[0].x,
        n=len(values),
        n_sites=n_sites,
        lowest_eV=min(values),
        mean_eV=statistics.fmean(values),
        sd_eV=mean_and_sd(values)[1],
        free_energy_eV=min(values) + shift,
        release_K=release_temperature(-min(values), inputs.pressure),
        share=statistics.fmean(occupation(value + shift, kt) for value in values),
        by_environment={name: statistics.fmean(found) for name, found in sorted(around.items())},
    )


def _releases(document: OxygenDoc, inputs: OxygenInput, fit: OxygenFit, lowest: Mapping[float, CalculationDoc]) -> None:
    """Fill in what the states of the host decompose to; those that left it are none."""
    for x in sorted(lowest, reverse=True):
        if not lowest[x].is_host(inputs.states.accept):
            continue
        try:
            document.releases.append(_release(inputs, fit, x, lowest[x]))
        except InfeasibleError as err:
            document.warnings.append(f"x = {x:.3g}: no decomposition: {err}")


def _release(inputs: OxygenInput, fit: OxygenFit, x: float, found: CalculationDoc) -> OxygenRelease:
    n_fu, composition = inputs.states.n_fu or 1, found.cell.composition
    amounts = {str(e): n / n_fu for e, n in composition.get_el_amt_dict().items()}
    entries = competing_entries(inputs.phases, set(amounts), inputs.facts)
    entries += [entry for entry in inputs.brought if set(entry.amounts) <= set(amounts)]
    host = HeatedHost(amounts, found.energy / n_fu, entries, fit, inputs.temperature, inputs.pressure)
    potential, reaction = host.release_potential(), host.decomposition()
    per_mol, per_g = heat_of(reaction.energy, composition.weight / n_fu)
    release = OxygenRelease(
        x=x,
        potential_eV=potential,
        oxygen_per_fu=reaction.oxygen,
        products=[ReleaseProduct(phase=entry.name, formula=entry.formula, amount=n) for entry, n in reaction.products],
        energy_eV_per_fu=reaction.energy,
        free_energy_eV_per_fu=reaction.free_energy,
        heat_kJ_per_mol=per_mol,
        heat_J_per_g=per_g,
    )
    if potential is not None:
        release.release_K = release_temperature(potential, inputs.pressure)
        release.release_log10_bar = release_pressure(potential, inputs.temperature)
    return release


def _rank(document: OxygenDoc, inputs: OxygenInput) -> None:
    """What candidates are ranked by: the values of the lowest content of the window, and of that with vacancies."""
    inside = [pairs for pairs in document.pairs if in_window(pairs.x, inputs.window, inputs.states.n_fu)]
    if not inside:
        document.warnings.append("no state in the window")
        return
    charged = inside[-1]
    document.x, document.shortest_A, document.bonded = charged.x, charged.shortest_A, charged.bonded
    last = inputs.vacancies[-1].defects if inputs.vacancies else None
    for vacancy in document.vacancies:
        if last is not None and vacancy.x == last.x:
            document.vacancy_x, document.vacancy_eV = vacancy.x, vacancy.free_energy_eV
    release = next((one for one in document.releases if abs(one.x - charged.x) < SAME_X), None)
    if release is not None:
        document.release_eV, document.release_K = release.potential_eV, release.release_K
        document.heat_J_per_g = release.heat_J_per_g
    elif document.oxygen_eV is not None:
        document.warnings.append(f"x = {charged.x:.3g}: no decomposition of the lowest content")
