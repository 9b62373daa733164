"""Stability of the oxygen of a configuration: vacancies and oxygen add up, what is ranked, what is missing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core.composition import Composition

from hebe.schemas.defects import DefectsDoc
from hebe.science.constants import BOLTZMANN
from hebe.science.electrodes.defect_energies import DefectState
from hebe.science.electrodes.electrode import StateInput
from hebe.science.electrodes.oxygen_document import OxygenInput, oxygen_document
from hebe.science.hulls.oxygen import gas_potential, oxygen_data, oxygen_oxides
from hebe.science.hulls.oxygen_release import release_pressure, release_temperature
from hebe.science.hulls.working_metals import package_phases
from support.defects import calculation, cell, sites
from support.insertion_states import spec

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.oxygen_stability import OxygenDoc

KJ = 96.48533212331002
O2 = -10.0
N_FU = 8
PERFECT = {"1": -200.0, "1/2": -180.0}


@cache
def oxides() -> dict[str, CalculationDoc]:
    """Oxides that give oxygen of -10 eV per molecule at 0 K, metals 0."""
    found = {}
    for oxide, phase in zip(oxygen_data().oxides, oxygen_oxides(), strict=True):
        structure = phase.structure()
        structure.remove_oxidation_states()
        reduced, n = structure.composition.get_reduced_composition_and_factor()
        energy = (oxide.enthalpy - (oxide.increment or 0.0)) / KJ + reduced["O"] * O2 / 2
        found[phase.id] = calculation(structure, n * energy)
    return found


def gas() -> float:
    """Energy of O2 (eV): that of the oxides, less what the molecule gains from 0 to 298.15 K, tabulated with them."""
    return O2 - oxygen_data().gas.increment / KJ


@cache
def phases() -> dict[str, CalculationDoc]:
    """Competing phases with formation enthalpies of the tables (kJ/mol): NiO, MnO2, Mn2O3, NaMnO2 (assumed), Na2O."""
    enthalpies = {
        "NiO": -239.7,
        "MnO2-pyrolusite": -520.0,
        "Mn2O3-bixbyite": -959.0,
        "NaMnO2-alpha": -790.0,
        "Na2O": -414.2,
    }
    found = {}
    for name, enthalpy in enthalpies.items():
        structure = package_phases()[name].structure()
        structure.remove_oxidation_states()
        reduced, n = structure.composition.get_reduced_composition_and_factor()
        found[name] = calculation(structure, n * (enthalpy / KJ + reduced["O"] * O2 / 2), name)
    return found


def vacancies(x: str, energies: tuple[float, ...]) -> DefectState:
    """Cells without an oxygen whose energies less that of the perfect cell are given (eV)."""
    structure = cell(x)
    cells, counts = sites(structure).cells("oxygen_vacancy", len(energies))
    content = 1.0 if x == "1" else 0.5
    doc = DefectsDoc(key="d", label=f"c/x{x}/oxygen_vacancy", perfect=f"p{x}", x=content, n_sites=counts, cells=cells)
    found = [calculation(one.structure, PERFECT[x] + e) for one, e in zip(cells, energies, strict=True)]
    return DefectState(doc, [calculation(structure, PERFECT[x], f"p{x}")], found)


def document(
    *states: CalculationDoc,
    missing: tuple[DefectState, ...] = (),
    held: dict[str, CalculationDoc] | None = None,
    temperature: float = 523.15,
    pressure: float = 0.21,
) -> OxygenDoc:
    made = calculation(cell("1"), PERFECT["1"], "p1")
    inputs = StateInput(spec(), N_FU, made, states, [])
    made_of = oxides() if held is None else held
    return oxygen_document(OxygenInput(inputs, missing, made_of, phases(), (0.5, 1.0), temperature, pressure))


def half(structure: Structure | None = None, **more: object) -> CalculationDoc:
    return calculation(structure or cell("1/2"), PERFECT["1/2"], "p1/2", **more)


@pytest.mark.parametrize(("temperature", "pressure"), [(523.15, 0.21), (300.0, 1e-4), (1500.0, 1.0)])
def test_a_vacancy_and_its_oxygen_add_up(temperature: float, pressure: float) -> None:
    """``E(V) - E(perfect) + 1/2 E(O2) + 1/2 dmu``, the gas from the oxides and the tables."""
    found = document(half(), missing=(vacancies("1/2", (6.0, 7.0, 8.0)),), temperature=temperature, pressure=pressure)
    (state,) = found.vacancies
    oxygen = gas()
    assert found.oxygen_eV == pytest.approx(oxygen)
    assert state.lowest_eV == pytest.approx(6.0 + oxygen / 2)
    assert state.mean_eV == pytest.approx(7.0 + oxygen / 2)
    assert state.sd_eV == pytest.approx(1.0)
    shift = gas_potential(temperature, pressure) / 2
    assert state.free_energy_eV == pytest.approx(6.0 + oxygen / 2 + shift)
    assert found.vacancy_eV == state.free_energy_eV
    free = np.array([6.0, 7.0, 8.0]) + oxygen / 2 + shift
    assert state.share == pytest.approx(float(np.mean(1 / (1 + np.exp(free / BOLTZMANN / temperature)))))
    assert (state.n, state.n_sites) == (3, 16)


def test_the_vacancy_costs_nothing_at_the_temperature_of_release() -> None:
    (state,) = document(half(), missing=(vacancies("1/2", (6.0, 7.0)),)).vacancies
    assert state.release_K is not None
    at_release = document(half(), missing=(vacancies("1/2", (6.0, 7.0)),), temperature=state.release_K)
    assert at_release.vacancies[0].free_energy_eV == pytest.approx(0.0, abs=1e-6)
    (eager,) = document(half(), missing=(vacancies("1/2", (4.0, 4.5)),)).vacancies
    assert eager.release_K == 0.0


@pytest.mark.parametrize(("temperature", "pressure"), [(523.15, 0.21), (300.0, 1e-4), (1500.0, 1.0)])
def test_releases_are_at_the_temperature_and_the_pressure_that_were_asked_for(
    temperature: float, pressure: float
) -> None:
    found = document(half(), temperature=temperature, pressure=pressure)
    (_, charged) = found.releases
    assert charged.potential_eV is not None
    assert charged.release_K == release_temperature(charged.potential_eV, pressure)
    assert charged.release_log10_bar == release_pressure(charged.potential_eV, temperature)
    assert charged.free_energy_eV_per_fu is not None
    assert charged.energy_eV_per_fu is not None
    gained = charged.free_energy_eV_per_fu - charged.energy_eV_per_fu
    assert gained == pytest.approx(charged.oxygen_per_fu * gas_potential(temperature, pressure))


def test_environments_have_means_of_their_own() -> None:
    held = vacancies("1/2", (6.0, 6.5, 7.0, 7.5))
    (state,) = document(half(), missing=(held,)).vacancies
    assert held.defects is not None
    around = [one.environment for one in held.defects.cells]
    for name, mean in state.by_environment.items():
        kept = [e for e, where in zip((6.0, 6.5, 7.0, 7.5), around, strict=True) if where == name]
        assert mean == pytest.approx(np.mean(kept) + gas() / 2)


def test_a_vacancy_that_was_filled_is_left_out_and_told() -> None:
    held = vacancies("1/2", (6.0, 5.0))
    first, low = held.calculations
    assert low is not None
    moved = low.cell.copy()
    oxygen = next(i for i, site in enumerate(moved) if site.specie.symbol == "O")
    moved.translate_sites([oxygen], [0.0, 0.0, 1.5 / moved.lattice.c], to_unit_cell=False)
    filled = DefectState(held.defects, held.perfect, [first, low.model_copy(update={"structure": moved})])
    found = document(half(), missing=(filled,))
    (alone,) = document(half(), missing=(vacancies("1/2", (6.0,)),)).vacancies
    assert (found.vacancies[0].n, found.vacancies[0].lowest_eV) == (1, alone.lowest_eV)
    assert list(found.vacancies[0].by_environment.values()) == list(alone.by_environment.values())
    assert "x = 0.5: 1 of 2 vacancies were filled by another oxygen and are left out" in found.warnings


def test_decomposition_of_each_content_balances() -> None:
    found = document(half())
    assert [r.x for r in found.releases] == [1.0, 0.5]
    for release, x in zip(found.releases, (1.0, 0.5), strict=True):
        held: dict[str, float] = {"O": 2 * release.oxygen_per_fu}
        for product in release.products:
            for element, n in Composition(product.formula).get_el_amt_dict().items():
                held[element] = held.get(element, 0.0) + n * product.amount
        assert held == pytest.approx({"Na": x, "Ni": 0.5, "Mn": 0.5, "O": 2.0}, abs=1e-9)
        weight = x * 22.98977 + 0.5 * 58.6934 + 0.5 * 54.93804 + 2 * 15.9994
        assert release.heat_kJ_per_mol == pytest.approx((release.energy_eV_per_fu or 0.0) * KJ)
        assert release.heat_J_per_g == pytest.approx(1000 * (release.heat_kJ_per_mol or 0.0) / weight, rel=1e-4)


def test_a_host_of_higher_energy_gives_off_more_heat() -> None:
    lower, higher = (document(calculation(cell("1/2"), e, "p1/2")) for e in (-184.0, -180.0))
    assert lower.release_eV == lower.releases[1].potential_eV
    assert lower.heat_J_per_g is not None
    assert higher.heat_J_per_g is not None
    difference = lower.releases[1].energy_eV_per_fu or 0.0
    assert (higher.releases[1].energy_eV_per_fu or 0.0) - difference == pytest.approx(-4.0 / N_FU)
    assert higher.heat_J_per_g < lower.heat_J_per_g


def test_the_lowest_content_is_ranked_and_bonds_are_counted() -> None:
    structure = cell("1/2")
    oxygen = [i for i, site in enumerate(structure) if site.specie.symbol == "O"]
    near = min(oxygen[1:], key=lambda i: structure.get_distance(oxygen[0], i))
    vector = structure.lattice.get_distance_and_image(structure.frac_coords[oxygen[0]], structure.frac_coords[near])
    step = structure.frac_coords[near] + vector[1] - structure.frac_coords[oxygen[0]]
    place = structure.frac_coords[near] - step * (1 - 1.45 / vector[0])
    structure.replace(near, "O", coords=place, properties=dict(structure[near].properties))
    plain, bonded = document(half()), document(half(structure))
    assert (plain.x, bonded.x) == (0.5, 0.5)
    assert (plain.bonded, bonded.bonded) == (0, 1)
    assert bonded.shortest_A == pytest.approx(1.45)
    assert plain.shortest_A is not None
    assert plain.shortest_A > 2.3
    assert bonded.pairs[1].pairs["peroxide"] == 1


def test_a_cell_that_left_the_host_has_pairs_and_no_decomposition() -> None:
    found = document(half(topology="migrated"))
    assert [p.topology for p in found.pairs] == ["host", "migrated"]
    assert [r.x for r in found.releases] == [1.0]
    assert found.heat_J_per_g is None


def test_without_oxygen_there_are_pairs_alone() -> None:
    found = document(half(), missing=(vacancies("1/2", (6.0,)),), held={})
    assert found.oxygen_eV is None
    assert found.vacancies == []
    assert found.releases == []
    assert len(found.pairs) == 2
    assert any("oxygen has no energy" in text for text in found.warnings)
    other = {name: one.model_copy(update={"energy_scale": "other"}) for name, one in oxides().items()}
    assert any("energy scale other" in text for text in document(half(), held=other).warnings)


def test_vacancies_are_ranked_at_the_lowest_content_that_was_asked_for() -> None:
    """Vacancies as made alone are those; where the charged cell left the host none stand for it."""
    as_made = document(half(), missing=(vacancies("1", (7.0, 8.0)),))
    assert (as_made.x, as_made.vacancy_x) == (0.5, 1.0)
    gone = DefectState(
        DefectsDoc(key="", status="absent", label="c/x1/2/oxygen_vacancy", reason="gone"), [None], [None]
    )
    lost = document(half(topology="migrated"), missing=(vacancies("1", (7.0, 8.0)), gone))
    assert (lost.vacancy_x, lost.vacancy_eV) == (None, None)
    assert "no oxygen vacancy defects: gone" in lost.warnings
    assert lost.warnings[-1] == "x = 0.5: no decomposition of the lowest content"
