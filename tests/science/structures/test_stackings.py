"""Other stackings of a layered configuration: symmetry, layer sequences, what a glide leaves as it is, and back."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from hebe.config.family import load_family
from hebe.config.stackings import get_stacking, stackings
from hebe.exceptions import BadInputError
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import member_spec
from hebe.science.structures.configuration import build_configuration
from hebe.science.structures.host import host_cell
from hebe.science.structures.stacking import recognise_stacking
from hebe.science.structures.stackings import assemble, restack, stacked_spec, stacking_of, take_apart
from hebe.science.structures.working import choose_orderings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure

    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc
    from hebe.science.structures.slabs import Slabs

SPACE_GROUPS: Final = {"O3": 166, "P3": 166, "O1": 164, "P2": 194, "O2": 186, "OP4": 187}
"""Of one species everywhere, every site of the working ion occupied: O1 is CdI2, OP4 P-6m2."""

LETTERS: Final = {"O3": "ABCABC", "P3": "ABBCCA", "O1": "ABABAB", "P2": "ABBA", "O2": "ABCB", "OP4": "ABBABCCB"}
"""Anion layers from the bottom up."""

MIXED: Final = {
    "layered-o3": (
        Fraction(1),
        {Ion("Ni", 2): Fraction(1, 4), Ion("Mn", 4): Fraction(1, 4), Ion("Fe", 3): Fraction(1, 2)},
    ),
    "layered-p2": (Fraction(2, 3), {Ion("Ni", 2): Fraction(1, 3), Ion("Mn", 4): Fraction(2, 3)}),
}


@cache
def mixed(family: str, seed: int = 0) -> tuple[MemberSpec, ConfigurationDoc]:
    """A mixed sodium host and a configuration of twelve metals."""
    x, split = MIXED[family]
    composition = HostComposition(family, "Na", x, {"TM": {ion.element: part for ion, part in split.items()}})
    valences = {"TM": {ion.element: (ion.charge,) for ion in split}}
    return member_spec(composition, {"TM": dict(split)}, "TM", valences), build_configuration(
        composition, "TM", n_sites=12, seed=seed
    )


def cell_of(document: ConfigurationDoc) -> Structure:
    assert document.structure is not None
    return document.structure


def normal_of(family: str) -> NDArray[np.float64]:
    normal = host_cell(load_family(family), "Na").layer_normal
    assert normal is not None
    return normal


def prototype(family: str, name: str) -> tuple[Slabs, Structure]:
    """Smallest cell of a stacking made from the prototype of a family."""
    host, rule = load_family(family), get_stacking(name)
    slabs = take_apart(host, host_cell(host, "Na").structure, "Na")
    times = math.lcm(len(slabs.slabs), rule.period) // rule.period
    stacked = slabs.stacked(rule.slabs * times, rule.gaps * times)
    structure = assemble(stacked, host, "Na", 5.5)
    symbols = {"A": "Na", "TM": "Co", "O": "O"}
    for i, label in enumerate(structure.site_properties["sublattice"]):
        structure.replace(i, symbols[label], properties={"sublattice": label})
    return stacked, structure


@pytest.mark.parametrize("family", MIXED)
@pytest.mark.parametrize("name", SPACE_GROUPS)
def test_one_species_everywhere_has_the_space_group_of_the_stacking(family: str, name: str) -> None:
    stacked, structure = prototype(family, name)
    dataset = SpacegroupAnalyzer(structure, 1e-4).get_symmetry_dataset()
    assert dataset is not None
    assert dataset.number == SPACE_GROUPS[name]
    middle = [i for i, label in enumerate(structure.site_properties["sublattice"]) if label == "TM"]
    seen = recognise_stacking(structure, stacked.positions.normal, middle)
    assert seen is not None
    assert seen.name == name


@pytest.mark.parametrize("family", MIXED)
@pytest.mark.parametrize("name", LETTERS)
def test_layers_of_anions_follow_the_letters_of_the_stacking(family: str, name: str) -> None:
    """Places of the anions in the cell itself, counted on the net of the lowest layer; no rule of ours is used."""
    _, structure = prototype(family, name)
    up = normal_of(family)
    doubled = structure.make_supercell([1, 1, 6], in_place=False)
    anions = [site for site in doubled if site.properties["sublattice"] == "O"]
    by_height: dict[float, NDArray[np.float64]] = {}
    for site in anions:
        by_height.setdefault(round(float(site.coords @ up), 2), site.coords)
    layers = [by_height[h] for h in sorted(by_height)]
    net = structure.lattice.matrix[:2] if abs(structure.lattice.matrix[2] @ up) > 1 else structure.lattice.matrix[1:]
    slabs = len([s for s in structure if s.properties["sublattice"] == "TM"])
    wanted = (LETTERS[name] * 6)[: 2 * slabs]
    start = 0 if layers[1] @ up - layers[0] @ up < 2.5 else 1  # a slab is thinner than a gap
    found, first = [], layers[start]
    for place in layers[start : start + len(wanted)]:
        lateral = (place - first) - ((place - first) @ up) * up
        thirds = 3 * np.linalg.lstsq(net.T, lateral, rcond=None)[0]
        assert np.abs(thirds - np.rint(thirds)).max() < 1e-3
        found.append("ABC"[round(float(thirds[0])) % 3])
    text = "".join(found)
    starts = {wanted[k:] + wanted[:k] for k in range(0, len(wanted), 2)}
    assert renamed(text) in {renamed(start) for start in starts}


def renamed(letters: str) -> str:
    """Letters with the first two called A and B."""
    third = (set("ABC") - set(letters[:2])).pop()
    return "".join({letters[0]: "A", letters[1]: "B", third: "C"}[letter] for letter in letters)


def moved(old: NDArray[np.float64], new: NDArray[np.float64], within: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shortest vectors from old to new places, translations of the cell within the plane left out."""
    coefficients = np.linalg.lstsq(within.T, (new - old).T, rcond=None)[0]
    whole = np.floor(coefficients + 1e-6)
    options = [(new - old) - (whole.T + np.array([i, j])) @ within for i in (0, 1) for j in (0, 1)]
    best = np.argmin(np.round([np.linalg.norm(option, axis=1) for option in options], 6), axis=0)
    return np.array([options[k][i] for i, k in enumerate(best)])


GLIDES: Final = [("layered-o3", "P3"), ("layered-o3", "O1"), ("layered-p2", "O2"), ("layered-p2", "OP4")]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("family", "there"), GLIDES)
def test_a_glide_moves_slabs_as_they_are_and_back_is_the_cell(family: str, there: str, seed: int) -> None:
    spec, made = mixed(family, seed)
    away, other = restack(spec, made, there), stacked_spec(spec, there)
    growth = away.n_fu // made.n_fu
    held = take_apart(load_family(family), cell_of(made), "Na").repeated(growth)
    after = take_apart(load_family(other.family), cell_of(away), "Na")
    for old, new in zip(held.slabs, after.slabs, strict=True):
        for part in ("metals", "lower", "upper"):
            assert getattr(old, part).elements == getattr(new, part).elements
        places = [np.concatenate([s.metals.places, s.lower.places, s.upper.places]) for s in (old, new)]
        shift = moved(places[0], places[1], held.within)
        assert np.abs(moved(shift[:1], shift, held.within)).max() < 1e-6  # one vector for the whole slab
        assert np.linalg.norm(shift, axis=1).max() < 3.1  # no farther than a translation of the plane
    rule = get_stacking(str(stacking_of(load_family(family))))
    times = len(after.slabs) // rule.period
    back = after.stacked(rule.slabs * times, rule.gaps * times)
    assert back.gaps == held.gaps
    for old, new in zip(held.slabs, back.slabs, strict=True):
        assert np.abs(moved(old.metals.places, new.metals.places, held.within)).max() < 1e-6
        assert np.abs(moved(old.upper.places, new.upper.places, held.within)).max() < 1e-6
    assert np.abs(moved(held.closing[None], back.closing[None], held.within)).max() < 1e-6


@pytest.mark.parametrize("x", [Fraction(1), Fraction(1, 2), Fraction(1, 3)])
def test_ions_of_a_stacking_of_prisms_keep_apart(x: Fraction) -> None:
    spec, made = mixed("layered-o3")
    away, other = restack(spec, made, "P3"), stacked_spec(spec, "P3")
    structure = cell_of(away)
    sites = [i for i, label in enumerate(structure.site_properties["sublattice"]) if label == "A"]
    assert len(sites) == 2 * away.n_fu
    found = choose_orderings(other, away, x, keep=2)
    for occupied in found.occupied:
        assert len(occupied) == x * away.n_fu
        apart = structure.distance_matrix[np.ix_(occupied, occupied)][~np.eye(len(occupied), dtype=bool)]
        assert apart.min() > 2.5


@pytest.mark.parametrize("name", stackings())
def test_every_stacking_is_recognised_in_its_family(name: str) -> None:
    found = stacking_of(load_family(get_stacking(name).family))
    assert found == {"O1": "O3", "OP4": "P2"}.get(name, name)  # these two have sites like those of another


@pytest.mark.parametrize("family", ["rocksalt", "spinel-oxide", "layered-p2-pillared", "sulfide-molybdenite"])
def test_a_host_without_such_slabs_has_no_stacking(family: str) -> None:
    assert stacking_of(load_family(family)) is None


def test_what_cannot_be_stacked_says_why() -> None:
    spec, made = mixed("layered-o3")
    with pytest.raises(BadInputError, match="no stacking is called 'P4'"):
        restack(spec, made, "P4")
    with pytest.raises(BadInputError, match="layered-p3, the family of P3, has no lattice with Li"):
        restack(spec.model_copy(update={"working_ion": "Li"}), made, "P3")
    salt = spec.model_copy(update={"family": "rocksalt"})
    with pytest.raises(BadInputError, match="other sublattices"):
        restack(salt, made, "P3")


def test_an_absent_configuration_stays_absent() -> None:
    spec, made = mixed("layered-o3")
    gone = made.model_copy(update={"structure": None, "status": "absent"})
    assert restack(spec, gone, "P3").status == "absent"
