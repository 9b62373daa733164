"""Ordered tiles: their number by cycles and by listing, degeneracies, draws."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher

from hebe.config.family import load_family
from hebe.exceptions import BadInputError
from hebe.science.chemistry.composition import HostComposition
from hebe.science.structures.enumeration import derivative_cells, distinct_labelings, ordered_ensemble
from hebe.science.structures.host import host_cell
from hebe.science.structures.tiles import TileSet, composition_tiles, number_of_tiles

FIVE = ("Co", "Cu", "Mg", "Ni", "Zn")


def composition(host: str, ion: str | None, x: int, parts: dict[str, dict[str, str]]) -> HostComposition:
    fractions = {name: {e: Fraction(n) for e, n in part.items()} for name, part in parts.items()}
    return HostComposition(host, ion, Fraction(x), fractions)


def equal(*elements: str) -> HostComposition:
    return composition("rocksalt", None, 0, {"M": {e: f"1/{len(elements)}" for e in elements}})


def tiles(of: HostComposition, n_sites: int | None = None, at_most: int = 60, sample: int | None = None) -> TileSet:
    return composition_tiles(of, None, n_sites, at_most, sample)


def test_five_cations_of_a_rock_salt_have_54_tiles_of_ten_atoms() -> None:
    # five fcc cells of five sites; five unlike labels, whose 120 arrangements are equal up to five translations and
    # those point operations of the cell that act on its five sites as multiplication by +-1 (12 orbits) or by all of
    # 1..4 (6 orbits): 4 cells of the first kind, 1 of the second
    found = tiles(equal(*FIVE))
    assert found.total == len(found.tiles) == 4 * 12 + 6
    assert sum(tile.degeneracy for tile in found.tiles) == 31 * math.factorial(5)  # 31 lattices of index 5
    assert {len(tile.structure) for tile in found.tiles} == {10}
    assert not found.sampled


def test_tiles_differ_and_no_symmetry_is_missed() -> None:
    found = tiles(equal("Co", "Mg", "Ni"))
    matcher = StructureMatcher(primitive_cell=False, scale=False)
    for i, one in enumerate(found.tiles):
        assert not any(matcher.fit(one.structure, other.structure) for other in found.tiles[:i])


@pytest.mark.parametrize(
    ("host", "ion", "counts", "n_cells"),
    [
        ("rocksalt", None, {"M": {"Mg": 2, "Ni": 2}}, 4),
        ("rocksalt", None, {"M": {"Mg": 3, "Ni": 2, "Zn": 1}}, 6),
        ("layered-o3", "Na", {"TM": {"Fe": 2, "Mn": 1, "Ni": 1}}, 4),
        ("drx", "Li", {"M": {"Li": 2, "Mn": 1}, "X": {"F": 1, "O": 2}}, 3),
    ],
)
def test_the_number_of_tiles_is_that_of_a_listing(
    host: str, ion: str | None, counts: dict[str, dict[str, int]], n_cells: int
) -> None:
    cell = host_cell(load_family(host), ion)
    species = {name: "O" for name in load_family(host).sublattices if name not in counts}
    listed = ordered_ensemble(cell, counts, species, n_cells)
    assert number_of_tiles(cell, counts, n_cells) == len(listed)
    sites = {name: sum(part.values()) for name, part in counts.items()}
    arrangements = math.prod(
        math.factorial(sites[name]) // math.prod(map(math.factorial, part.values())) for name, part in counts.items()
    )
    lattices = sum(number for _, number in derivative_cells(cell, n_cells))
    assert sum(one.degeneracy for one in listed) == lattices * arrangements


def test_too_many_tiles_are_refused_with_their_number_or_drawn() -> None:
    many = composition("layered-o3", "Na", 1, {"TM": {"Ni": "1/6", "Fe": "1/6", "Mn": "1/3", "Ti": "1/3"}})
    with pytest.raises(BadInputError, match=r"has 368 ordered tiles of 6 mixed sites, more than at_most: 60 .*sample"):
        tiles(many)
    drawn = tiles(many, sample=40)
    assert drawn.sampled
    assert drawn.total == 368
    assert sum(tile.degeneracy for tile in drawn.tiles) == 40
    again = composition_tiles.__wrapped__(many, None, None, 60, 40)
    assert [tile.structure for tile in drawn.tiles] == [tile.structure for tile in again.tiles]
    assert {tile.structure.composition.reduced_formula for tile in drawn.tiles} == {"Na6Ti2Mn2FeNiO12"}


def test_arrangements_are_drawn_as_often_as_symmetry_repeats_them() -> None:
    of, number = equal("Co", "Mg", "Ni", "Zn"), 4000
    exact, drawn = tiles(of), tiles(of, at_most=2, sample=number)
    matcher = StructureMatcher(primitive_cell=False, scale=False)
    times: Counter[int] = Counter()
    for tile in drawn.tiles:
        (same,) = [k for k, one in enumerate(exact.tiles) if matcher.fit(one.structure, tile.structure)]
        times[same] += tile.degeneracy
    assert len(drawn.tiles) == len(times) == exact.total
    share = np.array([tile.degeneracy for tile in exact.tiles]) / sum(t.degeneracy for t in exact.tiles)
    found = np.array([times[k] for k in range(exact.total)])
    chi = float(((found - number * share) ** 2 / (number * share)).sum())
    assert chi < 42.3  # 99.9 % of chi squared with 18 degrees of freedom


@pytest.mark.parametrize(
    ("of", "n_sites", "told"),
    [
        (equal("Co", "Mg", "Ni"), 4, "a tile of 4 sites of M does not hold .*nearest: n_sites: 3"),
        (
            HostComposition("layered-p2", "Na", Fraction(2, 3), {"TM": {"Fe": Fraction(1, 2), "Mn": Fraction(1, 2)}}),
            None,
            "leaves sites of Na empty.*tiles: false",
        ),
    ],
)
def test_what_has_no_tiles_is_refused(of: HostComposition, n_sites: int | None, told: str) -> None:
    with pytest.raises(BadInputError, match=told):
        tiles(of, n_sites)


def test_labelings_of_one_cell_are_counted_as_they_are_listed() -> None:
    cell = host_cell(load_family("rocksalt"))
    for matrix, _ in derivative_cells(cell, 4):
        structure = cell.structure.make_supercell(matrix, in_place=False)
        sites = [i for i, name in enumerate(structure.site_properties["sublattice"]) if name == "M"]
        _, degeneracies = distinct_labelings(structure, [sites], [{"Mg": 2, "Ni": 1, "Zn": 1}])
        assert degeneracies.sum() == 12
