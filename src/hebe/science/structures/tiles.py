"""Ordered tiles of a composition: all distinct cells of one size, or arrangements drawn at random.

The average over all ordered cells of one size, each as often as symmetry repeats it, stands for the disordered phase:
Yang et al., Chem. Mater. 28, 6484 (2016). Numbers of distinct cells without listing them: Polya's enumeration, by the
cycles of the symmetry operations.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from pymatgen.core import Structure

from hebe.config.family_sites import VACANCY
from hebe.exceptions import BadInputError
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.keys import rounded
from hebe.science.structures.configuration import lattice_radius
from hebe.science.structures.enumeration import derivative_cells, occupied, ordered_ensemble
from hebe.science.structures.host import HostCell, host_cell
from hebe.science.structures.lattice_reduction import reduced_cell
from hebe.science.structures.orderings import site_permutations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hebe.schemas.spec import MemberSpec
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.structures.lattice_reduction import IntMatrix


@dataclass(frozen=True)
class Tile:
    """One ordered cell, and how many arrangements it stands for: its degeneracy, or how often it was drawn."""

    structure: Structure
    degeneracy: int


@dataclass(frozen=True)
class TileSet:
    """Tiles of a composition, and how many distinct ones there are; fewer stand here if they were drawn."""

    tiles: tuple[Tile, ...]
    total: int
    sampled: bool = False


@dataclass(frozen=True)
class _Filling:
    """What stands on the sublattices of a cell of `n_cells` primitive ones."""

    cell: HostCell
    counts: Mapping[str, Mapping[str, int]]
    species: Mapping[str, str]
    n_cells: int


def member_tiles(spec: MemberSpec, n_sites: int | None, at_most: int, sample: int | None) -> TileSet:
    """Ordered tiles of a member of a host in its estimated lattice; see `composition_tiles`."""
    composition = composition_of(spec)
    radius = lattice_radius(composition, split_of(spec), spec.primary)
    return composition_tiles(composition, radius, n_sites, at_most, sample)


def sites_for(spec: MemberSpec, least: int) -> int:
    """Sites of the sublattice with most species in the smallest tiles that hold a member and as many such sites."""
    composition = composition_of(spec)
    primary = max(composition.fractions, key=lambda name: len(composition.fractions[name]))
    per_cell = host_cell(composition.host, spec.working_ion).sites_per_cell(primary)
    cells = math.lcm(*(x.denominator for _, x in _amounts(composition)))
    return cells * per_cell * max(1, math.ceil(least / (cells * per_cell)))


@lru_cache(maxsize=64)
def composition_tiles(
    composition: HostComposition, radius: float | None, n_sites: int | None, at_most: int, sample: int | None
) -> TileSet:
    """Ordered tiles of a composition.

    Parameters
    ----------
    composition
        Its working ions must fill their own sites, or be absent from them.
    radius
        Mean cation radius (A) for the starting lattice.
    n_sites
        Sites of the sublattice with most species in a tile; by default the fewest that hold the composition.
    at_most
        How many distinct tiles are taken.
    sample
        If there are more: how many arrangements are drawn, each of all being equally likely. Those that symmetry makes
        equal are one tile.

    Raises
    ------
    BadInputError
        If there are more than `at_most` tiles and no `sample`, or no tile holds the composition.
    """
    filling = _filling(composition, radius, n_sites)
    total = number_of_tiles(filling.cell, filling.counts, filling.n_cells)
    if total <= at_most:
        found = ordered_ensemble(filling.cell, filling.counts, filling.species, filling.n_cells)
        return TileSet(tuple(Tile(rounded(one.structure, ideal=True), one.degeneracy) for one in found), total)
    if sample is None:
        sites = max(sum(part.values()) for part in filling.counts.values())
        reason = f"{composition.formula} has {total} ordered tiles of {sites} mixed sites, more than at_most: {at_most}"
        raise BadInputError(reason, suggestion="sample: 40 draws that many, tiles: false does without")
    return TileSet(tuple(_drawn(filling, composition.candidate_id, sample)), total, sampled=True)


def number_of_tiles(cell: HostCell, counts: Mapping[str, Mapping[str, int]], n_cells: int) -> int:
    """How many ordered cells of `n_cells` primitive ones symmetry does not make equal.

    Parameters are those of `ordered_ensemble`.
    """
    total = 0
    for matrix, _ in derivative_cells(cell, n_cells):
        structure = _supercell(cell, matrix)
        parts, permutations = _mixed(structure, list(counts))
        fixed = sum(_fixed(permutation, parts, list(counts.values())) for permutation in permutations)
        total += fixed // len(permutations)
    return total


def _filling(composition: HostComposition, radius: float | None, n_sites: int | None) -> _Filling:
    host, ion = composition.host, composition.working_ion
    cell = host_cell(host, ion, radius)
    own = sum(host.sublattices[name].multiplicity for name in host.working_own)
    if composition.x_own not in (0, own) or any(sub.exclusion for sub in host.sublattices.values()):
        reason = f"{composition.formula} leaves sites of {ion} empty: its tiles would be ordered in them as well"
        raise BadInputError(reason, suggestion="tiles: false")
    if any(sub.group is not None for sub in host.sublattices.values()):
        raise BadInputError(f"{host.name} holds groups, of which no tiles are made", suggestion="tiles: false")
    per_cell = {name: cell.sites_per_cell(name) for name in composition.fractions}
    fewest = math.lcm(*((x * per_cell[name]).denominator for name, x in _amounts(composition)))
    primary = max(composition.fractions, key=lambda name: len(composition.fractions[name]))
    n_cells = fewest if n_sites is None else Fraction(n_sites, per_cell[primary])
    if n_cells % fewest or n_cells <= 0:
        nearest = max(1, round(n_cells / fewest)) * fewest * per_cell[primary]
        reason = f"a tile of {n_sites} sites of {primary} does not hold {composition.formula}"
        raise BadInputError(reason, suggestion=f"nearest: n_sites: {nearest}")
    counts = {
        name: {element: int(x * per_cell[name] * n_cells) for element, x in part.items() if x}
        for name, part in composition.fractions.items()
    }
    species = {
        name: (str(ion) if composition.x_own else VACANCY) if name in host.working_own else next(iter(sub.species))
        for name, sub in host.sublattices.items()
        if name not in counts
    }
    return _Filling(cell, counts, species, int(n_cells))


def _amounts(composition: HostComposition) -> list[tuple[str, Fraction]]:
    return [(name, x) for name, part in composition.fractions.items() for x in part.values() if x]


def _supercell(cell: HostCell, matrix: IntMatrix) -> Structure:
    return cell.structure.make_supercell(reduced_cell(matrix, cell.structure.lattice.matrix), in_place=False)


def _mixed(structure: Structure, names: Sequence[str]) -> tuple[list[list[int]], NDArray[np.int64]]:
    """Positions of each mixed sublattice among the mixed sites, and the symmetry operations as permutations of them."""
    labels = list(structure.site_properties["sublattice"])
    indices = [[i for i, label in enumerate(labels) if label == name] for name in names]
    permutations = site_permutations(structure, [i for part in indices for i in part])
    ends = np.cumsum([0, *map(len, indices)])
    return [list(range(a, b)) for a, b in pairwise(ends.tolist())], permutations


def _fixed(permutation: NDArray[np.int64], parts: Sequence[list[int]], counts: Sequence[Mapping[str, int]]) -> int:
    """Arrangements with these counts that a permutation leaves as they are."""
    left = {*(i for part in parts for i in part)}
    product = 1
    for part, held in zip(parts, counts, strict=True):
        cycles = []
        for i in part:
            length = 0
            while i in left:
                left.remove(i)
                i, length = int(permutation[i]), length + 1  # noqa: PLW2901 - walks along the cycle
            if length:
                cycles.append(length)
        product *= _ways(tuple(sorted(cycles)), tuple(held.values()))
    return product


@lru_cache(maxsize=4096)
def _ways(cycles: tuple[int, ...], counts: tuple[int, ...]) -> int:
    """Ways to give each cycle to one species so that the lengths add up to `counts`."""
    found: Counter[tuple[int, ...]] = Counter({counts: 1})
    for length in cycles:
        following: Counter[tuple[int, ...]] = Counter()
        for left, ways in found.items():
            for k, number in enumerate(left):
                if number >= length:
                    following[(*left[:k], number - length, *left[k + 1 :])] += ways
        found = following
    return sum(found.values())


def _drawn(filling: _Filling, seed: str, number: int) -> list[Tile]:
    """Arrangements drawn at random, those that symmetry makes equal together, in the order of their first draw."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big"))
    shapes = derivative_cells(filling.cell, filling.n_cells)
    numbers = np.array([number for _, number in shapes], dtype=float)
    found: dict[tuple[int, bytes], tuple[Structure, int]] = {}
    cells: dict[int, tuple[Structure, NDArray[np.int64]]] = {}
    for which in rng.choice(len(shapes), size=number, p=numbers / numbers.sum()):
        shape = int(which)
        if shape not in cells:
            structure = _supercell(filling.cell, shapes[shape][0])
            cells[shape] = structure, _mixed(structure, list(filling.counts))[1]
        structure, permutations = cells[shape]
        kinds: list[str] = []
        for part in filling.counts.values():
            here = [element for element in sorted(part) for _ in range(part[element])]
            kinds += [here[i] for i in rng.permutation(len(here))]
        names = np.array(kinds)
        code = min(names[permutation].tobytes() for permutation in permutations)
        known = found.get((shape, code))
        found[shape, code] = (_filled(filling, structure, kinds), 1) if known is None else (known[0], known[1] + 1)
    return [Tile(structure, times) for structure, times in found.values()]


def _filled(filling: _Filling, structure: Structure, kinds: Sequence[str]) -> Structure:
    labels: list[Any] = list(structure.site_properties["sublattice"])
    sites = [i for name in filling.counts for i, label in enumerate(labels) if label == name]
    return rounded(occupied(structure, labels, filling.species, sites, kinds), ideal=True)
