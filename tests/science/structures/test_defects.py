"""Cells with point defects: what moves, what stays, which sites are taken."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.config.family import load_family
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import member_spec
from hebe.science.structures.configuration import build_configuration
from hebe.science.structures.defects import DefectSites, chosen, elements_of, most_defects, swapped, without_defects
from support.defects import cell, sites
from support.insertion_states import spec

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.schemas.defects import DefectCell, DefectKind


def moved(before: Structure, after: Structure) -> list[int]:
    """Sites whose coordinates differ."""
    return [int(i) for i in np.flatnonzero(np.abs(after.frac_coords - before.frac_coords).max(axis=1) > 1e-9)]


def made(x: str, kind: DefectKind, number: int = 3) -> tuple[Structure, list[DefectCell]]:
    structure = cell(x)
    return structure, sites(structure).cells(kind, number)[0]


def test_swapping_twice_gives_the_cell_back() -> None:
    structure = cell("1/2")
    there = swapped(structure, 1, 6)
    assert moved(structure, there) == [1, 6]
    back = swapped(there, 1, 6)
    assert back.frac_coords == pytest.approx(structure.frac_coords)
    assert back.species == structure.species
    assert back.site_properties == structure.site_properties


@pytest.mark.parametrize("kind", ["octahedral", "tetrahedral"])
def test_one_cation_moves_into_a_site_that_was_empty(kind: DefectKind) -> None:
    structure, cells = made("1/2", kind)
    assert Counter(one.element for one in cells) == {"Mn": 3, "Ni": 3}
    for one in cells:
        assert moved(structure, one.structure) == [one.site]
        assert one.structure.composition == structure.composition
        assert one.structure[one.site].specie.symbol == one.element
        assert structure.site_properties["sublattice"][one.site] == "TM"
        near = one.structure.get_neighbors(one.structure[one.site], 2.7)
        assert sum(n.specie.symbol == "O" for n in near) == (6 if kind == "octahedral" else 4)
        assert min(n.nn_distance for n in near) > 1.6
        step = structure.lattice.get_cartesian_coords(np.array(one.target) - structure.frac_coords[one.site])
        assert np.linalg.norm(step) == pytest.approx(one.distance_A)
        assert (one.distance_A or 0.0) < (3.6 if kind == "octahedral" else 2.4)


def test_a_full_host_has_no_empty_octahedron() -> None:
    assert made("1", "octahedral")[1] == []


def test_a_tetrahedron_is_the_emptiest_that_the_cation_shares_a_face_with() -> None:
    """At x = 1/2 rows of sodium are missing: the tetrahedron keeps away from what is left more than at x = 1."""
    distances = {}
    for x in ("1", "1/2"):
        structure, cells = made(x, "tetrahedral", 8)
        cations = [i for i, site in enumerate(structure) if site.specie.symbol != "O"]
        found = []
        for one in cells:
            others = [i for i in cations if i != one.site]
            found.append(min(one.structure.get_distance(one.site, i) for i in others))
        distances[x] = float(np.mean(found))
    assert distances["1/2"] > distances["1"]


@pytest.mark.parametrize("x", ["1", "1/2"])
def test_a_tetrahedron_shares_a_face_with_no_other_metal(x: str) -> None:
    """It is the one in the gap, above or below the cation: those between three metals lead nowhere."""
    structure, cells = made(x, "tetrahedral", 8)
    assert len(cells) == 8
    metals = [i for i, site in enumerate(structure) if site.specie.symbol in {"Ni", "Mn"}]
    for one in cells:
        others = [i for i in metals if i != one.site]
        assert min(one.structure.get_distance(one.site, i) for i in others) > 2.5


def test_a_cation_that_stays_makes_no_room_for_a_tetrahedron() -> None:
    """Every tetrahedron of the gap shares a face with a full site of it: sodium gives way, a fixed cation does not."""
    structure = cell("1")
    fixed = structure.copy()
    for i, label in enumerate(structure.site_properties["sublattice"]):
        if label == "A":
            fixed.replace(i, "P", properties={"sublattice": "P"})
    assert sites(structure).cells("tetrahedral", 8)[0]
    assert sites(fixed).cells("tetrahedral", 8)[0] == []


def test_an_antisite_swaps_a_cation_with_the_nearest_ion() -> None:
    structure, cells = made("1", "antisite")
    assert {one.element for one in cells} == {"Mn", "Ni"}
    for one in cells:
        assert one.partner is not None
        assert moved(structure, one.structure) == sorted([one.site, one.partner])
        assert structure[one.partner].specie.symbol == "Na"
        sodium = [i for i, site in enumerate(structure) if site.specie.symbol == "Na"]
        nearest = min(structure.get_distance(one.site, i) for i in sodium)
        assert one.distance_A == pytest.approx(nearest)
        place = structure.lattice.get_distance_and_image(
            one.structure.frac_coords[one.site], structure.frac_coords[one.partner]
        )
        assert place[0] == pytest.approx(0.0, abs=1e-9)


def test_a_vacancy_takes_one_oxygen() -> None:
    structure, cells = made("1/2", "oxygen_vacancy", 6)
    assert len(cells) == 6
    assert len({one.site for one in cells}) == 6
    for one in cells:
        assert structure[one.site].specie.symbol == "O"
        assert len(one.structure) == len(structure) - 1
        lost = structure.composition - one.structure.composition
        assert {str(e): n for e, n in lost.items()} == {"O": 1}
        assert one.environment in {"Mn3", "Mn2Ni", "MnNi2", "Ni3"}


def test_sites_are_taken_from_all_environments_first() -> None:
    structure = cell("1/2")
    every, counts = sites(structure).cells("oxygen_vacancy", 100)
    assert counts == {"O": 16}
    assert len(every) == 16
    kinds = {one.environment for one in every}
    few = chosen(every, len(kinds))
    assert {one.environment for one in few} == kinds
    most = Counter(one.environment for one in every).most_common(1)[0][1]
    assert Counter(one.environment for one in every)[few[0].environment] == most


def test_the_choice_is_the_same_for_every_image_of_the_cell() -> None:
    structure = cell("1/2")
    wrapped = structure.copy()
    for i in range(len(wrapped)):
        wrapped.translate_sites([i], [1, -2, 1] if i % 2 else [0, 0, 0], to_unit_cell=False)
    for kind in ("octahedral", "tetrahedral", "antisite", "oxygen_vacancy"):
        first, second = (sites(one).cells(kind, 4)[0] for one in (structure, wrapped))
        assert [(a.site, a.partner, a.environment) for a in first] == [
            (a.site, a.partner, a.environment) for a in second
        ]


def test_how_many_cells_there_can_be() -> None:
    member = spec()
    assert elements_of(member, "oxygen_vacancy") == ["O"]
    assert elements_of(member, "antisite") == ["Mn", "Ni"]
    for kind in ("octahedral", "tetrahedral", "antisite", "oxygen_vacancy"):
        found, _ = sites(cell("1/2")).cells(kind, 2)
        assert len(found) <= most_defects(member, kind, 2)


def test_lithium_of_the_slab_is_no_antisite_of_lithium() -> None:
    """Lithium in the layer of the metals moves, but swapping it with lithium changes nothing."""
    structure = cell("1/2")
    nickel = [i for i, site in enumerate(structure) if site.specie.symbol == "Ni"]
    structure.replace(nickel[0], "Na", properties=dict(structure[nickel[0]].properties))
    found = DefectSites(structure, load_family("layered-o3"))
    assert "Na" in found.cells("octahedral", 1)[1]
    assert "Na" not in found.cells("antisite", 1)[1]


@pytest.mark.parametrize(
    ("family", "own", "part"),
    [("layered-li-rich", 1, {"TM": {"Li": (1, 3), "Mn": (2, 3)}}), ("drx", 0, {"M": {"Li": (1, 2), "Mn": (1, 2)}})],
)
def test_a_working_ion_that_shares_the_sites_of_metals_is_none_that_migrates(
    family: str, own: int, part: dict[str, dict[str, tuple[int, int]]]
) -> None:
    """Lithium leaves its site when the cell is charged: energies and environments are those of the metals."""
    fractions = {name: {e: Fraction(*x) for e, x in of.items()} for name, of in part.items()}
    ((name, mixed),) = fractions.items()
    composition = HostComposition(family, "Li", Fraction(own), fractions)
    split = {name: {Ion("Li", 1): mixed["Li"], Ion("Mn", 4 if own else 3): mixed["Mn"]}}
    member = member_spec(composition, split, name, {name: {"Li": (1,), "Mn": (3, 4)}})
    structure = build_configuration(composition, name, n_sites=6, index=0, seed=0).structure
    assert structure is not None
    found = DefectSites(structure, load_family(family), "Li")
    kinds: tuple[DefectKind, ...] = ("octahedral", "tetrahedral", "antisite")
    for kind in kinds:
        assert set(found.cells(kind, 1)[1]) <= {"Mn"}
        assert elements_of(member, kind) == ["Mn"]
    vacancies = found.cells("oxygen_vacancy", 4)[0]
    assert vacancies
    assert not any("Li" in one.environment for one in vacancies)


@pytest.mark.parametrize(("family", "said"), [("pba", "rigid units"), ("nasicon", "rigid units"), ("layered-o3", None)])
def test_hosts_of_rigid_units_have_none(family: str, said: str | None) -> None:
    refused = without_defects(load_family(family))
    assert (refused is None) == (said is None)
    if refused is not None and said is not None:
        assert said in refused[0]
