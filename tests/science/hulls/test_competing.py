"""The data of the competing phases are crystallographically consistent, and coverage is graded as defined."""

from __future__ import annotations

from fractions import Fraction

import pytest
import spglib
from pymatgen.core.composition import Composition
from pymatgen.core.structure import Structure

from hebe.config.family import family_names, load_family
from hebe.exceptions import BadInputError
from hebe.science.hulls import competing
from hebe.science.hulls.competing import (
    CoverageFile,
    CoverageSystem,
    coverage_grade,
    load_coverage,
    load_phases,
    missing_formulas,
    model_formulas,
    phases_within,
    unlisted_systems,
)
from hebe.science.hulls.phase import Member, Phase, PhaseFile, PhaseSite, Prototype, SpaceGroup

# spglib 2.8 announces that it will raise its own exceptions, at every call
pytestmark = pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING to false:DeprecationWarning")

PHASES = {phase.id: phase for phase in load_phases()}
REQUIRED = {
    *("Na", "Na2O", "Na2O2", "NiO", "MgO", "CuO", "Cu2O", "FeO", "Fe2O3", "Fe3O4", "MnO", "Mn2O3", "Mn3O4", "MnO2"),
    *("Ti2O3", "TiO2", "NaFeO2", "NaMnO2", "NaTiO2", "NaNiO2", "NaCuO2", "NaCuO", "Na2NiO2", "Na2MnO3"),
    *("Na2Mn3O7", "Na2TiO3", "Na2Ti3O7", "Na4TiO4", "Na4FeO3"),
}
VANADYL = 1.58
"""The shortest bond between a metal ion and an oxide ion, V=O of V2O5 (A)."""
PHOSPHATE = 1.54
"""Mean bond of phosphorus and oxygen in phosphates: Baur, Acta Cryst. B 30, 1195 (1974) (A)."""
ROCK_SALT = {
    "id": "MgO",
    "formula": "MgO",
    "name": "periclase",
    "structure_type": "rock salt",
    "space_group": {"symbol": "Fm-3m", "number": 225},
    "lattice": {"a": 4.2},
    "sites": [
        {"species": "Mg2+", "wyckoff": "4a", "xyz": [0, 0, 0]},
        {"species": "O2-", "wyckoff": "4b", "xyz": ["1/2", "1/2", "1/2"]},
    ],
    "kind": "binary",
    "sources": ["made for this test"],
}


def bonds(structure: Structure) -> list[tuple[float, bool]]:
    """Shortest distance (A) from every site, and whether it joins two anions of a peroxide."""
    found = []
    for site in structure:
        near = min(structure.get_neighbors(site, 4.5), key=lambda other: other.nn_distance)
        pair = {str(site.specie), str(near.specie)}
        found.append((near.nn_distance, pair == {"O-"}))
    return found


def _shortest(phase: Phase) -> float:
    """Least distance (A) of two ions of an oxide or fluoride: bonds of the smallest cation that it holds."""
    found = VANADYL - 0.03
    for element, bond in (("P", PHOSPHATE - 0.17), ("B", 1.15), ("C", 1.15), ("H", 0.9)):
        found = min(found, bond) if element in phase.elements else found
    return 1.2 if phase.formula == "KO2" else found


@pytest.mark.parametrize("name", sorted(PHASES))
def test_phase_is_consistent(name: str) -> None:
    """Formula, charge, space group, primitivity and shortest distances are those of the entry."""
    phase = PHASES[name]
    structure = phase.structure()
    composition = structure.composition.element_composition
    assert composition.reduced_composition == Composition(phase.formula).reduced_composition
    assert structure.charge == pytest.approx(0, abs=1e-9)
    assert {str(element) for element in composition} == phase.elements
    species = sorted({str(site.specie) for site in structure})
    numbers = [1 + species.index(str(site.specie)) for site in structure]
    cell = (structure.lattice.matrix.tolist(), structure.frac_coords.tolist(), numbers)
    dataset = spglib.get_symmetry_dataset(cell, symprec=0.01)
    assert dataset is not None
    assert dataset.number == phase.space_group.number
    group = spglib.get_spacegroup_type(dataset.hall_number)
    assert group is not None
    assert group.international_short.replace("_", "") == phase.space_group.symbol
    assert len(set(dataset.mapping_to_primitive)) == len(structure) == phase.atoms
    assert 0.5 < structure.density < 11
    if not phase.elements & {"O", "F"}:
        return
    for distance, peroxide in bonds(structure):
        assert (1.4 < distance < 1.6) if peroxide else (_shortest(phase) < distance < 4)
    anions = sum(1 for site in structure if float(site.specie.oxi_state or 0) < 0)
    if anions:
        assert 8 < structure.volume / anions < (70 if phase.elements & {"K", "B"} else 45)


def test_ids_are_unique_and_sorted() -> None:
    """An id names one phase."""
    ids = [phase.id for phase in load_phases()]
    assert ids == sorted(set(ids))


def test_structures_are_deterministic() -> None:
    """Two calls give the same sites in the same order."""
    phase = PHASES["Fe3O4-magnetite"]
    assert phase.structure() == phase.structure()
    assert [str(site.specie) for site in phase.structure()] == ["Fe3+"] * 2 + ["Fe2.50+"] * 4 + ["O2-"] * 8


def test_rock_salt_agrees_with_pymatgen() -> None:
    """Independent construction: the primitive cell of pymatgen's space-group builder."""
    phase = Phase.model_validate(ROCK_SALT)
    lattice = [[4.2, 0, 0], [0, 4.2, 0], [0, 0, 4.2]]
    built = Structure.from_spacegroup("Fm-3m", lattice, ["Mg2+", "O2-"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    assert phase.structure().volume == pytest.approx(4.2**3 / 4)
    assert phase.structure().matches(built.get_primitive_structure(), scale=False)


def test_phases_within_holds_the_required_phases() -> None:
    """Everything needed around NaMO2 of the demonstration is there."""
    elements = {"Na", "Ni", "Fe", "Mn", "Ti", "Cu", "Mg", "O"}
    found = phases_within(elements)
    assert {phase.formula for phase in found} >= REQUIRED
    assert {"NaFeO2-alpha", "NaFeO2-beta", "NaMnO2-alpha", "NaMnO2-beta"} <= {phase.id for phase in found}
    assert {"TiO2-rutile", "TiO2-anatase"} <= {phase.id for phase in found}
    assert all(phase.elements <= elements for phase in found)
    assert [phase.id for phase in found] == sorted(phase.id for phase in found)
    assert [phase.id for phase in phases_within({"Na", "O"}, kinds=["element"])] == ["Na-bcc"]


def test_every_structure_type_that_the_families_compete_with_has_members() -> None:
    """Oxides MO to M3O4, AMO2 to A4MO4, titanates, fluorides, olivines and NASICONs."""
    types = {phase.structure_type for phase in load_phases()}
    assert types >= {
        *("rock salt", "wurtzite", "tenorite", "corundum", "bixbyite", "rutile", "anatase", "spinel", "hausmannite"),
        *("antifluorite", "alpha-NaFeO2", "gamma-LiFeO2", "beta-NaFeO2", "P2", "Li2MnO3", "Li2TiO3", "Li3NbO4"),
        *("Na4FeO4", "Na4FeO3", "ilmenite", "Na2Mn3O7", "VF3", "MnF3", "olivine", "heterosite", "NASICON"),
    }


def test_wrong_entries_are_refused() -> None:
    """A multiplicity, a setting, a lattice or a kind that does not fit is named."""
    wrong = {**ROCK_SALT, "sites": [{"species": "Mg2+", "wyckoff": "8c", "xyz": [0, 0, 0]}]}
    with pytest.raises(ValueError, match="binary does not fit 1 element"):
        Phase.model_validate(wrong)
    with pytest.raises(BadInputError, match="has 4 positions, 8c was stated"):
        Phase.model_validate({**wrong, "kind": "element"}).structure()
    with pytest.raises(BadInputError, match="has no setting '2'"):
        Phase.model_validate({**ROCK_SALT, "setting": "2"}).structure()
    with pytest.raises(ValueError, match="a cubic lattice is given by a"):
        Phase.model_validate({**ROCK_SALT, "lattice": {"a": 4.2, "c": 4.2}})


def system(name: str, *formulas: str) -> CoverageSystem:
    """Build a system of a made coverage list."""
    return CoverageSystem(system=name, formulas=formulas, sources=("made for this test",))


@pytest.mark.parametrize(
    ("present", "grade"),
    [
        (["Na2O", "Fe2O3-hematite", "TiO2", "NaFeO2", "FeTiO3", "Fe2TiO5"], "A"),
        (["Na2O", "Fe4O6", "TiO2-rutile", "NaFeO2-alpha", "FeTiO3"], "B"),
        (["Na2O", "Fe2O3", "TiO2", "NaFeO2"], "C"),
        (["Na2O", "Fe2O3", "TiO2", "FeTiO3", "Fe2TiO5"], "C"),
        (["Na2O", "Fe2O3", "NaFeO2", "FeTiO3", "Fe2TiO5"], "D"),
        ([], "D"),
    ],
)
def test_coverage_grade(monkeypatch: pytest.MonkeyPatch, present: list[str], grade: str) -> None:
    """Grades follow their definition on a list made for the purpose; ids count as their formulas."""
    made = CoverageFile(
        criterion="made for this test",
        systems=(
            *(system("Na-O", "Na2O"), system("Fe-O", "Fe2O3"), system("O-Ti", "TiO2"), system("Cu-O", "CuO")),
            *(system("Fe-Na-O", "NaFeO2"), system("Na-O-Ti"), system("Fe-O-Ti", "FeTiO3", "Fe2TiO5")),
        ),
    )
    monkeypatch.setattr(competing, "load_coverage", lambda: made)
    assert coverage_grade({"Na", "Fe", "Ti", "O"}, present, working_ion="Na") == grade
    assert coverage_grade({"Na", "Fe", "Ti", "V", "O"}, present, working_ion="Na") == "D"


PAIRS = ("Na-O", "Fe-O", "O-Ti", "Cu-O", "Fe-Na-O", "Na-O-Ti", "Cu-Na-O", "Fe-O-Ti", "Cu-Fe-O", "Cu-O-Ti")
OXIDES = {"Na-O": "Na2O", "Fe-O": "Fe2O3", "O-Ti": "TiO2", "Cu-O": "CuO", "Fe-Na-O": "NaFeO2", "Fe-O-Ti": "FeTiO3"}


@pytest.mark.parametrize(
    ("absent", "grade"),
    [
        ((), "A"),
        (("Cu-O",), "D"),
        (("Na-O-Ti",), "C"),
        (("Cu-Na-O", "Cu-O-Ti"), "C"),
        (("Cu-O-Ti",), "B"),
        (("Cu-O-Ti", "Cu-Fe-O"), "C"),
    ],
)
def test_a_system_that_is_not_listed_is_not_known(
    monkeypatch: pytest.MonkeyPatch, absent: tuple[str, ...], grade: str
) -> None:
    """It counts as one formula that is missing; an empty system that is listed counts as covered."""
    listed = [system(name, *([OXIDES[name]] if name in OXIDES else [])) for name in PAIRS if name not in absent]
    made = CoverageFile(criterion="made for this test", systems=tuple(listed))
    monkeypatch.setattr(competing, "load_coverage", lambda: made)
    elements = {"Na", "Fe", "Ti", "Cu", "O"}
    found = unlisted_systems(elements, working_ion="Na")
    assert sorted(name for names in found.values() for name in names) == sorted(absent)
    assert all("Na" in name.split("-") for name in found["A-M-O"])
    assert coverage_grade(elements, list(OXIDES.values()), working_ion="Na") == grade


@pytest.mark.parametrize("left_out", ["NaFeO2", "FeTiO3", "Fe2O3", None])
@pytest.mark.parametrize("absent", PAIRS)
def test_a_system_that_is_not_listed_never_raises_the_grade(
    monkeypatch: pytest.MonkeyPatch, absent: str, left_out: str | None
) -> None:
    """Whatever the hull holds, the grade without the system is no better than with it listed."""
    listed = [system(name, *([OXIDES[name]] if name in OXIDES else [])) for name in PAIRS]
    present, elements, grades = [formula for formula in OXIDES.values() if formula != left_out], set("O"), []
    elements |= {"Na", "Fe", "Ti", "Cu"}
    for systems in (listed, [entry for entry in listed if entry.system != absent]):
        made = CoverageFile(criterion="made for this test", systems=tuple(systems))
        monkeypatch.setattr(competing, "load_coverage", lambda made=made: made)
        grades.append(coverage_grade(elements, present, working_ion="Na"))
    assert grades[1] >= grades[0]


LISTED = (
    *("drx", "layered-li-rich", "layered-o2", "layered-o3", "layered-o3-monoclinic", "layered-o3-oxyfluoride"),
    *("layered-p2", "layered-p2-oxyfluoride", "layered-p2-pillared", "layered-p3", "layered-p3-monoclinic"),
    *("rocksalt", "spinel", "spinel-oxide"),
)
"""Families whose binaries and ternaries are on the list of known phases; those of others have the grade D."""


def pool() -> set[str]:
    """Metals of the families that are listed: what can stand on their mixed sublattices, and the working ions."""
    assert set(LISTED) <= set(family_names())
    found = {"Li", "Na", "K"}
    for name in LISTED:
        for sublattice in load_family(name).sublattices.values():
            found |= set(sublattice.species) - {"O", "F", "Va"}
    return found


@pytest.mark.parametrize("anion", ["O", "F"])
def test_every_pair_of_the_pools_is_listed(anion: str) -> None:
    """M-O, A-M-O and M-M'-O of every metal that a family can hold, with fluorine the fluorides too."""
    assert len(pool()) >= 24
    for ion in ("Li", "Na", "K"):
        found = unlisted_systems({*pool(), "O", anion}, working_ion=ion)
        assert found == {"binary": (), "A-M-O": (), "M-M'-O": ()}


def test_empty_systems_have_a_source_and_what_is_left_out_is_not_listed() -> None:
    """Empty systems come from the dated query that the criterion describes."""
    coverage = load_coverage()
    empty = [entry for entry in coverage.systems if not entry.formulas]
    assert empty
    assert all("2025-04-28" in entry.sources[0] for entry in empty)
    assert "icsd_filtered_info_2025_v3.json.gz of 2025-04-28" in coverage.criterion
    listed = {competing._reduced(formula) for entry in coverage.systems for formula in entry.formulas}
    assert not listed & {competing._reduced(f) for group in coverage.left_out.values() for f in group}


@pytest.mark.parametrize(
    ("elements", "without", "best"),
    [
        ("Na Al O", ("NaAlO2",), "C"),
        ("Na Ti Nb O", ("NaNbO3", "TiNb2O7"), "C"),
        ("Na Ni Mn Sn Ti Fe O", ("Na2SnO3",), "C"),
    ],
)
def test_no_good_grade_without_the_phases_that_matter(elements: str, without: tuple[str, ...], best: str) -> None:
    """Systems that were graded A or B because nobody had listed what they lack."""
    system_ = elements.split()
    everything = [formula for entry in load_coverage().systems for formula in entry.formulas]
    assert set(without) <= set(everything)
    assert coverage_grade(system_, everything, working_ion="Na") == "A"
    for formula in without:
        present = [known for known in everything if known != formula]
        grade = coverage_grade(system_, present, working_ion="Na")
        assert grade != "A"
        assert formula == "TiNb2O7" or grade >= best


@pytest.mark.parametrize(
    ("elements", "ion", "models"),
    [
        ("Na Fe Mn Ni Ti O", "Na", ("Na3FeO3", "Na5FeO4")),
        ("Li Mn Ti O F", "Li", ()),
        ("Na Mn Ni O", "Na", ()),
        ("Co Cu Mg Ni Zn O", "", ()),
    ],
)
def test_binaries_of_the_families_are_complete(elements: str, ion: str, models: tuple[str, ...]) -> None:
    """No binary is missing, no system unlisted; the grade says what of the ternaries is."""
    system_ = elements.split()
    present = [phase.id for phase in phases_within(system_)]
    missing = missing_formulas(system_, present, working_ion=ion)
    assert missing["binary"] == ()
    assert not any(unlisted_systems(system_, working_ion=ion).values())
    assert model_formulas(system_, present) == models
    assert coverage_grade(system_, present, working_ion=ion) == ("C" if missing["A-M-O"] else "B" if models else "A")


def test_a_model_is_one_until_the_published_structure_joins_it() -> None:
    """Models are marked, and the formula of a user's own phase lifts the grade."""
    assert {phase.id for phase in load_phases() if phase.model} == {name for name in PHASES if name.endswith("-model")}
    system_ = ["Na", "Fe", "O"]
    present = [phase.id for phase in phases_within(system_)]
    present += missing_formulas(system_, present, working_ion="Na")["A-M-O"]
    assert model_formulas(system_, present) == ("Na3FeO3", "Na5FeO4")
    assert coverage_grade(system_, present, working_ion="Na") == "B"
    assert model_formulas(system_, [*present, "Na3FeO3"]) == ("Na5FeO4",)
    assert coverage_grade(system_, [*present, "Na3FeO3", "Na5FeO4"], working_ion="Na") == "A"
    assert coverage_grade(system_, [name for name in present if name != "Na3FeO3-model"], working_ion="Na") == "C"


def test_what_is_from_memory_is_marked() -> None:
    """Data, not prose, tells what was not compared with a publication; the notes that say so agree."""
    doubtful = {phase.id for phase in load_phases() if phase.unverified or phase.model}
    assert {phase.id for phase in load_phases() if "from memory" in (phase.note or "")} <= doubtful
    assert PHASES["Na3FeO3-model"].doubt == "a model that stands for a published structure"
    assert PHASES["NaAlO2-beta"].doubt == "not compared with a publication (cell, positions or source)"
    assert PHASES["Na2O"].doubt is None


def test_a_system_or_a_phase_that_stands_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files of the list may not name the same system."""
    text = b'systems: [{system: Na-O, formulas: [Na2O], sources: ["made for this test"]}]'
    monkeypatch.setattr(competing, "_files", lambda **_: ["coverage_a.yaml", "coverage_b.yaml"])
    monkeypatch.setattr(competing, "_read", lambda _: text)
    with pytest.raises(BadInputError, match="the system Na-O stands twice"):
        load_coverage.__wrapped__()


def test_fluorides_are_asked_for_where_there_is_fluorine() -> None:
    """An oxide alone does not make a system with fluorine gradable."""
    assert unlisted_systems({"Li", "Re", "O"}, working_ion="Li")["binary"] == ("O-Re",)
    assert unlisted_systems({"Li", "Re", "F"}, working_ion="Li")["binary"] == ("F-Re",)
    both = unlisted_systems({"Li", "Re", "O", "F"}, working_ion="Li")
    assert both == {"binary": ("F-Re", "O-Re"), "A-M-O": ("F-Li-Re", "Li-O-Re"), "M-M'-O": ("F-O-Re",)}


def test_member_of_a_structure_type_is_written_out() -> None:
    """Letters become ions; what is estimated is said; a letter without ion is refused."""
    halite = Prototype(
        id="halite",
        structure_type="rock salt",
        space_group=SpaceGroup(symbol="Fm-3m", number=225),
        sites=(
            PhaseSite(species="A", wyckoff="4a", xyz=(Fraction(0),) * 3),
            PhaseSite(species="X", wyckoff="4b", xyz=(Fraction(1, 2),) * 3),
        ),
        sources=("made for this test",),
    )
    member = Member(of="halite", id="MgO", formula="MgO", ions={"A": "Mg2+", "X": "O2-"}, lattice={"a": 4.2})
    found = member.phase(halite)
    assert found.structure() == Phase.model_validate(ROCK_SALT).structure()
    assert found.kind == "binary"
    assert found.note is not None
    assert "lattice estimated" in found.note
    with pytest.raises(BadInputError, match="halite needs ions on A, X"):
        member.model_copy(update={"ions": {"A": "Mg2+"}}).phase(halite)
    with pytest.raises(BadInputError, match="no structure type is called 'halite'"):
        PhaseFile(members=(member,)).all()


def test_missing_formulas_names_what_is_missing() -> None:
    """Without any phase everything known is missing, sorted into the three groups."""
    missing = missing_formulas({"Na", "Mg", "Ti", "O"}, ["MgO"], working_ion="Na")
    assert missing["binary"] == ("Na2O", "Na2O2", "TiO", "Ti2O3", "Ti3O5", "TiO2")
    assert missing["A-M-O"][:5] == ("NaTiO2", "Na4TiO4", "Na2TiO3", "Na2Ti3O7", "Na2Ti6O13")
    assert missing["M-M'-O"][:3] == ("MgTiO3", "Mg2TiO4", "MgTi2O5")
    with pytest.raises(BadInputError, match="neither the id of a phase nor a formula"):
        missing_formulas({"Na", "O"}, ["not-a-phase"], working_ion="Na")


def test_coverage_list_is_well_formed() -> None:
    """Systems are named by their sorted elements, and every formula has exactly those."""
    names = [entry.system for entry in load_coverage().systems]
    assert len(names) == len(set(names))
    for entry in load_coverage().systems:
        assert entry.system == "-".join(sorted(entry.elements))
        for formula in entry.formulas:
            assert {str(element) for element in Composition(formula)} == entry.elements
            assert Composition(formula).get_reduced_formula_and_factor()[1] == 1
