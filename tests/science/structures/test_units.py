"""Species that bring rigid units: water in the cavities of Prussian blue, and in place of cyanides that are missing."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError

from hebe.campaigns.loading import load_campaign
from hebe.config.campaign import SublatticeSpec
from hebe.config.family import Family, load_family
from hebe.config.family_units import atoms_of
from hebe.exceptions import BadInputError
from hebe.science.chemistry.candidate import Candidate, make_candidate
from hebe.science.chemistry.formula import parse_host_formula
from hebe.science.chemistry.member import candidate_spec
from hebe.science.chemistry.row_table import RowTable
from hebe.science.chemistry.screening import screen
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.hulls.host_members import host_vertices
from hebe.science.mixing.competition import Competition, HostEntry
from hebe.science.structures.configuration import build_configuration
from hebe.science.structures.starting_ions import with_ions
from hebe.science.structures.working import apply_ordering, choose_orderings

if TYPE_CHECKING:
    from pathlib import Path

    from pymatgen.core import Structure

NAME = "pba-hydrated"
FAMILY = load_family(NAME)
SPECIES = {"M": {"Fe": (2, 3), "Ni": (2,)}, "X": {"Fe": (2, 3), "Va": (6,)}, "W": {"O": (0,), "Va": (0,)}}
SPACE = CompositionSpace(
    NAME, "Na", Fraction(1), {name: SublatticeSpec(species=part, grid=12) for name, part in SPECIES.items()}
)
QUARTER = Fraction(1, 4)


def candidate(vacant: Fraction, water: Fraction, nickel: Fraction = Fraction(1, 2)) -> Candidate:
    """NaFe1-nNin[Fe(CN)6]1-v with 6 v water of coordination and 6 w in the windows."""
    parts = {
        "M": {"Fe": 1 - nickel, "Ni": nickel},
        "X": {"Fe": 1 - vacant, "Va": vacant},
        "W": {"O": water, "Va": 1 - water},
    }
    fractions = {name: {e: x for e, x in part.items() if x} for name, part in parts.items()}
    found = make_candidate(SPACE, SPACE.made_with(fractions))
    assert found is not None
    return found


def built(found: Candidate) -> Structure:
    """Cell of four metals M with as many sodium ions as the composition says."""
    document = build_configuration(found.composition, "M", n_sites=4, seed=1)
    spec = candidate_spec(found, SPACE.valences)
    assert document.structure is not None
    assert document.deviation == 0
    chosen = choose_orderings(spec, document, found.composition.x_made, keep=1)
    return apply_ordering(document.structure, chosen.occupied[0], FAMILY.working_of("Na"))


@pytest.mark.parametrize(("vacant", "water"), [(0, 0), (QUARTER, 0), (0, Fraction(1, 6)), (QUARTER, Fraction(1, 6))])
def test_atoms_of_the_cell_are_those_of_the_formula(vacant: Fraction, water: Fraction) -> None:
    """Each empty site takes its six cyanides with it; six waters stand there, and one in every window that holds it."""
    found = candidate(Fraction(vacant), Fraction(water))
    held = found.composition.elements
    units = 6 * vacant + 6 * water
    assert held["C"] == held["N"] == 6 - 6 * vacant
    assert held.get("O", 0) == units
    assert held.get("H", 0) == 2 * units
    assert found.charge == 0
    structure = built(found)
    counted = Counter(site.specie.symbol for site in structure)
    assert counted == {element: 4 * n for element, n in held.items()}


@pytest.mark.parametrize("name", ["pba", "pba-monoclinic", "pba-rhombohedral"])
def test_every_hexacyanometallate_may_be_missing(name: str) -> None:
    """Half of them: in each frame three waters per formula unit, each bonded to one metal M in line with a cyanide."""
    half = Fraction(1, 2)
    species = {"M": {"Fe": (2,)}, "X": {"Fe": (2, 3), "Va": (6,)}}
    parts = {label: SublatticeSpec(species=part, grid=2) for label, part in species.items()}
    space = CompositionSpace(name, "Na", Fraction(0), parts)
    composition = space.made_with({"M": {"Fe": Fraction(1)}, "X": {"Fe": half, "Va": half}})
    assert composition.elements == {"Fe": Fraction(3, 2), "C": 3, "N": 3, "O": 3, "H": 6}
    structure = build_configuration(composition, "X", n_sites=2, seed=1).structure
    assert structure is not None
    framework = Counter(site.specie.symbol for site in structure if site.specie.symbol != "Na")
    assert framework == {"Fe": 3, "C": 6, "N": 6, "O": 6, "H": 12}
    labels = structure.site_properties["sublattice"]
    for i, site in enumerate(structure):
        near = structure.get_neighbors(site, 2.5)
        if site.specie.symbol == "O":
            assert [labels[n.index] for n in near if n.specie.symbol == "Fe"] == ["M"]
        if site.specie.symbol == "Fe" and labels[i] == "X":
            assert sum(n.specie.symbol == "C" for n in near) == 6  # the others keep their cyanides


def test_mass_and_entropies_are_those_counted_by_hand() -> None:
    """Na Fe0.5 Ni0.5 [Fe(CN)6]0.75 . 3 H2O: masses of Na, Fe, Ni, C, N, O and H; mixed sites over its atoms."""
    found = candidate(QUARTER, QUARTER)
    assert found.composition.formula == "NaFe1.25Ni0.5(CN)4.5(H2O)3"
    mass = 22.990 + 1.25 * 55.845 + 0.5 * 58.693 + 4.5 * (12.011 + 14.007) + 3 * 18.015
    assert found.composition.molar_mass == pytest.approx(mass, abs=0.01)
    on_m, on_x = -np.log(0.5), -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    total = on_m + on_x + 6 * on_x  # a quarter of the windows is filled, too
    assert found.entropy_R["formula-unit"] == pytest.approx(total)
    assert found.entropy_R["per-atom"] == pytest.approx(total / (1 + 1.75 + 9 + 9))
    assert found.entropy_R["per-cation"] == pytest.approx(total / 2.75)  # Na, Fe and Ni; cyanide and water are none


def test_arrays_agree_with_single_candidates() -> None:
    found = [candidate(QUARTER, QUARTER), candidate(Fraction(1, 6), Fraction(1, 3), Fraction(1, 4))]
    rows = [SPACE.row(one.composition) for one in found]
    table = RowTable(SPACE, np.array(rows), primary="M")
    for convention in found[0].entropy_R:
        wanted = [make_candidate(SPACE, one.composition, "M").entropy_R[convention] for one in found]  # type: ignore[union-attr]
        assert table.entropy(convention) == pytest.approx(wanted)
    capacity = [one.descriptors["capacity_theoretical_mAh_g"] for one in found]
    assert table.capacities[0] == pytest.approx(capacity)


def test_water_is_whole_and_keeps_away_from_the_framework() -> None:
    structure = built(candidate(QUARTER, Fraction(1, 6)))
    labels = structure.site_properties["sublattice"]
    for i, site in enumerate(structure):
        around = structure.get_neighbors(site, 2.4)
        if site.specie.symbol == "O":
            bonds = sorted(float(n.nn_distance) for n in around if n.specie.symbol == "H")[:2]
            assert bonds == pytest.approx([0.957, 0.957], abs=0.002)
            metals = [n for n in around if labels[n.index] == "M"]
            assert len(metals) == (labels[i] == "X")  # bonded to the metal whose nitrogen is missing
        if site.specie.symbol == "H":
            others = [float(n.nn_distance) for n in around if n.specie.symbol not in ("O", "H")]
            assert min(others, default=9.0) > 1.6


def test_oxidation_states_leave_the_cell_neutral() -> None:
    found = candidate(Fraction(1, 4), Fraction(1, 6))
    marked = with_ions(candidate_spec(found, SPACE.valences), built(found))
    charges = {"2+": 2, "3+": 3, "1+": 1, "2-": -2, "3-": -3}
    # carbon and nitrogen carry the formal charges of cyanide, hydrogen and oxygen those of water
    assert sum(charges[ion.removesuffix("ls")[-2:]] for ion in marked.site_properties["ion"]) == 0


def test_prices_of_ions_count_the_atoms_that_come_with_them() -> None:
    found = candidate(QUARTER, QUARTER)
    split = {name: {str(ion): float(x) for ion, x in part.items()} for name, part in found.split.items()}
    amounts = {element: float(x) for element, x in found.composition.elements.items()}
    own = HostEntry("own", "own", split, amounts, 0.0, 0.0)
    units = {(name, e): atoms_of(FAMILY, name, e) for name, spec in SPACE.specs.items() for e in spec.species}
    case = Competition(own, [], [], 1.0, {"M": 1.0, "X": 1.0, "W": 6.0}, units=units)
    potentials = np.arange(1.0, 1 + len(case.elements))
    prices, rest = case.ion_prices(potentials)
    whole = sum(amounts[e] * p for e, p in zip(case.elements, potentials, strict=True))
    assert rest + case.space.vector(split) @ prices == pytest.approx(whole)
    # what stands without mixed sites: sodium and six cyanides
    known = dict(zip(case.elements, potentials, strict=True))
    assert rest == pytest.approx(known["Na"] + 6 * (known["C"] + known["N"]))


def test_members_that_a_candidate_is_compared_with_hold_its_water() -> None:
    """A host full of water is none: only metals, and what is missing of them, change places."""
    found = candidate(QUARTER, Fraction(1, 6))
    spec = candidate_spec(found, SPACE.valences)
    vertices = host_vertices(spec)
    assert len(vertices) > 1
    for composition, split in vertices:
        assert composition.fractions["W"] == found.composition.fractions["W"]
        assert sum((ion.charge * x for part in split.values() for ion, x in part.items()), Fraction(0)) == 5


CAMPAIGN = """\
name: wet
host:
  family: pba-hydrated
  working_ion: Na
  sublattices:
    M: {species: {Fe: [2], Ni: [2]}, amounts: {Fe: 1/2, Ni: 1/2}}
    X: {species: {Fe: [2, 3], Va: [0]}, amounts: {Fe: 3/4, Va: 1/4}}
stages: [{engine: chgnet}]
"""


def test_a_campaign_may_leave_cavities_dry_and_write_empty_sites_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "wet.yaml"
    path.write_text(CAMPAIGN)
    (found,) = screen(load_campaign(path)).selected
    assert found.composition.formula == "NaFe1.25Ni0.5(CN)4.5(H2O)1.5"
    path.write_text(CAMPAIGN.replace("    X: {species: {Fe: [2, 3], Va: [0]}, amounts: {Fe: 3/4, Va: 1/4}}\n", ""))
    with pytest.raises(BadInputError, match="the sublattice X of pba-hydrated is missing"):
        load_campaign(path)


def test_formulas_do_not_say_where_water_stands() -> None:
    with pytest.raises(BadInputError, match="where the atoms of the rigid units stand"):
        parse_host_formula("NaFe1.25Ni0.5(CN)4.5(H2O)3", SPACE)


@pytest.mark.parametrize(
    ("label", "element", "update", "message"),
    [
        ("X", "Va", {"valences": (5,)}, r"Va on X carries \+6 with its units"),
        ("X", "Va", {"instead": {"CN": {"group": "H2O", "at": "O"}}}, "CN holds no units with an atom O"),
        ("X", "Va", {"instead": {"M": {"group": "H2O", "at": "N"}}}, "M holds no units with an atom N"),
        ("W", "O", {"unit": "NH3"}, "O on W brings NH3, which groups does not describe"),
        ("W", "O", {"unit": "CN"}, "O on W is not the first atom of CN"),
        ("W", "Va", {"unit": "H2O"}, "Va on W is not the first atom of H2O"),
        ("X", "Fe", {"instead": {"CN": {"group": "H2O", "at": "N"}}}, "instead belongs to an empty site"),
    ],
)
def test_units_that_cannot_be_are_refused(label: str, element: str, update: dict[str, object], message: str) -> None:
    plain: dict[str, Any] = FAMILY.model_dump()
    plain["sublattices"][label]["species"][element].update(update)
    with pytest.raises(ValidationError, match=message):
        Family.model_validate(plain)
