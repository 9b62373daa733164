"""Every host family is complete, and its data agree with each other and with published tables."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from pydantic import ValidationError
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure

from hebe.config.family import Family, family_names, load_family
from hebe.exceptions import BadInputError

ONLY_OTHER_SPIN = {("Co", 4): "High Spin"}
"""Ions for which Shannon (1976) lists a radius in the other spin state alone."""

ROMAN = {4: "IV", 6: "VI", 8: "VIII", 12: "XII"}

families = pytest.mark.parametrize("name", family_names())


@families
def test_family_is_named_like_its_file(name: str) -> None:
    assert load_family(name).name == name


@families
def test_elements_are_real_and_take_these_charges(name: str) -> None:
    family = load_family(name)
    ions = [
        (element, valence)
        for sublattice in family.sublattices.values()
        for element, data in sublattice.species.items()
        for valence in data.valences
    ]
    ions += [(couple.element, valence) for couple in family.ladder for valence in (couple.reduced, couple.oxidised)]
    ions += [(ion, 1) for ion in family.working_ions]
    for element, valence in ions:
        assert Element.is_valid_symbol(element)
        assert valence in Element(element).oxidation_states, (element, valence)


@families
def test_shannon_knows_every_ion(name: str) -> None:
    for sublattice in load_family(name).sublattices.values():
        for element, data in sublattice.species.items():
            assert set(data.low_spin) <= set(data.valences)
            for valence in data.valences:
                radii = Element(element).data["Shannon radii"][str(valence)][ROMAN[sublattice.coordination]]
                spin = "Low Spin" if valence in data.low_spin else "High Spin"
                spin = ONLY_OTHER_SPIN.get((element, valence), spin)
                assert (radii.get(spin) or radii[""])["ionic_radius"] > 0, (element, valence)


@families
def test_sublattices_have_their_species(name: str) -> None:
    family = load_family(name)
    for sublattice in family.sublattices.values():
        assert bool(sublattice.species) == (sublattice.role != "working")
    for mixed in family.mixed:
        signs = {v > 0 for data in family.sublattices[mixed].species.values() for v in data.valences}
        assert signs == {family.sublattices[mixed].role != "anion"}


@families
def test_ladder_covers_what_mixes(name: str) -> None:
    family = load_family(name)
    steps = {(couple.element, couple.reduced): couple.oxidised for couple in family.ladder}
    assert len(steps) == len(family.ladder)
    for couple in family.ladder:
        assert couple.oxidised == couple.reduced + 1
        assert any(couple.element in family.sublattices[mixed].species for mixed in family.mixed)
    for mixed in family.mixed:
        for element, data in family.sublattices[mixed].species.items():
            for low in range(min(data.valences), max(data.valences)):
                assert (element, low) in steps, (element, low)


@families
def test_couples_of_one_element_rise_along_the_ladder(name: str) -> None:
    seen: dict[str, int] = {}
    for couple in load_family(name).ladder:
        assert couple.reduced >= seen.get(couple.element, -10), couple
        seen[couple.element] = couple.oxidised


@families
def test_ladders_state_potentials_or_why_there_are_none(name: str) -> None:
    family = load_family(name)
    measured = [couple.potential_V for couple in family.ladder if couple.potential_V is not None]
    assert measured == sorted(measured)
    assert all(0 < potential < 5 for potential in measured)
    assert bool(measured) == (family.ladder_electrode is not None) == (not family.no_electrode)
    assert all(couple.source for couple in family.ladder)


def test_potentials_of_sodium_hosts_are_those_of_their_end_members() -> None:
    """Averages of NaTiO2, NaMnO2, NaCrO2 and NaFeO2 within the width of their plateaus."""
    potentials = {couple.label: couple.potential_V for couple in load_family("layered-o3").ladder}
    for label, volts in (("Ti 3+/4+", 1.0), ("Mn 3+/4+", 2.85), ("Cr 3+/4+", 3.0), ("Fe 3+/4+", 3.3)):
        assert potentials[label] == pytest.approx(volts, abs=0.1)


def test_prismatic_stackings_share_a_ladder_and_keep_the_order_of_octahedral_ones() -> None:
    o3, p2, p3 = (load_family(name) for name in ("layered-o3", "layered-p2", "layered-p3"))
    assert p2.ladder == p3.ladder
    assert [couple.label for couple in p2.ladder] == [couple.label for couple in o3.ladder]


def test_anions_give_before_the_last_couples_of_disordered_rock_salts() -> None:
    drx = load_family("drx")
    after = [couple.label for couple in drx.ladder[drx.couples_before_anions :]]
    assert after == ["Fe 3+/4+", "Co 3+/4+", "Ni 3+/4+"]
    assert load_family("layered-o3").couples_before_anions == len(load_family("layered-o3").ladder)
    assert drx.model_copy(update={"anion_limit": None}).couples_before_anions == 0


def changed(**update: object) -> Family:
    return Family.model_validate({**load_family("layered-o3").model_dump(), **update})


def ladder(**second: object) -> list[dict[str, object]]:
    """Two couples, the second with other data."""
    first = {"element": "Mn", "reduced": 3, "oxidised": 4, "potential_V": 2.8, "source": "s"}
    return [first, {"element": "Ni", "reduced": 3, "oxidised": 4, "source": "s", **second}]


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"ladder": ladder(potential_V=2.7)}, r"Mn 3\+/4\+ at 2.8 V stands below Ni 3\+/4\+ at 2.7 V"),
        ({"ladder": ladder()}, "give potential_V, or no_potential with the reason"),
        ({"ladder": ladder(potential_V=4.2, no_potential="why")}, "give potential_V, or no_potential with the reason"),
        ({"ladder": ladder(potential_V=4.2), "anion_limit": "Ni 2+/3+"}, r"must be a couple of the ladder"),
        ({"ladder_electrode": None, "no_electrode": "why"}, "names no electrode"),
        ({"ladder_electrode": None}, "give the electrode"),
        ({"no_electrode": "why"}, "give the electrode"),
    ],
)
def test_a_ladder_out_of_order_or_without_its_reasons_is_refused(update: dict[str, object], message: str) -> None:
    assert changed(ladder=ladder(potential_V=2.8)).couples_before_anions == 2
    with pytest.raises(ValidationError, match=message):
        changed(**update)


def spacing(ratio: float, state: str) -> dict[str, dict[str, object]]:
    measured = [{"material": "NaMO2", "ion": "Na", "ratio": ratio, "state": state, "source": "s"}]
    return {"topology": {"spacing": {"Na": [0.9, 1.1]}, "measured": measured}}


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"topology": {"spacing": {"Na": [1.05, 1.1]}}}, "range around 1"),
        ({"topology": {"measured": spacing(0.95, "host")["topology"]["measured"]}}, "there is no spacing"),
        (spacing(1.12, "host"), "measured at 1.12 as the host"),
        (spacing(0.95, "left"), "has left the host at 0.95"),
    ],
)
def test_limits_of_the_spacing_agree_with_what_was_measured(update: dict[str, object], message: str) -> None:
    assert changed(**spacing(1.08, "host")).topology.spacing_with("Na") == (0.9, 1.1)
    assert changed(**spacing(0.8, "stacking")).topology.spacing_with("K") == (0.9, 1.1)
    assert load_family("rocksalt").topology.spacing_with(None) == (0, math.inf)
    with pytest.raises(ValidationError, match=message):
        changed(**update)


@families
def test_content_of_the_working_ion(name: str) -> None:
    family = load_family(name)
    assert 0 <= family.x_made <= family.x_full
    assert (family.x_full > 0) == bool(family.working_ions)


def cells(family: Family) -> list[Structure]:
    """Conventional cells of the family with one element per sublattice."""
    built = []
    for ion, estimate in family.lattice.items():
        lengths = [estimate.parameters.get(side, estimate.parameters["a"]) for side in ("a", "b", "c")]
        angles = [90.0, 90.0, 120.0 if 143 <= family.space_group <= 194 else 90.0]
        species, coordinates = [], []
        for sublattice in family.sublattices.values():
            element = ion if sublattice.role == "working" else next(reversed(sublattice.species))
            species += [element] * len(sublattice.coordinates)
            coordinates += [[float(value) for value in site] for site in sublattice.coordinates]
        lattice = Lattice.from_parameters(*lengths, *angles)
        built.append(Structure.from_spacegroup(family.space_group, lattice, species, coordinates))
    return built


@families
def test_prototype_is_the_crystal_it_names(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Multiplicities, coordination and bond lengths follow from group and coordinates."""
    monkeypatch.setenv("SPGLIB_OLD_ERROR_HANDLING", "false")
    family = load_family(name)
    for structure in cells(family):
        sites = sum(sublattice.multiplicity for sublattice in family.sublattices.values())
        units = Fraction(len(structure), sites)
        assert units.denominator == 1
        counts = structure.composition.get_el_amt_dict()
        for sublattice in family.sublattices.values():
            multiplicity = sum(int(label[:-1]) for label in sublattice.wyckoff.split())
            assert multiplicity == sublattice.multiplicity * units
            assert multiplicity in {int(amount) for amount in counts.values()}
        assert structure.get_space_group_info(symprec=1e-3)[1] == family.space_group
        anion = next(s for s in family.sublattices.values() if s.role == "anion")
        symbols = set(anion.species)
        working = [s for s in family.sublattices.values() if s.role == "working"]
        occupied = family.x_full / working[0].multiplicity if working else Fraction(1)
        for site in structure:
            others = [
                n
                for n in structure.get_neighbors(site, 3.0)
                if (n.specie.symbol in symbols) != (site.specie.symbol in symbols)
            ]
            mobile = [n for n in others if n.specie.symbol in family.working_ions]
            full = Fraction(len(others) - len(mobile)) + len(mobile) * occupied
            assert full == anion.coordination
            assert 1.7 < min(n.nn_distance for n in others) < 2.6


def test_an_unknown_family_names_the_nearest() -> None:
    with pytest.raises(BadInputError, match="layerd-o3") as caught:
        load_family("layerd-o3")
    assert caught.value.suggestion == "did you mean layered-o3?"
