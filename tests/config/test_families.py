"""Every host family is complete, and its data agree with each other and with published tables."""

from __future__ import annotations

import math
import sys
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError
from pymatgen.core.periodic_table import Element

from hebe.campaigns.loading import load_campaign
from hebe.config.family import Family, family_names, load_family
from hebe.config.family_sites import VACANCY
from hebe.config.plugins import plugins
from hebe.exceptions import BadInputError
from hebe.science.chemistry.metals import metallic_radius
from hebe.science.chemistry.screening import screen
from hebe.science.structures.configuration import build_configuration

if TYPE_CHECKING:
    from collections.abc import Iterator


ONLY_OTHER_SPIN = {("Co", 4): "High Spin"}
"""Ions for which Shannon (1976) lists a radius in the other spin state alone."""

ONE_SPIN: frozenset[tuple[str, int]] = frozenset()
"""Ions that Shannon lists in that coordination in the other spin state alone."""

NO_RADIUS = {("Sn", 2): "left out by Shannon, as its lone pair takes no sphere"}

IN_PAIRS = {("Se", -1), ("S", -1)}
"""Ions of pairs (pyrites), which are not among the usual oxidation states."""

ROMAN = {3: "III", 4: "IV", 5: "V", 6: "VI", 8: "VIII", 9: "IX", 12: "XII"}

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
        if element != VACANCY and data.unit is None
    ]
    ions += [(couple.element, valence) for couple in family.ladder for valence in (couple.reduced, couple.oxidised)]
    ions += [(ion, 1) for ion in family.working_ions]
    ions += [(atom.element, atom.valence) for group in family.groups.values() for atom in group.atoms]
    for element, valence in ions:
        assert Element.is_valid_symbol(element)
        known = valence in Element(element).oxidation_states or (element, valence) in IN_PAIRS
        assert known or not family.charged, (element, valence)


@families
def test_every_species_has_a_radius(name: str) -> None:
    """Shannon's with the coordination of the sublattice where cations mix, Miracle's for the atom of a metal."""
    family = load_family(name)
    for sublattice in (family.sublattices[label] for label in family.mixed_cations):
        for element, data in sublattice.species.items():
            assert set(data.low_spin) <= set(data.valences)
            for valence in data.valences:
                if element == VACANCY or data.unit is not None:
                    continue
                if valence == 0:
                    assert metallic_radius(element)
                    continue
                if (element, valence) in NO_RADIUS:
                    continue
                radii = Element(element).data["Shannon radii"][str(valence)][ROMAN[sublattice.coordination]]
                spin = "Low Spin" if valence in data.low_spin else "High Spin"
                spin = ONLY_OTHER_SPIN.get((element, valence), spin)
                known = radii.get(spin) or radii.get("") or next(iter(radii.values()))
                assert known["ionic_radius"] > 0, (element, valence)
                assert spin in radii or "" in radii or (element, valence) in ONE_SPIN, (element, valence)


@families
def test_sublattices_have_their_species(name: str) -> None:
    family = load_family(name)
    for label, sublattice in family.sublattices.items():
        assert bool(sublattice.species) == (label not in family.working_own and sublattice.role != "group")
    for mixed in family.mixed:
        if any(data.unit for data in family.sublattices[mixed].species.values()):
            continue
        charges = {v for data in family.sublattices[mixed].species.values() for v in data.valences if v}
        signs = {charge > 0 for charge in charges}
        assert signs == ({family.sublattices[mixed].role != "anion"} if family.bonding == "ionic" else set())


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
    assert all(0 < potential < 5.5 for potential in measured)
    if not family.charged:
        assert not family.ladder
    else:
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
    """Contents are those of the ion's own sites, which need not all have room at a time."""
    family = load_family(name)
    sites = sum(family.sublattices[label].multiplicity for label in family.working_own)
    assert 0 <= family.x_made <= family.x_full <= sites
    assert (family.x_full > 0) == bool(family.working_own)
    assert bool(family.working_ions) == bool(family.working_own or family.working_shared)


def test_an_unknown_family_names_the_nearest() -> None:
    with pytest.raises(BadInputError, match="layerd-o3") as caught:
        load_family("layerd-o3")
    assert caught.value.suggestion == "did you mean layered-o3?"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folder of an installed package with the families brought-host, other-name and lost."""
    (tmp_path / "brought_hosts.py").write_text(
        f"from pathlib import Path\nHOST = {str(tmp_path / 'brought.yaml')!r}\nPATH = Path(HOST)\nLOST = PATH / 'x'\n"
    )
    info = tmp_path / "brought-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brought\nVersion: 1.0\n")
    points = "brought-host = brought_hosts:HOST\nother-name = brought_hosts:PATH\nlost = brought_hosts:LOST\n"
    (info / "entry_points.txt").write_text(f"[hebe.families]\n{points}")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "brought_hosts", raising=False)
    plugins.cache_clear()
    load_family.cache_clear()
    yield tmp_path
    plugins.cache_clear()
    load_family.cache_clear()


ROCK_SALT = (Path(str(resources.files("hebe.config"))) / "families" / "rocksalt.yaml").read_text(encoding="utf-8")


def test_a_package_brings_a_family_of_its_own(package: Path) -> None:
    """An entry point that names the path of a file."""
    (package / "brought.yaml").write_text(ROCK_SALT.replace("name: rocksalt", "name: brought-host"))
    assert {"brought-host", "rocksalt"} <= set(family_names())
    assert load_family("brought-host").ladder == load_family("rocksalt").ladder
    with pytest.raises(BadInputError, match="calls itself 'brought-host'"):
        load_family("other-name")
    with pytest.raises(BadInputError, match="names no file of a family"):
        load_family("lost")


INTERSTITIAL = """\
name: brought-host
title: Rock salt with tetrahedral interstitial sites
citation: "made for this test"
like: rocksalt
space_group: 225
sublattices:
  M: {wyckoff: 4a, coordinates: [[0, 0, 0]], coordination: 6, multiplicity: 1, role: mixed}
  T:
    wyckoff: 8c
    coordinates: [[1/4, 1/4, 1/4]]
    coordination: 4
    multiplicity: 2
    role: mixed
    species: {Li: {valences: [1]}, Va: {}}
  O: {wyckoff: 4b, coordinates: [[1/2, 1/2, 1/2]], coordination: 6, multiplicity: 1, role: anion}
lattice: {none: {parameters: {a: 4.212}, reference_radius: 0.72, source: "MgO"}}
x_full: 0
x_made: 0
sources: ["made for this test"]
"""

CAMPAIGN = """\
name: {name}
host: {{family: brought-host, sublattices: {{{sublattices}}}}}
stages: [{{engine: chgnet}}]
"""


def test_interstitial_sites_may_be_empty_or_left_out(package: Path) -> None:
    """Empty sites are no atoms, whether a campaign says so or says nothing of them; vacancies count as a species."""
    (package / "brought.yaml").write_text(INTERSTITIAL)
    metals = "M: {species: {Mg: [2], Ni: [2]}, n_species: 2, grid: 2}"
    filled = "M: {species: {Mg: [2], Li: [1]}, amounts: {Mg: 1/2, Li: 1/2}}"
    for name, sublattices in (("a", metals), ("b", f"{metals}, T: {{species: {{Va: [0]}}}}")):
        path = package / f"{name}.yaml"
        path.write_text(CAMPAIGN.format(name=name, sublattices=sublattices))
        (candidate,) = screen(load_campaign(path)).selected
        assert candidate.composition.formula == "Mg0.5Ni0.5O"
        assert candidate.charge == 0
        built = build_configuration(candidate.composition, "M", n_sites=4)
        assert built.structure is not None
        assert built.structure.composition.get_el_amt_dict() == {"Mg": 2, "Ni": 2, "O": 4}
    path = package / "c.yaml"
    sublattices = f"{filled}, T: {{species: {{Li: [1], Va: [0]}}, n_species: 2, grid: 4}}"
    path.write_text(CAMPAIGN.format(name="c", sublattices=sublattices))
    (candidate,) = screen(load_campaign(path)).selected
    assert candidate.composition.fractions["T"] == {"Li": Fraction(1, 4), "Va": Fraction(3, 4)}
    assert candidate.composition.formula == "LiMg0.5O"
    assert candidate.entropy_R["sublattice-sum"] == pytest.approx(
        math.log(2) - 0.25 * math.log(0.25) - 0.75 * math.log(0.75)
    )


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"ladder": load_family("rocksalt").ladder}, "has no ladder"),
        ({"working_ions": ["Na"], "x_full": 1}, "go together"),
        ({"anion_limit": "Ni 2+/3+"}, "must be a couple of the ladder"),
        ({"example": {"X": {"species": {"Ni": [0]}}}}, "on which nothing mixes"),
    ],
)
def test_a_metal_with_charges_is_refused(update: dict[str, object], message: str) -> None:
    plain = load_family("fcc-alloy").model_dump()
    assert Family.model_validate(plain).mixed == ("M",)
    with pytest.raises(ValidationError, match=message):
        Family.model_validate({**plain, **update})


def test_an_ionic_host_needs_oxidation_states() -> None:
    plain = load_family("rocksalt").model_dump()
    plain["sublattices"]["M"]["species"]["Ni"] = {}
    with pytest.raises(ValidationError, match="Ni on M has no oxidation state"):
        Family.model_validate(plain)


def test_what_a_species_does_follows_from_the_ladder() -> None:
    """Couples make an element active; what the family says of itself, as of ions between slabs, comes first."""
    o3, pillared = load_family("layered-o3"), load_family("layered-p2-pillared")
    assert [o3.function_of("TM", element) for element in ("Ni", "Mn", "Mg", "Zr")] == [
        "active",
        "active",
        "inert",
        "inert",
    ]
    assert [pillared.function_of("Na", element) for element in ("K", "Ca", "Va")] == ["pillar", "pillar", None]
    assert load_family("drx").function_of("X", "F") is None
    assert load_family("fcc-alloy").function_of("M", "Ni") is None


def test_a_lattice_of_a_sublattice_that_does_not_mix_is_refused() -> None:
    raw = load_family("argyrodite").model_dump()
    assert raw["lattice"]["Li"]["of"] == "P"
    raw["lattice"]["Li"]["of"] = "Li"
    with pytest.raises(ValidationError, match="the lattice is of Li, which is none of P, X"):
        Family.model_validate(raw)


def test_estimates_with_slopes_say_of_which_of_several_sublattices_they_are() -> None:
    """Any of several mixed sublattices may be the primary one of a campaign."""
    families = [load_family(name) for name in family_names()]
    silent = [
        one.name for one in families if len(one.mixed) > 1 and any(e.slopes and not e.of for e in one.lattice.values())
    ]
    assert not silent
