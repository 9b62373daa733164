"""Structure types and phases of all chemistries: letters, coordination, what competes, what relaxing keeps."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from ase.data import covalent_radii

from hebe.config.family import load_family
from hebe.config.reading.yamlfile import load_model, parse_yaml
from hebe.exceptions import BadInputError
from hebe.schemas.calculation import CalculationDoc
from hebe.science.hulls import competing
from hebe.science.hulls.competing import (
    CoverageFile,
    CoverageSystem,
    competing_phases,
    coverage_grade,
    load_phases,
    phases_within,
    shared_types,
    unlisted_systems,
)
from hebe.science.hulls.hull_entries import competing_entries
from hebe.science.hulls.phase import Member, Phase, PhaseFile, Prototype
from hebe.science.hulls.working_metals import competing_elements, element_phases, package_phases
from hebe.science.keys import rounded, structure_hash
from hebe.science.structures.symmetry import find_orbit
from support.phase_letters import wrong_letters
from support.phases_table import PAGE, coverage_of, formation, hosted, relaxed, written

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

# spglib 2.8 announces that it will raise its own exceptions, at every call
pytestmark = pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING to false:DeprecationWarning")

PHASES = package_phases()
TYPES = {prototype.id: prototype for prototype in shared_types()}
FOLDER = Path(competing.__file__).parent / "phases"


@cache
def members() -> dict[str, Phase]:
    """Shared structure type -> its first member, whose cell stands for it."""
    found: dict[str, Phase] = {}
    for name in (*competing._files(coverage=False), "../elements.yaml"):
        file = load_model(PhaseFile, parse_yaml((FOLDER / name).read_bytes(), file=name))
        local = {prototype.id for prototype in file.prototypes}
        for member in file.members:
            if member.of not in local:
                found.setdefault(member.of, PHASES[member.id])
    return found


def coordination(phase: Phase, prototype: Prototype) -> list[int]:
    """Atoms of other letters (of the same where there is one letter) within 1.15 times the nearest, orbit by orbit."""
    structure = phase.structure()
    orbits = [find_orbit(phase.space_group.number, site.xyz, phase.setting).primitive for site in prototype.sites]
    letters = [site.species for site, orbit in zip(prototype.sites, orbits, strict=True) for _ in orbit]
    alone = len(set(letters)) == 1
    found, first = [], 0
    for orbit in orbits:
        near = [
            n for n in structure.get_neighbors(structure[first], 6.0) if alone or letters[n.index] != letters[first]
        ]
        shortest = min(n.nn_distance for n in near)
        found.append(sum(n.nn_distance < 1.15 * shortest for n in near))
        first += len(orbit)
    return found


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_structure_type_has_its_letters_and_its_coordination(name: str) -> None:
    """Every type has a member; its letters are those of the tables, its coordination is as stated."""
    phase, prototype = members()[name], TYPES[name]
    assert wrong_letters(phase) == []
    assert [site.coordination for site in prototype.sites] == coordination(phase, prototype)


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("rock-salt", {"A": [6], "X": [6]}),
        ("zinc-blende", {"A": [4], "X": [4]}),
        ("antifluorite", {"A": [4], "X": [8]}),
        ("nias", {"A": [6], "X": [6]}),
        ("pyrite", {"A": [6], "X": [3]}),
        ("marcasite", {"A": [6], "X": [3]}),
        ("cdi2", {"A": [6], "X": [3]}),
        ("molybdenite", {"A": [6], "X": [3]}),
        ("spinel", {"A": [4], "B": [6], "X": [4]}),
        ("chalcopyrite", {"A": [4], "B": [4], "X": [4]}),
        ("enargite", {"A": [4, 4], "B": [4], "X": [4, 4, 4]}),
        ("mnps3", {"A": [6], "P": [3], "X": [1, 1]}),
        ("bi2te3", {"A": [6], "X": [6, 3]}),
        ("heazlewoodite", {"A": [4], "X": [6]}),
        ("millerite", {"A": [5], "X": [5]}),
        ("cual2", {"A": [8], "X": [4]}),
        ("cu3au", {"A": [4], "X": [12]}),
        ("cscl", {"A": [8], "X": [8]}),
        ("bcc", {"A": [8]}),
        ("fcc", {"A": [12]}),
        ("diamond", {"A": [4]}),
        ("coas3", {"A": [6], "X": [2]}),
        ("quartz", {"A": [4], "X": [2]}),
        ("pyrochlore", {"A": [8], "B": [6], "X": [4, 2]}),
        ("calcite", {"A": [6], "C": [3], "X": [1]}),
    ],
)
def test_coordination_is_that_of_textbooks(name: str, stated: dict[str, list[int]]) -> None:
    """Numbers of Wells, Structural Inorganic Chemistry, 5th ed. (1984), beside those that the data state."""
    found: dict[str, list[int]] = {}
    for site in TYPES[name].sites:
        found.setdefault(site.species, []).append(site.coordination or 0)
    assert {letter: sorted(counts) for letter, counts in found.items()} == {k: sorted(v) for k, v in stated.items()}


def test_all_letters_are_those_of_the_tables() -> None:
    """Of every phase in a standard setting; other settings have tables of their own."""
    found = {name: wrong_letters(phase) for name, phase in PHASES.items() if phase.setting is None}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("name", ["rock-salt", "spinel", "nias", "marcasite", "molybdenite", "cu2sb", "la2o3", "mnps3"])
def test_a_wrong_letter_is_noticed(name: str) -> None:
    """Another letter of the same multiplicity passes the count of the orbit and fails here."""
    phase = members()[name]
    for i, site in enumerate(phase.sites):
        wrong = site.model_copy(update={"wyckoff": site.wyckoff[:-1] + ("z" if site.wyckoff[-1] != "z" else "a")})
        sites = (*phase.sites[:i], wrong, *phase.sites[i + 1 :])
        assert len(wrong_letters(phase.model_copy(update={"sites": sites}))) == 1


def test_a_wrong_coordinate_is_noticed() -> None:
    """A position of another orbit has another letter or another multiplicity."""
    phase = members()["spinel"]
    moved = phase.sites[0].model_copy(update={"xyz": phase.sites[1].xyz})
    with pytest.raises(BadInputError, match=r"the orbit of .* has 16 positions, 8a was stated"):
        phase.model_copy(update={"sites": (moved, *phase.sites[1:])}).structure()


@pytest.mark.parametrize("name", [phase.id for phase in element_phases()])
def test_an_element_is_consistent(name: str) -> None:
    """Formula, kind, neutral atoms, and a shortest distance near twice the covalent radius."""
    phase = PHASES[name]
    assert phase.kind == "element"
    assert phase.elements == {phase.formula}
    assert phase.structure().charge == pytest.approx(0)
    assert 0.8 < _shortest_ratio(phase.structure()) < 1.3


def _shortest_ratio(structure: Structure) -> float:
    """Shortest distance over the sum of both covalent radii (Cordero et al., Dalton Trans. (2008) 2832)."""
    centres, points, _, distances = structure.get_neighbor_list(6.0)
    radii = np.array([covalent_radii[site.specie.Z] for site in structure])
    return float((distances / (radii[centres] + radii[points])).min())


@pytest.mark.parametrize("phase", sorted({p.id for p in load_phases()} - {p.id for p in phases_within({"O"})}))
def test_distances_are_sane(phase: str) -> None:
    """No two atoms are nearer than bonds are; the nearest are bonded."""
    assert 0.62 < _shortest_ratio(PHASES[phase].structure()) < 1.3


def test_with_oxygen_nothing_reduced_competes() -> None:
    """No phosphide beside a phosphate and no element; a sulfide has all of its elements."""
    found = competing_phases({"Na", "Fe", "P", "O"})
    assert found
    assert all(phase.elements & {"O", "F"} for phase in found)
    assert competing_elements({"Na", "Fe", "P", "O"}) == ()
    assert {p.formula for p in competing_elements({"Na", "Fe", "S"})} == {"Na", "Fe", "S"}
    assert {"FeS", "FeS2", "Na2S", "NaFeS2"} <= {p.formula for p in competing_phases({"Na", "Fe", "S"})}
    assert competing_elements({"Li", "P", "S", "Cl", "Br"}) == competing_elements({"Li", "P", "S"})


def test_the_hull_of_an_oxide_is_what_it_was() -> None:
    """Of the demonstration: its phases are those with oxygen, none of a shared structure type."""
    elements = {"Na", "Ni", "Fe", "Mn", "Ti", "Cu", "Mg", "Co", "Zn", "Sn", "Ca", "Al", "Li", "O"}
    found = competing_phases(elements)
    assert len(found) > 100
    compounds = [phase for phase in phases_within(elements) if phase.kind != "element"]
    assert list(found) == [phase for phase in compounds if "O" in phase.elements]
    assert not [phase.id for phase in found if any(site.coordination is not None for site in phase.sites)]


def system(name: str, *formulas: str) -> CoverageSystem:
    """Build a system of a made coverage list."""
    return CoverageSystem(system=name, formulas=formulas, sources=("made for this test",))


@pytest.mark.parametrize(
    ("present", "grade"),
    [
        (["Na2S", "FeS", "FeS2", "NaFeS2"], "A"),
        (["Na2S", "FeS", "FeS2"], "C"),
        (["Na2S", "FeS", "NaFeS2"], "D"),
    ],
)
def test_a_sulfide_is_graded_by_its_sulfides(monkeypatch: pytest.MonkeyPatch, present: list[str], grade: str) -> None:
    """Systems without the anion (Fe-Na) are not asked for, and oxygen is none."""
    made = CoverageFile(
        systems=(
            *(system("Na-S", "Na2S"), system("Fe-S", "FeS", "FeS2"), system("Fe-Na-S", "NaFeS2")),
            *(system("Fe-O", "FeO"), system("Fe-P", "FeP")),
        )
    )
    monkeypatch.setattr(competing, "load_coverage", lambda: made)
    elements = {"Na", "Fe", "S"}
    assert coverage_grade(elements, present, working_ion="Na", anions={"S"}) == grade
    assert not any(unlisted_systems(elements, working_ion="Na", anions={"S"}).values())


def test_two_anions_are_combined_with_each_cation() -> None:
    """Li, P with S and Cl: four binaries, and the ternaries of two cations and of two anions."""
    found = competing._systems({"Li", "P", "S", "Cl"}, "Li", {"S", "Cl"})
    names = {group: {"-".join(sorted(s)) for s in systems} for group, systems in found.items()}
    assert names["binary"] == {"Li-S", "Cl-Li", "P-S", "Cl-P"}
    assert names["A-M-O"] == {"Li-P-S", "Cl-Li-P", "Cl-Li-S"}
    assert names["M-M'-O"] == {"Cl-P-S"}


def test_an_alloy_is_graded_by_all_pairs_and_triples() -> None:
    """Without anions every pair of elements is a binary."""
    found = competing._systems({"Fe", "Ni", "Cr"}, "", ())
    assert {len(s) for s in found["binary"]} == {2}
    assert (len(found["binary"]), len(found["M-M'-O"]), len(found["A-M-O"])) == (3, 1, 0)


@pytest.mark.parametrize(
    ("family", "anions"),
    [
        ("layered-o3", {"O"}),
        ("layered-o3-oxyfluoride", {"O", "F"}),
        ("argyrodite", {"S", "Cl", "Br", "I"}),
        ("nasicon", {"O"}),
        ("pba", {"N"}),
        ("fcc-alloy", set()),
        ("mps3", {"S"}),
    ],
)
def test_anions_of_a_family(family: str, anions: set[str]) -> None:
    """Sublattices of anions, and the negative atoms of groups."""
    assert load_family(family).anion_elements == anions


def test_a_member_of_another_file_may_use_a_shared_type() -> None:
    """A user's file needs no prototype of its own; an unknown one is refused with the nearest."""
    member = Member(of="rock-salt", id="MgS", formula="MgS", ions={"A": "Mg2+", "X": "S2-"}, lattice={"a": 5.2})
    (phase,) = PhaseFile(members=(member,)).all(shared_types())
    assert phase.structure().composition.reduced_formula == "MgS"
    with pytest.raises(BadInputError, match="no structure type is called 'rock-salts'") as caught:
        PhaseFile(members=(member.model_copy(update={"of": "rock-salts"}),)).all(shared_types())
    assert caught.value.suggestion == "did you mean rock-salt?"


def test_every_listed_material_is_graded() -> None:
    """No system of a material of the literature is unlisted, so that its grade says what is missing."""
    for systems in hosted().values():
        for one in systems:
            assert coverage_of(one).unlisted == (), one.system_id


def test_what_relaxing_keeps_is_known() -> None:
    """Every phase of a shared type has a row, of the cell that it has now; what is off by more stands in the docs."""
    rows = relaxed()
    for name, phase in PHASES.items():
        if not any(site.coordination is not None for site in phase.sites):
            continue
        row = rows[name]
        assert row["key"] == structure_hash(rounded(phase.structure()))[:12], f"{name}: run benchmarks/phases.py"
        if row["verdict"] == "kept":
            assert abs(float(row["deviation"])) <= (10 if phase.layered else 5)
            assert float(row["bond"]) == pytest.approx(1, abs=0.2)
            assert float(row["relaxed"]) / float(row["density"]) - 1 == pytest.approx(
                float(row["deviation"]) / 100, abs=2e-3
            )
    kept = sum(row["verdict"] == "kept" for row in rows.values())
    assert kept > 0.7 * len(rows)


def test_energies_of_sulfides_and_of_elements_are_on_one_scale() -> None:
    """Enthalpies of formation without a transition metal: missed by 0.1 eV/atom without the corrections of MP2020.

    They are -0.50 eV per atom of sulfur, -0.47 of selenium, -0.42 of tellurium in compounds and none in the elements.
    """
    for name, correction in (
        *((f"{metal}2S-antifluorite", -0.503 / 3) for metal in ("Li", "Na", "K")),
        ("ZnS-sphalerite", -0.503 / 2),
        ("Na2Se-antifluorite", -0.472 / 3),
        ("ZnSe-zinc-blende", -0.472 / 2),
        ("ZnTe-zinc-blende", -0.422 / 2),
    ):
        computed, measured = formation(name)
        assert computed == pytest.approx(measured, abs=0.1)
        assert abs(computed - correction - measured) > 0.1


def test_the_page_has_the_tables_of_the_data() -> None:
    """`python tests/support/phases_table.py` writes grades, numbers, densities and energies."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == written(text)


@pytest.mark.parametrize("name", ["K-bcc", "Zn-hcp", "Se-gamma", "FeSe2-marcasite"])
def test_every_phase_of_the_package_becomes_an_entry(name: str) -> None:
    """Metals of working ions and elements stand in files of their own and are entries like the others."""
    structure = PHASES[name].structure().remove_oxidation_states()
    energy = -2.0 * len(structure)
    document = CalculationDoc(
        key=name, engine="e", energy_scale="s", task="relax", status="converged", structure=structure, energy_eV=energy
    )
    (entry,) = competing_entries({name: document}, {str(element) for element in structure.composition})
    assert entry.name == name
    assert entry.energy == pytest.approx(-2.0 * sum(entry.amounts.values()))
    assert sum(entry.ions.values()) == pytest.approx(sum(entry.amounts.values()))
